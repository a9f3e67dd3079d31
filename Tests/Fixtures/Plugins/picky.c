/* SPDX-License-Identifier: Apache-2.0 */
/* Likes no section of the configuration but an empty one, and says so line by line. */
#include "fixture.h"

METHOD("picky.hello");

static void handle(void *plugin, uint32_t index, articled_request *request)
{
    (void)plugin, (void)index;
    host->respond(request, NULL, 0, NULL);
}

static uint32_t check(articled_bytes configuration, articled_failure *failure)
{
    if (configuration.size == 2) return ARTICLED_OK;
    return refuse(failure, ARTICLED_INVALID_ARGUMENT, "sizes[1]: too small\nit is a matter of taste");
}

EXPORT(GOOD("picky"), .handle = handle, .check = check)
