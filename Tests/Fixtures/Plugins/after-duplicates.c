/* SPDX-License-Identifier: Apache-2.0 */
/* The plugin "search" starts after "duplicates", which starts after it: see after-search. */
#include "fixture.h"

METHOD("search.query");

static const char *const after[] = {"duplicates"};

static void handle(void *plugin, uint32_t index, articled_request *request)
{
    (void)plugin, (void)index;
    host->respond(request, NULL, 0, NULL);
}

EXPORT(GOOD("search"), .handle = handle, .after = after, .after_count = 1)
