// SPDX-License-Identifier: MIT
/* Processes that share a table, each at an address of its own; owners of a
 * lock that stop or die. */
#define _GNU_SOURCE /* memfd_create */

#include "counts_rig.h"

#include "memory/bucket.h"
#include "memory/lock.h"

#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PROCESSES = 4, NONCES = 30, COUNTS = 256, KILLS = 60 };

typedef struct ledger {
    _Atomic uint32_t fresh[KILLS][NONCES * COUNTS]; /* by round */
    _Atomic uint32_t other;
    _Atomic uint32_t progress;
    _Atomic uintptr_t address[PROCESSES];
} ledger;

static void *
share(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
        MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED)
        abort();
    return memory;
}

static void
wait_well(pid_t child)
{
    int status;

    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

/* fork; the child does not outlive a test that failed. */
static pid_t
fork_child(void)
{
    pid_t child = fork();

    if (child == 0)
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    return child;
}

/* A child: map the table elsewhere, attach, try every count of every nonce. */
static int
work_elsewhere(int fd, size_t size, ledger *book, size_t number)
{
    uint64_t seed = 40 + number;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t room = size + (PROCESSES + 1) * page;
    uint8_t *gap = mmap(NULL, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
        0);
    void *memory = mmap(gap + number * page, size, PROT_READ | PROT_WRITE,
        MAP_SHARED | MAP_FIXED, fd, 0);
    rig r = { .memory = memory, .size = size, .shared = true };

    if ((void *)gap == MAP_FAILED || memory == MAP_FAILED ||
        csn_counts_attach(memory, size, &r.table) != CSN_OK)
        return 1;
    book->address[number] = (uintptr_t)memory;
    for (uint32_t i = 0; i < 4 * NONCES * COUNTS; i++) {
        uint32_t n = (uint32_t)(rig_random(&seed) % NONCES);
        uint32_t nc = 1 + (uint32_t)(rig_random(&seed) % COUNTS);
        csn_mark mark = rig_mark(&r, RIG_START_MS, n, n, nc);
        csn_mark_result_code code = rig_code(&r, mark);

        if (code == FRESH)
            book->fresh[0][n * COUNTS + nc - 1]++;
        else if (code != REPLAY && code != UNAVAILABLE)
            book->other++;
    }
    return 0;
}

static void
test_addresses(void **state)
{
    size_t size = rig_size(3);
    int fd = memfd_create("counts", MFD_CLOEXEC);
    ledger *book = share(sizeof(*book));
    pid_t children[PROCESSES];
    uint32_t seen = 0;
    csn_counts *table;
    void *memory;

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, (off_t)size), 0);
    memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    assert_true(memory != MAP_FAILED);
    assert_int_equal(csn_counts_attach(memory, size, &table), CSN_E_STATE);
    assert_int_equal(csn_counts_init(memory, size, rig_crypto(), RIG_START_MS,
                         &table),
        CSN_OK);
    for (size_t i = 0; i < PROCESSES; i++) {
        children[i] = fork_child();
        if (children[i] == 0)
            _exit(work_elsewhere(fd, size, book, i));
    }
    for (size_t i = 0; i < PROCESSES; i++)
        wait_well(children[i]);
    for (size_t i = 0; i < NONCES * COUNTS; i++) {
        assert_in_range(book->fresh[0][i], 0, 1);
        seen += book->fresh[0][i];
    }
    assert_int_equal(book->other, 0);
    assert_in_range(seen, NONCES * COUNTS * 9 / 10, NONCES * COUNTS);
    for (size_t i = 0; i < PROCESSES; i++) {
        assert_true(book->address[i] != (uintptr_t)memory);
        for (size_t j = 0; j < i; j++)
            assert_true(book->address[i] != book->address[j]);
    }
    munmap(memory, size);
    munmap(book, sizeof(*book));
    close(fd);
}

static csn_bucket *
bucket_of(const rig *r, const csn_mark *mark)
{
    return csn_bucket_place(r->table, mark->id).bucket;
}

/* A child that stops with the lock of `bucket` in its hand. */
static pid_t
stop_with_lock(const rig *r, csn_bucket *bucket)
{
    pid_t child = fork_child();
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
    wait_well(child);
    assert_int_equal(rig_code(&r, one), FRESH);
    assert_int_equal(rig_code(&r, one), REPLAY);
    assert_int_equal(rig_stats(&r, RIG_START_MS).owner_deaths, 0);
    rig_drop(&r);
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
        4 * CSN_COUNTS_WAIT_MS);
    for (size_t i = 0; i < 8; i++) {
        kill(children[i], SIGCONT);
        wait_well(children[i]);
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

/* Round `round` has nonces of its own, minted at its beginning. */
static uint64_t
minted_in(uint64_t round, uint32_t n)
{
    return RIG_START_MS + 1 + 100 * round + n;
}

/* A child that marks counts for ever: of this round, and old ones again. */
static void
work_until_killed(const rig *r, ledger *book, uint64_t round, uint64_t seed)
{
    for (;;) {
        uint64_t of = rig_random(&seed) % 4 ? round
                                            : rig_random(&seed) % (round + 1);
        uint32_t n = (uint32_t)(rig_random(&seed) % NONCES);
        uint32_t nc = 1 + (uint32_t)(rig_random(&seed) % COUNTS);
        csn_mark mark = rig_mark(r, minted_in(of, n), n, n, nc);

        if (rig_code(r, mark) == FRESH)
            book->fresh[of][n * COUNTS + nc - 1]++;
        book->progress++;
    }
}

static void
wait_for_progress(const ledger *book, uint32_t marks)
{
    uint32_t until = book->progress + marks;

    while (book->progress < until)
        (void)sched_yield();
}

static void
kill_hard(pid_t child)
{
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
}

/* Killed wherever they are, again and again: no count is fresh twice, and
 * whoever is left goes on. */
static void
test_killed_anywhere(void **state)
{
    rig r = rig_share(1);
    ledger *book = share(sizeof(*book));
    uint64_t fresh = 0;

    (void)state;
    for (uint64_t round = 0; round < KILLS; round++) {
        pid_t children[2];

        (void)csn_counts_now(r.table, minted_in(round, NONCES));
        for (size_t i = 0; i < 2; i++) {
            children[i] = fork_child();
            if (children[i] == 0)
                work_until_killed(&r, book, round, 2 * round + i);
        }
        wait_for_progress(book, 200 + 7 * (uint32_t)round);
        kill_hard(children[0]);
        wait_for_progress(book, 200);
        kill_hard(children[1]);
    }
    for (size_t round = 0; round < KILLS; round++) {
        for (size_t i = 0; i < NONCES * COUNTS; i++) {
            assert_in_range(book->fresh[round][i], 0, 1);
            fresh += book->fresh[round][i];
        }
    }
    assert_in_range(fresh, KILLS * 100, KILLS * NONCES * COUNTS);
    print_message("# %d killed, %llu with a lock in their hand\n", 2 * KILLS,
        (unsigned long long)rig_stats(&r, RIG_START_MS).owner_deaths);
    munmap(book, sizeof(*book));
    rig_drop(&r);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        { "D-18 D-25 processes at different addresses: each count once",
            test_addresses, NULL, NULL, NULL },
        { "H-34 the owner is stopped: no answer, in bounded time",
            test_stopped_owner, NULL, NULL, NULL },
        { "H-34 totals wait once", test_stats_of_stopped, NULL, NULL, NULL },
        { "H-07 the owner was killed: stale, never a replay",
            test_killed_owner, NULL, NULL, NULL },
        { "H-07 the owner was killed over a nonce from the future",
            test_killed_owner_skew, NULL, NULL, NULL },
        { "D-25 H-07 killed anywhere: no count twice", test_killed_anywhere,
            NULL, NULL, NULL },
    };

    return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
