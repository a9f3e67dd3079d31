/* SPDX-License-Identifier: Apache-2.0 */
/* Built against the header as it was before plugins had health, storage and reload: its descriptor ends with `stop`.
 * previous.hello answers "still here". */
#include "fixture.h"

METHOD("previous.hello");

static void handle(void *plugin, uint32_t index, articled_request *request)
{
    (void)plugin, (void)index;
    const articled_bytes part = {"still here", 10};
    host->respond(request, &part, 1, NULL);
}

EXPORT(GOOD("previous-header"), .handle = handle)
