/* SPDX-License-Identifier: Apache-2.0 */
/* Takes longer to start than any host waits. */
#include "fixture.h"

#include <unistd.h>

METHOD("slow.start");

static uint32_t start(const articled_host *offered, const articled_start *given, void **plugin,
                      articled_failure *failure)
{
    (void)given, (void)failure;
    host = offered;
    *plugin = NULL;
    sleep(120);
    return ARTICLED_OK;
}

static void handle(void *plugin, uint32_t index, articled_request *request)
{
    (void)plugin, (void)index;
    host->respond(request, NULL, 0, NULL);
}

EXPORT(.magic = ARTICLED_PLUGIN_MAGIC, .size = sizeof(articled_plugin), .abi = ARTICLED_ABI, .name = "slow-at-start",
       .version = "1.0.0", .runtime = "none", .method_count = 1, .methods = methods, .start = start, .handle = handle)
