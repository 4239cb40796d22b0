// SPDX-License-Identifier: MIT
#ifndef CSN_GW_PRESENT_H
#define CSN_GW_PRESENT_H

#include "request.h"

#include "present/login.h"

#include <countersign/client.h>

#include <pthread.h>

/*
 * The gateway as a client of what stands behind it.
 *
 *     transaction.c  one transaction: what goes out, what comes back
 *     attempt.c      what goes out
 *     route.c        which way the engine is sent
 *     content.c      its content, kept so that it can be sent again
 *     hop.c          who is asked
 *     address.c      where the next proxy is
 *     session.c      the session that all transactions share at a hop
 *     wait.c         transactions that wait while one of them asks
 *     probe.c        requests of the gateway's own, for a nonce
 *     withhold.c     content that is shown when it is proved
 *     patience.c     transactions whose hop is away for a moment
 *
 * A request is sent again after a challenge, for who asks for credentials has
 * done nothing with it, and where nobody answered and a second time does no
 * harm.
 */

typedef struct csn_gw_present csn_gw_present;

/**
 * Somebody the gateway logs in to; made at start, never freed. `layer`,
 * `where` and `policy` stay, the session is under `lock`, who waits under
 * `line_lock`.
 */
typedef struct csn_gw_hop {
    csn_layer layer; /* which fields it speaks */
    csn_gw_origin where;
    _Atomic bool away; /* it could not be reached when it was last tried */
    csn_client_policy policy;
    bool loaded; /* it has a login; for who reads it alone */

    pthread_mutex_t lock;
    csn_gw_login login;
    csn_client_space space;
    uint64_t number;   /* rises with every session */
    uint64_t known_ms; /* when it took credentials last */
    uint64_t began_ms; /* when this session did */
    uint64_t aged_ms;  /* how old the last one was that was found stale, */
    uint64_t life_ms;  /* and how old they get, where that is known */
    uint64_t renewed;  /* which session was to be replaced last */
    bool served;       /* it took the credentials of this login last */

    pthread_mutex_t line_lock;
    const void *asker;     /* a transaction, or the hop itself: a probe */
    csn_gw_present *first; /* who waits */
    unsigned count;
} csn_gw_hop;

/** What one transaction says to one hop. */
typedef struct csn_gw_leg {
    csn_gw_hop *hop;  /* NULL: there is none */
    unsigned retries; /* repeats after its challenge */
    bool sent;        /* `attempt` is of the request that is out */
    bool asks;        /* others may wait for it */
    bool bare;        /* it is asked without credentials */
    bool pending;     /* its proof covers content that is to come, */
    unsigned status;  /* of this response, */
    char *info;       /* and says this, */
    char *uri;        /* of this target */
    uint64_t session; /* which session `attempt` was made in */
    csn_client_attempt attempt;
    csn_client_space *own; /* NULL: that of all */
} csn_gw_leg;

/** What became of its attempts so far (patience.c). */
typedef struct csn_gw_patience {
    uint64_t since_ms; /* when the first one failed */
    unsigned failures;
    const char *hidden; /* its method, while the engine is shown another */
    bool repeatable;    /* sent twice it does what it does once */
    bool trying;        /* an attempt is under way, without an answer */
    bool sent;          /* it was sent, perhaps not all of it */
} csn_gw_patience;

/** One transaction on its way. */
struct csn_gw_present {
    TSHttpTxn txn;
    csn_gw_leg legs[CSN_GW_LEGS]; /* in the order they are met */
    bool heard;                   /* there was an answer, not only 1xx */
    bool repeating;               /* its challenge is answered by the engine */
    bool is_connect;
    bool is_head;
    bool expects; /* its content waits for 100 (Continue) */
    bool once;    /* its content goes as it comes: not again */
    bool over;    /* the gateway answers in the hop's place */
    bool probe;   /* it is the gateway's own */
    bool probed;  /* there was one for it */
    const csn_gw_hop *blamed;
    const csn_gw_listen *listen;      /* where it came in */
    bool has_content;                 /* it has some: empty, or kept in */
    csn_span content;                 /* this, where it was taken in */
    struct csn_gw_withheld *withheld; /* the response, until it is proved */
    csn_gw_patience patience;
    unsigned waited; /* legs it need not wait for any more */
    TSAction timer;  /* while it waits, */
    TSCont waiting;  /* who is called then, */
    TSEventThread thread;
    csn_gw_present *next; /* and who waits behind it */
};

/* transaction.c */

bool csn_gw_present_start(csn_gw_error *error);

/** Send an allowed request on its way. */
void csn_gw_present_begin(csn_gw_request *req);

/**
 * Whether the transaction stands still until there is a session: it is let go
 * on later then.
 */
bool csn_gw_present_stands(TSHttpTxn txn);

/** Whether it goes to the next proxy. */
bool csn_gw_present_is_via(TSHttpTxn txn);

/** Whether it goes to an origin that is logged in to. Its address is judged
 * when it is connected to, once more. */
bool csn_gw_present_is_origin(TSHttpTxn txn);

/** Whether the response at hand is not the client's: the request is sent
 * again, or refused. */
bool csn_gw_present_keeps(TSHttpTxn txn);

/** Whether what the client gets is the engine's: the hop said nothing, or
 * nothing that could be read. */
bool csn_gw_present_is_unheard(TSHttpTxn txn);

/** Who is at fault where a request is refused, or who was asked; NULL: nobody
 * was. */
const csn_gw_hop *csn_gw_present_blamed(TSHttpTxn txn);

/** Answer the client 502 in place of what the hop of `leg` said. */
void csn_gw_present_refuse(csn_gw_present *present, const csn_gw_leg *leg,
    csn_reason reason);

/** Make the header of a response that was not proved one of our own. */
void csn_gw_present_replace(TSHttpTxn txn, const csn_gw_header *header);

/** The client gets `status`: log why, where that is so and nobody did. */
void csn_gw_present_end(TSHttpTxn txn, unsigned status);

/** The hop that the engine connects to. */
const csn_gw_hop *csn_gw_present_next(const csn_gw_present *present);

/* attempt.c */

/** Put the credentials for each hop into the request that is to go out. */
void csn_gw_present_authorize(csn_gw_present *present,
    const csn_gw_header *header);

/** Whether it would go to an address that it may not go to. */
bool csn_gw_present_leads_astray(const csn_gw_present *present);

/* route.c */

void csn_gw_route_start(void);

/** Whether it may not go where it is to go: it was refused. */
bool csn_gw_route_is_refused(csn_gw_request *req);

/** Tell the engine who is next. */
void csn_gw_route_begin(csn_gw_request *req);

/** Before a request goes out to the next proxy: its URL as asked for. */
void csn_gw_route_restore(const csn_gw_header *header);

/** What the engine does next; it stays as it was said until it is said anew.
 * In: `again`, repeat the request that `hop` has answered. */
void csn_gw_route_set(TSHttpTxn txn, const csn_gw_hop *hop, bool again);

/* content.c */

/**
 * Take in the content first, so that it can be sent again, where it is known
 * to be short enough. False: it goes as it comes.
 */
bool csn_gw_present_holds(csn_gw_request *req);

/** There was no room for it after all. */
void csn_gw_present_lack_memory(csn_gw_request *req);

/** Have the engine send what was taken in, which is in `*content` then; false:
 * the request has content that cannot be sent again. */
bool csn_gw_present_take_content(csn_gw_request *req, csn_span *content);

/* hop.c */

/** Read the logins, at the start and at a reload. A session stays when its
 * login is the same as before. */
bool csn_gw_hops_load(csn_gw_error *error);

/** Whether the next hop of a request is an origin that is logged in to. */
bool csn_gw_hops_are_origin(const csn_gw_request *req);

/** Find the hops of a request. */
void csn_gw_hops_find(csn_gw_request *req);

/** Whether there is any at all. */
bool csn_gw_hops_present(void);

/* address.c */

void csn_gw_address_start(void);

/** Have the engine look up the next proxy alone, for a request that goes
 * there. */
void csn_gw_address_find(const csn_gw_request *req);

/* session.c and verify.c; all of it takes the hop's lock for a moment, and none
 * waits, but for what is said to be called under it */

/** Take a login for it; `login` is wiped by the caller. */
bool csn_gw_hop_log_in(csn_gw_hop *hop, const csn_gw_login *login,
    csn_gw_error *error);

/** Whether a session stands, and the hop knew it that short a time ago. */
bool csn_gw_hop_is_ready(csn_gw_hop *hop);
bool csn_gw_hop_is_fresh(csn_gw_hop *hop, uint32_t within_ms);

/** A connection to it broke: perhaps its nonces are gone. */
void csn_gw_hop_doubt(csn_gw_hop *hop);

/** Whether its session gets old, and nobody was told yet: the caller fetches
 * another one. */
bool csn_gw_hop_renews(csn_gw_hop *hop);

/** Credentials for one request, appended to `out`; false: there are none. In:
 * `content` NULL, it is not known, so that it cannot be covered. */
bool csn_gw_leg_authorize(csn_gw_leg *leg, csn_span method, csn_span uri,
    const csn_span *content, csn_writer *out);

/** Drop the session of its own. */
void csn_gw_leg_forget_own(csn_gw_leg *leg);

/** A challenge with these lines; false: `*why` it is the end. */
bool csn_gw_leg_challenged(csn_gw_leg *leg, const csn_span *lines,
    size_t count, csn_reason *why);

/** Under the lock: the session that it uses. */
csn_client_space *csn_gw_leg_space(csn_gw_leg *leg);

/** Under the lock: another nonce is that of all. */
void csn_gw_hop_begins(csn_gw_hop *hop);

/** Hold the response against what was sent. */
void csn_gw_leg_verify(csn_gw_leg *leg, unsigned status, const csn_span *infos,
    size_t count, csn_client_result *result);

/** Whether the hop was to prove its content too. */
bool csn_gw_leg_covers_content(const csn_gw_leg *leg);

/** Keep what is needed for it until the content is known; false: no memory. */
bool csn_gw_leg_suspend(csn_gw_leg *leg, unsigned status,
    const csn_span *infos, size_t count);

/** Whether that proves the content with this digest, as far as it must. */
bool csn_gw_leg_is_proved(csn_gw_leg *leg, const uint8_t *digest,
    csn_reason *why);

/* withhold.c */

/** Hold the content back for all legs that are pending; false: no memory. */
bool csn_gw_withhold(csn_gw_present *present);
void csn_gw_withheld_close(csn_gw_present *present);
bool csn_gw_withheld_is_refused(const csn_gw_present *present);

/* wait.c */

/** Wait if another asks one of its hops; else this one does, where that is
 * needed. */
bool csn_gw_present_wait(csn_gw_present *present);

/** Nobody needs to wait for this one any more. */
void csn_gw_leg_asked(csn_gw_leg *leg);

/* probe.c */

typedef enum csn_gw_probe_way {
    CSN_GW_PROBE_ASK,  /* whether the session is good, or for one */
    CSN_GW_PROBE_RENEW /* for another one */
} csn_gw_probe_way;

/** Ask `hop` on the way of that transaction. */
void csn_gw_probe_start(const csn_gw_present *present, csn_gw_hop *hop,
    csn_gw_probe_way way);

/** Whether an internal request is a probe; it is on its way then. */
bool csn_gw_probe_begin(csn_gw_request *req);

/** Who waits for one at that hop goes on (wait.c). */
void csn_gw_probe_ended(csn_gw_hop *hop);

/* patience.c */

/** Tell the engine how to make its attempts. */
void csn_gw_patience_begin(csn_gw_present *present, const csn_gw_request *req);

/** Before an attempt. False: it is let go on later; true with `over`: it was
 * refused. */
bool csn_gw_patience_try(csn_gw_present *present);

/** How long it lasts, and a place among those that wait: false, there is
 * none. */
uint64_t csn_gw_patience_ms(void);
bool csn_gw_patience_enter(void);
void csn_gw_patience_leave(void);

/** The request goes out; somebody answered it. */
void csn_gw_patience_sent(csn_gw_present *present);
void csn_gw_patience_answered(csn_gw_present *present);

/** The client gets the engine's answer: say why, where nobody did yet. */
void csn_gw_patience_lost(csn_gw_present *present, unsigned status);

#endif
