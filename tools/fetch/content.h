// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TOOLS_FETCH_CONTENT_H
#define COUNTERSIGN_TOOLS_FETCH_CONTENT_H

#include "options.h"

#include <sys/types.h>

/*
 * A request's content, hashed (auth-int) and sent as often as it takes (F-40).
 * Text of the command line stays in memory; a regular file is read in place,
 * at an offset of each transfer's own and as long as it was at the start; everything else (standard input, several pieces) goes
 * through a file without a name first. Nothing is read into memory whole.
 */
typedef struct fetch_content {
    bool present;
    char *text; /* in memory; else `fd` */
    int fd;
    off_t size;
} fetch_content;

/* A transfer's place in a content. */
typedef struct fetch_reader {
    const fetch_content *content;
    off_t offset;
} fetch_reader;

/* Both say in a note what went wrong. `content` is as good as empty then. */
bool fetch_content_of_parts(fetch_content *content, const fetch_part *parts,
    size_t count);
bool fetch_content_of_file(fetch_content *content, const char *path);

void fetch_content_free(fetch_content *content);

/* For csn_curl_request: curl_read_callback and `rewind`. */
size_t fetch_reader_read(char *out, size_t size, size_t count, void *reader);
int fetch_reader_rewind(void *reader);

#endif
