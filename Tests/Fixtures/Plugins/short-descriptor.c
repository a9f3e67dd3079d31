/* SPDX-License-Identifier: Apache-2.0 */
/* Says that its descriptor ends before `start`. What lies behind is not to be touched: it would crash. */
#include "fixture.h"

METHOD("short.descriptor");

static void handle(void *plugin, uint32_t index, articled_request *request)
{
    (void)plugin, (void)index;
    host->respond(request, NULL, 0, NULL);
}

EXPORT(.magic = ARTICLED_PLUGIN_MAGIC, .size = offsetof(articled_plugin, start), .abi = ARTICLED_ABI,
       .name = "short-descriptor", .version = "1.0.0", .runtime = "none", .method_count = 1, .methods = methods,
       .start = (uint32_t (*)(const articled_host *, const articled_start *, void **, articled_failure *))1,
       .handle = handle)
