/* SPDX-License-Identifier: Apache-2.0 */
#include "cscoring.h"

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
/* The dynamic linker chooses a variant, by code of this file, before the sanitizer is set up. */
#define ONE_VARIANT
#endif
#endif

#if defined(__x86_64__) && !defined(ONE_VARIANT)
#define FOR_EACH_PROCESSOR __attribute__((target_clones("avx2", "default")))
#else
#define FOR_EACH_PROCESSOR
#endif

/* Multiplying and adding in one step rounds otherwise; not all processors can. */
#pragma STDC FP_CONTRACT OFF

typedef float topics16 __attribute__((vector_size(64)));
typedef int8_t weights16 __attribute__((vector_size(16)));
typedef float passages4 __attribute__((vector_size(16)));
typedef int32_t counts4 __attribute__((vector_size(16)));

FOR_EACH_PROCESSOR void cscoring_sum(const uint8_t *rows, size_t row_size, size_t topics, const float *scales,
    const uint32_t *slots, const uint32_t *counts, size_t features, float *sums, float *squares) {
    for (size_t first = 0; first < topics; first += 16) {
        topics16 whole = {0}, part1 = {0}, part2 = {0}, part3 = {0};
        passages4 lengths = {0};
        for (size_t i = 0; i < features; i++) {
            const uint8_t *row = rows + slots[i] * row_size;
            counts4 count;
            memcpy(&count, counts + 4 * i, sizeof count);
            passages4 root = __builtin_elementwise_sqrt(__builtin_convertvector(count, passages4) * (1.0f / 64));
            passages4 worth = root * (float)row[0] * (1.0f / 20);
            lengths += worth * worth;
            passages4 factor = root * scales[row[1]];
            weights16 weights;
            memcpy(&weights, row + 2 + first, sizeof weights);
            topics16 values = __builtin_convertvector(weights, topics16);
            whole += values * factor[0];
            part1 += values * factor[1];
            part2 += values * factor[2];
            part3 += values * factor[3];
        }
        memcpy(sums, &whole, sizeof whole);
        memcpy(sums + 16, &part1, sizeof part1);
        memcpy(sums + 32, &part2, sizeof part2);
        memcpy(sums + 48, &part3, sizeof part3);
        memcpy(squares, &lengths, sizeof lengths);
        sums += 64;
    }
}
