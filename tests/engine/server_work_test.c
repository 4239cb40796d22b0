// SPDX-License-Identifier: MIT

/*
 * H-25: what a request can cost before it is authenticated. Hashes are counted
 * in the backend, look-ups and counts in the host; the largest field makes no
 * more of them than the smallest.
 */

#include "check.h"

#include "host.h"

#include <countersign/crypto_openssl.h>

enum {
    OFFERED = 4, /* algorithms, each with a challenge of its own */
    /* For each of two readings of a session's key: A1, H(A2), response and
     * rspauth; the key itself, and what is kept of the user. Nonces cost
     * none: their MAC is SipHash. */
    JUDGE = 12,
    HEAD = 1024 /* room for what is not padding */
};

static struct {
    size_t hashes;
    size_t octets;
} work;

static void
note(const csn_span *parts, size_t count)
{
    work.hashes++;
    for (size_t i = 0; i < count; i++)
        work.octets += parts[i].len;
}

static csn_status
count_digest(csn_hash hash, const csn_span *parts, size_t count, uint8_t *out)
{
    note(parts, count);
    return csn_crypto_openssl()->digest(hash, parts, count, out);
}

static csn_status
count_pair(csn_hash hash, const csn_span *shared, size_t count, csn_span a,
    csn_span b, uint8_t *out_a, uint8_t *out_b)
{
    note(shared, count);
    note(&a, 1);
    note(&b, 1);
    return csn_crypto_openssl()->digest_pair(hash, shared, count, a, b, out_a,
        out_b);
}

static void
offer_all(csn_server_config *config)
{
    config->userhash = true;
    config->qops = CSN_QOP_AUTH | CSN_QOP_AUTH_INT;
    config->algorithms[0] = CSN_ALG_SHA_256;
    config->algorithms[1] = CSN_ALG_SHA_256_SESS;
    config->algorithms[2] = CSN_ALG_SHA_512_256;
    config->algorithms[3] = CSN_ALG_MD5;
    config->algorithm_count = OFFERED;
    config->allow_md5 = true;
}

static const struct row {
    const char *name;
    host_ask ask;
    csn_reason reason;
    bool looked_up;
    bool marked;
} cases[] = {
    { "H-25 no credentials", { .bare = true }, CSN_R_NO_CREDENTIALS, false,
        false },
    { "H-25 another scheme", { .line = "Basic YTpi" },
        CSN_R_SCHEME_NOT_OFFERED, false, false },
    { "H-25 malformed", { .line = "Digest nonce=\"" }, CSN_R_MALFORMED, false,
        false },
    { "H-25 another realm", { .realm = "x" }, CSN_R_REALM_NOT_OFFERED, false,
        false },
    { "H-25 another algorithm", { .algorithm = "SHA-512-256-sess" },
        CSN_R_ALGORITHM_NOT_OFFERED, false, false },
    { "H-25 another uri", { .target = "/a", .uri = "/elsewhere" },
        CSN_R_URI_MISMATCH, false, false },
    { "H-25 an invented nonce",
        { .nonce =
                "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" },
        CSN_R_NONCE_UNKNOWN, false, false },
    { "H-25 an unknown user", { .user = "mallory" }, CSN_R_UNKNOWN_USER, true,
        false },
    { "H-25 a wrong answer", { .password = "wrong" }, CSN_R_WRONG_RESPONSE,
        true, false },
    { "H-25 a wrong answer of a session",
        { .password = "wrong", .algorithm = "SHA-256-sess" },
        CSN_R_WRONG_RESPONSE, true, false },
    { "H-25 a wrong answer of a hashed name",
        { .password = "wrong", .userhash = true }, CSN_R_WRONG_RESPONSE, true,
        false },
    { "H-25 a wrong answer with auth-int",
        { .password = "wrong", .qop = "auth-int", .body = "x" },
        CSN_R_WRONG_RESPONSE, true, false },
    { "H-25 a right answer", { .nc = "00000001" }, CSN_R_NONE, true, true },
};

/* A server whose hashes are counted, the host's own not. */
static void
open_counted(host *h, csn_crypto *counting)
{
    *counting = *csn_crypto_openssl();
    counting->digest = count_digest;
    counting->digest_pair = count_pair;
    host_open(h, offer_all);
    h->crypto = counting;
    host_reload(h);
    h->crypto = csn_crypto_openssl();
}

static void
run_case(void **state)
{
    const struct row *row = *state;
    csn_crypto counting;
    char nonce[64];
    host_answer answer;
    host_ask ask = row->ask;
    host h;

    open_counted(&h, &counting);
    host_nonce(&h, nonce);
    if (ask.nonce == NULL)
        ask.nonce = nonce;
    memset(&work, 0, sizeof(work));
    host_send(&h, &ask, &answer);
    CHECK_EQ(row->name, answer.outcome.reason, row->reason);
    CHECK_EQ(row->name, answer.looked_up, row->looked_up);
    CHECK_EQ(row->name, answer.marked, row->marked);
    CHECK_EQ(row->name, work.hashes > 0, row->looked_up);
    assert_true(work.hashes <= JUDGE);
    host_close(&h);
}

/* The whole field may be this long; so may the name, the uri and so on. */
static void
run_largest(void **state)
{
    static char padding[CSN_MAX_FIELD - HEAD];
    static char extra[CSN_MAX_FIELD];
    csn_crypto counting;
    char nonce[64];
    host_answer answer;
    size_t small;
    host h;

    (void)state;
    open_counted(&h, &counting);
    host_nonce(&h, nonce);
    memset(&work, 0, sizeof(work));
    host_send(&h, &(host_ask){ .nonce = nonce, .password = "wrong" }, &answer);
    assert_int_equal(answer.outcome.reason, CSN_R_WRONG_RESPONSE);
    small = work.hashes;
    memset(padding, 'x', CSN_MAX_VALUE - 1);
    (void)snprintf(extra, sizeof(extra), ", other=\"%s\"", padding);
    memset(&work, 0, sizeof(work));
    host_send(&h,
        &(host_ask){ .nonce = nonce, .password = "wrong", .extra = extra },
        &answer);
    assert_int_equal(answer.outcome.reason, CSN_R_WRONG_RESPONSE);
    assert_int_equal(work.hashes, small);
    /* What nobody knows is read past, not hashed. */
    assert_true(work.octets < 2 * CSN_MAX_VALUE);
    host_close(&h);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        { "H-25 a large field makes no more hashes", run_largest, NULL, NULL,
            NULL },
    };

    return CHECK_ROWS("work", cases, run_case) +
        cmocka_run_group_tests_name("beside it", tests, NULL, NULL);
}
