// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TESTS_GUEST_H
#define COUNTERSIGN_TESTS_GUEST_H

#include <countersign/client.h>

/*
 * A client under test and the little it needs of a peer: a generator that
 * says what it is told, and Info fields made by hand from the credentials the
 * client wrote, so that no code of the client's own judges it.
 */

enum { GUEST_TEXT = CSN_CREDENTIALS_SIZE, GUEST_VALUE = 1200 };

#define GUEST_USER "alice"
#define GUEST_PASSWORD "correct horse"

/* A challenge as most tests want it; NONCE in quotes is put in. */
#define GUEST_CHALLENGE(nonce)                                                \
    "Digest realm=\"test@example.org\", nonce=\"" nonce                       \
    "\", algorithm=SHA-256, qop=\"auth\", opaque=\"xyz\""

typedef struct guest {
    csn_client_policy policy;
    csn_client_space space;
    csn_client_choice choice;
    csn_client_attempt attempt;
    csn_client_result result;
    csn_reason why;
    const char *method;    /* of the last request */
    char line[GUEST_TEXT]; /* the credentials last written */
} guest;

/* OpenSSL's hashes; random octets from guest_random, all others real. */
extern const csn_crypto guest_crypto;

/*
 * What the generator gives: these 18 octets, or none (it fails). The default
 * gives the cnonce that the published chains were made with.
 */
extern const char *guest_random;
#define GUEST_RANDOM "cnonce-abcdef-0001"
#define GUEST_CNONCE "Y25vbmNlLWFiY2RlZi0wMDAx"

/* An empty space for GUEST_USER at https://example.org (or that proxy). */
void guest_open(guest *g, csn_layer layer);

/* The same for another user. */
void guest_open_as(guest *g, csn_layer layer, const char *user);

/* choose from one line (NULL: no line), then accept when it was chosen. */
csn_status guest_challenge(guest *g, const char *line);

/* authorize; the credentials are in `line` as a string, empty on failure. */
csn_status guest_ask(guest *g, const char *method, const char *uri);

/* The same with H(content), by the hash of the challenge last chosen. */
csn_status guest_ask_int(guest *g, const char *method, const char *uri,
    const char *content);

/* A session from GUEST_CHALLENGE("n1"), and GET /a sent in it. */
void guest_ready(guest *g, csn_layer layer);

/* verify; NULL for a section that is not there. */
void guest_hear(guest *g, unsigned status, const char *header,
    const char *trailer);

/* The same after auth-int; NULL for a content that did not come whole. */
void guest_hear_int(guest *g, unsigned status, const char *header,
    const char *uri, const char *content);

/* The value of a parameter of a written field as sent, quotes undone. */
const char *guest_param(const char *field, const char *name, char *out);

/* Whether a written field has the parameter. */
bool guest_has(const char *field, const char *name);

/*
 * What a digest is made of; NULL for what `line` itself says, or has not.
 * `user` is the plain name where it travels in another form; `first` are the
 * first credentials of a `-sess` session; `qop` is another one than the line
 * has; `content` is hashed with auth-int. An empty `method` gives rspauth.
 */
typedef struct guest_sum {
    const char *line;
    const char *password;
    const char *method;
    const char *user;
    const char *first;
    const char *qop;
    const char *content;
} guest_sum;

void guest_sum_hex(const guest_sum *sum, char hex[65]);

/* response (or, with an empty method, rspauth) to credentials, in hex. */
void guest_digest(const char *line, const char *password, const char *method,
    char hex[65]);

/* The whole Info field that answers `line`, with `more` put in front. */
void guest_info(const char *line, const char *more, char *out);

/* The same for anything but plain auth; password and method are set here. */
void guest_info_of(guest_sum sum, const char *more, char *out);

#endif
