// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TOOLS_VERIFY_OFFER_H
#define COUNTERSIGN_TOOLS_VERIFY_OFFER_H

#include "response.h"

#include <countersign/digest.h>
#include <countersign/layer.h>

/* What a refusal offers: its challenges, taken apart. */

typedef struct verify_param {
    csn_span name;
    csn_value value;
    csn_span text; /* the value without escapes */
} verify_param;

typedef struct verify_params {
    csn_span scheme; /* empty for an Info field */
    verify_param items[CSN_MAX_PARAMS];
    size_t count;
} verify_params;

typedef struct verify_challenge {
    verify_params params; /* of the scheme, all of them */
    csn_digest_challenge digest;
    bool is_digest; /* and `digest` could be read */
    csn_span realm; /* without escapes, as the following */
    csn_span nonce;
    csn_span opaque;
} verify_challenge;

typedef struct verify_offer {
    verify_challenge *items;
    size_t count;
    size_t lines;   /* field lines they came in */
    bool malformed; /* a challenge, or the whole field, does not parse */
} verify_offer;

/* Read all challenges of a layer in the order they came. */
verify_offer verify_offer_read(csn_pool *pool, const verify_fields *fields,
    csn_layer layer);

/*
 * Read the parameters of one field that is no list of challenges.
 *
 * Returns: CSN_OK; what csn_field_next says, with what came before it.
 */
csn_status verify_params_read(csn_pool *pool, csn_field_kind kind,
    csn_span line, verify_params *params);

/* The parameter, or NULL; names without case. */
const verify_param *verify_param_find(const verify_params *params,
    csn_span name);

/* A deep copy. */
verify_challenge verify_challenge_keep(csn_pool *pool,
    const verify_challenge *challenge);

/*
 * The challenge to answer: the first Digest one with realm, nonce and an
 * algorithm and qop that are known; those with -sess, auth-int alone or no
 * qop only where there is no other. NULL: none.
 */
const verify_challenge *verify_offer_choose(const verify_offer *offer);

/* Whether it is a -sess challenge that can be answered. */
bool verify_challenge_is_session(const verify_challenge *challenge);

/* The one of `offer` with this algorithm and realm, or NULL. */
const verify_challenge *verify_offer_like(const verify_offer *offer,
    const verify_challenge *wanted);

#endif
