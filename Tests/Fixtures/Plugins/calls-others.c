/* SPDX-License-Identifier: Apache-2.0 */
/* relay.call calls the method that the first line of its message names, with the rest, and answers what that answers, all
 * messages joined. relay.own does the same from a background thread, without the request. circle.call calls itself. */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>

#define READ_METHOD(variable, method_name)                                                                      \
    static const articled_method variable = {                                                                   \
        .size = sizeof variable, .name = method_name, .request_type = "bytes", .response_type = "bytes",        \
        .role = ARTICLED_ROLE_READ,                                                                             \
    }

READ_METHOD(call_method, "relay.call");
READ_METHOD(own_method, "relay.own");
READ_METHOD(circle_method, "circle.call");
static const articled_method *const methods[] = {&call_method, &own_method, &circle_method};

static articled_self *self;

struct relay {
    articled_request *request; /* NULL once it is ended */
    articled_loop *loop;
    uint64_t call;
    char *answer;
    size_t size;
    uint32_t code;
    char method[64];
    char text[256];
    size_t text_size;
    size_t message_size;
    char message[];
};

static void answer(void *job, void *context)
{
    (void)context;
    struct relay *relay = job;
    if (relay->request != NULL && relay->code == ARTICLED_OK) {
        host->respond(relay->request, &(articled_bytes){relay->answer, relay->size}, 1, NULL);
    } else if (relay->request != NULL) {
        host->fail(relay->request, relay->code, (articled_bytes){relay->text, relay->text_size});
    }
    free(relay->answer);
    free(relay);
}

static void message(void *context, uint64_t call, articled_bytes bytes)
{
    struct relay *relay = context;
    char *grown = realloc(relay->answer, relay->size + bytes.size + 1);
    if (grown == NULL) {
        abort();
    }
    memcpy(grown + relay->size, bytes.data, bytes.size);
    relay->answer = grown;
    relay->size += bytes.size;
    host->call_consumed(self, call, bytes.size + ARTICLED_MESSAGE_OVERHEAD);
}

static void ended(void *context, uint32_t code, articled_bytes text)
{
    struct relay *relay = context;
    relay->code = code;
    relay->text_size = text.size < sizeof relay->text ? text.size : sizeof relay->text;
    memcpy(relay->text, text.data, relay->text_size);
    if (host->is_current(relay->loop)) {
        answer(relay, NULL);
    } else {
        host->schedule(relay->loop, answer, relay, NULL);
    }
}

static const articled_reply reply = {.size = sizeof reply, .message = message, .ended = ended};

static void call_without_request(void *job, void *context)
{
    (void)context;
    struct relay *relay = job;
    host->call(self, NULL, relay->method, (articled_bytes){relay->message, relay->message_size}, 0, &reply, relay);
}

static uint32_t start(const articled_host *offered, const articled_start *given, void **plugin,
                      articled_failure *failure)
{
    (void)failure;
    host = offered;
    self = given->self;
    *plugin = NULL;
    return ARTICLED_OK;
}

static void handle(void *plugin, uint32_t index, articled_request *request)
{
    (void)plugin;
    const char *start = request->payload.data;
    const char *line = request->payload.size > 0 ? memchr(start, '\n', request->payload.size) : NULL;
    const size_t length = line != NULL ? (size_t)(line - start) : request->payload.size;
    const size_t rest = line != NULL ? request->payload.size - length - 1 : 0;
    struct relay *relay = calloc(1, sizeof *relay + rest);
    if (relay == NULL) {
        host->fail(request, ARTICLED_RESOURCE_EXHAUSTED, (articled_bytes){"no memory", 9});
        return;
    }
    relay->request = request;
    relay->loop = request->loop;
    relay->message_size = rest;
    if (rest > 0) {
        memcpy(relay->message, line + 1, rest);
    }
    snprintf(relay->method, sizeof relay->method, "%.*s", (int)length, length > 0 ? start : "");
    const articled_bytes bytes = {relay->message, rest};
    switch (index) {
    case 0: host->call(self, request, relay->method, bytes, 0, &reply, relay); break;
    case 1: host->background(self, call_without_request, relay, NULL); break;
    default: host->call(self, request, "circle.call", bytes, 0, &reply, relay); break;
    }
}

EXPORT(.magic = ARTICLED_PLUGIN_MAGIC, .size = sizeof(articled_plugin), .abi = ARTICLED_ABI, .name = "calls-others",
       .version = "1.0.0", .runtime = "none", .method_count = 3, .methods = methods, .start = start, .handle = handle)
