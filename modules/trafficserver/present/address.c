// SPDX-License-Identifier: MIT
#include "settings/address.h"

#include "present/present.h"

#include <stdlib.h>
#include <string.h>

/*
 * The address of the next proxy, where some requests do not go there
 * (--via-bypass). The engine then looks up every name a client asks for, also
 * when it is the next proxy's to look up, unless it was given an address: it
 * is given that of the next proxy.
 */

static TSCont hook;
static csn_gw_listen literal; /* the address itself, where that was given */
static bool is_literal;

enum { AGAIN_MS = 250 };

/* One that looks for it. */
typedef struct lookup {
    TSHttpTxn txn;
    uint64_t began_ms;
} lookup;

/* The engine takes the port from where it takes the name. */
static void
go_on(TSHttpTxn txn, const struct sockaddr *address)
{
    bool known = address != NULL &&
        TSHttpTxnServerAddrSet(txn, address) == TS_SUCCESS;

    if (!known)
        csn_gw_refuse_late(txn, 502, CSN_GW_R_HOP_AWAY);
    TSHttpTxnReenable(txn,
        known ? TS_EVENT_HTTP_CONTINUE : TS_EVENT_HTTP_ERROR);
}

/* A name may be unknown for a moment (patience.c). */
static bool
looks_again(TSCont continuation, const lookup *self)
{
    if (csn_gw_wall_ms() - self->began_ms >= csn_gw_patience_ms() ||
        !csn_gw_patience_enter())
        return false;
    (void)TSContScheduleOnThread(continuation, AGAIN_MS, TSEventThreadSelf());
    return true;
}

static void
look(TSCont continuation)
{
    const char *name = csn_gateway.settings.via.host;

    (void)TSHostLookup(continuation, name, strlen(name));
}

static int
on_lookup(TSCont continuation, TSEvent event, void *data)
{
    lookup *self = TSContDataGet(continuation);
    const struct sockaddr *address = NULL;

    if (event != TS_EVENT_HOST_LOOKUP) { /* the pause is over */
        csn_gw_patience_leave();
        look(continuation);
        return 0;
    }
    if (data != NULL)
        address = TSHostLookupResultAddrGet(data);
    if (address != NULL || !looks_again(continuation, self)) {
        TSContDestroy(continuation);
        go_on(self->txn, address);
        free(self);
    }
    return 0;
}

/* TS_HTTP_POST_REMAP comes just before the engine looks up a name. */
static int
on_hook(TSCont continuation, TSEvent event, void *data)
{
    lookup *self;
    TSCont looking;

    (void)continuation;
    (void)event;
    if (is_literal) {
        go_on(data, (const struct sockaddr *)&literal.address);
        return 0;
    }
    self = malloc(sizeof(*self));
    if (self == NULL) {
        go_on(data, NULL);
        return 0;
    }
    *self = (lookup){ .txn = data, .began_ms = csn_gw_wall_ms() };
    looking = TSContCreate(on_lookup, TSMutexCreate());
    TSContDataSet(looking, self);
    look(looking);
    return 0;
}

static bool
is_needed(const csn_gw_settings *settings)
{
    return settings->via.present &&
        (settings->bypass_count > 0 || settings->via.tls);
}

void
csn_gw_address_start(void)
{
    const csn_gw_origin *proxy = &csn_gateway.settings.via;
    char text[sizeof(proxy->host) + 8];
    csn_gw_error none;

    if (!is_needed(&csn_gateway.settings))
        return;
    snprintf(text, sizeof(text), "%s:%u", proxy->host, (unsigned)proxy->port);
    is_literal = csn_gw_listen_parse(text, &literal, &none);
    hook = TSContCreate(on_hook, NULL);
}

void
csn_gw_address_find(const csn_gw_request *req)
{
    if (is_needed(&csn_gateway.settings))
        TSHttpTxnHookAdd(req->txn, TS_HTTP_POST_REMAP_HOOK, hook);
}
