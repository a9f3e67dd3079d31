/* SPDX-License-Identifier: Apache-2.0 */
/* silent.call never answers. */
#include "fixture.h"

METHOD("silent.call");

static void handle(void *plugin, uint32_t index, articled_request *request)
{
    (void)plugin, (void)index, (void)request;
}

EXPORT(GOOD("answers-nothing"), .handle = handle)
