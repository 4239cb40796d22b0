// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TOOLS_INSPECT_MISTAKES_H
#define COUNTERSIGN_TOOLS_INSPECT_MISTAKES_H

#include "formula.h"
#include "params.h"

/*
 * Well-known mistakes that give a wrong response or rspauth, as a table: each
 * varies what is hashed, and the first whose result is the value that was
 * sent is the one that was made. Pairs of two are tried behind single ones.
 */

/* Nonces, realms and cnonces that are tried in place of the right one. */
enum { INSPECT_CASE_MAX = 32 };

/* Everything of an exchange that could have been mistaken for a value. */
typedef struct inspect_case {
    csn_pool *pool;
    inspect_hasher *hasher;
    bool is_rspauth;
    bool method_known; /* false: header lines without their request */
    const inspect_params *credentials;
    const inspect_params *info; /* NULL if none */
    csn_span challenge_qop;     /* the list that was offered */
    csn_span method;            /* of the request */
    csn_span target;
    csn_span authority; /* Host; empty if not told */
    const inspect_message *request;
    const inspect_message *response;
    /* Of this and other challenges and requests, the newest first. */
    csn_span nonces[INSPECT_CASE_MAX];
    csn_span realms[INSPECT_CASE_MAX];
    csn_span cnonces[INSPECT_CASE_MAX];
    size_t nonce_count;
    size_t realm_count;
    size_t cnonce_count;
    csn_span other_user; /* the other layer's login; empty if none */
    csn_span other_password;
    csn_span typed_password; /* before it was brought to NFC */
} inspect_case;

typedef enum inspect_try {
    INSPECT_TRY_END,  /* no such variant, and none after it */
    INSPECT_TRY_SKIP, /* it would change nothing here */
    INSPECT_TRY_IT
} inspect_try;

enum { INSPECT_OF_RESPONSE = 1, INSPECT_OF_RSPAUTH = 2, INSPECT_OF_BOTH = 3 };

typedef struct inspect_mistake {
    const char *name;
    const char *sentence;
    unsigned of; /* INSPECT_OF_... */
    /* Apply variant `n`, from 0, to `*values`. */
    inspect_try (
        *vary)(const inspect_case *in, unsigned n, inspect_values *values);
    bool tolerated; /* another reading that peers should take */
} inspect_mistake;

/* One or two mistakes; both NULL when none fits. */
typedef struct inspect_cause {
    const inspect_mistake *first;
    const inspect_mistake *second;
    csn_span method; /* of the request, when that was what varied */
} inspect_cause;

/*
 * Which mistake makes `sent` of `right`, the values as they should be.
 * Many wrong values in one input are looked into less: a limit on hashes
 * leaves out pairs, and far above that everything.
 */
inspect_cause inspect_find_cause(const inspect_case *in,
    const inspect_values *right, csn_span sent);

#endif
