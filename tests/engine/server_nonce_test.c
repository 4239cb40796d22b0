// SPDX-License-Identifier: MIT
#include "check.h"
#include "host.h"

#include <countersign/crypto_openssl.h>

/*
 * Which nonces are ours, here and now: D.2, B-10; and what happens when the
 * server has nothing to make or to judge one with.
 */

/* A tampered nonce: each octet changed is not genuine any more. */
static void
tampered(void **state)
{
    static const char other[] = "AB";
    char nonce[64], changed[64];
    host_answer answer;
    host h;

    (void)state;
    host_open(&h, NULL);
    host_nonce(&h, nonce);
    for (size_t i = 0; i < strlen(nonce); i++) {
        strcpy(changed, nonce);
        changed[i] = other[changed[i] == 'A'];
        host_send(&h, &(host_ask){ .nonce = changed }, &answer);
        assert_int_not_equal(answer.outcome.verdict, CSN_VERDICT_ALLOW);
        assert_false(answer.looked_up);
    }
    assert_int_equal(host_send_nc(&h, nonce, "00000001"), CSN_R_NONE);
    host_close(&h);
}

static void
set_proxy(csn_server_config *config)
{
    config->layer = CSN_LAYER_PROXY;
}

static void
set_realm(csn_server_config *config)
{
    config->realm = CSN_SPAN("other");
}

static void
set_site(csn_server_config *config)
{
    config->site = CSN_SPAN("other.example.org");
}

/* A genuine nonce of one layer, realm or site is none of another's. */
static const struct elsewhere {
    const char *name;
    void (*change)(csn_server_config *config);
    csn_reason reason;
} elsewhere[] = {
    { "B-10 the same place", NULL, CSN_R_STALE_DOMAIN },
    { "B-10 nonce of another layer", set_proxy, CSN_R_NONCE_UNKNOWN },
    { "H-29 nonce of another realm", set_realm, CSN_R_NONCE_UNKNOWN },
    { "H-29 nonce of another site", set_site, CSN_R_NONCE_UNKNOWN },
};

static void
run_elsewhere(void **state)
{
    const struct elsewhere *row = *state;
    char nonce[64];
    host_answer answer;
    host here, there;

    host_open(&here, NULL);
    host_open(&there, row->change);
    host_nonce(&here, nonce);
    host_send(&there, &(host_ask){ .nonce = nonce }, &answer);
    CHECK_EQ(row->name, answer.outcome.reason, row->reason);
    host_close(&here);
    host_close(&there);
}

/* D-17, H-04: rotation through the three states, and a reload. */
static void
key_states(void **state)
{
    char old[64], young[64];
    host h;

    (void)state;
    host_open(&h, NULL);
    host_nonce(&h, old);

    h.keys[1] = h.keys[0];
    h.keys[1].id = 2;
    h.keys[1].secret[0] = 0x22;
    h.keys[0].state = CSN_KEY_ACCEPT;
    h.key_count = 2;
    host_reload(&h);
    host_nonce(&h, young);
    assert_int_equal(host_send_nc(&h, old, "00000001"), CSN_R_NONE);
    assert_int_equal(host_send_nc(&h, old, "00000001"), CSN_R_REPLAY);
    assert_int_equal(host_send_nc(&h, young, "00000001"), CSN_R_NONE);

    h.keys[0].state = CSN_KEY_RECOGNISE;
    host_reload(&h);
    host_check_stale(&h, &(host_ask){ .nonce = old, .nc = "00000002" },
        CSN_R_STALE_KEY);
    assert_int_equal(host_send_nc(&h, young, "00000002"), CSN_R_NONE);

    h.keys[0] = h.keys[1];
    h.key_count = 1;
    host_reload(&h);
    assert_int_equal(host_send_nc(&h, old, "00000003"), CSN_R_NONCE_UNKNOWN);
    assert_int_equal(host_send_nc(&h, young, "00000001"), CSN_R_REPLAY);
    host_close(&h);
}

/* The same id with another secret is another key. */
static void
key_replaced(void **state)
{
    char nonce[64];
    host h;

    (void)state;
    host_open(&h, NULL);
    host_nonce(&h, nonce);
    h.keys[0].secret[31] ^= 1;
    host_reload(&h);
    assert_int_equal(host_send_nc(&h, nonce, "00000001"), CSN_R_NONCE_UNKNOWN);
    host_close(&h);
}

static void
restart(void **state)
{
    char nonce[64];
    host h;

    (void)state;
    host_open(&h, NULL);
    host_nonce(&h, nonce);
    assert_int_equal(host_send_nc(&h, nonce, "00000001"), CSN_R_NONE);
    host_restart(&h);
    host_check_stale(&h, &(host_ask){ .nonce = nonce, .nc = "00000001" },
        CSN_R_STALE_DOMAIN);
    host_check_stale(&h, &(host_ask){ .nonce = nonce, .nc = "00000002" },
        CSN_R_STALE_DOMAIN);
    host_close(&h);
}

/* D-16: the clock set back opens nothing and refuses nothing. */
static void
clock_back(void **state)
{
    char nonce[64];
    host h;

    (void)state;
    host_open(&h, NULL);
    host_nonce(&h, nonce);
    assert_int_equal(host_send_nc(&h, nonce, "00000001"), CSN_R_NONE);
    h.now_ms += CSN_NONCE_LIFE_MS + CSN_OLD_GRACE_MS + 1;
    host_check_stale(&h, &(host_ask){ .nonce = nonce, .nc = "00000002" },
        CSN_R_STALE);
    h.now_ms -= CSN_NONCE_LIFE_MS;
    host_check_stale(&h, &(host_ask){ .nonce = nonce, .nc = "00000001" },
        CSN_R_STALE);
    host_nonce(&h, nonce);
    assert_int_equal(host_send_nc(&h, nonce, "00000001"), CSN_R_NONE);
    host_close(&h);
}

static void
set_skew(csn_server_config *config)
{
    config->clock_skew_ms = 2000;
}

/* D-14: a minting time in the future, beyond what nodes may differ by. */
static void
future(void **state)
{
    char nonce[64];
    host ahead, behind;
    host_answer answer;

    (void)state;
    host_open(&ahead, set_skew);
    host_open(&behind, set_skew);
    ahead.now_ms += 2000;
    host_nonce(&ahead, nonce);
    host_send(&behind, &(host_ask){ .nonce = nonce }, &answer);
    assert_int_equal(answer.outcome.reason, CSN_R_STALE_DOMAIN);
    ahead.now_ms += 1;
    host_nonce(&ahead, nonce);
    host_send(&behind, &(host_ask){ .nonce = nonce }, &answer);
    assert_int_equal(answer.outcome.reason, CSN_R_STALE);
    host_close(&ahead);
    host_close(&behind);
}

/* H-34: a store that gives no answer lets nobody in. */
static void
fail_closed(void **state)
{
    char nonce[64];
    host_answer answer;
    host h;

    (void)state;
    host_open(&h, NULL);
    host_nonce(&h, nonce);
    h.secret_code = CSN_SECRET_UNAVAILABLE;
    host_send(&h, &(host_ask){ .nonce = nonce }, &answer);
    assert_int_equal(answer.outcome.reason, CSN_R_STORE_FAILED);
    assert_int_equal(answer.outcome.http_status, 503);
    assert_string_equal(answer.info, "");
    h.secret_code = CSN_SECRET_FOUND;
    h.counts_away = true;
    host_send(&h, &(host_ask){ .nonce = nonce }, &answer);
    assert_int_equal(answer.outcome.reason, CSN_R_COUNTS_FAILED);
    assert_int_equal(answer.outcome.http_status, 503);
    assert_int_equal(answer.challenge_count, 0);
    h.counts_away = false;
    host_send(&h, &(host_ask){ .nonce = nonce }, &answer);
    assert_int_equal(answer.outcome.reason, CSN_R_NONE);
    host_close(&h);
}

static csn_status
broken_random(uint8_t *out, size_t len)
{
    memset(out, 0, len);
    return CSN_E_RANDOM;
}

static void
no_random(void **state)
{
    csn_crypto broken = *csn_crypto_openssl();
    char nonce[64];
    host_answer answer;
    host h;

    (void)state;
    host_open(&h, NULL);
    host_nonce(&h, nonce);
    broken.random = broken_random;
    h.crypto = &broken;
    host_reload(&h);
    host_send(&h, &(host_ask){ .bare = true }, &answer);
    assert_int_equal(answer.outcome.verdict, CSN_VERDICT_FAIL);
    assert_int_equal(answer.outcome.http_status, 500);
    assert_int_equal(answer.challenge_count, 0);
    /* A right answer needs no random octets. */
    host_send(&h, &(host_ask){ .nonce = nonce }, &answer);
    assert_int_equal(answer.outcome.reason, CSN_R_NONE);
    host_close(&h);
}

/* B-05: no two challenges have the same nonce, nor is one foretold. */
static void
distinct(void **state)
{
    enum { N = 2000 };
    static char nonces[N][64];
    host h;

    (void)state;
    host_open(&h, NULL);
    for (size_t i = 0; i < N; i++) {
        host_nonce(&h, nonces[i]);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(nonces[i], nonces[k]);
    }
    host_close(&h);
}

#define TEST(name, function)                                                  \
    {                                                                         \
        name, function, NULL, NULL, NULL                                      \
    }

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("D-13 a tampered nonce", tampered),
        TEST("D-17 H-04 key states", key_states),
        TEST("D-13 another key under the same id", key_replaced),
        TEST("H-07 a restart makes old nonces stale", restart),
        TEST("D-16 the clock set back", clock_back),
        TEST("D-14 minted in the future", future),
        TEST("H-34 a store gives no answer", fail_closed),
        TEST("H-03 the generator fails", no_random),
        TEST("B-05 nonces differ", distinct),
    };

    return CHECK_ROWS("elsewhere", elsewhere, run_elsewhere) +
        cmocka_run_group_tests_name("nonces", tests, NULL, NULL);
}
