/* SPDX-License-Identifier: Apache-2.0 */
/* Built against the header of a later version, whose structures are longer than this articled knows. next.first answers
 * "first"; next.second calls it and answers what it answers; next.wait never answers, and counts how often that was
 * cancelled: the metric "cancelled". */
#include "fixture.h"

#include <stdatomic.h>

#define LATER .of_a_later_version = {~0ull, ~0ull, ~0ull, ~0ull}
#define READ_METHOD(variable, method_name)                                                                      \
    static const articled_method variable = {                                                                   \
        .size = sizeof variable, .name = method_name, .request_type = "bytes", .response_type = "bytes",        \
        .role = ARTICLED_ROLE_READ, LATER,                                                                      \
    }

READ_METHOD(first_method, "next.first");
READ_METHOD(second_method, "next.second");
READ_METHOD(wait_method, "next.wait");
static const articled_method *const methods[] = {&first_method, &second_method, &wait_method};

static articled_self *self;
static atomic_int cancellations;

static uint32_t start(const articled_host *offered, const articled_start *given, void **plugin,
                      articled_failure *failure)
{
    /* This articled's structures end before what it does not know. */
    if (ARTICLED_HAS(offered, of_a_later_version) || ARTICLED_HAS(given, of_a_later_version)
        || ARTICLED_HAS(failure, of_a_later_version)) {
        return refuse(failure, ARTICLED_INTERNAL, "a structure is longer than it can be");
    }
    host = offered;
    self = given->self;
    *plugin = NULL;
    return ARTICLED_OK;
}

static void message(void *context, uint64_t call, articled_bytes bytes)
{
    (void)call;
    host->respond(context, &bytes, 1, NULL);
}

static void ended(void *context, uint32_t code, articled_bytes text)
{
    if (code != ARTICLED_OK) {
        host->fail(context, code, text);
    }
}

static const articled_reply reply = {.size = sizeof reply, .message = message, .ended = ended, LATER};

static void cancelled(void *context, articled_request *request, uint32_t code)
{
    (void)context;
    atomic_fetch_add(&cancellations, 1);
    host->fail(request, code, (articled_bytes){"cancelled", 9});
}

static const articled_events events = {.size = sizeof events, .cancelled = cancelled, LATER};

static void handle(void *plugin, uint32_t index, articled_request *request)
{
    (void)plugin;
    switch (index) {
    case 0: host->respond(request, &(articled_bytes){"first", 5}, 1, NULL); break;
    case 1: host->call(self, request, "next.first", (articled_bytes){NULL, 0}, 0, &reply, request); break;
    default: host->watch(request, &events, NULL); break;
    }
}

static void metrics(void *plugin, void (*emit)(void *context, const articled_metric *metric), void *context)
{
    (void)plugin;
    const articled_metric metric = {
        .size = sizeof metric, .kind = ARTICLED_METRIC_COUNTER, .name = "cancelled", .help = "Cancelled requests.",
        .value = atomic_load(&cancellations), LATER,
    };
    emit(context, &metric);
}

EXPORT(.magic = ARTICLED_PLUGIN_MAGIC, .size = sizeof(articled_plugin), .abi = ARTICLED_ABI, .name = "next-header",
       .version = "1.0.0", .runtime = "none", .method_count = 3, .methods = methods, .start = start, .handle = handle,
       .metrics = metrics, LATER)
