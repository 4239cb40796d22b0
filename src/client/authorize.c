// SPDX-License-Identifier: MIT
#include "client/client.h"

#include <string.h>

#include "core/ct.h"
#include "core/hex.h"
#include "digest/params.h"

/* What one request needs beside the session; on the stack, then cleared. */
struct draft {
    csn_qop qop;
    uint32_t count;
    uint8_t cnonce[CLIENT_CNONCE_LEN];
    uint8_t nc[8];
    uint8_t response[CSN_MAX_DIGEST];
    uint8_t response_hex[CSN_MAX_DIGEST_HEX];
    uint8_t rspauth_secret[CSN_MAX_DIGEST];
};

/*
 * A request-target goes into the request line as it is: no octet that cannot
 * stand there, and no fragment (C-46).
 */
static bool
is_target(csn_span uri)
{
    for (size_t i = 0; i < uri.len; i++)
        if (uri.ptr[i] <= ' ' || uri.ptr[i] == 0x7f || uri.ptr[i] == '#')
            return false;
    return uri.len != 0;
}

/*
 * The best qop this request can have: auth-int needs the content's hash
 * (C-21), and what the policy once asked for is not left out silently.
 */
static csn_status
choose_qop(const struct client_session *session, bool has_content,
    csn_qop *qop)
{
    if (has_content && (session->qops & CSN_QOP_AUTH_INT) != 0)
        *qop = CSN_QOP_AUTH_INT;
    else if (session->qops == CSN_QOP_NONE)
        *qop = CSN_QOP_NONE;
    else if ((session->qops & CSN_QOP_AUTH) != 0 && !session->require_int)
        *qop = CSN_QOP_AUTH;
    else
        return CSN_E_MISSING;
    return CSN_OK;
}

/*
 * The next count, once for each caller on whatever thread (C-28). Nothing
 * follows ffffffff (C-29): the count stays there and is not handed out again.
 */
static csn_status
take_count(struct client_space *space, uint32_t *count)
{
    uint32_t last = atomic_load_explicit(&space->count, memory_order_relaxed);

    do {
        if (last == UINT32_MAX)
            return CSN_E_EXHAUSTED;
    } while (!atomic_compare_exchange_weak_explicit(&space->count, &last,
        last + 1, memory_order_relaxed, memory_order_relaxed));
    *count = last + 1;
    return CSN_OK;
}

/* The cnonce first: when the generator fails no count is lost. */
static csn_status
draft_begin(struct client_space *space, const csn_crypto *crypto,
    struct draft *draft)
{
    const struct client_session *session = &space->session;
    csn_status status = CSN_OK;

    draft->count = 0;
    if (draft->qop == CSN_QOP_NONE) {
        memset(draft->cnonce, 0, sizeof(draft->cnonce));
        return CSN_OK;
    }
    if (session->keeps_cnonce)
        memcpy(draft->cnonce, session->cnonce, sizeof(draft->cnonce));
    else
        status = client_cnonce_draw(crypto, draft->cnonce);
    if (status == CSN_OK)
        status = take_count(space, &draft->count);
    return status;
}

/*
 * response and, at the same price, the rspauth that the server must answer
 * with: verification then needs neither H(A1) nor the nonce, which may have
 * changed by then (F-27). Under auth-int that waits for the content.
 */
static csn_status
draft_compute(const struct client_space *space, const csn_crypto *crypto,
    csn_span method, csn_span uri, const uint8_t *content_digest,
    struct draft *draft)
{
    const struct client_session *session = &space->session;
    csn_hash hash = csn_algorithm_hash(session->algorithm);
    size_t size = csn_hash_size(hash);
    bool is_int = draft->qop == CSN_QOP_AUTH_INT;
    uint8_t content_hex[CSN_MAX_DIGEST_HEX];
    csn_writer nc = csn_writer_init(draft->nc, sizeof(draft->nc));
    csn_digest_input input = {
        .hash = hash,
        .ha1_hex = { session->ha1_secret_hex, 2 * size },
        .nonce = { session->nonce, session->nonce_len },
        .nc = { draft->nc, sizeof(draft->nc) },
        .cnonce = { draft->cnonce, sizeof(draft->cnonce) },
        .qop = csn_qop_name(draft->qop),
        .method = method,
        .uri = uri,
    };
    csn_status status;

    csn_nc_write(&nc, draft->count);
    if (is_int) {
        csn_hex_encode(content_digest, size, content_hex);
        input.content_hex = (csn_span){ content_hex, 2 * size };
    }
    status = csn_digest_compute(crypto, &input, draft->response,
        is_int ? NULL : draft->rspauth_secret);
    if (status == CSN_OK)
        csn_hex_encode(draft->response, size, draft->response_hex);
    return status;
}

static csn_status
draft_write(const struct client_space *space, csn_span uri,
    const struct draft *draft, csn_writer *out)
{
    const struct client_session *session = &space->session;
    size_t size = csn_hash_size(csn_algorithm_hash(session->algorithm));
    bool hashed = session->name == CLIENT_NAME_HASHED;
    csn_digest_credentials_out credentials = {
        .username = { space->identity.user, space->identity.user_len },
        .realm = { space->realm, space->realm_len },
        .nonce = { session->nonce, session->nonce_len },
        .uri = uri,
        .response_hex = { draft->response_hex, 2 * size },
        .cnonce = { draft->cnonce, sizeof(draft->cnonce) },
        .opaque = { session->opaque, session->opaque_len },
        .algorithm = session->algorithm,
        .qop = draft->qop,
        .count = draft->count,
        .has_opaque = session->has_opaque,
        .has_algorithm = session->has_algorithm,
        .extended = session->name == CLIENT_NAME_EXTENDED,
        .userhash = hashed,
    };

    if (hashed)
        credentials.username = (csn_span){ session->userhash, 2 * size };
    return csn_digest_credentials_write(out, &credentials);
}

/* Under auth-int what rspauth is made of, otherwise rspauth. */
static void
attempt_fill(struct client_attempt *attempt, const struct client_space *space,
    const csn_crypto *crypto, const struct draft *draft)
{
    const struct client_session *session = &space->session;

    attempt->generation = space->generation;
    attempt->count = draft->count;
    attempt->layer = (csn_layer)space->identity.layer;
    attempt->algorithm = session->algorithm;
    attempt->qop = draft->qop;
    attempt->realm_len = space->realm_len;
    memcpy(attempt->cnonce, draft->cnonce, sizeof(attempt->cnonce));
    memcpy(attempt->realm, space->realm, space->realm_len);
    if (draft->qop != CSN_QOP_AUTH_INT) {
        memcpy(attempt->rspauth_secret, draft->rspauth_secret,
            sizeof(attempt->rspauth_secret));
        return;
    }
    attempt->crypto = crypto;
    attempt->nonce_len = session->nonce_len;
    memcpy(attempt->nonce, session->nonce, session->nonce_len);
    memcpy(attempt->ha1_secret_hex, session->ha1_secret_hex,
        sizeof(attempt->ha1_secret_hex));
}

csn_status
csn_client_authorize(csn_client_space *space, const csn_crypto *crypto,
    csn_span method, csn_span uri, const uint8_t *content_digest,
    csn_writer *out, csn_client_attempt *attempt)
{
    struct client_space *it = client_space_of(space);
    struct draft draft;
    csn_status status;

    if (!it->session.ready)
        return CSN_E_STATE;
    /*
     * An empty method, or a colon in it, would make of a response the rspauth
     * of another exchange (H-13): RFC 7616, 3.4.3 and 3.5.
     */
    if (!csn_is_token(method) || !is_target(uri))
        return CSN_E_SYNTAX;

    status = choose_qop(&it->session, content_digest != NULL, &draft.qop);
    if (status == CSN_OK)
        status = draft_begin(it, crypto, &draft);
    if (status == CSN_OK)
        status = draft_compute(it, crypto, method, uri, content_digest,
            &draft);
    if (status == CSN_OK)
        status = draft_write(it, uri, &draft, out);
    if (status == CSN_OK)
        attempt_fill((struct client_attempt *)(void *)attempt->opaque, it,
            crypto, &draft);
    csn_wipe(&draft, sizeof(draft));
    return status;
}

uint32_t
csn_client_attempt_count(const csn_client_attempt *attempt)
{
    return client_attempt_at(attempt)->count;
}

csn_algorithm
csn_client_attempt_algorithm(const csn_client_attempt *attempt)
{
    return client_attempt_at(attempt)->algorithm;
}

csn_qop
csn_client_attempt_qop(const csn_client_attempt *attempt)
{
    return client_attempt_at(attempt)->qop;
}
