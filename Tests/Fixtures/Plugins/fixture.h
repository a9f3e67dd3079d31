/* SPDX-License-Identifier: Apache-2.0 */
/* What the fixtures have in common: a plugin that is good in all but what its own file says. */
#ifndef FIXTURE_H
#define FIXTURE_H

#include "articled_plugin.h"

#include <string.h>

static const articled_host *host;

static inline uint32_t start_well(const articled_host *offered, const articled_start *start, void **plugin,
                                  articled_failure *failure)
{
    (void)start, (void)failure;
    host = offered;
    *plugin = NULL;
    return ARTICLED_OK;
}

/* Writes why a start failed, as a callee does: no more than there is room for. */
static inline uint32_t refuse(articled_failure *failure, uint32_t code, const char *text)
{
    failure->code = code;
    failure->message_size = strlen(text) < failure->capacity ? strlen(text) : failure->capacity;
    memcpy(failure->message, text, failure->message_size);
    return code;
}

#define METHOD(method_name)                                                                                     \
    static const articled_method method = {                                                                     \
        .size = sizeof method, .flags = ARTICLED_METHOD_IDEMPOTENT, .name = method_name,                        \
        .request_type = "bytes", .response_type = "bytes", .role = ARTICLED_ROLE_READ,                          \
    };                                                                                                          \
    static const articled_method *const methods[] = {&method}

#define GOOD(plugin_name)                                                                                       \
    .magic = ARTICLED_PLUGIN_MAGIC, .size = sizeof(articled_plugin), .abi = ARTICLED_ABI, .name = plugin_name,  \
    .version = "1.0.0", .runtime = "none", .method_count = 1, .methods = methods, .start = start_well

#define EXPORT(...)                                                                                             \
    const articled_plugin *articled_plugin_descriptor(void);                                                    \
    const articled_plugin *articled_plugin_descriptor(void)                                                     \
    {                                                                                                           \
        static const articled_plugin plugin = {__VA_ARGS__};                                                    \
        return &plugin;                                                                                         \
    }

#endif
