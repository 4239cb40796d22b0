// SPDX-License-Identifier: MIT
/*
 * A million marks that no honest or dishonest client would think of, each
 * answered by the table and by a model that remembers everything. The table
 * must say exactly what the model says, and never FRESH twice.
 */
#include "counts_model.h"

#include "memory/bucket.h"
#include "memory/lock.h"

enum { STEPS = 1000000, RECENT = 80, USERS = 40, HOG = 1 };

typedef struct run {
    rig r;
    model m;
    uint64_t seed;
    uint64_t wall_ms;
    uint64_t codes[UNAVAILABLE + 1];
    uint64_t sessions[CSN_SESSION_UNAVAILABLE + 1];
} run;

static uint64_t
below(run *x, uint64_t limit)
{
    return rig_random(&x->seed) % limit;
}

static csn_mark
mark_of(run *x, const nonce *n)
{
    csn_mark mark = rig_mark_at(&x->r, n->minted_ms, n->serial, n->user, 1,
        csn_counts_now(x->r.table, x->wall_ms));

    mark.life_ms = n->life_ms;
    mark.grace_ms = n->grace_ms;
    mark.one_time = n->one_time;
    return mark;
}

/* Minted now or a while ago, used for the first time. */
static size_t
new_nonce(run *x)
{
    static const uint32_t lives[][2] = { { 5000, 1000 }, { 20000, 4000 },
        { 300000, 30000 }, { 2500, 0 } };
    size_t life = below(x, COUNT_OF(lives));
    uint64_t now = csn_counts_now(x->r.table, x->wall_ms);
    nonce n = {
        .minted_ms = now - (below(x, 4) ? below(x, 3) * 10 : below(x, 4000)),
        .serial = x->m.count,
        .user = below(x, 3) ? HOG + 1 + below(x, USERS) : HOG,
        .life_ms = lives[life][0],
        .grace_ms = lives[life][1],
        .one_time = below(x, 8) == 0,
    };
    csn_mark mark = rig_mark(&x->r, n.minted_ms, n.serial, n.user, 1);
    csn_place place = csn_bucket_place(x->r.table, mark.id);

    n.bucket = (size_t)(place.bucket - ((csn_counts *)x->r.memory)->buckets);
    return model_add(&x->m, &n);
}

static size_t
choose_nonce(run *x)
{
    uint64_t dice = below(x, 100);

    if (x->m.count == 0 || dice < 8)
        return new_nonce(x);
    if (dice < 80 && x->m.count > RECENT)
        return x->m.count - 1 - below(x, RECENT);
    return below(x, x->m.count);
}

static uint32_t
choose_count(run *x, const nonce *n)
{
    uint64_t dice = below(x, 100);

    if (dice < 40 || n->marked_count == 0)
        return n->highest + 1 + (uint32_t)below(x, 3);
    if (dice < 60)
        return n->marked[below(x, n->marked_count)];
    if (dice < 90)
        return n->highest -
            (uint32_t)below(x, n->highest < 300 ? n->highest : 300);
    if (dice < 98)
        return n->highest + (uint32_t)below(x, 600);
    return (uint32_t)below(x, UINT32_MAX) + 1;
}

static void
move_clock(run *x)
{
    uint64_t dice = below(x, 10000);

    if (dice < 3)
        x->wall_ms -= below(x, 20000); /* set back; it may stand for long */
    else if (dice < 6)
        x->wall_ms += below(x, 100000);
    else if (dice < 2000)
        x->wall_ms += below(x, 20);
}

/* A thread dies with the lock in its hand. */
static void *
die_with_lock(void *argument)
{
    run *x = argument;
    csn_counts *table = x->r.table;

    if (!csn_lock_take(table, &table->buckets[0], CSN_COUNTS_WAIT_MS))
        abort();
    return NULL;
}

static void
kill_owner(run *x)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, die_with_lock, x) != 0 ||
        pthread_join(thread, NULL) != 0)
        abort();
    x->m.owner_died[0] = true;
}

/* One nonce in three is used with -sess, now and then without. */
static csn_mark
add_session(run *x, const nonce *n, csn_mark mark)
{
    if (n->serial % 3 != 0 || below(x, 5) == 0)
        return mark;
    return rig_with_key(mark, rig_session_key(n->serial, below(x, 3)));
}

/* A session is found with the first key there was, or not at all. */
static void
look_up(run *x, size_t i, const csn_mark *mark)
{
    const nonce *n = &x->m.nonces[i];
    csn_session_code want = model_session(&x->m, i, mark);
    csn_session_result got = rig_session(&x->r, mark);

    assert_int_equal(got.code, want);
    x->sessions[got.code]++;
    assert_int_equal(got.key_len,
        got.code == CSN_SESSION_FOUND ? CSN_SESSION_KEY_SIZE : 0);
    if (got.code == CSN_SESSION_FOUND)
        assert_memory_equal(got.key, n->key.octets, sizeof(got.key));
}

static void
step(run *x, size_t number)
{
    size_t i = choose_nonce(x);
    nonce *n = &x->m.nonces[i];
    csn_mark mark = mark_of(x, n);
    csn_mark_result want, got;
    bool before;

    mark.nc = choose_count(x, n);
    if (mark.nc == 0)
        mark.nc = 1;
    mark.replace = below(x, 20) == 0;
    if (below(x, 50) == 0)
        mark.user_tag[7] ^= 1;
    if (below(x, 50) == 0)
        mark.one_time = !mark.one_time;
    if (below(x, 50) == 0)
        mark.now_ms = x->wall_ms; /* a host that forgot csn_counts_now */

    if (x->wall_ms > x->m.high_water_ms)
        x->m.high_water_ms = x->wall_ms;
    mark = add_session(x, n, mark);
    if (below(x, 4) == 0)
        look_up(x, i, &mark);
    before = model_was_marked(n, mark.nc);
    want = model_mark(&x->m, i, &mark);
    got = csn_counts_mark(x->r.table, &mark);
    if (got.code == FRESH && before)
        fail_msg("step %zu: count %u of nonce %zu fresh twice", number,
            (unsigned)mark.nc, i);
    if (got.code != want.code || got.replaced_ms != want.replaced_ms)
        fail_msg("step %zu: nonce %zu count %u: %d, wanted %d", number, i,
            (unsigned)mark.nc, (int)got.code, (int)want.code);
    x->codes[got.code]++;
}

static void
check_horizons(run *x, uint64_t before[MODEL_BUCKETS])
{
    csn_counts *table = x->r.table;

    for (size_t b = 0; b < MODEL_BUCKETS; b++) {
        uint64_t horizon = atomic_load(&table->buckets[b].horizon);

        assert_true(horizon >= before[b]);
        assert_int_equal(horizon, x->m.horizon_ms[b]);
        assert_true(horizon < csn_counts_now(table, 0));
        before[b] = horizon;
    }
    assert_int_equal(csn_counts_now(table, 0), x->m.high_water_ms);
}

static void
test_model(void **state)
{
    run x = { .r = rig_make(MODEL_BUCKETS),
        .seed = 7615,
        .wall_ms = RIG_START_MS };
    uint64_t horizons[MODEL_BUCKETS] = { 0 };
    csn_counts_stats stats;

    (void)state;
    model_begin(&x.m);
    for (size_t i = 0; i < STEPS; i++) {
        move_clock(&x);
        if (below(&x, 20000) == 0 && !x.m.owner_died[0])
            kill_owner(&x);
        step(&x, i);
        check_horizons(&x, horizons);
    }
    stats = rig_stats(&x.r, x.wall_ms);
    assert_int_equal(stats.evictions, x.m.evictions);
    assert_int_equal(stats.stale_evicted, x.m.stale_evicted);
    print_message("# %d steps, %zu nonces: %llu fresh, %llu replays, %llu "
                  "below, %llu used up, %llu expired, %llu evicted, %llu of "
                  "other users; %llu evictions, %llu owners died\n",
        STEPS, x.m.count, (unsigned long long)x.codes[FRESH],
        (unsigned long long)x.codes[REPLAY],
        (unsigned long long)x.codes[BELOW],
        (unsigned long long)x.codes[USED_UP],
        (unsigned long long)x.codes[EXPIRED],
        (unsigned long long)x.codes[EVICTED],
        (unsigned long long)x.codes[OTHER_USER],
        (unsigned long long)x.m.evictions,
        (unsigned long long)x.m.owner_deaths);
    /* Every answer came often enough to mean something. */
    for (int code = FRESH; code <= OTHER_USER; code++) {
        if (code != FOREIGN)
            assert_in_range(x.codes[code], 1000, STEPS);
    }
    for (int code = CSN_SESSION_FOUND; code <= CSN_SESSION_LOST; code++)
        assert_in_range(x.sessions[code], 1000, STEPS);
    assert_in_range(x.m.owner_deaths, 10, 200);
    assert_int_equal(rig_count_seconds(&x.r).orphans, 0);
    assert_int_equal(stats.sessions, rig_count_seconds(&x.r).all);
    model_end(&x.m);
    rig_drop(&x.r);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        { "D-23 D-24 D-45 H-07 a million marks against a model that forgets "
          "nothing",
            test_model, NULL, NULL, NULL },
    };

    return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
