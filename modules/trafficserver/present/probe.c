// SPDX-License-Identifier: MIT
#include "present/present.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <ts/experimental.h>

/*
 * A nonce fetched ahead of need: a request of the gateway's own, without
 * content and without effect, whose answer goes nowhere. It is made as the
 * engine's own client, so that it takes the way of all others, and told by
 * the engine's mark of internal requests and a number that no client can give
 * it. To an origin it is a HEAD of what was asked for; a proxy answers
 * OPTIONS with Max-Forwards: 0 itself (RFC 9110, 7.6.2).
 */

typedef struct probe {
    uint64_t number;
    struct probe *next;
    const csn_gw_listen *listen;
    csn_gw_hop *hops[CSN_GW_LEGS];
    unsigned hop_count;
    csn_gw_hop *asked;
    csn_gw_probe_way way;
    TSVConn connection;
    TSVIO reading;
    TSIOBuffer sent;
    TSIOBuffer heard;
    TSIOBufferReader reader;
} probe;

static struct {
    pthread_mutex_t lock;
    uint64_t last;
    probe *first;
} list = { .lock = PTHREAD_MUTEX_INITIALIZER };

static const csn_span probe_field = CSN_LIT("Countersign-Probe");

static void
enlist(probe *one)
{
    pthread_mutex_lock(&list.lock);
    one->number = ++list.last;
    one->next = list.first;
    list.first = one;
    pthread_mutex_unlock(&list.lock);
}

static void
delist(const probe *one)
{
    probe **at = &list.first;

    pthread_mutex_lock(&list.lock);
    while (*at != NULL && *at != one)
        at = &(*at)->next;
    if (*at != NULL)
        *at = one->next;
    pthread_mutex_unlock(&list.lock);
}

static void
drop(probe *one)
{
    if (one->sent != NULL)
        TSIOBufferDestroy(one->sent);
    if (one->heard != NULL)
        TSIOBufferDestroy(one->heard);
    free(one);
}

static void
call_waiting(const probe *one)
{
    if (one->way == CSN_GW_PROBE_ASK)
        csn_gw_probe_ended(one->asked);
}

/* It was answered, or never will be: who waits for it goes on. */
static void
end(TSCont continuation, probe *one)
{
    delist(one);
    call_waiting(one);
    TSVConnClose(one->connection);
    TSContDestroy(continuation);
    drop(one);
}

static int
on_event(TSCont continuation, TSEvent event, void *data)
{
    probe *one = TSContDataGet(continuation);

    (void)data;
    if (event == TS_EVENT_VCONN_READ_READY) {
        TSIOBufferReaderConsume(one->reader,
            TSIOBufferReaderAvail(one->reader));
        TSVIOReenable(one->reading);
    } else if (event != TS_EVENT_VCONN_WRITE_READY &&
        event != TS_EVENT_VCONN_WRITE_COMPLETE) {
        end(continuation, one);
    }
    return 0;
}

static bool
is_to_origin(const probe *one)
{
    return one->hops[one->hop_count - 1]->layer == CSN_LAYER_ORIGIN;
}

/* The request, for the same address. */
static bool
put_request(const probe *one, TSHttpTxn txn)
{
    int len = 0;
    char *url = TSHttpTxnEffectiveUrlStringGet(txn, &len);
    char head[96];
    int head_len;

    if (url == NULL)
        return false;
    head_len = snprintf(head, sizeof(head),
        " HTTP/1.1\r\nConnection: close\r\n%.*s: %llu\r\n\r\n",
        (int)probe_field.len, (const char *)probe_field.ptr,
        (unsigned long long)one->number);
    (void)(is_to_origin(one) ? TSIOBufferWrite(one->sent, "HEAD ", 5)
                             : TSIOBufferWrite(one->sent, "OPTIONS ", 8));
    if (memmem(url, (size_t)len, "://", 3) == NULL) /* of a CONNECT */
        (void)TSIOBufferWrite(one->sent, "http://", 7);
    (void)TSIOBufferWrite(one->sent, url, len);
    (void)TSIOBufferWrite(one->sent, head, head_len);
    TSfree(url);
    return true;
}

static bool
ask(probe *one, TSHttpTxn txn)
{
    const struct sockaddr_in here = { .sin_family = AF_INET,
        .sin_port = htons(1),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    TSIOBufferReader reader = TSIOBufferReaderAlloc(one->sent);
    TSCont continuation;

    if (!put_request(one, txn))
        return false;
    one->connection = TSHttpConnect((const struct sockaddr *)&here);
    if (one->connection == NULL)
        return false;
    continuation = TSContCreate(on_event, TSMutexCreate());
    TSContDataSet(continuation, one);
    one->reading = TSVConnRead(one->connection, continuation, one->heard,
        INT64_MAX);
    (void)TSVConnWrite(one->connection, continuation, reader,
        TSIOBufferReaderAvail(reader));
    return true;
}

void
csn_gw_probe_start(const csn_gw_present *present, csn_gw_hop *asked,
    csn_gw_probe_way way)
{
    probe *one = calloc(1, sizeof(*one));

    if (one == NULL) {
        if (way == CSN_GW_PROBE_ASK)
            csn_gw_probe_ended(asked);
        return;
    }
    one->listen = present->listen;
    one->asked = asked;
    one->way = way;
    for (unsigned i = 0; i < CSN_GW_LEGS; i++) {
        if (present->legs[i].hop != NULL)
            one->hops[one->hop_count++] = present->legs[i].hop;
        if (present->legs[i].hop == asked && way == CSN_GW_PROBE_RENEW)
            break;
    }
    one->sent = TSIOBufferCreate();
    one->heard = TSIOBufferCreate();
    one->reader = TSIOBufferReaderAlloc(one->heard);
    enlist(one);
    if (ask(one, present->txn))
        return;
    delist(one);
    call_waiting(one);
    drop(one);
}

static bool
find(csn_gw_request *req)
{
    const probe *one;
    uint64_t number;
    csn_span value;

    if (!csn_gw_field_value(&req->header, probe_field, &value))
        return false;
    number = csn_gw_length_parse(value);
    pthread_mutex_lock(&list.lock);
    one = list.first;
    while (one != NULL && one->number != number)
        one = one->next;
    if (one != NULL) {
        req->listen = one->listen;
        memcpy(req->hops, one->hops, sizeof(req->hops));
        req->hop_count = one->hop_count;
        req->via = one->hops[0]->layer == CSN_LAYER_PROXY;
        req->renewed = one->way == CSN_GW_PROBE_RENEW ? one->asked : NULL;
    }
    pthread_mutex_unlock(&list.lock);
    (void)csn_gw_fields_remove(&req->header, &probe_field, 1);
    return one != NULL;
}

bool
csn_gw_probe_begin(csn_gw_request *req)
{
    int len;
    const char *method;

    if (!find(req))
        return false;
    if (!csn_gw_keep_open(req)) {
        csn_gw_refuse(req->txn, 500);
        return true;
    }
    req->kept->inner = true;
    req->probes = true;
    method = TSHttpHdrMethodGet(req->header.buffer, req->header.at, &len);
    req->target.target.method = (csn_span){ (const uint8_t *)method,
        (size_t)len };
    csn_gw_present_begin(req);
    return true;
}
