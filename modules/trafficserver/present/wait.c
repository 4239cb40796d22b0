// SPDX-License-Identifier: MIT
#include "present/present.h"

/*
 * While no session stands one transaction goes to the hop to be asked, and
 * the others wait until it was. After a pause, when the nonce may have grown
 * old meanwhile, they do so for a moment too; while the hop is away, as if
 * there were none. The waiting is bounded in
 * number and time; who may not wait any longer goes on and asks for itself.
 * One whose content cannot be sent twice never asks: the gateway does so for
 * it (probe.c), also while another transaction asks, whose answer may take as
 * long as what was asked for.
 */
enum {
    MAX_WAITING = 1024,
    ASK_MS = 5000,
    PROBE_MS = 250,
    FRESH_MS = 10000,
    FRESH_ONCE_MS = 1000
};

/* Under the line's lock; false: it stands there no more. */
static bool
leave_line(csn_gw_hop *hop, const csn_gw_present *present)
{
    for (csn_gw_present **at = &hop->first; *at != NULL; at = &(*at)->next) {
        if (*at != present)
            continue;
        *at = present->next;
        hop->count--;
        return true;
    }
    return false;
}

/* Its time is over, or it was called; whichever comes first. */
static int
wait_is_over(TSCont continuation, TSEvent event, void *data)
{
    csn_gw_present *present = TSContDataGet(continuation);
    csn_gw_hop *hop = present->legs[present->waited - 1].hop;
    TSHttpTxn txn = present->txn;
    bool called;

    (void)data;
    if (event == TS_EVENT_TIMEOUT) {
        present->timer = NULL;
        pthread_mutex_lock(&hop->line_lock);
        called = !leave_line(hop, present);
        pthread_mutex_unlock(&hop->line_lock);
        if (called)
            return 0; /* that event is on its way */
    }
    if (present->once && !present->probed && event != TS_EVENT_TIMEOUT)
        present->waited--; /* was it answered? */
    if (present->timer != NULL)
        TSActionCancel(present->timer);
    present->timer = NULL;
    present->waiting = NULL;
    TSContDestroy(continuation);
    if (!csn_gw_present_wait(present))
        TSHttpTxnReenable(txn, TS_EVENT_HTTP_CONTINUE);
    return 0;
}

/* Under the line's lock. */
static void
stand_in_line(csn_gw_hop *hop, csn_gw_present *present, bool ready)
{
    present->thread = TSEventThreadSelf();
    present->waiting = TSContCreate(wait_is_over, TSMutexCreate());
    TSContDataSet(present->waiting, present);
    present->timer = TSContScheduleOnThread(present->waiting,
        ready ? PROBE_MS : ASK_MS, present->thread);
    present->next = hop->first;
    hop->first = present;
    hop->count++;
}

static bool
wait_for(csn_gw_present *present, csn_gw_leg *leg)
{
    csn_gw_hop *hop = leg->hop;
    bool fresh = csn_gw_hop_is_fresh(hop,
        present->once ? FRESH_ONCE_MS : FRESH_MS);
    bool ready = fresh ||
        (csn_gw_hop_is_ready(hop) && !atomic_load(&hop->away));
    bool waits = false;
    bool probes = false;

    if (fresh || leg->asks || (present->once && present->probed))
        return false;
    pthread_mutex_lock(&hop->line_lock);
    if (hop->asker == NULL && !present->once) {
        hop->asker = present;
        leg->asks = true;
    } else if (hop->count < MAX_WAITING) {
        waits = true;
        stand_in_line(hop, present, ready && !present->once);
        probes = present->once && hop->asker != hop;
        if (probes)
            hop->asker = hop;
    }
    pthread_mutex_unlock(&hop->line_lock);
    if (probes) {
        present->probed = true;
        csn_gw_probe_start(present, hop, CSN_GW_PROBE_ASK);
    }
    return waits;
}

bool
csn_gw_present_wait(csn_gw_present *present)
{
    while (!present->probe && present->waited < CSN_GW_LEGS) {
        csn_gw_leg *leg = &present->legs[present->waited++];

        if (leg->hop == NULL)
            continue;
        if (csn_gw_hop_renews(leg->hop))
            csn_gw_probe_start(present, leg->hop, CSN_GW_PROBE_RENEW);
        if (wait_for(present, leg))
            return true;
    }
    return false;
}

static void
call_line(csn_gw_hop *hop)
{
    pthread_mutex_lock(&hop->line_lock);
    hop->asker = NULL;
    while (hop->first != NULL) {
        csn_gw_present *waiter = hop->first;

        hop->first = waiter->next;
        hop->count--;
        (void)TSContScheduleOnThread(waiter->waiting, 0, waiter->thread);
    }
    pthread_mutex_unlock(&hop->line_lock);
}

void
csn_gw_probe_ended(csn_gw_hop *hop)
{
    call_line(hop);
}

void
csn_gw_leg_asked(csn_gw_leg *leg)
{
    if (!leg->asks)
        return;
    leg->asks = false;
    call_line(leg->hop);
}
