// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TOOLS_FETCH_JOB_H
#define COUNTERSIGN_TOOLS_FETCH_JOB_H

#include "content.h"
#include "meter.h"
#include "output.h"

/* One URL on its way. */
typedef struct fetch_job {
    const fetch_options *options;
    size_t index;
    char *url;
    CURL *easy;
    csn_curl_transfer *transfer;
    const fetch_content *content; /* of -d, shared, or &own */
    fetch_content own;            /* of -T */
    fetch_reader reader;
    fetch_output output;
    fetch_meter meter;
    bool answered; /* the response that counts has begun */
    bool finished;
    csn_curl_result result;
    int exit_code;
    char error[CURL_ERROR_SIZE];
} fetch_job;

/*
 * Prepare a URL.
 *
 * In:      `content`, what -d gave.
 * Returns: an exit code; what is wrong was said.
 */
int fetch_job_open(fetch_job *job, const fetch_options *options, size_t index,
    const fetch_content *content, csn_curl_session *session);

/* A run of libcurl ended. True: run it again. */
bool fetch_job_step(fetch_job *job, CURLcode code);

void fetch_job_close(fetch_job *job);

/* setup.c: what the command line says about requests and connections. */
bool fetch_setup(CURL *easy, fetch_job *job);

/* words.c */

/* For csn_curl_request: a step of an exchange in plain words. */
void fetch_words_note(void *job, const csn_curl_note *note);

/* How an exchange ended badly, in one note. */
void fetch_words_end(const fetch_job *job);

#endif
