/* SPDX-License-Identifier: Apache-2.0 */
/* Claims greeter.hello, which the plugin greeter has. */
#include "fixture.h"

METHOD("greeter.hello");

static void handle(void *plugin, uint32_t index, articled_request *request)
{
    (void)plugin, (void)index;
    host->respond(request, NULL, 0, NULL);
}

EXPORT(GOOD("same-method"), .handle = handle)
