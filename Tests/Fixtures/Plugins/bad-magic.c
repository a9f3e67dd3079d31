/* SPDX-License-Identifier: Apache-2.0 */
/* Has the symbol, and something else behind it. */
#include "articled_plugin.h"

#include <string.h>

const articled_plugin *articled_plugin_descriptor(void);
const articled_plugin *articled_plugin_descriptor(void)
{
    static articled_plugin plugin;
    memset(&plugin, 'x', sizeof plugin);
    return &plugin;
}
