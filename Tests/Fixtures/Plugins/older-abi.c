/* SPDX-License-Identifier: Apache-2.0 */
/* Built for plugin ABI 1.3, whose structures were others. Only its magic number, size and version may be read. */
#include "fixture.h"

EXPORT(.magic = ARTICLED_PLUGIN_MAGIC, .size = sizeof(articled_plugin), .abi = 1u << 16 | 3, .name = (const char *)1,
       .version = (const char *)1, .runtime = (const char *)1, .method_count = 7,
       .methods = (const articled_method *const *)1)
