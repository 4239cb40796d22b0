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
 * One line of JSON tells how many requests were answered by 2xx, how many of
 * these were proved, and how many were refused (401, 407) or answered
 * otherwise; the first, which brings the challenge, is none of them.
 */
#include "load_http.h"

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

enum { PEERS = 1024, ROOM = 65536, REQUEST = 8192, EVENTS = 64 };

struct link {
    int fd;
    size_t have;
    size_t body_left; /* of a response whose head was judged */
    csn_client_attempt attempt;
    char octets[ROOM];
};

static struct {
    const char *way; /* none, basic, digest */
    csn_layer layer;
    load_url url;
    load_url to; /* where to connect */
    csn_span user;
    csn_span password;
    csn_span target;
    char start[2048]; /* request line and Host */
    size_t start_len;
    double seconds;
    size_t peers;
} plan = { .way = "digest", .seconds = 3, .peers = 32 };

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
static struct link *peers;
static double end_s;

static _Noreturn void
die(const char *what)
{
    fprintf(stderr, "load: %s\n", what);
    exit(1);
}

static double
seconds(clockid_t clock)
{
    struct timespec now;

    (void)clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool
is_digest(void)
{
    return strcmp(plan.way, "digest") == 0;
}

static void
put(csn_writer *out, csn_span text)
{
    if (out->cap - out->len < text.len)
        die("a request is too long");
    memcpy(out->buf + out->len, text.ptr, text.len);
    out->len += text.len;
}

static void
put_basic(csn_writer *out)
{
    char pair[512];
    char text[2 * sizeof(pair)];
    int len = snprintf(pair, sizeof(pair), "%.*s:%.*s", (int)plan.user.len,
        plan.user.ptr, (int)plan.password.len, plan.password.ptr);

    len = EVP_EncodeBlock((unsigned char *)text, (unsigned char *)pair, len);
    put(out, CSN_SPAN("Basic "));
    put(out, (csn_span){ (uint8_t *)text, (size_t)len });
}

static void
put_credentials(csn_writer *out, struct link *peer)
{
    put(out, csn_layer_credentials_field(plan.layer));
    put(out, CSN_SPAN(": "));
    if (!is_digest())
        put_basic(out);
    else if (csn_client_authorize(&space, csn_crypto_openssl(),
                 CSN_SPAN("GET"), plan.target, NULL, out,
                 &peer->attempt) != CSN_OK)
        die("no credentials could be made");
    put(out, CSN_SPAN("\r\n"));
}

/* `known`: with credentials. */
static void
ask(struct link *peer, bool known)
{
    uint8_t room[REQUEST];
    csn_writer out = csn_writer_init(room, sizeof(room));

    put(&out, (csn_span){ (uint8_t *)plan.start, plan.start_len });
    if (known)
        put_credentials(&out, peer);
    put(&out, CSN_SPAN("\r\n"));
    if (send(peer->fd, room, out.len, MSG_NOSIGNAL) != (ssize_t)out.len)
        die("a request could not be sent");
}

/* A challenge: the session of all connections goes on from there. */
static void
log_in(const load_head *head)
{
    csn_client_choice choice;
    csn_reason why;

    if (csn_client_choose(&policy, 0, head->challenges, head->challenge_count,
            &choice, &why) != CSN_OK)
        die("no challenge that can be answered");
    if (csn_client_accept(&space, csn_crypto_openssl(), &policy, &choice,
            plan.password) != CSN_OK)
        die("no session can be made of the challenge");
}

static void
judge(struct link *peer, const load_head *head)
{
    const csn_client_response response = { .status = head->status,
        .header = head->info,
        .header_count = head->info_count };
    csn_client_result result = { .proof = CSN_PROOF_ABSENT };

    if (is_digest())
        csn_client_verify(&policy, &space, &peer->attempt, &response, &result);
    tally.proved += result.proof == CSN_PROOF_PROVED;
    if (head->status / 100 == 2)
        tally.good++;
    else if (head->status == 401 || head->status == 407)
        tally.refused++;
    else
        tally.other++;
    if (is_digest() && !csn_client_space_is_ready(&space) &&
        head->challenge_count == 0)
        die("a wrong proof");
    if (is_digest() && head->challenge_count > 0)
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
        die("a connection was closed");
    peer->have += (size_t)got;
    if (peer->body_left > 0)
        return drop_body(peer);
    if (!load_head_read((csn_span){ (const uint8_t *)peer->octets,
                            peer->have },
            plan.layer, &head)) {
        if (peer->have == sizeof(peer->octets))
            die("a header is too long");
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
        die("no login is asked for");
    log_in(head);
}

static void
serve(int queue)
{
    struct epoll_event events[EVENTS];
    size_t waiting = plan.peers;

    while (waiting > 0) {
        int count = epoll_wait(queue, events, EVENTS, 10000);
        bool over = seconds(CLOCK_MONOTONIC) >= end_s;

        if (count <= 0)
            die("no response for ten seconds");
        for (int i = 0; i < count; i++) {
            struct link *peer = events[i].data.ptr;

            if (!take(peer, judge))
                continue;
            if (over)
                waiting--;
            else
                ask(peer, strcmp(plan.way, "none") != 0);
        }
    }
}

static void
run(void)
{
    int queue = epoll_create1(EPOLL_CLOEXEC);
    double began;
    double worked;

    for (size_t i = 0; i < plan.peers; i++) {
        struct epoll_event event = { .events = EPOLLIN,
            .data.ptr = &peers[i] };

        peers[i].fd = load_connect(plan.to.host, plan.to.port);
        if (epoll_ctl(queue, EPOLL_CTL_ADD, peers[i].fd, &event) != 0)
            die("no room for the connections");
    }
    if (is_digest()) {
        ask(&peers[0], false);
        while (!take(&peers[0], first))
            ;
    }
    began = seconds(CLOCK_MONOTONIC);
    worked = seconds(CLOCK_PROCESS_CPUTIME_ID);
    end_s = began + plan.seconds;
    for (size_t i = 0; i < plan.peers; i++)
        ask(&peers[i], strcmp(plan.way, "none") != 0);
    serve(queue);
    began = seconds(CLOCK_MONOTONIC) - began;
    worked = seconds(CLOCK_PROCESS_CPUTIME_ID) - worked;
    printf("{\"requests\": %lu, \"seconds\": %.3f, \"proved\": %lu, "
           "\"refused\": %lu, \"other\": %lu, \"busy\": %.2f}\n",
        tally.good, began, tally.proved, tally.refused, tally.other,
        worked / began);
}

static void
read_login(char *text)
{
    char *colon = strchr(text, ':');

    if (colon == NULL)
        die("-u needs USER:PASSWORD");
    plan.user = (csn_span){ (uint8_t *)text, (size_t)(colon - text) };
    plan.password = (csn_span){ (uint8_t *)colon + 1, strlen(colon + 1) };
}

static void
read_proxy(const char *text)
{
    char *url = malloc(strlen(text) + sizeof("http://"));

    if (url == NULL)
        die("no memory");
    sprintf(url, "http://%s", text);
    if (!load_url_read(url, &plan.to))
        die("-x needs HOST:PORT");
    plan.layer = CSN_LAYER_PROXY;
}

static void
read_arguments(int argc, char **argv)
{
    int option;

    while ((option = getopt(argc, argv, "c:s:a:u:x:")) != -1) {
        if (option == 'c')
            plan.peers = strtoul(optarg, NULL, 10);
        else if (option == 's')
            plan.seconds = strtod(optarg, NULL);
        else if (option == 'a')
            plan.way = optarg;
        else if (option == 'u')
            read_login(optarg);
        else if (option == 'x')
            read_proxy(optarg);
        else
            exit(2);
    }
    if (optind + 1 != argc || !load_url_read(argv[optind], &plan.url))
        die("needs http://HOST:PORT/PATH");
    if (plan.peers == 0 || plan.peers > PEERS)
        die("-c needs 1 to 1024");
    if (plan.to.port == 0)
        plan.to = plan.url;
    if (strcmp(plan.way, "none") != 0 && plan.user.len == 0)
        die("a login needs -u");
    plan.target = plan.layer == CSN_LAYER_PROXY
        ? (csn_span){ (uint8_t *)argv[optind], strlen(argv[optind]) }
        : plan.url.path;
}

static void
prepare(void)
{
    const csn_client_key key = { plan.layer, CSN_SPAN("http"), plan.to.host,
        plan.to.port, plan.user };
    int len = snprintf(plan.start, sizeof(plan.start),
        "GET %.*s HTTP/1.1\r\nHost: %.*s:%u\r\n", (int)plan.target.len,
        plan.target.ptr, (int)plan.url.host.len, plan.url.host.ptr,
        (unsigned)plan.url.port);

    if (len < 0 || (size_t)len >= sizeof(plan.start))
        die("URL is too long");
    plan.start_len = (size_t)len;
    if (is_digest() && csn_client_space_init(&space, &key) != CSN_OK)
        die("no session");
    peers = aligned_alloc(_Alignof(struct link), plan.peers * sizeof(*peers));
    if (peers == NULL)
        die("no memory");
    memset(peers, 0, plan.peers * sizeof(*peers));
}

int
main(int argc, char **argv)
{
    read_arguments(argc, argv);
    prepare();
    run();
    return 0;
}
