// SPDX-License-Identifier: MIT
#include "adapter_rig.h"

#include "check.h"

/* Several sessions over one pool of connections: whose tunnel is used. */

enum { PARALLEL = 6 };

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
    end = adapter_run(rig->multi, easy, transfer, result);
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
    csn_curl_session *session = adapter_session();

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
    adapter_rig_open(&rig, adapter_proxy);
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
    adapter_rig_close(&rig);
}

/* However many tunnels of others lie about, one new one is enough. */
static void
many_tunnels_of_another_user(void **state)
{
    struct rig rig;
    csn_curl_result result;
    csn_curl_session *alice;
    csn_curl_session *bob;
    int many;

    (void)state;
    adapter_rig_open(&rig, adapter_proxy);
    alice = logged_in(&rig, "alice");
    bob = logged_in(&rig, "bob");
    through_tunnels(&rig, alice, PARALLEL);
    /* A transfer that is done early leaves its tunnel to one that waits. */
    many = (int)rig.world.connects;
    assert_in_range(many, 2, PARALLEL);
    CHECK_EQ("bob",
        through_tunnel(&rig, bob, "/bob", CSN_PROOF_EXPECT, &result),
        CSN_CURL_DELIVERED);
    CHECK_EQ("one more", rig.world.connects, many + 1);
    assert_string_equal(rig.world.served[PARALLEL], "bob /bob");
    csn_curl_session_close(alice);
    csn_curl_session_close(bob);
    adapter_rig_close(&rig);
}

static void
tunnels_stay_with_their_login(void **state)
{
    struct rig rig;
    csn_curl_result result;
    csn_curl_session *session;

    (void)state;
    adapter_rig_open(&rig, adapter_proxy);
    session = logged_in(&rig, "alice");
    through_tunnel(&rig, session, "/1", CSN_PROOF_EXPECT, &result);
    CHECK_EQ("login",
        csn_curl_login(session, CSN_LAYER_PROXY, rig.address, "carol", "pw"),
        CSN_OK);
    through_tunnel(&rig, session, "/2", CSN_PROOF_EXPECT, &result);
    CHECK_EQ("served", rig.world.served_count, 2);
    assert_string_equal(rig.world.served[1], "carol /2");
    csn_curl_session_close(session);
    adapter_rig_close(&rig);
}

static void
unproved_tunnels_are_not_used_under_require(void **state)
{
    struct rig rig;
    csn_curl_result result;
    csn_curl_session *session;

    (void)state;
    adapter_rig_open(&rig, adapter_proxy);
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
    adapter_rig_close(&rig);
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
    };
    int failed;

    curl_global_init(CURL_GLOBAL_DEFAULT);
    failed = cmocka_run_group_tests_name("tunnels", tests, NULL, NULL);
    curl_global_cleanup();
    return failed;
}
