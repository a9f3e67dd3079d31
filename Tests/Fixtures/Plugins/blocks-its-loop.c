/* SPDX-License-Identifier: Apache-2.0 */
/* stuck.sleep keeps its event loop for as many milliseconds as the request says in decimal: what a handler must not do. */
#include "fixture.h"

#include <stdlib.h>
#include <time.h>

METHOD("stuck.sleep");

static void handle(void *plugin, uint32_t index, articled_request *request)
{
    (void)plugin, (void)index;
    char text[16] = {0};
    memcpy(text, request->payload.data, request->payload.size < 15 ? request->payload.size : 15);
    const long milliseconds = atol(text);
    const struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    nanosleep(&time, NULL);
    host->respond(request, NULL, 0, NULL);
}

EXPORT(GOOD("blocks-its-loop"), .handle = handle)
