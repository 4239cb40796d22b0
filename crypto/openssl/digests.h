// SPDX-License-Identifier: MIT
#ifndef CSN_OPENSSL_DIGESTS_H
#define CSN_OPENSSL_DIGESTS_H

#include <countersign/crypto_openssl.h>

#include <openssl/evp.h>

/* libcrypto's own, fetched once; NULL where it lacks the hash. */
const EVP_MD *csn_openssl_digest(csn_hash hash);

#endif
