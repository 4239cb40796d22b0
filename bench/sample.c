// SPDX-License-Identifier: MIT
#define _GNU_SOURCE /* program_invocation_short_name */
#include "sample.h"

#include <countersign/crypto_openssl.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void
sample_die(const char *what)
{
    fprintf(stderr, "%s: %s\n", program_invocation_short_name, what);
    exit(1);
}

csn_span
sample_text(const char *string)
{
    return (csn_span){ (const uint8_t *)string, strlen(string) };
}

uint64_t
sample_now_ms(void)
{
    return UINT64_C(1700000000000);
}

void
sample_start(sample_server *self, size_t size, bool userhash)
{
    csn_server_config config = { .version = CSN_SERVER_CONFIG_VERSION,
        .realm = CSN_SPAN(SAMPLE_REALM),
        .site = CSN_SPAN("www.example.org"),
        .userhash = userhash };
    csn_key key = { .id = 1, .state = CSN_KEY_MINT };

    self->crypto = csn_crypto_openssl();
    self->memory = aligned_alloc(64, size);
    if (self->crypto == NULL || self->memory == NULL ||
        self->crypto->random(key.secret, sizeof(key.secret)) != CSN_OK ||
        csn_counts_init(self->memory, size, self->crypto, sample_now_ms(),
            &self->counts) != CSN_OK ||
        csn_server_init(&self->server, &config, self->crypto, &key, 1) !=
            CSN_OK)
        sample_die("cannot start");
}

csn_server_request
sample_request(const sample_server *self, csn_span *line, uint8_t *scratch)
{
    csn_server_request request = {
        .target = { CSN_SPAN(SAMPLE_METHOD), CSN_SPAN(SAMPLE_TARGET),
            CSN_SPAN("http"), CSN_SPAN("www.example.org") },
        .lines = line,
        .line_count = line != NULL,
        .now_ms = csn_counts_now(self->counts, sample_now_ms()),
        .scratch = scratch,
        .scratch_len = CSN_SCRATCH_SIZE
    };

    csn_counts_domain(self->counts, request.domain);
    return request;
}

void
sample_nonce(const sample_server *self, char nonce[SAMPLE_NONCE])
{
    static uint8_t scratch[CSN_SCRATCH_SIZE];
    uint8_t challenge[CSN_CHALLENGE_SIZE + 1] = { 0 };
    csn_writer out = csn_writer_init(challenge, CSN_CHALLENGE_SIZE);
    csn_server_request request = sample_request(self, NULL, scratch);
    csn_server_exchange x;
    const char *at;

    if (csn_server_begin(&x, &self->server, &request) != CSN_DONE ||
        csn_server_challenge(&x, 0, &out) != CSN_OK ||
        (at = strstr((char *)challenge, "nonce=\"")) == NULL)
        sample_die("no challenge");
    memcpy(nonce, at + 7, SAMPLE_NONCE - 1);
    nonce[SAMPLE_NONCE - 1] = '\0';
    csn_server_end(&x);
}

void
sample_hex(const uint8_t digest[CSN_MAX_DIGEST], char hex[SAMPLE_HEX])
{
    for (size_t i = 0; i < SAMPLE_HEX / 2; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}

void
sample_compute(const csn_crypto *crypto, csn_span ha1_hex, csn_span nonce,
    const char *nc, char response[SAMPLE_HEX], char rspauth[SAMPLE_HEX])
{
    uint8_t digest[CSN_MAX_DIGEST];
    uint8_t proof[CSN_MAX_DIGEST];
    csn_digest_input input = { .hash = CSN_HASH_SHA_256,
        .ha1_hex = ha1_hex,
        .nonce = nonce,
        .nc = sample_text(nc),
        .cnonce = CSN_SPAN(SAMPLE_CNONCE),
        .qop = CSN_SPAN("auth"),
        .method = CSN_SPAN(SAMPLE_METHOD),
        .uri = CSN_SPAN(SAMPLE_TARGET) };

    if (csn_digest_compute(crypto, &input, digest, proof) != CSN_OK)
        sample_die("no response");
    if (response != NULL)
        sample_hex(digest, response);
    if (rspauth != NULL)
        sample_hex(proof, rspauth);
}

uint8_t
sample_bare_hashes(const csn_crypto *crypto)
{
    static const uint8_t octets[512];
    /* A2 of the request and of the response; KD over HA1:nonce:nc:cnonce:
     * qop:HA2, twice. */
    static const size_t lens[] = {
        sizeof(SAMPLE_METHOD ":" SAMPLE_TARGET) - 1,
        sizeof(":" SAMPLE_TARGET) - 1,
        64 + 1 + 56 + 1 + 8 + 1 + sizeof(SAMPLE_CNONCE) - 1 + 1 + 4 + 1 + 64,
        64 + 1 + 56 + 1 + 8 + 1 + sizeof(SAMPLE_CNONCE) - 1 + 1 + 4 + 1 + 64,
    };
    uint8_t digest[CSN_MAX_DIGEST];
    uint8_t some = 0;

    for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
        csn_span part = { octets, lens[i] };

        if (crypto->digest(CSN_HASH_SHA_256, &part, 1, digest) != CSN_OK)
            sample_die("no hash");
        some ^= digest[0];
    }
    return some;
}
