/* SPDX-License-Identifier: Apache-2.0 */
/* late.sleep answers after a job of its own that keeps the event loop for as many milliseconds as the request says. */
#include "fixture.h"

#include <stdint.h>
#include <stdlib.h>
#include <time.h>

METHOD("late.sleep");

static void sleep_and_answer(void *job, void *context)
{
    const long milliseconds = (long)(intptr_t)context;
    const struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    nanosleep(&time, NULL);
    host->respond(job, NULL, 0, NULL);
}

static void handle(void *plugin, uint32_t index, articled_request *request)
{
    (void)plugin, (void)index;
    char text[16] = {0};
    memcpy(text, request->payload.data, request->payload.size < 15 ? request->payload.size : 15);
    host->schedule(request->loop, sleep_and_answer, request, (void *)(intptr_t)atol(text));
}

EXPORT(GOOD("blocks-in-a-job"), .handle = handle)
