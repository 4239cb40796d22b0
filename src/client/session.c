// SPDX-License-Identifier: MIT
#include "client/client.h"

#include <string.h>

#include "core/ct.h"
#include "core/siphash.h"
#include "core/span.h"

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

uint32_t
csn_client_session_used(const struct client_space *space, csn_span nonce)
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
        csn_client_session_used(space, nonce) != 0)
        return false;

    nonce_leave(space);
    memcpy(session->nonce, nonce.ptr, nonce.len);
    session->nonce_len = (uint16_t)nonce.len;
    return true;
}
