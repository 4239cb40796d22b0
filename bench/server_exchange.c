// SPDX-License-Identifier: MIT
/*
 * The server side of one exchange (parse, check, mark the count, Info field;
 * SHA-256, H(A1) given) beside the bare hash work for the same octets through
 * the same backend: two hashes for response, two for rspauth.
 *
 *     server_exchange            ns of both, interleaved, and their ratio
 *     server_exchange ours N     N exchanges, for an instruction count
 *     server_exchange bare N     N times the four hashes
 *
 * bench/instructions takes the difference of two runs.
 */
#define _POSIX_C_SOURCE 200809L
#include <countersign/countersign.h>
#include <countersign/crypto_openssl.h>
#include <countersign/stores/memory.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LINES = 100, ROUNDS = 2000, TABLE = 16 << 20, LINE = 768 };

static const csn_crypto *crypto;
static csn_server server;
static csn_counts *table;
static uint64_t now_ms = 1700000000000u;
static uint8_t ha1[CSN_MAX_DIGEST_HEX];
static char lines[LINES][LINE];
static size_t line_lens[LINES];
static uint8_t sink;

#define METHOD "GET"
#define TARGET "/api/v1/items?page=3&size=50"
#define CNONCE "pY6rW2vJ0nqk5Xb3uQeT1A7z"

static _Noreturn void
die(const char *what)
{
    fprintf(stderr, "server_exchange: %s\n", what);
    exit(1);
}

static csn_span
text(const char *string)
{
    return (csn_span){ (const uint8_t *)string, strlen(string) };
}

static csn_server_request
make_request(csn_span *line, uint8_t *scratch)
{
    csn_server_request request = { .target = { CSN_SPAN(METHOD),
                                       CSN_SPAN(TARGET), CSN_SPAN("http"),
                                       CSN_SPAN("www.example.org") },
        .lines = line,
        .line_count = line != NULL,
        .now_ms = csn_counts_now(table, now_ms),
        .scratch = scratch,
        .scratch_len = CSN_SCRATCH_SIZE };

    csn_counts_domain(table, request.domain);
    return request;
}

/* A nonce as the server mints it, found in its challenge. */
static void
draw_nonce(char nonce[57])
{
    static uint8_t scratch[CSN_SCRATCH_SIZE];
    uint8_t challenge[CSN_CHALLENGE_SIZE + 1] = { 0 };
    csn_writer out = csn_writer_init(challenge, CSN_CHALLENGE_SIZE);
    csn_server_request request = make_request(NULL, scratch);
    csn_server_exchange x;
    const char *at;

    if (csn_server_begin(&x, &server, &request) != CSN_DONE ||
        csn_server_challenge(&x, 0, &out) != CSN_OK ||
        (at = strstr((char *)challenge, "nonce=\"")) == NULL)
        die("no challenge");
    memcpy(nonce, at + 7, 56);
    nonce[56] = '\0';
    csn_server_end(&x);
}

/* Credentials with counts 1, 2, ... on one fresh nonce. */
static void
prepare(void)
{
    char nonce[57], nc[9];

    draw_nonce(nonce);
    for (size_t i = 0; i < LINES; i++) {
        uint8_t response[CSN_MAX_DIGEST], hex[65] = { 0 };
        csn_digest_input input = { .hash = CSN_HASH_SHA_256,
            .ha1_hex = { ha1, 64 },
            .nonce = text(nonce),
            .nc = text(nc),
            .cnonce = CSN_SPAN(CNONCE),
            .qop = CSN_SPAN("auth"),
            .method = CSN_SPAN(METHOD),
            .uri = CSN_SPAN(TARGET) };
        csn_writer out = csn_writer_init(hex, 64);

        snprintf(nc, sizeof(nc), "%08zx", i + 1);
        input.nc = text(nc);
        if (csn_digest_compute(crypto, &input, response, NULL) != CSN_OK)
            die("no response");
        for (size_t k = 0; k < 32; k++) {
            static const char digits[] = "0123456789abcdef";

            out.buf[2 * k] = (uint8_t)digits[response[k] >> 4];
            out.buf[2 * k + 1] = (uint8_t)digits[response[k] & 15];
        }
        line_lens[i] = (size_t)snprintf(lines[i], LINE,
            "Digest username=\"alice\", realm=\"test@example.org\", "
            "nonce=\"%s\", uri=\"" TARGET "\", response=\"%s\", "
            "algorithm=SHA-256, cnonce=\"" CNONCE "\", nc=%s, qop=auth",
            nonce, (char *)hex, nc);
    }
}

static void
run_ours(size_t i)
{
    static uint8_t scratch[CSN_SCRATCH_SIZE];
    uint8_t info[CSN_INFO_SIZE];
    csn_span line = { (const uint8_t *)lines[i], line_lens[i] };
    csn_server_request request = make_request(&line, scratch);
    csn_secret secret = { .code = CSN_SECRET_FOUND, .ha1_hex = { ha1, 64 } };
    csn_writer out = csn_writer_init(info, sizeof(info));
    csn_server_exchange x;
    csn_mark mark;

    if (csn_server_begin(&x, &server, &request) != CSN_NEED_SECRET ||
        csn_server_give_secret(&x, &secret) != CSN_NEED_COUNT)
        die("not right");
    mark = csn_server_count_query(&x);
    if (csn_server_give_count(&x, csn_counts_mark(table, &mark)) != CSN_DONE ||
        csn_server_info(&x, &out) != CSN_OK)
        die("not allowed");
    sink ^= info[out.len - 1];
    csn_server_end(&x);
}

/* The four hashes alone, each from one stretch of octets of its length. */
static void
run_bare(size_t i)
{
    static const uint8_t octets[512];
    /* A2 of the request and of the response; KD over HA1:nonce:nc:cnonce:
     * qop:HA2, twice. */
    static const size_t lens[] = { sizeof(METHOD ":" TARGET) - 1,
        sizeof(":" TARGET) - 1,
        64 + 1 + 56 + 1 + 8 + 1 + sizeof(CNONCE) - 1 + 1 + 4 + 1 + 64,
        64 + 1 + 56 + 1 + 8 + 1 + sizeof(CNONCE) - 1 + 1 + 4 + 1 + 64 };
    uint8_t digest[CSN_MAX_DIGEST];

    (void)i;
    for (size_t k = 0; k < sizeof(lens) / sizeof(lens[0]); k++) {
        csn_span part = { octets, lens[k] };

        if (crypto->digest(CSN_HASH_SHA_256, &part, 1, digest) != CSN_OK)
            die("no hash");
        sink ^= digest[0];
    }
}

static double
time_round(void (*run)(size_t i))
{
    struct timespec from, to;

    clock_gettime(CLOCK_MONOTONIC, &from);
    for (size_t i = 0; i < LINES; i++)
        run(i);
    clock_gettime(CLOCK_MONOTONIC, &to);
    return ((double)(to.tv_sec - from.tv_sec) * 1e9 +
               (double)(to.tv_nsec - from.tv_nsec)) /
        LINES;
}

static int
ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void
compare(void)
{
    static double ours[ROUNDS], bare[ROUNDS], ratio[ROUNDS];

    for (size_t i = 0; i < ROUNDS; i++) {
        prepare();
        ours[i] = time_round(run_ours);
        bare[i] = time_round(run_bare);
        ratio[i] = ours[i] / bare[i];
    }
    qsort(ours, ROUNDS, sizeof(double), ascending);
    qsort(bare, ROUNDS, sizeof(double), ascending);
    qsort(ratio, ROUNDS, sizeof(double), ascending);
    printf("exchange %.0f ns, four bare hashes %.0f ns, ratio %.2f "
           "(medians of %d paired rounds; ratio's quartiles %.2f to %.2f)\n",
        ours[ROUNDS / 2], bare[ROUNDS / 2], ratio[ROUNDS / 2], ROUNDS,
        ratio[ROUNDS / 4], ratio[3 * ROUNDS / 4]);
}

static void
repeat(const char *what, size_t count)
{
    prepare();
    if (count > LINES)
        die("at most 100 exchanges fit one nonce here");
    for (size_t i = 0; i < count; i++) {
        if (strcmp(what, "ours") == 0)
            run_ours(i);
        else
            run_bare(i);
    }
}

int
main(int argc, char **argv)
{
    csn_server_config config = { .version = CSN_SERVER_CONFIG_VERSION,
        .realm = CSN_SPAN("test@example.org"),
        .site = CSN_SPAN("www.example.org") };
    csn_key key = { .id = 1, .state = CSN_KEY_MINT };
    void *memory = aligned_alloc(64, TABLE);

    crypto = csn_crypto_openssl();
    if (crypto == NULL || memory == NULL ||
        crypto->random(key.secret, sizeof(key.secret)) != CSN_OK ||
        csn_counts_init(memory, TABLE, crypto, now_ms, &table) != CSN_OK ||
        csn_server_init(&server, &config, crypto, &key, 1) != CSN_OK ||
        csn_digest_ha1(crypto, CSN_HASH_SHA_256, CSN_SPAN("alice"),
            config.realm, CSN_SPAN("secret"), ha1) != CSN_OK)
        die("cannot start");

    if (argc == 3)
        repeat(argv[1], (size_t)strtoul(argv[2], NULL, 10));
    else
        compare();
    free(memory);
    return sink == 0 && argc > 3;
}
