// SPDX-License-Identifier: MIT
#include "content/prove.h"
#include "present/present.h"

#include <countersign/field.h>

#include <stdlib.h>
#include <string.h>

/* TE: trailers, of a client that can be sent some: the engine (9.2) has no
 * way to send them in HTTP/2. */
static bool
takes_trailers(const csn_gw_request *req)
{
    csn_span lines[4];
    size_t count = csn_gw_field_lines(&req->header, CSN_GW_KNOWN(TE), lines,
        4);

    if (TSHttpHdrVersionGet(req->header.buffer, req->header.at) !=
            TS_HTTP_VERSION(1, 1) ||
        TSHttpTxnClientProtocolStackContains(req->txn, "h2") != NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        csn_span rest = lines[i];
        csn_span option;

        while (csn_gw_next_option(&rest, &option)) {
            if (csn_name_equal(option, CSN_SPAN("trailers")))
                return true;
        }
    }
    return false;
}

static bool
is_method(const csn_gw_request *req, csn_span name)
{
    csn_span method = req->target.target.method;

    return method.len == name.len &&
        memcmp(method.ptr, name.ptr, name.len) == 0;
}

csn_gw_proving *
csn_gw_proving_make(const csn_gw_request *req)
{
    const csn_server_exchange *exchange = &req->thread->exchange;
    size_t size = csn_server_proof_size(exchange);
    csn_gw_proving *proving = calloc(1, sizeof(*proving) + size);

    if (proving == NULL)
        return NULL;
    if (csn_server_proof_init(&proving->proof, exchange, proving->memory,
            size) != CSN_OK) {
        free(proving);
        return NULL;
    }
    proving->layer = req->listen->layer;
    proving->users = 1;
    proving->txn = req->txn;
    proving->head = is_method(req, CSN_SPAN("HEAD"));
    proving->connect = is_method(req, CSN_SPAN("CONNECT"));
    proving->trailers = takes_trailers(req);
    return proving;
}

void
csn_gw_proving_drop(csn_gw_proving *proving)
{
    if (proving == NULL || atomic_fetch_sub(&proving->users, 1) > 1)
        return;
    csn_server_proof_wipe(&proving->proof);
    free(proving);
}

static void
know(csn_gw_proving *proving, csn_span content)
{
    if (csn_gateway.crypto->digest(csn_server_proof_hash(&proving->proof),
            &content, 1, proving->digest) == CSN_OK)
        proving->state = CSN_GW_PROOF_KNOWN;
}

/* Whether such a response has no content by nature (C-55). */
static bool
is_bare(const csn_gw_proving *proving, TSHttpStatus status)
{
    return proving->head || status == TS_HTTP_STATUS_NO_CONTENT ||
        status == TS_HTTP_STATUS_NOT_MODIFIED ||
        (proving->connect && status / 100 == 2);
}

enum { CHUNKED = -1, UNFRAMED = -2 };

/* The length an upstream's header gives its content, or one of these: with
 * none, the connection's end is the content's. */
static int64_t
framed_length(const csn_gw_header *header)
{
    csn_span value;
    uint64_t length = UINT64_MAX;

    if (csn_gw_field_value(header, CSN_GW_KNOWN(TRANSFER_ENCODING), &value))
        return CHUNKED;
    if (csn_gw_field_value(header, CSN_GW_KNOWN(CONTENT_LENGTH), &value))
        length = csn_gw_length_parse(value);
    return length != UINT64_MAX ? (int64_t)length : UNFRAMED;
}

/*
 * Content that ends with the connection is not proved: how that ended does
 * not reach the plugin, and a part must never pass for the whole.
 */
static void
look_at(TSHttpTxn txn, const csn_gw_txn *kept, csn_gw_held *held,
    const csn_gw_header *header)
{
    csn_gw_proving *proving = kept->proving;
    TSHttpStatus status = TSHttpHdrStatusGet(header->buffer, header->at);
    int64_t length = framed_length(header);

    if (status < TS_HTTP_STATUS_OK)
        return;
    if (kept->inner) {
        if (length == UNFRAMED)
            csn_gw_held_note_unframed(held);
        return;
    }
    proving->answered = true;
    if (is_bare(proving, status) || length == UNFRAMED ||
        csn_gw_held_is_unframed(held))
        return;
    if (length == 0)
        know(proving, CSN_SPAN(""));
    else if (proving->trailers || length == CHUNKED ||
        (size_t)length <= csn_gateway.settings.proof_limit)
        csn_gw_hold_response(txn, proving, length);
}

int
csn_gw_on_upstream(TSHttpTxn txn)
{
    const csn_gw_txn *own = TSUserArgGet(txn, csn_gateway.txn_index);
    const csn_gw_txn *kept = csn_gw_txn_get(txn);
    csn_gw_header header;

    if (kept != NULL && (kept->proving != NULL || kept->inner) &&
        !csn_gw_present_keeps(txn) &&
        TSHttpTxnServerRespGet(txn, &header.buffer, &header.at) ==
            TS_SUCCESS) {
        look_at(txn, kept, own->held, &header);
        TSHandleMLocRelease(header.buffer, TS_NULL_MLOC, header.at);
    }
    TSHttpTxnReenable(txn, TS_EVENT_HTTP_CONTINUE);
    return 0;
}

bool
csn_gw_has_upstream(TSHttpTxn txn)
{
    csn_gw_header header;

    if (TSHttpTxnServerRespGet(txn, &header.buffer, &header.at) != TS_SUCCESS)
        return false;
    TSHandleMLocRelease(header.buffer, TS_NULL_MLOC, header.at);
    return true;
}

/* Whether the engine makes this response: it had none from upstream, or none
 * that it could read. */
static bool
is_own(TSHttpTxn txn, const csn_gw_proving *proving, TSHttpStatus status)
{
    return !csn_gw_has_upstream(txn) ||
        (!proving->answered && status >= TS_HTTP_STATUS_BAD_REQUEST);
}

/* The engine puts chunks of its own around what a transform gives, without a
 * trailer. So it is told to send that as it is, and the transform makes the
 * chunks; it closes the connection then. */
static void
announce_trailer(const csn_gw_header *header, csn_span name)
{
    csn_span framing[2] = { CSN_GW_KNOWN(CONTENT_LENGTH),
        CSN_GW_KNOWN(TRANSFER_ENCODING) };

    (void)csn_gw_fields_remove(header, framing, 2);
    csn_gw_field_append(header, framing[1], CSN_SPAN("chunked"));
    csn_gw_field_append(header, CSN_SPAN("Trailer"), name);
}

void
csn_gw_proving_write(TSHttpTxn txn, const csn_gw_header *header,
    csn_gw_proving *proving, TSHttpStatus status)
{
    csn_span name = csn_layer_info_field(proving->layer);
    bool trailer = proving->state == CSN_GW_PROOF_TRAILER;
    char body[64];
    uint8_t room[CSN_INFO_SIZE];
    csn_writer out = csn_writer_init(room, sizeof(room));
    bool known;

    if (is_bare(proving, status))
        know(proving, CSN_SPAN(""));
    else if (is_own(txn, proving, status))
        know(proving, csn_gw_status_body_set(txn, (unsigned)status, body));
    known = proving->state == CSN_GW_PROOF_KNOWN;
    if (trailer)
        announce_trailer(header, name);
    if (csn_server_proof_info(&proving->proof,
            trailer ? CSN_PROOF_NEXTNONCE : CSN_PROOF_ALL,
            known ? proving->digest : NULL, &out) != CSN_OK ||
        out.len == 0)
        return;
    csn_gw_field_append(header, name, (csn_span){ room, out.len });
    if (known)
        csn_gw_count(&csn_gw_thread_self()->proofs[proving->layer]);
}
