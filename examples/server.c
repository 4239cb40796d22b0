// SPDX-License-Identifier: MIT
/*
 * The smallest complete server over libcountersign: it reads HTTP request
 * heads from standard input and writes response heads to standard output.
 *
 *     server USER PASSWORD [REALM]
 *
 * A request without right credentials gets 401 and a challenge; one with them
 * gets 200 and the server's own proof in Authentication-Info. Connect its
 * input and output to a client's (examples/client.c) or type a request:
 *
 *     GET / HTTP/1.1
 *     Host: localhost
 *
 * A real host runs the same calls from its own event loop and looks users up
 * in its own store (countersign/stores/users.h has one).
 *
 *     cc server.c $(pkg-config --cflags --libs countersign-openssl
 *         countersign-stores)
 */
#define _POSIX_C_SOURCE 200809L

#include <countersign/countersign.h>
#include <countersign/crypto_openssl.h>
#include <countersign/stores/memory.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum { HEAD_SIZE = 32768, MAX_LINES = 4, COUNTS_SIZE = 1 << 20 };

/* Everything the engine needs while it runs; one user is all we know. */
struct host {
    csn_server server;
    csn_counts *counts;
    csn_span user;
    csn_span ha1_hex;
};

/* One request head; the spans point into `text`. */
struct head {
    char text[HEAD_SIZE];
    csn_target target;
    csn_span lines[MAX_LINES]; /* values of Authorization */
    size_t line_count;
};

static csn_span
span_of(const char *text)
{
    return (csn_span){ (const uint8_t *)text, strlen(text) };
}

static uint64_t
wall_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Take a field line; the engine itself refuses more than one Authorization. */
static void
take_field(struct head *head, char *line)
{
    char *value = strchr(line, ':');

    if (value == NULL)
        return;
    *value++ = '\0';
    value += strspn(value, " \t");
    if (strcasecmp(line, "Host") == 0)
        head->target.authority = span_of(value);
    if (strcasecmp(line, "Authorization") == 0 && head->line_count < MAX_LINES)
        head->lines[head->line_count++] = span_of(value);
}

/* Take the request line apart at its two blanks. */
static void
take_request_line(struct head *head, char *line)
{
    char *target = strchr(line, ' ');
    char *version = target ? strchr(target + 1, ' ') : NULL;

    if (version == NULL)
        return;
    *target++ = '\0';
    *version = '\0';
    head->target.method = span_of(line);
    head->target.target = span_of(target);
}

/* Read one head up to its empty line; false at the end of the input. */
static bool
read_head(struct head *head)
{
    size_t used = 0;

    memset(head, 0, sizeof(*head));
    head->target.scheme = span_of("http");
    while (used + 1 < sizeof(head->text)) {
        char *line = head->text + used;

        if (fgets(line, (int)(sizeof(head->text) - used), stdin) == NULL)
            return false;
        line[strcspn(line, "\r\n")] = '\0';
        used += strlen(line) + 1;
        if (line[0] == '\0')
            return true;
        if (line == head->text)
            take_request_line(head, line);
        else
            take_field(head, line);
    }
    return false; /* longer than any head we take */
}

static csn_need
give_secret(const struct host *host, csn_server_exchange *exchange)
{
    csn_secret_query query = csn_server_secret_query(exchange);
    csn_secret secret = { .code = CSN_SECRET_UNKNOWN };

    if (query.user.len == host->user.len &&
        memcmp(query.user.ptr, host->user.ptr, host->user.len) == 0)
        secret = (csn_secret){ .code = CSN_SECRET_FOUND,
            .ha1_hex = host->ha1_hex };
    return csn_server_give_secret(exchange, &secret);
}

/* Under a -sess algorithm: the key that the table keeps for the nonce. */
static csn_need
give_session(const struct host *host, csn_server_exchange *exchange)
{
    csn_session_query query = csn_server_session_query(exchange);
    csn_session_result result = csn_counts_session(host->counts, &query);
    csn_need need = csn_server_give_session(exchange, &result);

    memset(&result, 0, sizeof(result));
    return need;
}

/* With auth-int: this host reads heads only, so it hashes no content. */
static csn_need
give_content(csn_server_exchange *exchange)
{
    const csn_content content = { .code = CSN_CONTENT_TOO_LARGE };

    return csn_server_give_content(exchange, &content);
}

static csn_need
give_count(const struct host *host, csn_server_exchange *exchange)
{
    csn_mark mark = csn_server_count_query(exchange);

    return csn_server_give_count(exchange,
        csn_counts_mark(host->counts, &mark));
}

/* Fetch what the engine asks for until it has its verdict. */
static void
judge(const struct host *host, csn_server_exchange *exchange, csn_need need)
{
    while (need != CSN_DONE) {
        switch (need) {
        case CSN_NEED_SECRET:
            need = give_secret(host, exchange);
            break;
        case CSN_NEED_SESSION:
            need = give_session(host, exchange);
            break;
        case CSN_NEED_CONTENT:
            need = give_content(exchange);
            break;
        case CSN_NEED_COUNT:
            need = give_count(host, exchange);
            break;
        case CSN_DONE:
            break;
        }
    }
}

static void
print_field(csn_span name, csn_writer value)
{
    printf("%.*s: %.*s\r\n", (int)name.len, (const char *)name.ptr,
        (int)value.len, (const char *)value.buf);
}

static const char *const verdicts[] = {
    [CSN_VERDICT_ALLOW] = "allowed",
    [CSN_VERDICT_CHALLENGE] = "challenged",
    [CSN_VERDICT_BAD_REQUEST] = "bad request",
    [CSN_VERDICT_FAIL] = "failed",
};

static void
answer(const struct host *host, const csn_server_exchange *exchange)
{
    csn_server_outcome outcome = csn_server_get_outcome(exchange);
    uint8_t text[CSN_CHALLENGE_SIZE];
    csn_writer out = csn_writer_init(text, sizeof(text));

    /* The reason is for the log alone; the peer gets the RFC's answer. */
    fprintf(stderr, "server: %s (%s)\n", verdicts[outcome.verdict],
        csn_reason_name(outcome.reason));
    printf("HTTP/1.1 %u \r\n",
        outcome.http_status ? outcome.http_status : 200);
    if (outcome.verdict == CSN_VERDICT_ALLOW &&
        csn_server_info(exchange, &out) == CSN_OK)
        print_field(csn_layer_info_field(CSN_LAYER_ORIGIN), out);

    for (size_t i = 0; outcome.verdict == CSN_VERDICT_CHALLENGE &&
         i < csn_server_challenge_count(&host->server);
         i++) {
        out = csn_writer_init(text, sizeof(text));
        if (csn_server_challenge(exchange, i, &out) == CSN_OK)
            print_field(csn_layer_challenge_field(CSN_LAYER_ORIGIN), out);
    }
    printf("Content-Length: 0\r\n\r\n");
    (void)fflush(stdout);
}

static void
serve(const struct host *host, const struct head *head)
{
    uint8_t scratch[CSN_SCRATCH_SIZE];
    csn_server_exchange exchange;
    csn_server_request request = {
        .target = head->target,
        .lines = head->lines,
        .line_count = head->line_count,
        .now_ms = csn_counts_now(host->counts, wall_ms()),
        .scratch = scratch,
        .scratch_len = sizeof(scratch),
    };

    csn_counts_domain(host->counts, request.domain);
    judge(host, &exchange,
        csn_server_begin(&exchange, &host->server, &request));
    answer(host, &exchange);
    csn_server_end(&exchange);
}

/* A key of our own, an empty counts table, and what we ask of clients. */
static csn_status
start(struct host *host, csn_span realm, void *memory)
{
    const csn_crypto *crypto = csn_crypto_openssl();
    csn_server_config config = {
        .version = CSN_SERVER_CONFIG_VERSION,
        .layer = CSN_LAYER_ORIGIN,
        .realm = realm,
        .algorithms = { CSN_ALG_SHA_256, CSN_ALG_SHA_256_SESS },
        .algorithm_count = 2,
    };
    csn_key key = { .id = 1, .state = CSN_KEY_MINT };
    csn_status status = crypto->random(key.secret, sizeof(key.secret));

    if (status == CSN_OK)
        status = csn_counts_init(memory, COUNTS_SIZE, crypto, wall_ms(),
            &host->counts);
    if (status == CSN_OK)
        status = csn_server_init(&host->server, &config, crypto, &key, 1);
    return status;
}

int
main(int argc, char **argv)
{
    static struct head head;
    struct host host = { 0 };
    uint8_t ha1[CSN_MAX_DIGEST_HEX];
    void *memory = aligned_alloc(64, COUNTS_SIZE);
    csn_span realm = span_of(argc > 3 ? argv[3] : "example");
    csn_status status;

    if (argc < 3 || argc > 4 || memory == NULL ||
        csn_crypto_openssl() == NULL) {
        fprintf(stderr, "usage: server USER PASSWORD [REALM]\n");
        return 2;
    }
    host.user = span_of(argv[1]);
    status = csn_digest_ha1(csn_crypto_openssl(), CSN_HASH_SHA_256, host.user,
        realm, span_of(argv[2]), ha1);
    if (status == CSN_OK) {
        host.ha1_hex = (csn_span){ ha1, sizeof(ha1) };
        status = start(&host, realm, memory);
    }
    if (status != CSN_OK) {
        fprintf(stderr, "server: %s\n", csn_status_text(status));
        return 1;
    }
    while (read_head(&head))
        serve(&host, &head);
    csn_counts_wipe(host.counts);
    csn_server_wipe(&host.server);
    free(memory);
    return 0;
}
