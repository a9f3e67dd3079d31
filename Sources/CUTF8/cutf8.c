/* SPDX-License-Identifier: Apache-2.0 */
#include "cutf8.h"
#include <stdint.h>

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

/* Not 0 if a byte cannot stand behind the three before it. Bitwise, for a branch would keep it from being done to many at once. */
static inline uint8_t fault(uint8_t third, uint8_t second, uint8_t first, uint8_t byte) {
    uint8_t continues = (int8_t)byte < -64; /* 80 to bf */
    uint8_t awaited = (third >= 0xf0) | (second >= 0xe0) | (first >= 0xc0);
    uint8_t never = (byte >= 0xf5) | ((byte & 0xfe) == 0xc0);
    uint8_t overlong = ((first == 0xe0) & (byte < 0xa0)) | ((first == 0xf0) & (byte < 0x90));
    uint8_t beyond = ((first == 0xed) & (byte >= 0xa0)) | ((first == 0xf4) & (byte >= 0x90));
    return (continues ^ awaited) | never | overlong | beyond;
}

FOR_EACH_PROCESSOR static uint8_t faults(const uint8_t *text, size_t size) {
    uint8_t found = 0;
    for (size_t i = 3; i < size; i++) found |= fault(text[i - 3], text[i - 2], text[i - 1], text[i]);
    return found;
}

bool cutf8_is_valid(const void *text, size_t size) {
    const uint8_t *bytes = text;
    size_t count = size < 3 ? size : 3;
    /* As if ASCII stood in front of it and behind it: it may neither begin nor end within a character. */
    uint8_t head[6] = {0}, tail[6] = {0};
    for (size_t i = 0; i < count; i++) {
        head[3 + i] = bytes[i];
        tail[3 - count + i] = bytes[size - count + i];
    }
    return (faults(head, 3 + count) | faults(bytes, size) | faults(tail, 6)) == 0;
}
