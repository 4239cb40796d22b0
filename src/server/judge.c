// SPDX-License-Identifier: MIT
#include "server/engine.h"

#include "core/ct.h"
#include "core/hex.h"

#include <string.h>

/* What a response and a nonce are held against. */

csn_status
csn_server_judge(exchange *x, const csn_span *keys, size_t count,
    csn_span content_hex, bool *right)
{
    uint8_t want[CSN_MAX_DIGEST], got[CSN_MAX_DIGEST], proof[CSN_MAX_DIGEST];
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
        input.ha1_hex = keys[i];
        status = csn_digest_compute(x->server->crypto, &input, want,
            content_hex.len != 0 ? NULL : proof);
        if (status == CSN_OK && csn_ct_equal(want, got, size)) {
            *right = true;
            x->key_of = (uint8_t)i;
            if (content_hex.len == 0)
                memcpy(x->secrets.rspauth, proof, size);
        }
    }
    csn_wipe(want, sizeof(want));
    csn_wipe(proof, sizeof(proof));
    return status;
}

/* D-14, D-16, D-17: what can be said of a nonce without its line. */
csn_reason
csn_server_judge_age(const exchange *x)
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
