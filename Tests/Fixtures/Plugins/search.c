/* SPDX-License-Identifier: Apache-2.0 */
/* The plugin "search", which starts after no other. */
#include "fixture.h"

METHOD("search.query");

static void handle(void *plugin, uint32_t index, articled_request *request)
{
    (void)plugin, (void)index;
    host->respond(request, NULL, 0, NULL);
}

EXPORT(GOOD("search"), .handle = handle)
