// SPDX-License-Identifier: MIT
#include "check.h"
#include "client/client.h"
#include "guest.h"

#include <countersign/crypto_openssl.h>

#include <pthread.h>

/*
 * C-28: eight threads ask for credentials in one space at once. Run under
 * ThreadSanitizer too (meson: -Db_sanitize=thread).
 */

enum { THREADS = 8, EACH = 1500 };

struct worker {
    csn_client_space *space;
    pthread_t thread;
    unsigned exhausted;
    unsigned sent;
    unsigned wrong;
    uint32_t counts[EACH];
    char cnonces[EACH][CLIENT_CNONCE_LEN + 1];
};

/* Assertions belong to the thread that runs the tests: errors are counted. */
static void *
work(void *arg)
{
    struct worker *worker = arg;

    for (int i = 0; i < EACH; i++) {
        uint8_t buf[GUEST_TEXT];
        csn_writer out = csn_writer_init(buf, sizeof(buf) - 1);
        csn_client_attempt attempt;
        char value[GUEST_VALUE];
        csn_status status = csn_client_authorize(worker->space,
            csn_crypto_openssl(), CSN_SPAN("GET"), CSN_SPAN("/a"), NULL, &out,
            &attempt);

        worker->exhausted += status == CSN_E_EXHAUSTED;
        if (status != CSN_OK)
            continue;
        buf[out.len] = '\0';
        worker->counts[worker->sent] = csn_client_attempt_count(&attempt);
        guest_param((const char *)buf, "nc", value);
        worker->wrong += strtoul(value, NULL, 16) !=
            worker->counts[worker->sent];
        guest_param((const char *)buf, "cnonce",
            worker->cnonces[worker->sent++]);
    }
    return NULL;
}

static struct worker *
run(csn_client_space *space)
{
    struct worker *workers = calloc(THREADS, sizeof(*workers));

    for (int i = 0; i < THREADS; i++) {
        workers[i].space = space;
        assert_int_equal(
            pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
    return workers;
}

static int
compare_cnonces(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void
check_counts(void **state)
{
    static char cnonces[THREADS * EACH][CLIENT_CNONCE_LEN + 1];
    unsigned char *taken = calloc(THREADS * EACH + 2, 1);
    struct worker *workers;
    guest g;

    (void)state;
    guest_open(&g, CSN_LAYER_ORIGIN);
    assert_int_equal(guest_challenge(&g, GUEST_CHALLENGE("n1")), CSN_OK);
    workers = run(&g.space);
    for (int i = 0; i < THREADS; i++) {
        CHECK_EQ("sent", workers[i].sent, EACH);
        CHECK_EQ("nc is the count", workers[i].wrong, 0);
        for (unsigned j = 0; j < EACH; j++) {
            assert_in_range(workers[i].counts[j], 1, THREADS * EACH);
            taken[workers[i].counts[j]]++;
            if (j > 0)
                assert_true(workers[i].counts[j] > workers[i].counts[j - 1]);
        }
        memcpy(cnonces[i * EACH], workers[i].cnonces,
            sizeof(workers[i].cnonces));
    }
    for (int i = 1; i <= THREADS * EACH; i++)
        CHECK_EQ("once", taken[i], 1);
    qsort(cnonces, THREADS * EACH, sizeof(cnonces[0]), compare_cnonces);
    for (int i = 1; i < THREADS * EACH; i++)
        assert_string_not_equal(cnonces[i - 1], cnonces[i]);
    free(workers);
    free(taken);
}

/* C-29: the last counts go once each, and the others get none. */
static void
check_last(void **state)
{
    enum { LEFT = 5000 };
    unsigned char taken[LEFT + 1] = { 0 };
    struct worker *workers;
    unsigned exhausted = 0;
    guest g;

    (void)state;
    guest_open(&g, CSN_LAYER_ORIGIN);
    assert_int_equal(guest_challenge(&g, GUEST_CHALLENGE("n1")), CSN_OK);
    client_space_of(&g.space)->count = UINT32_MAX - LEFT;
    workers = run(&g.space);
    for (int i = 0; i < THREADS; i++) {
        exhausted += workers[i].exhausted;
        for (unsigned j = 0; j < workers[i].sent; j++) {
            assert_true(workers[i].counts[j] > UINT32_MAX - LEFT);
            taken[UINT32_MAX - workers[i].counts[j]]++;
        }
    }
    for (int i = 0; i < LEFT; i++)
        CHECK_EQ("once", taken[i], 1);
    CHECK_EQ("the others", exhausted, THREADS * EACH - LEFT);
    free(workers);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        { "C-28 C-27 every count once", check_counts, NULL, NULL, NULL },
        { "C-28 C-29 the last counts", check_last, NULL, NULL, NULL },
    };

    return cmocka_run_group_tests_name("client threads", tests, NULL, NULL);
}
