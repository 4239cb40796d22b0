// SPDX-License-Identifier: MIT
#include "client/client.h"

#include "core/ct.h"
#include "core/hex.h"
#include "core/siphash.h"
#include "core/writer.h"

/* From a challenge to a session: all that is made once for every request. */

bool
csn_client_is_answerable(const csn_digest_challenge *challenge,
    bool require_int)
{
    unsigned wanted = CSN_QOP_AUTH_INT | (require_int ? 0 : CSN_QOP_AUTH);

    if (challenge->algorithm >= CSN_ALG_COUNT)
        return false;
    if (!challenge->realm.present || challenge->nonce.text.len == 0)
        return false;
    if (challenge->has_qop)
        return (challenge->qops & wanted) != 0;
    /* Without qop nothing but MD5 was ever defined: RFC 2617 (C-10, C-23). */
    return challenge->algorithm == CSN_ALG_MD5 && !require_int;
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

static csn_span
user_of(const struct client_space *space)
{
    return (csn_span){ space->identity.user, space->identity.user_len };
}

static csn_span
realm_of(const struct client_space *space)
{
    return (csn_span){ space->realm, space->realm_len };
}

/* Not ASCII, and UTF-8: only then username* can say it (C-36, K-18). */
static bool
is_foreign(csn_span name)
{
    csn_writer nowhere = csn_writer_init(NULL, 0);
    uint8_t octets = 0;

    for (size_t i = 0; i < name.len; i++)
        octets |= name.ptr[i];
    return octets > 0x7f && csn_ext_value_write(&nowhere, name) == CSN_OK;
}

/* How the name will travel; a hashed one is hashed here, once. */
static csn_status
keep_name(struct client_space *space, const csn_crypto *crypto,
    const csn_client_policy *policy, const csn_digest_challenge *challenge)
{
    struct client_session *session = &space->session;

    if (challenge->userhash) {
        session->name = CLIENT_NAME_HASHED;
        return csn_digest_userhash(crypto,
            csn_algorithm_hash(session->algorithm), user_of(space),
            realm_of(space), session->userhash);
    }
    session->name = is_foreign(user_of(space)) && !policy->raw_username
        ? CLIENT_NAME_EXTENDED
        : CLIENT_NAME_PLAIN;
    return CSN_OK;
}

/* What the challenge says; the realm stays when a session ends, so it is
 * whole or not there. */
static csn_status
keep_challenge(struct client_space *space,
    const csn_digest_challenge *challenge)
{
    struct client_session *session = &space->session;

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
    session->keeps_cnonce = csn_algorithm_is_session(session->algorithm);
    session->qops = challenge->qops;
    csn_client_domain_keep(space, &challenge->domain);
    return CSN_OK;
}

/* Everything of the session but H(A1). It is not ready yet. */
static csn_status
session_begin(struct client_space *space, const csn_crypto *crypto,
    const csn_client_policy *policy, const csn_client_choice *choice)
{
    static const uint8_t no_key[CSN_SIPHASH_KEY] = { 0 };
    struct client_session *session = &space->session;
    csn_status status;

    csn_client_session_end(space);
    space->seen |= choice->seen;
    if (!csn_client_is_answerable(&choice->challenge, policy->require_int))
        return CSN_E_SYNTAX;
    status = keep_challenge(space, &choice->challenge);
    if (status != CSN_OK)
        return status;
    /* Spaces of one user at one server differ in nothing but their realm. */
    space->generation += csn_siphash(no_key, space->realm, space->realm_len);
    session->require_int = policy->require_int;
    atomic_store_explicit(&space->count,
        csn_client_session_used(space,
            (csn_span){ session->nonce, session->nonce_len }),
        memory_order_relaxed);
    return keep_name(space, crypto, policy, &choice->challenge);
}

/*
 * Under `-sess` another key takes the place of the user's H(A1): RFC 7616,
 * 3.4.2. All requests of the session then carry the cnonce of that key, the
 * first one's, so that it makes no difference which of its two readings a
 * server follows (C-09, K-14).
 */
static csn_status
make_session_key(struct client_session *session, const csn_crypto *crypto)
{
    csn_hash hash = csn_algorithm_hash(session->algorithm);
    size_t size = csn_hash_size(hash);
    uint8_t key_secret[CSN_MAX_DIGEST];
    csn_status status = client_cnonce_draw(crypto, session->cnonce);

    if (status == CSN_OK)
        status = csn_digest_session_key(crypto, hash,
            (csn_span){ session->ha1_secret_hex, 2 * size },
            (csn_span){ session->nonce, session->nonce_len },
            (csn_span){ session->cnonce, sizeof(session->cnonce) },
            key_secret);
    if (status == CSN_OK)
        csn_hex_encode(key_secret, size, session->ha1_secret_hex);
    csn_wipe(key_secret, sizeof(key_secret));
    return status;
}

/* The end of accepting: a whole session, or none, and nothing left of it. */
static csn_status
session_finish(struct client_space *space, const csn_crypto *crypto,
    csn_status status)
{
    struct client_session *session = &space->session;

    if (status == CSN_OK && session->keeps_cnonce)
        status = make_session_key(session, crypto);
    session->ready = status == CSN_OK;
    if (!session->ready)
        csn_client_session_end(space);
    return status;
}

csn_status
csn_client_accept(csn_client_space *space, const csn_crypto *crypto,
    const csn_client_policy *policy, const csn_client_choice *choice,
    csn_span password)
{
    struct client_space *it = client_space_of(space);
    csn_status status = session_begin(it, crypto, policy, choice);

    if (status == CSN_OK)
        status = csn_digest_ha1(crypto,
            csn_algorithm_hash(it->session.algorithm), user_of(it),
            realm_of(it), password, it->session.ha1_secret_hex);
    return session_finish(it, crypto, status);
}

csn_status
csn_client_accept_ha1(csn_client_space *space, const csn_crypto *crypto,
    const csn_client_policy *policy, const csn_client_choice *choice,
    csn_span ha1_hex)
{
    struct client_space *it = client_space_of(space);
    uint8_t ha1_secret[CSN_MAX_DIGEST];
    csn_status status = session_begin(it, crypto, policy, choice);

    if (status == CSN_OK) {
        size_t size = csn_hash_size(csn_algorithm_hash(it->session.algorithm));

        if (csn_hex_decode(ha1_hex, ha1_secret, size) != CSN_OK)
            status = CSN_E_SYNTAX;
        else
            csn_hex_encode(ha1_secret, size, it->session.ha1_secret_hex);
    }
    csn_wipe(ha1_secret, sizeof(ha1_secret));
    return session_finish(it, crypto, status);
}
