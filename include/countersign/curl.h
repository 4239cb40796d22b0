// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_CURL_H
#define COUNTERSIGN_CURL_H

#include <countersign/client.h>

#include <curl/curl.h>

CSN_BEGIN_C

/*
 * Digest with proofs for any program that uses libcurl (7.88 or newer).
 *
 *     csn_curl_session_open    logins, protection spaces, what proved itself
 *     csn_curl_login           user and password for one origin or proxy
 *     csn_curl_attach          one exchange over one easy handle
 *     csn_curl_perform         run it, automatic repeats included; or, with
 *     csn_curl_finish          your own multi loop: again, or done?
 *     csn_curl_outcome         what both layers proved
 *     csn_curl_detach          give the easy handle back
 *
 * libcurl's own authentication stays off: it verifies no rspauth, follows no
 * nextnonce, and answers Basic. The adapter writes Authorization and
 * Proxy-Authorization itself, anew for every attempt libcurl makes (a dead
 * connection that is replaced, each new CONNECT), and looks at the whole
 * header section before your callbacks see any of the response.
 *
 * On an attached handle these options belong to the adapter: URL, PROXY,
 * PROXYTYPE, NOPROXY, HTTPPROXYTUNNEL, REQUEST_TARGET, HTTPHEADER,
 * PROXYHEADER, HEADEROPT, FOLLOWLOCATION, HTTPAUTH, PROXYAUTH and every user
 * name or password, WRITEFUNCTION, HEADERFUNCTION, READFUNCTION and
 * SEEKFUNCTION (when `read` is set), PREREQFUNCTION, OPENSOCKETFUNCTION,
 * FRESH_CONNECT, TIMEOUT_MS (when `timeout_ms` is set), ACCEPT_ENCODING,
 * HTTP_CONTENT_DECODING, SUPPRESS_CONNECT_HEADERS, FAILONERROR and
 * PROTOCOLS_STR. All others are yours; set them before csn_curl_attach. A redirect may turn the handle into
 * a GET (HTTPGET), and one to another origin clears COOKIE.
 *
 * One pool of connections (multi handle, share) should serve one session.
 * Where several share one, a tunnel another session opened is never used: the
 * adapter notices it before a request is sent and asks for a new one.
 *
 * Threads: a session may be used by any number of threads at once. A transfer
 * and its easy handle belong to one thread at a time.
 */

typedef struct csn_curl_session csn_curl_session;
typedef struct csn_curl_transfer csn_curl_transfer;

/** What a note tells; see csn_curl_note. */
typedef enum csn_curl_note_kind {
    CSN_CURL_SENT,       /* credentials go out with this request */
    CSN_CURL_CHALLENGED, /* a challenge was chosen and will be answered */
    CSN_CURL_REFUSED,    /* a 401 or 407 that ends the exchange: `reason` */
    CSN_CURL_JUDGED,     /* the peer's proof: `proof`, `reason` */
    CSN_CURL_TUNNEL,     /* an open tunnel is used again: `proof` of it */
    CSN_CURL_RECONNECT,  /* a tunnel was not ours, or not proved: a new one */
    CSN_CURL_REDIRECT    /* a redirect is followed, to `uri` */
} csn_curl_note_kind;

/**
 * One step of an exchange, for a person to read. Never holds a password,
 * response, cnonce or nonce. Texts come from the network: they may hold any
 * octet. Every pointer is borrowed for the call.
 */
typedef struct csn_curl_note {
    csn_curl_note_kind kind;
    csn_layer layer;
    const char *peer; /* scheme://host:port of origin or proxy */
    const char *method;
    const char *uri; /* request-target, or the redirect's URL */
    const char *user;
    const char *realm;
    csn_algorithm algorithm;
    uint32_t count;  /* nc */
    unsigned status; /* response code, where there is one */
    bool stale;      /* CHALLENGED: right credentials, old nonce */
    bool nextnonce;  /* JUDGED: the session went on to a new nonce */
    csn_proof proof;
    csn_reason reason;
    csn_qop qop;  /* SENT, JUDGED: what the credentials said */
    bool content; /* JUDGED: the proof covers the content too */
} csn_curl_note;

#define CSN_CURL_SETTINGS_VERSION 1u

/**
 * How a session behaves. Zero everything, set `version`, then what differs.
 *
 * `crypto`         required; see countersign/crypto_openssl.h.
 * `policy`         leniencies and retry_max (csn_client_policy); `proof`
 *                  and `require_int` are not looked at: each request says
 *                  its own.
 * `plain_secrets`  let a login made for https also be used over http (H-17);
 *                  opens it to every listener on the way.
 * `proof_store`    NULL, or a file that remembers over runs which spaces
 *                  proved themselves: see docs/adapter-curl.md. Need not
 *                  exist yet.
 * `nfc_only`       bring names and passwords to NFC and do no more, for
 *                  servers that enrolled full-width letters in names, or
 *                  unusual spaces in passwords, as they are.
 */
typedef struct csn_curl_settings {
    uint32_t version;
    const csn_crypto *crypto;
    csn_client_policy policy;
    bool plain_secrets;
    const char *proof_store;
    bool nfc_only;
} csn_curl_settings;

/**
 * Open a session.
 *
 * In:      `settings`, borrowed for the call.
 * Out:     `*session`, on CSN_OK.
 * Returns: CSN_OK; CSN_E_CONFIG, wrong version or no crypto; CSN_E_STORE, the
 *          proof store exists but cannot be read; CSN_E_SYNTAX, it is not
 *          one (nothing is guessed: forgetting would be a downgrade);
 *          CSN_E_MEMORY.
 * Memory:  csn_curl_session_close. Call curl_global_init first.
 */
CSN_API CSN_NODISCARD csn_status csn_curl_session_open(
    const csn_curl_settings *settings, csn_curl_session **session);

/**
 * Write newly proved spaces to the proof store, if there is one: mode 0600,
 * in one step, merged with what other processes wrote meanwhile.
 *
 * Returns: CSN_OK, also when there was nothing to write; CSN_E_STORE;
 *          CSN_E_SYNTAX; CSN_E_MEMORY.
 */
CSN_API CSN_NODISCARD csn_status csn_curl_session_save(
    csn_curl_session *session);

/** Clear every secret and free. No transfer may be attached; NULL is fine. */
CSN_API void csn_curl_session_close(csn_curl_session *session);

/**
 * Name the user of one origin or proxy. The login serves that scheme, host
 * and port in that layer and no other (F-43, F-46, F-51, H-30).
 *
 * In:      `url`, for example "https://host:8443/" (path ignored); for
 *          CSN_LAYER_PROXY a proxy as in csn_curl_request. `user` and
 *          `password`, UTF-8 in any form; prepared here as by
 *          csn_prepare_typed_user and csn_prepare_typed_password: the form
 *          in which RFC 8265 enrols them where it can, and otherwise NFC.
 * Returns: CSN_OK, replacing an earlier login of that peer; CSN_E_SYNTAX, no
 *          such URL, or a name with a colon or control character (C-38,
 *          C-39); CSN_E_LIMIT; CSN_E_UNSUPPORTED, not http or https;
 *          CSN_E_REFUSED, the same secret serves https here and http there
 *          and `plain_secrets` is off (H-17); CSN_E_MEMORY.
 */
CSN_API CSN_NODISCARD csn_status csn_curl_login(csn_curl_session *session,
    csn_layer layer, const char *url, const char *user, const char *password);

/** Forget login and sessions of one peer (F-50); what proved itself stays. */
CSN_API void csn_curl_logout(csn_curl_session *session, csn_layer layer,
    const char *url);

/**
 * Where a content comes from, and so whether it can be sent more than once
 * (F-40), and hashed before it is sent (C-21).
 */
typedef enum csn_curl_body {
    CSN_CURL_BODY_LIBCURL, /* libcurl's affair (POSTFIELDS, MIMEPOST, none):
                              not seen here, so never sent with auth-int */
    CSN_CURL_BODY_REPEAT,  /* `read`, and `rewind` starts anew */
    CSN_CURL_BODY_ONCE,    /* `read`, from a pipe: cannot be sent again, nor
                             hashed first */
    CSN_CURL_BODY_NONE     /* certainly none: hashed as empty (C-55) */
} csn_curl_body;

/**
 * What is to be protected besides method and URL: qop auth-int hashes the
 * content as well, of the request and, in the proof, of the response.
 */
typedef enum csn_curl_integrity {
    CSN_CURL_INTEGRITY_OFF, /* auth-int only where nothing else is offered */
    CSN_CURL_INTEGRITY_PREFER, /* where it is offered, for contents that can
                                  be hashed first */
    CSN_CURL_INTEGRITY_REQUIRE /* never credentials with less */
} csn_curl_integrity;

/** Octets of a response that wait for their proof, unless a request says. */
#define CSN_CURL_HELD_MAX (UINT64_C(1) << 30)

#define CSN_CURL_REQUEST_VERSION 1u

/**
 * One exchange. Zero everything, set `version` and `url`, then what differs.
 * Strings and lists are borrowed until csn_curl_detach.
 *
 * `url`            http or https. A user or password in it is not used.
 * `proxy`          NULL: none. "[http[s]://]host:port", or a `socks` URL,
 *                  which libcurl handles and which has no proxy layer here.
 * `env_proxy`      take the proxy from http_proxy, https_proxy, all_proxy and
 *                  no_proxy instead, anew for each redirect.
 * `no_proxy`       hosts that get no proxy, `proxy` included; NULL: the list
 *                  of the environment, as in libcurl.
 * `tunnel`         CONNECT also for http (https always does).
 * `target`         NULL, or the request-target to send, such as "*".
 * `as_is`          keep dot segments in the URL's path.
 * `headers`        as CURLOPT_HTTPHEADER. An Authorization of your own turns
 *                  the adapter's origin layer off, and is not sent on to
 *                  another origin after a redirect; nor is Cookie.
 * `proxy_headers`  as CURLOPT_PROXYHEADER, without Proxy-Authorization.
 * `proof`, `proxy_proof`  policy of each layer.
 * `max_redirects`  redirects to follow; 0 none, negative any number up to 50.
 * `timeout_ms`     for the whole exchange with all its repeats; 0 none.
 * `read`, `rewind` a content, as CURLOPT_READFUNCTION; `rewind` returns 0
 *                  when the next read starts at its first octet. For auth-int
 *                  it is read to its end and hashed before the request goes
 *                  out, in one go, and hashed again as it is sent: one that
 *                  changed meanwhile is not sent to its end (CURLE_READ_ERROR
 *                  with CSN_R_CONTENT_CHANGED). Whether there is a content at
 *                  all is for the handle's options to say (POST, UPLOAD).
 * `write`          as CURLOPT_WRITEFUNCTION; gets data only as the policies
 *                  allow, and only of the response that counts: bodies of
 *                  answered challenges and followed redirects are dropped.
 *                  NULL drops everything.
 * `header`         as CURLOPT_HEADERFUNCTION, for header and trailer lines of
 *                  that response, under the same rule. NULL: none.
 * `open_socket`    as CURLOPT_OPENSOCKETFUNCTION; NULL: libcurl's own way.
 * `note`           NULL, or told each step. It must not call the adapter.
 * `integrity`, `proxy_integrity`  whether to send auth-int to each layer.
 * `decode`         ask for gzip, and unpack the response. libcurl's own
 *                  unpacking stays off, since auth-int covers what was sent.
 *                  `write` cannot pause then.
 * `held_max`       most octets of a response that may wait for a proof that
 *                  covers them, or that comes in the trailer; 0:
 *                  CSN_CURL_HELD_MAX. Beyond 1 MiB they wait in a file
 *                  without a name in $TMPDIR or /tmp. `write` and `header`
 *                  are then called by csn_curl_finish, and `write` cannot
 *                  pause. With more the end is UNPROVED, with
 *                  CSN_R_CONTENT_TOO_LARGE. Nothing waits under
 *                  CSN_PROOF_OFF.
 */
typedef struct csn_curl_request {
    uint32_t version;
    const char *url;
    const char *proxy;
    bool env_proxy;
    const char *no_proxy;
    bool tunnel;
    const char *target;
    bool as_is;
    struct curl_slist *headers;
    struct curl_slist *proxy_headers;
    csn_proof_policy proof;
    csn_proof_policy proxy_proof;
    int max_redirects;
    long timeout_ms;
    csn_curl_body body;
    curl_read_callback read;
    void *read_data;
    int (*rewind)(void *read_data);
    curl_write_callback write;
    void *write_data;
    curl_write_callback header;
    void *header_data;
    curl_opensocket_callback open_socket;
    void *open_socket_data;
    void (*note)(void *note_data, const csn_curl_note *note);
    void *note_data;
    csn_curl_integrity integrity;
    csn_curl_integrity proxy_integrity;
    bool decode;
    uint64_t held_max;
} csn_curl_request;

/**
 * Prepare an easy handle for one exchange.
 *
 * In:      `easy`, yours, not running; method and all else already set.
 * Out:     `*transfer`, on CSN_OK.
 * Returns: CSN_OK; CSN_E_CONFIG, wrong version, a content without its
 *          callbacks, or Proxy-Authorization among the headers; CSN_E_SYNTAX,
 *          no URL or proxy; CSN_E_UNSUPPORTED, not http or https;
 *          CSN_E_MISSING, INTEGRITY_REQUIRE for a login, and a content that
 *          cannot be hashed before it is sent (ONCE, LIBCURL);
 *          CSN_E_MEMORY.
 */
CSN_API CSN_NODISCARD csn_status csn_curl_attach(csn_curl_session *session,
    CURL *easy, const csn_curl_request *request, csn_curl_transfer **transfer);

typedef enum csn_curl_step {
    CSN_CURL_AGAIN, /* run the easy handle once more */
    CSN_CURL_DONE   /* csn_curl_outcome says how it ended */
} csn_curl_step;

/**
 * After libcurl ended a run: is the exchange over? With a multi handle: on
 * CURLMSG_DONE remove the easy handle, call this, and on CSN_CURL_AGAIN add
 * it again. The number of runs is bounded by retry_max and max_redirects.
 *
 * In:      `code`, what curl_easy_perform or CURLMsg said.
 */
CSN_API csn_curl_step csn_curl_finish(csn_curl_transfer *transfer,
    CURLcode code);

/** How an exchange ended. */
typedef enum csn_curl_end {
    CSN_CURL_DELIVERED, /* the response was delivered, whatever its status */
    CSN_CURL_UNPROVED,  /* a proof is missing or wrong; body withheld */
    CSN_CURL_LOGIN,     /* 401 or 407, and no way on */
    CSN_CURL_TRANSFER   /* libcurl failed: `code` */
} csn_curl_end;

/**
 * What became of an exchange, both layers apart (F-53).
 *
 * `used`     the layer took part: a proxy was spoken to, or it is the origin.
 * `sent`     the last request carried credentials for it.
 * `proof`, `reason`  the verdict; ABSENT with CSN_R_NOT_CHALLENGED where no
 *            credentials were sent. Of a tunnel: that of its CONNECT.
 * `qop`      of those credentials; CSN_QOP_NONE also where none were sent.
 * `content`  PROVED, and the proof covers the response's content.
 */
typedef struct csn_curl_layer_outcome {
    bool used;
    bool sent;
    csn_proof proof;
    csn_reason reason;
    bool nextnonce;
    csn_qop qop;
    bool content;
} csn_curl_layer_outcome;

/**
 * `code`     CURLE_OK; for CSN_CURL_TRANSFER what failed.
 * `status`   the last final status of the origin, or of the CONNECT when it
 *            was not 2xx; 0 when none came.
 * `failed`   for UNPROVED and LOGIN: which layer, and `reason` why. For
 *            TRANSFER `reason` is CSN_R_CONTENT_CHANGED where that was it.
 * `url`      where the last request went, without user or fragment; lives
 *            until csn_curl_detach.
 * `requests` requests sent, CONNECTs included.
 */
typedef struct csn_curl_result {
    csn_curl_end end;
    CURLcode code;
    unsigned status;
    csn_layer failed;
    csn_reason reason;
    csn_curl_layer_outcome origin;
    csn_curl_layer_outcome proxy;
    const char *url;
    unsigned redirects;
    unsigned requests;
} csn_curl_result;

/** Valid after csn_curl_finish said CSN_CURL_DONE. */
CSN_API void csn_curl_outcome(const csn_curl_transfer *transfer,
    csn_curl_result *result);

/** curl_easy_perform and csn_curl_finish until it is done. */
CSN_API csn_curl_end csn_curl_perform(csn_curl_transfer *transfer);

/**
 * Clear the transfer's secrets, take its options off the easy handle and
 * free it. The easy handle must not be in a multi handle. NULL is fine.
 */
CSN_API void csn_curl_detach(csn_curl_transfer *transfer);

/**
 * The proxy the environment names for a URL, by curl's rules: http_proxy
 * (lower case only), https_proxy, all_proxy, no_proxy, the last three in
 * either case.
 *
 * In:      `no_proxy`, NULL or a list that stands in for the environment's.
 * Out:     `*proxy`, NULL when none applies; free() it.
 * Returns: CSN_OK; CSN_E_SYNTAX; CSN_E_UNSUPPORTED; CSN_E_MEMORY.
 */
CSN_API CSN_NODISCARD csn_status csn_curl_env_proxy(const char *url,
    const char *no_proxy, char **proxy);

CSN_END_C

#endif
