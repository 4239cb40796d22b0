// SPDX-License-Identifier: MIT
/* A process that has a bucket's lock stops, goes on, or dies. */
#define _POSIX_C_SOURCE 200809L

#include "counts_rig.h"

#include "memory/bucket.h"
#include "memory/lock.h"

#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static csn_bucket *
bucket_of(const rig *r, const csn_mark *mark)
{
    return csn_bucket_place(r->table, mark->id).bucket;
}

/* A child that stops with the lock of `bucket` in its hand. */
static pid_t
stop_with_lock(const rig *r, csn_bucket *bucket)
{
    pid_t child = rig_fork();
    int status;

    if (child == 0) {
        if (!csn_lock_take(r->table, bucket, CSN_COUNTS_WAIT_MS))
            _exit(1);
        raise(SIGSTOP);
        csn_lock_give(bucket);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, WUNTRACED), child);
    assert_true(WIFSTOPPED(status));
    return child;
}

static uint64_t
monotonic_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Two nonces in different buckets. */
static void
two_places(const rig *r, csn_mark *one, csn_mark *two)
{
    uint64_t serial = 2;

    *one = rig_mark(r, RIG_START_MS, 1, 1, 1);
    do {
        *two = rig_mark(r, RIG_START_MS, serial, serial, 1);
        serial++;
    } while (bucket_of(r, one) == bucket_of(r, two));
}

static void
test_stopped_owner(void **state)
{
    rig r = rig_share(2);
    csn_mark one, two;
    uint64_t began, took;
    pid_t child;

    (void)state;
    two_places(&r, &one, &two);
    assert_int_equal(rig_code(&r, one), FRESH);
    child = stop_with_lock(&r, bucket_of(&r, &one));

    one.nc = 2;
    began = monotonic_ms();
    assert_int_equal(rig_code(&r, one), UNAVAILABLE);
    took = monotonic_ms() - began;
    assert_in_range(took, CSN_COUNTS_WAIT_MS - 1, 20 * CSN_COUNTS_WAIT_MS);
    /* Other buckets know nothing of it; totals leave the locked one out. */
    assert_int_equal(rig_code(&r, two), FRESH);
    assert_int_equal(rig_stats(&r, RIG_START_MS).used, 1);

    assert_int_equal(kill(child, SIGCONT), 0);
    rig_wait(child);
    assert_int_equal(rig_code(&r, one), FRESH);
    assert_int_equal(rig_code(&r, one), REPLAY);
    assert_int_equal(rig_stats(&r, RIG_START_MS).owner_deaths, 0);
    rig_drop(&r);
}

/* Whether a process sleeps, as the kernel says; false when it is gone. */
static bool
sleeps(pid_t pid)
{
    char path[64], line[256] = "";
    const char *end;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
    file = fopen(path, "r");
    if (file == NULL)
        return false;
    end = fgets(line, sizeof(line), file) ? strrchr(line, ')') : NULL;
    fclose(file);
    return end != NULL && end[1] == ' ' && end[2] == 'S';
}

/* One process waits for a lock, another one gives it: the first goes on. */
static bool
wait_and_wake(uint32_t nc)
{
    rig r = rig_share(1);
    csn_mark mark = rig_mark(&r, RIG_START_MS, 1, 1, nc);
    pid_t owner = stop_with_lock(&r, bucket_of(&r, &mark));
    uint64_t began = monotonic_ms();
    pid_t waiter = rig_fork();
    int status;

    if (waiter == 0)
        _exit(rig_code(&r, mark) == FRESH ? 0 : 1);
    while (!sleeps(waiter) && monotonic_ms() - began < CSN_COUNTS_WAIT_MS)
        (void)sched_yield();
    assert_int_equal(kill(owner, SIGCONT), 0);
    rig_wait(owner);
    assert_int_equal(waitpid(waiter, &status, 0), waiter);
    rig_drop(&r);
    return status == 0;
}

static void
test_woken(void **state)
{
    bool woken = false;

    (void)state;
    /* On a busy machine the time may be over before anybody runs. */
    for (uint32_t round = 1; round <= 20 && !woken; round++)
        woken = wait_and_wake(round);
    assert_true(woken);
}

/* Totals wait once, however many buckets are stuck. */
static void
test_stats_of_stopped(void **state)
{
    rig r = rig_share(8);
    csn_counts *own = r.memory;
    pid_t children[8];
    uint64_t began;

    (void)state;
    for (size_t i = 0; i < 8; i++)
        children[i] = stop_with_lock(&r, &own->buckets[i]);
    began = monotonic_ms();
    assert_int_equal(rig_stats(&r, RIG_START_MS).lines, 8 * CSN_COUNTS_WAYS);
    assert_in_range(monotonic_ms() - began, CSN_COUNTS_WAIT_MS - 1,
        7 * CSN_COUNTS_WAIT_MS);
    for (size_t i = 0; i < 8; i++) {
        kill(children[i], SIGCONT);
        rig_wait(children[i]);
    }
    rig_drop(&r);
}

static void
test_killed_owner(void **state)
{
    rig r = rig_share(2);
    csn_mark one, two, later;
    uint64_t now_ms, horizon_ms;
    pid_t child;

    (void)state;
    two_places(&r, &one, &two);
    assert_int_equal(rig_code(&r, one), FRESH);
    assert_int_equal(rig_code(&r, two), FRESH);
    now_ms = csn_counts_now(r.table, RIG_START_MS + 500);
    /* What stands in a free line means nothing, a far future least. */
    memset(bucket_of(&r, &one)->lines[CSN_COUNTS_WAYS - 1].id, 0xff, 6);
    child = stop_with_lock(&r, bucket_of(&r, &one));
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);

    /* A round trip for the bucket's users: neither old nor new counts. */
    assert_int_equal(rig_code(&r, one), EVICTED);
    one.nc = 2;
    assert_int_equal(rig_code(&r, one), EVICTED);
    horizon_ms = atomic_load(&bucket_of(&r, &one)->horizon);
    assert_int_equal(horizon_ms, now_ms);
    assert_int_equal(rig_stats(&r, now_ms).owner_deaths, 1);
    assert_int_equal(rig_stats(&r, now_ms).used, 1);
    /* The next nonce is good at once, in the same millisecond. */
    now_ms = csn_counts_now(r.table, now_ms);
    for (uint64_t serial = 100; serial < 110; serial++) {
        later = rig_mark(&r, now_ms, serial, 1, 1);
        assert_int_equal(rig_code(&r, later), FRESH);
        assert_int_equal(rig_code(&r, later), REPLAY);
    }
    two.nc = 2;
    assert_int_equal(rig_code(&r, two), FRESH);
    rig_drop(&r);
}

/* A line minted ahead of the high-water mark (another node's clock) dies with
 * its bucket: the horizon is raised to it all the same. */
static void
test_killed_owner_skew(void **state)
{
    rig r = rig_share(1);
    csn_mark mark = rig_mark(&r, RIG_START_MS + 2000, 1, 1, 1);
    pid_t child;

    (void)state;
    mark.now_ms = RIG_START_MS;
    assert_int_equal(rig_code(&r, mark), FRESH);
    child = stop_with_lock(&r, bucket_of(&r, &mark));
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(rig_code(&r, mark), EVICTED);
    rig_drop(&r);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        { "H-34 the owner is stopped: no answer, in bounded time",
            test_stopped_owner, NULL, NULL, NULL },
        { "D-25 a lock that is given wakes a process that waits", test_woken,
            NULL, NULL, NULL },
        { "H-34 totals wait once", test_stats_of_stopped, NULL, NULL, NULL },
        { "H-07 the owner was killed: stale, never a replay",
            test_killed_owner, NULL, NULL, NULL },
        { "H-07 the owner was killed over a nonce from the future",
            test_killed_owner_skew, NULL, NULL, NULL },
    };

    return cmocka_run_group_tests_name("owner", tests, NULL, NULL);
}
