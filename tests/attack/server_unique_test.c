// SPDX-License-Identifier: MIT
#define _POSIX_C_SOURCE 200809L /* pthread barriers */
#include "check.h"
#include "rig.h"

#include <pthread.h>

/* All threads of a server mint as fast as they can: no nonce comes twice. */

enum { THREADS = 8, EACH = 25000, NONCE = ATTACK_NONCE };

typedef struct minter {
    const attack_site *site;
    pthread_barrier_t *start;
    char (*nonces)[NONCE];
} minter;

static void *
mint(void *argument)
{
    const minter *m = argument;
    csn_server_exchange x;

    pthread_barrier_wait(m->start);
    for (size_t i = 0; i < EACH; i++)
        attack_challenge(m->site, &x, m->nonces[i]);
    return NULL;
}

static int
compare(const void *a, const void *b)
{
    return memcmp(a, b, NONCE);
}

/* All in one millisecond, of one server, on all threads at once. */
static void
unique(void **state)
{
    char(*nonces)[NONCE] = calloc(THREADS * EACH, NONCE);
    pthread_t threads[THREADS];
    minter minters[THREADS];
    pthread_barrier_t start;
    attack_site site;

    (void)state;
    assert_non_null(nonces);
    attack_open(&site, NULL);
    pthread_barrier_init(&start, NULL, THREADS);
    for (size_t i = 0; i < THREADS; i++) {
        minters[i] = (minter){ &site, &start, nonces + i * EACH };
        assert_int_equal(pthread_create(&threads[i], NULL, mint, &minters[i]),
            0);
    }
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    qsort(nonces, THREADS * EACH, NONCE, compare);
    for (size_t i = 1; i < THREADS * EACH; i++)
        assert_memory_not_equal(nonces[i - 1], nonces[i], NONCE);
    pthread_barrier_destroy(&start);
    free(nonces);
    attack_close(&site);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        { "B-05 nonce uniqueness at full speed on many threads", unique, NULL,
            NULL, NULL },
    };

    return cmocka_run_group_tests_name("nonces", tests, NULL, NULL);
}
