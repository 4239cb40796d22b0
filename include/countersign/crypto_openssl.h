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

CSN_END_C

#endif
