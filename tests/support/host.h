// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TESTS_HOST_H
#define COUNTERSIGN_TESTS_HOST_H

#include <countersign/server.h>
#include <countersign/stores/memory.h>

/*
 * A server and a client of its own kind for engine tests: one user, one
 * counts table, a clock that stands until it is moved. The client here writes
 * its credentials by hand, so that each part can be made wrong.
 */

/* A parameter that is left out; NULL means the right value. */
extern const char host_absent[];

typedef struct host {
    csn_server_config config;
    csn_key keys[CSN_MAX_KEYS];
    size_t key_count;
    csn_server server;
    uint64_t now_ms;
    csn_counts *table;
    void *memory;
    const csn_crypto *crypto;
    csn_secret_code secret_code; /* what the store says of alice */
    bool counts_away;            /* the store gives no answer */
    /* The answer about a session in place of the table's. */
    const csn_session_result *forced_session;
    bool nameless; /* the store gives no name with a secret */
} host;

/* What a client sends; zero is a right request on `nonce`. */
typedef struct host_ask {
    const char *method;
    const char *target;
    const char *scheme;
    const char *authority;
    const char *user;
    const char *password;
    const char *realm;
    const char *nonce;
    const char *uri;
    const char *response;
    const char *algorithm;
    const char *cnonce;
    const char *nc;
    const char *qop;
    const char *opaque;
    const char *body;         /* content, for auth-int */
    const char *reply;        /* the response's */
    const char *first_nonce;  /* -sess: of the session's first request, */
    const char *first_cnonce; /* NULL: of this one */
    bool userhash;            /* the name is sent hashed */
    bool extended;            /* the name is sent as username* */
    csn_content_code content_code;
    const char *extra;  /* appended as it is */
    const char *line;   /* the whole field value */
    const char *second; /* a second field line */
    bool bare;          /* no credentials at all */
} host_ask;

enum { HOST_LINES = CSN_ALG_COUNT, HOST_TEXT = 2560 };

typedef struct host_answer {
    csn_server_outcome outcome;
    char user[64];
    char challenges[HOST_LINES][HOST_TEXT];
    size_t challenge_count;
    char info[HOST_TEXT];
    bool looked_up; /* a secret was asked for */
    bool hashed;    /* for a hashed name */
    bool session_asked;
    csn_session_code session; /* the answer to it */
    bool content_asked;
    bool marked; /* a count was asked for */
    csn_mark mark;
    bool nextnonce;
    bool wants_content;      /* said before the secret was given */
    char proof[HOST_TEXT];   /* of the whole, after the exchange had ended */
    char blind[HOST_TEXT];   /* the same with the content not known */
    char header[HOST_TEXT];  /* what goes there when there is a trailer */
    char trailer[HOST_TEXT]; /* the rest */
} host_answer;

/* Start with the defaults; `change` may alter the configuration. */
void host_open(host *h, void (*change)(csn_server_config *config));
void host_close(host *h);

/* Make the server anew from config and keys, the table untouched: a reload. */
void host_reload(host *h);

/* An empty table and a new domain: a restart. */
void host_restart(host *h);

/* One request, through every need. */
void host_send(host *h, const host_ask *ask, host_answer *answer);

/* The same for count `nc` on `nonce`: the reason alone. */
csn_reason host_send_nc(host *h, const char *nonce, const char *nc);

/* It must be refused for `reason`, as stale and as nothing worse. */
void host_check_stale(host *h, const host_ask *ask, csn_reason reason);

/* The nonce of a fresh challenge, as a string. */
void host_nonce(host *h, char nonce[64]);

/* The credentials line that host_send would send. */
void host_line(host *h, const host_ask *ask, char *out, size_t cap);

/* Value of a parameter in a written field, quotation marks left out. */
void host_param(const char *field, const char *name, char *out, size_t cap);

/*
 * response (or, with an empty method, rspauth) by formula, in hex. The formula
 * is this file's own and asks nothing of the library.
 */
void host_response(host *h, const host_ask *ask, const char *method,
    char hex[65]);

#endif
