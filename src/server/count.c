// SPDX-License-Identifier: MIT
#include "server/engine.h"

#include "core/hex.h"

#include <string.h>

/* The last need: the count is marked, and a session's key with it. */

/* A nonce is replaced while it still has counts: 65,536 before the last. */
enum { COUNTS_LEFT_FOR_NEXT = 0x10000 };

/*
 * A successor keeps algorithm and qop (F-11), so both must still be offered.
 * A session gets none: peers disagree on what its key is then (E-35).
 */
static bool
may_continue(const exchange *x)
{
    unsigned kept = 1u << x->credentials.algorithm |
        (csn_server_has_int(x) ? CSN_NONCE_QOP_AUTH_INT : CSN_NONCE_QOP_AUTH);

    return !x->session && (x->server->flags & kept) == kept;
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

/* The key that was right: kept, if it is the nonce's first (D-45). */
static void
put_session(const exchange *x, csn_mark *mark)
{
    size_t size = csn_hash_size(x->hash);
    csn_span hex = { x->secrets.keys[x->key_of], 2 * size };

    if (csn_hex_decode(hex, mark->session, size) == CSN_OK)
        mark->session_len = (uint8_t)size;
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
    if (x->session)
        put_session(x, &mark);
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
        return csn_server_refuse(x, CSN_R_INTERNAL, false);
    if (reason != CSN_R_NONE)
        return csn_server_refuse(x, reason, reason != CSN_R_COUNTS_FAILED);

    if (result.replaced_ms != 0 && may_continue(x))
        csn_server_mint_successor(x, result.replaced_ms);
    x->outcome.verdict = CSN_VERDICT_ALLOW;
    x->outcome.reason = CSN_R_NONE;
    x->outcome.http_status = 0;
    x->need = CSN_DONE;
    return CSN_DONE;
}
