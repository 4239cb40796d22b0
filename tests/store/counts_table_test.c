// SPDX-License-Identifier: MIT
/* A table's beginning, end and clock; its totals. */
#define _DEFAULT_SOURCE /* madvise */

#include "counts_rig.h"

#include "memory/layout.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static csn_status
no_random(uint8_t *out, size_t len)
{
    (void)out;
    (void)len;
    return CSN_E_RANDOM;
}

static unsigned calls_left;

/* Works once, then no more: the second key cannot be drawn. */
static csn_status
random_once(uint8_t *out, size_t len)
{
    memset(out, 7, len);
    return calls_left-- > 0 ? CSN_OK : CSN_E_CRYPTO;
}

static void
test_sizes(void **state)
{
    size_t least = csn_counts_min_size();
    uint8_t *memory = aligned_alloc(64, 2 * least);
    csn_counts *table = NULL;

    (void)state;
    assert_non_null(memory);
    assert_int_equal(csn_counts_init(memory, least - 1, rig_crypto(), 1,
                         &table),
        CSN_E_LENGTH);
    assert_int_equal(csn_counts_init(memory, 0, rig_crypto(), 1, &table),
        CSN_E_LENGTH);
    for (size_t off = 1; off < 64; off++)
        assert_int_equal(csn_counts_init(memory + off, least, rig_crypto(), 1,
                             &table),
            CSN_E_LENGTH);
    assert_null(table);
    assert_int_equal(csn_counts_init(memory, least, rig_crypto(), 1, &table),
        CSN_OK);
    assert_ptr_equal(table, memory);
    free(memory);
}

static void
test_no_random(void **state)
{
    rig r = rig_make(1);
    csn_crypto broken = { .version = CSN_CRYPTO_VERSION, .random = no_random };
    csn_counts *table = NULL;

    (void)state;
    assert_int_equal(csn_counts_init(r.memory, r.size, &broken, 1, &table),
        CSN_E_RANDOM);
    assert_null(table);
    assert_int_equal(csn_counts_attach(r.memory, r.size, &table), CSN_E_STATE);
    broken.random = random_once;
    calls_left = 1;
    assert_int_equal(csn_counts_init(r.memory, r.size, &broken, 1, &table),
        CSN_E_CRYPTO);
    assert_null(table);
    /* What was drawn before the failure is not left behind. */
    for (size_t i = 0; i < sizeof(csn_counts); i++)
        assert_int_equal(((const uint8_t *)r.memory)[i], 0);
    assert_int_equal(csn_counts_attach(r.memory, r.size, &table), CSN_E_STATE);
    rig_drop(&r);
}

/* The linker has the library call this one (--wrap). */
int __real_pthread_mutex_init(pthread_mutex_t *mutex,
    const pthread_mutexattr_t *kind);
int __wrap_pthread_mutex_init(pthread_mutex_t *mutex,
    const pthread_mutexattr_t *kind);

static int locks_left = -1; /* -1: as many as wanted */

int
__wrap_pthread_mutex_init(pthread_mutex_t *mutex,
    const pthread_mutexattr_t *kind)
{
    if (locks_left == 0)
        return EAGAIN;
    locks_left -= locks_left > 0;
    return __real_pthread_mutex_init(mutex, kind);
}

static void
test_no_locks(void **state)
{
    rig r = rig_make(3);
    csn_counts *table = NULL;

    (void)state;
    for (int made = 0; made < 3; made++) {
        locks_left = made;
        assert_int_equal(csn_counts_init(r.memory, r.size, rig_crypto(), 1,
                             &table),
            CSN_E_STORE);
        assert_null(table);
        assert_int_equal(csn_counts_attach(r.memory, r.size, &table),
            CSN_E_STATE);
    }
    locks_left = 3;
    assert_int_equal(
        csn_counts_init(r.memory, r.size, rig_crypto(), 1, &table), CSN_OK);
    locks_left = -1;
    rig_drop(&r);
}

/* While a table is being made, over an old one, nobody can attach. */
static csn_counts *half_made;
static size_t half_made_size;
static unsigned attached;

static csn_status
random_and_attach(uint8_t *out, size_t len)
{
    csn_counts *table;

    attached += csn_counts_attach(half_made, half_made_size, &table) == CSN_OK;
    memset(out, 9, len);
    return CSN_OK;
}

static void
test_half_made(void **state)
{
    rig r = rig_make(1);
    csn_crypto nosy = { .version = CSN_CRYPTO_VERSION,
        .random = random_and_attach };
    csn_counts *table;

    (void)state;
    half_made = r.table;
    half_made_size = r.size;
    attached = 0;
    assert_int_equal(csn_counts_attach(r.memory, r.size, &table), CSN_OK);
    assert_int_equal(csn_counts_init(r.memory, r.size, &nosy, 1, &table),
        CSN_OK);
    assert_int_equal(attached, 0);
    assert_int_equal(csn_counts_attach(r.memory, r.size, &table), CSN_OK);
    rig_drop(&r);
}

static void
test_attach(void **state)
{
    rig r = rig_make(2);
    csn_counts *own = r.memory;
    csn_counts *table = NULL;

    (void)state;
    assert_int_equal(csn_counts_attach(r.memory, r.size, &table), CSN_OK);
    assert_ptr_equal(table, r.table);
    table = NULL;
    assert_int_equal(csn_counts_attach(r.memory, r.size - 1, &table),
        CSN_E_STATE);
    assert_int_equal(csn_counts_attach(r.memory, rig_size(1), &table),
        CSN_E_STATE);
    assert_int_equal(csn_counts_attach(r.memory, 0, &table), CSN_E_STATE);
    own->version++;
    assert_int_equal(csn_counts_attach(r.memory, r.size, &table), CSN_E_STATE);
    own->version--;
    own->layout++;
    assert_int_equal(csn_counts_attach(r.memory, r.size, &table), CSN_E_STATE);
    own->layout--;
    own->magic ^= 1;
    assert_int_equal(csn_counts_attach(r.memory, r.size, &table), CSN_E_STATE);
    assert_null(table);
    memset(r.memory, 0, r.size);
    assert_int_equal(csn_counts_attach(r.memory, r.size, &table), CSN_E_STATE);
    rig_drop(&r);
}

/* Made anew in the same memory: nothing of the old one is fresh, or left. */
static void
test_made_anew(void **state)
{
    rig r = rig_make(1);
    csn_mark old = rig_mark(&r, RIG_START_MS, 1, 7, 1);
    csn_mark same;

    (void)state;
    assert_int_equal(rig_code(&r, old), FRESH);
    assert_int_equal(csn_counts_init(r.memory, r.size, rig_crypto(),
                         RIG_START_MS, &r.table),
        CSN_OK);
    assert_int_equal(rig_code(&r, old), FOREIGN);
    same = rig_mark(&r, RIG_START_MS, 1, 7, 1);
    assert_memory_not_equal(old.domain, same.domain, CSN_DOMAIN_SIZE);
    assert_int_equal(rig_stats(&r, RIG_START_MS).used, 0);
    assert_int_equal(rig_code(&r, same), FRESH);
    rig_drop(&r);
}

static void
test_wipe(void **state)
{
    rig r = rig_make(3);
    csn_mark mark = rig_mark(&r, RIG_START_MS, 1, 7, 1);
    csn_counts *table = NULL;
    const uint8_t *octets = r.memory;

    (void)state;
    assert_int_equal(rig_code(&r, mark), FRESH);
    csn_counts_wipe(r.table);
    for (size_t i = 0; i < r.size; i++)
        assert_int_equal(octets[i], 0);
    assert_int_equal(csn_counts_attach(r.memory, r.size, &table), CSN_E_STATE);
    assert_int_equal(rig_code(&r, mark), UNAVAILABLE);
    assert_int_equal(rig_stats(&r, RIG_START_MS).lines, 0);
    csn_counts_wipe(r.table); /* twice is once */
    rig_drop(&r);
}

/* A private table must not live on in two processes. */
static void
test_fork_of_a_private_table(void **state)
{
    size_t size = 4096;
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    rig r = { .memory = memory, .size = size, .shared = true };
    csn_mark mark;
    pid_t child;
    int status;

    (void)state;
    assert_true(memory != MAP_FAILED);
    assert_int_equal(madvise(memory, size, MADV_WIPEONFORK), 0);
    assert_int_equal(csn_counts_init(memory, size, rig_crypto(), 1, &r.table),
        CSN_OK);
    mark = rig_mark(&r, RIG_START_MS, 1, 7, 1);
    child = fork();
    if (child == 0)
        _exit(rig_code(&r, mark) == UNAVAILABLE ? 0 : 1);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(rig_code(&r, mark), FRESH);
    rig_drop(&r);
}

static void
test_clock(void **state)
{
    rig r = rig_make(1);

    (void)state;
    assert_int_equal(csn_counts_now(r.table, 0), RIG_START_MS);
    assert_int_equal(csn_counts_now(r.table, RIG_START_MS - 1), RIG_START_MS);
    assert_int_equal(csn_counts_now(r.table, RIG_START_MS + 5),
        RIG_START_MS + 5);
    assert_int_equal(csn_counts_now(r.table, RIG_START_MS), RIG_START_MS + 5);
    rig_drop(&r);
}

/* What was used, dropped or expired before stays so when time runs again. */
static void
test_clock_set_back(void **state)
{
    rig r = rig_make(1);
    uint64_t hour = 3600000;
    uint64_t now = csn_counts_now(r.table, RIG_START_MS + hour);
    csn_mark mark = rig_mark(&r, now, 1, 7, 1);

    (void)state;
    assert_int_equal(rig_code(&r, mark), FRESH);
    /* The wall clock says an hour less; what counts goes on. */
    mark.now_ms = csn_counts_now(r.table, RIG_START_MS);
    assert_int_equal(mark.now_ms, now);
    assert_int_equal(rig_code(&r, mark), REPLAY);
    /* Even a host that hands the wall clock through gets no replay. */
    mark.now_ms = RIG_START_MS;
    assert_int_equal(rig_code(&r, mark), REPLAY);
    rig_drop(&r);
}

static void
test_stats(void **state)
{
    rig r = rig_make(2);
    uint64_t t = RIG_START_MS;
    csn_mark mark;
    csn_counts_stats stats = rig_stats(&r, t);

    (void)state;
    assert_int_equal(stats.lines, 2 * CSN_COUNTS_WAYS);
    assert_int_equal(stats.used, 0);
    for (uint64_t i = 0; i < 10; i++)
        assert_int_equal(rig_code(&r, rig_mark(&r, t, i, i, 1)), FRESH);
    mark = rig_mark(&r, t, 3, 3, 2);
    mark.replace = true;
    assert_int_equal(rig_code(&r, mark), FRESH);
    stats = rig_stats(&r, t);
    assert_int_equal(stats.used, 10);
    assert_int_equal(stats.live, 10);
    assert_int_equal(rig_stats(&r, t + RIG_GRACE_MS).live, 10);
    /* the replaced one, not later than 1/256 of its time */
    assert_int_equal(rig_stats(&r, t + RIG_GRACE_MS * 257 / 256).live, 9);
    assert_int_equal(rig_stats(&r, t + RIG_LIFE_MS + RIG_GRACE_MS).live, 9);
    stats = rig_stats(&r, t + (RIG_LIFE_MS + RIG_GRACE_MS) / 256 * 257);
    assert_int_equal(stats.live, 0);
    assert_int_equal(stats.used, 10);
    assert_int_equal(stats.evictions, 0);
    assert_int_equal(stats.stale_evicted, 0);
    assert_int_equal(stats.owner_deaths, 0);
    rig_drop(&r);
}

/* Nonces spread evenly over the buckets, the last one included. */
static void
test_spread(void **state)
{
    rig r = rig_make(7);
    csn_counts *own = r.memory;
    unsigned fewest = UINT32_MAX;

    (void)state;
    for (uint64_t i = 0; i < 70; i++)
        assert_int_equal(rig_code(&r, rig_mark(&r, RIG_START_MS, i, i, 1)),
            FRESH);
    for (size_t b = 0; b < 7; b++) {
        unsigned used = 0;

        for (size_t i = 0; i < CSN_COUNTS_WAYS; i++)
            used += own->buckets[b].tags[i] != 0;
        fewest = used < fewest ? used : fewest;
    }
    assert_in_range(fewest, 3, 10);
    rig_drop(&r);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        { "H-05 a table is as large as its memory, or refused", test_sizes,
            NULL, NULL, NULL },
        { "H-34 no random octets, no table", test_no_random, NULL, NULL,
            NULL },
        { "H-34 no locks, no table", test_no_locks, NULL, NULL, NULL },
        { "H-34 nobody attaches to a half-made table", test_half_made, NULL,
            NULL, NULL },
        { "H-34 attach refuses what is no finished table", test_attach, NULL,
            NULL, NULL },
        { "D-17 a table made anew: old nonces are stale, never fresh",
            test_made_anew, NULL, NULL, NULL },
        { "H-34 a wiped table answers nobody", test_wipe, NULL, NULL, NULL },
        { "H-07 a private table kept from children",
            test_fork_of_a_private_table, NULL, NULL, NULL },
        { "D-16 time does not run backwards", test_clock, NULL, NULL, NULL },
        { "D-16 the clock set back: no replay", test_clock_set_back, NULL,
            NULL, NULL },
        { "H-05 totals: used, live, expired, replaced", test_stats, NULL, NULL,
            NULL },
        { "H-05 nonces spread over all buckets", test_spread, NULL, NULL,
            NULL },
    };

    return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
