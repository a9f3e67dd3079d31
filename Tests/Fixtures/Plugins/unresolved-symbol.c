/* SPDX-License-Identifier: Apache-2.0 */
/* Calls a function that no library has. */
#include "fixture.h"

METHOD("unresolved.symbol");

void articled_fixture_that_nobody_has(void);

static void handle(void *plugin, uint32_t index, articled_request *request)
{
    (void)plugin, (void)index;
    articled_fixture_that_nobody_has();
    host->respond(request, NULL, 0, NULL);
}

EXPORT(GOOD("unresolved-symbol"), .handle = handle)
