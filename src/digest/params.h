// SPDX-License-Identifier: MIT
#ifndef CSN_DIGEST_PARAMS_H
#define CSN_DIGEST_PARAMS_H

#include <countersign/digest.h>

/*
 * The Digest parameters as one table, shared by the readers of challenges,
 * credentials and Info fields: which parameter each of them knows, how its
 * value is checked, and which members of the reader's struct it fills.
 */

/* What a value must look like, and what is made of it. */
typedef enum csn_param_type {
    CSN_PARAM_IGNORED,   /* not this field's */
    CSN_PARAM_TEXT,      /* main: csn_value, here and where nothing is said */
    CSN_PARAM_HEX,       /* a digest in hex, 32 or 64 digits */
    CSN_PARAM_NC,        /* aux: uint32_t, the count */
    CSN_PARAM_QOP,       /* one token; aux: unsigned, csn_qop */
    CSN_PARAM_QOP_LIST,  /* main: unsigned, csn_qop bits; aux: bool */
    CSN_PARAM_ALGORITHM, /* main: csn_algorithm; aux: bool */
    CSN_PARAM_TRUE,      /* main: bool */
    CSN_PARAM_UTF8,      /* main: bool */
    CSN_PARAM_TYPES
} csn_param_type;

/* Where the value goes, as offsets into the reader's struct. */
typedef struct csn_param_slot {
    csn_param_type type;
    uint16_t main;
    uint16_t aux;
} csn_param_slot;

typedef struct csn_param {
    csn_span name;
    uint16_t limit; /* octets of the unescaped value */
    csn_param_slot in[CSN_FIELD_INFO + 1];
} csn_param;

/* The row of a parameter by its name, case aside; NULL for a stranger. */
const csn_param *csn_param_find(csn_span name);

/*
 * Read all parameters up to the end of the challenge, credentials or Info
 * field into `fields`, the struct that belongs to `kind`, which the caller
 * has set to what an empty field means. CSN_E_DUPLICATE, _LIMIT, _LENGTH,
 * _RANGE, _SYNTAX.
 */
CSN_NODISCARD csn_status csn_params_read(csn_field_cursor *cursor,
    csn_field_kind kind, void *fields);

/*
 * csn_digest_credentials_read for a caller who has zeroed `fields` and, when
 * it fails, looks at nothing in it.
 */
CSN_NODISCARD csn_status csn_credentials_take(csn_field_cursor *cursor,
    csn_digest_credentials *fields);

/* "auth", "auth-int"; empty for anything that is not one qop. */
csn_span csn_qop_name(unsigned qop);

/* Octets of the unescaped value. */
size_t csn_value_len(const csn_value *value);

/* Whether the unescaped value is `digits` hex digits. */
bool csn_value_is_hex(const csn_value *value, size_t digits);

/*
 * Writing parameters: begin, any number of them, end. The first failure
 * stays and is told at the end; then nothing at all was written.
 */
typedef struct csn_params_writer {
    csn_writer *out;
    csn_writer before; /* as `out` was at the beginning */
    csn_status status;
    bool first; /* none is written yet */
} csn_params_writer;

/* What stands before a value, a constant so that it is written as one. */
#define CSN_LEAD(name) CSN_SPAN(", " name "=")

/* `scheme` is empty for an Info field. */
csn_params_writer csn_params_begin(csn_writer *out, csn_span scheme);

/* `name="value"`; CSN_E_SYNTAX for octets no quoted-string can hold. */
void csn_params_quoted(csn_params_writer *writer, csn_span lead,
    csn_span value);

/* `name=value`; CSN_E_SYNTAX for a value that is no token. */
void csn_params_token(csn_params_writer *writer, csn_span lead,
    csn_span value);

/* `name=UTF-8''text`; CSN_E_SYNTAX if it is no UTF-8 (RFC 8187, 3.2.1). */
void csn_params_ext(csn_params_writer *writer, csn_span lead, csn_span text);

/* `name="digits"` in lower case; CSN_E_SYNTAX if it is no hex. */
void csn_params_hex(csn_params_writer *writer, csn_span lead, csn_span hex);

/* Keep a failure found by the caller. */
void csn_params_fail(csn_params_writer *writer, csn_status status);

/* CSN_OK, the first failure, or CSN_E_OVERFLOW. */
CSN_NODISCARD csn_status csn_params_end(csn_params_writer *writer);

#endif
