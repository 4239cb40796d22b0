// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_FUZZ_CLIENT_ORACLE_H
#define COUNTERSIGN_FUZZ_CLIENT_ORACLE_H

#include <countersign/client.h>

#include "play.h"

/*
 * What a client's credentials must be, by the formulas alone, and the rspauth
 * that answers them: for the target client_fuzz.c.
 */

#define ORACLE_METHOD CSN_SPAN("GET")
#define ORACLE_URI CSN_SPAN("/a?b=\"c")
#define ORACLE_CONTENT CSN_SPAN("asked")
#define ORACLE_ANSWER CSN_SPAN("answered")

enum {
    ORACLE_NONCES = 16, /* whose counts the engine keeps */
    ORACLE_USERS = 3
};

/* ASCII, UTF-8 and neither. */
extern const csn_span oracle_users[ORACLE_USERS];

typedef struct oracle_used {
    uint8_t nonce[CSN_MAX_NONCE];
    size_t len;
    uint32_t count;
} oracle_used;

/* What is known of a session from outside, since its challenge. */
typedef struct oracle {
    csn_client_policy policy; /* at the challenge */
    csn_span user;
    bool userhash; /* what the challenge said */
    unsigned qops;
    bool has_cnonce; /* credentials were sent since */
    uint8_t nonce[CSN_MAX_NONCE];
    size_t nonce_len;
    uint8_t cnonce[CSN_MAX_CNONCE];
    size_t cnonce_len;
    oracle_used used[ORACLE_NONCES];
    size_t used_count;
} oracle;

/* What was sent, and the rspauth that proves it. */
typedef struct oracle_sent {
    csn_qop qop;
    csn_hash hash;
    uint8_t rspauth[CSN_MAX_DIGEST];      /* for the qop that was sent */
    uint8_t rspauth_auth[CSN_MAX_DIGEST]; /* after auth-int: of a mere auth */
} oracle_sent;

/* The engine took a challenge. */
void oracle_challenge(oracle *it, const csn_client_policy *policy,
    const csn_digest_challenge *challenge);

/* Credentials went out; `has_content` says whether the engine had its hash. */
void oracle_check(oracle *it, csn_span line, bool has_content,
    oracle_sent *sent);

/* H of a content. */
void oracle_hash(csn_hash hash, csn_span content, uint8_t *digest);

/* Hex of either case against octets. */
bool oracle_is_hex_of(csn_span text, const uint8_t *octets, size_t size);

#endif
