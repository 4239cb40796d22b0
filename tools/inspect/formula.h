// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TOOLS_INSPECT_FORMULA_H
#define COUNTERSIGN_TOOLS_INSPECT_FORMULA_H

#include "common/pool.h"

#include <countersign/crypto.h>

/*
 * response and rspauth for every algorithm and qop, and for every way to get
 * them wrong: RFC 7616, 3.4 with each of its steps open to change.
 */

/* The registered hashes, and one that passes for SHA-512/256. */
typedef enum inspect_hash {
    INSPECT_MD5 = CSN_HASH_MD5,
    INSPECT_SHA_256 = CSN_HASH_SHA_256,
    INSPECT_SHA_512_256 = CSN_HASH_SHA_512_256,
    INSPECT_SHA_512_CUT = CSN_HASH_COUNT, /* to 256 bits */
    INSPECT_HASHES
} inspect_hash;

/* A digest in hex. */
typedef struct inspect_hex {
    uint8_t digits[CSN_MAX_DIGEST_HEX];
    size_t len;
} inspect_hex;

/* The intermediate hashes, as bits. */
enum { INSPECT_INNER = 1, INSPECT_HA1 = 2, INSPECT_HA2 = 4 };

/* Parameters of the last hash, as bits. */
enum {
    INSPECT_NC = 1,
    INSPECT_CNONCE = 2,
    INSPECT_QOP = 4,
    INSPECT_COUNTS = INSPECT_NC | INSPECT_CNONCE | INSPECT_QOP,
    INSPECT_LAST = 8 /* H(A2) */
};

typedef enum inspect_a2 {
    INSPECT_A2_PLAIN,
    INSPECT_A2_NO_COLON,
    INSPECT_A2_TWO_COLONS
} inspect_a2;

typedef struct inspect_values {
    inspect_hash hash;
    csn_span user;
    csn_span realm;
    csn_span password;
    csn_span ha1[INSPECT_HASHES]; /* in hex; empty when not known */
    bool has_password;            /* else only what is in ha1 */
    bool session;
    csn_span nonce;
    csn_span first_nonce; /* the session's: nonce' of RFC 7616, 3.4.2 */
    csn_span first_cnonce;
    csn_span nc;
    csn_span cnonce;
    csn_span qop;
    csn_span method; /* empty for rspauth */
    csn_span uri;
    inspect_a2 a2;
    bool with_content;
    csn_span content;
    unsigned parts; /* of the last hash */
    unsigned upper; /* intermediate hashes in upper-case hex */
    unsigned raw;   /* intermediate hashes as octets */
} inspect_values;

/* Larger contents are hashed once, and are not copied to vary them. */
enum { INSPECT_SMALL_CONTENT = 16 * 1024, INSPECT_KNOWN_CONTENTS = 8 };

typedef struct inspect_content_hash {
    csn_span content;
    inspect_hash hash;
    inspect_hex hex;
} inspect_content_hash;

typedef struct inspect_hasher {
    const csn_crypto *crypto;
    size_t count; /* hashes so far */
    /* Large contents come again; these were hashed last. */
    inspect_content_hash known[INSPECT_KNOWN_CONTENTS];
    size_t next;
} inspect_hasher;

/* A hash over gathered parts; false when the backend cannot. */
bool inspect_digest(inspect_hasher *hasher, inspect_hash hash,
    const csn_span *parts, size_t count, inspect_hex *hex);

/* The value; false when H(A1) is not known for it. */
bool inspect_compute(inspect_hasher *hasher, const inspect_values *values,
    inspect_hex *hex);

static inline csn_span
inspect_hex_span(const inspect_hex *hex)
{
    return (csn_span){ hex->digits, hex->len };
}

#endif
