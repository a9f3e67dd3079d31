/* SPDX-License-Identifier: Apache-2.0 */
/* twice.call answers, and answers again, in each way there is: the client must see the first answer alone. */
#include "fixture.h"

METHOD("twice.call");

static void handle(void *plugin, uint32_t index, articled_request *request)
{
    (void)plugin, (void)index;
    const articled_bytes first = {"first", 5}, second = {"second", 6};
    host->respond(request, &first, 1, NULL);
    host->respond(request, &second, 1, NULL);
    host->send(request, &second, 1, NULL);
    host->finish(request);
    host->fail(request, ARTICLED_INTERNAL, second);
}

EXPORT(GOOD("answers-twice"), .handle = handle)
