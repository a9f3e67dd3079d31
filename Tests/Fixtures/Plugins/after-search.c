/* SPDX-License-Identifier: Apache-2.0 */
/* The plugin "duplicates" starts after "search", and after one that is not there. */
#include "fixture.h"

METHOD("duplicates.query");

static const char *const after[] = {"search", "not-there"};

static void handle(void *plugin, uint32_t index, articled_request *request)
{
    (void)plugin, (void)index;
    host->respond(request, NULL, 0, NULL);
}

EXPORT(GOOD("duplicates"), .handle = handle, .after = after, .after_count = 2)
