// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TOOLS_INSPECT_PARAMS_H
#define COUNTERSIGN_TOOLS_INSPECT_PARAMS_H

#include "message.h"

#include <countersign/digest.h>

/* One parameter as it stands in its line, and what it says. */
typedef struct inspect_param {
    csn_span name;
    csn_value value; /* escapes still in it */
    csn_span text;   /* without them */
} inspect_param;

/*
 * A challenge, credentials or Info field: all parameters up to the first
 * octet the grammar has not, whether their types are right or not. That is
 * looked at apart: an nc of nine digits is still what was hashed.
 */
typedef struct inspect_params {
    csn_span scheme; /* empty for an Info field */
    inspect_param items[CSN_MAX_PARAMS];
    size_t count;
    bool is_digest;
    bool trailer;      /* from the trailer section */
    csn_status status; /* CSN_OK, or why it does not read as Digest */
    size_t line;       /* of the pasted text, 0 if not known; then ... */
    size_t offset;     /* ... where in the field's value, from 0 */
} inspect_params;

typedef struct inspect_params_list {
    inspect_params *items;
    size_t count;
} inspect_params_list;

/*
 * Read all lines of a field that stand in one section of a message.
 *
 * Out:     how many lines there are; nothing else when there is none.
 * Returns: the challenges, or one set of credentials or Info.
 */
inspect_params_list inspect_params_read(csn_pool *pool, csn_field_kind kind,
    const inspect_message *message, csn_span name, bool trailer,
    size_t *lines);

/* The parameter, or NULL; names without case. */
const inspect_param *inspect_param_find(const inspect_params *params,
    csn_span name);

/* What it says; empty when it is not there. */
csn_span inspect_param_text(const inspect_params *params, csn_span name);

/* Its algorithm: MD5 when none is named. */
csn_algorithm inspect_params_algorithm(const inspect_params *params);

/* Whether userhash, stale and the like say true. */
bool inspect_param_is_true(const inspect_params *params, csn_span name);

#endif
