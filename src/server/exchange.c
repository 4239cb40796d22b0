// SPDX-License-Identifier: MIT
#include "server/engine.h"

#include "core/bytes.h"
#include "core/ct.h"
#include "core/hex.h"
#include "core/siphash.h"

#include <string.h>

/*
 * From need to need. check.c has said everything that can be said without a
 * secret; here the response is judged, then the nonce's age and domain, then
 * the store's answer. Nothing is spent before the response was right (D-26).
 */

/* A nonce is replaced while it still has counts: 65,536 before the last. */
enum { COUNTS_LEFT_FOR_NEXT = 0x10000 };

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

static csn_need
refuse(exchange *x, csn_reason reason, bool stale)
{
    unsigned http_status = status_of(x->server, reason);

    x->outcome.verdict = verdict_of(http_status);
    x->outcome.reason = reason;
    x->outcome.http_status = http_status;
    x->outcome.stale = stale;
    x->need = CSN_DONE;
    if (x->outcome.verdict == CSN_VERDICT_CHALLENGE &&
        csn_server_mint_fresh(x) != CSN_OK)
        return refuse(x, CSN_R_INTERNAL, false);
    return CSN_DONE;
}

csn_need
csn_server_begin(csn_server_exchange *out, const csn_server *srv,
    const csn_server_request *request)
{
    exchange *x = (exchange *)(void *)out->opaque;
    csn_reason reason;

    csn_wipe(x, sizeof(*x));
    x->server = (const server *)(const void *)srv->opaque;
    x->request = *request;
    x->scratch = csn_writer_init(request->scratch, request->scratch_len);
    x->outcome = (csn_server_outcome){ .verdict = CSN_VERDICT_FAIL,
        .reason = CSN_R_INTERNAL,
        .http_status = 500,
        .algorithm = CSN_ALG_UNKNOWN };

    reason = csn_server_check_credentials(x);
    if (reason != CSN_R_NONE)
        return refuse(x, reason, false);
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
        .hash = x->hash };
}

/*
 * Whether the response is right for this H(A1); rspauth is computed with it.
 * Every user, known or not, costs the same hashes (H-02).
 */
static csn_status
judge_response(exchange *x, csn_span ha1_hex, bool *right)
{
    uint8_t want[CSN_MAX_DIGEST], got[CSN_MAX_DIGEST];
    size_t size = csn_hash_size(x->hash);
    const csn_digest_input input = { .hash = x->hash,
        .ha1_hex = ha1_hex,
        .nonce = x->sent.nonce,
        .nc = x->sent.nc,
        .cnonce = x->sent.cnonce,
        .qop = x->sent.qop,
        .method = x->request.target.method,
        .uri = x->sent.uri };
    csn_status status = csn_digest_compute(x->server->crypto, &input, want,
        x->rspauth);

    if (status == CSN_OK)
        status = csn_hex_decode(x->sent.response, got, size);
    if (status == CSN_OK)
        *right = csn_ct_equal(want, got, size);
    csn_wipe(want, sizeof(want));
    return status;
}

/* D-14, D-16, D-17: what can be said of a nonce without its line. */
static csn_reason
judge_age(const exchange *x)
{
    uint64_t now = x->request.now_ms;
    uint64_t minted = x->nonce.minted_ms;

    if (x->key->state == CSN_KEY_RECOGNISE)
        return CSN_R_STALE_KEY;
    if (minted > now + x->server->skew_ms)
        return CSN_R_STALE;
    if (now > minted + x->server->life_ms + x->server->grace_ms)
        return CSN_R_STALE;
    if (memcmp(x->nonce.domain, x->request.domain, CSN_DOMAIN_SIZE) != 0)
        return CSN_R_STALE_DOMAIN;
    return CSN_R_NONE;
}

/* H(A1) to judge with: the user's, or one that nobody has. */
static csn_span
pick_secret(const exchange *x, const csn_secret *secret)
{
    csn_span stand_in = { x->server->stand_in, 2 * csn_hash_size(x->hash) };

    return secret->code == CSN_SECRET_FOUND ? secret->ha1_hex : stand_in;
}

csn_need
csn_server_give_secret(csn_server_exchange *out, const csn_secret *secret)
{
    exchange *x = (exchange *)(void *)out->opaque;
    csn_span ha1_hex = pick_secret(x, secret);
    csn_reason reason;
    bool right = false;

    if (x->need != CSN_NEED_SECRET)
        return refuse(x, CSN_R_INTERNAL, false);
    if (secret->code == CSN_SECRET_UNAVAILABLE ||
        ha1_hex.len != 2 * csn_hash_size(x->hash))
        return refuse(x, CSN_R_STORE_FAILED, false);

    x->outcome.user_known = secret->code == CSN_SECRET_FOUND;
    csn_put_be64(x->user_tag,
        csn_siphash(x->key->user_tag, x->sent.user.ptr, x->sent.user.len));
    if (judge_response(x, ha1_hex, &right) != CSN_OK)
        return refuse(x, CSN_R_INTERNAL, false);
    if (!right || !x->outcome.user_known) {
        x->outcome.failed_login = true;
        return refuse(x,
            x->outcome.user_known ? CSN_R_WRONG_RESPONSE : CSN_R_UNKNOWN_USER,
            false);
    }

    reason = judge_age(x);
    if (reason != CSN_R_NONE)
        return refuse(x, reason, true);
    x->need = CSN_NEED_COUNT;
    return x->need;
}

/* A successor keeps the algorithm (F-11), so that must still be offered. */
static bool
may_continue(const exchange *x)
{
    return (x->server->flags & 1u << x->credentials.algorithm) != 0;
}

/* E-29, E-32: near the end of its life or of its counts, or always. */
static bool
wants_next(const exchange *x)
{
    const server *s = x->server;

    return (s->flags & CSN_NONCE_ONE_TIME) != 0 ||
        x->outcome.nonce_age_ms + s->next_before_ms >= s->life_ms ||
        x->credentials.count > UINT32_MAX - COUNTS_LEFT_FOR_NEXT;
}

csn_mark
csn_server_count_query(const csn_server_exchange *in)
{
    const exchange *x = (const exchange *)(const void *)in->opaque;
    bool counted = x->credentials.qop.present;
    csn_mark mark = { .minted_ms = x->nonce.minted_ms,
        .now_ms = x->request.now_ms,
        .life_ms = x->server->life_ms,
        .grace_ms = x->server->grace_ms,
        .nc = counted ? x->credentials.count : 1,
        /* Without qop there is no count: each nonce once (D-09). */
        .one_time = !counted || (x->nonce.flags & CSN_NONCE_ONE_TIME) != 0,
        .replace = may_continue(x) && wants_next(x) };

    memcpy(mark.domain, x->nonce.domain, sizeof(mark.domain));
    csn_nonce_id(&x->nonce, mark.id);
    memcpy(mark.user_tag, x->user_tag, sizeof(mark.user_tag));
    return mark;
}

/* Every answer but FRESH comes after a right response: stale (D-20, D-22). */
static csn_reason
reason_of_mark(csn_mark_result_code code)
{
    switch (code) {
    case CSN_MARK_FRESH:
        return CSN_R_NONE;
    case CSN_MARK_REPLAY:
        return CSN_R_REPLAY;
    case CSN_MARK_BELOW_WINDOW:
        return CSN_R_BELOW_WINDOW;
    case CSN_MARK_USED_UP:
        return CSN_R_ONE_TIME_USED;
    case CSN_MARK_EXPIRED:
        return CSN_R_STALE;
    case CSN_MARK_EVICTED:
        return CSN_R_STALE_EVICTED;
    case CSN_MARK_FOREIGN:
        return CSN_R_STALE_DOMAIN;
    case CSN_MARK_OTHER_USER:
        return CSN_R_NONCE_OF_OTHER_USER;
    case CSN_MARK_UNAVAILABLE:
        break;
    }
    return CSN_R_COUNTS_FAILED;
}

csn_need
csn_server_give_count(csn_server_exchange *out, csn_mark_result result)
{
    exchange *x = (exchange *)(void *)out->opaque;
    csn_reason reason = reason_of_mark(result.code);

    if (x->need != CSN_NEED_COUNT)
        return refuse(x, CSN_R_INTERNAL, false);
    if (reason != CSN_R_NONE)
        return refuse(x, reason, reason != CSN_R_COUNTS_FAILED);

    if (result.replaced_ms != 0 && may_continue(x))
        csn_server_mint_successor(x, result.replaced_ms);
    x->outcome.verdict = CSN_VERDICT_ALLOW;
    x->outcome.reason = CSN_R_NONE;
    x->outcome.http_status = 0;
    x->need = CSN_DONE;
    return CSN_DONE;
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

    csn_wipe(x->rspauth, sizeof(x->rspauth));
    x->need = CSN_DONE;
    x->outcome.verdict = CSN_VERDICT_FAIL;
    x->outcome.reason = CSN_R_INTERNAL;
    x->outcome.http_status = 500;
}
