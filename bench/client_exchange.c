// SPDX-License-Identifier: MIT
/*
 * The client side of one exchange in a standing session (credentials for a
 * request, judgement of the Info field; SHA-256) beside the bare hash work
 * for the same octets through the same backend: two hashes for response, two
 * for rspauth.
 *
 *     client_exchange            CPU ns of all three, interleaved, and ratio
 *     client_exchange ours N     N exchanges, cnonces from a table
 *     client_exchange drawn N    N exchanges, cnonces from the generator
 *     client_exchange bare N     N times the four hashes
 *
 * What the system's generator costs is its own (a client may well batch its
 * draws); `drawn` has it in. bench/instructions counts `ours` and `bare`.
 */
#define _POSIX_C_SOURCE 200809L
#include <countersign/client.h>
#include <countersign/crypto_openssl.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LINES = 100, ROUNDS = 2000, LINE = 512 };

#define METHOD "GET"
#define TARGET "/api/v1/items?page=3&size=50"
#define REALM "test@example.org"
#define NONCE "AQEABAAAAAAAAAAAAYvHmO0AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define CNONCE "Y25vbmNlLWFiY2RlZi0wMDAx" /* what fixed_random gives */

static const csn_crypto *openssl;
static csn_crypto fixed; /* the same hashes, octets from a table */
static csn_crypto drawn; /* the same octets, drawn first */
static csn_client_policy policy = { .version = CSN_CLIENT_POLICY_VERSION,
    .proof = CSN_PROOF_REQUIRE };
static csn_client_space space;
static char infos[LINES][LINE];
static size_t info_lens[LINES];
static uint8_t sink;

static _Noreturn void
die(const char *what)
{
    fprintf(stderr, "client_exchange: %s\n", what);
    exit(1);
}

static csn_status
fixed_random(uint8_t *out, size_t len)
{
    memcpy(out, "cnonce-abcdef-0001", len);
    return CSN_OK;
}

static csn_status
drawn_random(uint8_t *out, size_t len)
{
    uint8_t octets[32];

    if (len > sizeof(octets) || openssl->random(octets, len) != CSN_OK)
        return CSN_E_RANDOM;
    sink ^= octets[0];
    return fixed_random(out, len);
}

/* A session at count 0, and the right Info fields of the next requests. */
static void
prepare(void)
{
    static const csn_client_key key = { CSN_LAYER_ORIGIN, CSN_LIT("http"),
        CSN_LIT("www.example.org"), 80, CSN_LIT("alice") };
    const csn_span line = CSN_SPAN("Digest realm=\"" REALM "\", nonce=\"" NONCE
                                   "\", qop=\"auth\", algorithm=SHA-256, "
                                   "charset=UTF-8");
    csn_client_choice choice;
    csn_reason why;
    uint8_t ha1[CSN_MAX_DIGEST_HEX];

    if (csn_client_space_init(&space, &key) != CSN_OK ||
        csn_client_choose(&policy, 0, &line, 1, &choice, &why) != CSN_OK ||
        csn_client_accept(&space, openssl, &policy, &choice,
            CSN_SPAN("secret")) != CSN_OK ||
        csn_digest_ha1(openssl, CSN_HASH_SHA_256, key.user, CSN_SPAN(REALM),
            CSN_SPAN("secret"), ha1) != CSN_OK)
        die("no session");
    for (size_t i = 0; i < LINES; i++) {
        uint8_t response[CSN_MAX_DIGEST];
        uint8_t rspauth[CSN_MAX_DIGEST];
        char nc[9];
        char hex[65];
        const csn_digest_input input = { .hash = CSN_HASH_SHA_256,
            .ha1_hex = { ha1, 64 },
            .nonce = CSN_SPAN(NONCE),
            .nc = { (const uint8_t *)nc, 8 },
            .cnonce = CSN_SPAN(CNONCE),
            .qop = CSN_SPAN("auth"),
            .method = CSN_SPAN(METHOD),
            .uri = CSN_SPAN(TARGET) };

        snprintf(nc, sizeof(nc), "%08zx", i + 1);
        if (csn_digest_compute(openssl, &input, response, rspauth) != CSN_OK)
            die("no rspauth");
        for (size_t k = 0; k < 32; k++)
            snprintf(hex + 2 * k, 3, "%02x", rspauth[k]);
        info_lens[i] = (size_t)snprintf(infos[i], LINE,
            "qop=auth, rspauth=\"%s\", cnonce=\"" CNONCE "\", nc=%s", hex, nc);
    }
}

static void
run_exchange(size_t i, const csn_crypto *crypto)
{
    static uint8_t buf[CSN_CREDENTIALS_SIZE];
    csn_writer out = csn_writer_init(buf, sizeof(buf));
    csn_span line = { (const uint8_t *)infos[i], info_lens[i] };
    csn_client_response response = { .status = 200,
        .header = &line,
        .header_count = 1 };
    csn_client_attempt attempt;
    csn_client_result result;

    if (csn_client_authorize(&space, crypto, CSN_SPAN(METHOD),
            CSN_SPAN(TARGET), NULL, &out, &attempt) != CSN_OK)
        die("no credentials");
    csn_client_verify(&policy, &space, &attempt, &response, &result);
    if (!result.deliver)
        die("not proved");
    sink ^= buf[out.len - 1];
}

static void
run_ours(size_t i)
{
    run_exchange(i, &fixed);
}

static void
run_drawn(size_t i)
{
    run_exchange(i, &drawn);
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

        if (openssl->digest(CSN_HASH_SHA_256, &part, 1, digest) != CSN_OK)
            die("no hash");
        sink ^= digest[0];
    }
}

static double
time_round(void (*run)(size_t i))
{
    struct timespec from;
    struct timespec to;

    prepare();
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
    for (size_t i = 0; i < LINES; i++)
        run(i);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
    return ((double)(to.tv_sec - from.tv_sec) * 1e9 +
               (double)(to.tv_nsec - from.tv_nsec)) /
        LINES;
}

static int
ascending(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

static double
median(double *values, size_t quarter)
{
    qsort(values, ROUNDS, sizeof(values[0]), ascending);
    return values[quarter * ROUNDS / 4];
}

static void
compare(void)
{
    static double ours[ROUNDS];
    static double with[ROUNDS];
    static double bare[ROUNDS];
    static double ratio[ROUNDS];

    for (size_t i = 0; i < ROUNDS; i++) {
        ours[i] = time_round(run_ours);
        with[i] = time_round(run_drawn);
        bare[i] = time_round(run_bare);
        ratio[i] = ours[i] / bare[i];
    }
    printf("exchange %.0f ns (%.0f with the generator), four bare hashes "
           "%.0f ns, ratio %.2f (medians of %d paired rounds; ratio's "
           "quartiles %.2f to %.2f)\n",
        median(ours, 2), median(with, 2), median(bare, 2), median(ratio, 2),
        ROUNDS, median(ratio, 1), median(ratio, 3));
}

static void
repeat(const char *what, size_t count)
{
    void (*run)(size_t i) = strcmp(what, "bare") == 0 ? run_bare
        : strcmp(what, "drawn") == 0                  ? run_drawn
                                                      : run_ours;

    prepare();
    if (count > LINES)
        die("at most 100 exchanges were made ready");
    for (size_t i = 0; i < count; i++)
        run(i);
}

int
main(int argc, char **argv)
{
    openssl = csn_crypto_openssl();
    if (openssl == NULL)
        die("no hash backend");
    fixed = *openssl;
    fixed.random = fixed_random;
    drawn = *openssl;
    drawn.random = drawn_random;
    if (argc == 3)
        repeat(argv[1], (size_t)strtoul(argv[2], NULL, 10));
    else
        compare();
    return sink == 0 && argc > 3;
}
