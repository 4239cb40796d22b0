// SPDX-License-Identifier: MIT
#include "check.h"
#include "host.h"

#include <countersign/crypto_openssl.h>

/*
 * The forms in which a name travels: as it is, as username* (RFC 8187) and
 * hashed (RFC 7616, 3.4.4). All mean the name itself, which alone is hashed
 * into A1 and owns the nonce.
 */

#define DIGITS "8651731a801d742976da7e85f6445c0d"
#define UTF8_NAME "J\xc3\xa4s\xc3\xb8n Doe"

static void
with_userhash(csn_server_config *config)
{
    config->userhash = true;
    config->algorithms[0] = CSN_ALG_SHA_256;
    config->algorithms[1] = CSN_ALG_SHA_256_SESS;
    config->algorithms[2] = CSN_ALG_SHA_512_256;
    config->algorithms[3] = CSN_ALG_MD5;
    config->algorithm_count = 4;
    config->allow_md5 = true;
}

/* Credentials of `ask` in which the name is replaced by `name` as it is. */
static void
send_named(host *h, host_ask ask, const char *name, host_answer *answer)
{
    char line[8192], rest[8192], nonce[64];
    const char *realm;

    host_nonce(h, nonce);
    ask.nonce = nonce;
    host_line(h, &ask, rest, sizeof(rest));
    realm = strstr(rest, "realm=");
    snprintf(line, sizeof(line), "Digest %s, %s", name, realm);
    ask.line = line;
    ask.target = "/a?b=c";
    host_send(h, &ask, answer);
}

/* What stands in the place of the name, and the user it is right for. */
static const struct named {
    const char *name;
    const char *sent;
    const char *user; /* NULL: alice */
    csn_reason reason;
} named[] = {
    { "K-18 raw UTF-8", "username=\"" UTF8_NAME "\"", UTF8_NAME, CSN_R_NONE },
    { "A-59 username*", "username*=UTF-8''J%C3%A4s%C3%B8n%20Doe", UTF8_NAME,
        CSN_R_NONE },
    { "A-59 charset and digits in another case",
        "username*=utf-8''J%c3%a4s%c3%b8n%20Doe", UTF8_NAME, CSN_R_NONE },
    { "A-59 with a language", "username*=UTF-8'de'alice", NULL, CSN_R_NONE },
    { "A-12 in quotes", "username*=\"UTF-8''alice\"", NULL, CSN_R_NONE },
    { "A-29 in quotes with escapes",
        "username*=\"UTF-8''J\\%C3%A4s%C3%B8\\n%20\\Doe\"", UTF8_NAME,
        CSN_R_NONE },
    { "C-45 username* in another case", "username*=UTF-8''Alice", NULL,
        CSN_R_UNKNOWN_USER },
    { "A-59 an empty name", "username*=UTF-8''", NULL, CSN_R_UNKNOWN_USER },
    { "A-59 another charset", "username*=ISO-8859-1''alice", NULL,
        CSN_R_MALFORMED },
    { "A-59 no charset", "username*=''alice", NULL, CSN_R_MALFORMED },
    { "A-59 no quotes", "username*=alice", NULL, CSN_R_MALFORMED },
    { "A-59 an escape cut short", "username*=UTF-8''alice%4", NULL,
        CSN_R_MALFORMED },
    { "A-59 an escape that is not hex", "username*=UTF-8''alice%4g", NULL,
        CSN_R_MALFORMED },
    { "A-59 not UTF-8", "username*=UTF-8''%E4lice", NULL, CSN_R_MALFORMED },
    { "A-59 NUL", "username*=UTF-8''alice%00", NULL, CSN_R_MALFORMED },
    { "A-59 a control character", "username*=UTF-8''al%0Aice", NULL,
        CSN_R_MALFORMED },
    { "A-59 an octet that must be coded", "username*=\"UTF-8''al ice\"", NULL,
        CSN_R_MALFORMED },
    { "D-02 neither name", "x=y", NULL, CSN_R_MISSING_PARAMETER },
    { "D-03 both names", "username=\"alice\", username*=UTF-8''alice", NULL,
        CSN_R_MALFORMED },
    { "D-03 both names, the other way round",
        "username*=UTF-8''alice, username=\"alice\"", NULL, CSN_R_MALFORMED },
    { "D-04 username* and userhash", "username*=UTF-8''alice, userhash=true",
        NULL, CSN_R_MALFORMED },
    { "D-04 username* of digits and userhash",
        "username*=UTF-8''" DIGITS DIGITS ", userhash=true", NULL,
        CSN_R_MALFORMED },
    { "D-04 username* and userhash=false",
        "username*=UTF-8''alice, userhash=false", NULL, CSN_R_NONE },
    { "D-12 a plain name where a hashed one was offered", "username=\"alice\"",
        NULL, CSN_R_NONE },
    { "A-52 a hashed name that is none", "username=\"alice\", userhash=true",
        NULL, CSN_R_MALFORMED },
};

static void
run_named(void **state)
{
    const struct named *row = *state;
    host_answer answer;
    host h;
    bool is_fault = row->reason == CSN_R_MALFORMED ||
        row->reason == CSN_R_MISSING_PARAMETER;

    host_open(&h, with_userhash);
    send_named(&h, (host_ask){ .user = row->user }, row->sent, &answer);
    CHECK_EQ(row->name, answer.outcome.reason, row->reason);
    CHECK_EQ(row->name, answer.outcome.http_status,
        row->reason == CSN_R_NONE ? 0
            : is_fault            ? 400
                                  : 401);
    CHECK_EQ(row->name, answer.looked_up, !is_fault);
    CHECK_EQ(row->name, answer.hashed, false);
    if (row->reason == CSN_R_NONE)
        CHECK_SPAN(row->name, check_text(answer.user),
            check_text(row->user ? row->user : "alice"));
    host_close(&h);
}

/* The longest name, decoded: above max_user is malformed. */
static void
longest(void **state)
{
    static char name[3 * (CSN_MAX_USER + 1) + 32];
    host_answer answer;
    host h;

    (void)state;
    host_open(&h, NULL);
    for (size_t extra = 0; extra < 2; extra++) {
        size_t len = (size_t)snprintf(name, sizeof(name), "username*=UTF-8''");

        for (size_t i = 0; i < CSN_MAX_USER + extra; i++)
            len += (size_t)snprintf(name + len, sizeof(name) - len, "%%41");
        send_named(&h, (host_ask){ .user = NULL }, name, &answer);
        assert_int_equal(answer.outcome.reason,
            extra ? CSN_R_MALFORMED : CSN_R_UNKNOWN_USER);
    }
    host_close(&h);
}

static const struct hashed {
    const char *name;
    host_ask ask;
    csn_reason reason;
} hashed[] = {
    { "C-31 a hashed name", { .userhash = true }, CSN_R_NONE },
    { "C-31 a hashed name not in ASCII",
        { .userhash = true, .user = UTF8_NAME }, CSN_R_NONE },
    { "C-33 under SHA-512-256",
        { .userhash = true, .algorithm = "SHA-512-256" }, CSN_R_NONE },
    { "C-33 under MD5", { .userhash = true, .algorithm = "MD5" }, CSN_R_NONE },
    { "C-33 under -sess the plain hash",
        { .userhash = true, .algorithm = "SHA-256-sess" }, CSN_R_NONE },
    { "D-38 a wrong password", { .userhash = true, .password = "x" },
        CSN_R_WRONG_RESPONSE },
    { "D-39 a hash of nobody's", { .userhash = true, .user = "mallory" },
        CSN_R_UNKNOWN_USER },
    /* H("alice:test@example.org"), also in A1. */
    { "C-32 a response over the hashed name",
        { .user = "8651731a801d742976da7e85f6445c0d"
                  "a10a9a4d5589988f7482560755dd7c2b",
            .extra = ", userhash=true" },
        CSN_R_WRONG_RESPONSE },
};

static void
run_hashed(void **state)
{
    const struct hashed *row = *state;
    host_ask ask = row->ask;
    char nonce[64];
    host_answer answer;
    host h;

    host_open(&h, with_userhash);
    host_nonce(&h, nonce);
    ask.nonce = nonce;
    host_send(&h, &ask, &answer);
    CHECK_EQ(row->name, answer.outcome.reason, row->reason);
    CHECK_EQ(row->name, answer.hashed, true);
    CHECK_EQ(row->name, answer.outcome.user_known,
        row->reason != CSN_R_UNKNOWN_USER);
    if (row->reason != CSN_R_UNKNOWN_USER)
        CHECK_SPAN(row->name, check_text(answer.user),
            check_text(ask.userhash && ask.user ? ask.user : "alice"));
    host_close(&h);
}

/* The digits of H("alice:test@example.org") and what may become of them. */
static void
digits(void **state)
{
    static const struct {
        const char *format;
        csn_reason reason;
    } forms[] = {
        { "username=\"%.64s\", userhash=true", CSN_R_NONE },
        { "username=\"%.64s\", userhash=TRUE", CSN_R_NONE },
        { "username=%.64s, userhash=\"true\"", CSN_R_NONE },
        { "username=\"%.64s\"", CSN_R_UNKNOWN_USER },
        { "username=\"%.64s\", userhash=yes", CSN_R_UNKNOWN_USER },
        { "username=\"%.63s\", userhash=true", CSN_R_MALFORMED },
        { "username=\"%.32s\", userhash=true", CSN_R_MALFORMED },
        { "username=\"%.64s0\", userhash=true", CSN_R_MALFORMED },
        { "username=\"%.63sg\", userhash=true", CSN_R_MALFORMED },
        { "username=\"%.0s\", userhash=true", CSN_R_MALFORMED },
    };
    uint8_t hex[CSN_MAX_DIGEST_HEX];
    char lower[65], upper[65], name[256];
    host_answer answer;
    host h;

    (void)state;
    host_open(&h, with_userhash);
    assert_int_equal(csn_digest_userhash(h.crypto, CSN_HASH_SHA_256,
                         CSN_SPAN("alice"), h.config.realm, hex),
        CSN_OK);
    for (size_t i = 0; i < 65; i++) {
        lower[i] = i < 64 ? (char)hex[i] : '\0';
        upper[i] = lower[i] >= 'a' ? (char)(lower[i] - 32) : lower[i];
    }
    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        snprintf(name, sizeof(name), forms[i].format, lower);
        send_named(&h, (host_ask){ .user = NULL }, name, &answer);
        CHECK_EQ(forms[i].format, answer.outcome.reason, forms[i].reason);
        snprintf(name, sizeof(name), forms[i].format, upper);
        send_named(&h, (host_ask){ .user = NULL }, name, &answer);
        CHECK_EQ(forms[i].format, answer.outcome.reason, forms[i].reason);
    }
    /* Under an algorithm nobody knows there is no length to hold it to. */
    send_named(&h, (host_ask){ .algorithm = "SHA-1" },
        "username=x, userhash=true", &answer);
    assert_int_equal(answer.outcome.reason, CSN_R_ALGORITHM_NOT_OFFERED);
    host_close(&h);
}

static void
offered(void **state)
{
    host_answer answer;
    host h;

    (void)state;
    host_open(&h, with_userhash);
    host_send(&h, &(host_ask){ .bare = true }, &answer);
    for (size_t i = 0; i < 4; i++)
        assert_non_null(strstr(answer.challenges[i], "userhash=true"));
    h.config.userhash = false;
    host_reload(&h);
    host_send(&h, &(host_ask){ .bare = true }, &answer);
    assert_null(strstr(answer.challenges[0], "userhash"));
    host_close(&h);
}

/* A reload that ends the offer: a nonce that came with it keeps it. */
static void
offer_ended(void **state)
{
    char before[64], after[64];
    host_answer answer;
    host h;

    (void)state;
    host_open(&h, with_userhash);
    host_nonce(&h, before);
    h.config.userhash = false;
    host_reload(&h);
    host_nonce(&h, after);
    host_send(&h, &(host_ask){ .nonce = before, .userhash = true }, &answer);
    assert_int_equal(answer.outcome.reason, CSN_R_NONE);
    host_send(&h, &(host_ask){ .nonce = after, .userhash = true }, &answer);
    assert_int_equal(answer.outcome.reason, CSN_R_UNSUPPORTED);
    assert_int_equal(answer.outcome.http_status, 400);
    host_close(&h);
}

/* Whatever the form, one name is one user: a nonce stays his. */
static void
one_user(void **state)
{
    char nonce[64];
    host_answer plain, hashed_name, extended, other;
    host h;

    (void)state;
    host_open(&h, with_userhash);
    host_nonce(&h, nonce);
    host_send(&h, &(host_ask){ .nonce = nonce, .userhash = true },
        &hashed_name);
    host_send(&h, &(host_ask){ .nonce = nonce, .nc = "00000002" }, &plain);
    host_send(&h,
        &(host_ask){ .nonce = nonce, .nc = "00000003", .extended = true },
        &extended);
    assert_int_equal(hashed_name.outcome.reason, CSN_R_NONE);
    assert_int_equal(plain.outcome.reason, CSN_R_NONE);
    assert_int_equal(extended.outcome.reason, CSN_R_NONE);
    assert_memory_equal(hashed_name.mark.user_tag, plain.mark.user_tag, 8);
    assert_memory_equal(extended.mark.user_tag, plain.mark.user_tag, 8);
    host_send(&h,
        &(host_ask){ .nonce = nonce,
            .nc = "00000004",
            .userhash = true,
            .user = UTF8_NAME },
        &other);
    assert_int_equal(other.outcome.reason, CSN_R_NONCE_OF_OTHER_USER);
    host_close(&h);
}

/* A store that finds a hashed name must say whose it is. */
static void
nameless(void **state)
{
    char nonce[64];
    host_answer answer;
    host h;

    (void)state;
    host_open(&h, with_userhash);
    host_nonce(&h, nonce);
    h.nameless = true;
    host_send(&h, &(host_ask){ .nonce = nonce, .userhash = true }, &answer);
    assert_int_equal(answer.outcome.reason, CSN_R_INTERNAL);
    assert_int_equal(answer.outcome.http_status, 500);
    assert_false(answer.marked);
    host_send(&h, &(host_ask){ .nonce = nonce }, &answer);
    assert_int_equal(answer.outcome.reason, CSN_R_NONE);
    host_close(&h);
}

static size_t hashes;

static csn_status
count_digest(csn_hash hash, const csn_span *parts, size_t count, uint8_t *out)
{
    hashes++;
    return csn_crypto_openssl()->digest(hash, parts, count, out);
}

static csn_status
count_pair(csn_hash hash, const csn_span *shared, size_t count, csn_span a,
    csn_span b, uint8_t *out_a, uint8_t *out_b)
{
    hashes += 2;
    return csn_crypto_openssl()->digest_pair(hash, shared, count, a, b, out_a,
        out_b);
}

static const struct work {
    const char *name;
    host_ask ask;
} works[] = {
    { "D-39 H-02 plain", { .nc = "00000002" } },
    { "D-39 H-02 auth-int", { .nc = "00000002", .qop = "auth-int" } },
    { "D-39 H-02 a hashed name", { .nc = "00000002", .userhash = true } },
    { "D-39 H-02 -sess", { .nc = "00000002", .algorithm = "SHA-256-sess" } },
    { "D-39 H-02 -sess, auth-int, a hashed name",
        { .nc = "00000002",
            .algorithm = "SHA-256-sess",
            .qop = "auth-int",
            .userhash = true } },
};

/* The same hashes for the nonce's user, for another, and for nobody. */
static void
run_work(void **state)
{
    const struct work *row = *state;
    static const char *const users[] = { "alice", UTF8_NAME, "mallory" };
    csn_crypto counting = *csn_crypto_openssl();
    size_t first = 0;
    char nonce[64];
    host_ask ask;
    host_answer answer;
    host h;

    counting.digest = count_digest;
    counting.digest_pair = count_pair;
    host_open(&h, with_userhash);
    h.config.qops = CSN_QOP_AUTH | CSN_QOP_AUTH_INT;
    h.crypto = &counting;
    host_reload(&h);
    h.crypto = csn_crypto_openssl();
    host_nonce(&h, nonce);

    ask = row->ask;
    ask.nonce = nonce;
    ask.nc = "00000001";
    host_send(&h, &ask, &answer);
    CHECK_EQ(row->name, answer.outcome.reason, CSN_R_NONE);
    for (size_t i = 0; i < COUNT_OF(users); i++) {
        ask = row->ask;
        ask.nonce = nonce;
        ask.user = users[i];
        ask.password = "wrong";
        hashes = 0;
        host_send(&h, &ask, &answer);
        CHECK_EQ(row->name, answer.outcome.reason,
            i == 2 ? CSN_R_UNKNOWN_USER : CSN_R_WRONG_RESPONSE);
        if (i == 0)
            first = hashes;
        CHECK_EQ(row->name, hashes, first);
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
        TEST("A-59 the longest username*", longest),
        TEST("A-52 A-54 digits of a hashed name", digits),
        TEST("B-21 userhash in challenges", offered),
        TEST("B-21 a nonce keeps the offer it came with", offer_ended),
        TEST("D-40 one user, however he is named", one_user),
        TEST("D-40 a hashed name without its user", nameless),
    };

    return CHECK_ROWS("names as sent", named, run_named) +
        CHECK_ROWS("hashed names", hashed, run_hashed) +
        CHECK_ROWS("the same work", works, run_work) +
        cmocka_run_group_tests_name("beside them", tests, NULL, NULL);
}
