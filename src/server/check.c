// SPDX-License-Identifier: MIT
#include "server/engine.h"

#include "core/ct.h"
#include "core/hex.h"
#include "core/span.h"
#include "digest/params.h"

/*
 * The checks that need no secret, in the order that D-42 fixes: syntax,
 * scheme, realm, algorithm, qop, uri, nonce genuineness, opaque. Each returns
 * the reason for the first thing that is wrong, or CSN_R_NONE.
 */

static csn_reason
reason_of_syntax(csn_status status)
{
    return status == CSN_E_DUPLICATE ? CSN_R_REPEATED_PARAMETER
                                     : CSN_R_MALFORMED;
}

/* Parse the one line there may be, D-01. */
static csn_reason
check_syntax(exchange *x)
{
    csn_field_cursor cursor;
    csn_field_event event;
    csn_status status;

    if (x->request.line_count == 0)
        return CSN_R_NO_CREDENTIALS;
    if (x->request.line_count > 1)
        return CSN_R_REPEATED_FIELD;
    status = csn_field_begin(&cursor, CSN_FIELD_CREDENTIALS, x->request.lines,
        x->request.line_count);
    if (status == CSN_E_LIMIT)
        return CSN_R_TOO_LARGE;
    if (status == CSN_OK)
        status = csn_field_next(&cursor, &event);
    if (status != CSN_OK || event.kind != CSN_EVENT_SCHEME)
        return CSN_R_MALFORMED;
    if (!csn_span_equal_nocase(event.name, CSN_SPAN("Digest")))
        return CSN_R_SCHEME_NOT_OFFERED;
    status = csn_credentials_take(&cursor, &x->credentials);
    return status == CSN_OK ? CSN_R_NONE : reason_of_syntax(status);
}

/* D-02, D-03, D-04. */
static csn_reason
check_presence(const exchange *x)
{
    const csn_digest_credentials *c = &x->credentials;

    if (c->username_ext.present && (c->username.present || c->userhash))
        return CSN_R_MALFORMED;
    if (!(c->username.present || c->username_ext.present) ||
        !c->realm.present || !c->nonce.present || !c->uri.present ||
        !c->response.present)
        return CSN_R_MISSING_PARAMETER;
    if (c->qop.present && (!c->cnonce.present || !c->nc.present))
        return CSN_R_MISSING_PARAMETER;
    return CSN_R_NONE;
}

/* The unescaped form; an escaped value moves into scratch. */
static csn_span
plain(exchange *x, const csn_value *value)
{
    size_t start = x->scratch.len;

    if (!value->escaped)
        return value->text;
    csn_value_unescape(value, &x->scratch);
    return (csn_span){ x->scratch.buf + start, x->scratch.len - start };
}

/*
 * username*, decoded into scratch. An unescaped form that stands there
 * already is written over: what is decoded is never longer than what it was
 * decoded from.
 */
static csn_status
decode_user(exchange *x)
{
    const csn_value *value = &x->credentials.username_ext;
    size_t start = x->scratch.len;
    csn_span text = plain(x, value);
    csn_status status;

    if (x->scratch.overflow)
        return CSN_E_OVERFLOW;
    x->scratch.len = start;
    status = csn_ext_value_decode(text, &x->scratch);
    x->sent.user = (csn_span){ x->scratch.buf + start,
        x->scratch.len - start };
    return status;
}

/* A-59; a hashed name is as long as its hash, in hex. */
static csn_reason
take_user(exchange *x)
{
    const csn_digest_credentials *c = &x->credentials;
    csn_status status = CSN_OK;

    if (c->username_ext.present)
        status = decode_user(x);
    else
        x->sent.user = plain(x, &c->username);
    if (status == CSN_E_OVERFLOW)
        return CSN_R_INTERNAL;
    if (status != CSN_OK || x->sent.user.len > CSN_MAX_USER)
        return CSN_R_MALFORMED;
    if (c->userhash && c->algorithm < CSN_ALG_COUNT &&
        !(csn_is_hex(x->sent.user) &&
            x->sent.user.len ==
                2 * csn_hash_size(csn_algorithm_hash(c->algorithm))))
        return CSN_R_MALFORMED;
    x->outcome.user = x->sent.user;
    return CSN_R_NONE;
}

static csn_reason
unescape_all(exchange *x)
{
    const csn_digest_credentials *c = &x->credentials;

    x->sent.realm = plain(x, &c->realm);
    x->sent.nonce = plain(x, &c->nonce);
    x->sent.uri = plain(x, &c->uri);
    x->sent.cnonce = plain(x, &c->cnonce);
    x->sent.nc = plain(x, &c->nc);
    x->sent.qop = plain(x, &c->qop);
    x->sent.opaque = plain(x, &c->opaque);
    x->sent.response = plain(x, &c->response);
    x->outcome.algorithm = c->algorithm;
    x->outcome.qop = (csn_qop)c->qop_known;
    x->outcome.count = c->count;
    return x->scratch.overflow ? CSN_R_INTERNAL : CSN_R_NONE;
}

/*
 * What the nonce says was offered with it; a nonce that is none of ours says
 * nothing, and the present offer stands in. It is judged only later.
 */
static uint16_t
offered_with_nonce(exchange *x, uint8_t octets[CSN_NONCE_OCTETS],
    bool *readable)
{
    *readable = csn_nonce_read(x->sent.nonce, &x->nonce, octets) == CSN_OK;
    return *readable ? x->nonce.flags : x->server->flags;
}

/* D-07; MD5 is refused whatever a nonce says unless switched on (H-11). */
static csn_reason
check_algorithm(exchange *x, uint16_t offered)
{
    csn_algorithm algorithm = x->credentials.algorithm;

    if (algorithm >= CSN_ALG_COUNT || (offered & 1u << algorithm) == 0)
        return CSN_R_ALGORITHM_NOT_OFFERED;
    x->hash = csn_algorithm_hash(algorithm);
    if (x->hash == CSN_HASH_MD5 && !x->server->allow_md5)
        return CSN_R_ALGORITHM_NOT_OFFERED;
    x->session = csn_algorithm_is_session(algorithm);
    return CSN_R_NONE;
}

/* RFC 7616, 3.4.4: a hashed name is for nonces that came with the offer. */
static csn_reason
check_userhash(const exchange *x, uint16_t offered)
{
    return x->credentials.userhash && (offered & CSN_NONCE_USERHASH) == 0
        ? CSN_R_UNSUPPORTED
        : CSN_R_NONE;
}

/* D-08, D-09; a session has a cnonce, and so a qop (C-10). */
static csn_reason
check_qop(const exchange *x, uint16_t offered)
{
    bool has_auth = (offered & CSN_NONCE_QOP_AUTH) != 0;

    if (!x->credentials.qop.present)
        return x->server->legacy_no_qop && has_auth && !x->session
            ? CSN_R_NONE
            : CSN_R_QOP_MISSING;
    switch (x->credentials.qop_known) {
    case CSN_QOP_AUTH:
        return has_auth ? CSN_R_NONE : CSN_R_QOP_NOT_OFFERED;
    case CSN_QOP_AUTH_INT:
        return (offered & CSN_NONCE_QOP_AUTH_INT) != 0 ? CSN_R_NONE
                                                       : CSN_R_QOP_NOT_OFFERED;
    }
    return CSN_R_QOP_NOT_OFFERED;
}

/* D-29 to D-35; an origin-form uri is good for every host of its path. */
static csn_reason
check_uri(const exchange *x)
{
    bool names_no_host = x->sent.uri.len != 0 && x->sent.uri.ptr[0] == '/';
    csn_uri_match match = x->request.compare != NULL
        ? x->request.compare(x->request.compare_context, &x->request.target,
              x->sent.uri)
        : csn_uri_compare(&x->request.target, x->sent.uri);

    if (match == CSN_URI_DIFFERENT || (x->server->strict_uri && names_no_host))
        return CSN_R_URI_MISMATCH;
    return CSN_R_NONE;
}

/* D-13, D-15: ours, for this layer, realm and site. */
static csn_reason
check_nonce(exchange *x, const uint8_t octets[CSN_NONCE_OCTETS], bool readable)
{
    if (!readable)
        return CSN_R_NONCE_UNKNOWN;
    for (size_t i = 0; i < x->server->key_count; i++) {
        if (x->server->keys[i].id == x->nonce.key_id)
            x->key = &x->server->keys[i];
    }
    if (x->key == NULL || !csn_nonce_is_genuine(x->key, octets))
        return CSN_R_NONCE_UNKNOWN;
    if (x->request.now_ms > x->nonce.minted_ms)
        x->outcome.nonce_age_ms = x->request.now_ms - x->nonce.minted_ms;
    return CSN_R_NONE;
}

/* D-11: what was issued with this nonce comes back. */
static csn_reason
check_opaque(const exchange *x)
{
    const server *s = x->server;

    if ((x->nonce.flags & CSN_NONCE_OPAQUE) == 0)
        return CSN_R_NONE;
    if (!x->credentials.opaque.present ||
        x->sent.opaque.len != s->opaque_len ||
        !csn_ct_equal(x->sent.opaque.ptr, s->opaque, s->opaque_len))
        return CSN_R_OPAQUE_MISMATCH;
    return CSN_R_NONE;
}

csn_reason
csn_server_check_credentials(exchange *x)
{
    uint8_t octets[CSN_NONCE_OCTETS];
    uint16_t offered;
    bool readable;
    csn_reason reason;

    if (x->request.target.method.len == 0)
        return CSN_R_EMPTY_METHOD;
    if ((reason = check_syntax(x)) != CSN_R_NONE ||
        (reason = check_presence(x)) != CSN_R_NONE ||
        (reason = unescape_all(x)) != CSN_R_NONE)
        return reason;
    offered = offered_with_nonce(x, octets, &readable);
    if ((reason = check_userhash(x, offered)) != CSN_R_NONE ||
        (reason = take_user(x)) != CSN_R_NONE)
        return reason;
    if (!csn_span_equal(x->sent.realm,
            (csn_span){ x->server->realm, x->server->realm_len }))
        return CSN_R_REALM_NOT_OFFERED;

    if ((reason = check_algorithm(x, offered)) != CSN_R_NONE ||
        (reason = check_qop(x, offered)) != CSN_R_NONE ||
        (reason = check_uri(x)) != CSN_R_NONE ||
        (reason = check_nonce(x, octets, readable)) != CSN_R_NONE)
        return reason;
    return check_opaque(x);
}
