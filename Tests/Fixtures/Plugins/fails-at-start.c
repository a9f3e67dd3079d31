/* SPDX-License-Identifier: Apache-2.0 */
/* Cannot start, and says why. */
#include "fixture.h"

METHOD("fails.start");

static uint32_t start(const articled_host *offered, const articled_start *given, void **plugin,
                      articled_failure *failure)
{
    (void)offered, (void)given, (void)plugin;
    return refuse(failure, ARTICLED_FAILED_PRECONDITION, "the dictionary is missing");
}

static void handle(void *plugin, uint32_t index, articled_request *request)
{
    (void)plugin, (void)index;
    host->respond(request, NULL, 0, NULL);
}

EXPORT(.magic = ARTICLED_PLUGIN_MAGIC, .size = sizeof(articled_plugin), .abi = ARTICLED_ABI, .name = "fails-at-start",
       .version = "1.0.0", .runtime = "none", .method_count = 1, .methods = methods, .start = start, .handle = handle)
