// SPDX-License-Identifier: MIT
#ifndef CSN_CLIENT_CLIENT_H
#define CSN_CLIENT_CLIENT_H

#include <countersign/client.h>

#include <limits.h>
#include <stdatomic.h>

#include "core/base64url.h"

enum {
    CLIENT_CNONCE_OCTETS = 18, /* 144 bits: C-25 asks for 128 */
    CLIENT_CNONCE_LEN = 24,    /* a multiple of three octets: no padding */
    CLIENT_MAX_DOMAIN = 2048,  /* paths kept of a domain list (H-26) */
    CLIENT_USED_NONCES = 16,   /* nonces left behind whose counts are kept */
};

_Static_assert(CSN_BASE64URL_LEN(CLIENT_CNONCE_OCTETS) == CLIENT_CNONCE_LEN,
    "a cnonce fills its field");
_Static_assert(ATOMIC_INT_LOCK_FREE == 2 && UINT_MAX == UINT32_MAX,
    "counts are handed out without a lock and without a library call");

/* What a space is keyed by, realm aside. Zero behind each text's end, so that
 * it can be hashed as it lies in memory. */
struct client_identity {
    uint8_t host[CSN_MAX_HOST]; /* lower case, without brackets */
    uint8_t user[CSN_MAX_USER];
    uint16_t host_len;
    uint16_t user_len;
    uint16_t port;
    uint8_t layer;
    uint8_t https;
};

/* How the user's name travels: RFC 7616, 3.4. */
typedef enum client_name {
    CLIENT_NAME_PLAIN,    /* username="..." */
    CLIENT_NAME_EXTENDED, /* username*=UTF-8''... (C-36) */
    CLIENT_NAME_HASHED    /* username="digits", userhash=true (C-31) */
} client_name;

/*
 * What one challenge began: gone, all of it, with the next (F-37). Under
 * `-sess` H(A1) is the session's key, and `cnonce` what it was made with:
 * both stay, also over a nextnonce (C-06 to C-09). `cnonce` is of no use
 * otherwise, nor is `userhash` but for a hashed name.
 */
struct client_session {
    bool ready;
    bool has_algorithm;
    bool has_opaque;
    bool whole_origin; /* no domain was named (F-44, F-47) */
    bool require_int;  /* the policy at the time (client.h) */
    bool keeps_cnonce; /* the algorithm is a `-sess` one */
    csn_algorithm algorithm;
    unsigned qops; /* offered and known; CSN_QOP_NONE: the form without */
    client_name name;
    uint16_t nonce_len;
    uint16_t opaque_len;
    uint16_t domain_len;
    uint8_t ha1_secret_hex[CSN_MAX_DIGEST_HEX];
    uint8_t cnonce[CLIENT_CNONCE_LEN];
    uint8_t userhash[CSN_MAX_DIGEST_HEX];
    uint8_t nonce[CSN_MAX_NONCE];
    uint8_t opaque[CSN_MAX_OPAQUE];
    uint8_t domain[CLIENT_MAX_DOMAIN]; /* paths, each with a SP behind it */
};

/*
 * A space. `generation` moves on whenever a session begins or ends, and
 * starts at another number in every space, so that an attempt can change no
 * session but the one it was made in.
 *
 * `count` is the last one handed out on the nonce in use. When the session
 * leaves a nonce, its mark and count go into `used_marks` and `used_counts`:
 * a server that comes back to a nonce does not make a count come back (C-27).
 */
struct client_space {
    uint64_t generation;
    uint64_t used_marks[CLIENT_USED_NONCES];
    uint32_t used_counts[CLIENT_USED_NONCES]; /* 0: an empty place */
    _Atomic uint32_t count;
    unsigned seen;
    uint16_t used_next;
    uint16_t realm_len;
    bool has_realm; /* stays when the session goes: the realm is the key's */
    uint8_t realm[CSN_MAX_REALM];
    struct client_identity identity;
    struct client_session session;
};

/*
 * What was sent, as far as verification needs it (F-27). Without auth-int
 * `rspauth_secret` is what the server must know. With it that depends on the
 * response's content, so all it is made of is kept: `crypto`, `nonce` and
 * `ha1_secret_hex` are for that case alone, and `rspauth_secret` is not.
 */
struct client_attempt {
    uint64_t generation;
    const csn_crypto *crypto;
    uint32_t count;
    csn_layer layer;
    csn_algorithm algorithm;
    csn_qop qop;
    uint16_t realm_len;
    uint16_t nonce_len;
    uint8_t cnonce[CLIENT_CNONCE_LEN];
    uint8_t rspauth_secret[CSN_MAX_DIGEST];
    uint8_t realm[CSN_MAX_REALM];
    uint8_t ha1_secret_hex[CSN_MAX_DIGEST_HEX];
    uint8_t nonce[CSN_MAX_NONCE];
};

_Static_assert(sizeof(struct client_space) <= sizeof(csn_client_space),
    "the public size holds the private one");
_Static_assert(sizeof(struct client_attempt) <= sizeof(csn_client_attempt),
    "the public size holds the private one");
_Static_assert(_Alignof(struct client_space) <= _Alignof(csn_client_space),
    "the public alignment suits the private one");

static inline struct client_space *
client_space_of(csn_client_space *space)
{
    return (struct client_space *)(void *)space->opaque;
}

static inline const struct client_space *
client_space_at(const csn_client_space *space)
{
    return (const struct client_space *)(const void *)space->opaque;
}

static inline const struct client_attempt *
client_attempt_at(const csn_client_attempt *attempt)
{
    return (const struct client_attempt *)(const void *)attempt->opaque;
}

/*
 * A fresh cnonce (C-25): RFC 7616, 3.4, "Its value MUST be fresh"; H-03, H-15.
 * Drawn for a request or, under `-sess`, for a session. CSN_OK; CSN_E_RANDOM.
 */
CSN_NODISCARD static inline csn_status
client_cnonce_draw(const csn_crypto *crypto, uint8_t cnonce[CLIENT_CNONCE_LEN])
{
    uint8_t octets[CLIENT_CNONCE_OCTETS];

    if (crypto->random(octets, sizeof(octets)) != CSN_OK)
        return CSN_E_RANDOM;
    csn_base64url_encode(octets, sizeof(octets), cnonce);
    return CSN_OK;
}

/* accept.c */

/*
 * Whether a challenge has what an answer needs, under `require_int` auth-int
 * too; the rest of the policy aside (C-10, F-31).
 */
bool csn_client_is_answerable(const csn_digest_challenge *challenge,
    bool require_int);

/* session.c */

/* The count that a nonce left behind had reached; 0 when it is not known. */
uint32_t csn_client_session_used(const struct client_space *space,
    csn_span nonce);

/* End the session, keeping the count of its nonce. */
void csn_client_session_end(struct client_space *space);

/*
 * Go on with `nonce`, from count 1. False when it is empty, too long, the
 * one in use (F-12) or one this space has left behind.
 */
bool csn_client_session_adopt(struct client_space *space, csn_span nonce);

/* domain.c */

/* Keep of a domain list what names paths of the space's own origin. */
void csn_client_domain_keep(struct client_space *space,
    const csn_value *domain);

#endif
