/* SPDX-License-Identifier: Apache-2.0 */
/* As if built against a header in which plugins had no health, storage, reload, check, expect, after and metrics, and requests
 * had no event for a cancellation: its structures end before those. What lies behind is not to be touched: it would crash.
 * previous.hello answers "still here"; with the message "wait", never. */
#include "fixture.h"

METHOD("previous.hello");

#define NOWHERE ((void *)1)

static const articled_events events = {
    .size = offsetof(articled_events, cancelled), .cancelled = (void (*)(void *, articled_request *, uint32_t))NOWHERE,
};

static void handle(void *plugin, uint32_t index, articled_request *request)
{
    (void)plugin, (void)index;
    if (request->payload.size == 4 && memcmp(request->payload.data, "wait", 4) == 0) {
        host->watch(request, &events, NULL);
        return;
    }
    const articled_bytes part = {"still here", 10};
    host->respond(request, &part, 1, NULL);
}

static const articled_plugin plugin = {
    GOOD("previous-header"), .handle = handle,
    .health = (uint32_t (*)(void *, articled_failure *))NOWHERE, .storage = NOWHERE,
    .reload = (uint32_t (*)(void *, articled_bytes, articled_failure *))NOWHERE,
    .check = (uint32_t (*)(articled_bytes, articled_failure *))NOWHERE,
    .expect = (void (*)(void *, uint32_t, articled_bytes))NOWHERE, .after = NOWHERE, .after_count = 3,
    .metrics = (void (*)(void *, void (*)(void *, const articled_metric *), void *))NOWHERE,
};

const articled_plugin *articled_plugin_descriptor(void);
const articled_plugin *articled_plugin_descriptor(void)
{
    static articled_plugin shorter;
    shorter = plugin;
    shorter.size = offsetof(articled_plugin, health);
    return &shorter;
}
