// SPDX-License-Identifier: MIT
#include <countersign/crypto_openssl.h>
#include <countersign/curl.h>

#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "records.h"
#include "session.h"

/* What outlives an exchange: logins, spaces, tunnels, the proof store. */

static void
check_text_equal(const char *name, const char *got, const char *want)
{
    CHECK_SPAN(name, check_text(got), check_text(want));
}

static void
records_survive_a_file(void **state)
{
    static const char *const texts[] = { "", "-", "a b", "%41", "\"\\#",
        "J\xc3\xa4s\xc3\xb8n", "\xff", "a\tb" };
    char path[] = "/tmp/csn-records-XXXXXX";
    int fd = mkstemp(path);
    curl_records written = { 0 };
    curl_records read = { 0 };

    (void)state;
    assert_true(fd >= 0);
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        curl_record record = { .layer = i % 2 ? CSN_LAYER_PROXY
                                              : CSN_LAYER_ORIGIN,
            .scheme = (char *)(uintptr_t) "https",
            .host = (char *)(uintptr_t) "[::1]",
            .port = 443,
            .realm = (char *)(uintptr_t)texts[i],
            .user = (char *)(uintptr_t)texts[COUNT_OF(texts) - 1 - i],
            .seen = CSN_SEEN_DIGEST | CSN_SEEN_PROOF |
                (i % 3 ? CSN_SEEN_SHA2 : 0) };
        bool changed = false;

        CHECK_EQ(texts[i], csn_curl_records_add(&written, &record, &changed),
            CSN_OK);
        CHECK_EQ(texts[i], changed, true);
        changed = false;
        CHECK_EQ(texts[i], csn_curl_records_add(&written, &record, &changed),
            CSN_OK);
        CHECK_EQ(texts[i], changed, false);
    }
    CHECK_EQ("save", csn_curl_records_save(&written, path), CSN_OK);
    CHECK_EQ("load", csn_curl_records_load(&read, path), CSN_OK);
    CHECK_EQ("count", read.count, COUNT_OF(texts));
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        CHECK_EQ(texts[i], read.items[i].layer, written.items[i].layer);
        CHECK_EQ(texts[i], read.items[i].seen, written.items[i].seen);
        check_text_equal("realm", read.items[i].realm, texts[i]);
        check_text_equal("user", read.items[i].user,
            texts[COUNT_OF(texts) - 1 - i]);
    }
    csn_curl_records_free(&written);
    csn_curl_records_free(&read);
    close(fd);
    unlink(path);
}

static csn_curl_session *
open_session(bool plain_secrets)
{
    csn_curl_settings settings = { .version = CSN_CURL_SETTINGS_VERSION,
        .crypto = csn_crypto_openssl(),
        .plain_secrets = plain_secrets };
    csn_curl_session *session = NULL;

    CHECK_EQ("open", csn_curl_session_open(&settings, &session), CSN_OK);
    return session;
}

static void
sessions_need_settings(void **state)
{
    csn_curl_settings settings = { .version = 0,
        .crypto = csn_crypto_openssl() };
    csn_curl_session *session = NULL;

    (void)state;
    CHECK_EQ("version", csn_curl_session_open(&settings, &session),
        CSN_E_CONFIG);
    settings.version = CSN_CURL_SETTINGS_VERSION;
    settings.crypto = NULL;
    CHECK_EQ("crypto", csn_curl_session_open(&settings, &session),
        CSN_E_CONFIG);
    assert_null(session);
    csn_curl_session_close(NULL);
}

static void
secrets_do_not_change_schemes(void **state)
{
    csn_curl_session *session = open_session(false);

    (void)state;
    CHECK_EQ("https",
        csn_curl_login(session, CSN_LAYER_ORIGIN, "https://h", "u", "p"),
        CSN_OK);
    CHECK_EQ("H-17 the same over http",
        csn_curl_login(session, CSN_LAYER_ORIGIN, "http://i", "u", "p"),
        CSN_E_REFUSED);
    CHECK_EQ("H-17 another secret",
        csn_curl_login(session, CSN_LAYER_ORIGIN, "http://i", "u", "q"),
        CSN_OK);
    CHECK_EQ("H-17 another layer",
        csn_curl_login(session, CSN_LAYER_PROXY, "http://i", "u", "p"),
        CSN_OK);
    csn_curl_logout(session, CSN_LAYER_ORIGIN, "https://h");
    CHECK_EQ("H-17 forgotten",
        csn_curl_login(session, CSN_LAYER_ORIGIN, "http://i", "u", "p"),
        CSN_OK);
    CHECK_EQ("H-17 the other way round",
        csn_curl_login(session, CSN_LAYER_ORIGIN, "https://h", "u", "p"),
        CSN_E_REFUSED);
    csn_curl_session_close(session);
    session = open_session(true);
    CHECK_EQ("https",
        csn_curl_login(session, CSN_LAYER_ORIGIN, "https://h", "u", "p"),
        CSN_OK);
    CHECK_EQ("H-17 with consent",
        csn_curl_login(session, CSN_LAYER_ORIGIN, "http://i", "u", "p"),
        CSN_OK);
    csn_curl_session_close(session);
}

static curl_peer *
peer_at(csn_curl_session *session, const char *url)
{
    curl_url_parts parts;
    curl_peer *peer;

    CHECK_EQ(url, csn_curl_login(session, CSN_LAYER_PROXY, url, "u", "p"),
        CSN_OK);
    CHECK_EQ(url, csn_curl_url_proxy_read(url, &parts), CSN_OK);
    peer = csn_curl_session_find_peer(session, CSN_LAYER_PROXY, &parts);
    csn_curl_url_parts_free(&parts);
    assert_non_null(peer);
    return peer;
}

static void
spaces_of_a_peer_are_bounded(void **state)
{
    csn_curl_session *session = open_session(false);
    curl_peer *peer = peer_at(session, "http://p:1");
    curl_space *first = NULL;
    curl_space *space = NULL;
    size_t count = 0;
    char realm[16];

    (void)state;
    CHECK_EQ("first", csn_curl_session_space(peer, "kept", &first), CSN_OK);
    first->refs++; /* a request is under way in it */
    for (int i = 0; i < 3 * SESSION_SPACES; i++) {
        (void)snprintf(realm, sizeof(realm), "realm %d", i);
        CHECK_EQ(realm, csn_curl_session_space(peer, realm, &space), CSN_OK);
    }
    for (space = peer->spaces; space != NULL; space = space->next)
        count++;
    CHECK_EQ("H-26 spaces", count, SESSION_SPACES);
    CHECK_EQ("in use", csn_curl_session_space(peer, "kept", &space), CSN_OK);
    assert_ptr_equal(space, first);
    for (space = peer->spaces; space != NULL; space = space->next)
        space->refs++;
    CHECK_EQ("H-26 all in use",
        csn_curl_session_space(peer, "one more", &space), CSN_E_LIMIT);
    csn_curl_session_close(session);
}

static void
tunnels_are_known_by_who_opened_them(void **state)
{
    csn_curl_session *session = open_session(false);
    const curl_peer *one = peer_at(session, "http://p:1");
    const curl_peer *two = peer_at(session, "http://q:1");
    const csn_client_result proved = { .proof = CSN_PROOF_PROVED,
        .deliver = true };
    csn_client_result result = { .proof = CSN_PROOF_ABSENT };
    char key[TUNNEL_KEY];

    (void)state;
    csn_curl_session_add_tunnel(session, "a 1 b 2", one, &proved);
    assert_true(
        csn_curl_session_find_tunnel(session, "a 1 b 2", one, &result));
    CHECK_EQ("F-56 proof", result.proof, CSN_PROOF_PROVED);
    assert_false(
        csn_curl_session_find_tunnel(session, "a 1 b 3", one, &result));
    assert_false(
        csn_curl_session_find_tunnel(session, "a 1 b 2", two, &result));
    assert_false(
        csn_curl_session_find_tunnel(session, "a 1 b 2", NULL, &result));
    /* The same ends again: the newer tunnel is what is there. */
    csn_curl_session_add_tunnel(session, "a 1 b 2", two, &proved);
    assert_false(
        csn_curl_session_find_tunnel(session, "a 1 b 2", one, &result));
    assert_true(
        csn_curl_session_find_tunnel(session, "a 1 b 2", two, &result));
    /* The oldest makes way, and is then opened anew. */
    for (int i = 0; i < SESSION_TUNNELS; i++) {
        (void)snprintf(key, sizeof(key), "x %d y 1", i);
        csn_curl_session_add_tunnel(session, key, one, &proved);
    }
    assert_true(csn_curl_session_find_tunnel(session, key, one, &result));
    assert_false(
        csn_curl_session_find_tunnel(session, "a 1 b 2", two, &result));
    csn_curl_session_close(session);
}

static size_t
no_content(char *data, size_t size, size_t count, void *userp)
{
    (void)data;
    (void)size;
    (void)count;
    (void)userp;
    return 0;
}

static void
requests_are_checked(void **state)
{
    csn_curl_session *session = open_session(false);
    CURL *easy = curl_easy_init();
    struct curl_slist *bad = curl_slist_append(NULL,
        "proxy-authorization: Basic x");
    csn_curl_transfer *transfer = NULL;
    const csn_curl_request right = { .version = CSN_CURL_REQUEST_VERSION,
        .url = "http://h/" };
    csn_curl_request request = right;

    (void)state;
    request.version = 0;
    CHECK_EQ("version", csn_curl_attach(session, easy, &request, &transfer),
        CSN_E_CONFIG);
    request = right;
    request.url = NULL;
    CHECK_EQ("no URL", csn_curl_attach(session, easy, &request, &transfer),
        CSN_E_CONFIG);
    request.url = "http://";
    CHECK_EQ("bad URL", csn_curl_attach(session, easy, &request, &transfer),
        CSN_E_SYNTAX);
    request = right;
    request.proxy = "http://:x";
    CHECK_EQ("bad proxy", csn_curl_attach(session, easy, &request, &transfer),
        CSN_E_SYNTAX);
    request = right;
    request.headers = bad;
    CHECK_EQ("F-57 header",
        csn_curl_attach(session, easy, &request, &transfer), CSN_E_CONFIG);
    request = right;
    request.proxy_headers = bad;
    CHECK_EQ("F-57 proxy header",
        csn_curl_attach(session, easy, &request, &transfer), CSN_E_CONFIG);
    request = right;
    request.body = CSN_CURL_BODY_ONCE;
    CHECK_EQ("F-40 no read",
        csn_curl_attach(session, easy, &request, &transfer), CSN_E_CONFIG);
    request.body = CSN_CURL_BODY_REPEAT;
    request.read = no_content;
    CHECK_EQ("F-40 no rewind",
        csn_curl_attach(session, easy, &request, &transfer), CSN_E_CONFIG);
    assert_null(transfer);
    CHECK_EQ("right", csn_curl_attach(session, easy, &right, &transfer),
        CSN_OK);
    csn_curl_detach(transfer);
    csn_curl_detach(NULL);
    curl_slist_free_all(bad);
    curl_easy_cleanup(easy);
    csn_curl_session_close(session);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(records_survive_a_file, NULL),
        cmocka_unit_test_prestate(sessions_need_settings, NULL),
        cmocka_unit_test_prestate(secrets_do_not_change_schemes, NULL),
        cmocka_unit_test_prestate(spaces_of_a_peer_are_bounded, NULL),
        cmocka_unit_test_prestate(tunnels_are_known_by_who_opened_them, NULL),
        cmocka_unit_test_prestate(requests_are_checked, NULL),
    };
    int failed;

    curl_global_init(CURL_GLOBAL_DEFAULT);
    failed = cmocka_run_group_tests_name("session", tests, NULL, NULL);
    curl_global_cleanup();
    return failed;
}
