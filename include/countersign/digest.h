// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_DIGEST_H
#define COUNTERSIGN_DIGEST_H

#include <countersign/crypto.h>
#include <countersign/field.h>

CSN_BEGIN_C

/*
 * Digest on top of the grammar: what a challenge, credentials and an Info
 * field say, how each is written, and the values hashed from them.
 * Source: RFC 7616, 3.3 to 3.5. The parsers check types and limits, not
 * policy; the engines (server.h, client.h) decide.
 *
 * Values are spans into the caller's lines (see csn_value). Parameters that
 * are not Digest's are skipped.
 */

/** One Digest challenge (RFC 7616, 3.3). */
typedef struct csn_digest_challenge {
    csn_value realm;
    csn_value nonce;
    csn_value opaque; /* absent and empty are not the same */
    csn_value domain;
    csn_algorithm algorithm; /* MD5 when absent; CSN_ALG_UNKNOWN if not ours */
    bool has_algorithm;
    unsigned qops; /* csn_qop bits; unknown members dropped */
    bool has_qop;  /* the parameter was there, known members or not */
    bool stale;
    bool userhash;
    bool utf8; /* charset=UTF-8 */
} csn_digest_challenge;

/** Digest credentials (RFC 7616, 3.4). */
typedef struct csn_digest_credentials {
    csn_value username;
    csn_value username_ext; /* username*, not decoded */
    csn_value realm;
    csn_value nonce;
    csn_value uri;
    csn_value response;
    csn_value cnonce;
    csn_value nc; /* hashed as received (C-17) */
    csn_value qop;
    csn_value opaque;
    csn_algorithm algorithm;
    bool has_algorithm;
    bool userhash;
    uint32_t count;     /* nc as a number; 0 when absent */
    unsigned qop_known; /* csn_qop; CSN_QOP_NONE absent or unknown */
} csn_digest_credentials;

/** A Digest Info field (RFC 7616, 3.5). */
typedef struct csn_digest_info {
    csn_value nextnonce;
    csn_value rspauth;
    csn_value cnonce;
    csn_value nc;
    csn_value qop;
    uint32_t count;
    unsigned qop_known;
} csn_digest_info;

/**
 * Read the parameters of one Digest challenge; `cursor` stands just behind
 * its SCHEME event and afterwards stands before the next SCHEME or END.
 *
 * Out:     `*challenge`, on CSN_OK only.
 * Returns: CSN_OK; CSN_E_DUPLICATE, CSN_E_LIMIT, CSN_E_SYNTAX: drop this
 *          challenge; call csn_field_skip and go on. Missing parameters are
 *          not an error here: look at `present`.
 */
CSN_API CSN_NODISCARD csn_status csn_digest_challenge_read(
    csn_field_cursor *cursor, csn_digest_challenge *challenge);

/**
 * Read Digest credentials; `cursor` stands just behind the SCHEME event.
 *
 * Returns: CSN_OK; CSN_E_DUPLICATE; CSN_E_LIMIT, a value above its limit
 *          (max_nonce, max_cnonce, max_user, max_value); CSN_E_LENGTH, a
 *          response that is not as long as its algorithm's (that of an
 *          algorithm not ours may be anything); CSN_E_RANGE, count 0;
 *          CSN_E_SYNTAX, anything else, nc not 8 hex digits included;
 *          CSN_E_STATE, no SCHEME was read. Which parameters are required
 *          is D-02's to say, in the server engine.
 */
CSN_API CSN_NODISCARD csn_status csn_digest_credentials_read(
    csn_field_cursor *cursor, csn_digest_credentials *credentials);

/**
 * Read an Info field from its start.
 *
 * Returns: CSN_OK, also for an empty field; else the whole field is of no
 *          use.
 */
CSN_API CSN_NODISCARD csn_status csn_digest_info_read(csn_field_cursor *cursor,
    csn_digest_info *info);

/** nc: exactly 8 hex digits, not zero. CSN_E_LENGTH, _SYNTAX, _RANGE. */
CSN_API CSN_NODISCARD csn_status csn_nc_parse(csn_span text, uint32_t *count);

/** nc as eight lower-case hex digits. */
CSN_API void csn_nc_write(csn_writer *out, uint32_t count);

/**
 * H(A1) of a user without `-sess`: `username ":" realm ":" password`, in hex.
 *
 * In:      octets as prepared (UTF-8 in NFC); `username` without a colon,
 *          neither with control octets (C-38, C-39).
 * Out:     `hex`, csn_hash_size x 2 lower-case digits, no terminating zero.
 * Returns: CSN_OK; CSN_E_SYNTAX, a colon or control octet; CSN_E_LIMIT;
 *          CSN_E_CRYPTO.
 */
CSN_API CSN_NODISCARD csn_status csn_digest_ha1(const csn_crypto *crypto,
    csn_hash hash, csn_span username, csn_span realm, csn_span password,
    uint8_t hex[CSN_MAX_DIGEST_HEX]);

/**
 * The session key of a `-sess` algorithm, which takes H(A1)'s place:
 * H(H(A1) ":" nonce' ":" cnonce'), with the nonce and cnonce of the first
 * credentials after the challenge. Source: RFC 7616, 3.4.2.
 *
 * In:      `ha1_hex`, as csn_digest_ha1 writes it.
 * Out:     csn_hash_size octets, binary: a secret.
 * Returns: CSN_OK; CSN_E_CRYPTO.
 */
CSN_API CSN_NODISCARD csn_status csn_digest_session_key(
    const csn_crypto *crypto, csn_hash hash, csn_span ha1_hex, csn_span nonce,
    csn_span cnonce, uint8_t key[CSN_MAX_DIGEST]);

/**
 * The name that stands for a user on the wire when the server offers it:
 * H(username ":" realm). Source: RFC 7616, 3.4.4; the hash is the
 * algorithm's, without session (C-33).
 *
 * Out:     `hex`, csn_hash_size x 2 lower-case digits.
 * Returns: CSN_OK; CSN_E_LIMIT; CSN_E_CRYPTO.
 */
CSN_API CSN_NODISCARD csn_status csn_digest_userhash(const csn_crypto *crypto,
    csn_hash hash, csn_span username, csn_span realm,
    uint8_t hex[CSN_MAX_DIGEST_HEX]);

/**
 * What response and rspauth are hashed from; every span unescaped.
 *
 * `content_hex`, `response_content_hex`  with qop auth-int H(content) of the
 * request and of the response, in lower-case hex; empty otherwise.
 */
typedef struct csn_digest_input {
    csn_hash hash;
    csn_span ha1_hex; /* H(A1), or the session key in hex */
    csn_span nonce;
    csn_span nc; /* as sent */
    csn_span cnonce;
    csn_span qop;    /* as sent; empty: the form without qop (C-24) */
    csn_span method; /* never empty (C-18) */
    csn_span uri;
    csn_span content_hex;
    csn_span response_content_hex;
} csn_digest_input;

/**
 * response and rspauth in binary. Source: RFC 7616, 3.4.1 and 3.5; without
 * qop RFC 2617, 3.2.2.1.
 *
 * Out:     csn_hash_size octets each; `rspauth` may be NULL, or `response`,
 *          where the other's content is not known yet.
 * Returns: CSN_OK; CSN_E_SYNTAX, an empty method where a response is asked for
 *          (H-13, H-14); CSN_E_CRYPTO.
 */
CSN_API CSN_NODISCARD csn_status csn_digest_compute(const csn_crypto *crypto,
    const csn_digest_input *input, uint8_t response[CSN_MAX_DIGEST],
    uint8_t rspauth[CSN_MAX_DIGEST]);

/** What a challenge line says; written in the RFC's quoting (A.6). */
typedef struct csn_digest_challenge_out {
    csn_span realm;
    csn_span nonce;
    csn_span opaque; /* not written when empty */
    csn_span domain; /* not written when empty */
    csn_algorithm algorithm;
    unsigned qops;
    bool stale;
    bool userhash;
    bool utf8;
} csn_digest_challenge_out;

/**
 * Append `Digest realm="...", ...` without field name or line end.
 *
 * Returns: CSN_OK; CSN_E_MISSING, no nonce or no qop (B-04); CSN_E_SYNTAX, a
 *          control octet (B-30); CSN_E_UNSUPPORTED, algorithm or qop unknown;
 *          CSN_E_OVERFLOW. Nothing is written then.
 */
CSN_API CSN_NODISCARD csn_status csn_digest_challenge_write(csn_writer *out,
    const csn_digest_challenge_out *challenge);

/**
 * What credentials say. `has_opaque` tells absent from empty (F-32).
 * `extended`: the name is written as username* (C-36, C-37), and must then be
 * UTF-8. `userhash`: `username` is a hashed one, and the credentials say so
 * (C-31); never both (D-04).
 */
typedef struct csn_digest_credentials_out {
    csn_span username;
    csn_span realm;
    csn_span nonce;
    csn_span uri;
    csn_span response_hex;
    csn_span cnonce;
    csn_span opaque;
    csn_algorithm algorithm;
    csn_qop qop;
    uint32_t count;
    bool has_opaque;
    bool has_algorithm;
    bool extended;
    bool userhash;
} csn_digest_credentials_out;

/**
 * Append `Digest username="...", ...`.
 *
 * Returns: CSN_OK; CSN_E_SYNTAX, a control octet, a response that is not
 *          hex, an extended name that is not UTF-8, or both kinds of name;
 *          CSN_E_RANGE, count 0 with a qop; CSN_E_UNSUPPORTED,
 *          algorithm unknown; CSN_E_OVERFLOW. Nothing is written then.
 */
CSN_API CSN_NODISCARD csn_status csn_digest_credentials_write(csn_writer *out,
    const csn_digest_credentials_out *credentials);

/**
 * What an Info field says. An empty span leaves its parameter out, but for a
 * cnonce that was empty in the credentials and goes back so beside qop (E-17).
 */
typedef struct csn_digest_info_out {
    csn_span nextnonce;
    csn_span rspauth_hex;
    csn_span cnonce;
    csn_span nc;  /* eight hex digits as received (E-18, H-21) */
    csn_span qop; /* token as received, checked */
} csn_digest_info_out;

/**
 * Append `nextnonce="...", qop=auth, ...`, no scheme name.
 *
 * Returns: CSN_OK; CSN_E_SYNTAX, _LENGTH, _RANGE: a control octet, an rspauth
 *          that is not hex, a qop that is no token, an nc that is no count;
 *          CSN_E_OVERFLOW. Nothing is written then.
 */
CSN_API CSN_NODISCARD csn_status csn_digest_info_write(csn_writer *out,
    const csn_digest_info_out *info);

/** Verdict on whether `uri` names the request's resource (D-29 to D-35). */
typedef enum csn_uri_match {
    CSN_URI_SAME,       /* octet for octet */
    CSN_URI_EQUIVALENT, /* another form of the same target */
    CSN_URI_DIFFERENT
} csn_uri_match;

/** The request as it came in; see csn_server_request for the fields. */
typedef struct csn_target {
    csn_span method;
    csn_span target;    /* request-target as received */
    csn_span scheme;    /* "http" or "https": how the request came in */
    csn_span authority; /* Host or :authority, port only if not default */
} csn_target;

/**
 * Compare without decoding or normalising path and query (D-35); hosts
 * without case, default ports aside.
 */
CSN_API csn_uri_match csn_uri_compare(const csn_target *request, csn_span uri);

CSN_END_C

#endif
