// SPDX-License-Identifier: MIT
#ifndef CSN_GW_PLUGIN_H
#define CSN_GW_PLUGIN_H

#include "settings/settings.h"
#include "source.h"

#include <countersign/stores/memory.h>
#include <countersign/stores/throttle.h>
#include <countersign/stores/users.h>

#include <stdatomic.h>
#include <ts/ts.h>

/*
 * The plugin's parts. Here: one request on its way, in the order in which it
 * meets them: section.c and target.c (what the client really sent), peer.c,
 * source.c, owner.c (who asks), request.c and judge.c (the decision), refuse.c
 * and slow.c, keep.c (what stays until the response), forward.c and
 * destinations.c (where it goes), relay.c, response.c and cache.c (what the
 * client gets). plugin.c starts it all.
 *
 *     settings/   what an operator says, checked; shared with the launcher
 *     process/    users, keys and counts, reload, log, metrics, TLS
 *     content/    contents that are judged, held and proved (auth-int)
 *     present/    the gateway as a client of what is behind it
 */

/** Refusals the gateway itself makes; the engine's follow csn_reason. */
#define CSN_GW_REASON_MAP(X)                                                  \
    X(CSN_GW_R_NOT_A_PROXY_REQUEST, "not-a-proxy-request")                    \
    X(CSN_GW_R_CONNECT_NOT_HERE, "connect-not-here")                          \
    X(CSN_GW_R_CONNECT_PORT, "connect-port")                                  \
    X(CSN_GW_R_SCHEME, "scheme-not-forwarded")                                \
    X(CSN_GW_R_DESTINATION, "destination-denied")                             \
    X(CSN_GW_R_TOO_MANY_FAILURES, "too-many-failures")                        \
    X(CSN_GW_R_CONTENT_MEMORY, "content-memory")                              \
    X(CSN_GW_R_LOOP, "loop")                                                  \
    X(CSN_GW_R_FOREIGN_USER, "foreign-user")                                  \
    X(CSN_GW_R_UNKNOWN_HOST, "unknown-host")                                  \
    X(CSN_GW_R_HOP_AWAY, "hop-away")                                          \
    X(CSN_GW_R_ANSWER_LOST, "answer-lost")                                    \
    X(CSN_GW_R_ENGINE, "engine")

typedef enum csn_gw_reason {
    CSN_GW_R_FIRST = CSN_REASON_COUNT - 1,
#define CSN_GW_REASON_ENUM(code, name) code,
    CSN_GW_REASON_MAP(CSN_GW_REASON_ENUM)
#undef CSN_GW_REASON_ENUM
        CSN_GW_REASON_COUNT
} csn_gw_reason;

/** The stable word of a reason of either kind. */
const char *csn_gw_reason_name(unsigned reason);

/** Octets received that cross blocks are looked at up to this length. */
#define CSN_GW_MAX_SECTION 32768

/**
 * One event thread's own memory: counters only it writes, and room to work
 * in, so that a request takes no lock and little memory of its own.
 */
typedef struct csn_gw_thread {
    _Atomic uint64_t turn; /* odd while it looks at the world */
    _Atomic uint64_t decisions[CSN_GW_LAYERS][CSN_GW_REASON_COUNT];
    _Atomic uint64_t proofs[CSN_GW_LAYERS];
    _Atomic uint64_t nextnonces[CSN_GW_LAYERS];
    _Atomic uint64_t failed_logins[CSN_GW_LAYERS];
    _Atomic uint64_t sources[CSN_GW_FROM_COUNT];
    _Atomic uint64_t hop_challenges[CSN_GW_LAYERS]; /* of hops behind */
    _Atomic uint64_t hop_proofs[CSN_GW_LAYERS];
    _Atomic uint64_t hop_waits; /* attempts that found no hop */
    _Atomic uint64_t delayed;   /* answers */
    _Atomic uint64_t begun;     /* requests */
    _Atomic uint64_t ended;
    csn_server_exchange exchange;
    uint8_t scratch[CSN_SCRATCH_SIZE];
    uint8_t section[CSN_GW_MAX_SECTION]; /* octets that cross blocks */
    struct csn_gw_thread *next;
} csn_gw_thread;

/** What a reload replaces as a whole. */
typedef struct csn_gw_world {
    csn_server server[CSN_GW_LAYERS];
    csn_users *users[CSN_GW_LAYERS];
    struct csn_gw_certificate *certificate; /* NULL without TLS */
} csn_gw_world;

/** The gateway: made once, at start; only atomics change afterwards. */
typedef struct csn_gw {
    csn_gw_settings settings;
    const csn_crypto *crypto;
    csn_counts *counts;
    csn_throttle *throttle;
    csn_throttle_limits limits; /* of failed logins */
    uint8_t domain[CSN_DOMAIN_SIZE];
    _Atomic(csn_gw_world *) world;
    int txn_index;     /* user arguments: of transactions, csn_gw_txn, */
    int session_index; /* and of sessions, csn_gw_session */
    _Atomic uint64_t loaded_ms; /* when the world was last read, its begin */
    _Atomic uint64_t reloads;
    _Atomic uint64_t reload_failures;
    _Atomic bool threads_ready; /* all of the engine's own run */
} csn_gw;

extern csn_gw csn_gateway;

/** Have the plugin called at `hook` of this transaction (plugin.c). */
void csn_gw_hook(TSHttpTxn txn, TSHttpHookID hook);

/**
 * What is kept of a request until its response: the lines to add, and who
 * asked. Freed when the transaction closes.
 */
typedef struct csn_gw_txn {
    csn_layer layer;
    bool allowed;
    bool inner;    /* made by the plugin, for a request that was held */
    bool relayed;  /* its client logs in at the next proxy, not here, */
    bool answered; /* and that answered, with more than 1xx */
    struct csn_gw_held *held;       /* that request, or NULL */
    struct csn_gw_proving *proving; /* of an auth-int response, or NULL */
    uint32_t retry_after_s;         /* 0: no such field */
    size_t line_count;
    size_t line_len[CSN_ALG_COUNT];
    size_t user_len; /* 0 unless allowed */
    char text[];     /* the lines one behind the other, then the user */
} csn_gw_txn;

/* process/thread.c */

/** The calling thread's own; made at its first call, never freed. */
csn_gw_thread *csn_gw_thread_self(void);

/** All of them, in no order. */
csn_gw_thread *csn_gw_thread_first(void);

/** Add one to a counter that the calling thread owns. */
static inline void
csn_gw_count(_Atomic uint64_t *counter)
{
    atomic_store_explicit(counter,
        atomic_load_explicit(counter, memory_order_relaxed) + 1,
        memory_order_relaxed);
}

/* process/counts.c */

/** Make the counts table, or use the one that is shared. */
bool csn_gw_counts_start(csn_gw_error *error);

/* process/world.c */

/**
 * The world as it is now, until csn_gw_world_leave on the same thread. Takes
 * no lock; whoever replaces it waits for all who entered.
 */
const csn_gw_world *csn_gw_world_enter(csn_gw_thread *thread);
void csn_gw_world_leave(csn_gw_thread *thread);

/**
 * Load users, keys and certificate and put them in place of what is there;
 * on failure everything stays as it was. Not for event threads.
 */
bool csn_gw_world_load(csn_gw_error *error);

/* process/watch.c: one thread that reloads and answers the control socket */

bool csn_gw_watch_start(csn_gw_error *error);

/* process/log.c */

/** A refusal, for the log. */
typedef struct csn_gw_refusal {
    int64_t time_ms;
    csn_layer layer;
    unsigned status;
    unsigned reason;
    bool has_user;
    bool user_known;
    uint8_t client[16]; /* whose request it is */
    uint8_t connection[16];
    char user[256];
    char method[32];
    char target[256];
} csn_gw_refusal;

bool csn_gw_log_start(const char *path, csn_gw_error *error);

/** Hand a refusal to the log's thread; never waits. When the log cannot keep
 * up the line is dropped and counted. */
void csn_gw_log_refusal(const csn_gw_refusal *refusal);

uint64_t csn_gw_log_dropped(void);

/** Refusals that are not written yet. */
size_t csn_gw_log_waiting(void);

/** Log something that is no refusal; may wait, so not for event threads. */
void csn_gw_log_event(const char *event, const char *text);

/** Open the file anew, for log rotation. */
void csn_gw_log_reopen(void);

/* fields.c */

/** A well-known name as the engine keeps it: found without a search. */
#define CSN_GW_KNOWN(name)                                                    \
    ((csn_span){ (const uint8_t *)TS_MIME_FIELD_##name,                       \
        (size_t)TS_MIME_LEN_##name })

typedef struct csn_gw_header {
    TSMBuffer buffer;
    TSMLoc at;
} csn_gw_header;

/** The value of the first field `name`; false when there is none. */
bool csn_gw_field_value(const csn_gw_header *header, csn_span name,
    csn_span *value);

/** The values of all field lines `name`, up to `max`; returns how many. */
size_t csn_gw_field_lines(const csn_gw_header *header, csn_span name,
    csn_span *lines, size_t max);

void csn_gw_field_append(const csn_gw_header *header, csn_span name,
    csn_span value);

/**
 * Remove every field whose name is like one of `names`. Returns which of them
 * were there: bit `1 << index`.
 */
unsigned csn_gw_fields_remove(const csn_gw_header *header,
    const csn_span *names, size_t count);

/** Remove all that an upstream said of its content and of itself: what is not
 * of this connection. */
void csn_gw_fields_clear(const csn_gw_header *header);

/** Whether two names are alike: without case, `_`, `.` and all other signs
 * read as `-`. */
bool csn_gw_is_alike(csn_span a, csn_span b);

/** The next member of a comma list, `*rest` moved behind it. */
bool csn_gw_next_option(csn_span *rest, csn_span *option);

/** A Content-Length; UINT64_MAX when it is no number that fits. */
uint64_t csn_gw_length_parse(csn_span text);

/** Whether the Connection fields of `header` name one that is like `option`. */
bool csn_gw_connection_lists(const csn_gw_header *header, csn_span option);

/* cache.c */

/** Keep shared caches from a response with our proof; with `whole`, which
 * covers the content, also intermediaries from changing that (E-28). */
void csn_gw_keep_private(const csn_gw_header *header, bool whole);

/* section.c */

/** TS_HTTP_TXN_START and TS_HTTP_SSN_CLOSE. */
int csn_gw_on_start(TSHttpTxn txn);
int csn_gw_on_session_close(TSHttpSsn session);

/** What was received on a connection, up to the end of this header. */
typedef struct csn_gw_octets {
    TSIOBuffer buffer;
    struct csn_gw_session *session; /* once a request was found, or NULL */
    size_t header_len;
    csn_span all; /* once `loaded`; lives until csn_gw_section_end */
    size_t at;
    bool loaded;
} csn_gw_octets;

/** To be called once by the hook that read the header, and ended there. */
csn_gw_octets csn_gw_section_begin(TSHttpTxn txn);
void csn_gw_section_end(const csn_gw_octets *octets);

/**
 * The next stretch that could be the header section as received; the caller
 * checks it, and says so with csn_gw_section_found.
 */
bool csn_gw_section_next(csn_gw_octets *octets, csn_span *section);
void csn_gw_section_found(TSHttpTxn txn, const csn_gw_octets *octets);

/* target.c */

/** What the client asked for. Spans live as long as the request's header. */
typedef struct csn_gw_target {
    csn_target target;
    char *printed; /* the engine's print of it, when `raw` is not known */
    csn_span raw;  /* request-target as received; empty: not known */
} csn_gw_target;

/** Find the request-target; `octets` NULL: as the engine prints it. */
void csn_gw_target_find(TSHttpTxn txn, const csn_gw_header *header, TSMLoc url,
    csn_gw_octets *octets, bool tls, csn_gw_target *target);

void csn_gw_target_drop(csn_gw_target *target);

/** For csn_server_request.compare; `context` is a csn_gw_target. */
csn_uri_match csn_gw_target_compare(void *context, const csn_target *request,
    csn_span uri);

/** Make the engine pass on path and query as the client sent them. */
void csn_gw_target_restore(const csn_gw_target *target, TSMBuffer buffer,
    TSMLoc url);

/* request.c */

int csn_gw_on_request(TSHttpTxn txn);

/** Count and log a request the engine refused before the plugin saw it. */
void csn_gw_note_engine(TSHttpTxn txn, unsigned status);

/** What a client is told about a refusal: the status, and no more. */
csn_span csn_gw_status_body(unsigned status, char room[64]);

/** Make the engine answer with that; returns it. */
csn_span csn_gw_status_body_set(TSHttpTxn txn, unsigned status, char room[64]);

/** Refuse: the engine answers `status` and goes no further. */
void csn_gw_refuse(TSHttpTxn txn, unsigned status);

/** Refuse a request that was allowed, and is on its way; count and log. */
void csn_gw_refuse_late(TSHttpTxn txn, unsigned status, unsigned reason);

/** What the transaction's request left for its response; NULL when the
 * engine refused it before the plugin saw it. */
csn_gw_txn *csn_gw_txn_get(TSHttpTxn txn);

/** The user of an allowed request. */
csn_span csn_gw_txn_user(const csn_gw_txn *kept);

void csn_gw_txn_free(csn_gw_txn *kept);

/* response.c */

int csn_gw_on_response(TSHttpTxn txn);

/** TS_HTTP_READ_RESPONSE_HDR (content/prove.c). */
int csn_gw_on_upstream(TSHttpTxn txn);

int csn_gw_on_close(TSHttpTxn txn);

/* peer.c */

/** Whose request it is. Addresses in their 16 octet form. */
typedef struct csn_gw_peer {
    csn_gw_from from;
    uint8_t source[16];
    uint8_t connection[16];
} csn_gw_peer;

/** In: `header` the request's; its `buffer` NULL when there is none. */
csn_gw_peer csn_gw_peer_find(TSHttpTxn txn, const csn_gw_header *header);

/* slow.c */

/** Take one of the places to wait; false: all are taken, so do not wait. */
bool csn_gw_wait_begin(void);
void csn_gw_wait_end(void);

/** Let the transaction go on, after a while or at once. */
void csn_gw_answer_after(TSHttpTxn txn, uint32_t delay_ms);

unsigned csn_gw_answers_waiting(void);

/** Answers that should have waited but found no place to. */
uint64_t csn_gw_answers_hurried(void);

/* destinations.c */

/** TS_HTTP_OS_DNS: the address is known, nothing was sent to it yet. */
int csn_gw_on_destination(TSHttpTxn txn);

/** Whether the forward proxy may go there. Source: docs/gateway.md. */
bool csn_gw_destination_allowed(const csn_gw_settings *settings,
    const struct sockaddr *address);

/* process/admin.c */

int csn_gw_on_admin_request(TSHttpTxn txn);

/* process/metrics.c */

/** The metrics in Prometheus' text format, from TSmalloc. */
char *csn_gw_metrics(size_t *len);

/** Requests and tunnels in flight. */
uint64_t csn_gw_requests_active(void);

/* process/tls.c */

typedef struct csn_gw_certificate csn_gw_certificate;

csn_gw_certificate *csn_gw_certificate_load(const char *cert_path,
    const char *key_path, csn_gw_error *error);
void csn_gw_certificate_free(csn_gw_certificate *certificate);

/** TS_SSL_CERT: give the connection the certificate of the world. */
int csn_gw_on_tls(TSVConn connection);

/* process/thread.c */

/** Wall clock, milliseconds since 1970. */
uint64_t csn_gw_wall_ms(void);

#endif
