// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_STATUS_H
#define COUNTERSIGN_STATUS_H

#include <countersign/export.h>

CSN_BEGIN_C

/*
 * Three kinds of answer, never mixed: csn_status says whether a call worked;
 * csn_verdict (server.h) and csn_proof (client.h) say what the peer proved;
 * csn_reason says why, in one stable word that logs, metrics and tools share.
 */

/**
 * Statuses: code, stable name, sentence. The order is part of the ABI; new
 * ones go to the end.
 */
#define CSN_STATUS_MAP(X)                                                     \
    X(CSN_OK, "ok", "the call did what it says")                              \
    X(CSN_END, "end", "nothing more to read or write; not an error")          \
    X(CSN_E_SYNTAX, "syntax", "an octet stands where the grammar has none")   \
    X(CSN_E_LENGTH, "length", "a length is not one the format allows")        \
    X(CSN_E_RANGE, "range", "a number is outside its range")                  \
    X(CSN_E_DUPLICATE, "duplicate", "a parameter name occurs twice")          \
    X(CSN_E_MISSING, "missing", "a required parameter is not there")          \
    X(CSN_E_LIMIT, "limit", "an input is larger than its named limit")        \
    X(CSN_E_OVERFLOW, "overflow", "the caller's buffer is too small")         \
    X(CSN_E_UNSUPPORTED, "unsupported", "valid, but not in this version")     \
    X(CSN_E_CONFIG, "config", "a configuration contradicts itself")           \
    X(CSN_E_STATE, "state", "the call does not fit the object's state")       \
    X(CSN_E_RANDOM, "random", "the random generator failed")                  \
    X(CSN_E_CRYPTO, "crypto", "the hash backend failed")                      \
    X(CSN_E_STORE, "store", "a store failed or gave no answer")               \
    X(CSN_E_EXHAUSTED, "exhausted", "no count is left on this nonce")         \
    X(CSN_E_MEMORY, "memory", "no memory, outside the core")                  \
    X(CSN_E_REFUSED, "refused", "policy forbids it")

typedef enum csn_status {
#define CSN_STATUS_ENUM(code, name, sentence) code,
    CSN_STATUS_MAP(CSN_STATUS_ENUM)
#undef CSN_STATUS_ENUM
} csn_status;

/** The stable name ("syntax"); "unknown" for a number that is no status. */
CSN_API const char *csn_status_name(csn_status status);

/** One sentence for a person. Same rules as csn_status_name. */
CSN_API const char *csn_status_text(csn_status status);

/**
 * Reasons: code, the word that logs, metrics and variables show, sentence.
 * The peer never sees a reason: it gets the RFC's answer alone.
 * The order is part of the ABI; new ones go to the end.
 */
#define CSN_REASON_MAP(X)                                                     \
    X(CSN_R_NONE, "none", "nothing was refused")                              \
    X(CSN_R_NO_CREDENTIALS, "no-credentials", "the request carried none")     \
    X(CSN_R_MALFORMED, "malformed", "the credentials do not parse")           \
    X(CSN_R_TOO_LARGE, "too-large", "the field is above max_field")           \
    X(CSN_R_REPEATED_FIELD, "repeated-field", "more than one field line")     \
    X(CSN_R_REPEATED_PARAMETER, "repeated-parameter", "a name occurs twice")  \
    X(CSN_R_MISSING_PARAMETER, "missing-parameter", "a parameter lacks")      \
    X(CSN_R_EMPTY_METHOD, "empty-method", "the request has no method")        \
    X(CSN_R_UNSUPPORTED, "unsupported", "userhash, username* and the like")   \
    X(CSN_R_SCHEME_NOT_OFFERED, "scheme-not-offered", "another scheme")       \
    X(CSN_R_REALM_NOT_OFFERED, "realm-not-offered", "another realm")          \
    X(CSN_R_ALGORITHM_NOT_OFFERED, "algorithm-not-offered",                   \
        "not offered here, or not with that nonce")                           \
    X(CSN_R_QOP_NOT_OFFERED, "qop-not-offered", "a qop that was not offered") \
    X(CSN_R_QOP_MISSING, "qop-missing", "the form without qop, switched off") \
    X(CSN_R_URI_MISMATCH, "uri-mismatch", "uri names another resource")       \
    X(CSN_R_NONCE_UNKNOWN, "nonce-unknown",                                   \
        "malformed, forged, or of another layer, realm, site or key")         \
    X(CSN_R_OPAQUE_MISMATCH, "opaque-mismatch", "opaque is not ours")         \
    X(CSN_R_UNKNOWN_USER, "unknown-user", "no such user in this realm")       \
    X(CSN_R_WRONG_RESPONSE, "wrong-response", "the response is not right")    \
    X(CSN_R_STALE, "stale", "right response, nonce past its age")             \
    X(CSN_R_STALE_KEY, "stale-key", "right response, key only recognised")    \
    X(CSN_R_STALE_DOMAIN, "stale-domain", "right response, other counts")     \
    X(CSN_R_STALE_EVICTED, "stale-evicted", "right response, made way")       \
    X(CSN_R_NONCE_OF_OTHER_USER, "nonce-of-other-user",                       \
        "right response, on a nonce another user proved himself with")        \
    X(CSN_R_REPLAY, "replay", "right response, count already used")           \
    X(CSN_R_BELOW_WINDOW, "below-window", "right response, count too old")    \
    X(CSN_R_ONE_TIME_USED, "one-time-used", "right response, nonce used up")  \
    X(CSN_R_STORE_FAILED, "store-failed", "the user store gave no answer")    \
    X(CSN_R_COUNTS_FAILED, "counts-failed", "the counts gave no answer")      \
    X(CSN_R_INTERNAL, "internal", "generator or hash backend failed")         \
    /* what a client finds (client.h) */                                      \
    X(CSN_R_NO_INFO, "no-info", "the response has no Info field")             \
    X(CSN_R_NO_RSPAUTH, "no-rspauth", "the Info field has no rspauth")        \
    X(CSN_R_INFO_MALFORMED, "info-malformed", "the Info field is unusable")   \
    X(CSN_R_INFO_INCOMPLETE, "info-incomplete", "qop without its partners")   \
    X(CSN_R_RSPAUTH_WRONG, "rspauth-wrong", "the server lacks the secret")    \
    X(CSN_R_CNONCE_WRONG, "cnonce-wrong", "cnonce is not the one sent")       \
    X(CSN_R_NC_WRONG, "nc-wrong", "nc is not the one sent")                   \
    X(CSN_R_QOP_WRONG, "qop-wrong", "qop is not the one sent")                \
    X(CSN_R_NO_QOP, "no-qop", "without qop nothing is proved")                \
    X(CSN_R_SECTIONS_DIFFER, "sections-differ", "header and trailer differ")  \
    X(CSN_R_NOT_CHALLENGED, "not-challenged", "no credentials were sent")     \
    X(CSN_R_NO_CHALLENGE, "no-challenge", "401 or 407 without a challenge")   \
    X(CSN_R_NO_ACCEPTABLE, "no-acceptable-challenge", "none within policy")   \
    X(CSN_R_CREDENTIALS_REFUSED, "credentials-refused", "not stale: wrong")   \
    X(CSN_R_RETRIES_USED, "retries-used", "retry_max repeats were made")      \
    X(CSN_R_DOWNGRADE, "downgrade", "weaker than this space offered before")  \
    X(CSN_R_PROOF_MISSED, "proof-missed", "proved itself before, silent now") \
    X(CSN_R_WRONG_LAYER, "wrong-layer",                                       \
        "a 407 from an origin, 401 to CONNECT")                               \
    /* auth-int, on either side */                                            \
    X(CSN_R_CONTENT_TOO_LARGE, "content-too-large",                           \
        "more content than will be hashed")                                   \
    X(CSN_R_CONTENT_INCOMPLETE, "content-incomplete",                         \
        "the content did not arrive whole")                                   \
    X(CSN_R_CONTENT_UNPROVED, "content-unproved",                             \
        "the server proved itself, but not the content")                      \
    X(CSN_R_CONTENT_UNHASHED, "content-unhashed",                             \
        "auth-int is wanted for a content that cannot be hashed first")       \
    X(CSN_R_CONTENT_CHANGED, "content-changed",                               \
        "the content changed between being hashed and being sent")

typedef enum csn_reason {
#define CSN_REASON_ENUM(code, name, sentence) code,
    CSN_REASON_MAP(CSN_REASON_ENUM)
#undef CSN_REASON_ENUM
        CSN_REASON_COUNT
} csn_reason;

/** The stable word ("wrong-response"); "unknown" for no reason's number. */
CSN_API const char *csn_reason_name(csn_reason reason);

/** One sentence for a person. */
CSN_API const char *csn_reason_text(csn_reason reason);

CSN_END_C

#endif
