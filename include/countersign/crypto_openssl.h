// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_CRYPTO_OPENSSL_H
#define COUNTERSIGN_CRYPTO_OPENSSL_H

#include <countersign/crypto.h>

CSN_BEGIN_C

/**
 * The hash backend over OpenSSL 3 (libcrypto): MD5, SHA-256, SHA-512/256 and
 * RAND_bytes. Link with pkg-config `countersign-openssl`.
 *
 * Returns: the table, always the same; NULL when this libcrypto offers
 *          neither SHA-256 nor SHA-512/256. Where MD5 alone is missing (FIPS
 *          providers) digest(CSN_HASH_MD5, ...) gives CSN_E_CRYPTO.
 * Threads: any. Each thread keeps hash contexts of its own, freed at its end.
 */
CSN_API const csn_crypto *csn_crypto_openssl(void);

/*
 * H(content) for auth-int, piece by piece as it comes: C-53 to C-56 say
 * which octets those are. Threads: one at a time for one hash.
 */
typedef struct csn_openssl_hash csn_openssl_hash;

/** NULL: no memory, or this libcrypto lacks the hash. */
CSN_API csn_openssl_hash *csn_openssl_hash_new(csn_hash hash);

/** CSN_OK; CSN_E_CRYPTO: from then on every call gives it. */
CSN_API CSN_NODISCARD csn_status csn_openssl_hash_update(
    csn_openssl_hash *hash, csn_span octets);

/**
 * The digest of everything so far, csn_hash_size octets; more may follow.
 * CSN_OK; CSN_E_CRYPTO.
 */
CSN_API CSN_NODISCARD csn_status csn_openssl_hash_digest(
    const csn_openssl_hash *hash, uint8_t digest[CSN_MAX_DIGEST]);

/** NULL is nothing. */
CSN_API void csn_openssl_hash_free(csn_openssl_hash *hash);

CSN_END_C

#endif
