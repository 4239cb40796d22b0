// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TOOLS_VERIFY_FORM_H
#define COUNTERSIGN_TOOLS_VERIFY_FORM_H

#include "run.h"

/*
 * Credentials as a form: every parameter with its text, its quotes, and how
 * often it is written. Filled in right, then changed before or after the
 * response is computed.
 */

typedef enum verify_name {
    VERIFY_USERNAME,
    VERIFY_USERNAME_EXT, /* username* */
    VERIFY_REALM,
    VERIFY_NONCE,
    VERIFY_URI,
    VERIFY_RESPONSE,
    VERIFY_ALGORITHM,
    VERIFY_CNONCE,
    VERIFY_NC,
    VERIFY_QOP,
    VERIFY_OPAQUE,
    VERIFY_USERHASH,
    VERIFY_FURTHER, /* a parameter nobody knows */
    VERIFY_NAMES
} verify_name;

typedef enum verify_shape {
    VERIFY_ABSENT,
    VERIFY_TOKEN,
    VERIFY_QUOTED,
    VERIFY_RAW /* written as it is, quotes and all */
} verify_shape;

typedef struct verify_entry {
    csn_span text;
    verify_shape shape;
    csn_span again; /* a second one behind it, as VERIFY_QUOTED */
    bool twice;
} verify_entry;

typedef struct verify_form {
    verify_entry entries[VERIFY_NAMES];
    csn_span scheme;
    csn_span equals;  /* "=" */
    bool upper_names; /* parameter names in upper case */
    /* What is hashed besides. */
    csn_algorithm algorithm;
    csn_span ha1_hex;     /* empty: of the run's login */
    csn_span session_hex; /* empty: of this nonce and cnonce */
    csn_span method;
    csn_span content;
} verify_form;

/* Right answers to a challenge for a request; nc is `count`. */
verify_form verify_form_new(verify_run *run, const verify_challenge *challenge,
    const verify_request *request, uint32_t count);

/* A cnonce of 128 bits; ends the program without a generator. */
csn_span verify_cnonce(verify_run *run);

/* Compute the response of what stands in the form now. */
void verify_form_sign(verify_run *run, verify_form *form);

/* The value that rspauth must have; `content` is the response's. */
csn_span verify_form_rspauth(verify_run *run, const verify_form *form,
    csn_span content);

/* The credentials' line. */
csn_span verify_form_write(verify_run *run, const verify_form *form);

/* H(A1) of a user and password in hex, for a hash. */
csn_span verify_ha1(verify_run *run, csn_hash hash, csn_span user,
    csn_span realm, csn_span password);

/* A hash in hex. */
csn_span verify_hash_hex(verify_run *run, csn_hash hash, csn_span text);

/* Write with quotation marks, whatever octets it has. */
csn_span verify_quote(verify_run *run, csn_span text);

/* Sign, put into the request, send. */
verify_response verify_send_form(verify_run *run, size_t which,
    verify_request *request, verify_form *form);

#endif
