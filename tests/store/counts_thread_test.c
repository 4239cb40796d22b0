// SPDX-License-Identifier: MIT
/* Many threads on one table; built with ThreadSanitizer too. */
#define _POSIX_C_SOURCE 200809L /* pthread_barrier_t */

#include "counts_rig.h"

#include <pthread.h>
#include <stdatomic.h>

enum { THREADS = 8, ROUNDS = 2000, COUNTS = 256, NONCES = 40, MANY = 200 };

typedef struct team {
    rig r;
    pthread_barrier_t start;
    _Atomic uint32_t next_number;
    _Atomic uint32_t fresh[NONCES * COUNTS];
    _Atomic uint32_t other;
    _Atomic uint64_t replaced_ms;
    void *(*work)(void *);
} team;

static void
run_team(team *t, void *(*work)(void *))
{
    pthread_t threads[THREADS];

    assert_int_equal(pthread_barrier_init(&t->start, NULL, THREADS), 0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, work, t), 0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    pthread_barrier_destroy(&t->start);
}

static team *
make_team(size_t buckets)
{
    team *t = calloc(1, sizeof(*t));

    assert_non_null(t);
    t->r = rig_make(buckets);
    return t;
}

static void
drop_team(team *t)
{
    rig_drop(&t->r);
    free(t);
}

/* On a machine with too much to do the owner of a lock may not run for long:
 * the others then try again. */
static csn_mark_result
mark_patiently(const team *t, const csn_mark *mark)
{
    csn_mark_result result = csn_counts_mark(t->r.table, mark);

    for (int i = 0; i < 100 && result.code == UNAVAILABLE; i++)
        result = csn_counts_mark(t->r.table, mark);
    return result;
}

static csn_mark_result_code
code_of(const team *t, csn_mark mark)
{
    return mark_patiently(t, &mark).code;
}

/* Everybody marks the same counts of the same nonce, in step. */
static void *
mark_the_same(void *argument)
{
    team *t = argument;

    for (uint32_t nc = 1; nc <= ROUNDS; nc++) {
        csn_mark mark = rig_mark(&t->r, RIG_START_MS, 1, 7, nc);
        csn_mark_result_code code;

        pthread_barrier_wait(&t->start);
        code = code_of(t, mark);
        if (code == FRESH)
            t->fresh[nc]++;
        else if (code != REPLAY)
            t->other++;
    }
    return NULL;
}

static void
test_same_count(void **state)
{
    team *t = make_team(1);

    (void)state;
    run_team(t, mark_the_same);
    for (uint32_t nc = 1; nc <= ROUNDS; nc++)
        assert_int_equal(t->fresh[nc], 1);
    assert_int_equal(t->other, 0);
    drop_team(t);
}

/* Every thread tries every count of every nonce, in an order of its own. */
static void *
mark_all_at_random(void *argument)
{
    team *t = argument;
    uint64_t seed = 100 + atomic_fetch_add(&t->next_number, 1);
    uint32_t order[COUNTS];

    for (uint32_t i = 0; i < COUNTS; i++)
        order[i] = i + 1;
    for (uint32_t n = 0; n < NONCES; n++) {
        for (uint32_t i = COUNTS; i > 1; i--) {
            uint32_t j = (uint32_t)(rig_random(&seed) % i);
            uint32_t nc = order[j];

            order[j] = order[i - 1];
            order[i - 1] = nc;
        }
        pthread_barrier_wait(&t->start);
        for (uint32_t i = 0; i < COUNTS; i++) {
            csn_mark mark = rig_mark(&t->r, RIG_START_MS, n, n, order[i]);
            csn_mark_result_code code = code_of(t, mark);

            if (code == FRESH)
                t->fresh[n * COUNTS + order[i] - 1]++;
            else if (code != REPLAY)
                t->other++;
        }
    }
    return NULL;
}

static void
test_any_order(void **state)
{
    team *t = make_team(4);

    (void)state;
    run_team(t, mark_all_at_random);
    for (size_t i = 0; i < NONCES * COUNTS; i++)
        assert_int_equal(t->fresh[i], 1);
    assert_int_equal(t->other, 0);
    drop_team(t);
}

/* More nonces than lines: each thread marks each nonce's only count. */
static void *
mark_too_many(void *argument)
{
    team *t = argument;

    for (uint32_t n = 0; n < MANY; n++) {
        uint64_t minted_ms = csn_counts_now(t->r.table, RIG_START_MS + n);
        csn_mark mark = rig_mark(&t->r, RIG_START_MS + n, n, n, 1);

        mark.now_ms = minted_ms;
        if (code_of(t, mark) == FRESH)
            t->fresh[n]++;
        if (n >= 3) { /* and an old one again */
            mark = rig_mark(&t->r, RIG_START_MS + n / 3, n / 3, n / 3, 1);
            mark.now_ms = minted_ms;
            if (code_of(t, mark) == FRESH)
                t->fresh[n / 3]++;
        }
    }
    return NULL;
}

static void
test_eviction(void **state)
{
    (void)state;
    for (int round = 0; round < 20; round++) {
        team *t = make_team(2);
        uint32_t in_all = 0;

        run_team(t, mark_too_many);
        for (uint32_t n = 0; n < MANY; n++) {
            assert_in_range(t->fresh[n], 0, 1);
            in_all += t->fresh[n];
        }
        /* Where a thread runs far ahead, the nonces of the slow ones are
         * stale; those it used itself were fresh. */
        assert_int_equal(in_all, MANY);
        drop_team(t);
    }
}

/* One-time: as many requests as threads on each nonce, one gets in. */
static void *
mark_one_time(void *argument)
{
    team *t = argument;

    for (uint32_t n = 0; n < NONCES; n++) {
        csn_mark mark = rig_mark(&t->r, RIG_START_MS, n, 7, 1);
        csn_mark_result_code code;

        mark.nc = 1 + atomic_fetch_add(&t->next_number, 1);
        mark.one_time = true;
        pthread_barrier_wait(&t->start);
        code = code_of(t, mark);
        if (code == FRESH)
            t->fresh[n]++;
        else if (code != USED_UP)
            t->other++;
    }
    return NULL;
}

static void
test_one_time(void **state)
{
    team *t = make_team(2);

    (void)state;
    run_team(t, mark_one_time);
    for (uint32_t n = 0; n < NONCES; n++)
        assert_int_equal(t->fresh[n], 1);
    assert_int_equal(t->other, 0);
    drop_team(t);
}

/* All responses that carry a nextnonce name the same moment. */
static void *
mark_and_replace(void *argument)
{
    team *t = argument;
    uint32_t number = 1 + atomic_fetch_add(&t->next_number, 1);
    csn_mark mark = rig_mark(&t->r, RIG_START_MS, 1, 7, number);
    csn_mark_result result;
    uint64_t none = 0;

    mark.now_ms += number;
    mark.replace = true;
    pthread_barrier_wait(&t->start);
    result = mark_patiently(t, &mark);
    if (result.code != FRESH ||
        (!atomic_compare_exchange_strong(&t->replaced_ms, &none,
             result.replaced_ms) &&
            none != result.replaced_ms))
        t->other++;
    return NULL;
}

static void
test_one_successor(void **state)
{
    (void)state;
    for (int round = 0; round < 50; round++) {
        team *t = make_team(1);

        run_team(t, mark_and_replace);
        assert_int_equal(t->other, 0);
        assert_in_range(t->replaced_ms, RIG_START_MS + 1,
            RIG_START_MS + THREADS);
        drop_team(t);
    }
}

/* Time never runs back for anybody, and totals can be read meanwhile. */
static void *
watch_time(void *argument)
{
    team *t = argument;
    uint64_t seed = atomic_fetch_add(&t->next_number, 1);
    uint64_t last_ms = 0;

    pthread_barrier_wait(&t->start);
    for (uint64_t i = 0; i < ROUNDS; i++) {
        uint64_t wall_ms = RIG_START_MS + i + rig_random(&seed) % 50;
        uint64_t now_ms = csn_counts_now(t->r.table, wall_ms);
        csn_mark mark = rig_mark(&t->r, now_ms, rig_random(&seed), seed, 1);

        if (now_ms < last_ms || now_ms < wall_ms)
            t->other++;
        last_ms = now_ms;
        (void)code_of(t, mark);
        if (i % 100 == 0 && rig_stats(&t->r, now_ms).used > 64)
            t->other++;
    }
    return NULL;
}

static void
test_time(void **state)
{
    team *t = make_team(2);

    (void)state;
    run_team(t, watch_time);
    assert_int_equal(t->other, 0);
    drop_team(t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        { "D-25 eight threads, one count: one is fresh", test_same_count, NULL,
            NULL, NULL },
        { "D-24 D-25 eight threads, every count in any order: each once",
            test_any_order, NULL, NULL, NULL },
        { "D-25 more nonces than lines: none twice", test_eviction, NULL, NULL,
            NULL },
        { "D-28 eight requests on a one-time nonce: one is fresh",
            test_one_time, NULL, NULL, NULL },
        { "E-34 eight requests at rollover: one successor", test_one_successor,
            NULL, NULL, NULL },
        { "D-16 time does not run back for any thread", test_time, NULL, NULL,
            NULL },
    };

    return cmocka_run_group_tests_name("thread", tests, NULL, NULL);
}
