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
#include "rounds.h"
#include "sample.h"

#include <countersign/client.h>
#include <countersign/crypto_openssl.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE = 512 };

#define NONCE "AQEABAAAAAAAAAAAAYvHmO0AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static const csn_crypto *openssl;
static csn_crypto fixed; /* the same hashes, octets from a table */
static csn_crypto drawn; /* the same octets, drawn first */
static csn_client_policy policy = { .version = CSN_CLIENT_POLICY_VERSION,
    .proof = CSN_PROOF_REQUIRE };
static csn_client_space space;
static char infos[ROUND_STEPS][LINE];
static size_t info_lens[ROUND_STEPS];
static uint8_t sink;

static csn_status
fixed_random(uint8_t *out, size_t len)
{
    /* SAMPLE_CNONCE before it was coded */
    static const uint8_t cnonce[18] = { 0xa5, 0x8e, 0xab, 0x5b, 0x6b, 0xc9,
        0xd2, 0x7a, 0xa4, 0xe5, 0x76, 0xf7, 0xb9, 0x07, 0x93, 0xd4, 0x0e,
        0xf3 };

    if (len != sizeof(cnonce))
        return CSN_E_RANDOM;
    memcpy(out, cnonce, len);
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
    const csn_span line = CSN_SPAN(
        "Digest realm=\"" SAMPLE_REALM "\", nonce=\"" NONCE
        "\", qop=\"auth\", algorithm=SHA-256, "
        "charset=UTF-8");
    csn_client_choice choice;
    csn_reason why;
    uint8_t ha1[CSN_MAX_DIGEST_HEX];

    if (csn_client_space_init(&space, &key) != CSN_OK ||
        csn_client_choose(&policy, 0, &line, 1, &choice, &why) != CSN_OK ||
        csn_client_accept(&space, openssl, &policy, &choice,
            CSN_SPAN("secret")) != CSN_OK ||
        csn_digest_ha1(openssl, CSN_HASH_SHA_256, key.user,
            CSN_SPAN(SAMPLE_REALM), CSN_SPAN("secret"), ha1) != CSN_OK)
        sample_die("no session");
    for (size_t i = 0; i < ROUND_STEPS; i++) {
        char nc[9];
        char rspauth[SAMPLE_HEX];

        snprintf(nc, sizeof(nc), "%08zx", i + 1);
        sample_compute(openssl, (csn_span){ ha1, 64 }, CSN_SPAN(NONCE), nc,
            NULL, rspauth);
        info_lens[i] = (size_t)snprintf(infos[i], LINE,
            "qop=auth, rspauth=\"%s\", cnonce=\"" SAMPLE_CNONCE "\", nc=%s",
            rspauth, nc);
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

    if (csn_client_authorize(&space, crypto, CSN_SPAN(SAMPLE_METHOD),
            CSN_SPAN(SAMPLE_TARGET), NULL, &out, &attempt) != CSN_OK)
        sample_die("no credentials");
    csn_client_verify(&policy, &space, &attempt, &response, &result);
    if (!result.deliver)
        sample_die("not proved");
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

static void
run_bare(size_t i)
{
    (void)i;
    sink ^= sample_bare_hashes(openssl);
}

static void
compare(void)
{
    static const round_step kinds[] = { run_ours, run_drawn, run_bare };
    rounds_result result = rounds_measure(prepare, kinds, 3);

    printf("exchange %.0f ns (%.0f with the generator), four bare hashes "
           "%.0f ns, ratio %.2f (medians of %d paired rounds; ratio's "
           "quartiles %.2f to %.2f)\n",
        result.ns[0], result.ns[1], result.ns[2], result.ratio[1], ROUNDS,
        result.ratio[0], result.ratio[2]);
}

static round_step
step_of(const char *what)
{
    return strcmp(what, "bare") == 0 ? run_bare
        : strcmp(what, "drawn") == 0 ? run_drawn
                                     : run_ours;
}

int
main(int argc, char **argv)
{
    openssl = csn_crypto_openssl();
    if (openssl == NULL)
        sample_die("no hash backend");
    fixed = *openssl;
    fixed.random = fixed_random;
    drawn = *openssl;
    drawn.random = drawn_random;
    if (argc == 3)
        rounds_repeat(prepare, step_of(argv[1]),
            (size_t)strtoul(argv[2], NULL, 10));
    else
        compare();
    return sink == 0 && argc > 3;
}
