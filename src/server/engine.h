// SPDX-License-Identifier: MIT
#ifndef CSN_SERVER_ENGINE_H
#define CSN_SERVER_ENGINE_H

#include <countersign/server.h>

#include "digest/nonce.h"

/*
 * What lies inside the opaque contexts of server.h, and the steps between the
 * files of this folder: config.c makes a server, check.c judges everything
 * before the user, exchange.c goes from need to need, judge.c holds responses
 * and nonces against what is right, count.c asks for the mark, challenge.c,
 * info.c and proof.c write the answers.
 */

enum { MAX_OPAQUE = 64, MAX_DOMAIN = 512 };

typedef struct server {
    const csn_crypto *crypto;
    csn_nonce_key keys[CSN_MAX_KEYS];
    size_t key_count;
    size_t mint; /* index of the key that mints */
    csn_algorithm algorithms[CSN_ALG_COUNT];
    size_t algorithm_count;
    uint16_t flags; /* of the nonces minted now */
    uint8_t qops;   /* csn_qop bits offered now */
    uint32_t life_ms;
    uint32_t next_before_ms;
    uint32_t grace_ms;
    uint32_t skew_ms;
    csn_layer layer;
    bool allow_md5;
    bool legacy_no_qop;
    bool strict_uri;
    uint16_t realm_len;
    uint16_t opaque_len;
    uint16_t domain_len;
    uint8_t realm[CSN_MAX_REALM];
    uint8_t opaque[MAX_OPAQUE];
    uint8_t domain[MAX_DOMAIN];
    uint8_t stand_in[CSN_MAX_DIGEST_HEX]; /* judged for unknown users */
} server;

/* The credentials' values as they are hashed and compared: unescaped. */
typedef struct sent_values {
    csn_span user; /* or the digits of a hashed one */
    csn_span realm;
    csn_span nonce;
    csn_span uri;
    csn_span cnonce;
    csn_span nc;
    csn_span qop;
    csn_span opaque;
    csn_span response; /* as long as its algorithm's (D-05) */
} sent_values;

/*
 * The keys in hex that the response may have been made with: H(A1) or, under
 * -sess, this request's own key and the one kept for its nonce. They are put
 * by only where judging has to wait.
 */
enum { KEY_OWN, KEY_KEPT, KEYS };

typedef struct secrets {
    uint8_t rspauth[CSN_MAX_DIGEST];
    uint8_t keys[KEYS][CSN_MAX_DIGEST_HEX];
} secrets;

typedef struct exchange {
    const server *server;
    csn_server_request request;
    csn_writer scratch;
    csn_digest_credentials credentials;
    sent_values sent;
    csn_need need;
    csn_server_outcome outcome;
    const csn_nonce_key *key; /* the nonce's own */
    csn_nonce nonce;
    csn_hash hash;
    uint8_t user_tag[8];
    uint8_t fresh[CSN_NONCE_TEXT]; /* for a challenge, or as nextnonce */
    bool has_next;
    bool session;   /* a -sess algorithm */
    uint8_t keys;   /* how many of secrets.keys are filled */
    uint8_t key_of; /* the one that was right */
    secrets secrets;
} exchange;

_Static_assert(sizeof(server) <= sizeof(csn_server), "it fits");
_Static_assert(sizeof(exchange) <= sizeof(csn_server_exchange), "it fits");

/*
 * Everything up to the user (D-42, from syntax to opaque). Returns
 * CSN_R_NONE when the user is to be looked up, with `x` filled.
 */
csn_reason csn_server_check_credentials(exchange *x);

/* End with `reason`: csn_need is CSN_DONE and the outcome says why. */
csn_need csn_server_refuse(exchange *x, csn_reason reason, bool stale);

/* Whether the proof covers contents. */
static inline bool
csn_server_has_int(const exchange *x)
{
    return x->credentials.qop_known == CSN_QOP_AUTH_INT;
}

/*
 * The response, made with one of `count` keys (x->key_of is which), and then
 * the nonce's age: D-42. `content_hex` is empty without auth-int.
 */
csn_need csn_server_judge(exchange *x, const csn_span *keys, size_t count,
    csn_span content_hex);

/* D-14, D-16, D-17: what can be said of a nonce without its line. */
csn_reason csn_server_judge_age(const exchange *x);

/* Mint a nonce into x->fresh; CSN_E_RANDOM. */
CSN_NODISCARD csn_status csn_server_mint_fresh(exchange *x);

/* What an Info field of this exchange is made of, rspauth left out. */
csn_digest_info_out csn_server_info_texts(const exchange *x);

/*
 * Append the field, or a part of it; `info` is changed. Without `rspauth`,
 * `size` octets, it says nothing but nextnonce.
 */
CSN_NODISCARD csn_status csn_server_write_info(csn_digest_info_out *info,
    csn_proof_parts parts, const uint8_t *rspauth, size_t size,
    csn_writer *out);

/* Derive the nonce that replaces x->nonce from `replaced_ms` on. */
void csn_server_mint_successor(exchange *x, uint64_t replaced_ms);

#endif
