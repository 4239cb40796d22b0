// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_FUZZ_HANDSHAKE_H
#define COUNTERSIGN_FUZZ_HANDSHAKE_H

/*
 * Both engines against each other: handshake_fuzz.c plays the program of the
 * input, handshake_peers.c holds server and client, handshake_oracle.c says
 * by formula, over OpenSSL and apart from both, what is right.
 */

#include <countersign/client.h>
#include <countersign/server.h>
#include <countersign/stores/memory.h>

#include "play.h"

#define PASSWORD CSN_SPAN("p")
#define WRONG_PASSWORD CSN_SPAN("q")
#define IMPOSTORS_PASSWORD CSN_SPAN("i")

enum { MAX_CONTENT = 16, MAX_NONCE_SEEN = 64, MAX_ACCEPTED = 160 };

/* One request and what came back, as they lie on the wire. */
typedef struct message {
    csn_span method;
    csn_span target;
    uint8_t content[MAX_CONTENT];
    size_t content_len;
    char credentials[LINE];
    size_t credentials_len; /* 0: none */
    bool allowed;
    bool stale;
    char challenges[2][CSN_CHALLENGE_SIZE];
    size_t challenge_len[2];
    char header[LINE];
    size_t header_len;
    char trailer[LINE];
    size_t trailer_len;
    uint8_t answer[MAX_CONTENT];
    size_t answer_len;
} message;

/* What the client sent, as it knows it. */
typedef struct sent {
    csn_client_attempt attempt;
    char line[LINE];
    size_t len;
    csn_span method;
    csn_span target;
    uint8_t session_nonce[CSN_MAX_NONCE]; /* of the challenge answered */
    size_t session_nonce_len;
    csn_span password; /* the session's */
} sent;

/* Credentials that were let in: nonce and count, and the first cnonce. */
typedef struct accepted {
    uint8_t nonce[MAX_NONCE_SEEN];
    size_t nonce_len;
    uint8_t cnonce[CSN_MAX_CNONCE];
    size_t cnonce_len;
    uint32_t count; /* 0: without qop */
} accepted;

typedef struct play {
    csn_server_config config;
    csn_server server;
    csn_key keys[2];
    size_t key_count;
    csn_counts *table;
    size_t table_size;
    uint64_t now_ms;
    csn_span user;
    csn_client_policy policy;
    csn_client_space space;
    uint8_t session_nonce[CSN_MAX_NONCE];
    size_t session_nonce_len;
    csn_span password; /* the session's, right or wrong */
    accepted accepted[MAX_ACCEPTED];
    size_t accepted_count;
} play;

/* handshake_peers.c */

/* OpenSSL's hashes with random octets that can be played again. */
const csn_crypto *peers_crypto(void);
void peers_seed(uint64_t seed);

/* The server anew from config and keys; an empty table. */
void peers_reload(play *p);
void peers_restart(play *p);

/* The server's half of an exchange; what it lets in is held to the oracle. */
void peers_serve(play *p, message *m);

/* An empty space. */
void peers_forget(play *p);

/* A session from the message's challenges; false: refused, and why. */
bool peers_accept(play *p, const message *m, const sent *answered,
    unsigned retries, csn_span password, csn_reason *why);

/* Credentials for the message; false when the engine has none to give. */
bool peers_ask(play *p, message *m, sent *record);

/* The client's verdict on the message's response, held to the oracle. */
csn_client_result peers_hear(play *p, const sent *record, const message *m);

/* handshake_oracle.c */

/*
 * Whether the line of `m` carries the response that the formula gives for
 * PASSWORD over the request as it came, and its nonce and count were never
 * let in before. Notes them.
 */
bool oracle_lets_in(play *p, const message *m);

/* Whether a section of `m` proves that the peer knows `record`'s password. */
bool oracle_proves(const play *p, const sent *record, const message *m);

/* The Info field of a peer that believes in `password`. */
size_t oracle_write_info(const play *p, const sent *record, const message *m,
    csn_span password, char line[LINE]);

#endif
