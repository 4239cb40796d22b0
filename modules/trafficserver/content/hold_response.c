// SPDX-License-Identifier: MIT
#include "content/prove.h"

#include "content/content.h"
#include "content/transform.h"

#include <countersign/crypto_openssl.h>

#include <stdlib.h>
#include <sys/socket.h>

/*
 * A transform that changes nothing: it hashes the content, and gives none of
 * it on before all is known, up to --proof-limit; the engine makes the header
 * when the first of it is given on. What is longer flows; the engine's flow
 * control sees to it that no more comes than goes out.
 */

typedef struct holding {
    csn_gw_proving *proving;
    int64_t length; /* what upstream said, or -1 */
    csn_openssl_hash *hash;
    TSIOBuffer buffer;
    TSIOBufferReader reader;
    TSVIO out;     /* NULL while everything is held back */
    int64_t given; /* octets put into `buffer`, framing and all */
    size_t taken;  /* of these, what counts as held content */
    bool spoiled;  /* it could not be hashed */
    bool ended;
} holding;

static void
holding_free(holding *h)
{
    csn_gw_content_give(h->taken);
    csn_openssl_hash_free(h->hash);
    TSIOBufferReaderFree(h->reader);
    TSIOBufferDestroy(h->buffer);
    csn_gw_proving_drop(h->proving);
    free(h);
}

/* Upstream's content was cut off while it was held: there is nothing to say,
 * and the engine (9.2.9) would wait for it. In HTTP/2 it may do so: the
 * connection is other streams' too, and perhaps other users'. */
static void
give_up(TSHttpTxn txn)
{
    int fd;

    if (TSHttpTxnClientProtocolStackContains(txn, "h2") == NULL &&
        TSHttpTxnClientFdGet(txn, &fd) == TS_SUCCESS)
        (void)shutdown(fd, SHUT_RDWR);
}

static void
put(holding *h, csn_span octets)
{
    h->given += TSIOBufferWrite(h->buffer, octets.ptr, (int64_t)octets.len);
}

static void
put_content(holding *h, csn_span octets)
{
    char size[24];

    if (csn_openssl_hash_update(h->hash, octets) != CSN_OK)
        h->spoiled = true;
    if (h->proving->state != CSN_GW_PROOF_TRAILER) {
        put(h, octets);
        return;
    }
    put(h,
        (csn_span){ (uint8_t *)size,
            (size_t)snprintf(size, sizeof(size), "%zx\r\n", octets.len) });
    put(h, octets);
    put(h, CSN_SPAN("\r\n"));
}

/* What was held so far, as the first chunk. */
static void
frame_held(holding *h)
{
    TSIOBuffer framed = TSIOBufferCreate();
    TSIOBufferReader reader = TSIOBufferReaderAlloc(framed);
    char size[24];
    int len = snprintf(size, sizeof(size), "%llx\r\n",
        (unsigned long long)h->given);

    if (h->given > 0) {
        (void)TSIOBufferWrite(framed, size, len);
        (void)TSIOBufferCopy(framed, h->reader, h->given, 0);
        (void)TSIOBufferWrite(framed, "\r\n", 2);
        h->given += len + 2;
    }
    TSIOBufferReaderFree(h->reader);
    TSIOBufferDestroy(h->buffer);
    h->buffer = framed;
    h->reader = reader;
}

static void
start_output(holding *h, TSVConn transform, int64_t length)
{
    h->out = TSVConnWrite(TSTransformOutputVConnGet(transform), transform,
        h->reader, length);
}

/* It is too much to hold back: the header goes without its proof. */
static void
let_flow(holding *h, TSVConn transform)
{
    int64_t length = h->length >= 0 ? h->length : INT64_MAX;

    if (h->proving->trailers) {
        h->proving->state = CSN_GW_PROOF_TRAILER;
        (void)TSHttpTxnConfigIntSet(h->proving->txn,
            TS_CONFIG_HTTP_CHUNKING_ENABLED, 0);
        frame_held(h);
        length = INT64_MAX;
    }
    start_output(h, transform, length);
}

static bool
may_hold(holding *h, size_t len)
{
    if (h->taken + len > csn_gateway.settings.proof_limit ||
        !csn_gw_content_take(len))
        return false;
    h->taken += len;
    return true;
}

/* Take in what there is; returns how many octets. */
static int64_t
take_in(holding *h, TSVConn transform, TSVIO in)
{
    TSIOBufferReader from = TSVIOReaderGet(in);
    int64_t left = TSIOBufferReaderAvail(from);
    int64_t done = 0;

    if (left > TSVIONTodoGet(in))
        left = TSVIONTodoGet(in);
    while (left > 0) {
        int64_t len;
        const char *octets = TSIOBufferBlockReadStart(
            TSIOBufferReaderStart(from), from, &len);

        if (len > left)
            len = left;
        if (h->out == NULL && !may_hold(h, (size_t)len))
            let_flow(h, transform);
        put_content(h, (csn_span){ (const uint8_t *)octets, (size_t)len });
        TSIOBufferReaderConsume(from, len);
        left -= len;
        done += len;
    }
    TSVIONDoneSet(in, TSVIONDoneGet(in) + done);
    return done;
}

static void
put_trailer(holding *h)
{
    uint8_t room[CSN_INFO_SIZE];
    csn_writer out = csn_writer_init(room, sizeof(room));
    uint8_t digest[CSN_MAX_DIGEST];
    csn_span name = csn_layer_info_field(h->proving->layer);

    put(h, CSN_SPAN("0\r\n"));
    if (!h->spoiled && csn_openssl_hash_digest(h->hash, digest) == CSN_OK &&
        csn_server_proof_info(&h->proving->proof, CSN_PROOF_TRAILER, digest,
            &out) == CSN_OK &&
        out.len > 0) {
        put(h, name);
        put(h, CSN_SPAN(": "));
        put(h, (csn_span){ room, out.len });
        put(h, CSN_SPAN("\r\n"));
        csn_gw_count(&csn_gw_thread_self()->proofs[h->proving->layer]);
    }
    put(h, CSN_SPAN("\r\n"));
}

/* All of the content is there. */
static void
end(holding *h, TSVConn transform)
{
    h->ended = true;
    if (h->out == NULL) {
        if (!h->spoiled &&
            csn_openssl_hash_digest(h->hash, h->proving->digest) == CSN_OK)
            h->proving->state = CSN_GW_PROOF_KNOWN;
        start_output(h, transform, h->given);
        return;
    }
    if (h->proving->state == CSN_GW_PROOF_TRAILER)
        put_trailer(h);
    TSVIONBytesSet(h->out, h->given);
    TSVIOReenable(h->out);
}

static void
work(holding *h, TSVConn transform)
{
    TSVIO in = TSVConnWriteVIOGet(transform);
    int64_t done;

    if (h->ended)
        return;
    if (TSVIOBufferGet(in) == NULL) {
        /* Chunked content that is empty, and came with the header: the
         * engine (9.2.9) waits for a transform that it gives nothing to. */
        if (h->out == NULL && h->length < 0)
            end(h, transform);
        return;
    }
    done = take_in(h, transform, in);
    if (h->out != NULL)
        TSVIOReenable(h->out);
    if (TSVIONTodoGet(in) > 0) {
        if (done > 0)
            (void)TSContCall(TSVIOContGet(in), TS_EVENT_VCONN_WRITE_READY, in);
        return;
    }
    end(h, transform);
    (void)TSContCall(TSVIOContGet(in), TS_EVENT_VCONN_WRITE_COMPLETE, in);
}

static int
on_event(TSCont transform, TSEvent event, void *data)
{
    holding *h = TSContDataGet(transform);

    (void)data;
    if (TSVConnClosedGet(transform)) {
        if (h->out == NULL && h->proving->txn != NULL)
            give_up(h->proving->txn);
        holding_free(h);
        TSContDestroy(transform);
        return 0;
    }
    if (csn_gw_transform_has_work(transform, event))
        work(h, transform);
    return 0;
}

void
csn_gw_hold_response(TSHttpTxn txn, csn_gw_proving *proving, int64_t length)
{
    holding *h = calloc(1, sizeof(*h));
    TSVConn transform;

    if (h == NULL)
        return; /* the header then says what is true without */
    h->hash = csn_openssl_hash_new(csn_server_proof_hash(&proving->proof));
    if (h->hash == NULL) {
        free(h);
        return;
    }
    h->proving = proving;
    atomic_fetch_add(&proving->users, 1);
    h->length = length;
    h->buffer = TSIOBufferCreate();
    h->reader = TSIOBufferReaderAlloc(h->buffer);
    transform = TSTransformCreate(on_event, txn);
    TSContDataSet(transform, h);
    TSHttpTxnHookAdd(txn, TS_HTTP_RESPONSE_TRANSFORM_HOOK, transform);
    (void)TSContScheduleOnThread(transform, 0, TSEventThreadSelf());
}
