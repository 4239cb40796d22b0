// SPDX-License-Identifier: MIT
#include "server/engine.h"

#include <string.h>

csn_status
csn_server_mint_fresh(exchange *x)
{
    const server *s = x->server;
    csn_nonce nonce = { .flags = s->flags, .minted_ms = x->request.now_ms };
    csn_status status = s->crypto->random(nonce.random, sizeof(nonce.random));

    if (status != CSN_OK)
        return status;
    memcpy(nonce.domain, x->request.domain, sizeof(nonce.domain));
    csn_nonce_write(&s->keys[s->mint], &nonce, x->fresh);
    return CSN_OK;
}

void
csn_server_mint_successor(exchange *x, uint64_t replaced_ms)
{
    const server *s = x->server;
    csn_nonce next = csn_nonce_successor(x->key, &x->nonce, replaced_ms);
    uint16_t modes = CSN_NONCE_ONE_TIME | CSN_NONCE_OPAQUE;

    /* Its algorithms stay (F-11); one-time is what the server does now. */
    next.flags = (uint16_t)((next.flags & ~modes) | (s->flags & modes));
    if ((x->nonce.flags & CSN_NONCE_OPAQUE) == 0)
        next.flags = (uint16_t)(next.flags & ~CSN_NONCE_OPAQUE);
    csn_nonce_write(&s->keys[s->mint], &next, x->fresh);
    x->has_next = true;
}

size_t
csn_server_challenge_count(const csn_server *in)
{
    return ((const server *)(const void *)in->opaque)->algorithm_count;
}

csn_status
csn_server_challenge(const csn_server_exchange *in, size_t index,
    csn_writer *out)
{
    const exchange *x = (const exchange *)(const void *)in->opaque;
    const server *s = x->server;
    csn_digest_challenge_out challenge;

    if (x->need != CSN_DONE || x->outcome.verdict != CSN_VERDICT_CHALLENGE)
        return CSN_E_STATE;
    if (index >= s->algorithm_count)
        return CSN_END;

    challenge = (csn_digest_challenge_out){
        .realm = { s->realm, s->realm_len },
        .nonce = { x->fresh, sizeof(x->fresh) },
        .opaque = { s->opaque, s->opaque_len },
        .domain = { s->domain, s->domain_len },
        .algorithm = s->algorithms[index],
        .qops = s->qops,
        .stale = x->outcome.stale,
        .userhash = (s->flags & CSN_NONCE_USERHASH) != 0,
        .utf8 = true,
    };
    return csn_digest_challenge_write(out, &challenge);
}
