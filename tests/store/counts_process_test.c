// SPDX-License-Identifier: MIT
/* Processes that share a table, each at an address of its own, and that are
 * killed in the middle of it. */
#define _GNU_SOURCE /* memfd_create */

#include "counts_rig.h"

#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
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
        children[i] = rig_fork();
        if (children[i] == 0)
            _exit(work_elsewhere(fd, size, book, i));
    }
    for (size_t i = 0; i < PROCESSES; i++)
        rig_wait(children[i]);
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
            children[i] = rig_fork();
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
        { "D-25 H-07 killed anywhere: no count twice", test_killed_anywhere,
            NULL, NULL, NULL },
    };

    return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
