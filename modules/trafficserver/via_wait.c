// SPDX-License-Identifier: MIT
#include "via.h"

#include <pthread.h>

/*
 * While no session stands one transaction goes to the next proxy to be asked,
 * and the others wait until it was. After a pause, when the nonce may have
 * grown old meanwhile, they do so for a moment too. The waiting is bounded in
 * number and time; who may not wait any longer goes on and asks for itself.
 */
enum { MAX_WAITING = 1024, ASK_MS = 5000, PROBE_MS = 250 };

static struct {
    pthread_mutex_t lock;
    const csn_gw_via *asker;
    csn_gw_via *first;
    unsigned count;
} line = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* Under the lock; false: it stands there no more. */
static bool
leave_line(csn_gw_via *via)
{
    for (csn_gw_via **at = &line.first; *at != NULL; at = &(*at)->next) {
        if (*at != via)
            continue;
        *at = via->next;
        line.count--;
        return true;
    }
    return false;
}

/* Its time is over, or it was called; whichever comes first. */
static int
wait_is_over(TSCont continuation, TSEvent event, void *data)
{
    csn_gw_via *via = TSContDataGet(continuation);
    TSHttpTxn txn = via->txn;
    bool called;

    (void)data;
    if (event == TS_EVENT_TIMEOUT) {
        via->timer = NULL;
        pthread_mutex_lock(&line.lock);
        called = !leave_line(via);
        pthread_mutex_unlock(&line.lock);
        if (called)
            return 0; /* that event is on its way */
    }
    if (via->timer != NULL)
        TSActionCancel(via->timer);
    via->timer = NULL;
    via->waiting = NULL;
    TSContDestroy(continuation);
    TSHttpTxnReenable(txn, TS_EVENT_HTTP_CONTINUE);
    return 0;
}

bool
csn_gw_via_wait(csn_gw_via *via)
{
    bool fresh = csn_gw_via_is_fresh();
    bool ready = fresh || csn_gw_via_is_ready();
    bool waits = false;

    if (fresh)
        return false;
    pthread_mutex_lock(&line.lock);
    if (line.asker == NULL) {
        line.asker = via;
        via->asks = true;
    } else if (line.count < MAX_WAITING) {
        waits = true;
        via->thread = TSEventThreadSelf();
        via->waiting = TSContCreate(wait_is_over, TSMutexCreate());
        TSContDataSet(via->waiting, via);
        via->timer = TSContScheduleOnThread(via->waiting,
            ready ? PROBE_MS : ASK_MS, via->thread);
        via->next = line.first;
        line.first = via;
        line.count++;
    }
    pthread_mutex_unlock(&line.lock);
    return waits;
}

void
csn_gw_via_asked(csn_gw_via *via)
{
    if (!via->asks)
        return;
    via->asks = false;
    pthread_mutex_lock(&line.lock);
    line.asker = NULL;
    while (line.first != NULL) {
        csn_gw_via *waiter = line.first;

        line.first = waiter->next;
        line.count--;
        (void)TSContScheduleOnThread(waiter->waiting, 0, waiter->thread);
    }
    pthread_mutex_unlock(&line.lock);
}
