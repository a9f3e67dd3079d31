/* What a topic model's scorer does many times a text, on many bytes at a time. In Swift a comparison of many bytes does not become one
   number of bits. */
#ifndef CSCORING_H
#define CSCORING_H

#include <stdint.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the first of many must be the lowest bit");

typedef _Bool cscoring_bits __attribute__((ext_vector_type(16)));
typedef uint8_t cscoring_bytes __attribute__((vector_size(16)));

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

#endif
