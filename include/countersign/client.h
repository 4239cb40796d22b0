// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_CLIENT_H
#define COUNTERSIGN_CLIENT_H

#include <countersign/crypto.h>
#include <countersign/digest.h>
#include <countersign/layer.h>

CSN_BEGIN_C

/*
 * The client side: chooses a challenge, writes credentials, and finds out
 * whether the server proved itself in return.
 *
 *     csn_client_choose      which of the offered challenges, if any
 *     csn_client_decide      answer it, or is this the end? (F-33 to F-36)
 *     csn_client_accept      a new session in the space, from that challenge
 *     csn_client_authorize   credentials for one request, and a record of it
 *     csn_client_verify      that record against the response
 *
 * A *space* is the state of one protection space. It is keyed by layer,
 * scheme, host, port, realm and user (F-43, F-51) and holds one session: the
 * nonce in use, its count, H(A1). Memory is the caller's.
 *
 * Threads: on one space, csn_client_authorize may run on any number of
 * threads at once: counts are handed out atomically (C-28). Everything that
 * changes the session (accept, verify, forget) must have the space to itself:
 * a readers-writer lock, or simply a mutex around each call. None of them
 * waits for anything. After a challenge do accept and the authorize that
 * answers it under one lock, or another thread's challenge comes between.
 * Copies: a space may be moved by assignment while nobody uses it, but not
 * used twice, for both copies would hand out the same counts.
 */

typedef enum csn_proof_policy {
    CSN_PROOF_REQUIRE,
    CSN_PROOF_EXPECT, /* the default */
    CSN_PROOF_OFF     /* a named leniency: reported, not enforced */
} csn_proof_policy;

#define CSN_CLIENT_POLICY_VERSION 1u

/**
 * `proof`          see csn_client_result.
 * `allow_md5`      answer MD5 too, after every SHA-2 offer (F-29); opens an
 *                  offline guessing attack at MD5's speed.
 * `allow_step_down` answer MD5 although this space offered SHA-2 before
 *                  (F-42); opens a downgrade by whoever sits in the middle.
 * `legacy_no_qop`  with `allow_md5`: answer a challenge without qop (C-23),
 *                  after every other; proves nothing, and a recorded answer
 *                  can be replayed.
 * `require_int`    answer only challenges that offer auth-int, and never send
 *                  less: csn_client_authorize then wants a content.
 * `raw_username`   a name that is not ASCII goes as it is into `username`, for
 *                  servers that do not know username* (K-18). No attack is
 *                  known; a server may read the octets in another coding.
 * `retry_max`      automatic repeats per request and layer; 0: the default 2.
 */
typedef struct csn_client_policy {
    uint32_t version;
    csn_proof_policy proof;
    bool allow_md5;
    bool allow_step_down;
    bool legacy_no_qop;
    unsigned retry_max;
    bool require_int;
    bool raw_username;
} csn_client_policy;

/**
 * What names a space, realm aside. Compared exactly, scheme and host without
 * case, an IPv6 address with or without brackets.
 *
 * `user` is hashed as it is given: UTF-8 in NFC (C-40, C-41). It travels
 * hashed where the challenge offers that (C-31), else as username* when it is
 * not ASCII (C-36). A name that is not UTF-8 cannot be written so, and goes
 * as it is into `username`, for servers with names in older codings.
 */
typedef struct csn_client_key {
    csn_layer layer;
    csn_span scheme; /* "http" or "https"; for a proxy, the proxy's own */
    csn_span host;
    uint16_t port;
    csn_span user; /* 1..CSN_MAX_USER octets, no colon, no controls */
} csn_client_key;

/** One protection space. Holds H(A1): csn_client_forget when done. */
typedef struct csn_client_space CSN_PUBLIC_STATE(5632) csn_client_space;

/** What was sent with one request; 2 KiB or so, the caller's. */
typedef struct csn_client_attempt CSN_PUBLIC_STATE(2048) csn_client_attempt;

/* What a space (or any space of this peer) saw before; bits. */
#define CSN_SEEN_DIGEST 1u /* a Digest challenge: never Basic after it */
#define CSN_SEEN_SHA2 2u   /* a SHA-2 algorithm: never MD5 after it */
#define CSN_SEEN_PROOF 4u  /* it proved itself: silence fails (F-22) */

/**
 * Make an empty space.
 *
 * Returns: CSN_OK; CSN_E_SYNTAX, colon or control octet in the user, empty
 *          or unknown scheme or host; CSN_E_LIMIT.
 */
CSN_API CSN_NODISCARD csn_status csn_client_space_init(csn_client_space *space,
    const csn_client_key *key);

/**
 * Whether `key` names this space (and `realm`, when not NULL, its realm). A
 * space has the realm of its latest session, also when that is gone; before
 * the first it has none and matches no realm.
 */
CSN_API bool csn_client_space_matches(const csn_client_space *space,
    const csn_client_key *key, const csn_span *realm);

/** Whether a session stands, so that a request can be answered unasked. */
CSN_API bool csn_client_space_is_ready(const csn_client_space *space);

/**
 * Whether a request for `path` (with query) may be answered unasked: a session
 * stands, and the path lies inside the challenge's domain.
 *
 * Without domain that is the whole origin (F-44), at a proxy everything
 * (F-47). A listed path ends at a path boundary (F-45); other origins in the
 * list are ignored (F-46). Compared octet by octet, nothing decoded; a path
 * with dot segments lies in no listed one.
 */
CSN_API bool csn_client_space_covers(const csn_client_space *space,
    csn_span path);

/**
 * Whether the session may send auth-int, and with which hash: a host that
 * wants it makes H(content) of the request before csn_client_authorize.
 */
CSN_API bool csn_client_space_offers_int(const csn_client_space *space,
    csn_hash *hash);

/** Realm of the session; empty without one. Lives as long as the session. */
CSN_API csn_span csn_client_space_realm(const csn_client_space *space);

/**
 * CSN_SEEN bits, and a way to set them from what was remembered on disk.
 *
 * The engine knows one space at a time, and an impostor chooses the realm he
 * names: to hold a peer to CSN_SEEN_PROOF, remember in each space of a peer
 * and layer what any of them saw, as the libcurl adapter does (F-22).
 */
CSN_API unsigned csn_client_space_seen(const csn_client_space *space);
CSN_API void csn_client_space_remember(csn_client_space *space, unsigned seen);

/** Drop the session and clear its secrets; what was seen stays (F-50). */
CSN_API void csn_client_forget(csn_client_space *space);

/** A chosen challenge; spans into the response's lines. */
typedef struct csn_client_choice {
    csn_digest_challenge challenge;
    size_t offered; /* challenges that could be read, of every scheme */
    unsigned seen;  /* CSN_SEEN bits of this offer */
} csn_client_choice;

/**
 * Choose among the challenges of a 401 or 407 (F-28 to F-31, F-41, F-42).
 *
 * In:      `seen`, CSN_SEEN bits of all spaces of that peer and layer.
 *          `lines`, all WWW-Authenticate (Proxy-Authenticate) lines.
 *
 * The first SHA-2 challenge in the server's order; where there is none and the
 * policy allows it the first MD5 one with qop, then without. Ignored: unknown
 * algorithms, no realm or nonce, a qop without known members, SHA-2 or `-sess`
 * without qop (C-10), with `require_int` a qop without auth-int, values above
 * their limits, and Digest that does not parse, which never makes way for
 * another scheme.
 *
 * Out:     `*choice` on CSN_OK; `*why` otherwise.
 * Returns: CSN_OK; CSN_E_REFUSED with CSN_R_NO_CHALLENGE (final: F-38),
 *          CSN_R_NO_ACCEPTABLE, or CSN_R_DOWNGRADE: MD5 where SHA-2 was seen,
 *          Basic alone where Digest was.
 */
CSN_API CSN_NODISCARD csn_status csn_client_choose(
    const csn_client_policy *policy, unsigned seen, const csn_span *lines,
    size_t count, csn_client_choice *choice, csn_reason *why);

/**
 * Whether to answer: a first challenge, or a stale one to right credentials.
 * A challenge for another realm than was answered is a first one, whatever it
 * says of stale (F-35): look for that realm's space. For the same realm stale
 * counts only with the same algorithm.
 *
 * In:      `sent`, the record of the credentials that request carried for
 *          this layer, or NULL when it carried none. `retries`, repeats made
 *          of this request for this layer so far.
 * Returns: CSN_OK, answer it; CSN_E_REFUSED with CSN_R_CREDENTIALS_REFUSED
 *          (F-34) or CSN_R_RETRIES_USED (F-36) in `*why`.
 */
CSN_API CSN_NODISCARD csn_status csn_client_decide(
    const csn_client_policy *policy, const csn_client_attempt *sent,
    unsigned retries, const csn_client_choice *choice, csn_reason *why);

/**
 * Replace the whole session by one from `choice` (F-37). Counts go on where
 * they were when the server comes back to a nonce used shortly before (C-27).
 * Under `-sess` the session's key is made here, of this challenge's nonce and
 * of a cnonce that stays as long as the session (C-06 to C-09).
 *
 * In:      `password`, UTF-8 in NFC, no control octets; borrowed. May be
 *          empty. Where only H(A1) is known see csn_client_accept_ha1.
 * Returns: CSN_OK; CSN_E_SYNTAX, control octets, or a challenge that
 *          csn_client_choose would not choose; CSN_E_LIMIT, nonce, realm,
 *          opaque or password too long; CSN_E_CRYPTO; CSN_E_RANDOM. On
 *          failure there is no session.
 */
CSN_API CSN_NODISCARD csn_status csn_client_accept(csn_client_space *space,
    const csn_crypto *crypto, const csn_client_policy *policy,
    const csn_client_choice *choice, csn_span password);

/** The same with H(A1) in hex, twice csn_hash_size digits of that hash. */
CSN_API CSN_NODISCARD csn_status csn_client_accept_ha1(csn_client_space *space,
    const csn_crypto *crypto, const csn_client_policy *policy,
    const csn_client_choice *choice, csn_span ha1_hex);

/** Octets that hold any credentials this engine writes. */
#define CSN_CREDENTIALS_SIZE CSN_MAX_FIELD

/**
 * Write credentials for one request and take its count. Call it anew for each
 * attempt, also when a broken connection made the request be sent again: a
 * count is never used twice (C-27).
 *
 * In:      `method` as in the request line, a token (H-13); `uri`, the
 *          request-target exactly as it will be sent, without fragment
 *          (C-46 to C-51). `content_digest`, NULL, or H(content) in binary of
 *          the request's content as it will be sent, transfer codings aside
 *          (C-53 to C-55): auth-int is then sent where it is offered (C-21).
 *          Without it auth is sent.
 * Out:     the field's value, appended to `out`; `*attempt`, on CSN_OK.
 * Returns: CSN_OK; CSN_E_STATE, no session; CSN_E_MISSING, only auth-int is
 *          offered (or `require_int` was set) and there is no content digest;
 *          CSN_E_EXHAUSTED, no count left:
 *          forget the session and ask for a challenge (C-29); CSN_E_SYNTAX,
 *          method no token, `uri` empty or with a blank, control octet or
 *          `#`; CSN_E_RANDOM; CSN_E_CRYPTO; CSN_E_OVERFLOW. Nothing may be
 *          sent then; a count may be lost, none is used twice.
 */
CSN_API CSN_NODISCARD csn_status csn_client_authorize(csn_client_space *space,
    const csn_crypto *crypto, csn_span method, csn_span uri,
    const uint8_t *content_digest, csn_writer *out,
    csn_client_attempt *attempt);

/**
 * Clear an attempt that is of no use any more. It holds the rspauth that the
 * server is to prove itself with: until the response is there, a secret.
 * After auth-int it holds H(A1) in its place, and points to `crypto`.
 */
CSN_API void csn_client_attempt_wipe(csn_client_attempt *attempt);

/** The count an attempt carried, for notes to a person; 0 without qop. */
CSN_API uint32_t csn_client_attempt_count(const csn_client_attempt *attempt);
CSN_API csn_algorithm csn_client_attempt_algorithm(
    const csn_client_attempt *attempt);

/** What was sent; with CSN_QOP_AUTH_INT the body waits for the proof. */
CSN_API csn_qop csn_client_attempt_qop(const csn_client_attempt *attempt);

/**
 * What the peer proved. The mapping (F-18 to F-25):
 *
 *     rspauth right, cnonce, nc and qop those sent          PROVED
 *     rspauth right and no qop: it covers the three, so     PROVED
 *       cnonce and nc may be missing too (RFC 7616, 3.5)
 *     no Info field, or none of its parameters              ABSENT no-info
 *     Info field without rspauth and without qop            ABSENT no-rspauth
 *     qop, but rspauth, cnonce or nc is missing             MISMATCH info-incomplete
 *     rspauth unequal                                       MISMATCH rspauth-wrong
 *     cnonce, nc (by value), qop unequal                    MISMATCH cnonce-wrong,
 *                                                             nc-wrong, qop-wrong
 *     exchange without qop, whatever the field says         ABSENT no-qop
 *     repeated parameter, bad syntax, above max_field       UNUSABLE info-malformed
 *     header and trailer carry different values             MISMATCH sections-differ
 *       (a value in one of them alone counts for both)
 *     no credentials were sent                              ABSENT not-challenged
 *     401 (407) of this layer                               ABSENT no-info (F-05)
 *     from a cache (F-09)                                   ABSENT no-info
 *     body cut off                                          qop=auth: as above, the
 *                                                             transfer's error is its own
 *     auth-int was sent, the field says qop=auth and its    ABSENT content-unproved
 *       rspauth is right for that (F-25)
 *     auth-int was sent and the content is not known,       ABSENT content-incomplete
 *       or cut off, and nothing else is wrong
 *     after auth-int the hash backend failed                UNUSABLE internal
 */
typedef enum csn_proof {
    CSN_PROOF_PROVED,
    CSN_PROOF_ABSENT,
    CSN_PROOF_MISMATCH,
    CSN_PROOF_UNUSABLE
} csn_proof;

/** "proved", "absent", "mismatch", "unusable". */
CSN_API const char *csn_proof_name(csn_proof proof);

/**
 * The response. `header` and `trailer` are the values of all
 * Authentication-Info (Proxy-Authentication-Info at a proxy) lines of the
 * section; sections are kept apart. `status` is the final one, never
 * 1xx (F-06), but for the 101 that ends the exchange. `from_cache`: a cache
 * answered, not the peer: its Info field is of another exchange (F-09).
 *
 * After auth-int: `uri`, the one given to csn_client_authorize, and
 * `content_digest`, H(content) of the response in binary, of its octets as
 * received with content codings in place (C-53 to C-56), of no octets when it
 * has none; NULL when it did not come whole.
 */
typedef struct csn_client_response {
    unsigned status;
    const csn_span *header;
    size_t header_count;
    const csn_span *trailer;
    size_t trailer_count;
    bool from_cache;
    csn_span uri;
    const uint8_t *content_digest;
} csn_client_response;

/**
 * `deliver`: whether the policy lets the exchange succeed, which includes
 * showing the body and following a redirect:
 *
 *     require  PROVED alone
 *     expect   PROVED; ABSENT from a space that never proved itself, or with
 *              the 401 (407) of its own layer; else CSN_R_PROOF_MISSED
 *     off      always
 *
 * `nextnonce`: the session went on to a new nonce. `dropped`: the session is
 * gone (F-19).
 */
typedef struct csn_client_result {
    csn_proof proof;
    csn_reason reason;
    bool deliver;
    bool nextnonce;
    bool dropped;
} csn_client_result;

/**
 * Hold the response against what was sent, adopt a nextnonce, remember a
 * proof. What a proof says (F-26): the peer knows the secret for this nonce,
 * count and uri. It covers neither status, nor header fields, nor nextnonce,
 * nor, but for auth-int, the body.
 *
 * A nextnonce is taken when the field proves the server, also when
 * not its content (content-unproved); a field without rspauth and qop gives one too,
 * unless the policy is `require` or the space has proved itself before (F-14).
 * An attempt made before the session of now began neither changes nor drops
 * it. MISMATCH and UNUSABLE drop theirs.
 *
 * In:      `attempt`, the record of this very request (F-27); NULL when it
 *          carried no credentials for this layer. `space`, the one it was made
 *          in; without attempt the one that covers the request, or NULL.
 * Out:     `*result`, in any case.
 */
CSN_API void csn_client_verify(const csn_client_policy *policy,
    csn_client_space *space, const csn_client_attempt *attempt,
    const csn_client_response *response, csn_client_result *result);

CSN_END_C

#endif
