// SPDX-License-Identifier: MIT
#include "adapter_rig.h"

#include <countersign/crypto_openssl.h>

#include "check.h"

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

bool
adapter_proxy(void *data, c_peer_request *request, char answer[PEER_ANSWER])
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

bool
adapter_origin(void *data, c_peer_request *request, char answer[PEER_ANSWER])
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

csn_curl_session *
adapter_session(void)
{
    csn_curl_settings settings = { .version = CSN_CURL_SETTINGS_VERSION,
        .crypto = csn_crypto_openssl() };
    csn_curl_session *session = NULL;

    CHECK_EQ("open", csn_curl_session_open(&settings, &session), CSN_OK);
    return session;
}

csn_curl_end
adapter_run(CURLM *multi, CURL *easy, csn_curl_transfer *transfer,
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

void
adapter_rig_open(struct rig *rig, c_peer_handler handler)
{
    memset(rig, 0, sizeof(*rig));
    pthread_mutex_init(&rig->world.lock, NULL);
    rig->peer = c_peer_open(handler, &rig->world);
    (void)snprintf(rig->address, sizeof(rig->address), "http://127.0.0.1:%u",
        c_peer_port(rig->peer));
    rig->multi = curl_multi_init();
    assert_non_null(rig->multi);
}

void
adapter_rig_close(struct rig *rig)
{
    curl_multi_cleanup(rig->multi);
    c_peer_close(rig->peer);
    pthread_mutex_destroy(&rig->world.lock);
}
