// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TOOLS_FETCH_OUTPUT_H
#define COUNTERSIGN_TOOLS_FETCH_OUTPUT_H

#include "options.h"

#include <stdio.h>

/*
 * Where a body goes. A file is opened with the first octet that may be
 * written to it, so that what the policy withholds leaves it untouched.
 */
typedef struct fetch_output {
    char *path; /* NULL: standard output */
    FILE *file;
    bool create_dirs;
    bool failed;
    unsigned long long octets;
} fetch_output;

/*
 * Choose the output of URL number `index`.
 *
 * Returns: an exit code; what is wrong was said.
 */
int fetch_output_choose(fetch_output *output, const fetch_options *options,
    size_t index, const char *url);

bool fetch_output_write(fetch_output *output, const void *data, size_t len);

/* The response is over and was wanted: an empty one makes an empty file. */
bool fetch_output_done(fetch_output *output);

void fetch_output_free(fetch_output *output);

#endif
