/* SPDX-License-Identifier: Apache-2.0 */
/* stubborn.wait answers "done" when as many milliseconds have passed as the request says in decimal, whatever happens to
 * the request meanwhile: it watches no events. */
#include "fixture.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

METHOD("stubborn.wait");

struct wait {
    articled_request *request;
    articled_loop *loop;
    long milliseconds;
};

static void answer(void *job, void *context)
{
    (void)context;
    struct wait *wait = job;
    const articled_bytes part = {"done", 4};
    host->respond(wait->request, &part, 1, NULL);
    free(wait);
}

static void *run(void *argument)
{
    struct wait *wait = argument;
    const struct timespec time = {wait->milliseconds / 1000, wait->milliseconds % 1000 * 1000000};
    nanosleep(&time, NULL);
    host->schedule(wait->loop, answer, wait, NULL);
    return NULL;
}

static void handle(void *plugin, uint32_t index, articled_request *request)
{
    (void)plugin, (void)index;
    char text[16] = {0};
    memcpy(text, request->payload.data, request->payload.size < 15 ? request->payload.size : 15);
    struct wait *wait = malloc(sizeof *wait);
    pthread_t thread;
    if (wait == NULL) {
        host->fail(request, ARTICLED_RESOURCE_EXHAUSTED, (articled_bytes){"no memory", 9});
        return;
    }
    *wait = (struct wait){request, request->loop, strtol(text, NULL, 10)};
    if (pthread_create(&thread, NULL, run, wait) != 0) {
        free(wait);
        host->fail(request, ARTICLED_RESOURCE_EXHAUSTED, (articled_bytes){"no thread", 9});
        return;
    }
    pthread_detach(thread);
}

EXPORT(GOOD("ignores-cancellation"), .handle = handle)
