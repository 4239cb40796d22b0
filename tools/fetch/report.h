// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TOOLS_FETCH_REPORT_H
#define COUNTERSIGN_TOOLS_FETCH_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "job.h"

/* The JSON of --report; docs/fetch.md has its schema. */

typedef struct json_t json_t;

/* An empty report. NULL: no memory. */
json_t *fetch_report_new(void);

/* Add a job that ended. */
bool fetch_report_add(json_t *report, const fetch_job *job);

/*
 * Write it to a file, or standard output for "-", and let go of it.
 *
 * Returns: `code`, or an exit code of its own when that is 0 and writing
 *          failed.
 */
int fetch_report_write(json_t *report, const char *path, int code);

#endif
