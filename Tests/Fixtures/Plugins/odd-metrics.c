/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics with every mistake there is, among good ones, and more than are allowed. */
#include "fixture.h"

#include <math.h>
#include <stdio.h>

METHOD("odd.call");

static void handle(void *plugin, uint32_t index, articled_request *request)
{
    (void)plugin, (void)index;
    host->respond(request, NULL, 0, NULL);
}

#define BYTES(text) {text, sizeof text - 1}

static void metrics(void *plugin, void (*emit)(void *context, const articled_metric *metric), void *context)
{
    (void)plugin;
    const articled_bytes part[] = {BYTES("part"), BYTES("a \"b\"")}, other[] = {BYTES("part"), BYTES("c")};
    const articled_bytes twice[] = {BYTES("part"), BYTES("a"), BYTES("part"), BYTES("b")};
    const articled_bytes capital[] = {BYTES("Part"), BYTES("a")};
    const articled_metric all[] = {
        {.kind = ARTICLED_METRIC_COUNTER, .name = "lookups", .help = "Good.", .value = 7, .labels = part, .label_count = 1},
        {.kind = ARTICLED_METRIC_COUNTER, .name = "lookups", .help = "Good.", .value = 8, .labels = other, .label_count = 1},
        {.kind = ARTICLED_METRIC_GAUGE, .name = "index_bytes", .help = "Good.", .unit = "bytes", .value = 0.5},
        {.kind = ARTICLED_METRIC_GAUGE, .name = "Capital", .help = "Wrong name."},
        {.kind = ARTICLED_METRIC_GAUGE, .name = "no_number", .help = "NaN.", .value = NAN},
        {.kind = ARTICLED_METRIC_GAUGE, .name = "endless", .help = "Infinite.", .value = INFINITY},
        {.kind = ARTICLED_METRIC_COUNTER, .name = "backwards", .help = "Negative.", .value = -1},
        {.kind = ARTICLED_METRIC_COUNTER, .name = "calls_total", .help = "Its name has the suffix."},
        {.kind = 9, .name = "odd_kind", .help = "No kind."},
        {.kind = ARTICLED_METRIC_GAUGE, .name = "age", .help = "The unit is not in the name.", .unit = "seconds"},
        {.kind = ARTICLED_METRIC_GAUGE, .name = "lookups", .help = "Another kind."},
        {.kind = ARTICLED_METRIC_COUNTER, .name = "again", .help = "Good."},
        {.kind = ARTICLED_METRIC_COUNTER, .name = "again", .help = "The same again."},
        {.kind = ARTICLED_METRIC_GAUGE, .name = "label_twice", .help = "Twice.", .labels = twice, .label_count = 2},
        {.kind = ARTICLED_METRIC_GAUGE, .name = "label_name", .help = "Wrong.", .labels = capital, .label_count = 1},
        {.kind = ARTICLED_METRIC_GAUGE, .name = "many_labels", .help = "Too many.", .labels = twice, .label_count = 99},
    };
    for (size_t index = 0; index < sizeof all / sizeof all[0]; index++) {
        articled_metric metric = all[index];
        metric.size = sizeof metric;
        emit(context, &metric);
    }
    for (int index = 0; index < 1000; index++) {
        char number[16];
        const int length = snprintf(number, sizeof number, "%d", index);
        const articled_bytes labels[] = {BYTES("number"), {number, (size_t)length}};
        const articled_metric metric = {
            .size = sizeof metric, .kind = ARTICLED_METRIC_GAUGE, .name = "many", .help = "Too many.", .labels = labels,
            .label_count = 1,
        };
        emit(context, &metric);
    }
}

EXPORT(GOOD("odd-metrics"), .handle = handle, .metrics = metrics)
