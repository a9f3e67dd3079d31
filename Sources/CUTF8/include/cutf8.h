/* SPDX-License-Identifier: Apache-2.0 */
/* Whether bytes are UTF-8, many at a time: a loop without branches, of which the compiler makes vector instructions, those of AVX2
   where the processor has them. In Swift one function alone cannot be compiled for several processors. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

/* Well-formed UTF-8 (Unicode 15, table 3-7): nothing overlong, no surrogate, nothing cut off. */
bool cutf8_is_valid(const void *text, size_t size);
