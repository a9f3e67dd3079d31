/* SPDX-License-Identifier: Apache-2.0 */
/* background.run answers from a background thread: the thread's name and its nice value. `start` queues a job that must
 * wait until the service has started; background.early answers "started" if it did, else "too early". */
#include "fixture.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>

static const articled_method run_method = {
    .size = sizeof run_method, .name = "background.run", .request_type = "bytes", .response_type = "bytes",
    .role = ARTICLED_ROLE_READ,
};
static const articled_method early_method = {
    .size = sizeof early_method, .name = "background.early", .request_type = "bytes", .response_type = "bytes",
    .role = ARTICLED_ROLE_READ,
};
static const articled_method *const methods[] = {&run_method, &early_method};

static articled_self *self;
static atomic_int has_started, was_early;

static void first_job(void *job, void *context)
{
    (void)job, (void)context;
    if (!atomic_load(&has_started)) {
        atomic_store(&was_early, 1);
    }
}

static uint32_t start(const articled_host *offered, const articled_start *given, void **plugin,
                      articled_failure *failure)
{
    (void)failure;
    host = offered;
    self = given->self;
    *plugin = NULL;
    host->background(self, first_job, NULL, NULL);
    atomic_store(&has_started, 1);
    return ARTICLED_OK;
}

struct answer {
    articled_request *request;
    char text[64];
};

static void respond(void *job, void *context)
{
    (void)context;
    struct answer *answer = job;
    host->respond(answer->request, &(articled_bytes){answer->text, strlen(answer->text)}, 1, NULL);
    free(answer);
}

static void run(void *job, void *context)
{
    struct answer *answer = job;
    char name[17] = {0};
    articled_work *work = host->work_begin(self, (articled_bytes){"look", 4});
    prctl(PR_GET_NAME, name);
    snprintf(answer->text, sizeof answer->text, "%s %d", name, getpriority(PRIO_PROCESS, 0));
    host->work_end(work, ARTICLED_OK, (articled_bytes){NULL, 0});
    host->work_end(work, ARTICLED_INTERNAL, (articled_bytes){"ended twice", 11});
    host->schedule(context, respond, answer, NULL);
}

static void handle(void *plugin, uint32_t index, articled_request *request)
{
    (void)plugin;
    if (index == 1) {
        const char *text = atomic_load(&was_early) ? "too early" : "started";
        host->respond(request, &(articled_bytes){text, strlen(text)}, 1, NULL);
        return;
    }
    struct answer *answer = calloc(1, sizeof *answer);
    if (answer == NULL) {
        host->fail(request, ARTICLED_RESOURCE_EXHAUSTED, (articled_bytes){"no memory", 9});
        return;
    }
    answer->request = request;
    host->background(self, run, answer, request->loop);
}

EXPORT(.magic = ARTICLED_PLUGIN_MAGIC, .size = sizeof(articled_plugin), .abi = ARTICLED_ABI,
       .name = "works-in-background", .version = "1.0.0", .runtime = "none", .method_count = 2, .methods = methods,
       .start = start, .handle = handle)
