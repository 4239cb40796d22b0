// SPDX-License-Identifier: MIT
#include "client/client.h"

#include <string.h>

#include "core/ct.h"
#include "core/hex.h"
#include "core/siphash.h"
#include "core/span.h"
#include "core/writer.h"

bool
csn_client_is_answerable(const csn_digest_challenge *challenge)
{
    if (challenge->algorithm >= CSN_ALG_COUNT ||
        csn_algorithm_is_session(challenge->algorithm))
        return false;
    if (!challenge->realm.present || challenge->nonce.text.len == 0)
        return false;
    /* Without qop nothing but MD5 was ever defined: RFC 2617 (C-23). */
    return challenge->has_qop ? (challenge->qops & CSN_QOP_AUTH) != 0
                              : challenge->algorithm == CSN_ALG_MD5;
}

/*
 * A nonce's mark. The server chooses nonces, so it can make two marks equal;
 * all it gets is a count that starts higher than it could.
 */
static uint64_t
nonce_mark(csn_span nonce)
{
    static const uint8_t no_key[CSN_SIPHASH_KEY] = { 0 };

    return csn_siphash(no_key, nonce.ptr, nonce.len);
}

/* The last count handed out on a nonce left behind; 0 when there was none. */
static uint32_t
nonce_used(const struct client_space *space, csn_span nonce)
{
    uint64_t mark = nonce_mark(nonce);

    for (size_t i = 0; i < CLIENT_USED_NONCES; i++)
        if (space->used_marks[i] == mark && space->used_counts[i] != 0)
            return space->used_counts[i];
    return 0;
}

static csn_span
nonce_in_use(const struct client_space *space)
{
    return (csn_span){ space->session.nonce, space->session.nonce_len };
}

/* Where the count of a nonce goes: its own place, or the oldest. */
static size_t
nonce_place(struct client_space *space, uint64_t mark)
{
    size_t oldest = space->used_next;

    for (size_t i = 0; i < CLIENT_USED_NONCES; i++)
        if (space->used_counts[i] != 0 && space->used_marks[i] == mark)
            return i;
    space->used_next = (uint16_t)((oldest + 1) % CLIENT_USED_NONCES);
    return oldest;
}

/* Note the count of the nonce in use, which is about to be left. */
static void
nonce_leave(struct client_space *space)
{
    uint32_t count = atomic_load_explicit(&space->count, memory_order_relaxed);
    uint64_t mark = nonce_mark(nonce_in_use(space));
    size_t place;

    atomic_store_explicit(&space->count, 0, memory_order_relaxed);
    if (count == 0)
        return;
    place = nonce_place(space, mark);
    space->used_marks[place] = mark;
    space->used_counts[place] = count;
}

void
csn_client_session_end(struct client_space *space)
{
    nonce_leave(space);
    csn_wipe(&space->session, sizeof(space->session));
    space->generation++;
}

bool
csn_client_session_adopt(struct client_space *space, csn_span nonce)
{
    struct client_session *session = &space->session;

    if (nonce.len == 0 || nonce.len > sizeof(session->nonce) ||
        csn_span_equal(nonce, nonce_in_use(space)) ||
        nonce_used(space, nonce) != 0)
        return false;

    nonce_leave(space);
    memcpy(session->nonce, nonce.ptr, nonce.len);
    session->nonce_len = (uint16_t)nonce.len;
    return true;
}

/* Unescape a value into the space; false when it does not fit. */
static bool
keep(const csn_value *value, uint8_t *buf, size_t cap, uint16_t *len)
{
    csn_writer out = csn_writer_init(buf, cap);

    csn_value_unescape(value, &out);
    *len = (uint16_t)out.len;
    return !out.overflow;
}

/* Everything of the session but H(A1). It is not ready yet. */
static csn_status
session_begin(struct client_space *space, const csn_client_choice *choice)
{
    struct client_session *session = &space->session;
    const csn_digest_challenge *challenge = &choice->challenge;

    csn_client_session_end(space);
    space->seen |= choice->seen;
    if (!csn_client_is_answerable(challenge))
        return CSN_E_SYNTAX;

    /* The realm stays when a session ends, so it is whole or not there. */
    space->has_realm = keep(&challenge->realm, space->realm,
        sizeof(space->realm), &space->realm_len);
    if (!space->has_realm ||
        !keep(&challenge->nonce, session->nonce, sizeof(session->nonce),
            &session->nonce_len) ||
        !keep(&challenge->opaque, session->opaque, sizeof(session->opaque),
            &session->opaque_len))
        return CSN_E_LIMIT;
    session->has_opaque = challenge->opaque.present;
    session->algorithm = challenge->algorithm;
    session->has_algorithm = challenge->has_algorithm;
    session->qop = challenge->has_qop ? CSN_QOP_AUTH : CSN_QOP_NONE;
    csn_client_domain_keep(space, &challenge->domain);
    atomic_store_explicit(&space->count,
        nonce_used(space, nonce_in_use(space)), memory_order_relaxed);
    return CSN_OK;
}

csn_status
csn_client_accept(csn_client_space *space, const csn_crypto *crypto,
    const csn_client_policy *policy, const csn_client_choice *choice,
    csn_span password)
{
    struct client_space *it = client_space_of(space);
    struct client_session *session = &it->session;
    csn_status status = session_begin(it, choice);

    (void)policy;

    if (status != CSN_OK)
        return status;
    status = csn_digest_ha1(crypto, csn_algorithm_hash(session->algorithm),
        (csn_span){ it->identity.user, it->identity.user_len },
        (csn_span){ it->realm, it->realm_len }, password,
        session->ha1_secret_hex);
    session->ready = status == CSN_OK;
    return status;
}

csn_status
csn_client_accept_ha1(csn_client_space *space, const csn_crypto *crypto,
    const csn_client_policy *policy, const csn_client_choice *choice,
    csn_span ha1_hex)
{
    struct client_space *it = client_space_of(space);
    uint8_t ha1_secret[CSN_MAX_DIGEST];
    csn_status status = session_begin(it, choice);
    size_t size;

    (void)crypto;
    (void)policy;
    if (status != CSN_OK)
        return status;
    size = csn_hash_size(csn_algorithm_hash(it->session.algorithm));
    status = csn_hex_decode(ha1_hex, ha1_secret, size);
    if (status == CSN_OK)
        csn_hex_encode(ha1_secret, size, it->session.ha1_secret_hex);
    it->session.ready = status == CSN_OK;
    csn_wipe(ha1_secret, sizeof(ha1_secret));
    return status == CSN_OK ? CSN_OK : CSN_E_SYNTAX;
}
