// SPDX-License-Identifier: MIT
#include "server/engine.h"

#include "core/bytes.h"
#include "core/ct.h"
#include "core/hex.h"
#include "core/siphash.h"

#include <stddef.h>
#include <string.h>

/*
 * From need to need. check.c has said everything that can be said without a
 * secret; here the response is judged, then the nonce's age and domain; the
 * store's answer is count.c's. Nothing is spent before the response was right
 * (D-26).
 */

/* What the peer gets for each reason; 0 stands for 401 or 407. */
static const uint16_t answers[CSN_REASON_COUNT] = {
    [CSN_R_MALFORMED] = 400,
    [CSN_R_REPEATED_FIELD] = 400,
    [CSN_R_REPEATED_PARAMETER] = 400,
    [CSN_R_MISSING_PARAMETER] = 400,
    [CSN_R_EMPTY_METHOD] = 400,
    [CSN_R_UNSUPPORTED] = 400,
    [CSN_R_QOP_NOT_OFFERED] = 400,
    [CSN_R_QOP_MISSING] = 400,
    [CSN_R_URI_MISMATCH] = 400,
    [CSN_R_CONTENT_INCOMPLETE] = 400,
    [CSN_R_CONTENT_TOO_LARGE] = 413,
    [CSN_R_TOO_LARGE] = 431,
    [CSN_R_INTERNAL] = 500,
    [CSN_R_STORE_FAILED] = 503,
    [CSN_R_COUNTS_FAILED] = 503,
};

static unsigned
status_of(const server *s, csn_reason reason)
{
    if (answers[reason] != 0)
        return answers[reason];
    return s->layer == CSN_LAYER_PROXY ? 407 : 401;
}

static csn_verdict
verdict_of(unsigned http_status)
{
    if (http_status == 401 || http_status == 407)
        return CSN_VERDICT_CHALLENGE;
    return http_status >= 500 ? CSN_VERDICT_FAIL : CSN_VERDICT_BAD_REQUEST;
}

csn_need
csn_server_refuse(exchange *x, csn_reason reason, bool stale)
{
    unsigned http_status = status_of(x->server, reason);

    x->outcome.verdict = verdict_of(http_status);
    x->outcome.reason = reason;
    x->outcome.http_status = http_status;
    x->outcome.stale = stale;
    x->need = CSN_DONE;
    if (x->outcome.verdict == CSN_VERDICT_CHALLENGE &&
        csn_server_mint_fresh(x) != CSN_OK)
        return csn_server_refuse(x, CSN_R_INTERNAL, false);
    return CSN_DONE;
}

csn_need
csn_server_begin(csn_server_exchange *out, const csn_server *srv,
    const csn_server_request *request)
{
    exchange *x = (exchange *)(void *)out->opaque;
    csn_reason reason;

    csn_wipe(x, offsetof(exchange, secrets));
    x->server = (const server *)(const void *)srv->opaque;
    x->request = *request;
    x->scratch = csn_writer_init(request->scratch, request->scratch_len);
    x->outcome = (csn_server_outcome){ .verdict = CSN_VERDICT_FAIL,
        .reason = CSN_R_INTERNAL,
        .http_status = 500,
        .algorithm = CSN_ALG_UNKNOWN };

    reason = csn_server_check_credentials(x);
    if (reason != CSN_R_NONE)
        return csn_server_refuse(x, reason, false);
    x->need = CSN_NEED_SECRET;
    return x->need;
}

csn_secret_query
csn_server_secret_query(const csn_server_exchange *in)
{
    const exchange *x = (const exchange *)(const void *)in->opaque;

    return (csn_secret_query){ .scheme = CSN_SPAN("Digest"),
        .realm = { x->server->realm, x->server->realm_len },
        .user = x->sent.user,
        .hash = x->hash,
        .hashed = x->credentials.userhash };
}

bool
csn_server_wants_content(const csn_server_exchange *in)
{
    const exchange *x = (const exchange *)(const void *)in->opaque;

    return x->need != CSN_DONE && csn_server_has_int(x);
}

csn_hash
csn_server_hash(const csn_server_exchange *in)
{
    return ((const exchange *)(const void *)in->opaque)->hash;
}

/* H(A1) to judge with: the user's, or one that nobody has. */
static csn_span
pick_secret(const exchange *x, const csn_secret *secret)
{
    csn_span stand_in = { x->server->stand_in, 2 * csn_hash_size(x->hash) };

    return secret->code == CSN_SECRET_FOUND ? secret->ha1_hex : stand_in;
}

/* The name in the clear, which a hashed one stands for (C-32). */
static csn_reason
name_user(exchange *x, const csn_secret *secret)
{
    csn_span name = x->sent.user;

    x->outcome.user_known = secret->code == CSN_SECRET_FOUND;
    if (x->credentials.userhash && x->outcome.user_known) {
        if (secret->user.len == 0)
            return CSN_R_INTERNAL;
        name = secret->user;
    }
    x->outcome.user = name;
    csn_put_be64(x->user_tag,
        csn_siphash(x->key->user_tag, name.ptr, name.len));
    return CSN_R_NONE;
}

/* The response held against the keys that were put by. */
static csn_need
judge_keys(exchange *x, csn_span content_hex)
{
    csn_span keys[KEYS];

    for (size_t i = 0; i < x->keys; i++)
        keys[i] = (csn_span){ x->secrets.keys[i], 2 * csn_hash_size(x->hash) };
    return csn_server_judge(x, keys, x->keys, content_hex);
}

/*
 * The key as it is when this request is the first of its session: C-06.
 *
 * A nonce that cannot be accepted any more is stale whether or not the
 * response is right, and nothing was learnt about the password: whether a
 * right one looks right hangs on the session's first request, which is
 * forgotten by then. D-20 would have the response judged first; a client that
 * keeps its key would be told that its password is wrong.
 */
static csn_need
begin_session(exchange *x, csn_span ha1_hex)
{
    uint8_t key[CSN_MAX_DIGEST];
    csn_reason reason = csn_server_judge_age(x);

    if (reason != CSN_R_NONE)
        return csn_server_refuse(x, reason, true);
    if (csn_digest_session_key(x->server->crypto, x->hash, ha1_hex,
            x->sent.nonce, x->sent.cnonce, key) != CSN_OK)
        return csn_server_refuse(x, CSN_R_INTERNAL, false);
    csn_hex_encode(key, csn_hash_size(x->hash), x->secrets.keys[KEY_OWN]);
    csn_wipe(key, sizeof(key));
    x->keys = 1;
    x->need = CSN_NEED_SESSION;
    return x->need;
}

csn_need
csn_server_give_secret(csn_server_exchange *out, const csn_secret *secret)
{
    exchange *x = (exchange *)(void *)out->opaque;
    csn_span ha1_hex = pick_secret(x, secret);
    csn_reason reason;

    if (x->need != CSN_NEED_SECRET)
        return csn_server_refuse(x, CSN_R_INTERNAL, false);
    if (secret->code == CSN_SECRET_UNAVAILABLE ||
        ha1_hex.len != 2 * csn_hash_size(x->hash))
        return csn_server_refuse(x, CSN_R_STORE_FAILED, false);
    reason = name_user(x, secret);
    if (reason != CSN_R_NONE)
        return csn_server_refuse(x, reason, false);

    if (x->session)
        return begin_session(x, ha1_hex);
    if (!csn_server_has_int(x))
        return csn_server_judge(x, &ha1_hex, 1, (csn_span){ NULL, 0 });
    memcpy(x->secrets.keys[KEY_OWN], ha1_hex.ptr, ha1_hex.len);
    x->keys = 1;
    x->need = CSN_NEED_CONTENT;
    return x->need;
}

csn_session_query
csn_server_session_query(const csn_server_exchange *in)
{
    const exchange *x = (const exchange *)(const void *)in->opaque;
    csn_session_query query = { .minted_ms = x->nonce.minted_ms };

    memcpy(query.domain, x->nonce.domain, sizeof(query.domain));
    csn_nonce_id(&x->nonce, query.id);
    memcpy(query.user_tag, x->user_tag, sizeof(query.user_tag));
    return query;
}

csn_need
csn_server_give_session(csn_server_exchange *out,
    const csn_session_result *result)
{
    exchange *x = (exchange *)(void *)out->opaque;
    size_t size = csn_hash_size(x->hash);

    if (x->need != CSN_NEED_SESSION)
        return csn_server_refuse(x, CSN_R_INTERNAL, false);
    if (result->code == CSN_SESSION_UNAVAILABLE)
        return csn_server_refuse(x, CSN_R_COUNTS_FAILED, false);
    if (result->code == CSN_SESSION_LOST)
        return csn_server_refuse(x, CSN_R_STALE_EVICTED, true);

    /* Without a session a key that nobody has is judged: the same work. */
    if (result->code == CSN_SESSION_FOUND && result->key_len == size)
        csn_hex_encode(result->key, size, x->secrets.keys[KEY_KEPT]);
    else
        memcpy(x->secrets.keys[KEY_KEPT], x->server->stand_in, 2 * size);
    x->keys = KEYS;
    if (!csn_server_has_int(x))
        return judge_keys(x, (csn_span){ NULL, 0 });
    x->need = CSN_NEED_CONTENT;
    return x->need;
}

csn_need
csn_server_give_content(csn_server_exchange *out, const csn_content *content)
{
    exchange *x = (exchange *)(void *)out->opaque;
    uint8_t hex[CSN_MAX_DIGEST_HEX];
    size_t size = csn_hash_size(x->hash);

    if (x->need != CSN_NEED_CONTENT)
        return csn_server_refuse(x, CSN_R_INTERNAL, false);
    if (content->code == CSN_CONTENT_TOO_LARGE)
        return csn_server_refuse(x, CSN_R_CONTENT_TOO_LARGE, false);
    if (content->code == CSN_CONTENT_INCOMPLETE)
        return csn_server_refuse(x, CSN_R_CONTENT_INCOMPLETE, false);
    csn_hex_encode(content->digest, size, hex);
    return judge_keys(x, (csn_span){ hex, 2 * size });
}

csn_server_outcome
csn_server_get_outcome(const csn_server_exchange *in)
{
    const exchange *x = (const exchange *)(const void *)in->opaque;
    csn_server_outcome outcome = x->outcome;

    if (x->need != CSN_DONE) {
        outcome.verdict = CSN_VERDICT_FAIL;
        outcome.reason = CSN_R_INTERNAL;
        outcome.http_status = 500;
    }
    return outcome;
}

void
csn_server_end(csn_server_exchange *out)
{
    exchange *x = (exchange *)(void *)out->opaque;

    csn_wipe(x->secrets.rspauth, sizeof(x->secrets.rspauth));
    if (x->keys != 0)
        csn_wipe(x->secrets.keys, sizeof(x->secrets.keys));
    x->need = CSN_DONE;
    x->outcome.verdict = CSN_VERDICT_FAIL;
    x->outcome.reason = CSN_R_INTERNAL;
    x->outcome.http_status = 500;
}
