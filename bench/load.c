// SPDX-License-Identifier: MIT
/*
 * Load for measurements: N connections that stay open, one request under way
 * on each, all of one Digest session, so on one nonce. The client engine
 * judges every response. Faster than what it measures, as long as `busy`
 * (the share of its time that it did work) stays below 1.
 *
 *     load [-c CONNECTIONS] [-s SECONDS] [-a none|basic|digest]
 *          [-u USER:PASSWORD] [-x PROXYHOST:PORT] URL
 *
 * -x: a forward proxy, asked for URL, logged in to in Proxy-Authorization.
 * Nobody is asked on while an answer to one of AHEAD counts before is awaited:
 * a server remembers only so many counts behind the highest (ours: 256), and
 * one of its workers may have been held up.
 *
 * One line of JSON tells how many requests were answered by 2xx, how many of
 * these were proved, and how many were refused (401, 407) or answered
 * otherwise; the first, which brings the challenge, is none of them. And how
 * many microseconds half of the answers took at most, 99 in 100, and all.
 */
#include "load_http.h"
#include "load_plan.h"
#include "load_times.h"

#include <countersign/client.h>
#include <countersign/crypto_openssl.h>

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ROOM = 65536, REQUEST = 8192, EVENTS = 64, AHEAD = 240 };

struct link {
    int fd;
    size_t have;
    size_t body_left; /* of a response whose head was judged */
    uint32_t count;   /* of the request under way */
    double asked_s;
    bool is_held; /* back, until others have their answers */
    csn_client_attempt attempt;
    char octets[ROOM];
};

static char start[2048]; /* request line and Host */
static size_t start_len;

static struct {
    unsigned long good;
    unsigned long proved;
    unsigned long refused;
    unsigned long other;
} tally;

static const csn_client_policy policy = { .version = CSN_CLIENT_POLICY_VERSION,
    .proof = CSN_PROOF_OFF,
    .allow_md5 = true };
static csn_client_space space;
static uint32_t newest; /* count given out */
static size_t held;
static struct link *peers;
static double end_s;

static double
seconds(clockid_t clock)
{
    struct timespec now;

    (void)clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void
put(csn_writer *out, csn_span text)
{
    if (out->cap - out->len < text.len)
        load_die("a request is too long");
    memcpy(out->buf + out->len, text.ptr, text.len);
    out->len += text.len;
}

static void
put_basic(csn_writer *out)
{
    char pair[512];
    char text[2 * sizeof(pair)];
    int len = snprintf(pair, sizeof(pair), "%.*s:%.*s",
        (int)load_plan.user.len, load_plan.user.ptr,
        (int)load_plan.password.len, load_plan.password.ptr);

    len = EVP_EncodeBlock((unsigned char *)text, (unsigned char *)pair, len);
    put(out, CSN_SPAN("Basic "));
    put(out, (csn_span){ (uint8_t *)text, (size_t)len });
}

static void
put_credentials(csn_writer *out, struct link *peer)
{
    put(out, csn_layer_credentials_field(load_plan.layer));
    put(out, CSN_SPAN(": "));
    if (load_plan.way != LOAD_DIGEST)
        put_basic(out);
    else if (csn_client_authorize(&space, csn_crypto_openssl(),
                 CSN_SPAN("GET"), load_plan.target, NULL, out,
                 &peer->attempt) != CSN_OK)
        load_die("no credentials could be made");
    if (load_plan.way == LOAD_DIGEST)
        newest = peer->count = csn_client_attempt_count(&peer->attempt);
    put(out, CSN_SPAN("\r\n"));
}

/* `known`: with credentials. */
static void
ask(struct link *peer, bool known)
{
    uint8_t room[REQUEST];
    csn_writer out = csn_writer_init(room, sizeof(room));

    put(&out, (csn_span){ (uint8_t *)start, start_len });
    if (known)
        put_credentials(&out, peer);
    put(&out, CSN_SPAN("\r\n"));
    peer->asked_s = seconds(CLOCK_MONOTONIC);
    if (send(peer->fd, room, out.len, MSG_NOSIGNAL) != (ssize_t)out.len)
        load_die("a request could not be sent");
}

/* Whether an answer is awaited that a server might not know any more when it
 * gets to it. A new nonce begins below all counts under way. */
static bool
is_far_ahead(void)
{
    for (size_t i = 0; i < load_plan.peers; i++) {
        if (peers[i].count != 0 && newest >= peers[i].count + AHEAD)
            return true;
    }
    return false;
}

static void
go_on(struct link *peer)
{
    if (is_far_ahead()) {
        held += !peer->is_held;
        peer->is_held = true;
        return;
    }
    held -= peer->is_held;
    peer->is_held = false;
    ask(peer, load_plan.way != LOAD_NONE);
}

static void
go_on_with_held(void)
{
    for (size_t i = 0; i < load_plan.peers && held > 0; i++) {
        if (peers[i].is_held)
            go_on(&peers[i]);
    }
}

/* At the end nobody is asked on; how many were waiting for that. */
static size_t
drop_held(void)
{
    size_t count = held;

    held = 0;
    return count;
}

/* A challenge: the session of all connections goes on from there. */
static void
log_in(const load_head *head)
{
    csn_client_choice choice;
    csn_reason why;

    if (csn_client_choose(&policy, 0, head->challenges, head->challenge_count,
            &choice, &why) != CSN_OK)
        load_die("no challenge that can be answered");
    if (csn_client_accept(&space, csn_crypto_openssl(), &policy, &choice,
            load_plan.password) != CSN_OK)
        load_die("no session can be made of the challenge");
}

static void
judge(struct link *peer, const load_head *head)
{
    const csn_client_response response = { .status = head->status,
        .header = head->info,
        .header_count = head->info_count };
    csn_client_result result = { .proof = CSN_PROOF_ABSENT };

    if (load_plan.way == LOAD_DIGEST)
        csn_client_verify(&policy, &space, &peer->attempt, &response, &result);
    peer->count = 0;
    tally.proved += result.proof == CSN_PROOF_PROVED;
    if (head->status / 100 == 2)
        tally.good++;
    else if (head->status == 401 || head->status == 407)
        tally.refused++;
    else
        tally.other++;
    if (load_plan.way == LOAD_DIGEST && !csn_client_space_is_ready(&space) &&
        head->challenge_count == 0)
        load_die("a wrong proof");
    if (load_plan.way == LOAD_DIGEST && head->challenge_count > 0)
        log_in(head);
}

/* Drop what was read of the body; true when the response has ended. */
static bool
drop_body(struct link *peer)
{
    size_t part = peer->have < peer->body_left ? peer->have : peer->body_left;

    peer->have -= part;
    peer->body_left -= part;
    memmove(peer->octets, peer->octets + part, peer->have);
    return peer->body_left == 0;
}

/* Read what came; true when a response has ended, with its head judged. */
static bool
take(struct link *peer, void (*found)(struct link *, const load_head *))
{
    ssize_t got = recv(peer->fd, peer->octets + peer->have,
        sizeof(peer->octets) - peer->have, 0);
    load_head head;

    if (got <= 0)
        load_die("a connection was closed");
    peer->have += (size_t)got;
    if (peer->body_left > 0)
        return drop_body(peer);
    if (!load_head_read((csn_span){ (const uint8_t *)peer->octets,
                            peer->have },
            load_plan.layer, &head)) {
        if (peer->have == sizeof(peer->octets))
            load_die("a header is too long");
        return false;
    }
    found(peer, &head);
    peer->have -= head.head_len;
    memmove(peer->octets, peer->octets + head.head_len, peer->have);
    peer->body_left = head.body_len;
    return drop_body(peer);
}

static void
first(struct link *peer, const load_head *head)
{
    (void)peer;
    if (head->challenge_count == 0)
        load_die("no login is asked for");
    log_in(head);
}

static void
serve(int queue)
{
    struct epoll_event events[EVENTS];
    size_t waiting = load_plan.peers;

    while (waiting > 0) {
        int count = epoll_wait(queue, events, EVENTS, 10000);
        bool over = seconds(CLOCK_MONOTONIC) >= end_s;

        if (count <= 0)
            load_die("no response for ten seconds");
        for (int i = 0; i < count; i++) {
            struct link *peer = events[i].data.ptr;

            if (!take(peer, judge))
                continue;
            load_times_keep(seconds(CLOCK_MONOTONIC) - peer->asked_s);
            if (over)
                waiting--;
            else
                go_on(peer);
        }
        if (over)
            waiting -= drop_held();
        else if (held > 0)
            go_on_with_held();
    }
}

static void
run(void)
{
    int queue = epoll_create1(EPOLL_CLOEXEC);
    double began;
    double worked;

    for (size_t i = 0; i < load_plan.peers; i++) {
        struct epoll_event event = { .events = EPOLLIN,
            .data.ptr = &peers[i] };

        peers[i].fd = load_connect(load_plan.to.host, load_plan.to.port);
        if (epoll_ctl(queue, EPOLL_CTL_ADD, peers[i].fd, &event) != 0)
            load_die("no room for the connections");
    }
    if (load_plan.way == LOAD_DIGEST) {
        ask(&peers[0], false);
        while (!take(&peers[0], first))
            ;
    }
    began = seconds(CLOCK_MONOTONIC);
    worked = seconds(CLOCK_PROCESS_CPUTIME_ID);
    end_s = began + load_plan.seconds;
    for (size_t i = 0; i < load_plan.peers; i++)
        ask(&peers[i], load_plan.way != LOAD_NONE);
    serve(queue);
    began = seconds(CLOCK_MONOTONIC) - began;
    worked = seconds(CLOCK_PROCESS_CPUTIME_ID) - worked;
    printf("{\"requests\": %lu, \"seconds\": %.3f, \"proved\": %lu, "
           "\"refused\": %lu, \"other\": %lu, \"busy\": %.2f, "
           "\"median_us\": %.1f, \"p99_us\": %.1f, "
           "\"slowest_us\": %.1f}\n",
        tally.good, began, tally.proved, tally.refused, tally.other,
        worked / began, load_times_quantile(500), load_times_quantile(990),
        load_times_quantile(1000));
}

static void
prepare(void)
{
    const csn_client_key key = { load_plan.layer, CSN_SPAN("http"),
        load_plan.to.host, load_plan.to.port, load_plan.user };
    int len = snprintf(start, sizeof(start),
        "GET %.*s HTTP/1.1\r\nHost: %.*s:%u\r\n", (int)load_plan.target.len,
        load_plan.target.ptr, (int)load_plan.url.host.len,
        load_plan.url.host.ptr, (unsigned)load_plan.url.port);

    if (len < 0 || (size_t)len >= sizeof(start))
        load_die("URL is too long");
    start_len = (size_t)len;
    if (load_plan.way == LOAD_DIGEST &&
        csn_client_space_init(&space, &key) != CSN_OK)
        load_die("no session");
    peers = aligned_alloc(_Alignof(struct link),
        load_plan.peers * sizeof(*peers));
    if (peers == NULL)
        load_die("no memory");
    memset(peers, 0, load_plan.peers * sizeof(*peers));
}

int
main(int argc, char **argv)
{
    load_plan_read(argc, argv);
    prepare();
    run();
    return 0;
}
