/* SPDX-License-Identifier: Apache-2.0 */
/* Its background work "follow" never ends. endless.call answers "still here" all the same. */
#include "fixture.h"

#include <unistd.h>

METHOD("endless.call");

static void follow(void *job, void *context)
{
    (void)context;
    host->work_begin(job, (articled_bytes){"follow", 6});
    for (;;) {
        pause();
    }
}

static uint32_t start(const articled_host *offered, const articled_start *given, void **plugin,
                      articled_failure *failure)
{
    (void)failure;
    host = offered;
    *plugin = NULL;
    host->background(given->self, follow, given->self, NULL);
    return ARTICLED_OK;
}

static void handle(void *plugin, uint32_t index, articled_request *request)
{
    (void)plugin, (void)index;
    host->respond(request, &(articled_bytes){"still here", 10}, 1, NULL);
}

EXPORT(.magic = ARTICLED_PLUGIN_MAGIC, .size = sizeof(articled_plugin), .abi = ARTICLED_ABI, .name = "never-ends",
       .version = "1.0.0", .runtime = "none", .method_count = 1, .methods = methods, .start = start, .handle = handle)
