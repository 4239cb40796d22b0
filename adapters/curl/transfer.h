// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_CURL_TRANSFER_H
#define COUNTERSIGN_CURL_TRANSFER_H

#include "content.h"
#include "decode.h"
#include "head.h"
#include "session.h"
#include "spool.h"

/*
 * One exchange over one easy handle. libcurl runs it one or more times; a run
 * goes through these states, and each run leaves `next` behind:
 *
 *     CONNECTING  a tunnel is being opened: header lines are the proxy's
 *                 answer to CONNECT. Entered with each new socket, also when
 *                 libcurl replaces a dead connection in the middle of a run.
 *     REQUESTING  the pre-request callback was called: credentials are
 *                 written, header lines are the origin's (or, without a
 *                 tunnel, what came by way of the proxy).
 *     BODY        the header section was whole and its proofs were judged,
 *                 but for those that need the content or the trailer: they
 *                 wait for the end of the run, and so does the program.
 */

enum {
    /* "Proxy-Authorization: " and a terminating zero around credentials. */
    LEG_FIELD_SIZE = CSN_CREDENTIALS_SIZE + 32,
    /* A body nobody asked for is read to keep its connection, up to here. */
    SWALLOW_MAX = 256 * 1024,
    REDIRECTS_MAX = 50,
    /* Tunnels found to be somebody else's before the exchange gives up. */
    FRESH_MAX = 3
};

/* One layer of an exchange. */
typedef struct curl_leg {
    csn_layer layer;
    bool used;
    csn_proof_policy proof;
    csn_curl_integrity integrity;
    curl_peer *peer;   /* NULL: no login for it */
    char *peer_name;   /* scheme://host:port */
    curl_space *space; /* of `attempt`; counted in its refs */
    csn_client_attempt attempt;
    bool sent;       /* `attempt` is what the last request carried */
    bool reserved;   /* `field` answers a challenge and was not sent yet */
    bool unanswered; /* a challenge waits for H(content) under `missing` */
    csn_hash missing;
    bool at_end;  /* its proof is judged when the response is over */
    bool pending; /* and was not yet */
    unsigned retries;
    csn_client_result result;
    struct curl_slist node; /* first in the list libcurl sends from */
    char field[LEG_FIELD_SIZE];
} curl_leg;

typedef enum curl_state {
    STATE_CONNECTING,
    STATE_REQUESTING,
    STATE_BODY
} curl_state;

/* What a run is followed by. */
typedef enum curl_next {
    NEXT_NOTHING,
    NEXT_ANSWER, /* a challenge is to be answered */
    NEXT_REDIRECT,
    NEXT_FRESH /* the same again on a new connection */
} curl_next;

struct csn_curl_transfer {
    csn_curl_session *session;
    CURL *easy;
    csn_curl_request request;
    curl_url_parts url;
    curl_url_parts proxy;
    char *proxy_text; /* for CURLOPT_PROXY; empty: none */
    bool proxied;     /* by an HTTP proxy */
    bool tunnel;
    bool first_target;      /* request.target still applies: no redirect yet */
    bool own_authorization; /* the program's header: origin layer is off */
    struct curl_slist *kept; /* its headers, after a change of origin */
    bool headers_kept;
    struct curl_slist expect; /* `Expect: 100-continue`, when it is needed */
    struct curl_slist te[2];  /* `TE: trailers`, hung into `*te_slot` */
    struct curl_slist **te_slot; /* NULL where it has no place */
    struct curl_slist *te_rest;

    curl_leg origin;
    curl_leg proxy_leg;

    curl_state state;
    curl_next next;
    curl_head head;
    curl_head trailer;
    bool connect_seen; /* this connection's CONNECT was answered, 2xx */
    bool deliver;
    bool swallow;
    size_t swallowed;
    curl_content content;
    curl_content none; /* that of CONNECT */
    bool body_dropped; /* a redirect turned the request into a GET */
    char *location;

    bool waiting; /* what comes is held until the response is over */
    bool whole;   /* it is over, and came to its end */
    csn_openssl_hash *hashes[CSN_HASH_COUNT];
    curl_spool held;
    curl_decoder decoder;

    bool ended; /* `end` was decided by a header section */
    csn_curl_end end;
    csn_layer failed;
    csn_reason reason;
    CURLcode code;
    unsigned status;
    unsigned redirects;
    unsigned requests;
    unsigned fresh;
    bool fresh_now;
    long long deadline_ms; /* on the monotonic clock; 0: none */
};

/* legs.c */

void csn_curl_leg_free(csn_curl_session *session, curl_leg *leg);

/** The exchange is over: others may use the nonce it was out with. */
void csn_curl_leg_done(csn_curl_session *session, curl_leg *leg);

/** The same leg for another peer (or none), as at the start of a request. */
CSN_NODISCARD csn_status csn_curl_leg_aim(csn_curl_session *session,
    curl_leg *leg, const curl_url_parts *peer, bool may_log_in);

/**
 * Write the field for the request that is about to be sent: new credentials
 * with a count of their own, the answer to a challenge that waits, or
 * nothing when there is no session.
 */
CSN_NODISCARD csn_status csn_curl_leg_write(csn_curl_transfer *transfer,
    curl_leg *leg, const char *method, const char *uri);

/* What credentials are for. */
typedef struct curl_asked {
    const char *method;
    const char *uri;
    curl_content *content;
} curl_asked;

/**
 * Credentials from `space`, which is held from now on; with auth-int when
 * there is a digest. To be called under the lock. Returns what
 * csn_client_authorize does.
 */
CSN_NODISCARD csn_status csn_curl_leg_authorize(csn_curl_transfer *transfer,
    curl_leg *leg, curl_space *space, const curl_asked *ask,
    const uint8_t *digest);

/** The session's policy, as this request has it for this layer. */
csn_client_policy csn_curl_leg_policy(const csn_curl_transfer *transfer,
    const curl_leg *leg);

/* answer.c */

/**
 * Look at the challenges of a 401 or 407.
 *
 * Returns: true when the request is to be repeated, with an answer ready in
 *          `field` or, with `unanswered`, to be had by another call when the
 *          content was hashed; otherwise false and `*why`.
 */
bool csn_curl_leg_challenged(csn_curl_transfer *transfer, curl_leg *leg,
    const char *method, const char *uri, csn_reason *why);

/* judge.c */

/**
 * Judge the peer's proof; the verdict goes to leg->result, and into a note
 * when the program is to hear of it.
 */
CSN_NODISCARD csn_status csn_curl_leg_judge(csn_curl_transfer *transfer,
    curl_leg *leg, bool aloud);

/** The qop of the credentials that were sent; CSN_QOP_NONE without any. */
csn_qop csn_curl_leg_qop(const curl_leg *leg);

/** Whether the verdict covers the content. */
bool csn_curl_leg_content_proved(const curl_leg *leg);

/* held.c */

/**
 * A response's content begins: note which layers' proofs need it, or the
 * trailer. False: no memory.
 */
bool csn_curl_held_begin(csn_curl_transfer *transfer);

/** Octets as they came, to be hashed. False: out of memory. */
bool csn_curl_held_hash(csn_curl_transfer *transfer, csn_span octets);

/** The same, to wait. False: the run ends, and it was said why. */
bool csn_curl_held_add(csn_curl_transfer *transfer, csn_span octets);

/** H(content) of the response; false when it did not come to its end. */
bool csn_curl_held_digest(const csn_curl_transfer *transfer, csn_hash hash,
    uint8_t digest[CSN_MAX_DIGEST]);

/** Hand out what waited, trailer included. False: it was said why not. */
bool csn_curl_held_deliver(csn_curl_transfer *transfer);

/** Forget it, for the next response. */
void csn_curl_held_reset(csn_curl_transfer *transfer);

/* notes.c */

/** Tell the program about a step; `note` needs no layer, peer, user. */
void csn_curl_note_leg(const csn_curl_transfer *transfer, const curl_leg *leg,
    csn_curl_note note);

/* callbacks.c */

/** What libcurl calls; set on the handle by csn_curl_transfer_arm. */
int csn_curl_transfer_prereq(void *transfer, char *remote_ip, char *local_ip,
    int remote_port, int local_port);
curl_socket_t csn_curl_transfer_open_socket(void *transfer,
    curlsocktype purpose, struct curl_sockaddr *address);
size_t csn_curl_transfer_header(char *line, size_t size, size_t count,
    void *transfer);
size_t csn_curl_transfer_write(char *data, size_t size, size_t count,
    void *transfer);
/** Octets for the program, unpacked if that was asked for; false: said why. */
bool csn_curl_transfer_pass(csn_curl_transfer *transfer, char *data,
    size_t len);
size_t csn_curl_transfer_read(char *data, size_t size, size_t count,
    void *transfer);
int csn_curl_transfer_seek(void *transfer, curl_off_t offset, int origin);

/* sections.c */

/** The answer to CONNECT is whole. False: no octet may enter the tunnel. */
bool csn_curl_transfer_connect_done(csn_curl_transfer *transfer);

/** A final response's header section is whole. False: end the run here. */
bool csn_curl_transfer_response_done(csn_curl_transfer *transfer);

/** A run is over: judge and hand out what waited for that. */
void csn_curl_transfer_content_done(csn_curl_transfer *transfer,
    CURLcode code);

/**
 * Answer the challenge that waited for the content's hash. False: that ended
 * the exchange.
 */
bool csn_curl_transfer_answer_late(csn_curl_transfer *transfer);

/** How the exchange ends, unless a later step says otherwise. */
void csn_curl_transfer_end_with(csn_curl_transfer *transfer, csn_curl_end end,
    csn_layer layer, csn_reason reason);

/** The same where something failed on this side. */
void csn_curl_transfer_fail(csn_curl_transfer *transfer, CURLcode code);

/** One line to the program's header callback; false: it does not want it. */
bool csn_curl_transfer_send_line(csn_curl_transfer *transfer, csn_span line);

/** Whether a layer's own refusal is what came: 401, or 407 at a proxy. */
bool csn_curl_transfer_is_refusal(const csn_curl_transfer *transfer,
    const curl_leg *leg);

/** The content that credentials of this layer are for. */
curl_content *csn_curl_leg_content(csn_curl_transfer *transfer,
    const curl_leg *leg);

/** The method of the request under way. */
const char *csn_curl_transfer_method(const csn_curl_transfer *transfer);

/** The request-target of the request under way. */
const char *csn_curl_transfer_target(const csn_curl_transfer *transfer);

/* redirect.c */

/** Go where `location` says. On failure `code` says why. */
bool csn_curl_transfer_redirect(csn_curl_transfer *transfer);

/* aim.c */

/** Find the proxy for transfer->url and point both legs. */
CSN_NODISCARD csn_status csn_curl_transfer_aim(csn_curl_transfer *transfer);

/** Put everything for the next run on the easy handle. */
CURLcode csn_curl_transfer_arm(csn_curl_transfer *transfer);

/** Milliseconds of the monotonic clock. */
long long csn_curl_clock_now_ms(void);

#endif
