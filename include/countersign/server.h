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
 *     csn_server_begin
 *         CSN_NEED_SECRET    the user's secret    csn_server_give_secret
 *         CSN_NEED_SESSION   -sess: its key       csn_server_give_session
 *         CSN_NEED_CONTENT   auth-int: its hash   csn_server_give_content
 *         CSN_NEED_COUNT     the count marked     csn_server_give_count
 *     CSN_DONE
 *
 * Needs come in this order; each call says which is next, and any of them
 * may be the last. With CSN_DONE csn_server_get_outcome says ALLOW (send
 * csn_server_info with the response), CHALLENGE (send csn_server_challenge,
 * each on a line of its own, with 401 or 407), BAD_REQUEST (400, 413, 431) or
 * FAIL (500, 503).
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
 * `algorithms`  strongest first (B-15), each once; empty means SHA-256
 *               alone. MD5 and MD5-sess need `allow_md5` (H-11). A `-sess`
 *               session gets no nextnonce (E-35), so it cannot go with
 *               `one_time`.
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
 *               read the wire, and lets a man in the middle strip qop. Not
 *               without auth in `qops`; never for a `-sess` algorithm (C-10).
 * `qops`        csn_qop bits: what challenges offer (B-18); 0 means auth.
 * `userhash`    challenges say userhash=true (B-21): the host's store finds a
 *               user by hash under every algorithm offered. Credentials with
 *               a hashed name are judged under nonces that came with the
 *               offer, also when it is not made any more, or else get 400.
 * `strict_uri`  at the proxy layer alone: a uri in origin-form is refused
 *               (D-32). It names no host, so a proof made for one is as good
 *               for every other behind the same proxy; browsers send no
 *               other, so it is off by default.
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
    unsigned qops;
    bool userhash;
    bool strict_uri;
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
 *          is too long; CSN_E_SYNTAX, control octets; CSN_E_CRYPTO, the
 *          backend lacks an algorithm.
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
typedef struct csn_server_exchange CSN_PUBLIC_STATE(2048) csn_server_exchange;

typedef enum csn_need {
    CSN_NEED_SECRET,  /* csn_server_secret_query, then _give_secret */
    CSN_NEED_SESSION, /* csn_server_session_query, then _give_session */
    CSN_NEED_CONTENT, /* csn_server_hash, then _give_content */
    CSN_NEED_COUNT,   /* csn_server_count_query, then _give_count */
    CSN_DONE          /* csn_server_get_outcome */
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

/**
 * Whether judging this request will need its content: a host that gets the
 * content later can stop here, keep it (up to a limit), and begin anew with
 * the whole of it at hand. Valid after csn_server_begin gave CSN_NEED_SECRET:
 * the nonce was then genuine.
 */
CSN_API bool csn_server_wants_content(const csn_server_exchange *exchange);

/**
 * Whose secret is needed. Spans live until csn_server_end.
 *
 * `user`    unescaped and, from username*, decoded; with `hashed` the digits
 *           of H(username ":" realm) as sent, in either case (RFC 7616,
 *           3.4.4), twice csn_hash_size of them.
 */
typedef struct csn_secret_query {
    csn_span scheme; /* "Digest" */
    csn_span realm;
    csn_span user;
    csn_hash hash;
    bool hashed;
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
 * digits, also under `-sess` (H-22: protect it like the password). Borrowed
 * for the call.
 *
 * `user`    after a `hashed` query the user's name, which must live until
 *           csn_server_end; otherwise not looked at.
 */
typedef struct csn_secret {
    csn_secret_code code;
    csn_span ha1_hex;
    csn_span user;
} csn_secret;

/**
 * Give what CSN_NEED_SECRET asked for: the response is judged, and the age,
 * unless session or content are needed for that. Work and time are the same
 * for a known and an unknown user (H-02).
 *
 * Under `-sess` the age is judged first: whether a response is right hangs on
 * a key that is forgotten with its nonce, so a nonce that cannot be accepted
 * any more is stale for everybody, whatever the response.
 */
CSN_API CSN_NODISCARD csn_need csn_server_give_secret(
    csn_server_exchange *exchange, const csn_secret *secret);

/** The session to look up, for the host's store (counts.h). */
CSN_API csn_session_query csn_server_session_query(
    const csn_server_exchange *exchange);

/**
 * Give what CSN_NEED_SESSION asked for. The response is right when it agrees
 * with the session's key, or with one made of the nonce and cnonce of this
 * very request: peers read RFC 7616, 3.4.2 in both ways (K-14).
 */
CSN_API CSN_NODISCARD csn_need csn_server_give_session(
    csn_server_exchange *exchange, const csn_session_result *result);

/** The hash of this exchange: what contents are to be hashed with. */
CSN_API csn_hash csn_server_hash(const csn_server_exchange *exchange);

typedef enum csn_content_code {
    CSN_CONTENT_HASHED,
    CSN_CONTENT_TOO_LARGE, /* more than the host will hash: 413 (D-41) */
    CSN_CONTENT_INCOMPLETE /* it did not arrive whole: 400 */
} csn_content_code;

/**
 * H(content) of the request: of its octets as received, transfer codings
 * removed and content codings in place (C-53, C-54); of no octets when it has
 * no content (C-55). `digest` is binary, csn_hash_size octets; borrowed.
 */
typedef struct csn_content {
    csn_content_code code;
    const uint8_t *digest;
} csn_content;

/**
 * Give what CSN_NEED_CONTENT asked for. The request must not take effect
 * before this was judged (C-57).
 */
CSN_API CSN_NODISCARD csn_need csn_server_give_content(
    csn_server_exchange *exchange, const csn_content *content);

/** The count to mark, for the host's store (counts.h). */
CSN_API csn_mark csn_server_count_query(const csn_server_exchange *exchange);

/** Give what CSN_NEED_COUNT asked for. */
CSN_API CSN_NODISCARD csn_need csn_server_give_count(
    csn_server_exchange *exchange, csn_mark_result result);

typedef enum csn_verdict {
    CSN_VERDICT_ALLOW,
    CSN_VERDICT_CHALLENGE,   /* 401 or 407 */
    CSN_VERDICT_BAD_REQUEST, /* 400; 431, 413: field, content too large */
    CSN_VERDICT_FAIL         /* 500, or 503 for a store */
} csn_verdict;

/**
 * `http_status` is the answer's status, 0 with ALLOW. `stale` is what the
 * challenge says. `user`, unescaped and decoded, is empty before it was
 * parsed; with `user_known` false it may be a mistyped password (mask it in
 * logs, H-18) or a hash of a name.
 * `failed_login`: a wrong response or an unknown user, under a stale nonce
 * too unless the algorithm is a `-sess` one: what a limit on guessing counts
 * (H-10, D-44). `nonce_age_ms` and
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
    csn_qop qop;
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
 * After auth-int only the response's content makes a proof: see
 * csn_server_proof. This function then says what is true without (E-27): the
 * nextnonce alone, or nothing at all, and no field is to be sent.
 *
 * Returns: CSN_OK; CSN_E_STATE, the verdict is not ALLOW (E-03);
 *          CSN_E_OVERFLOW.
 */
CSN_API CSN_NODISCARD csn_status csn_server_info(
    const csn_server_exchange *exchange, csn_writer *out);

/** Whether csn_server_info will carry a nextnonce. */
CSN_API bool csn_server_sends_nextnonce(const csn_server_exchange *exchange);

/**
 * What an Info field can be made of after the exchange has ended and the
 * server was replaced: for auth-int, where the proof waits for the response's
 * content. Holds a secret: csn_server_proof_wipe when done. It points into
 * the host's memory, so it is not to be copied.
 */
typedef struct csn_server_proof CSN_PUBLIC_STATE(384) csn_server_proof;

/** Octets of memory that csn_server_proof_init will need. */
CSN_API size_t csn_server_proof_size(const csn_server_exchange *exchange);

/**
 * In:      an exchange whose verdict is ALLOW; `memory`, `size` octets at
 *          least csn_server_proof_size, the host's until the wipe.
 * Returns: CSN_OK; CSN_E_STATE; CSN_E_OVERFLOW.
 */
CSN_API CSN_NODISCARD csn_status csn_server_proof_init(csn_server_proof *proof,
    const csn_server_exchange *exchange, uint8_t *memory, size_t size);

/**
 * Append an Info field's value, as csn_server_info does.
 *
 * In:      `content_digest`, after auth-int H(content) of the response in
 *          binary, csn_hash_size octets: of the very octets sent, after
 *          content codings and ranges (E-26), of no octets for HEAD, 204, 304
 *          (C-55). NULL: not known. Ignored after auth.
 * Out:     a value for header or trailer (E-37 to E-40). `parts` says which
 *          of it: in a trailer nextnonce is left out, for it belongs in the
 *          header (E-40), and the header's field then has it alone. Nothing
 *          may have been written: send no field then.
 * Returns: CSN_OK; CSN_E_CRYPTO; CSN_E_OVERFLOW.
 */
typedef enum csn_proof_parts {
    CSN_PROOF_ALL,
    CSN_PROOF_NEXTNONCE, /* header, with the rest in a trailer or nowhere */
    CSN_PROOF_TRAILER    /* all but nextnonce */
} csn_proof_parts;

CSN_API CSN_NODISCARD csn_status csn_server_proof_info(
    const csn_server_proof *proof, csn_proof_parts parts,
    const uint8_t *content_digest, csn_writer *out);

/** The hash to make `content_digest` with, and whether it is needed. */
CSN_API csn_hash csn_server_proof_hash(const csn_server_proof *proof);
CSN_API bool csn_server_proof_wants_content(const csn_server_proof *proof);

CSN_API void csn_server_proof_wipe(csn_server_proof *proof);

/** Clear the secrets. The exchange is of no use afterwards. */
CSN_API void csn_server_end(csn_server_exchange *exchange);

CSN_END_C

#endif
