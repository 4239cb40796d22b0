// SPDX-License-Identifier: MIT
/* One bucket: who makes way, and that nobody who did comes back as fresh. */
#include "counts_rig.h"

#include "memory/layout.h"

enum { WAYS = CSN_COUNTS_WAYS, SHARE = WAYS / 4, OTHERS = 1000 };

#define T RIG_START_MS
#define END_MS ((uint64_t)RIG_LIFE_MS + RIG_GRACE_MS)

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

/* First use of the nonce minted `after` T, at `now` after T. */
static csn_mark_result_code
use(const rig *r, uint64_t after, uint64_t user, uint32_t nc, uint64_t now)
{
    return rig_code(r, rig_mark_at(r, T + after, after, user, nc, T + now));
}

/* Nonces minted `from`, from + 1, ...: `count` of one user, or, for user 0,
 * each of a user of its own. */
static void
fill(const rig *r, uint64_t from, unsigned count, uint64_t user)
{
    for (uint64_t i = from; i < from + count; i++)
        assert_int_equal(use(r, i, user ? user : OTHERS + i, 1, i), FRESH);
}

/* All of them but `gone` still take their next count. */
static void
still_there(const rig *r, uint64_t from, unsigned count, uint64_t user,
    uint64_t gone, uint32_t nc)
{
    for (uint64_t i = from; i < from + count; i++) {
        if (i != gone)
            assert_int_equal(use(r, i, user ? user : OTHERS + i, nc, i + 50),
                FRESH);
    }
}

static void
test_oldest_goes(void **state)
{
    rig r = rig_make(1);
    csn_counts_stats stats;

    (void)state;
    fill(&r, 10, WAYS, 0);
    assert_int_equal(horizon_of(&r), 0);
    assert_int_equal(rig_stats(&r, T).used, WAYS);
    assert_int_equal(use(&r, 100, 5, 1, 100), FRESH);
    assert_int_equal(horizon_of(&r), T + 10);
    /* Neither the used count nor an unused one. */
    assert_int_equal(use(&r, 10, OTHERS + 10, 1, 100), EVICTED);
    assert_int_equal(use(&r, 10, OTHERS + 10, 2, 100), EVICTED);
    still_there(&r, 10, WAYS, 0, 10, 2);
    stats = rig_stats(&r, T);
    assert_int_equal(stats.used, WAYS);
    assert_int_equal(stats.evictions, 1);
    assert_int_equal(stats.stale_evicted, 2);
    rig_drop(&r);
}

static void
test_at_the_horizon(void **state)
{
    rig r = rig_make(1);

    (void)state;
    fill(&r, 10, WAYS + 1, 0);
    assert_int_equal(horizon_of(&r), T + 10);
    /* Never seen before, but it might have been. */
    assert_int_equal(rig_code(&r, rig_mark_at(&r, T + 10, 999, 5, 1, T + 60)),
        EVICTED);
    assert_int_equal(rig_code(&r, rig_mark_at(&r, T + 9, 999, 5, 1, T + 60)),
        EVICTED);
    assert_int_equal(rig_stats(&r, T).evictions, 1);
    /* One millisecond behind it: older than none in its way but the line
     * minted with it. */
    assert_int_equal(rig_code(&r, rig_mark_at(&r, T + 11, 999, 5, 1, T + 60)),
        FRESH);
    assert_int_equal(use(&r, 11, OTHERS + 11, 2, 60), EVICTED);
    rig_drop(&r);
}

static void
test_newcomer_is_oldest(void **state)
{
    rig r = rig_make(1);

    (void)state;
    fill(&r, 10, WAYS, 0);
    assert_int_equal(use(&r, 7, 5, 1, 60), EVICTED);
    assert_int_equal(horizon_of(&r), T + 7);
    assert_int_equal(use(&r, 7, 5, 1, 60), EVICTED);
    still_there(&r, 10, WAYS, 0, 0, 2);
    assert_int_equal(rig_stats(&r, T).evictions, 0);
    assert_int_equal(rig_stats(&r, T).stale_evicted, 2);
    rig_drop(&r);
}

static void
test_as_old_as_the_oldest(void **state)
{
    rig r = rig_make(1);

    (void)state;
    fill(&r, 10, WAYS, 0);
    assert_int_equal(rig_code(&r, rig_mark_at(&r, T + 10, 999, 5, 1, T + 60)),
        FRESH);
    assert_int_equal(rig_code(&r, rig_mark_at(&r, T + 10, 999, 5, 2, T + 60)),
        FRESH);
    assert_int_equal(use(&r, 10, OTHERS + 10, 2, 60), EVICTED);
    still_there(&r, 11, WAYS - 1, 0, 0, 2);
    rig_drop(&r);
}

/* A line of a short life goes before older ones that are still good. */
static void
test_expired_goes_first(void **state)
{
    rig r = rig_make(1);
    csn_mark mark = rig_mark(&r, T + 50, 50, 5, 1);

    (void)state;
    fill(&r, 10, WAYS - 1, 0);
    mark.life_ms = 1000;
    mark.grace_ms = 100;
    assert_int_equal(rig_code(&r, mark), FRESH);
    assert_int_equal(use(&r, 2000, 6, 1, 2000), FRESH);
    assert_int_equal(horizon_of(&r), T + 50);
    assert_int_equal(rig_stats(&r, T).evictions, 0);
    /* Not fresh either for a clock that was set back. */
    assert_int_equal(rig_code(&r, mark), EVICTED);
    still_there(&r, 10, WAYS - 1, 0, 0, 2);
    /* The horizon only grows: the next to go is older than it. */
    assert_int_equal(use(&r, 2001, 6, 1, 2001), FRESH);
    assert_int_equal(horizon_of(&r), T + 50);
    assert_int_equal(use(&r, 10, OTHERS + 10, 3, 2001), EVICTED);
    assert_int_equal(rig_stats(&r, T).evictions, 1);
    rig_drop(&r);
}

static void
test_oldest_expired_goes(void **state)
{
    rig r = rig_make(1);

    (void)state;
    fill(&r, 10, WAYS, 0);
    assert_int_equal(use(&r, 400000, 6, 1, 400000), FRESH);
    assert_int_equal(horizon_of(&r), T + 10);
    assert_int_equal(use(&r, 400001, 6, 1, 400001), FRESH);
    assert_int_equal(horizon_of(&r), T + 11);
    assert_int_equal(rig_stats(&r, T).evictions, 0);
    rig_drop(&r);
}

static void
test_replaced_goes_first(void **state)
{
    rig r = rig_make(1);
    csn_mark mark = rig_mark(&r, T + 20, 20, OTHERS + 20, 2);

    (void)state;
    fill(&r, 10, WAYS, 0);
    mark.replace = true;
    assert_int_equal(rig_code(&r, mark), FRESH);
    /* Still in its grace: it stays, the oldest goes. */
    assert_int_equal(use(&r, 2000, 6, 1, 20 + RIG_GRACE_MS), FRESH);
    assert_int_equal(horizon_of(&r), T + 10);
    /* Past it. */
    assert_int_equal(use(&r, 40000, 6, 1, 40000), FRESH);
    assert_int_equal(horizon_of(&r), T + 20);
    assert_int_equal(rig_stats(&r, T).evictions, 1);
    rig_drop(&r);
}

static const struct end_row {
    const char *name;
    uint64_t now_ms; /* after the only minting time */
    unsigned evictions;
} end_rows[] = {
    { "H-07 still good at life + grace: an eviction", END_MS, 1 },
    { "H-07 expired 1/256 later: none", END_MS + END_MS / 256 + 1, 0 },
};

static void
test_end_row(void **state)
{
    const struct end_row *row = *state;
    rig r = rig_make(1);

    for (uint64_t i = 0; i < WAYS; i++)
        assert_int_equal(rig_code(&r, rig_mark(&r, T, i, OTHERS + i, 1)),
            FRESH);
    assert_int_equal(use(&r, row->now_ms, 6, 1, row->now_ms), FRESH);
    assert_int_equal(rig_stats(&r, T).evictions, row->evictions);
    assert_int_equal(horizon_of(&r), T);
    rig_drop(&r);
}

/* A line's place is taken by another nonce: nothing of the old one is left. */
static void
test_place_is_clean(void **state)
{
    rig r = rig_make(1);
    csn_mark mark = rig_mark(&r, T, 0, 5, 1);
    csn_mark_result result;

    (void)state;
    for (uint32_t nc = 1; nc <= 256; nc++) {
        mark.nc = nc;
        mark.replace = nc == 256;
        assert_int_equal(rig_code(&r, mark), FRESH);
    }
    mark = rig_mark(&r, T + 1, 1, 5, 1);
    mark.one_time = true;
    assert_int_equal(rig_code(&r, mark), FRESH);
    fill(&r, 10, WAYS - 2, 0);
    for (uint64_t i = 100; i < 102; i++) {
        for (uint32_t nc = 200; nc > 0; nc--) {
            mark = rig_mark(&r, T + i, i, 5, nc);
            result = csn_counts_mark(r.table, &mark);
            assert_int_equal(result.code, FRESH);
            assert_int_equal(result.replaced_ms, 0);
        }
    }
    assert_int_equal(rig_stats(&r, T).evictions, 2);
    assert_int_equal(horizon_of(&r), T + 1);
    rig_drop(&r);
}

/* `lines` newer lines of user 5 beside older ones of others; a newcomer. */
static const struct share_row {
    const char *name;
    unsigned lines;
    unsigned newcomer; /* its user */
    uint64_t minted;   /* after T; others' begin at 10, user 5's at 100 */
    uint64_t horizon;  /* afterwards, after T */
    csn_mark_result_code want;
} share_rows[] = {
    { "H-05 a user over his share loses his own oldest", SHARE, 5, 200, 100,
        FRESH },
    { "H-05 a user at his share: the oldest of all goes", SHARE - 1, 5, 200,
        10, FRESH },
    { "H-05 somebody else's share is taken back", SHARE + 1, 6, 200, 100,
        FRESH },
    { "H-05 somebody else at his share keeps it", SHARE, 6, 200, 10, FRESH },
    { "H-05 over his share and older than his own: turned away", SHARE, 5, 50,
        50, EVICTED },
    { "H-05 older than the lines of him who has too many: he goes", SHARE + 1,
        6, 50, 100, FRESH },
    { "H-05 a bucket of one user: his oldest goes", WAYS, 5, 200, 100, FRESH },
    { "H-05 a bucket of one user and a guest", WAYS, 6, 200, 100, FRESH },
};

static void
test_share_row(void **state)
{
    const struct share_row *row = *state;
    rig r = rig_make(1);
    uint64_t gone = row->want == FRESH ? row->horizon : 0;
    csn_mark_result_code got;

    fill(&r, 10, WAYS - row->lines, 0);
    fill(&r, 100, row->lines, 5);
    got = use(&r, row->minted, row->newcomer, 1, 300);
    CHECK_EQ(row->name, got, row->want);
    CHECK_EQ(row->name, horizon_of(&r), T + row->horizon);
    still_there(&r, 10, WAYS - row->lines, 0, gone, 2);
    still_there(&r, 100, row->lines, 5, gone, 2);
    CHECK_EQ(row->name, use(&r, row->minted, row->newcomer, 2, 300),
        row->want);
    rig_drop(&r);
}

static void
test_two_with_too_many(void **state)
{
    rig r = rig_make(1);

    (void)state;
    fill(&r, 10, WAYS - 20, 0);
    fill(&r, 100, 10, 5);
    fill(&r, 90, 10, 6);
    /* Both have ten lines; user 6 has the older ones. */
    assert_int_equal(use(&r, 300, 7, 1, 300), FRESH);
    assert_int_equal(horizon_of(&r), T + 90);
    /* Now it is user 5 who has the most. */
    assert_int_equal(use(&r, 301, 7, 1, 301), FRESH);
    assert_int_equal(horizon_of(&r), T + 100);
    still_there(&r, 10, WAYS - 20, 0, 0, 2);
    rig_drop(&r);
}

/* The clock stands for a long time; everybody still comes in. */
static void
test_clock_stands(void **state)
{
    rig r = rig_make(1);

    (void)state;
    for (uint64_t i = 0; i < 100 * WAYS; i++) {
        uint64_t now = csn_counts_now(r.table, T);

        assert_int_equal(rig_code(&r, rig_mark(&r, now, i, OTHERS + i, 1)),
            FRESH);
        assert_true(horizon_of(&r) < csn_counts_now(r.table, T));
    }
    /* Time went on once for each time that all lines were of one moment. */
    assert_int_equal(csn_counts_now(r.table, T) - T, 100 * WAYS / (WAYS + 1));
    rig_drop(&r);
}

static void
test_refusals_move_nothing(void **state)
{
    rig r = rig_make(1);
    csn_counts_stats before, after;

    (void)state;
    fill(&r, 10, WAYS + 4, 0);
    before = rig_stats(&r, T);
    for (uint64_t i = 0; i < 1000; i++) {
        csn_mark mark = rig_mark_at(&r, T + 400000 + i, i, i, 1, T + 800000);

        assert_int_equal(rig_code(&r, mark), EXPIRED);
        mark.now_ms = mark.minted_ms;
        mark.domain[3] ^= 1;
        assert_int_equal(rig_code(&r, mark), FOREIGN);
        assert_int_equal(use(&r, 20, 1 + i, 2 + (uint32_t)i, 60), OTHER_USER);
        assert_int_equal(use(&r, 20, OTHERS + 20, 1, 60), REPLAY);
    }
    after = rig_stats(&r, T);
    assert_memory_equal(&before, &after, sizeof(before));
    still_there(&r, 14, WAYS, 0, 0, 2);
    rig_drop(&r);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        { "H-07 full: the nonce minted first makes way", test_oldest_goes,
            NULL, NULL, NULL },
        { "H-07 unknown and at the horizon: evicted", test_at_the_horizon,
            NULL, NULL, NULL },
        { "H-07 the newcomer is the oldest: turned away",
            test_newcomer_is_oldest, NULL, NULL, NULL },
        { "H-07 the newcomer is as old as the oldest: it stays",
            test_as_old_as_the_oldest, NULL, NULL, NULL },
        { "H-07 an expired line goes first and raises the horizon",
            test_expired_goes_first, NULL, NULL, NULL },
        { "H-07 of the expired the oldest goes", test_oldest_expired_goes,
            NULL, NULL, NULL },
        { "H-07 a line replaced and past its grace goes first",
            test_replaced_goes_first, NULL, NULL, NULL },
        { "D-23 a place used again starts empty", test_place_is_clean, NULL,
            NULL, NULL },
        { "H-05 two users with too many lines", test_two_with_too_many, NULL,
            NULL, NULL },
        { "D-16 the clock stands: everybody comes in", test_clock_stands, NULL,
            NULL, NULL },
        { "H-05 refusals move nothing", test_refusals_move_nothing, NULL, NULL,
            NULL },
    };
    int failed = CHECK_ROWS("end of a line", end_rows, test_end_row);

    failed += CHECK_ROWS("share", share_rows, test_share_row);
    return failed + cmocka_run_group_tests_name("evict", tests, NULL, NULL);
}
