// SPDX-License-Identifier: MIT
#include "plugin.h"

/*
 * Answers that wait. What a failed login of a user who is guessed at gets
 * stays as it is and is sent later; the transaction stands still meanwhile
 * and holds no thread. How many may wait is bounded: beyond that answers go
 * out at once, since neither memory nor anybody else's answers are an
 * attacker's to take.
 */
enum { MAX_WAITING = 1024 };

static _Atomic unsigned waiting;
static _Atomic uint64_t hurried;

bool
csn_gw_wait_begin(void)
{
    if (atomic_fetch_add(&waiting, 1) < MAX_WAITING) {
        csn_gw_count(&csn_gw_thread_self()->delayed);
        return true;
    }
    atomic_fetch_sub(&waiting, 1);
    atomic_fetch_add(&hurried, 1);
    return false;
}

void
csn_gw_wait_end(void)
{
    atomic_fetch_sub(&waiting, 1);
}

static int
wait_is_over(TSCont continuation, TSEvent event, void *data)
{
    TSHttpTxn txn = TSContDataGet(continuation);

    (void)event, (void)data;
    TSContDestroy(continuation);
    csn_gw_wait_end();
    TSHttpTxnReenable(txn, TS_EVENT_HTTP_CONTINUE);
    return 0;
}

void
csn_gw_answer_after(TSHttpTxn txn, uint32_t delay_ms)
{
    TSCont continuation;

    if (delay_ms == 0 || !csn_gw_wait_begin()) {
        TSHttpTxnReenable(txn, TS_EVENT_HTTP_CONTINUE);
        return;
    }
    continuation = TSContCreate(wait_is_over, TSMutexCreate());
    TSContDataSet(continuation, txn);
    (void)TSContScheduleOnThread(continuation, delay_ms, TSEventThreadSelf());
}

unsigned
csn_gw_answers_waiting(void)
{
    return atomic_load(&waiting);
}

uint64_t
csn_gw_answers_hurried(void)
{
    return atomic_load(&hurried);
}
