/* SPDX-License-Identifier: Apache-2.0 */
/* Has the symbol, and nothing behind it. */
#include "articled_plugin.h"

const articled_plugin *articled_plugin_descriptor(void);
const articled_plugin *articled_plugin_descriptor(void) { return NULL; }
