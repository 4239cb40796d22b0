// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_FUZZ_SERVER_ORACLE_H
#define COUNTERSIGN_FUZZ_SERVER_ORACLE_H

#include <countersign/digest.h>

#include "play.h"

/*
 * Which credentials are right, by the formulas alone, and right ones to send:
 * for the target server_fuzz.c. There is one user, and one hash.
 */

#define ORACLE_REALM CSN_SPAN("realm \"r\"")
#define ORACLE_USER CSN_SPAN("u\xc3\xa9")
#define ORACLE_METHOD CSN_SPAN("GET")
#define ORACLE_TARGET CSN_SPAN("/a?b=c")

enum { ORACLE_SEEN = 256, ORACLE_NONCE = 56 };

/* How a right answer is made: bits of one octet. */
enum {
    MAKE_SESSION = 1,
    MAKE_INT = 2,
    MAKE_HASHED = 4,
    MAKE_EXTENDED = 8,
    MAKE_KEPT_KEY = 16, /* of the session's first request */
    MAKE_CNONCE = 32,   /* another one */
    MAKE_OTHER = 64     /* over another content than will arrive: not right */
};

typedef struct oracle_pair {
    char nonce[ORACLE_NONCE + 1];
    uint32_t count;
    bool is_bound; /* with a session's key: of the first such request */
    uint8_t key_hex[CSN_MAX_DIGEST_HEX];
} oracle_pair;

typedef struct oracle {
    uint8_t ha1[CSN_MAX_DIGEST_HEX];
    oracle_pair seen[ORACLE_SEEN]; /* what was let in */
    size_t seen_count;
} oracle;

void oracle_begin(oracle *it);

/* H of a content, in hex. */
void oracle_hash_hex(csn_span content, uint8_t hex[CSN_MAX_DIGEST_HEX]);

/*
 * A line was let in with that content: it must be right, and its nonce and
 * count must not have been let in before.
 */
void oracle_allowed(oracle *it, csn_span line, csn_span content);

/* A right line for that nonce, made as `how` says; its length. */
size_t oracle_write(const oracle *it, const char *nonce, uint32_t count,
    unsigned how, csn_span content, char line[LINE]);

#endif
