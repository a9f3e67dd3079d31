/* SPDX-License-Identifier: Apache-2.0 */
/* Built for a plugin boundary that is not this one. */
#include "fixture.h"

METHOD("wrong.abi");

static void handle(void *plugin, uint32_t index, articled_request *request)
{
    (void)plugin, (void)index;
    host->respond(request, NULL, 0, NULL);
}

#undef ARTICLED_ABI
#define ARTICLED_ABI ((ARTICLED_ABI_MAJOR + 41) << 16 | 7)
EXPORT(GOOD("wrong-abi"), .handle = handle)
