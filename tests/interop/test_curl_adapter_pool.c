// SPDX-License-Identifier: MIT
#include <countersign/crypto_openssl.h>
#include <countersign/curl.h>

#include <pthread.h>

#include "c_peer.h"
#include "check.h"

/*
 * The adapter as a library: several sessions over one pool of connections,
 * several threads over one session, contents that cannot be repeated.
 */

enum {
    MAX_NOTES = 64,
    NOTE = PEER_USER + 64,
    THREADS = 4,
    EACH = 25,
    PARALLEL = 6
};

/* What the peers saw. */
struct world {
    pthread_mutex_t lock;
    unsigned connects;
    unsigned nonces;
    char served[MAX_NOTES][NOTE]; /* "USER /target" */
    unsigned served_count;
    char pairs[THREADS * EACH][96]; /* "NONCE NC" */
    unsigned pair_count;
    unsigned repeated;
    size_t contents[MAX_NOTES];
};

static void
challenge(struct world *world, char answer[PEER_ANSWER], const char *field,
    unsigned status)
{
    (void)snprintf(answer, PEER_ANSWER,
        "HTTP/1.1 %u No\r\n%s: Digest realm=\"r\", nonce=\"n%u\", "
        "qop=\"auth\", algorithm=SHA-256\r\nContent-Length: 0\r\n\r\n",
        status, field, ++world->nonces);
}

static void
note_served(struct world *world, const c_peer_request *request)
{
    const char *target = strchr(request->head, ' ') + 1;
    size_t len = strcspn(target, " ");
    char *note = world->served[world->served_count];

    if (world->served_count == MAX_NOTES)
        return;
    (void)snprintf(note, NOTE, "%s %.*s", request->user,
        (int)(len < NOTE / 2 ? len : NOTE / 2), target);
    world->contents[world->served_count++] = request->content;
}

/* A proxy that lets everybody in who names a user, and never proves itself;
 * it answers inside its tunnels by itself. */
static bool
proxy(void *data, c_peer_request *request, char answer[PEER_ANSWER])
{
    struct world *world = data;
    char user[PEER_USER];

    pthread_mutex_lock(&world->lock);
    if (strncmp(request->head, "CONNECT ", 8) != 0) {
        note_served(world, request);
        (void)snprintf(answer, PEER_ANSWER,
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    } else if (c_peer_param(request, "Proxy-Authorization", "username", user,
                   sizeof(user)) ||
        c_peer_param(request, "Proxy-Authorization", "Digest username", user,
            sizeof(user))) {
        world->connects++;
        memcpy(request->user, user, sizeof(user));
        (void)snprintf(answer, PEER_ANSWER, "HTTP/1.1 200 OK\r\n\r\n");
    } else {
        challenge(world, answer, "Proxy-Authenticate", 407);
    }
    pthread_mutex_unlock(&world->lock);
    return true;
}

/* An origin that lets in whoever comes with credentials, and keeps a list of
 * their counts. */
static bool
origin(void *data, c_peer_request *request, char answer[PEER_ANSWER])
{
    struct world *world = data;
    char nonce[40];
    char nc[40];
    char *pair;

    pthread_mutex_lock(&world->lock);
    if (world->pair_count < COUNT_OF(world->pairs) &&
        c_peer_param(request, "Authorization", "nonce", nonce,
            sizeof(nonce)) &&
        c_peer_param(request, "Authorization", "nc", nc, sizeof(nc))) {
        pair = world->pairs[world->pair_count];
        (void)snprintf(pair, sizeof(world->pairs[0]), "%s %s", nonce, nc);
        for (unsigned i = 0; i < world->pair_count; i++)
            if (strcmp(world->pairs[i], pair) == 0)
                world->repeated++;
        world->pair_count++;
        note_served(world, request);
        (void)snprintf(answer, PEER_ANSWER,
            "HTTP/1.1 %s\r\nContent-Length: 2\r\n\r\nok",
            strstr(request->head, " /leave ")
                ? "303 Elsewhere\r\nLocation: /there"
                : "200 OK");
    } else {
        challenge(world, answer, "WWW-Authenticate", 401);
    }
    pthread_mutex_unlock(&world->lock);
    return true;
}

static csn_curl_session *
open_session(void)
{
    csn_curl_settings settings = { .version = CSN_CURL_SETTINGS_VERSION,
        .crypto = csn_crypto_openssl() };
    csn_curl_session *session = NULL;

    CHECK_EQ("open", csn_curl_session_open(&settings, &session), CSN_OK);
    return session;
}

/* Run a transfer in a pool of connections. */
static csn_curl_end
run(CURLM *multi, CURL *easy, csn_curl_transfer *transfer,
    csn_curl_result *result)
{
    csn_curl_step step;

    do {
        CURLcode code = CURLE_FAILED_INIT;
        int running = 1;
        CURLMsg *message;
        int left;

        curl_multi_add_handle(multi, easy);
        while (running != 0) {
            curl_multi_perform(multi, &running);
            if (running != 0)
                curl_multi_poll(multi, NULL, 0, 1000, NULL);
        }
        while ((message = curl_multi_info_read(multi, &left)) != NULL)
            if (message->msg == CURLMSG_DONE)
                code = message->data.result;
        curl_multi_remove_handle(multi, easy);
        step = csn_curl_finish(transfer, code);
    } while (step == CSN_CURL_AGAIN);
    csn_curl_outcome(transfer, result);
    return result->end;
}

struct rig {
    struct world world;
    c_peer *peer;
    char address[64];
    CURLM *multi;
};

static void
rig_open(struct rig *rig, c_peer_handler handler)
{
    memset(rig, 0, sizeof(*rig));
    pthread_mutex_init(&rig->world.lock, NULL);
    rig->peer = c_peer_open(handler, &rig->world);
    (void)snprintf(rig->address, sizeof(rig->address), "http://127.0.0.1:%u",
        c_peer_port(rig->peer));
    rig->multi = curl_multi_init();
    assert_non_null(rig->multi);
}

static void
rig_close(struct rig *rig)
{
    curl_multi_cleanup(rig->multi);
    c_peer_close(rig->peer);
    pthread_mutex_destroy(&rig->world.lock);
}

static csn_curl_end
through_tunnel(struct rig *rig, csn_curl_session *session, const char *path,
    csn_proof_policy policy, csn_curl_result *result)
{
    CURL *easy = curl_easy_init();
    csn_curl_transfer *transfer = NULL;
    char url[128];
    csn_curl_request request = { .version = CSN_CURL_REQUEST_VERSION,
        .url = url,
        .proxy = rig->address,
        .no_proxy = "",
        .tunnel = true,
        .proof = CSN_PROOF_EXPECT,
        .proxy_proof = policy };
    csn_curl_end end;

    (void)snprintf(url, sizeof(url), "http://a.example%s", path);
    CHECK_EQ(path, csn_curl_attach(session, easy, &request, &transfer),
        CSN_OK);
    end = run(rig->multi, easy, transfer, result);
    csn_curl_detach(transfer);
    curl_easy_cleanup(easy);
    return end;
}

/* As many exchanges at once as there are paths, each in its own tunnel. */
static void
through_tunnels(struct rig *rig, csn_curl_session *session, size_t count)
{
    csn_curl_transfer *transfers[PARALLEL];
    CURL *easy[PARALLEL];
    size_t left = count;

    for (size_t i = 0; i < count; i++) {
        csn_curl_request request = { .version = CSN_CURL_REQUEST_VERSION,
            .url = "http://a.example/many",
            .proxy = rig->address,
            .no_proxy = "",
            .tunnel = true };

        request.proof = CSN_PROOF_EXPECT;
        request.proxy_proof = CSN_PROOF_EXPECT;
        easy[i] = curl_easy_init();
        CHECK_EQ("attach",
            csn_curl_attach(session, easy[i], &request, &transfers[i]),
            CSN_OK);
        curl_easy_setopt(easy[i], CURLOPT_PRIVATE, transfers[i]);
        curl_multi_add_handle(rig->multi, easy[i]);
    }
    while (left != 0) {
        CURLMsg *message;
        int running;

        curl_multi_perform(rig->multi, &running);
        while ((message = curl_multi_info_read(rig->multi, &running))) {
            CURL *done = message->easy_handle;
            CURLcode code = message->data.result;
            csn_curl_transfer *transfer = NULL;

            curl_easy_getinfo(done, CURLINFO_PRIVATE, &transfer);
            curl_multi_remove_handle(rig->multi, done);
            if (csn_curl_finish(transfer, code) == CSN_CURL_AGAIN)
                curl_multi_add_handle(rig->multi, done);
            else
                left--;
        }
        curl_multi_poll(rig->multi, NULL, 0, 10, NULL);
    }
    for (size_t i = 0; i < count; i++) {
        csn_curl_detach(transfers[i]);
        curl_easy_cleanup(easy[i]);
    }
}

static csn_curl_session *
logged_in(const struct rig *rig, const char *user)
{
    csn_curl_session *session = open_session();

    CHECK_EQ(user,
        csn_curl_login(session, CSN_LAYER_PROXY, rig->address, user, "pw"),
        CSN_OK);
    return session;
}

static void
tunnels_stay_with_their_user(void **state)
{
    struct rig rig;
    csn_curl_result result;
    csn_curl_session *alice;
    csn_curl_session *bob;
    static const char *const want[] = { "alice /1", "alice /2", "bob /3",
        "bob /4", "alice /5" };

    (void)state;
    rig_open(&rig, proxy);
    alice = logged_in(&rig, "alice");
    bob = logged_in(&rig, "bob");
    through_tunnel(&rig, alice, "/1", CSN_PROOF_EXPECT, &result);
    through_tunnel(&rig, alice, "/2", CSN_PROOF_EXPECT, &result);
    CHECK_EQ("alice used her tunnel again", rig.world.connects, 1);
    through_tunnel(&rig, bob, "/3", CSN_PROOF_EXPECT, &result);
    through_tunnel(&rig, bob, "/4", CSN_PROOF_EXPECT, &result);
    through_tunnel(&rig, alice, "/5", CSN_PROOF_EXPECT, &result);
    CHECK_EQ("all were served", rig.world.served_count, COUNT_OF(want));
    for (size_t i = 0; i < COUNT_OF(want); i++)
        assert_string_equal(rig.world.served[i], want[i]);
    csn_curl_session_close(alice);
    csn_curl_session_close(bob);
    rig_close(&rig);
}

/* However many tunnels of others lie about, one new one is enough. */
static void
many_tunnels_of_another_user(void **state)
{
    struct rig rig;
    csn_curl_result result;
    csn_curl_session *alice;
    csn_curl_session *bob;

    (void)state;
    rig_open(&rig, proxy);
    alice = logged_in(&rig, "alice");
    bob = logged_in(&rig, "bob");
    through_tunnels(&rig, alice, PARALLEL);
    CHECK_EQ("alice has many", rig.world.connects, PARALLEL);
    CHECK_EQ("bob",
        through_tunnel(&rig, bob, "/bob", CSN_PROOF_EXPECT, &result),
        CSN_CURL_DELIVERED);
    CHECK_EQ("one more", rig.world.connects, PARALLEL + 1);
    assert_string_equal(rig.world.served[PARALLEL], "bob /bob");
    csn_curl_session_close(alice);
    csn_curl_session_close(bob);
    rig_close(&rig);
}

static void
tunnels_stay_with_their_login(void **state)
{
    struct rig rig;
    csn_curl_result result;
    csn_curl_session *session;

    (void)state;
    rig_open(&rig, proxy);
    session = logged_in(&rig, "alice");
    through_tunnel(&rig, session, "/1", CSN_PROOF_EXPECT, &result);
    CHECK_EQ("login",
        csn_curl_login(session, CSN_LAYER_PROXY, rig.address, "carol", "pw"),
        CSN_OK);
    through_tunnel(&rig, session, "/2", CSN_PROOF_EXPECT, &result);
    CHECK_EQ("served", rig.world.served_count, 2);
    assert_string_equal(rig.world.served[1], "carol /2");
    csn_curl_session_close(session);
    rig_close(&rig);
}

static void
unproved_tunnels_are_not_used_under_require(void **state)
{
    struct rig rig;
    csn_curl_result result;
    csn_curl_session *session;

    (void)state;
    rig_open(&rig, proxy);
    session = logged_in(&rig, "alice");
    CHECK_EQ("off",
        through_tunnel(&rig, session, "/1", CSN_PROOF_OFF, &result),
        CSN_CURL_DELIVERED);
    CHECK_EQ("require",
        through_tunnel(&rig, session, "/2", CSN_PROOF_REQUIRE, &result),
        CSN_CURL_UNPROVED);
    CHECK_EQ("layer", result.failed, CSN_LAYER_PROXY);
    CHECK_EQ("reason", result.reason, CSN_R_NO_INFO);
    CHECK_EQ("nothing entered a tunnel", rig.world.served_count, 1);
    csn_curl_session_close(session);
    rig_close(&rig);
}

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
    csn_curl_session *session = open_session();

    (void)state;
    rig_open(&rig, origin);
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
    rig_close(&rig);
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
    end = run(rig->multi, easy, transfer, result);
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
    csn_curl_session *session = open_session();

    (void)state;
    rig_open(&rig, origin);
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
    rig_close(&rig);
}

static void
forgotten_logins_are_not_used(void **state)
{
    struct rig rig;
    struct worker worker;
    csn_curl_session *session = open_session();

    (void)state;
    rig_open(&rig, origin);
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
    rig_close(&rig);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        { "F-51 tunnels stay with their user", tunnels_stay_with_their_user,
            NULL, NULL, NULL },
        { "F-51 many tunnels of another user", many_tunnels_of_another_user,
            NULL, NULL, NULL },
        { "F-51 tunnels stay with their login", tunnels_stay_with_their_login,
            NULL, NULL, NULL },
        { "F-56 unproved tunnels are not used under require",
            unproved_tunnels_are_not_used_under_require, NULL, NULL, NULL },
        { "C-28 threads never share a count", threads_never_share_a_count,
            NULL, NULL, NULL },
        { "F-40 contents sent once wait to be asked",
            contents_sent_once_wait_to_be_asked, NULL, NULL, NULL },
        { "F-50 forgotten logins are not used", forgotten_logins_are_not_used,
            NULL, NULL, NULL },
    };
    int failed;

    curl_global_init(CURL_GLOBAL_DEFAULT);
    failed = cmocka_run_group_tests_name("adapter over a pool", tests, NULL,
        NULL);
    curl_global_cleanup();
    return failed;
}
