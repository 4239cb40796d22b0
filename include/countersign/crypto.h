// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_CRYPTO_H
#define COUNTERSIGN_CRYPTO_H

#include <countersign/algorithm.h>

#define CSN_CRYPTO_VERSION 1u

/**
 * What the engines need of a cryptographic library: hashes over gathered
 * octets, and random octets. countersign/crypto_openssl.h has one.
 *
 * In:      `parts` are hashed one behind the other, as if joined; an empty
 *          part adds nothing. None of them is kept.
 * Out:     csn_hash_size(hash) octets, not hex.
 * Returns: CSN_OK; CSN_E_CRYPTO when the library failed or lacks the hash;
 *          CSN_E_RANDOM when the generator failed. The engines then fail
 *          closed (H-03, H-34): nobody is let in and nothing is sent.
 * Threads: every function may be called from any thread at any time.
 * Memory:  must not keep what passed through it, and should clear its state.
 *
 * The table is constant and outlives everything that uses it; engines keep a
 * pointer to it.
 */
typedef struct csn_crypto {
    uint32_t version; /* CSN_CRYPTO_VERSION */

    csn_status (*digest)(csn_hash hash, const csn_span *parts, size_t count,
        uint8_t *out);

    /**
     * Two digests that share their beginning: of `shared` followed by
     * `tail_a`, and of `shared` followed by `tail_b`. response and rspauth
     * share all but H(A2), so a backend that can copy a hash state halfway
     * saves about a third of the work.
     */
    csn_status (*digest_pair)(csn_hash hash, const csn_span *shared,
        size_t count, csn_span tail_a, csn_span tail_b, uint8_t *out_a,
        uint8_t *out_b);

    /** `len` octets from the system's cryptographic generator. */
    csn_status (*random)(uint8_t *out, size_t len);
} csn_crypto;

#endif
