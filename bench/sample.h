// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_BENCH_SAMPLE_H
#define COUNTERSIGN_BENCH_SAMPLE_H

#include <countersign/countersign.h>
#include <countersign/stores/memory.h>

/* The request that the benches of the engines send, and who answers it. */

#define SAMPLE_REALM "test@example.org"
#define SAMPLE_METHOD "GET"
#define SAMPLE_TARGET "/api/v1/items?page=3&size=50"
#define SAMPLE_CNONCE "pY6rW2vJ0nqk5Xb3uQeT1A7z"

/* Lengths with the NUL behind them. */
enum { SAMPLE_NONCE = 57, SAMPLE_HEX = 65 };

/* A server with its counts. */
typedef struct sample_server {
    const csn_crypto *crypto;
    csn_server server;
    csn_counts *counts;
    void *memory; /* of the counts */
} sample_server;

/* End the program: `what` did not work. */
_Noreturn void sample_die(const char *what);

csn_span sample_text(const char *string);

/* The time, fixed, in milliseconds since 1970. */
uint64_t sample_now_ms(void);

/* Start it with a table of `size` octets; realm SAMPLE_REALM. */
void sample_start(sample_server *self, size_t size, bool userhash);

/* The request with this field line, or without one. */
csn_server_request sample_request(const sample_server *self, csn_span *line,
    uint8_t *scratch);

/* A nonce as the server mints it, found in its challenge. */
void sample_nonce(const sample_server *self, char nonce[SAMPLE_NONCE]);

/* SHA-256 `response` and `rspauth` (each may be NULL) to the request. */
void sample_compute(const csn_crypto *crypto, csn_span ha1_hex, csn_span nonce,
    const char *nc, char response[SAMPLE_HEX], char rspauth[SAMPLE_HEX]);

void sample_hex(const uint8_t digest[CSN_MAX_DIGEST], char hex[SAMPLE_HEX]);

/*
 * The hash work of one exchange alone, each hash from one stretch of octets
 * of its length: two for response, two for rspauth. Returns an octet of them.
 */
uint8_t sample_bare_hashes(const csn_crypto *crypto);

#endif
