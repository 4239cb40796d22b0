// SPDX-License-Identifier: MIT
#include "plugin.h"

#include <string.h>

/*
 * Metrics and health, on a listener of their own that nothing is proxied
 * through. Counting the live nonces walks the whole table, so the answer is
 * made on a thread for such work and the request waits for it.
 */

typedef struct answer {
    unsigned status;
    const char *type;
    char *body; /* from TSmalloc */
    size_t len;
} answer;

static answer
plain_answer(unsigned status, const char *text)
{
    return (answer){ status, "text/plain", TSstrdup(text), strlen(text) };
}

static answer
answer_path(const char *path, size_t len)
{
    answer metrics = { 200, "text/plain; version=0.0.4", NULL, 0 };

    if (len == 6 && memcmp(path, "health", len) == 0)
        return plain_answer(200, "ok\n");
    if (len != 7 || memcmp(path, "metrics", len) != 0)
        return plain_answer(404, "here are /metrics and /health\n");
    metrics.body = csn_gw_metrics(&metrics.len);
    if (metrics.body == NULL)
        return plain_answer(503, "no memory\n");
    return metrics;
}

static answer
answer_request(TSHttpTxn txn)
{
    TSMBuffer buffer;
    TSMLoc header;
    TSMLoc url;
    answer result = plain_answer(400, "not understood\n");
    const char *text;
    int len;

    if (TSHttpTxnClientReqGet(txn, &buffer, &header) != TS_SUCCESS)
        return result;
    text = TSHttpHdrMethodGet(buffer, header, &len);
    if ((len != 3 || memcmp(text, "GET", 3) != 0) &&
        (len != 4 || memcmp(text, "HEAD", 4) != 0)) {
        TSfree(result.body);
        result = plain_answer(405, "GET and HEAD only\n");
    } else if (TSHttpHdrUrlGet(buffer, header, &url) == TS_SUCCESS) {
        text = TSUrlPathGet(buffer, url, &len);
        TSfree(result.body);
        result = answer_path(text, len > 0 ? (size_t)len : 0);
        TSHandleMLocRelease(buffer, header, url);
    }
    TSHandleMLocRelease(buffer, TS_NULL_MLOC, header);
    return result;
}

static void
give_answer(TSHttpTxn txn, answer result)
{
    TSHttpTxnErrorBodySet(txn, result.body, result.len, TSstrdup(result.type));
    TSHttpTxnStatusSet(txn, (TSHttpStatus)result.status);
    TSHttpTxnReenable(txn, TS_EVENT_HTTP_CONTINUE);
}

static int
answer_event(TSCont continuation, TSEvent event, void *data)
{
    TSHttpTxn txn = TSContDataGet(continuation);

    (void)event, (void)data;
    TSContDestroy(continuation);
    give_answer(txn, answer_request(txn));
    return 0;
}

int
csn_gw_on_admin_request(TSHttpTxn txn)
{
    TSCont continuation;

    /* Scheduling on threads that are not there yet ends the engine. */
    if (!atomic_load(&csn_gateway.threads_ready)) {
        give_answer(txn, plain_answer(503, "starting\n"));
        return 0;
    }
    continuation = TSContCreate(answer_event, TSMutexCreate());
    TSContDataSet(continuation, txn);
    (void)TSContScheduleOnPool(continuation, 0, TS_THREAD_POOL_TASK);
    return 0;
}
