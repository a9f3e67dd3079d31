/* SPDX-License-Identifier: Apache-2.0 */
#include <libxml/HTMLparser.h>
#include <libxml/xmlreader.h>

/* The last error of the calling thread, as a message without its line feed, and its line; NULL if there was none. */
static inline const char *cxml2_last_error(int *line) {
    const xmlError *error = xmlGetLastError();
    if (error == NULL || error->message == NULL) return NULL;
    *line = error->line;
    return error->message;
}

/* Errors are read by cxml2_last_error, and printed nowhere. */
static void cxml2_ignore(void *context, xmlErrorPtr error) {
    (void)context;
    (void)error;
}

static inline void cxml2_print_nothing(void) { xmlSetStructuredErrorFunc(NULL, cxml2_ignore); }
