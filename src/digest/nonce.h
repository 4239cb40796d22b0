// SPDX-License-Identifier: MIT
#ifndef CSN_DIGEST_NONCE_H
#define CSN_DIGEST_NONCE_H

#include <countersign/counts.h>
#include <countersign/crypto.h>
#include <countersign/key.h>
#include <countersign/layer.h>

/*
 * A nonce that carries its own proof: nothing is stored to issue one.
 *
 *     octet  0  version 1
 *            1  key id
 *            2  flags, 2 octets: algorithms and qops offered with it, modes
 *            4  count domain, 8 (at a fixed place, so that a load balancer
 *               can route by it)
 *           12  minted, milliseconds since 1970, 6
 *           18  random, 8
 *           26  MAC, 16, over octets 0 to 25
 *
 * written as 56 characters of base64url. The MAC is SipHash-2-4-128 under a
 * key derived with HMAC from the nonce key, layer, realm and site, so a nonce
 * of another of these is not genuine here (B-07, B-10, H-29).
 */

enum {
    CSN_NONCE_VERSION = 1,
    CSN_NONCE_OCTETS = 42,
    CSN_NONCE_TEXT = 56,
    CSN_NONCE_MACED = 26, /* octets in front of the MAC */
    CSN_NONCE_RANDOM = 8,
    CSN_NONCE_ID = 14 /* minted and random: what a counts table keys by */
};

/* Flags: bit n for csn_algorithm n, then these. */
enum {
    CSN_NONCE_ALGORITHMS = (1 << CSN_ALG_COUNT) - 1,
    CSN_NONCE_QOP_AUTH = 1 << 8,
    CSN_NONCE_QOP_AUTH_INT = 1 << 9,
    CSN_NONCE_ONE_TIME = 1 << 10,
    CSN_NONCE_OPAQUE = 1 << 11,  /* opaque was sent with it */
    CSN_NONCE_USERHASH = 1 << 12 /* userhash=true was said with it */
};

typedef struct csn_nonce {
    uint8_t key_id;
    uint16_t flags;
    uint8_t domain[CSN_DOMAIN_SIZE];
    uint64_t minted_ms;
    uint8_t random[CSN_NONCE_RANDOM];
} csn_nonce;

/* What is derived from one csn_key for one layer, realm and site. */
typedef struct csn_nonce_key {
    uint8_t id;
    csn_key_state state;
    uint8_t mac[16];
    uint8_t successor[16];
    uint8_t user_tag[16];
} csn_nonce_key;

CSN_NODISCARD csn_status csn_nonce_key_derive(csn_nonce_key *derived,
    const csn_crypto *crypto, const csn_key *key, csn_layer layer,
    csn_span realm, csn_span site);

void csn_nonce_write(const csn_nonce_key *key, const csn_nonce *nonce,
    uint8_t text[CSN_NONCE_TEXT]);

/*
 * Take a nonce apart without judging it. CSN_E_LENGTH, CSN_E_SYNTAX: not one
 * of this version. `octets` is what csn_nonce_is_genuine looks at.
 */
CSN_NODISCARD csn_status csn_nonce_read(csn_span text, csn_nonce *nonce,
    uint8_t octets[CSN_NONCE_OCTETS]);

/* Whether the MAC is right under `key`; constant time. */
bool csn_nonce_is_genuine(const csn_nonce_key *key,
    const uint8_t octets[CSN_NONCE_OCTETS]);

/*
 * The nonce that replaces `old` from `minted_ms` on: the same for every
 * response that says so (E-34), and not to be foretold without the key.
 */
csn_nonce csn_nonce_successor(const csn_nonce_key *key, const csn_nonce *old,
    uint64_t minted_ms);

/* Minted and random, as a counts table wants them. */
void csn_nonce_id(const csn_nonce *nonce, uint8_t id[CSN_NONCE_ID]);

#endif
