// SPDX-License-Identifier: MIT
#include "counts_model.h"

enum { WAYS = CSN_COUNTS_WAYS, SHARE = WAYS / 4, NOBODY = WAYS };

void
model_begin(model *m)
{
    memset(m, 0, sizeof(*m));
    m->high_water_ms = RIG_START_MS;
}

void
model_end(model *m)
{
    for (size_t i = 0; i < m->count; i++)
        free(m->nonces[i].marked);
    free(m->nonces);
}

static void *
grow(void *memory, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return memory;
    *room = *room ? 2 * *room : 16;
    memory = realloc(memory, *room * size);
    if (memory == NULL)
        abort();
    return memory;
}

size_t
model_add(model *m, const nonce *n)
{
    m->nonces = grow(m->nonces, m->count, &m->room, sizeof(*n));
    m->nonces[m->count] = *n;
    return m->count++;
}

bool
model_was_marked(const nonce *n, uint32_t nc)
{
    for (size_t i = n->marked_count; i-- > 0;) {
        if (n->marked[i] == nc)
            return true;
    }
    return false;
}

static void
raise(model *m, size_t bucket, uint64_t to_ms)
{
    if (to_ms > m->horizon_ms[bucket])
        m->horizon_ms[bucket] = to_ms;
    if (to_ms >= m->high_water_ms)
        m->high_water_ms = to_ms + 1;
}

static void
leave(nonce *n)
{
    n->present = false;
    n->keyed = false;
}

static void
settle_death(model *m, size_t bucket)
{
    if (!m->owner_died[bucket])
        return;
    m->owner_died[bucket] = false;
    m->owner_deaths++;
    for (size_t s = 0; s < WAYS; s++) {
        if (m->slots[bucket][s] != 0)
            leave(&m->nonces[m->slots[bucket][s] - 1]);
        m->slots[bucket][s] = 0;
    }
    raise(m, bucket, m->high_water_ms);
}

/* Rounded up to nine binary digits, as a line keeps it. */
static uint64_t
round_span(uint64_t span_ms)
{
    uint64_t unit = 1;

    while (span_ms > 511 * unit)
        unit *= 2;
    return (span_ms + unit - 1) / unit * unit;
}

static nonce *
at(model *m, size_t bucket, size_t slot)
{
    return &m->nonces[m->slots[bucket][slot] - 1];
}

static unsigned
lines_of(model *m, size_t bucket, uint64_t user)
{
    unsigned count = 0;

    for (size_t s = 0; s < WAYS; s++)
        count += m->slots[bucket][s] != 0 && at(m, bucket, s)->user == user;
    return count;
}

/* Whether slot `s` is older than the best found so far. */
static bool
is_older(model *m, size_t bucket, size_t s, size_t found)
{
    return found == NOBODY ||
        at(m, bucket, s)->minted_ms < at(m, bucket, found)->minted_ms;
}

/* The oldest dead nonce; or else whom the share picks; NOBODY: newcomer. */
static size_t
pick(model *m, const nonce *newcomer, unsigned want, uint64_t now_ms,
    bool *good)
{
    size_t bucket = newcomer->bucket;
    unsigned own = lines_of(m, bucket, newcomer->user) + want;
    unsigned most = own;
    size_t found = NOBODY;

    *good = false;
    for (size_t s = 0; s < WAYS; s++) {
        const nonce *n = at(m, bucket, s);
        unsigned lines;

        if (m->slots[bucket][s] == 0 || m->second[bucket][s])
            continue;
        lines = lines_of(m, bucket, n->user);
        if (n->user != newcomer->user && lines > most)
            most = lines;
        if (n != newcomer && now_ms > n->end_ms &&
            is_older(m, bucket, s, found))
            found = s;
    }
    if (found != NOBODY)
        return found;

    *good = true;
    for (size_t s = 0; s < WAYS; s++) {
        const nonce *n = at(m, bucket, s);
        unsigned lines;

        if (m->slots[bucket][s] == 0 || m->second[bucket][s] || n == newcomer)
            continue;
        lines = n->user == newcomer->user ? own : lines_of(m, bucket, n->user);
        if ((most <= SHARE || lines == most) && is_older(m, bucket, s, found))
            found = s;
    }
    if ((most <= SHARE || own == most) &&
        (found == NOBODY ||
            newcomer->minted_ms < at(m, bucket, found)->minted_ms))
        return NOBODY;
    return found;
}

/* Every line of one nonce out of its bucket; how many. */
static unsigned
clear(model *m, size_t bucket, size_t which)
{
    unsigned count = 0;

    for (size_t s = 0; s < WAYS; s++) {
        if (m->slots[bucket][s] == which + 1) {
            m->slots[bucket][s] = 0;
            count++;
        }
    }
    return count;
}

/* `want` lines more for nonce i, or for nobody anything. */
static bool
insert(model *m, size_t i, unsigned want, uint64_t now_ms)
{
    nonce *n = &m->nonces[i];
    size_t *slots = m->slots[n->bucket];
    size_t saved[WAYS], gone[2], goners = 0;
    unsigned room = 0, evicted = 0;

    memcpy(saved, slots, sizeof(saved));
    for (size_t s = 0; s < WAYS; s++)
        room += slots[s] == 0;
    while (room < want) {
        bool good;
        size_t s = pick(m, n, want, now_ms, &good);

        if (s == NOBODY) {
            memcpy(slots, saved, sizeof(saved));
            if (!n->present)
                raise(m, n->bucket, n->minted_ms);
            return false;
        }
        evicted += good;
        gone[goners] = slots[s] - 1;
        room += clear(m, n->bucket, gone[goners]);
        goners++;
    }
    m->evictions += evicted;
    while (goners-- > 0) {
        raise(m, n->bucket, m->nonces[gone[goners]].minted_ms);
        leave(&m->nonces[gone[goners]]);
    }
    for (size_t s = 0; s < WAYS && want > 0; s++) {
        if (slots[s] == 0) {
            slots[s] = i + 1;
            m->second[n->bucket][s] = n->present;
            n->present = true;
            want--;
        }
    }
    return true;
}

static void
bind(nonce *n, const csn_mark *mark)
{
    if (n->keyed || mark->session_len == 0)
        return;
    n->keyed = true;
    memcpy(n->key.octets, mark->session, sizeof(n->key.octets));
}

static csn_mark_result_code
judge(model *m, size_t i, const csn_mark *mark, uint64_t user)
{
    nonce *n = &m->nonces[i];
    uint64_t last = n->minted_ms + n->life_ms;
    bool single = n->present && (n->single || mark->one_time);

    if (n->present && n->replaced && !single) {
        last += n->grace_ms;
        if (n->replaced_ms + n->grace_ms < last)
            last = n->replaced_ms + n->grace_ms;
    }
    if (mark->now_ms > last)
        return EXPIRED;
    if (!n->present) {
        n->user = user; /* the first, if it comes in */
        if (n->minted_ms <= m->horizon_ms[n->bucket] ||
            !insert(m, i, mark->session_len ? 2 : 1, mark->now_ms)) {
            m->stale_evicted++;
            return EVICTED;
        }
        n->single = mark->one_time;
        bind(n, mark);
        return FRESH;
    }
    if (user != n->user)
        return OTHER_USER;
    if (single)
        return USED_UP;
    if (n->highest >= CSN_NC_WINDOW && mark->nc <= n->highest - CSN_NC_WINDOW)
        return BELOW;
    if (model_was_marked(n, mark->nc))
        return REPLAY;
    if (mark->session_len != 0 && !n->keyed &&
        !insert(m, i, 1, mark->now_ms)) {
        m->stale_evicted++;
        return EVICTED;
    }
    bind(n, mark);
    return FRESH;
}

static uint64_t
user_of(const csn_mark *mark)
{
    uint64_t user = 0;

    for (size_t octet = 0; octet < sizeof(mark->user_tag); octet++)
        user = user << 8 | mark->user_tag[octet];
    return user;
}

csn_session_code
model_session(model *m, size_t i, const csn_mark *mark)
{
    const nonce *n = &m->nonces[i];

    settle_death(m, n->bucket);
    if (!n->present && n->minted_ms <= m->horizon_ms[n->bucket]) {
        m->stale_evicted++;
        m->lost++;
        return CSN_SESSION_LOST;
    }
    return n->present && n->keyed && n->user == user_of(mark)
        ? CSN_SESSION_FOUND
        : CSN_SESSION_NONE;
}

csn_mark_result
model_mark(model *m, size_t i, const csn_mark *mark)
{
    nonce *n = &m->nonces[i];
    csn_mark_result result = { UNAVAILABLE, 0 };

    settle_death(m, n->bucket);
    result.code = judge(m, i, mark, user_of(mark));
    if (result.code != FRESH)
        return result;

    n->marked = grow(n->marked, n->marked_count, &n->marked_room,
        sizeof(*n->marked));
    n->marked[n->marked_count++] = mark->nc;
    if (mark->nc > n->highest)
        n->highest = mark->nc;
    if (mark->replace && !n->replaced) {
        n->replaced = true;
        n->replaced_ms = mark->now_ms > n->minted_ms ? mark->now_ms
                                                     : n->minted_ms;
    }
    if (n->replaced)
        result.replaced_ms = n->replaced_ms;
    n->end_ms = n->life_ms + n->grace_ms;
    if (n->replaced && n->replaced_ms - n->minted_ms < n->life_ms)
        n->end_ms = n->replaced_ms - n->minted_ms + n->grace_ms;
    n->end_ms = n->minted_ms + round_span(n->end_ms);
    return result;
}
