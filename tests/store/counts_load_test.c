// SPDX-License-Identifier: MIT
/*
 * A table that is too small: honest clients that open nonces, use them, and
 * come back after a stale answer; somebody who replays what he has seen; a
 * user who opens nonces as fast as he can. Time is the test's own.
 */
#include "counts_rig.h"

enum {
    BUCKETS = 64,
    LINES = BUCKETS * CSN_COUNTS_WAYS,
    WHEEL = 1 << 15, /* milliseconds ahead that a client can plan */
    PAST = 1 << 14,  /* marks that the replayer remembers */
    SLOW_MS = 500,   /* the longest round trip */
    HOG = 1,
    FIRST_USER = 100,
    NOBODY = -1
};

typedef struct client {
    uint64_t minted_ms;
    uint64_t serial;
    uint64_t user;
    uint32_t nc;     /* the last one sent */
    bool challenged; /* the nonce is new: it must be good */
    bool slow;
    int next; /* in the same millisecond of the wheel */
} client;

typedef struct world {
    rig r;
    uint64_t now_ms;
    uint64_t seed;
    uint64_t serials;
    client *clients;
    size_t count;
    int wheel[WHEEL];
    csn_mark past[PAST];
    uint64_t think_ms[2]; /* between a client's requests */
    uint64_t trip_ms[2];  /* from a challenge to its answer */
    /* what came of it */
    uint64_t served;
    uint64_t stale;   /* on a nonce that was good before: one round trip */
    uint64_t refused; /* on a new nonce: a second one */
    uint64_t replays_tried;
    uint64_t replays_passed;
} world;

static uint64_t
between(world *w, const uint64_t range[2])
{
    return range[0] + rig_random(&w->seed) % (range[1] - range[0] + 1);
}

static void
plan(world *w, int i, uint64_t in_ms)
{
    int *slot = &w->wheel[(w->now_ms + (in_ms ? in_ms : 1)) % WHEEL];

    w->clients[i].next = *slot;
    *slot = i;
}

static void
challenge(world *w, int i)
{
    client *c = &w->clients[i];

    c->minted_ms = csn_counts_now(w->r.table, w->now_ms);
    c->serial = w->serials++;
    c->nc = 0;
    c->challenged = true;
    plan(w, i, c->slow ? SLOW_MS : between(w, w->trip_ms));
}

static world *
make_world(size_t clients, uint64_t think_from, uint64_t think_to)
{
    world *w = calloc(1, sizeof(*w));

    assert_non_null(w);
    w->r = rig_make(BUCKETS);
    w->now_ms = RIG_START_MS;
    w->seed = 7617;
    w->clients = calloc(clients, sizeof(*w->clients));
    assert_non_null(w->clients);
    w->count = clients;
    w->think_ms[0] = think_from;
    w->think_ms[1] = think_to;
    w->trip_ms[0] = 10;
    w->trip_ms[1] = SLOW_MS;
    for (size_t t = 0; t < WHEEL; t++)
        w->wheel[t] = NOBODY;
    return w;
}

static void
drop_world(world *w)
{
    rig_drop(&w->r);
    free(w->clients);
    free(w);
}

/* Clients `from` to `to` ask for the first time within the next `ms`. */
static void
arrive(world *w, size_t from, size_t to, uint64_t ms)
{
    const uint64_t range[2] = { 1, ms };

    for (size_t i = from; i < to; i++) {
        w->clients[i].user = FIRST_USER + i;
        w->clients[i].nc = UINT32_MAX; /* no nonce yet */
        plan(w, (int)i, between(w, range));
    }
}

static void
replay(world *w)
{
    csn_mark mark = w->past[rig_random(&w->seed) % PAST];

    if (mark.nc == 0)
        return; /* not that many yet */
    mark.now_ms = csn_counts_now(w->r.table, w->now_ms);
    w->replays_tried++;
    w->replays_passed += rig_code(&w->r, mark) == FRESH;
}

static void
request(world *w, int i)
{
    client *c = &w->clients[i];
    csn_mark mark;

    if (c->nc == UINT32_MAX) {
        challenge(w, i);
        return;
    }
    mark = rig_mark_at(&w->r, c->minted_ms, c->serial, c->user, ++c->nc,
        csn_counts_now(w->r.table, w->now_ms));
    if (rig_code(&w->r, mark) == FRESH) {
        w->served++;
        c->challenged = false;
        w->past[rig_random(&w->seed) % PAST] = mark;
        plan(w, i, between(w, w->think_ms));
    } else {
        w->refused += c->challenged;
        w->stale += !c->challenged;
        challenge(w, i);
    }
    replay(w);
}

static void
hog(world *w, unsigned nonces)
{
    uint64_t minted_ms = csn_counts_now(w->r.table, w->now_ms);

    for (unsigned n = 0; n < nonces; n++)
        (void)rig_code(&w->r,
            rig_mark(&w->r, minted_ms, w->serials++, HOG, 1));
}

/* `ms` milliseconds; the hog opens so many nonces in each second. */
static void
run(world *w, uint64_t ms, unsigned hog_per_s)
{
    unsigned owed = 0;

    for (uint64_t end_ms = w->now_ms + ms; w->now_ms < end_ms;) {
        int *slot = &w->wheel[++w->now_ms % WHEEL];
        int i = *slot;

        *slot = NOBODY;
        while (i != NOBODY) {
            int next = w->clients[i].next;

            request(w, i);
            i = next;
        }
        owed += hog_per_s;
        hog(w, owed / 1000);
        owed %= 1000;
    }
}

static void
test_well_sized(void **state)
{
    world *w = make_world(LINES / 4, 1000, 9000);

    (void)state;
    arrive(w, 0, w->count, 5000);
    run(w, 290000, 0);
    assert_in_range(w->served, 20000, 100000);
    assert_int_equal(w->stale, 0);
    assert_int_equal(w->refused, 0);
    assert_in_range(w->replays_tried, 10000, 100000);
    assert_int_equal(w->replays_passed, 0);
    assert_int_equal(rig_stats(&w->r, w->now_ms).evictions, 0);
    drop_world(w);
}

static void
test_ten_times(void **state)
{
    world *w = make_world(10 * (size_t)LINES, 1000, 19000);
    csn_counts_stats stats;

    (void)state;
    arrive(w, 0, w->count, 10000);
    run(w, 60000, 0);
    stats = rig_stats(&w->r, w->now_ms);
    print_message("# %zu clients, %d lines: %llu served, %llu after one "
                  "stale answer, %llu after more; %llu evictions, %llu "
                  "replays tried\n",
        w->count, LINES, (unsigned long long)w->served,
        (unsigned long long)w->stale, (unsigned long long)w->refused,
        (unsigned long long)stats.evictions,
        (unsigned long long)w->replays_tried);
    assert_in_range(w->served, 100000, 1000000);
    assert_in_range(w->stale, 50000, w->served);
    assert_in_range(stats.evictions, 20u * LINES, 1000000);
    assert_int_equal(w->refused, 0);
    assert_int_equal(w->replays_passed, 0);
    drop_world(w);
}

/*
 * From what rate on that ends. A nonce is pushed out before its first use when
 * more nonces came to its bucket, between its challenge and its answer, than
 * it has lines: what counts is (new nonces per second) x (the longest round
 * trip) against the number of lines. One client in twenty is that slow, the
 * others are quick, and every request opens a nonce.
 */
static void
run_without_memory(world *w)
{
    for (size_t i = 0; i < w->count; i++)
        w->clients[i].slow = i % 20 == 0;
    arrive(w, 0, w->count, 1000);
    for (int tenth = 0; tenth < 400; tenth++) {
        run(w, 100, 0);
        for (size_t i = 0; i < w->count; i++) {
            if (!w->clients[i].challenged)
                w->clients[i].nc = UINT32_MAX;
        }
    }
}

static void
test_where_it_ends(void **state)
{
    static const unsigned percents[] = { 5, 10, 20, 30, 40, 50, 60, 75, 100 };
    unsigned first = 0;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(percents); i++) {
        size_t in_slow_trip = LINES * percents[i] / 100;
        world *w = make_world(in_slow_trip * 1000 / SLOW_MS, 990, 990);

        w->trip_ms[1] = w->trip_ms[0]; /* a cycle is a second */
        run_without_memory(w);
        if (w->refused != 0 && first == 0)
            first = percents[i];
        print_message("# new nonces per longest round trip, in percent of "
                      "the lines: %u; refused twice: %llu, served: %llu\n",
            percents[i], (unsigned long long)w->refused,
            (unsigned long long)w->served);
        assert_in_range(w->served + w->refused, 35 * w->count, 41 * w->count);
        assert_int_equal(w->replays_passed, 0);
        drop_world(w);
    }
    /* It does end, so the figures above say something. */
    assert_in_range(first, 40, 75);
}

static void
test_hog(void **state)
{
    size_t old = LINES / 8, fresh = LINES / 8;
    world *w = make_world(old + fresh, 1000, 4000);
    uint64_t before;

    (void)state;
    arrive(w, 0, old, 2000);
    run(w, 4000, 0);
    assert_int_equal(w->stale + w->refused, 0);
    before = w->served;
    /* Ten times the whole table in every second. */
    run(w, 20000, 10 * LINES);
    assert_in_range(w->served - before, 1000, 100000);
    assert_int_equal(w->stale, 0);
    assert_int_equal(w->refused, 0);
    /* A quarter of the table in a second: newcomers come in at once too. */
    run(w, 1000, LINES / 4);
    arrive(w, old, old + fresh, 20000);
    run(w, 40000, LINES / 4);
    assert_int_equal(w->stale, 0);
    assert_int_equal(w->refused, 0);
    assert_int_equal(w->replays_passed, 0);
    assert_in_range(rig_stats(&w->r, w->now_ms).evictions, 200000, 1000000);
    drop_world(w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        { "H-05 a quarter full: nobody is stale", test_well_sized, NULL, NULL,
            NULL },
        { "H-05 H-07 ten times too small: one stale answer at most, no replay",
            test_ten_times, NULL, NULL, NULL },
        { "H-05 the rate from which one stale answer is not enough",
            test_where_it_ends, NULL, NULL, NULL },
        { "H-05 a user who opens nonces all the time pushes nobody out",
            test_hog, NULL, NULL, NULL },
    };

    return cmocka_run_group_tests_name("load", tests, NULL, NULL);
}
