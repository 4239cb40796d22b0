// SPDX-License-Identifier: MIT

/* Requests judged with what a host has in memory. */

#include "../attack/rig.h"
#include "../store/users/rig.h"

#include <countersign/crypto_openssl.h>

#include "common/judge.h"

enum { FAILURES = 3, MINUTE_MS = 60000, TABLE_SIZE = 1 << 18 };

static const uint8_t address[16] = { [10] = 255, [11] = 255, [12] = 192 };
static const csn_throttle_limits limits = { FAILURES, MINUTE_MS, 5000 };
static _Alignas(64) uint8_t throttle_memory[16384];
static _Alignas(64) uint8_t other_memory[TABLE_SIZE];

static attack_site site;
static attack_request request;
static csn_users *users;
static csn_server_exchange exchange;
static csn_server_outcome outcome;
static csn_judge judge;
static unsigned content_asked;

static void
offer_all(csn_server_config *config)
{
    config->qops = CSN_QOP_AUTH | CSN_QOP_AUTH_INT;
    config->userhash = true;
}

static void
load_users(void)
{
    char folder[64], text[512], ha1[65];
    csn_users_error error = { "" };
    const char *path;

    attack_hash("SHA-256", "alice:" ATTACK_REALM ":secret", ha1);
    snprintf(text, sizeof(text), "alice:" ATTACK_REALM ":%s\n", ha1);
    rig_folder_make(folder);
    path = rig_path(folder, "users");
    rig_write(path, check_text(text));
    assert_int_equal(
        csn_users_load(path, csn_crypto_openssl(), &users, &error), CSN_OK);
    rig_folder_drop(folder);
}

static int
begin(void **state)
{
    csn_throttle *throttle;

    (void)state;
    attack_open(&site, offer_all);
    load_users();
    assert_int_equal(csn_throttle_init(throttle_memory,
                         sizeof(throttle_memory), csn_crypto_openssl(),
                         site.now_ms, &throttle),
        CSN_OK);
    judge = (csn_judge){ .exchange = &exchange,
        .users = users,
        .counts = site.table,
        .throttle = throttle,
        .limits = &limits,
        .layer = CSN_LAYER_ORIGIN,
        .address = address };
    content_asked = 0;
    attack_right(&site, &request);
    return 0;
}

static int
end(void **state)
{
    (void)state;
    csn_users_release(users);
    attack_close(&site);
    return 0;
}

/* Judge the request as it stands. */
static csn_judged
ask(void)
{
    static uint8_t scratch[CSN_SCRATCH_SIZE];
    char line[ATTACK_LINE];
    csn_span value;
    csn_server_request input = {
        .target = { check_text(request.method), check_text(request.target),
            check_text(request.scheme), check_text(request.authority) },
        .lines = &value,
        .line_count = 1,
        .now_ms = site.now_ms,
        .scratch = scratch,
        .scratch_len = sizeof(scratch),
    };
    csn_judged judged;

    attack_line(&request, line);
    value = check_exact(check_text(line));
    csn_counts_domain(site.table, input.domain);
    judged = csn_judge_request(&judge, &site.server, &input);
    outcome = csn_server_get_outcome(&exchange);
    outcome.user = (csn_span){ NULL, 0 };
    csn_server_end(&exchange);
    check_drop(value);
    return judged;
}

static csn_reason
reason(void)
{
    assert_int_equal(ask().code, CSN_JUDGED);
    return outcome.reason;
}

static void
count(const char *nc)
{
    attack_set(&request, P_NC, nc);
    attack_sign(&request, "secret");
}

static void
test_counts(void **state)
{
    (void)state;
    CHECK_EQ("once", reason(), CSN_R_NONE);
    CHECK_EQ("twice", reason(), CSN_R_REPLAY);
    count("00000002");
    CHECK_EQ("the next", reason(), CSN_R_NONE);
}

static void
test_marked(void **state)
{
    csn_judge_mark marked = { 0 };
    attack_request first;

    (void)state;
    judge.marked = &marked;
    CHECK_EQ("once", reason(), CSN_R_NONE);
    CHECK_EQ("the same request again", reason(), CSN_R_NONE);
    count("00000002");
    CHECK_EQ("another count", reason(), CSN_R_NONE);
    count("00000001");
    CHECK_EQ("the one before is used", reason(), CSN_R_REPLAY);
    CHECK_EQ("and stays so", reason(), CSN_R_REPLAY);

    /* The same count under another nonce, which was used, too. */
    first = request;
    attack_right(&site, &request);
    judge.marked = NULL;
    CHECK_EQ("another nonce", reason(), CSN_R_NONE);
    judge.marked = &marked;
    marked = (csn_judge_mark){ 0 };
    first.value[P_NC][7] = '3';
    attack_sign(&first, "secret");
    count("00000003");
    CHECK_EQ("its third", reason(), CSN_R_NONE);
    request = first;
    CHECK_EQ("the first nonce's third", reason(), CSN_R_NONE);
    judge.marked = NULL;
    CHECK_EQ("which is marked by it", reason(), CSN_R_REPLAY);
}

/* What was marked in one table says nothing about another. */
static void
test_marked_elsewhere(void **state)
{
    csn_judge_mark marked = { 0 };
    csn_counts *other;

    (void)state;
    judge.marked = &marked;
    CHECK_EQ("here", reason(), CSN_R_NONE);
    assert_int_equal(csn_counts_init(other_memory, sizeof(other_memory),
                         csn_crypto_openssl(), site.now_ms, &other),
        CSN_OK);
    judge.counts = other;
    CHECK_EQ("elsewhere", reason(), CSN_R_STALE_DOMAIN);
}

static void
test_names(void **state)
{
    char hex[65];

    (void)state;
    attack_hash("SHA-256", "alice:" ATTACK_REALM, hex);
    attack_set(&request, P_USERNAME, hex);
    attack_set(&request, P_USERHASH, "true");
    attack_sign(&request, "secret");
    CHECK_EQ("a hashed name", reason(), CSN_R_NONE);
    hex[0] = hex[0] == 'a' ? 'b' : 'a';
    attack_set(&request, P_USERNAME, hex);
    count("00000002");
    CHECK_EQ("a hash of nobody's", reason(), CSN_R_UNKNOWN_USER);
    attack_right(&site, &request);
    attack_set(&request, P_USERNAME, "bob");
    attack_sign(&request, "secret");
    CHECK_EQ("nobody", reason(), CSN_R_UNKNOWN_USER);
    assert_true(outcome.failed_login && !outcome.user_known);
}

static void
test_guessing(void **state)
{
    csn_judged judged;

    (void)state;
    for (unsigned i = 0; i < 10 * FAILURES; i++)
        (void)reason(); /* replays are no guesses */
    attack_sign(&request, "guess");
    for (unsigned i = 0; i <= FAILURES; i++)
        CHECK_EQ("wrong", reason(), CSN_R_WRONG_RESPONSE);
    count("00000002");
    judged = ask();
    CHECK_EQ("over", judged.code, CSN_JUDGED_OVER);
    CHECK_EQ("for so long", judged.wait_ms, MINUTE_MS / FAILURES);
    site.now_ms += judged.wait_ms;
    CHECK_EQ("and then, unspent", reason(), CSN_R_NONE);

    attack_sign(&request, "guess");
    judge.throttle = NULL;
    for (unsigned i = 0; i < 10 * FAILURES; i++)
        CHECK_EQ("no limit", reason(), CSN_R_WRONG_RESPONSE);
}

/* A user whom many guess at gets no 429, but waits when he is wrong. */
static void
test_delay(void **state)
{
    uint8_t source[16];

    (void)state;
    memcpy(source, address, sizeof(source));
    judge.address = source;
    attack_sign(&request, "guess");
    for (unsigned i = 0; i < 2 * FAILURES; i++) {
        source[15]++;
        CHECK_EQ("not yet", ask().delay_ms, 0);
    }
    source[15]++;
    CHECK_EQ("a wrong answer", ask().delay_ms, 5000 / (2 * FAILURES));
    attack_sign(&request, "secret");
    CHECK_EQ("a right one", ask().delay_ms, 0);
    CHECK_EQ("is let in", outcome.verdict, CSN_VERDICT_ALLOW);
}

static bool
to_come(void *host, csn_hash hash, csn_content *content, uint8_t *digest)
{
    (void)host;
    (void)hash;
    (void)content;
    (void)digest;
    content_asked++;
    return false;
}

static bool
is_empty(void *host, csn_hash hash, csn_content *content, uint8_t *digest)
{
    const csn_span nothing = CSN_SPAN("");

    assert_ptr_equal(host, &site);
    content_asked++;
    content->code = CSN_CONTENT_HASHED;
    content->digest = digest;
    return csn_crypto_openssl()->digest(hash, &nothing, 1, digest) == CSN_OK;
}

static void
test_content(void **state)
{
    (void)state;
    judge.host = &site;
    judge.content = to_come;
    CHECK_EQ("auth asks for none", reason(), CSN_R_NONE);
    attack_set(&request, P_QOP, "auth-int");
    count("00000002");
    CHECK_EQ("it is to come", ask().code, CSN_JUDGED_LATER);
    CHECK_EQ("was asked for", content_asked, 1);
    judge.content = NULL;
    CHECK_EQ("there is none to be had", ask().code, CSN_JUDGED);
    CHECK_EQ("too large", outcome.http_status, 413);
    judge.content = is_empty;
    CHECK_EQ("here it is, the count unspent", reason(), CSN_R_NONE);
    snprintf(request.content, sizeof(request.content), "x");
    count("00000003");
    CHECK_EQ("another content", reason(), CSN_R_WRONG_RESPONSE);
}

#define TEST(name, fn)                                                        \
    {                                                                         \
        name, fn, begin, end, NULL                                            \
    }

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("D-23 a count is marked once", test_counts),
        TEST("D-23 a request that is judged twice has one count", test_marked),
        TEST("D-23 a count marked in another table", test_marked_elsewhere),
        TEST("D-39 names, hashed ones, and nobody's", test_names),
        TEST("H-09 guesses are counted, and refused unread", test_guessing),
        TEST("H-09 an answer about a user who is guessed at waits",
            test_delay),
        TEST("D-41 content: to come, not to be had, there", test_content),
    };

    return cmocka_run_group_tests_name("common_judge", tests, NULL, NULL);
}
