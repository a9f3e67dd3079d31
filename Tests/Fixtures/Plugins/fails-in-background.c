/* SPDX-License-Identifier: Apache-2.0 */
/* Its background work "follow" fails: "no space for the index". failing.call answers "still here" all the same. */
#include "fixture.h"

METHOD("failing.call");

static void follow(void *job, void *context)
{
    (void)context;
    articled_work *work = host->work_begin(job, (articled_bytes){"follow", 6});
    host->work_end(work, ARTICLED_RESOURCE_EXHAUSTED, (articled_bytes){"no space for the index", 22});
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

EXPORT(.magic = ARTICLED_PLUGIN_MAGIC, .size = sizeof(articled_plugin), .abi = ARTICLED_ABI,
       .name = "fails-in-background", .version = "1.0.0", .runtime = "none", .method_count = 1, .methods = methods,
       .start = start, .handle = handle)
