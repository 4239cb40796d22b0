// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TESTS_ATTACK_RIG_H
#define COUNTERSIGN_TESTS_ATTACK_RIG_H

#include <countersign/server.h>
#include <countersign/stores/memory.h>

/*
 * A site under attack: the server engine with a counts table in shared
 * memory, and users alice ("secret") and bob ("hunter2"); and the requests of
 * whoever attacks it, of which every parameter can be left out or made wrong.
 * Responses are computed here, over OpenSSL, with no code of the library.
 */

/* The parameters of credentials, in the order they are written. */
typedef enum attack_param {
    P_USERNAME,
    P_USERNAME_EXT,
    P_REALM,
    P_NONCE,
    P_URI,
    P_RESPONSE,
    P_CNONCE,
    P_NC,
    P_QOP,
    P_OPAQUE,
    P_ALGORITHM,
    P_USERHASH,
    P_COUNT
} attack_param;

enum { ATTACK_VALUE = 320, ATTACK_LINE = 8 * ATTACK_VALUE };

#define ATTACK_REALM "test@example.org"
#define ATTACK_START_MS 1700000000000u

typedef struct attack_site {
    csn_server_config config;
    csn_key keys[CSN_MAX_KEYS];
    size_t key_count;
    csn_server server;
    uint64_t now_ms;
    csn_counts *table;
    void *memory;
    size_t memory_size;
    const csn_secret *secret; /* what the store says, whoever is asked for */
} attack_site;

/* One request; may be copied by assignment. */
typedef struct attack_request {
    char method[16];
    char target[ATTACK_VALUE];
    char scheme[8];
    char authority[ATTACK_VALUE];
    char content[ATTACK_VALUE];
    char value[P_COUNT][ATTACK_VALUE];
    bool sent[P_COUNT];
    bool bare;        /* no credentials */
    const char *line; /* the whole field value, instead of the parameters */
} attack_request;

typedef struct attack_answer {
    csn_server_outcome outcome;
    char challenge[ATTACK_LINE];
    char info[ATTACK_LINE];
    bool looked_up; /* a secret was asked for */
    bool marked;    /* a count was marked */
} attack_answer;

/* A site with the defaults, which `change` may alter; a small table. */
void attack_open(attack_site *site, void (*change)(csn_server_config *));
void attack_open_sized(attack_site *site, void (*change)(csn_server_config *),
    size_t table_size);
void attack_close(attack_site *site);

/* The server anew from config and keys, the table untouched. */
void attack_reload(attack_site *site);

/* An empty table with a new domain. */
void attack_restart(attack_site *site);

/* A right request of alice's on a fresh nonce: GET /a?b=c, count 1. */
void attack_right(attack_site *site, attack_request *request);

void attack_set(attack_request *request, attack_param param,
    const char *value);

/* The right response for `password` over what the request says otherwise. */
void attack_sign(attack_request *request, const char *password);

/* The same with any text in the place of H(A1). */
void attack_sign_with_ha1(attack_request *request, const char *ha1);

/* The credentials as a field value. */
void attack_line(const attack_request *request, char line[ATTACK_LINE]);

/* One request through the engine and every one of its needs. */
void attack_send(attack_site *site, const attack_request *request,
    attack_answer *answer);

/*
 * Send it, and see that it is let in, with an Info field; or that it is
 * refused for `reason`, with nothing that an accepted one would get, and the
 * count unspent unless the reason is the store's.
 */
void attack_allowed(const char *name, attack_site *site,
    const attack_request *request);
void attack_refused(const char *name, attack_site *site,
    const attack_request *request, csn_reason reason);

/* The nonce of a fresh challenge. */
void attack_nonce(attack_site *site, char nonce[64]);

/*
 * The same as fast as it goes, from any thread and without the heap: one
 * challenge for nobody; its nonce too, unless NULL.
 */
enum { ATTACK_NONCE = 56 };
void attack_challenge(const attack_site *site, csn_server_exchange *x,
    char nonce[ATTACK_NONCE]);

/* H of `text` in hex, by the algorithm's name as it stands in a line. */
void attack_hash(const char *algorithm, const char *text, char hex[65]);

#endif
