/* SPDX-License-Identifier: Apache-2.0 */
/* Needs storage: needs.count answers how many records there are, in decimal. */
#include "fixture.h"

#include <stdio.h>

METHOD("needs.count");

static const articled_storage *storage;
static void *engine;

static uint32_t start(const articled_host *offered, const articled_start *given, void **plugin,
                      articled_failure *failure)
{
    host = offered;
    *plugin = NULL;
    storage = given->storage;
    engine = given->engine;
    return storage != NULL ? ARTICLED_OK : refuse(failure, ARTICLED_FAILED_PRECONDITION, "started without storage");
}

static void handle(void *plugin, uint32_t index, articled_request *request)
{
    (void)plugin, (void)index;
    char message[128], text[24];
    articled_failure failure = {.size = sizeof failure, .message = message, .capacity = sizeof message};
    articled_storage_statistics statistics = {.size = sizeof statistics};
    const uint32_t code = storage->statistics(engine, &statistics, &failure);
    if (code != ARTICLED_OK) {
        host->fail(request, code, (articled_bytes){message, failure.message_size});
        return;
    }
    const int length = snprintf(text, sizeof text, "%llu", (unsigned long long)statistics.records);
    host->respond(request, &(articled_bytes){text, (size_t)length}, 1, NULL);
}

EXPORT(.magic = ARTICLED_PLUGIN_MAGIC, .size = sizeof(articled_plugin), .abi = ARTICLED_ABI, .name = "needs-storage",
       .version = "1.0.0", .runtime = "none", .flags = ARTICLED_PLUGIN_NEEDS_STORAGE, .method_count = 1,
       .methods = methods, .start = start, .handle = handle)
