// SPDX-License-Identifier: MIT
#include "content/hold.h"

#include "present/present.h"

#include <countersign/field.h>

#include <stdlib.h>
#include <string.h>

enum { WATER_MARK = 65536 };

static void
held_free(csn_gw_held *held)
{
    csn_gw_content_give(held->size);
    csn_openssl_hash_free(held->sum);
    if (held->content != NULL)
        TSIOBufferDestroy(held->content);
    if (held->in != NULL)
        TSIOBufferDestroy(held->in);
    if (held->out != NULL)
        TSIOBufferDestroy(held->out);
    if (held->asked != NULL)
        TSIOBufferDestroy(held->asked);
    if (held->kept != NULL)
        csn_gw_txn_free(held->kept);
    free(held);
}

void
csn_gw_held_drop(csn_gw_held *held)
{
    if (held != NULL && atomic_fetch_sub(&held->users, 1) == 1)
        held_free(held);
}

csn_gw_held *
csn_gw_held_hold(csn_gw_held *held)
{
    atomic_fetch_add(&held->users, 1);
    return held;
}

csn_gw_txn *
csn_gw_held_kept(const csn_gw_held *held)
{
    return held->kept;
}

const csn_gw_request *
csn_gw_held_request(const csn_gw_held *held)
{
    return &held->request;
}

void
csn_gw_held_note_unframed(csn_gw_held *held)
{
    atomic_store(&held->unframed, true);
}

bool
csn_gw_held_is_unframed(const csn_gw_held *held)
{
    return held != NULL && atomic_load(&held->unframed);
}

void
csn_gw_held_close(csn_gw_held *held)
{
    held->txn = NULL;
}

void
csn_gw_held_end(csn_gw_held *held, bool whole)
{
    enum { CUT_OFF = 1 };

    csn_gw_held_unlist(held);
    if (held->timer != NULL) {
        TSActionCancel(held->timer);
        csn_gw_wait_end();
    }
    if (held->onward != NULL)
        TSVConnClose(held->onward);
    if (held->client != NULL && whole)
        TSVConnClose(held->client);
    else if (held->client != NULL)
        TSVConnAbort(held->client, CUT_OFF);
    TSContDestroy(held->continuation);
    csn_gw_held_drop(held);
}

void
csn_gw_held_write(csn_gw_held *held)
{
    if (held->writing == NULL)
        held->writing = TSVConnWrite(held->client, held->continuation,
            held->out_reader, INT64_MAX);
    else
        TSVIOReenable(held->writing);
}

static void
put_text(csn_gw_held *held, const char *text, size_t len)
{
    (void)TSIOBufferWrite(held->out, text, (int64_t)len);
}

/* The engine makes the client's header of it; challenge and proof are put
 * there. */
static void
answer(csn_gw_held *held)
{
    char room[64];
    csn_span body = csn_gw_status_body(held->status, room);
    char head[160];
    int len = snprintf(head, sizeof(head),
        "HTTP/1.1 %u %s\r\nContent-Type: text/plain\r\n"
        "Content-Length: %zu\r\nConnection: close\r\n\r\n",
        held->status, TSHttpHdrReasonLookup((TSHttpStatus)held->status),
        body.len);

    put_text(held, head, (size_t)len);
    put_text(held, room, body.len);
    csn_gw_held_write(held);
    TSVIONBytesSet(held->writing,
        TSVIONDoneGet(held->writing) +
            TSIOBufferReaderAvail(held->out_reader));
    TSVIOReenable(held->writing);
}

static void
refuse(csn_gw_held *held, unsigned status, uint32_t delay_ms)
{
    held->status = status;
    if (delay_ms == 0 || !csn_gw_wait_begin())
        answer(held);
    else
        held->timer = TSContScheduleOnPool(held->continuation, delay_ms,
            TS_THREAD_POOL_NET);
}

/* All is there that will be: `content` NULL, there was no room for it. */
static void
judge(csn_gw_held *held, const csn_content *content)
{
    csn_gw_request *req = &held->request;

    held->stage = CSN_GW_HOLD_ANSWER;
    if (held->kept == NULL) {
        csn_gw_judge_held(req, content);
        held->kept = req->kept;
    } else if (content == NULL) {
        csn_gw_present_lack_memory(req);
    }
    if (req->status != 0)
        refuse(held, req->status, req->delay_ms);
    else if (!csn_gw_held_ask(held))
        refuse(held, 500, 0);
}

static void
judge_whole(csn_gw_held *held)
{
    uint8_t digest[CSN_MAX_DIGEST];
    csn_content content = { .code = CSN_CONTENT_HASHED, .digest = digest };

    if (held->spoiled || csn_openssl_hash_digest(held->sum, digest) != CSN_OK)
        content.code = CSN_CONTENT_INCOMPLETE;
    judge(held, &content);
}

static void
judge_part(csn_gw_held *held, csn_content_code code)
{
    csn_content content = { .code = code };

    judge(held, &content);
}

/* How the content is framed, as the engine sends it. */
static void
begin_content(csn_gw_held *held)
{
    csn_gw_header header;
    csn_span value;

    held->stage = CSN_GW_HOLD_CONTENT;
    if (TSHttpTxnServerReqGet(held->txn, &header.buffer, &header.at) !=
        TS_SUCCESS)
        return;
    held->framed = true;
    if (csn_gw_field_value(&header, CSN_GW_KNOWN(TRANSFER_ENCODING), &value))
        held->chunked = true;
    else if (csn_gw_field_value(&header, CSN_GW_KNOWN(CONTENT_LENGTH), &value))
        held->left = csn_gw_length_parse(value);
    else
        held->framed = false;
    if (csn_gw_field_value(&header, CSN_GW_KNOWN(EXPECT), &value)) {
        static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";

        put_text(held, go_on, sizeof(go_on) - 1);
        csn_gw_held_write(held);
    }
    TSHandleMLocRelease(header.buffer, TS_NULL_MLOC, header.at);
}

static void
skip_header(csn_gw_held *held, csn_span *octets)
{
    static const char end[] = "\r\n\r\n";

    while (octets->len > 0 && held->header_end < 4) {
        uint8_t octet = octets->ptr[0];

        *octets = (csn_span){ octets->ptr + 1, octets->len - 1 };
        if (octet == (uint8_t)end[held->header_end])
            held->header_end++;
        else
            held->header_end = octet == '\r' ? 1 : 0;
    }
    if (held->header_end == 4)
        begin_content(held);
}

static csn_span
next_content(csn_gw_held *held, csn_span *octets)
{
    csn_span data = *octets;

    if (held->chunked)
        return csn_gw_chunks_next(&held->chunks, octets);
    if (data.len > held->left)
        data.len = (size_t)held->left;
    held->left -= data.len;
    *octets = (csn_span){ octets->ptr + data.len, octets->len - data.len };
    return data;
}

/* Hash and keep; false: the request was judged for it. */
static bool
keep_content(csn_gw_held *held, csn_span data)
{
    if (held->size + data.len > csn_gateway.settings.content_limit) {
        judge_part(held, CSN_CONTENT_TOO_LARGE);
        return false;
    }
    if (!csn_gw_content_take(data.len)) {
        judge(held, NULL);
        return false;
    }
    held->size += data.len;
    (void)TSIOBufferWrite(held->content, data.ptr, (int64_t)data.len);
    if (csn_openssl_hash_update(held->sum, data) != CSN_OK)
        held->spoiled = true;
    return true;
}

/* False: it was judged, and `held` may be gone. */
static bool
take_octets(csn_gw_held *held, csn_span octets)
{
    csn_span data;

    if (held->stage == CSN_GW_HOLD_HEADER)
        skip_header(held, &octets);
    if (held->stage != CSN_GW_HOLD_CONTENT)
        return true;
    while ((data = next_content(held, &octets)).len > 0) {
        if (!keep_content(held, data))
            return false;
    }
    if (held->chunked ? held->chunks.state == CSN_GW_CHUNK_END
                      : held->left == 0)
        judge_whole(held);
    else if (held->chunked && held->chunks.state == CSN_GW_CHUNK_BAD)
        judge_part(held, CSN_CONTENT_INCOMPLETE);
    else
        return true;
    return false;
}

/* What A sent. What comes behind the content, or once it was refused, stays
 * where it is: the engine leaves off. */
static void
take_in(csn_gw_held *held)
{
    if (held->stage == CSN_GW_HOLD_ANSWER)
        return;
    if (held->txn == NULL) { /* the engine refused it meanwhile */
        csn_gw_held_end(held, false);
        return;
    }
    while (TSIOBufferReaderAvail(held->in_reader) > 0) {
        int64_t len;
        const char *octets = TSIOBufferBlockReadStart(
            TSIOBufferReaderStart(held->in_reader), held->in_reader, &len);

        if (!take_octets(held,
                (csn_span){ (const uint8_t *)octets, (size_t)len }))
            return;
        TSIOBufferReaderConsume(held->in_reader, len);
    }
    TSVIOReenable(held->reading);
}

static void
accept_client(csn_gw_held *held, TSVConn client)
{
    held->client = client;
    held->reading = TSVConnRead(client, held->continuation, held->in,
        INT64_MAX);
}

static void
client_event(csn_gw_held *held, TSEvent event, TSVIO vio)
{
    if (vio == held->reading && event == TS_EVENT_VCONN_READ_READY)
        take_in(held);
    else if (vio == held->writing && event == TS_EVENT_VCONN_WRITE_READY) {
        if (held->hearing != NULL)
            TSVIOReenable(held->hearing);
    } else {
        /* It was all said, or the client is gone. */
        csn_gw_held_end(held, event == TS_EVENT_VCONN_WRITE_COMPLETE);
    }
}

static int
on_event(TSCont continuation, TSEvent event, void *data)
{
    csn_gw_held *held = TSContDataGet(continuation);

    if (event == TS_EVENT_NET_ACCEPT) {
        accept_client(held, data);
    } else if (event == TS_EVENT_NET_ACCEPT_FAILED) {
        csn_gw_held_end(held, false);
    } else if (event == TS_EVENT_TIMEOUT || event == TS_EVENT_IMMEDIATE) {
        held->timer = NULL;
        csn_gw_wait_end();
        answer(held);
    } else if (data == held->reading || data == held->writing) {
        client_event(held, event, data);
    } else {
        csn_gw_onward_event(held, event, data);
    }
    return 0;
}

static bool
prepare(csn_gw_held *held, csn_gw_request *req, csn_hash hash)
{
    held->users = 1;
    held->txn = req->txn;
    held->request = *req;
    held->request.held = held;
    held->sum = csn_openssl_hash_new(hash);
    held->in = TSIOBufferCreate();
    held->in_reader = TSIOBufferReaderAlloc(held->in);
    held->out = TSIOBufferCreate();
    held->out_reader = TSIOBufferReaderAlloc(held->out);
    held->content = TSIOBufferCreate();
    held->content_reader = TSIOBufferReaderAlloc(held->content);
    TSIOBufferWaterMarkSet(held->in, WATER_MARK);
    TSIOBufferWaterMarkSet(held->out, WATER_MARK);
    if (held->sum != NULL)
        return true;
    csn_gw_held_drop(held);
    return false;
}

bool
csn_gw_hold_request(csn_gw_request *req, csn_hash hash)
{
    csn_span target = req->target.target.target;
    csn_gw_held *held = calloc(1, sizeof(*held) + target.len);
    csn_span copy;

    if (held == NULL || !prepare(held, req, hash))
        return false;
    memcpy(held->target, target.ptr, target.len);
    copy = (csn_span){ (const uint8_t *)held->target, target.len };
    held->request.target = (csn_gw_target){
        .target = req->target.target,
        .raw = req->target.raw.len > 0 ? copy : req->target.raw,
    };
    held->request.target.target.target = copy;
    if (req->listen->layer == CSN_LAYER_PROXY)
        held->request.forbidden = csn_gw_forward_forbids(req);
    held->continuation = TSContCreate(on_event,
        TSContMutexGet((TSCont)req->txn));
    TSContDataSet(held->continuation, held);
    if (!csn_gw_keep_held(req, held)) {
        TSContDestroy(held->continuation);
        csn_gw_held_drop(held);
        return false;
    }
    /* Looked at by nobody: the engine connects to the plugin. */
    (void)TSUrlSchemeSet(req->header.buffer, req->url, "http", 4);
    csn_gw_hook(req->txn, TS_HTTP_READ_RESPONSE_HDR_HOOK);
    csn_gw_held_list(held);
    TSHttpTxnIntercept(held->continuation, req->txn);
    return true;
}
