// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TOOLS_VERIFY_RESPONSE_H
#define COUNTERSIGN_TOOLS_VERIFY_RESPONSE_H

#include "common/pool.h"

/* A response, and taking it apart as its octets come in (RFC 9112). */

/* More than any sane response head; more content is not read. */
enum {
    VERIFY_MAX_HEAD = 64 * 1024,
    VERIFY_MAX_FIELDS = 256,
    VERIFY_MAX_INTERIM = 16,
    VERIFY_MAX_BODY = 1024 * 1024
};

typedef struct verify_field {
    csn_span name;
    csn_span value;
} verify_field;

typedef struct verify_fields {
    verify_field *items;
    size_t count;
} verify_fields;

typedef enum verify_kind {
    VERIFY_ANSWERED,
    VERIFY_DROPPED,  /* the connection ended before a whole response */
    VERIFY_TIMEOUT,  /* nothing, or not all of it, in time */
    VERIFY_NOT_HTTP, /* octets that are no response, or too many of them */
    VERIFY_NOT_CONNECTED
} verify_kind;

typedef struct verify_response {
    verify_kind kind;
    unsigned status; /* 0 unless VERIFY_ANSWERED */
    verify_fields fields;
    verify_fields trailer;
    csn_span body;   /* without chunk framing */
    bool body_whole; /* false: longer than is read */
    bool continued;  /* 100 came before it */
    bool last;       /* the connection ends behind it */
} verify_response;

typedef enum verify_progress {
    VERIFY_MORE, /* not all of it has come */
    VERIFY_WHOLE,
    VERIFY_BROKEN
} verify_progress;

/*
 * Read the response at the start of `octets`, as far as they go.
 *
 * In:      `ended`, nothing will follow: that may be what ends it.
 * Out:     `*response`, on VERIFY_WHOLE, copied into `pool`; `*used`, how
 *          many octets were it.
 */
verify_progress verify_response_read(csn_pool *pool, csn_span octets,
    csn_span method, bool ended, verify_response *response, size_t *used);

/* The first value of a field, or NULL; how many lines there are. */
const csn_span *verify_field_find(const verify_fields *fields, csn_span name);
size_t verify_field_count(const verify_fields *fields, csn_span name);

#endif
