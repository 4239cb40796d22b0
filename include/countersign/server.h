// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_SERVER_H
#define COUNTERSIGN_SERVER_H

#include <countersign/counts.h>
#include <countersign/crypto.h>
#include <countersign/digest.h>
#include <countersign/key.h>
#include <countersign/layer.h>

CSN_BEGIN_C

/*
 * The server side: judges the credentials of one request and proves the
 * server in return. It stops and says what it needs; the host fetches that in
 * its own way, blocking or not.
 *
 *     csn_server_begin ---> CSN_NEED_SECRET --> csn_server_give_secret --+
 *            |                                                           |
 *            |          +------------- CSN_NEED_COUNT <------------------+
 *            |          |                                                |
 *            |          +--> csn_server_give_count --> CSN_DONE <--------+
 *            +-----------------------------------------------^
 *
 *     CSN_DONE: csn_server_outcome says ALLOW (send csn_server_info with the
 *     response), CHALLENGE (send csn_server_challenge, each on a line of its
 *     own, with 401 or 407), BAD_REQUEST (400, 431) or FAIL (500, 503).
 *
 * The order of the checks is part of the contract (D-42); the first failure
 * gives the answer. Memory is the caller's; nothing is stored for anybody who
 * has proved nothing.
 *
 * Threads: a csn_server is read-only after init and shared freely; a
 * csn_server_exchange belongs to one request.
 */

#define CSN_SERVER_CONFIG_VERSION 1u

/**
 * Configuration. Grows at the end under `version`. Zero means the default
 * where a default is named. All spans are copied.
 *
 * `realm`       1..CSN_MAX_REALM octets, no control octets (B-30).
 * `site`        label that keeps nonces of equal realms apart, for example
 *               the host name and port; may be empty (B-10).
 * `algorithms`  strongest first (B-15), each once, no `-sess`; empty means
 *               SHA-256 alone. MD5 needs `allow_md5` (H-11).
 * `opaque`      sent in challenges and demanded back (D-11); may be empty.
 *               At most 64 octets.
 * `domain`      protection space of challenges at the origin layer (B-22);
 *               must be empty at the proxy layer (B-23). At most 512 octets.
 * `nonce_life_ms`  default 300 s, in one-time mode 60 s; at most 24 days.
 * `next_before_ms`, `old_grace_ms`  default min(30 s, nonce_life / 4); more
 *               than that quarter is refused. One-time mode has no grace.
 * `clock_skew_ms`  how far ahead a minting time may lie; 0 unless nodes
 *               share counts (D-14).
 * `one_time`    every nonce once, nextnonce in every response (D-28).
 * `allow_md5`, `legacy_no_qop`  named leniencies. With the second the form
 *               without qop is accepted, each nonce once (D-09): it opens
 *               replays of nonces this server lost sight of to whoever can
 *               read the wire, and lets a man in the middle strip qop.
 */
typedef struct csn_server_config {
    uint32_t version;
    csn_layer layer;
    csn_span realm;
    csn_span site;
    csn_span opaque;
    csn_span domain;
    csn_algorithm algorithms[CSN_ALG_COUNT];
    size_t algorithm_count;
    uint32_t nonce_life_ms;
    uint32_t next_before_ms;
    uint32_t old_grace_ms;
    uint32_t clock_skew_ms;
    bool one_time;
    bool allow_md5;
    bool legacy_no_qop;
} csn_server_config;

/** What a running server knows; holds keys: csn_server_wipe when done. */
typedef struct csn_server CSN_PUBLIC_STATE(3072) csn_server;

/**
 * Check a configuration and derive the keys.
 *
 * In:      `crypto` outlives the server. `keys`, 1..CSN_MAX_KEYS of them,
 *          exactly one CSN_KEY_MINT, ids distinct; copied.
 * Out:     `*server` on CSN_OK only. It may be copied by assignment.
 * Returns: CSN_OK; CSN_E_CONFIG, a rule above is broken; CSN_E_LIMIT, a span
 *          is too long; CSN_E_SYNTAX, control octets; CSN_E_UNSUPPORTED, a
 *          `-sess` algorithm; CSN_E_CRYPTO, the backend lacks an algorithm.
 */
CSN_API CSN_NODISCARD csn_status csn_server_init(csn_server *server,
    const csn_server_config *config, const csn_crypto *crypto,
    const csn_key *keys, size_t key_count);

/** Clear the keys, by means the compiler cannot drop (H-23). */
CSN_API void csn_server_wipe(csn_server *server);

/** Octets of scratch that are enough for every request. */
#define CSN_SCRATCH_SIZE CSN_MAX_FIELD

/** Holds `uri` against the target of a request (D-29 to D-35). */
typedef csn_uri_match csn_uri_comparer(void *context, const csn_target *target,
    csn_span uri);

/**
 * One request as it came in.
 *
 * `target`      method with its case, request-target as received, scheme and
 *               authority of the connection (see csn_target).
 * `lines`       the values of all Authorization (or, at a proxy,
 *               Proxy-Authorization) lines; none is no credentials.
 * `now_ms`      time that counts: csn_counts_now of the store (D-16).
 * `domain`      the count domain this host marks and mints in.
 * `scratch`     for values that carry escapes; CSN_SCRATCH_SIZE octets.
 * `compare`     how uri is held against the target; NULL for
 *               csn_uri_compare. For hosts that see a target already
 *               printed anew; `compare_context` is passed on.
 *
 * All memory is borrowed until csn_server_end.
 */
typedef struct csn_server_request {
    csn_target target;
    const csn_span *lines;
    size_t line_count;
    uint64_t now_ms;
    uint8_t domain[CSN_DOMAIN_SIZE];
    uint8_t *scratch;
    size_t scratch_len;
    csn_uri_comparer *compare;
    void *compare_context;
} csn_server_request;

/** The state of judging one request. Holds secrets until csn_server_end. */
typedef struct csn_server_exchange CSN_PUBLIC_STATE(1536) csn_server_exchange;

typedef enum csn_need {
    CSN_NEED_SECRET, /* csn_server_secret_query, then _give_secret */
    CSN_NEED_COUNT,  /* csn_server_count_query, then _give_count */
    CSN_DONE         /* csn_server_outcome */
} csn_need;

/**
 * Start: everything up to the user (D-42).
 *
 * In:      `server` and the request's memory live until csn_server_end.
 * Out:     `*exchange`, in any case.
 * Returns: what is needed next. Never fails otherwise: a broken backend ends
 *          in CSN_DONE with CSN_VERDICT_FAIL.
 */
CSN_API CSN_NODISCARD csn_need csn_server_begin(csn_server_exchange *exchange,
    const csn_server *server, const csn_server_request *request);

/** Whose secret is needed. Spans live until csn_server_end. */
typedef struct csn_secret_query {
    csn_span scheme; /* "Digest" */
    csn_span realm;
    csn_span user; /* unescaped, as sent */
    csn_hash hash;
} csn_secret_query;

CSN_API csn_secret_query csn_server_secret_query(
    const csn_server_exchange *exchange);

typedef enum csn_secret_code {
    CSN_SECRET_FOUND,
    CSN_SECRET_UNKNOWN,    /* no such user: judged with a stand-in (D-39) */
    CSN_SECRET_UNAVAILABLE /* the store failed: 503, never access (H-34) */
} csn_secret_code;

/**
 * A user's secret: for Digest H(A1) as csn_hash_size x 2 lower-case hex
 * digits (H-22: protect it like the password). Borrowed for the call.
 */
typedef struct csn_secret {
    csn_secret_code code;
    csn_span ha1_hex;
} csn_secret;

/**
 * Give what CSN_NEED_SECRET asked for: the response is judged, and the age.
 * Work and time are the same for a known and an unknown user (H-02).
 */
CSN_API CSN_NODISCARD csn_need csn_server_give_secret(
    csn_server_exchange *exchange, const csn_secret *secret);

/** The count to mark, for the host's store (counts.h). */
CSN_API csn_mark csn_server_count_query(const csn_server_exchange *exchange);

/** Give what CSN_NEED_COUNT asked for. */
CSN_API CSN_NODISCARD csn_need csn_server_give_count(
    csn_server_exchange *exchange, csn_mark_result result);

typedef enum csn_verdict {
    CSN_VERDICT_ALLOW,
    CSN_VERDICT_CHALLENGE,   /* 401 or 407 */
    CSN_VERDICT_BAD_REQUEST, /* 400, or 431 for CSN_R_TOO_LARGE */
    CSN_VERDICT_FAIL         /* 500, or 503 for a store */
} csn_verdict;

/**
 * `http_status` is the answer's status, 0 with ALLOW. `stale` is what the
 * challenge says. `user`, unescaped, is empty before it was parsed; with
 * `user_known` false it may be a mistyped password: mask it in logs (H-18).
 * `failed_login`: a wrong response or an unknown user, under a stale nonce
 * too: what a limit on guessing counts (H-10, D-44). `nonce_age_ms` and
 * `count` are for variables and logs, 0 before they were known.
 */
typedef struct csn_server_outcome {
    csn_verdict verdict;
    csn_reason reason;
    unsigned http_status;
    bool stale;
    bool user_known;
    bool failed_login;
    csn_span user;
    csn_algorithm algorithm;
    uint32_t count;
    uint64_t nonce_age_ms;
} csn_server_outcome;

/** The outcome; before CSN_DONE it is FAIL with CSN_R_INTERNAL. */
CSN_API csn_server_outcome csn_server_get_outcome(
    const csn_server_exchange *exchange);

/** How many challenge lines a CHALLENGE has: one per algorithm. */
CSN_API size_t csn_server_challenge_count(const csn_server *server);

/** Octets that hold any challenge line, and any Info field. */
#define CSN_CHALLENGE_SIZE 2048
#define CSN_INFO_SIZE 1024

/**
 * Append challenge line `index`, strongest first, without field name or line
 * end; all lines of one answer carry the same fresh nonce (B-17).
 *
 * Returns: CSN_OK; CSN_END, `index` is past the last; CSN_E_STATE, the
 *          verdict is not CHALLENGE; CSN_E_OVERFLOW.
 */
CSN_API CSN_NODISCARD csn_status csn_server_challenge(
    const csn_server_exchange *exchange, size_t index, csn_writer *out);

/**
 * Append the Info field's value: [nextnonce,] qop, rspauth, cnonce, nc. Send
 * it with every final status, HEAD and CONNECT included (E-05, E-07), but
 * never with a 401 (407 at a proxy) of your own (E-04), nor in 1xx (E-10).
 *
 * Returns: CSN_OK; CSN_E_STATE, the verdict is not ALLOW (E-03);
 *          CSN_E_OVERFLOW.
 */
CSN_API CSN_NODISCARD csn_status csn_server_info(
    const csn_server_exchange *exchange, csn_writer *out);

/** Whether csn_server_info will carry a nextnonce. */
CSN_API bool csn_server_sends_nextnonce(const csn_server_exchange *exchange);

/** Clear the secrets. The exchange is of no use afterwards. */
CSN_API void csn_server_end(csn_server_exchange *exchange);

CSN_END_C

#endif
