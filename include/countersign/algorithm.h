// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_ALGORITHM_H
#define COUNTERSIGN_ALGORITHM_H

#include <countersign/span.h>
#include <countersign/status.h>

CSN_BEGIN_C

/*
 * The registered Digest algorithms. Source: RFC 7616, 3.2 and 6.1.
 *
 * SHA-512-256 is SHA-512/256 of FIPS 180-4 with its own initial values: not
 * SHA-512 cut short (the print of RFC 7616, 3.9.2) and not SHA-256 (C-02).
 * The `-sess` variants hash with a key of their own for each challenge
 * (csn_digest_session_key).
 */

typedef enum csn_hash {
    CSN_HASH_MD5,
    CSN_HASH_SHA_256,
    CSN_HASH_SHA_512_256,
    CSN_HASH_COUNT
} csn_hash;

typedef enum csn_algorithm {
    CSN_ALG_MD5,
    CSN_ALG_MD5_SESS,
    CSN_ALG_SHA_256,
    CSN_ALG_SHA_256_SESS,
    CSN_ALG_SHA_512_256,
    CSN_ALG_SHA_512_256_SESS,
    CSN_ALG_COUNT,
    CSN_ALG_UNKNOWN = CSN_ALG_COUNT
} csn_algorithm;

/** Octets of the longest digest, and of its hex form. */
#define CSN_MAX_DIGEST 32
#define CSN_MAX_DIGEST_HEX 64

/** A set of algorithms: bit `1 << csn_algorithm`. */
typedef uint32_t csn_algorithm_set;

/** qop values, as a set (RFC 7616, 3.4). */
typedef enum csn_qop {
    CSN_QOP_NONE = 0,
    CSN_QOP_AUTH = 1,
    CSN_QOP_AUTH_INT = 2
} csn_qop;

/** The registered spelling ("SHA-256-sess"); empty for no algorithm. */
CSN_API csn_span csn_algorithm_name(csn_algorithm algorithm);

/**
 * Find an algorithm by name, without regard to case.
 *
 * In:      `name`, the unquoted value; any octets.
 * Returns: the algorithm, or CSN_ALG_UNKNOWN.
 */
CSN_API csn_algorithm csn_algorithm_find(csn_span name);

/** The hash an algorithm uses, its `-sess` part left out. */
CSN_API csn_hash csn_algorithm_hash(csn_algorithm algorithm);

/** Whether it is a `-sess` variant. */
CSN_API bool csn_algorithm_is_session(csn_algorithm algorithm);

/** Octets of a digest: 16 or 32. Twice that in hex. */
CSN_API size_t csn_hash_size(csn_hash hash);

/** The hash's own spelling: "MD5", "SHA-256", "SHA-512-256". */
CSN_API csn_span csn_hash_name(csn_hash hash);

CSN_END_C

#endif
