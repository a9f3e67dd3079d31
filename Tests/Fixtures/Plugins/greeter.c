/* SPDX-License-Identifier: Apache-2.0 */
/* A good plugin in plain C: greeter.hello answers "Hello, " and the request's bytes, at once, without a copy. */
#include "fixture.h"

METHOD("greeter.hello");

static void handle(void *plugin, uint32_t index, articled_request *request)
{
    (void)plugin, (void)index;
    const articled_bytes parts[] = {{"Hello, ", 7}, request->payload};
    host->respond(request, parts, 2, NULL);
}

EXPORT(GOOD("greeter"), .handle = handle)
