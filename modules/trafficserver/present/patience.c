// SPDX-License-Identifier: MIT
#include "present/present.h"

#include <countersign/field.h>

#include <string.h>

/*
 * A hop that is away for a moment (it restarts, it crashed, it closed a
 * connection that was idle) costs time and no request, where sending it once
 * more can do no harm: nothing of it went out, or its method is idempotent
 * (RFC 9110, 9.2.2) and its content is still here. What was sent, was not
 * answered and is neither may have taken effect further in: it is never
 * repeated.
 *
 * The engine comes back before each attempt (TS_HTTP_OS_DNS), for as many as
 * it is told; left alone it would make four in a row and then hold the hop for
 * dead. Whose attempt failed waits here, longer each time, and then stands in
 * line like everybody who comes while the hop is doubtful (wait.c).
 *
 * The engine repeats what is safe, and what broke off with an error, a POST
 * too: that is refused here. It does not repeat PUT and DELETE. It looks at
 * the method once, when the request was read, and is shown GET then.
 */
enum {
    ANY_ATTEMPTS =
        1000000, /* the engine counts them; time is what ends them */
    IDLE_S = 1,  /* see csn_gw_patience_begin */
    FIRST_MS = 10,
    LONGEST_MS = 250,
    MAX_AWAITING = 1024
};

static _Atomic unsigned awaiting; /* transactions, at all hops */

static const char get[] = "GET";

/* The methods beyond GET, HEAD, OPTIONS that RFC 9110 calls idempotent and
 * that get this far. */
static const char *const hidden_methods[] = { "PUT", "DELETE" };

static bool
is_method(csn_span method, const char *name)
{
    return method.len == strlen(name) &&
        memcmp(method.ptr, name, method.len) == 0;
}

static bool
is_safe(csn_span method)
{
    return is_method(method, get) || is_method(method, "HEAD") ||
        is_method(method, "OPTIONS");
}

/* A GET that asks for another protocol is more to the engine than a GET. */
static bool
asks_upgrade(const csn_gw_request *req)
{
    csn_span value;

    return csn_gw_field_value(&req->header, CSN_SPAN("Upgrade"), &value);
}

static void
hide_method(csn_gw_present *present, const csn_gw_request *req,
    csn_span method)
{
    csn_gw_patience *self = &present->patience;

    for (size_t i = 0; i < sizeof(hidden_methods) / sizeof(hidden_methods[0]);
         i++) {
        if (!is_method(method, hidden_methods[i]) || asks_upgrade(req))
            continue;
        self->hidden = hidden_methods[i];
        self->repeatable = true;
        (void)TSHttpHdrMethodSet(req->header.buffer, req->header.at, get,
            (int)strlen(get));
    }
}

/* The request that goes out is made of the client's, after this. */
static bool
show_method(csn_gw_present *present)
{
    csn_gw_patience *self = &present->patience;
    csn_gw_header header;

    if (self->hidden == NULL)
        return true;
    if (TSHttpTxnClientReqGet(present->txn, &header.buffer, &header.at) !=
        TS_SUCCESS)
        return false;
    (void)TSHttpHdrMethodSet(header.buffer, header.at, self->hidden,
        (int)strlen(self->hidden));
    TSHandleMLocRelease(header.buffer, TS_NULL_MLOC, header.at);
    self->hidden = NULL;
    return true;
}

/*
 * A connection that was idle for longer than a moment is not used again: the
 * other end may be closing it at just that time, and what then gets lost is
 * a request nobody knows the fate of.
 */
void
csn_gw_patience_begin(csn_gw_present *present, const csn_gw_request *req)
{
    csn_span method = req->target.target.method;

    (void)TSHttpTxnConfigIntSet(present->txn,
        TS_CONFIG_HTTP_PARENT_PROXY_TOTAL_CONNECT_ATTEMPTS, ANY_ATTEMPTS);
    (void)TSHttpTxnConfigIntSet(present->txn,
        TS_CONFIG_HTTP_PER_PARENT_CONNECT_ATTEMPTS, 1);
    (void)TSHttpTxnConfigIntSet(present->txn,
        TS_CONFIG_HTTP_KEEP_ALIVE_NO_ACTIVITY_TIMEOUT_OUT, IDLE_S);
    present->patience.repeatable = is_safe(method);
    if (!present->once && !present->expects)
        hide_method(present, req, method);
}

void
csn_gw_patience_sent(csn_gw_present *present)
{
    present->patience.sent = true;
}

void
csn_gw_patience_answered(csn_gw_present *present)
{
    present->patience.trying = false;
    if (atomic_load(&present->legs[0].hop->away))
        atomic_store(&present->legs[0].hop->away, false);
}

/* A connection that ends without an octet is a bad response to the engine. */
static bool
is_unreadable(TSHttpTxn txn, TSServerState state)
{
    return state == TS_SRVSTATE_PARSE_ERROR ||
        (state == TS_SRVSTATE_BAD_INCOMING_RESPONSE &&
            TSHttpTxnServerRespHdrBytesGet(txn) > 0);
}

/* 0: it can be tried again. */
static unsigned
why_not_again(const csn_gw_present *present)
{
    const csn_gw_patience *self = &present->patience;
    TSServerState state = TSHttpTxnServerStateGet(present->txn);

    if (self->sent &&
        (!self->repeatable || present->once ||
            is_unreadable(present->txn, state)))
        return CSN_GW_R_ANSWER_LOST;
    if (state == TS_SRVSTATE_INACTIVE_TIMEOUT ||
        state == TS_SRVSTATE_ACTIVE_TIMEOUT)
        return CSN_GW_R_HOP_AWAY;
    return 0;
}

static void
give_up(csn_gw_present *present, unsigned reason)
{
    TSServerState state = TSHttpTxnServerStateGet(present->txn);
    bool slow = state == TS_SRVSTATE_INACTIVE_TIMEOUT ||
        state == TS_SRVSTATE_ACTIVE_TIMEOUT;

    present->over = true;
    csn_gw_refuse_late(present->txn, slow ? 504 : 502, reason);
}

/* Whether it stands in line now. */
static bool
line_up(csn_gw_present *present)
{
    present->waited = 0;
    return csn_gw_present_wait(present);
}

static int
pause_is_over(TSCont continuation, TSEvent event, void *data)
{
    csn_gw_present *present = TSContDataGet(continuation);

    (void)event;
    (void)data;
    TSContDestroy(continuation);
    csn_gw_patience_leave();
    if (!line_up(present))
        TSHttpTxnReenable(present->txn, TS_EVENT_HTTP_CONTINUE);
    return 0;
}

static uint32_t
pause_ms(unsigned failures)
{
    uint32_t pause = FIRST_MS;

    while (--failures > 0 && pause < LONGEST_MS)
        pause *= 2;
    return pause < LONGEST_MS ? pause : LONGEST_MS;
}

bool
csn_gw_patience_enter(void)
{
    if (atomic_fetch_add(&awaiting, 1) < MAX_AWAITING)
        return true;
    atomic_fetch_sub(&awaiting, 1);
    return false;
}

void
csn_gw_patience_leave(void)
{
    atomic_fetch_sub(&awaiting, 1);
}

uint64_t
csn_gw_patience_ms(void)
{
    return (uint64_t)csn_gateway.settings.via_patience_s * 1000;
}

/* Whether it waits; false: it may not any longer. */
static bool
await(csn_gw_present *present)
{
    csn_gw_patience *self = &present->patience;
    uint64_t now_ms = csn_gw_wall_ms();
    TSCont continuation;

    if (now_ms - self->since_ms >= csn_gw_patience_ms() ||
        !csn_gw_patience_enter())
        return false;
    continuation = TSContCreate(pause_is_over, TSMutexCreate());
    TSContDataSet(continuation, present);
    (void)TSContScheduleOnThread(continuation, pause_ms(self->failures),
        TSEventThreadSelf());
    return true;
}

/*
 * A connection that broke under a request was perhaps idle before: the next
 * attempt is made at once, on another. A second one, and a connection that
 * cannot be made, say that the hop is away.
 */
static bool
is_away(csn_gw_patience *self)
{
    bool broke = self->sent;

    if (self->failures++ == 0)
        self->since_ms = csn_gw_wall_ms();
    return self->failures > 1 || !broke;
}

/* It comes here once more before it looks for the hop at all. */
static bool
is_at_hop(const csn_gw_present *present)
{
    const struct sockaddr *next = TSHttpTxnNextHopAddrGet(present->txn);

    return next != NULL && next != TSHttpTxnServerAddrGet(present->txn);
}

/* Whether it goes on, or is over. */
static bool
try_again(csn_gw_present *present)
{
    csn_gw_hop *hop = present->legs[0].hop;
    unsigned reason = why_not_again(present);
    bool away = is_away(&present->patience);

    if (reason != 0) {
        give_up(present, reason);
        return true;
    }
    csn_gw_hop_doubt(hop);
    if (!away)
        return !line_up(present);
    atomic_store(&hop->away, true);
    csn_gw_count(&csn_gw_thread_self()->hop_waits);
    if (await(present))
        return false;
    give_up(present, CSN_GW_R_HOP_AWAY);
    return true;
}

bool
csn_gw_patience_try(csn_gw_present *present)
{
    csn_gw_patience *self = &present->patience;
    bool failed = self->trying;
    bool goes_on;

    if (!show_method(present)) {
        give_up(present, CSN_R_INTERNAL);
        return true;
    }
    if (!is_at_hop(present))
        return true;
    self->trying = true;
    goes_on = !failed || try_again(present);
    self->sent = false;
    return goes_on;
}

void
csn_gw_patience_lost(csn_gw_present *present, unsigned status)
{
    if (present->over || present->heard || !present->patience.trying)
        return;
    present->over = true;
    csn_gw_refuse_late(present->txn, status,
        present->patience.sent ? CSN_GW_R_ANSWER_LOST : CSN_GW_R_HOP_AWAY);
}
