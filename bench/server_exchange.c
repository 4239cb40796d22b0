// SPDX-License-Identifier: MIT
/*
 * The server side of one exchange (parse, check, mark the count, Info field;
 * SHA-256, H(A1) given) beside the bare hash work for the same octets through
 * the same backend: two hashes for response, two for rspauth.
 *
 *     server_exchange            CPU ns of both, interleaved, and their ratio
 *     server_exchange ours N     N exchanges, for an instruction count
 *     server_exchange bare N     N times the four hashes
 *
 * bench/instructions takes the difference of two runs.
 */
#include "rounds.h"
#include "sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TABLE = 16 << 20, LINE = 768 };

static sample_server peer;
static uint8_t ha1[CSN_MAX_DIGEST_HEX];
static char lines[ROUND_STEPS][LINE];
static size_t line_lens[ROUND_STEPS];
static uint8_t sink;

/* Credentials with counts 1, 2, ... on one fresh nonce. */
static void
prepare(void)
{
    char nonce[SAMPLE_NONCE];
    char nc[9];
    char hex[SAMPLE_HEX];

    sample_nonce(&peer, nonce);
    for (size_t i = 0; i < ROUND_STEPS; i++) {
        snprintf(nc, sizeof(nc), "%08zx", i + 1);
        sample_compute(peer.crypto, (csn_span){ ha1, 64 }, sample_text(nonce),
            nc, hex, NULL);
        line_lens[i] = (size_t)snprintf(lines[i], LINE,
            "Digest username=\"alice\", realm=\"" SAMPLE_REALM "\", "
            "nonce=\"%s\", uri=\"" SAMPLE_TARGET "\", response=\"%s\", "
            "algorithm=SHA-256, cnonce=\"" SAMPLE_CNONCE "\", nc=%s, qop=auth",
            nonce, hex, nc);
    }
}

static void
run_ours(size_t i)
{
    static uint8_t scratch[CSN_SCRATCH_SIZE];
    uint8_t info[CSN_INFO_SIZE];
    csn_span line = { (const uint8_t *)lines[i], line_lens[i] };
    csn_server_request request = sample_request(&peer, &line, scratch);
    csn_secret secret = { .code = CSN_SECRET_FOUND, .ha1_hex = { ha1, 64 } };
    csn_writer out = csn_writer_init(info, sizeof(info));
    csn_server_exchange x;
    csn_mark mark;

    if (csn_server_begin(&x, &peer.server, &request) != CSN_NEED_SECRET ||
        csn_server_give_secret(&x, &secret) != CSN_NEED_COUNT)
        sample_die("not right");
    mark = csn_server_count_query(&x);
    if (csn_server_give_count(&x, csn_counts_mark(peer.counts, &mark)) !=
            CSN_DONE ||
        csn_server_info(&x, &out) != CSN_OK)
        sample_die("not allowed");
    sink ^= info[out.len - 1];
    csn_server_end(&x);
}

static void
run_bare(size_t i)
{
    (void)i;
    sink ^= sample_bare_hashes(peer.crypto);
}

static void
compare(void)
{
    static const round_step kinds[] = { run_ours, run_bare };
    rounds_result result = rounds_measure(prepare, kinds, 2);

    printf("exchange %.0f ns, four bare hashes %.0f ns, ratio %.2f "
           "(medians of %d paired rounds; ratio's quartiles %.2f to %.2f)\n",
        result.ns[0], result.ns[1], result.ratio[1], ROUNDS, result.ratio[0],
        result.ratio[2]);
}

int
main(int argc, char **argv)
{
    sample_start(&peer, TABLE, false);
    if (csn_digest_ha1(peer.crypto, CSN_HASH_SHA_256, CSN_SPAN("alice"),
            CSN_SPAN(SAMPLE_REALM), CSN_SPAN("secret"), ha1) != CSN_OK)
        sample_die("no secret");
    if (argc == 3)
        rounds_repeat(prepare,
            strcmp(argv[1], "ours") == 0 ? run_ours : run_bare,
            (size_t)strtoul(argv[2], NULL, 10));
    else
        compare();
    free(peer.memory);
    return sink == 0 && argc > 3;
}
