// SPDX-License-Identifier: MIT
#include "content/prove.h"

#include <stdlib.h>
#include <string.h>

/* What is kept of a request until its response. */

/* Stands for a request that left nothing: it was begun all the same. */
static csn_gw_txn nothing_kept;

csn_gw_txn *
csn_gw_txn_none(void)
{
    return &nothing_kept;
}

void
csn_gw_txn_free(csn_gw_txn *kept)
{
    if (kept == &nothing_kept)
        return;
    csn_gw_proving_drop(kept->proving);
    if (kept->held != NULL)
        csn_gw_held_drop(kept->held);
    free(kept);
}

csn_gw_txn *
csn_gw_txn_get(TSHttpTxn txn)
{
    csn_gw_txn *kept = TSUserArgGet(txn, csn_gateway.txn_index);
    csn_gw_txn *judged = kept != NULL && kept->held != NULL && !kept->inner
        ? csn_gw_held_kept(kept->held)
        : NULL;

    return judged != NULL ? judged : kept;
}

csn_span
csn_gw_txn_user(const csn_gw_txn *kept)
{
    size_t offset = 0;

    for (size_t i = 0; i < kept->line_count; i++)
        offset += kept->line_len[i];
    return (csn_span){ (const uint8_t *)kept->text + offset, kept->user_len };
}

/* Keep `out`'s lines, and the user, for the response; false: no memory. */
static bool
keep(csn_gw_request *req, const csn_writer *out, const size_t *lens,
    size_t count, csn_span user)
{
    csn_gw_txn *kept = calloc(1, sizeof(*kept) + out->len + user.len);

    if (kept == NULL)
        return false;
    kept->layer = req->listen->layer;
    kept->allowed = user.len > 0;
    kept->line_count = count;
    if (count > 0) {
        memcpy(kept->line_len, lens, count * sizeof(*lens));
        memcpy(kept->text, out->buf, out->len);
    }
    kept->user_len = user.len;
    if (user.len > 0)
        memcpy(kept->text + out->len, user.ptr, user.len);
    req->kept = kept;
    return true;
}

static bool
keep_user(csn_gw_request *req, csn_span user)
{
    csn_writer none = csn_writer_init(NULL, 0);

    return keep(req, &none, NULL, 0, user);
}

void
csn_gw_keep_wait(csn_gw_request *req, uint64_t wait_ms)
{
    enum { SECOND_MS = 1000 };

    /* Without memory for it the field is missing, and nothing else. */
    if (keep_user(req, (csn_span){ NULL, 0 }))
        req->kept->retry_after_s = (uint32_t)((wait_ms + SECOND_MS - 1) /
            SECOND_MS);
}

bool
csn_gw_keep_held(csn_gw_request *req, csn_gw_held *held)
{
    if (!keep_user(req, (csn_span){ NULL, 0 }))
        return false;
    req->kept->held = csn_gw_held_hold(held);
    return true;
}

bool
csn_gw_keep_open(csn_gw_request *req)
{
    if (!keep_user(req, (csn_span){ NULL, 0 }))
        return false;
    req->kept->allowed = true;
    return true;
}

bool
csn_gw_keep_relayed(csn_gw_request *req)
{
    if (!csn_gw_keep_open(req))
        return false;
    req->kept->relayed = true;
    return true;
}

bool
csn_gw_keep_inner(csn_gw_request *req, csn_gw_held *held)
{
    if (!keep_user(req, csn_gw_txn_user(csn_gw_held_kept(held))))
        return false;
    req->kept->allowed = true;
    req->kept->held = held;
    req->kept->inner = true;
    return true;
}

bool
csn_gw_keep_challenge(csn_gw_request *req, const csn_gw_world *world)
{
    uint8_t room[CSN_ALG_COUNT * CSN_CHALLENGE_SIZE];
    csn_writer out = csn_writer_init(room, sizeof(room));
    size_t lens[CSN_ALG_COUNT];
    size_t count = csn_server_challenge_count(
        &world->server[req->listen->layer]);

    for (size_t i = 0; i < count; i++) {
        size_t before = out.len;

        if (csn_server_challenge(&req->thread->exchange, i, &out) != CSN_OK)
            return false;
        lens[i] = out.len - before;
    }
    return keep(req, &out, lens, count, (csn_span){ NULL, 0 });
}

bool
csn_gw_keep_info(csn_gw_request *req, const csn_server_outcome *outcome)
{
    uint8_t room[CSN_INFO_SIZE];
    csn_writer out = csn_writer_init(room, sizeof(room));

    if (csn_server_sends_nextnonce(&req->thread->exchange))
        csn_gw_count(&req->thread->nextnonces[req->listen->layer]);
    if (outcome->qop != CSN_QOP_AUTH_INT)
        return csn_server_info(&req->thread->exchange, &out) == CSN_OK &&
            keep(req, &out, &out.len, 1, outcome->user);
    if (!keep_user(req, outcome->user))
        return false;
    req->kept->proving = csn_gw_proving_make(req);
    return req->kept->proving != NULL;
}
