/* SPDX-License-Identifier: Apache-2.0 */
/* gate.pass with "wait" is answered when another gate.pass, with "open", has come: "done", both of them. */
#include "fixture.h"

#include <stdatomic.h>

METHOD("gate.pass");

static _Atomic(articled_request *) waiting;

static void done(void *job, void *context)
{
    (void)context;
    const articled_bytes part = {"done", 4};
    host->respond(job, &part, 1, NULL);
}

static void handle(void *plugin, uint32_t index, articled_request *request)
{
    (void)plugin, (void)index;
    if (request->payload.size == 4 && memcmp(request->payload.data, "wait", 4) == 0) {
        atomic_store(&waiting, request);
        return;
    }
    articled_request *other = atomic_exchange(&waiting, NULL);
    if (other != NULL) {
        host->schedule(other->loop, done, other, NULL);
    }
    done(request, NULL);
}

EXPORT(GOOD("gate"), .handle = handle)
