// SPDX-License-Identifier: MIT
/*
 * The second line of a nonce, with the key of its -sess session: bound once,
 * found by its user alone, gone together with the first, and wiped.
 */
#define _GNU_SOURCE /* memmem */
#include "counts_rig.h"

#include "memory/bucket.h"
#include "memory/lock.h"

#include <pthread.h>

enum { WAYS = CSN_COUNTS_WAYS, SHARE = WAYS / 4, OTHERS = 1000 };

#define T RIG_START_MS

static csn_bucket *
bucket_of(const rig *r)
{
    return &((csn_counts *)r->memory)->buckets[0];
}

static uint64_t
horizon_of(const rig *r)
{
    return atomic_load(&bucket_of(r)->horizon);
}

/* A mark with the key of (serial, variant); the nonce is minted T + serial. */
static csn_mark
keyed(const rig *r, uint64_t serial, uint64_t user, uint32_t nc,
    uint64_t variant)
{
    return rig_with_key(rig_mark(r, T + serial, serial, user, nc),
        rig_session_key(serial, variant));
}

static csn_mark_result_code
use(const rig *r, uint64_t serial, uint64_t user, uint32_t nc)
{
    return rig_code(r, keyed(r, serial, user, nc, 0));
}

/* Its session, or that there is none: with nothing in the answer then. */
static void
check_session(const rig *r, uint64_t serial, uint64_t user,
    csn_session_code want)
{
    static const csn_session_result nothing;
    csn_mark mark = rig_mark(r, T + serial, serial, user, 1);
    csn_session_result got = rig_session(r, &mark);

    assert_int_equal(got.code, want);
    if (want == CSN_SESSION_FOUND) {
        assert_int_equal(got.key_len, CSN_SESSION_KEY_SIZE);
        assert_memory_equal(got.key, rig_session_key(serial, 0).octets,
            sizeof(got.key));
    } else {
        assert_int_equal(got.key_len, 0);
        assert_memory_equal(got.key, nothing.key, sizeof(got.key));
    }
}

/* Octets of a key anywhere in the table. */
static bool
holds_key(const rig *r, uint64_t serial, uint64_t variant)
{
    rig_key key = rig_session_key(serial, variant);

    return memmem(r->memory, r->size, key.octets, sizeof(key.octets)) != NULL;
}

static void
test_bound(void **state)
{
    rig r = rig_make(1);
    csn_mark mark;

    (void)state;
    check_session(&r, 1, 5, CSN_SESSION_NONE);
    assert_int_equal(use(&r, 1, 5, 1), FRESH);
    check_session(&r, 1, 5, CSN_SESSION_FOUND);
    /* Counts go on as they do without. */
    assert_int_equal(use(&r, 1, 5, 1), REPLAY);
    assert_int_equal(use(&r, 1, 5, 300), FRESH);
    assert_int_equal(use(&r, 1, 5, 44), BELOW);
    /* A second key changes nothing, nor does none. */
    assert_int_equal(rig_code(&r, keyed(&r, 1, 5, 301, 1)), FRESH);
    assert_int_equal(rig_code(&r, rig_mark(&r, T + 1, 1, 5, 302)), FRESH);
    check_session(&r, 1, 5, CSN_SESSION_FOUND);
    assert_false(holds_key(&r, 1, 1));

    /* A shorter key: as long as it was given. */
    mark = keyed(&r, 2, 5, 1, 0);
    mark.session_len = 16;
    assert_int_equal(rig_code(&r, mark), FRESH);
    assert_int_equal(rig_session(&r, &mark).key_len, 16);
    assert_memory_equal(rig_session(&r, &mark).key, mark.session, 16);
    assert_int_equal(rig_session(&r, &mark).key[16], 0);
    rig_drop(&r);
}

/* Bound to a nonce that was used without before; its counts stay. */
static void
test_bound_later(void **state)
{
    rig r = rig_make(1);

    (void)state;
    assert_int_equal(rig_code(&r, rig_mark(&r, T + 1, 1, 5, 1)), FRESH);
    check_session(&r, 1, 5, CSN_SESSION_NONE);
    /* Not by a count that was used, nor by somebody else. */
    assert_int_equal(use(&r, 1, 5, 1), REPLAY);
    assert_int_equal(use(&r, 1, 6, 2), OTHER_USER);
    check_session(&r, 1, 5, CSN_SESSION_NONE);
    assert_int_equal(rig_count_seconds(&r).all, 0);
    assert_int_equal(use(&r, 1, 5, 2), FRESH);
    check_session(&r, 1, 5, CSN_SESSION_FOUND);
    assert_int_equal(rig_code(&r, rig_mark(&r, T + 1, 1, 5, 2)), REPLAY);
    rig_drop(&r);
}

static void
test_whose(void **state)
{
    rig r = rig_make(1), other = rig_make(1);
    csn_mark mark = rig_mark(&r, T + 1, 1, 5, 1);
    csn_session_query query = { .minted_ms = T + 2 };

    (void)state;
    assert_int_equal(use(&r, 1, 5, 1), FRESH);
    check_session(&r, 1, 6, CSN_SESSION_NONE);
    check_session(&r, 1, 5, CSN_SESSION_FOUND);
    /* Another domain's may have one there. */
    assert_int_equal(rig_session(&other, &mark).code, CSN_SESSION_LOST);
    assert_int_equal(rig_stats(&other, T).stale_evicted, 0);
    /* A query that contradicts itself. */
    memcpy(query.domain, mark.domain, sizeof(query.domain));
    memcpy(query.id, mark.id, sizeof(query.id));
    assert_int_equal(csn_counts_session(r.table, &query).code,
        CSN_SESSION_UNAVAILABLE);
    /* A mark with more key than there is room. */
    mark = keyed(&r, 3, 5, 1, 0);
    mark.session_len = CSN_SESSION_KEY_SIZE + 1;
    assert_int_equal(rig_code(&r, mark), UNAVAILABLE);
    csn_counts_wipe(r.table);
    assert_false(holds_key(&r, 1, 0));
    assert_int_equal(rig_session(&r, &mark).code, CSN_SESSION_UNAVAILABLE);
    rig_drop(&r);
    rig_drop(&other);
}

/* Sixteen nonces fill a bucket; the seventeenth takes the oldest's two. */
static void
test_both_go(void **state)
{
    rig r = rig_make(1);
    csn_counts_stats stats;

    (void)state;
    for (uint64_t i = 10; i < 10 + WAYS / 2; i++)
        assert_int_equal(use(&r, i, OTHERS + i, 1), FRESH);
    stats = rig_stats(&r, T);
    assert_int_equal(stats.used, WAYS);
    assert_int_equal(stats.live, WAYS / 2);
    assert_int_equal(stats.sessions, WAYS / 2);

    assert_int_equal(use(&r, 100, 5, 1), FRESH);
    assert_int_equal(horizon_of(&r), T + 10);
    assert_false(holds_key(&r, 10, 0));
    check_session(&r, 10, OTHERS + 10, CSN_SESSION_LOST);
    assert_int_equal(use(&r, 10, OTHERS + 10, 2), EVICTED);
    for (uint64_t i = 11; i < 10 + WAYS / 2; i++) {
        check_session(&r, i, OTHERS + i, CSN_SESSION_FOUND);
        assert_int_equal(use(&r, i, OTHERS + i, 2), FRESH);
    }
    check_session(&r, 100, 5, CSN_SESSION_FOUND);
    stats = rig_stats(&r, T);
    assert_int_equal(stats.used, WAYS);
    assert_int_equal(stats.sessions, WAYS / 2);
    assert_int_equal(stats.evictions, 1);
    assert_int_equal(stats.stale_evicted, 2);

    /* One without a session needs one line, and two go all the same. */
    assert_int_equal(rig_code(&r, rig_mark(&r, T + 101, 101, 6, 1)), FRESH);
    assert_int_equal(rig_stats(&r, T).used, WAYS - 1);
    assert_int_equal(horizon_of(&r), T + 11);
    assert_false(holds_key(&r, 11, 0));
    assert_int_equal(rig_count_seconds(&r).orphans, 0);
    rig_drop(&r);
}

/* Two nonces make way for one; a line of its own is never among them. */
static void
test_two_for_one(void **state)
{
    rig r = rig_make(1);

    (void)state;
    for (uint64_t i = 10; i < 10 + WAYS; i++)
        assert_int_equal(rig_code(&r, rig_mark(&r, T + i, i, OTHERS + i, 1)),
            FRESH);
    assert_int_equal(use(&r, 100, 5, 1), FRESH);
    assert_int_equal(horizon_of(&r), T + 11);
    assert_int_equal(rig_stats(&r, T).evictions, 2);
    check_session(&r, 100, 5, CSN_SESSION_FOUND);

    /* The oldest of all takes a session: the next one goes. */
    assert_int_equal(use(&r, 12, OTHERS + 12, 2), EVICTED);
    assert_int_equal(horizon_of(&r), T + 11);
    assert_int_equal(rig_code(&r, rig_mark(&r, T + 12, 12, OTHERS + 12, 2)),
        FRESH);
    assert_int_equal(use(&r, 13, OTHERS + 13, 2), FRESH);
    assert_int_equal(horizon_of(&r), T + 12);
    check_session(&r, 13, OTHERS + 13, CSN_SESSION_FOUND);
    assert_int_equal(rig_count_seconds(&r).orphans, 0);
    rig_drop(&r);
}

/*
 * `others` lines of others, one each and older than all that follows; `own`
 * nonces of user 5 with sessions, two lines each, minted 100, 101, ...; then
 * a newcomer, or user 5's first nonce minted 50, which takes its session only
 * now. `gone`, the last to make way; 0: nobody.
 */
static const struct share_row {
    const char *name;
    unsigned others;
    unsigned own;
    uint64_t serial;
    uint64_t user;
    bool has_line;
    csn_mark_result_code want;
    uint64_t gone;
    unsigned evictions;
} share_rows[] = {
    { "H-05 a session's lines are two of a user's share", WAYS - 2 * 4, 4, 200,
        5, false, FRESH, 100, 1 },
    { "H-05 below his share the oldest of all make way", WAYS - 2 * 3, 3, 200,
        5, false, FRESH, 11, 2 },
    { "H-05 whoever has too many loses his own to others", WAYS - 2 * 6, 6,
        200, 6, false, FRESH, 100, 1 },
    { "H-05 older than his own and over his share: turned away", WAYS - 2 * 4,
        4, 60, 5, false, EVICTED, 60, 0 },
    { "H-05 one line is free: one makes way", WAYS - 1, 0, 200, 6, false,
        FRESH, 10, 1 },
    { "H-05 his own nonce keeps its line, an older one goes", WAYS - 1, 0, 50,
        5, true, FRESH, 10, 1 },
    { "H-05 his own nonce is the oldest of his: no session for it",
        WAYS - 1 - 2 * 4, 4, 50, 5, true, EVICTED, 0, 0 },
};

static void
test_share_row(void **state)
{
    const struct share_row *row = *state;
    rig r = rig_make(1);
    csn_mark plain = rig_mark(&r, T + row->serial, row->serial, row->user, 1);

    for (uint64_t i = 10; i < 10 + row->others; i++)
        assert_int_equal(rig_code(&r, rig_mark(&r, T + i, i, OTHERS + i, 1)),
            FRESH);
    for (uint64_t i = 100; i < 100 + row->own; i++)
        assert_int_equal(use(&r, i, 5, 1), FRESH);
    if (row->has_line)
        assert_int_equal(rig_code(&r, plain), FRESH);

    CHECK_EQ(row->name, use(&r, row->serial, row->user, 2), row->want);
    CHECK_EQ(row->name, horizon_of(&r), row->gone ? T + row->gone : 0);
    CHECK_EQ(row->name, rig_stats(&r, T).evictions, row->evictions);
    CHECK_EQ(row->name, rig_count_seconds(&r).orphans, 0);
    check_session(&r, row->serial, row->user,
        row->want == FRESH  ? CSN_SESSION_FOUND
            : row->has_line ? CSN_SESSION_NONE
                            : CSN_SESSION_LOST);
    if (row->has_line) {
        /* What was refused was not spent. */
        CHECK_EQ(row->name, rig_code(&r, plain), REPLAY);
        plain.nc = 2;
        CHECK_EQ(row->name, rig_code(&r, plain),
            row->want == FRESH ? REPLAY : FRESH);
    }
    rig_drop(&r);
}

/* As old as the oldest and older than the rest: one line would be to be had,
 * but not two. */
static void
test_all_or_nothing(void **state)
{
    rig r = rig_make(1);
    csn_mark mark = rig_mark(&r, T + 10, 999, 5, 1);

    (void)state;
    for (uint64_t i = 10; i < 10 + WAYS; i++)
        assert_int_equal(rig_code(&r, rig_mark(&r, T + i, i, OTHERS + i, 1)),
            FRESH);
    assert_int_equal(rig_code(&r, rig_with_key(mark, rig_session_key(999, 0))),
        EVICTED);
    assert_int_equal(rig_stats(&r, T).evictions, 0);
    assert_int_equal(rig_stats(&r, T).used, WAYS);
    assert_int_equal(horizon_of(&r), T + 10);
    for (uint64_t i = 10; i < 10 + WAYS; i++)
        assert_int_equal(rig_code(&r, rig_mark(&r, T + i, i, OTHERS + i, 2)),
            FRESH);
    rig_drop(&r);
}

/* An expired nonce goes with its key before anything that is good. */
static void
test_expired(void **state)
{
    rig r = rig_make(1);
    csn_mark mark = keyed(&r, 50, 5, 1, 0);

    (void)state;
    mark.life_ms = 1000;
    mark.grace_ms = 100;
    assert_int_equal(rig_code(&r, mark), FRESH);
    for (uint64_t i = 10; i < 10 + WAYS - 2; i++)
        assert_int_equal(rig_code(&r, rig_mark(&r, T + i, i, OTHERS + i, 1)),
            FRESH);
    assert_int_equal(use(&r, 2000, 6, 1), FRESH);
    assert_int_equal(rig_stats(&r, T).evictions, 0);
    assert_int_equal(horizon_of(&r), T + 50);
    assert_false(holds_key(&r, 50, 0));
    check_session(&r, 2000, 6, CSN_SESSION_FOUND);
    rig_drop(&r);
}

static void *
die_with_lock(void *argument)
{
    rig *r = argument;

    if (!csn_lock_take(r->table, bucket_of(r), CSN_COUNTS_WAIT_MS))
        abort();
    return NULL;
}

static void
test_owner_died(void **state)
{
    rig r = rig_make(1);
    pthread_t thread;

    (void)state;
    assert_int_equal(use(&r, 1, 5, 1), FRESH);
    assert_int_equal(pthread_create(&thread, NULL, die_with_lock, &r), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    check_session(&r, 1, 5, CSN_SESSION_LOST);
    assert_false(holds_key(&r, 1, 0));
    assert_int_equal(rig_stats(&r, T).owner_deaths, 1);
    rig_drop(&r);
}

/* Everybody brings a key of his own, and asks for what was kept. */
enum { THREADS = 4, ROUNDS = 500 };

typedef struct binder {
    const rig *r;
    uint64_t variant;
    rig_key seen[ROUNDS];
    unsigned fresh;
} binder;

static void *
bind_all(void *argument)
{
    binder *b = argument;

    for (uint64_t i = 0; i < ROUNDS; i++) {
        csn_mark mark = keyed(b->r, i, 5, (uint32_t)b->variant, b->variant);
        csn_session_result got;

        b->fresh += rig_code(b->r, mark) == FRESH;
        got = rig_session(b->r, &mark);
        if (got.code == CSN_SESSION_FOUND)
            memcpy(b->seen[i].octets, got.key, sizeof(got.key));
    }
    return NULL;
}

static void
test_threads(void **state)
{
    static binder binders[THREADS];
    pthread_t threads[THREADS];
    rig r = rig_make(ROUNDS); /* nobody makes way */

    (void)state;
    for (size_t k = 0; k < THREADS; k++) {
        binders[k] = (binder){ .r = &r, .variant = k + 1 };
        assert_int_equal(
            pthread_create(&threads[k], NULL, bind_all, &binders[k]), 0);
    }
    for (size_t k = 0; k < THREADS; k++)
        assert_int_equal(pthread_join(threads[k], NULL), 0);
    for (size_t i = 0; i < ROUNDS; i++) {
        bool is_one = false;

        for (size_t k = 0; k < THREADS; k++) {
            rig_key want = rig_session_key(i, k + 1);

            assert_memory_equal(binders[k].seen[i].octets,
                binders[0].seen[i].octets, sizeof(want.octets));
            is_one |= memcmp(binders[0].seen[i].octets, want.octets,
                          sizeof(want.octets)) == 0;
        }
        assert_true(is_one);
    }
    assert_int_equal(binders[0].fresh + binders[1].fresh + binders[2].fresh +
            binders[3].fresh,
        THREADS * ROUNDS);
    assert_int_equal(rig_count_seconds(&r).all, ROUNDS);
    rig_drop(&r);
}

#define TEST(name, function)                                                  \
    {                                                                         \
        name, function, NULL, NULL, NULL                                      \
    }

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("D-45 bound once, at the first mark", test_bound),
        TEST("D-45 bound to a nonce in use", test_bound_later),
        TEST("D-45 a session is its user's, its domain's", test_whose),
        TEST("H-07 a nonce and its session make way together", test_both_go),
        TEST("H-07 two make way for a nonce with a session", test_two_for_one),
        TEST("H-07 room for both lines or nobody makes way",
            test_all_or_nothing),
        TEST("H-07 an expired nonce takes its key along", test_expired),
        TEST("H-07 the owner was killed: no session is left", test_owner_died),
        TEST("D-45 one key, whoever comes first", test_threads),
    };

    return CHECK_ROWS("share", share_rows, test_share_row) +
        cmocka_run_group_tests_name("sessions", tests, NULL, NULL);
}
