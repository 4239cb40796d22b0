// SPDX-License-Identifier: MIT

/* Failed logins noted by several threads at once: none is lost, and none
 * counts twice. */

#include "check.h"

#include "guess.h"

#include <pthread.h>

enum { THREADS = 4, EACH = 2000, MAX = 6000, START_MS = 1000, SHARE_MS = 10 };

static csn_gw_guess table;
static pthread_barrier_t start;

static csn_gw_source
source_of(unsigned number)
{
    const uint8_t address[16] = { [10] = 255,
        [11] = 255,
        [12] = 192,
        [14] = (uint8_t)(number >> 8),
        [15] = (uint8_t)number };
    csn_gw_source source = csn_gw_guess_source(&table, CSN_LAYER_ORIGIN,
        address);

    csn_gw_guess_user(&table, CSN_LAYER_ORIGIN, CSN_SPAN("alice"), &source);
    return source;
}

/* One user at one address, and in between others that take its neighbours. */
static void *
guess(void *number)
{
    csn_gw_source alice = source_of(0);
    unsigned first = *(const unsigned *)number * EACH;

    (void)pthread_barrier_wait(&start);
    for (unsigned i = 0; i < EACH; i++) {
        csn_gw_source other = source_of(1 + first + i);

        (void)csn_gw_guess_failed(&table, &alice, START_MS);
        (void)csn_gw_guess_failed(&table, &other, START_MS);
        (void)csn_gw_guess_wait_ms(&table, &alice, START_MS);
    }
    return NULL;
}

static void
test_threads(void **state)
{
    static const uint64_t secret[2] = { 1, 2 };
    unsigned numbers[THREADS];
    pthread_t threads[THREADS];
    csn_gw_source alice;

    (void)state;
    memset(&table, 0, sizeof(table));
    csn_gw_guess_init(&table, secret, MAX, START_MS);
    assert_int_equal(pthread_barrier_init(&start, NULL, THREADS), 0);
    for (unsigned i = 0; i < THREADS; i++) {
        numbers[i] = i;
        assert_int_equal(pthread_create(&threads[i], NULL, guess, &numbers[i]),
            0);
    }
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    (void)pthread_barrier_destroy(&start);
    alice = source_of(0);
    assert_int_equal(csn_gw_guess_wait_ms(&table, &alice, START_MS),
        (THREADS * EACH - MAX) * SHARE_MS);
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
