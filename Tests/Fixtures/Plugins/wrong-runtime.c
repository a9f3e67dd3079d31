/* SPDX-License-Identifier: Apache-2.0 */
/* Says that it shares a language runtime with articled which articled does not have. */
#include "fixture.h"

METHOD("wrong.runtime");

static void handle(void *plugin, uint32_t index, articled_request *request)
{
    (void)plugin, (void)index;
    host->respond(request, NULL, 0, NULL);
}

EXPORT(.magic = ARTICLED_PLUGIN_MAGIC, .size = sizeof(articled_plugin), .abi = ARTICLED_ABI, .name = "wrong-runtime",
       .version = "1.0.0", .runtime = "swift-5.0.1", .method_count = 1, .methods = methods, .start = start_well,
       .handle = handle)
