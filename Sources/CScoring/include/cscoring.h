/* SPDX-License-Identifier: Apache-2.0 */
/* What a topic model's scorer does many times a text, on many bytes or topics at a time. In Swift one function alone cannot be
   compiled for several processors, and a comparison of many bytes does not become one number of bits. */
#ifndef CSCORING_H
#define CSCORING_H

#include <stdint.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the first of many must be the lowest bit");

typedef _Bool cscoring_bits __attribute__((ext_vector_type(16)));
typedef uint8_t cscoring_bytes __attribute__((vector_size(16)));
typedef uint16_t cscoring_fingerprints __attribute__((vector_size(32)));

/* A bit for each of the 16 bytes at `text`: 1 if it is an ASCII letter or digit, or of a character beyond ASCII. */
static inline uint16_t cscoring_word_bytes(const void *text) {
    cscoring_bytes bytes;
    memcpy(&bytes, text, sizeof bytes);
    cscoring_bytes isLetter = (cscoring_bytes)((cscoring_bytes)((bytes | 0x20) - 'a') < 26);
    cscoring_bytes isDigit = (cscoring_bytes)((cscoring_bytes)(bytes - '0') < 10);
    cscoring_bits bits = __builtin_convertvector(isLetter | isDigit | (cscoring_bytes)(bytes >= 0x80), cscoring_bits);
    uint16_t mask;
    memcpy(&mask, &bits, sizeof mask);
    return mask;
}

/* A bit for each of the 16 fingerprints at `bucket`: 1 if it is `wanted`. */
static inline uint16_t cscoring_equal(const void *bucket, uint16_t wanted) {
    cscoring_fingerprints fingerprints;
    memcpy(&fingerprints, bucket, sizeof fingerprints);
    cscoring_bits bits = __builtin_convertvector(fingerprints == wanted, cscoring_bits);
    uint16_t mask;
    memcpy(&mask, &bits, sizeof mask);
    return mask;
}

/* Adds up the rows of a text's features for four passages, the whole and three parts: each row times its scale and the square root of
   what the feature was counted in the passage.

   `slots` has the number of each feature's row, `counts` four counts for each, in 64ths and below 2^31. A row is as the model file has
   it (a u8 worth in twentieths, a u8 index of a scale, an i8 for each of `topics`); up to 16 bytes behind it are read. `sums` gets 16
   topics' sums of the first passage, then of the others; then the next 16 topics', to where all have their place. `squares` gets for
   each passage the sum of the squares of root times worth. All processors make the same numbers. */
void cscoring_sum(const uint8_t *rows, size_t row_size, size_t topics, const float *scales, const uint32_t *slots,
    const uint32_t *counts, size_t features, float *sums, float *squares);

#endif
