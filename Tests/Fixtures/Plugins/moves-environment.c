/* SPDX-License-Identifier: Apache-2.0 */
/* No plugin, but a library to be preloaded: it moves the environment before the Swift runtime has looked for the command
 * line beside it, as libfaketime does. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

int stat(const char *restrict path, struct stat *restrict result)
{
    setenv("MOVED_ENVIRONMENT", "1", 0);
    return fstatat(AT_FDCWD, path, result, 0);
}
