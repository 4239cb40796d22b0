// SPDX-License-Identifier: MIT

/* Failed logins noted by several threads at once: none is lost, and none
 * counts twice. */

#include "check.h"

#include "guess.h"

#include <pthread.h>

enum {
    ROUNDS = 100,
    THREADS = 4,
    EACH = 2000,
    MAX = 6000,
    START_MS = 1000,
    SHARE_MS = 10
};

static csn_gw_guess table;
static pthread_barrier_t start;

static csn_gw_source
make_source(void)
{
    const uint8_t address[16] = { [10] = 255, [11] = 255, [12] = 192 };
    csn_gw_source source = csn_gw_guess_source(&table, CSN_LAYER_ORIGIN,
        address);

    csn_gw_guess_user(&table, CSN_LAYER_ORIGIN, CSN_SPAN("alice"), &source);
    return source;
}

static void *
guess(void *unused)
{
    csn_gw_source alice = make_source();

    (void)pthread_barrier_wait(&start);
    for (unsigned i = 0; i < EACH; i++)
        (void)csn_gw_guess_failed(&table, &alice, START_MS);
    return unused;
}

static void
play_round(void)
{
    static const uint64_t secret[2] = { 1, 2 };
    pthread_t threads[THREADS];
    csn_gw_source alice;

    memset(&table, 0, sizeof(table));
    csn_gw_guess_init(&table, secret, MAX, START_MS);
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, guess, NULL), 0);
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    alice = make_source();
    assert_int_equal(csn_gw_guess_wait_ms(&table, &alice, START_MS),
        (THREADS * EACH - MAX) * SHARE_MS);
    assert_int_equal(csn_gw_guess_displaced(&table), 0);
}

static void
test_threads(void **state)
{
    (void)state;
    assert_int_equal(pthread_barrier_init(&start, NULL, THREADS), 0);
    for (unsigned i = 0; i < ROUNDS; i++)
        play_round();
    (void)pthread_barrier_destroy(&start);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        { "H-09 failures on four threads are counted once each", test_threads,
            NULL, NULL, NULL },
    };

    return cmocka_run_group_tests_name("gateway_guess_threads", tests, NULL,
        NULL);
}
