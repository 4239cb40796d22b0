// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TOOLS_FETCH_METER_H
#define COUNTERSIGN_TOOLS_FETCH_METER_H

#include "options.h"

/*
 * A progress meter: one line on standard error, for a transfer to a file that
 * takes longer than a second, and only while a person can see it.
 */
typedef struct fetch_meter {
    bool on;
    bool shown;
    const char *name;
    long long started_ms;
    long long last_ms;
} fetch_meter;

/* `path`: the output, or NULL for standard output, which gets no meter. */
void fetch_meter_open(fetch_meter *meter, CURL *easy,
    const fetch_options *options, const char *path);

/* The end of a transfer: the line stays as it is. */
void fetch_meter_close(fetch_meter *meter);

#endif
