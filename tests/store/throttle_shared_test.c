// SPDX-License-Identifier: MIT
#define _GNU_SOURCE /* MAP_ANONYMOUS, pthread_barrier_t */
/* Failed logins noted by several threads, or several processes, at once: none
 * is lost, and none counts twice; who is killed stops nobody. */

#include "check.h"

#include <countersign/stores/throttle.h>

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    ROUNDS = 100,
    TAKERS = 4,
    EACH = 2000,
    MAX = 6000,
    START_MS = 1000,
    SHARE_MS = 10,
    MINUTE_MS = 60000
};

static const csn_throttle_limits limits = { MAX, MINUTE_MS, 0 };
static csn_throttle *table;
static pthread_barrier_t start;

static csn_status
count_up(uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)(i + 1);
    return CSN_OK;
}

/* In memory that children share. */
static int
make_table(void **state)
{
    static const csn_crypto crypto = { .random = count_up };
    void *memory = mmap(NULL, CSN_THROTTLE_DEFAULT_SIZE,
        PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    (void)state;
    assert_true(memory != MAP_FAILED);
    assert_int_equal(csn_throttle_init(memory, CSN_THROTTLE_DEFAULT_SIZE,
                         &crypto, START_MS, &table),
        CSN_OK);
    return 0;
}

static int
drop_table(void **state)
{
    (void)state;
    return munmap(table, CSN_THROTTLE_DEFAULT_SIZE);
}

static csn_throttle_source
find(const char *user)
{
    const uint8_t address[16] = { [10] = 255, [11] = 255, [12] = 192 };

    return csn_throttle_find(table, &limits, CSN_LAYER_ORIGIN, address,
        check_text(user));
}

static void
guess(unsigned times)
{
    csn_throttle_source alice = find("alice");

    while (times-- > 0)
        (void)csn_throttle_failed(table, &limits, &alice, START_MS);
}

static void
check_all_counted(void)
{
    csn_throttle_source alice = find("alice");

    assert_int_equal(csn_throttle_wait_ms(table, &limits, &alice, START_MS),
        (TAKERS * EACH - MAX) * SHARE_MS);
    assert_int_equal(csn_throttle_displaced(table), 0);
}

static void *
take_part(void *unused)
{
    (void)pthread_barrier_wait(&start);
    guess(EACH);
    return unused;
}

static void
test_threads(void **state)
{
    assert_int_equal(pthread_barrier_init(&start, NULL, TAKERS), 0);
    for (unsigned round = 0; round < ROUNDS; round++) {
        pthread_t threads[TAKERS];

        for (unsigned i = 0; i < TAKERS; i++)
            assert_int_equal(
                pthread_create(&threads[i], NULL, take_part, NULL), 0);
        for (unsigned i = 0; i < TAKERS; i++)
            assert_int_equal(pthread_join(threads[i], NULL), 0);
        check_all_counted();
        drop_table(state);
        make_table(state);
    }
    (void)pthread_barrier_destroy(&start);
}

static pid_t
fork_guesser(unsigned times)
{
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        guess(times);
        _exit(0);
    }
    return child;
}

static void
test_processes(void **state)
{
    pid_t children[TAKERS];

    (void)state;
    for (unsigned i = 0; i < TAKERS; i++)
        children[i] = fork_guesser(EACH);
    for (unsigned i = 0; i < TAKERS; i++) {
        int status;

        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    check_all_counted();
}

/* Whatever a process was at when it was killed: the others count on. */
static void
test_killed(void **state)
{
    csn_throttle_source alice;

    (void)state;
    for (unsigned i = 0; i < ROUNDS; i++) {
        pid_t child = fork_guesser(UINT32_MAX);

        while (csn_throttle_used(table, START_MS) == 0)
            (void)sched_yield();
        guess(i + 1);
        assert_return_code(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, NULL, 0), child);
        guess(MAX + 1);
        alice = find("alice");
        assert_true(csn_throttle_wait_ms(table, &limits, &alice, START_MS) >=
            SHARE_MS);
        assert_true(csn_throttle_used(table, START_MS) <= 3);
        drop_table(state);
        make_table(state);
    }
}

#define TEST(name, fn)                                                        \
    {                                                                         \
        name, fn, make_table, drop_table, NULL                                \
    }

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("H-09 failures on four threads are counted once each",
            test_threads),
        TEST("H-09 failures in four processes are counted once each",
            test_processes),
        TEST("H-09 a process that is killed stops nobody", test_killed),
    };

    return cmocka_run_group_tests_name("throttle_shared", tests, NULL, NULL);
}
