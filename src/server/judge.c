// SPDX-License-Identifier: MIT
#include "server/engine.h"

#include "core/compiler.h"
#include "core/ct.h"
#include "core/hex.h"

#include <string.h>

/* What a response and a nonce are held against. */

static CSN_INLINE csn_reason
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

csn_reason
csn_server_judge_age(const exchange *x)
{
    return judge_age(x);
}

/*
 * Whether the response was made with one of the keys; every one is tried, and
 * every user, known or not, costs the same hashes (H-02). With the right one
 * goes rspauth, unless it waits for the response's content.
 */
static csn_status
judge_response(exchange *x, const csn_span *keys, size_t count,
    csn_span content_hex, bool *right)
{
    uint8_t want[CSN_MAX_DIGEST], got[CSN_MAX_DIGEST], spare[CSN_MAX_DIGEST];
    size_t size = csn_hash_size(x->hash);
    csn_digest_input input = { .hash = x->hash,
        .nonce = x->sent.nonce,
        .nc = x->sent.nc,
        .cnonce = x->sent.cnonce,
        .qop = x->sent.qop,
        .method = x->request.target.method,
        .uri = x->sent.uri,
        .content_hex = content_hex };
    csn_status status = csn_hex_decode(x->sent.response, got, size);

    for (size_t i = 0; i < count && status == CSN_OK; i++) {
        uint8_t *rspauth = *right ? spare : x->secrets.rspauth;

        input.ha1_hex = keys[i];
        status = csn_digest_compute(x->server->crypto, &input, want,
            content_hex.len != 0 ? NULL : rspauth);
        if (status == CSN_OK && csn_ct_equal(want, got, size)) {
            *right = true;
            x->key_of = (uint8_t)i;
        }
    }
    csn_wipe(want, sizeof(want));
    if (count > 1)
        csn_wipe(spare, sizeof(spare));
    return status;
}

csn_need
csn_server_judge(exchange *x, const csn_span *keys, size_t count,
    csn_span content_hex)
{
    bool right = false;
    csn_reason reason;

    if (judge_response(x, keys, count, content_hex, &right) != CSN_OK)
        return csn_server_refuse(x, CSN_R_INTERNAL, false);
    if (!right || !x->outcome.user_known) {
        x->outcome.failed_login = true;
        return csn_server_refuse(x,
            x->outcome.user_known ? CSN_R_WRONG_RESPONSE : CSN_R_UNKNOWN_USER,
            false);
    }

    reason = judge_age(x);
    if (reason != CSN_R_NONE)
        return csn_server_refuse(x, reason, true);
    x->need = CSN_NEED_COUNT;
    return x->need;
}
