// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TOOLS_INSPECT_MESSAGE_H
#define COUNTERSIGN_TOOLS_INSPECT_MESSAGE_H

#include "common/pool.h"

/*
 * What was pasted, as messages in the order they stand there. Spans point
 * into the pasted text or into the pool.
 */

/* More than anybody pastes; beyond these the input is refused. */
enum {
    INSPECT_MAX_INPUT = 8 << 20,
    INSPECT_MAX_MESSAGES = 10000,
    INSPECT_MAX_FIELDS = 1000 /* of one message */
};

typedef struct inspect_field {
    csn_span name;
    csn_span value; /* of a folded field with its line ends in it */
    size_t line;    /* where it stands in the text, from 1; 0 in a HAR */
    bool trailer;
} inspect_field;

typedef enum inspect_kind { INSPECT_REQUEST, INSPECT_RESPONSE } inspect_kind;

/* How much is known of a message's content. */
typedef enum inspect_content {
    INSPECT_CONTENT_UNKNOWN, /* not shown, or cut off */
    INSPECT_CONTENT_SEEN,    /* this was shown, and may not be all */
    INSPECT_CONTENT_WHOLE    /* octet for octet, as its framing says */
} inspect_content;

typedef struct inspect_message {
    inspect_kind kind;
    bool bare;       /* header lines without a start line */
    bool prefixed;   /* lines marked > or < as curl -v does */
    csn_span method; /* of a request; empty when bare */
    csn_span target;
    csn_span scheme;    /* a HAR's, else empty */
    csn_span authority; /* the same */
    unsigned status;    /* of a response; 0 when bare */
    inspect_field *fields;
    size_t field_count;
    csn_span content;
    inspect_content content_state;
    size_t line;
} inspect_message;

typedef struct inspect_messages {
    inspect_message *items;
    size_t count;
} inspect_messages;

/*
 * Take a text apart: `curl -v` output, raw messages, or header lines.
 * What is none of these is stepped over. Time is linear in the text.
 *
 * Out:     `*messages`, perhaps none.
 * Returns: NULL, or what is too much, as a sentence.
 */
const char *inspect_split(csn_pool *pool, csn_span text,
    inspect_messages *messages);

/* The same from a HAR; also says why it is none. */
const char *inspect_har(csn_pool *pool, csn_span text,
    inspect_messages *messages);

/* A message more, NULL beyond INSPECT_MAX_MESSAGES. */
inspect_message *inspect_message_add(csn_pool *pool,
    inspect_messages *messages);

/* A field more; false beyond INSPECT_MAX_FIELDS. */
bool inspect_field_add(csn_pool *pool, inspect_message *message,
    const inspect_field *field);

/* The first field of that name in the header section; NULL if none. */
const inspect_field *inspect_field_find(const inspect_message *message,
    csn_span name);

/* The method of the newest request; empty if none. */
csn_span inspect_last_method(const inspect_messages *messages);

/* RFC 9112, 6.3: a response that never has content. */
bool inspect_has_no_content(unsigned status, csn_span method);

#endif
