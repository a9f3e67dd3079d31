/* SPDX-License-Identifier: Apache-2.0 */
/* Claims a method of articled's own. */
#include "fixture.h"

METHOD("service.ping");

static void handle(void *plugin, uint32_t index, articled_request *request)
{
    (void)plugin, (void)index;
    host->respond(request, NULL, 0, NULL);
}

EXPORT(GOOD("reserved-method"), .handle = handle)
