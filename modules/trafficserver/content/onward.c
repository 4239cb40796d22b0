// SPDX-License-Identifier: MIT
#include "content/hold.h"

#include <countersign/field.h>

#include <netinet/in.h>
#include <pthread.h>
#include <string.h>
#include <ts/experimental.h>

/* The request that was held is made: transaction B. */

/* Those that live, by their number: the value of the field that B finds its
 * request by. Others cannot use it: B is the engine's own request, and what
 * the client sent under that name is left out of it. */
enum { SLOTS = 256 };

static struct {
    pthread_mutex_t lock;
    uint64_t last;
    csn_gw_held *slots[SLOTS];
} list = { .lock = PTHREAD_MUTEX_INITIALIZER };

static const csn_span held_field = CSN_LIT("Countersign-Held");

/* Fields of the client's connection, what framed its content, and ours. */
static const csn_span left_out[] = { CSN_LIT("Countersign-Held"),
    CSN_LIT("Countersign-Probe"), CSN_LIT("Connection"),
    CSN_LIT("Proxy-Connection"), CSN_LIT("Keep-Alive"), CSN_LIT("TE"),
    CSN_LIT("Trailer"), CSN_LIT("Upgrade"), CSN_LIT("Transfer-Encoding"),
    CSN_LIT("Content-Length"), CSN_LIT("Expect"), CSN_LIT("HTTP2-Settings") };

static void
put(TSIOBuffer buffer, csn_span text)
{
    (void)TSIOBufferWrite(buffer, text.ptr, (int64_t)text.len);
}

/* METHOD SP request-target, in absolute form at a proxy. */
static void
put_line(const csn_gw_held *held, csn_span method)
{
    const csn_target *target = &held->request.target.target;

    put(held->asked, method);
    put(held->asked, CSN_SPAN(" "));
    if (held->request.listen->layer == CSN_LAYER_PROXY &&
        target->target.ptr[0] == '/') {
        put(held->asked, CSN_SPAN("http://"));
        put(held->asked, target->authority);
    }
    put(held->asked, target->target);
    put(held->asked, CSN_SPAN(" HTTP/1.1\r\n"));
}

/* Requests that say nothing of content when they have none. */
static bool
is_bare(csn_span method)
{
    return (method.len == 3 && memcmp(method.ptr, "GET", 3) == 0) ||
        (method.len == 4 && memcmp(method.ptr, "HEAD", 4) == 0);
}

static bool
put_fields(const csn_gw_held *held, const csn_gw_header *from, csn_span method)
{
    csn_gw_header fields = { .buffer = TSMBufferCreate() };
    char text[32];
    bool good = false;
    int len;

    if (TSHttpHdrClone(fields.buffer, from->buffer, from->at, &fields.at) ==
        TS_SUCCESS) {
        (void)csn_gw_fields_remove(&fields, left_out,
            sizeof(left_out) / sizeof(left_out[0]));
        len = snprintf(text, sizeof(text), "%zu",
            held->apart ? 0 : held->size);
        if (held->framed || !is_bare(method))
            csn_gw_field_append(&fields, CSN_GW_KNOWN(CONTENT_LENGTH),
                (csn_span){ (const uint8_t *)text, (size_t)len });
        len = snprintf(text, sizeof(text), "%llu",
            (unsigned long long)held->number);
        csn_gw_field_append(&fields, held_field,
            (csn_span){ (const uint8_t *)text, (size_t)len });
        csn_gw_field_append(&fields, CSN_GW_KNOWN(CONNECTION),
            CSN_SPAN("close"));
        TSMimeHdrPrint(fields.buffer, fields.at, held->asked);
        TSHandleMLocRelease(fields.buffer, TS_NULL_MLOC, fields.at);
        good = true;
    }
    TSMBufferDestroy(fields.buffer);
    return good;
}

static bool
put_request(csn_gw_held *held)
{
    csn_gw_header header;
    const char *text;
    csn_span method;
    bool good;
    int len;

    if (TSHttpTxnClientReqGet(held->txn, &header.buffer, &header.at) !=
        TS_SUCCESS)
        return false;
    text = TSHttpHdrMethodGet(header.buffer, header.at, &len);
    method = (csn_span){ (const uint8_t *)text, (size_t)len };
    put_line(held, method);
    good = put_fields(held, &header, method);
    TSHandleMLocRelease(header.buffer, TS_NULL_MLOC, header.at);
    return good;
}

/* What goes through the next proxy may have to be sent twice. */
static void
put_content(csn_gw_held *held)
{
    int64_t size = TSIOBufferReaderAvail(held->content_reader);

    if (held->apart)
        return;
    (void)TSIOBufferCopy(held->asked, held->content_reader, size, 0);
    TSIOBufferReaderConsume(held->content_reader, size);
}

csn_span
csn_gw_held_give(csn_gw_held *held, TSHttpTxn txn)
{
    int64_t size = TSIOBufferReaderAvail(held->content_reader);
    char *copy;

    if (!held->apart || size == 0)
        return (csn_span){ NULL, 0 };
    copy = TSmalloc((size_t)size); /* the engine frees it */
    (void)TSIOBufferReaderCopy(held->content_reader, copy, size);
    TSIOBufferReaderConsume(held->content_reader, size);
    TSHttpTxnServerRequestBodySet(txn, copy, size);
    return (csn_span){ (const uint8_t *)copy, (size_t)size };
}

/* A connection to B as if it came from `client`. The engine asserts that there
 * is a port, which a load balancer may leave out. */
static TSVConn
connect_as(const struct sockaddr *client)
{
    struct sockaddr_in6 v6;
    struct sockaddr_in v4;

    if (client == NULL)
        return NULL;
    if (client->sa_family == AF_INET6) {
        memcpy(&v6, client, sizeof(v6));
        if (v6.sin6_port == 0)
            v6.sin6_port = htons(1);
        return TSHttpConnect((const struct sockaddr *)&v6);
    }
    memcpy(&v4, client, sizeof(v4));
    if (v4.sin_port == 0)
        v4.sin_port = htons(1);
    return TSHttpConnect((const struct sockaddr *)&v4);
}

bool
csn_gw_held_ask(csn_gw_held *held)
{
    TSIOBufferReader reader;

    held->asked = TSIOBufferCreate();
    reader = TSIOBufferReaderAlloc(held->asked);
    held->apart = held->request.hop_count > 0;
    if (!put_request(held))
        return false;
    put_content(held);
    held->onward = connect_as(TSHttpTxnClientAddrGet(held->txn));
    if (held->onward == NULL)
        return false;
    held->asking = TSVConnWrite(held->onward, held->continuation, reader,
        TSIOBufferReaderAvail(reader));
    held->hearing = TSVConnRead(held->onward, held->continuation, held->out,
        INT64_MAX);
    csn_gw_held_write(held);
    return true;
}

/* B said all: A gets what is left of it. */
static void
end_answer(csn_gw_held *held)
{
    held->hearing = NULL;
    TSVIONBytesSet(held->writing,
        TSVIONDoneGet(held->writing) +
            TSIOBufferReaderAvail(held->out_reader));
    if (TSVIONTodoGet(held->writing) == 0)
        csn_gw_held_end(held, true);
    else
        TSVIOReenable(held->writing);
}

void
csn_gw_onward_event(csn_gw_held *held, TSEvent event, TSVIO vio)
{
    if (event == TS_EVENT_VCONN_WRITE_READY ||
        event == TS_EVENT_VCONN_WRITE_COMPLETE)
        return; /* the request goes by itself */
    if (vio == held->hearing && event == TS_EVENT_VCONN_READ_READY)
        csn_gw_held_write(held);
    else if (vio == held->hearing && event == TS_EVENT_VCONN_EOS)
        end_answer(held);
    else
        csn_gw_held_end(held, false);
}

void
csn_gw_held_list(csn_gw_held *held)
{
    pthread_mutex_lock(&list.lock);
    held->number = ++list.last;
    held->next = list.slots[held->number % SLOTS];
    list.slots[held->number % SLOTS] = held;
    pthread_mutex_unlock(&list.lock);
}

void
csn_gw_held_unlist(csn_gw_held *held)
{
    csn_gw_held **at = &list.slots[held->number % SLOTS];

    pthread_mutex_lock(&list.lock);
    while (*at != NULL && *at != held)
        at = &(*at)->next;
    if (*at != NULL)
        *at = held->next;
    pthread_mutex_unlock(&list.lock);
}

csn_gw_held *
csn_gw_held_find(TSHttpTxn txn, const csn_gw_header *header)
{
    csn_gw_held *held = NULL;
    csn_span value;

    if (TSHttpTxnIsInternal(txn) &&
        csn_gw_field_value(header, held_field, &value)) {
        uint64_t number = csn_gw_length_parse(value);

        pthread_mutex_lock(&list.lock);
        held = list.slots[number % SLOTS];
        while (held != NULL && held->number != number)
            held = held->next;
        if (held != NULL)
            (void)csn_gw_held_hold(held);
        pthread_mutex_unlock(&list.lock);
    }
    (void)csn_gw_fields_remove(header, &held_field, 1);
    return held;
}
