// SPDX-License-Identifier: MIT
#include "adapter_rig.h"

#include "check.h"

/* Several threads over one session, contents that cannot be repeated, logins
 * that are taken back. */

enum { THREADS = 4, EACH = MAX_PAIRS / THREADS };

struct worker {
    const char *address;
    csn_curl_session *session;
    unsigned delivered;
};

static void *
work(void *userp)
{
    struct worker *worker = userp;
    CURL *easy = curl_easy_init();

    for (unsigned i = 0; easy != NULL && i < EACH; i++) {
        csn_curl_request request = { .version = CSN_CURL_REQUEST_VERSION,
            .url = worker->address,
            .proof = CSN_PROOF_EXPECT };
        csn_curl_transfer *transfer = NULL;

        if (csn_curl_attach(worker->session, easy, &request, &transfer) ==
                CSN_OK &&
            csn_curl_perform(transfer) == CSN_CURL_DELIVERED)
            worker->delivered++;
        csn_curl_detach(transfer);
    }
    curl_easy_cleanup(easy);
    return NULL;
}

static void
threads_never_share_a_count(void **state)
{
    struct rig rig;
    struct worker workers[THREADS];
    pthread_t threads[THREADS];
    csn_curl_session *session = adapter_session();

    (void)state;
    adapter_rig_open(&rig, adapter_origin);
    CHECK_EQ("login",
        csn_curl_login(session, CSN_LAYER_ORIGIN, rig.address, "u", "pw"),
        CSN_OK);
    for (size_t i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){ rig.address, session, 0 };
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]),
            0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        CHECK_EQ("delivered", workers[i].delivered, EACH);
    }
    CHECK_EQ("C-28 answered", rig.world.pair_count, THREADS * EACH);
    CHECK_EQ("C-28 repeated", rig.world.repeated, 0);
    csn_curl_session_close(session);
    adapter_rig_close(&rig);
}

/* A pipe's content: what was read is gone. */
struct pipe_content {
    size_t left;
    bool read;
};

static size_t
read_pipe(char *data, size_t size, size_t count, void *userp)
{
    struct pipe_content *content = userp;
    size_t len = size * count < content->left ? size * count : content->left;

    content->read = true;
    memset(data, 'x', len);
    content->left -= len;
    return len;
}

static csn_curl_end
send_once(struct rig *rig, csn_curl_session *session, const char *path,
    bool expect, csn_curl_result *result)
{
    CURL *easy = curl_easy_init();
    char url[128];
    struct pipe_content content = { .left = 100 };
    struct curl_slist *none = curl_slist_append(NULL, "Expect:");
    csn_curl_transfer *transfer = NULL;
    csn_curl_request request = { .version = CSN_CURL_REQUEST_VERSION,
        .url = url,
        .headers = expect ? NULL : none,
        .proof = CSN_PROOF_EXPECT,
        .max_redirects = -1,
        .body = CSN_CURL_BODY_ONCE,
        .read = read_pipe,
        .read_data = &content };
    csn_curl_end end;

    (void)snprintf(url, sizeof(url), "%s%s", rig->address, path);
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_INFILESIZE, 100L);
    CHECK_EQ("attach", csn_curl_attach(session, easy, &request, &transfer),
        CSN_OK);
    end = adapter_run(rig->multi, easy, transfer, result);
    csn_curl_detach(transfer);
    curl_easy_cleanup(easy);
    curl_slist_free_all(none);
    return end;
}

static void
contents_sent_once_wait_to_be_asked(void **state)
{
    struct rig rig;
    csn_curl_result result;
    csn_curl_session *session = adapter_session();

    (void)state;
    adapter_rig_open(&rig, adapter_origin);
    CHECK_EQ("login",
        csn_curl_login(session, CSN_LAYER_ORIGIN, rig.address, "u", "pw"),
        CSN_OK);
    CHECK_EQ("F-40 by 100-continue",
        send_once(&rig, session, "/", true, &result), CSN_CURL_DELIVERED);
    CHECK_EQ("F-40 whole", rig.world.contents[0], 100);
    CHECK_EQ("F-40 left behind by a redirect",
        send_once(&rig, session, "/leave", true, &result), CSN_CURL_DELIVERED);
    CHECK_EQ("F-40 once", rig.world.contents[1], 100);
    CHECK_EQ("F-40 and no more", rig.world.contents[2], 0);
    assert_string_equal(rig.world.served[2], " /there");
    /* Where the program forbids that, the loss is an error and no more. */
    csn_curl_logout(session, CSN_LAYER_ORIGIN, rig.address);
    CHECK_EQ("login",
        csn_curl_login(session, CSN_LAYER_ORIGIN, rig.address, "u", "pw"),
        CSN_OK);
    CHECK_EQ("F-40 gone", send_once(&rig, session, "/", false, &result),
        CSN_CURL_TRANSFER);
    CHECK_EQ("F-40 code", result.code, CURLE_SEND_FAIL_REWIND);
    CHECK_EQ("F-40 nothing half was sent", rig.world.served_count, 3);
    csn_curl_session_close(session);
    adapter_rig_close(&rig);
}

static void
forgotten_logins_are_not_used(void **state)
{
    struct rig rig;
    struct worker worker;
    csn_curl_session *session = adapter_session();

    (void)state;
    adapter_rig_open(&rig, adapter_origin);
    worker = (struct worker){ rig.address, session, 0 };
    CHECK_EQ("login",
        csn_curl_login(session, CSN_LAYER_ORIGIN, rig.address, "u", "pw"),
        CSN_OK);
    work(&worker);
    CHECK_EQ("before", worker.delivered, EACH);
    csn_curl_logout(session, CSN_LAYER_ORIGIN, rig.address);
    work(&worker);
    CHECK_EQ("F-50 after", worker.delivered, EACH);
    CHECK_EQ("F-50 sent", rig.world.pair_count, EACH);
    csn_curl_session_close(session);
    adapter_rig_close(&rig);
}

/* One request, that must be delivered. */
static void
deliver(struct rig *rig, csn_curl_session *session, const char *name)
{
    csn_curl_request request = { .version = CSN_CURL_REQUEST_VERSION,
        .url = rig->address,
        .proof = CSN_PROOF_EXPECT };
    csn_curl_transfer *transfer = NULL;
    csn_curl_result result;
    CURL *easy = curl_easy_init();

    CHECK_EQ(name, csn_curl_attach(session, easy, &request, &transfer),
        CSN_OK);
    CHECK_EQ(name, adapter_run(rig->multi, easy, transfer, &result),
        CSN_CURL_DELIVERED);
    csn_curl_detach(transfer);
    curl_easy_cleanup(easy);
}

/* At one origin, over one pool of connections. */
static void
several_users_share_nothing(void **state)
{
    struct rig rig;
    csn_curl_session *first = adapter_session();
    csn_curl_session *second = adapter_session();

    (void)state;
    adapter_rig_open(&rig, adapter_origin);
    CHECK_EQ("login",
        csn_curl_login(first, CSN_LAYER_ORIGIN, rig.address, "u", "pw"),
        CSN_OK);
    CHECK_EQ("login",
        csn_curl_login(second, CSN_LAYER_ORIGIN, rig.address, "v", "pw"),
        CSN_OK);
    for (unsigned i = 0; i < 3; i++) {
        deliver(&rig, first, "F-51 one user");
        deliver(&rig, second, "F-51 another user");
    }
    CHECK_EQ("F-51 each was asked once", rig.world.nonces, 2);
    CHECK_EQ("F-51 answered", rig.world.pair_count, 6);
    CHECK_EQ("F-51 no count twice", rig.world.repeated, 0);
    /* The same session for another user: nothing of the first is left. */
    CHECK_EQ("login",
        csn_curl_login(first, CSN_LAYER_ORIGIN, rig.address, "w", "pw"),
        CSN_OK);
    deliver(&rig, first, "F-51 a third user");
    CHECK_EQ("F-51 is asked anew", rig.world.nonces, 3);
    CHECK_EQ("login",
        csn_curl_login(first, CSN_LAYER_ORIGIN, rig.address, "u", "pw"),
        CSN_OK);
    deliver(&rig, first, "F-50 the first again");
    CHECK_EQ("F-50 whose session was forgotten", rig.world.nonces, 4);
    csn_curl_session_close(first);
    csn_curl_session_close(second);
    adapter_rig_close(&rig);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        { "C-28 threads never share a count", threads_never_share_a_count,
            NULL, NULL, NULL },
        { "F-51 several users share nothing", several_users_share_nothing,
            NULL, NULL, NULL },
        { "F-40 contents sent once wait to be asked",
            contents_sent_once_wait_to_be_asked, NULL, NULL, NULL },
        { "F-50 forgotten logins are not used", forgotten_logins_are_not_used,
            NULL, NULL, NULL },
    };
    int failed;

    curl_global_init(CURL_GLOBAL_DEFAULT);
    failed = cmocka_run_group_tests_name("use", tests, NULL, NULL);
    curl_global_cleanup();
    return failed;
}
