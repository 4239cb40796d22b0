// SPDX-License-Identifier: MIT
#include "adapter_rig.h"

#include "check.h"

/* auth-int as a program sees it: which contents can have it, and what is said
 * of those that cannot. */

/* An origin that lets everybody in, and notes the qop that was sent. What it
 * offers is the first segment of the path. */
static bool
int_origin(void *userp, c_peer_request *request, char answer[PEER_ANSWER])
{
    struct world *world = userp;
    const char *qop = strstr(request->head, " /both") ? "auth,auth-int"
        : strstr(request->head, " /auth")             ? "auth"
                                                      : "auth-int";
    char sent[40];

    pthread_mutex_lock(&world->lock);
    if (c_peer_param(request, "Authorization", "qop", sent, sizeof(sent)) &&
        world->served_count < MAX_NOTES) {
        memcpy(world->served[world->served_count], sent, sizeof(sent));
        world->contents[world->served_count++] = request->content;
        (void)snprintf(answer, PEER_ANSWER,
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    } else {
        (void)snprintf(answer, PEER_ANSWER,
            "HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm=\"r\", "
            "nonce=\"n%u\", qop=\"%s\", algorithm=SHA-256\r\n"
            "Content-Length: 0\r\n\r\n",
            ++world->nonces, qop);
    }
    pthread_mutex_unlock(&world->lock);
    return true;
}

enum { LENGTH = 100 };

/* A content of LENGTH octets, whose last is `last`. */
struct content {
    size_t left;
    char last;
    unsigned rewinds;
    char after; /* `last` from the rewind on that follows the hash */
};

static size_t
read_content(char *data, size_t size, size_t count, void *userp)
{
    struct content *content = userp;
    size_t len = size * count < content->left ? size * count : content->left;

    memset(data, 'x', len);
    content->left -= len;
    if (len != 0 && content->left == 0)
        data[len - 1] = content->last;
    return len;
}

static int
rewind_content(void *userp)
{
    struct content *content = userp;

    content->left = LENGTH;
    if (++content->rewinds == 1)
        content->last = content->after;
    return 0;
}

struct sending {
    csn_status attached;
    csn_curl_end end;
    csn_curl_result result;
};

/* One request for `path`. */
static struct sending
send_content(struct rig *rig, csn_curl_session *session, const char *path,
    csn_curl_body body, csn_curl_integrity integrity, char after)
{
    CURL *easy = curl_easy_init();
    char url[128];
    struct content content = { LENGTH, 'a', 0, after };
    bool reads = body == CSN_CURL_BODY_REPEAT || body == CSN_CURL_BODY_ONCE;
    csn_curl_transfer *transfer = NULL;
    csn_curl_request request = { .version = CSN_CURL_REQUEST_VERSION,
        .url = url,
        .proof = CSN_PROOF_OFF,
        .body = body,
        .read = reads ? read_content : NULL,
        .rewind = rewind_content,
        .read_data = &content,
        .integrity = integrity };
    struct sending sending = { 0 };

    (void)snprintf(url, sizeof(url), "%s%s", rig->address, path);
    if (body == CSN_CURL_BODY_LIBCURL)
        curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, "held by libcurl");
    if (reads) {
        curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(easy, CURLOPT_INFILESIZE, (long)LENGTH);
    }
    sending.attached = csn_curl_attach(session, easy, &request, &transfer);
    if (sending.attached == CSN_OK)
        sending.end = adapter_run(rig->multi, easy, transfer, &sending.result);
    csn_curl_detach(transfer);
    curl_easy_cleanup(easy);
    return sending;
}

static const struct row {
    const char *name;
    const char *path;
    csn_curl_body body;
    csn_curl_integrity integrity;
    csn_status attached;
    const char *sent; /* the qop; NULL: refused to send any */
} rows[] = {
    { "C-21 none, off", "/both", CSN_CURL_BODY_NONE, CSN_CURL_INTEGRITY_OFF,
        CSN_OK, "auth" },
    { "C-55 none, prefer", "/both", CSN_CURL_BODY_NONE,
        CSN_CURL_INTEGRITY_PREFER, CSN_OK, "auth-int" },
    { "C-55 none, require", "/both", CSN_CURL_BODY_NONE,
        CSN_CURL_INTEGRITY_REQUIRE, CSN_OK, "auth-int" },
    { "C-20 none, off, nothing else offered", "/int", CSN_CURL_BODY_NONE,
        CSN_CURL_INTEGRITY_OFF, CSN_OK, "auth-int" },
    { "C-15 repeated, prefer", "/both", CSN_CURL_BODY_REPEAT,
        CSN_CURL_INTEGRITY_PREFER, CSN_OK, "auth-int" },
    { "C-15 repeated, off, nothing else offered", "/int", CSN_CURL_BODY_REPEAT,
        CSN_CURL_INTEGRITY_OFF, CSN_OK, "auth-int" },
    { "C-21 once, prefer", "/both", CSN_CURL_BODY_ONCE,
        CSN_CURL_INTEGRITY_PREFER, CSN_OK, "auth" },
    { "C-21 once, nothing else offered", "/int", CSN_CURL_BODY_ONCE,
        CSN_CURL_INTEGRITY_PREFER, CSN_OK, NULL },
    { "C-21 once, off, nothing else offered", "/int", CSN_CURL_BODY_ONCE,
        CSN_CURL_INTEGRITY_OFF, CSN_OK, NULL },
    { "C-21 once, require", "/both", CSN_CURL_BODY_ONCE,
        CSN_CURL_INTEGRITY_REQUIRE, CSN_E_MISSING, NULL },
    { "C-55 libcurl's is not taken for empty, prefer", "/both",
        CSN_CURL_BODY_LIBCURL, CSN_CURL_INTEGRITY_PREFER, CSN_OK, "auth" },
    { "C-55 libcurl's is not taken for empty, nothing else offered", "/int",
        CSN_CURL_BODY_LIBCURL, CSN_CURL_INTEGRITY_OFF, CSN_OK, NULL },
    { "C-55 libcurl's, require", "/both", CSN_CURL_BODY_LIBCURL,
        CSN_CURL_INTEGRITY_REQUIRE, CSN_E_MISSING, NULL },
};

static void
row_test(void **state)
{
    const struct row *row = *state;
    struct rig rig;
    csn_curl_session *session = adapter_session();

    adapter_rig_open(&rig, int_origin);
    CHECK_EQ(row->name,
        csn_curl_login(session, CSN_LAYER_ORIGIN, rig.address, "u", "pw"),
        CSN_OK);
    /* Challenged, and then unasked where there is a session. */
    for (unsigned i = 0; i < 2; i++) {
        struct sending it = send_content(&rig, session, row->path, row->body,
            row->integrity, 'a');

        CHECK_EQ(row->name, it.attached, row->attached);
        if (row->sent != NULL) {
            CHECK_EQ(row->name, it.end, CSN_CURL_DELIVERED);
            CHECK_EQ(row->name, rig.world.served_count, i + 1);
            assert_string_equal(rig.world.served[i], row->sent);
            CHECK_EQ(row->name, it.result.origin.qop,
                strcmp(row->sent, "auth") ? CSN_QOP_AUTH_INT : CSN_QOP_AUTH);
        } else if (row->attached == CSN_OK) {
            CHECK_EQ(row->name, it.end, CSN_CURL_LOGIN);
            CHECK_EQ(row->name, it.result.reason, CSN_R_CONTENT_UNHASHED);
        }
    }
    CHECK_EQ(row->name, rig.world.nonces,
        row->sent != NULL             ? 1
            : row->attached == CSN_OK ? 2
                                      : 0);
    csn_curl_session_close(session);
    adapter_rig_close(&rig);
}

static void
sessions_serve_what_they_can(void **state)
{
    struct rig rig;
    csn_curl_session *session = adapter_session();
    struct sending it;

    (void)state;
    adapter_rig_open(&rig, int_origin);
    CHECK_EQ("login",
        csn_curl_login(session, CSN_LAYER_ORIGIN, rig.address, "u", "pw"),
        CSN_OK);
    it = send_content(&rig, session, "/auth", CSN_CURL_BODY_NONE,
        CSN_CURL_INTEGRITY_OFF, 'a');
    CHECK_EQ("C-21 a session without auth-int", it.end, CSN_CURL_DELIVERED);
    it = send_content(&rig, session, "/both", CSN_CURL_BODY_NONE,
        CSN_CURL_INTEGRITY_REQUIRE, 'a');
    CHECK_EQ("C-21 is not used by a request that must have it", it.end,
        CSN_CURL_DELIVERED);
    CHECK_EQ("C-21 which asks anew", rig.world.nonces, 2);
    assert_string_equal(rig.world.served[1], "auth-int");
    it = send_content(&rig, session, "/both", CSN_CURL_BODY_NONE,
        CSN_CURL_INTEGRITY_PREFER, 'a');
    CHECK_EQ("C-21 one that would like it goes on", rig.world.nonces, 2);
    assert_string_equal(rig.world.served[2], "auth-int");
    csn_curl_session_close(session);
    adapter_rig_close(&rig);
}

static void
changed_contents_are_not_sent(void **state)
{
    struct rig rig;
    csn_curl_session *session = adapter_session();
    struct sending it;

    (void)state;
    adapter_rig_open(&rig, int_origin);
    CHECK_EQ("login",
        csn_curl_login(session, CSN_LAYER_ORIGIN, rig.address, "u", "pw"),
        CSN_OK);
    it = send_content(&rig, session, "/int", CSN_CURL_BODY_REPEAT,
        CSN_CURL_INTEGRITY_OFF, 'b');
    CHECK_EQ("F-40 changed", it.end, CSN_CURL_TRANSFER);
    CHECK_EQ("F-40 code", it.result.code, CURLE_READ_ERROR);
    CHECK_EQ("F-40 reason", it.result.reason, CSN_R_CONTENT_CHANGED);
    CHECK_EQ("F-40 nothing whole arrived", rig.world.served_count, 0);
    csn_curl_session_close(session);
    adapter_rig_close(&rig);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        { "C-21 sessions serve what they can", sessions_serve_what_they_can,
            NULL, NULL, NULL },
        { "F-40 changed contents are not sent", changed_contents_are_not_sent,
            NULL, NULL, NULL },
    };
    int failed = 0;

    curl_global_init(CURL_GLOBAL_DEFAULT);
    failed += CHECK_ROWS("contents", rows, row_test);
    failed += cmocka_run_group_tests_name("integrity", tests, NULL, NULL);
    curl_global_cleanup();
    return failed;
}
