// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_CURL_HEAD_H
#define COUNTERSIGN_CURL_HEAD_H

#include <countersign/span.h>
#include <countersign/status.h>

/*
 * One header section, kept until it is whole: nothing of a response is shown
 * or acted on before its proof was looked at. Also holds a trailer section.
 */

enum {
    HEAD_MAX_OCTETS = 256 * 1024, /* of one section, line ends included */
    HEAD_MAX_LINES = 2048
};

typedef struct curl_head {
    char *octets;
    size_t len;
    size_t cap;
    size_t *starts; /* where each line begins in `octets` */
    size_t lines;
    size_t lines_cap;
    unsigned status; /* of the status line; 0 in a trailer section */
} curl_head;

void csn_curl_head_reset(curl_head *head);

void csn_curl_head_free(curl_head *head);

/**
 * Take a line as libcurl hands it out, line end included. The first one is the
 * status line, if it starts with "HTTP/"; a folded one continues the line
 * before, its fold replaced by blanks.
 *
 * Returns: CSN_OK; CSN_E_LIMIT; CSN_E_MEMORY.
 */
CSN_NODISCARD csn_status csn_curl_head_add(curl_head *head, csn_span line);

/**
 * All values of a field, in order, one span per line, names compared
 * without case.
 *
 * Out:     `*values`, a new array of `*count` spans into the section, to be
 *          freed; NULL when there are none.
 * Returns: CSN_OK; CSN_E_MEMORY.
 */
CSN_NODISCARD csn_status csn_curl_head_values(const curl_head *head,
    csn_span name, csn_span **values, size_t *count);

/** The first value of a field as a new string; NULL when absent. */
char *csn_curl_head_text(const curl_head *head, const char *name);

/** Line `index` as received, line end included. */
csn_span csn_curl_head_line(const curl_head *head, size_t index);

#endif
