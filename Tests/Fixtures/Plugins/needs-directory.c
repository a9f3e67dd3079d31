/* SPDX-License-Identifier: Apache-2.0 */
/* Needs a directory of its own, and leaves the file "mark" there when it starts. directory.path answers where it is. */
#include "fixture.h"

#include <stdio.h>

METHOD("directory.path");

static char path[4096];

static uint32_t start(const articled_host *offered, const articled_start *given, void **plugin,
                      articled_failure *failure)
{
    host = offered;
    *plugin = NULL;
    snprintf(path, sizeof path, "%.*s", (int)given->directory.size, (const char *)given->directory.data);
    char mark[4104];
    snprintf(mark, sizeof mark, "%s/mark", path);
    FILE *file = path[0] != 0 ? fopen(mark, "w") : NULL;
    if (file == NULL) {
        return refuse(failure, ARTICLED_FAILED_PRECONDITION, "cannot write in its directory");
    }
    fclose(file);
    return ARTICLED_OK;
}

static void handle(void *plugin, uint32_t index, articled_request *request)
{
    (void)plugin, (void)index;
    host->respond(request, &(articled_bytes){path, strlen(path)}, 1, NULL);
}

EXPORT(.magic = ARTICLED_PLUGIN_MAGIC, .size = sizeof(articled_plugin), .abi = ARTICLED_ABI,
       .name = "needs-directory", .version = "1.0.0", .runtime = "none", .flags = ARTICLED_PLUGIN_NEEDS_DIRECTORY,
       .method_count = 1, .methods = methods, .start = start, .handle = handle)
