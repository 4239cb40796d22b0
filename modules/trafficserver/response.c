// SPDX-License-Identifier: MIT
#include "content/prove.h"
#include "present/present.h"
#include "relay.h"
#include "content/unread.h"

#include <string.h>

/* TS_HTTP_SEND_RESPONSE_HDR: the challenge, or the proof. */

static void
append_lines(const csn_gw_header *header, const csn_gw_txn *kept,
    csn_span name)
{
    size_t offset = 0;

    for (size_t i = 0; i < kept->line_count; i++) {
        csn_span value = { (const uint8_t *)kept->text + offset,
            kept->line_len[i] };

        csn_gw_field_append(header, name, value);
        offset += kept->line_len[i];
    }
}

/* G-18: whether upstream's Connection names its Authentication-Info. The
 * engine drops the Connection field, but not what it lists. */
static bool
upstream_withdraws_info(TSHttpTxn txn)
{
    csn_gw_header upstream;
    bool listed;

    if (TSHttpTxnServerRespGet(txn, &upstream.buffer, &upstream.at) !=
        TS_SUCCESS)
        return false;
    listed = csn_gw_connection_lists(&upstream,
        csn_layer_info_field(CSN_LAYER_ORIGIN));
    TSHandleMLocRelease(upstream.buffer, TS_NULL_MLOC, upstream.at);
    return listed;
}

static TSHttpStatus
replace(const csn_gw_header *header)
{
    static const char reason[] = "Bad Gateway";

    (void)TSHttpHdrStatusSet(header->buffer, header->at,
        TS_HTTP_STATUS_BAD_GATEWAY);
    (void)TSHttpHdrReasonSet(header->buffer, header->at, reason,
        (int)strlen(reason));
    return TS_HTTP_STATUS_BAD_GATEWAY;
}

/* The engine answers 500 when a name is not known: not a fault of its own. */
static bool
is_unknown_host(TSHttpTxn txn, const csn_gw_header *header)
{
    static const char reason[] = "Cannot find server.";
    int len;
    const char *text = TSHttpHdrReasonGet(header->buffer, header->at, &len);

    return !csn_gw_has_upstream(txn) && len == (int)strlen(reason) &&
        memcmp(text, reason, strlen(reason)) == 0;
}

/* A 407 that is not ours has no one to answer it (G-12, B-03). */
static TSHttpStatus
replace_status(TSHttpTxn txn, const csn_gw_header *header, TSHttpStatus status)
{
    char body[64];

    if (status == TS_HTTP_STATUS_PROXY_AUTHENTICATION_REQUIRED)
        return replace(header);
    if (status != TS_HTTP_STATUS_INTERNAL_SERVER_ERROR ||
        !is_unknown_host(txn, header))
        return status;
    csn_gw_refuse_late(txn, TS_HTTP_STATUS_BAD_GATEWAY, CSN_GW_R_UNKNOWN_HOST);
    (void)csn_gw_status_body_set(txn, TS_HTTP_STATUS_BAD_GATEWAY, body);
    return replace(header);
}

/*
 * Trailers are dropped, for they could bring an upstream's Info field (G-15).
 * The engine (9.2.9) then waits for octets that never come, and the connection
 * with it: where trailers are announced the client is told to close it.
 */
static void
close_after_trailers(TSHttpTxn txn, const csn_gw_header *header)
{
    if (TSHttpTxnClientProtocolStackContains(txn, "h2") == NULL)
        csn_gw_say_close(header);
}

/*
 * Remove what must not reach the client: an upstream's own
 * Proxy-Authentication-Info (G-13, G-15), before an application its
 * Authentication-Info too (G-28), and word of trailers.
 */
static void
remove_upstreams(TSHttpTxn txn, const csn_gw_header *header,
    const csn_gw_txn *kept)
{
    enum { TRAILER = 0, ALL = 3 };
    const csn_span names[ALL] = {
        [TRAILER] = CSN_LIT("Trailer"),
        CSN_LIT("Proxy-Authentication-Info"),
        CSN_LIT("Authentication-Info"),
    };
    bool info_too = kept->layer == CSN_LAYER_ORIGIN ||
        upstream_withdraws_info(txn);
    unsigned removed = csn_gw_fields_remove(header, names,
        info_too ? ALL : ALL - 1);

    if ((removed & 1u << TRAILER) != 0)
        close_after_trailers(txn, header);
}

/* The response to a request whose credentials were right. */
static void
prove(TSHttpTxn txn, const csn_gw_header *header, const csn_gw_txn *kept,
    TSHttpStatus status)
{
    char body[64];

    remove_upstreams(txn, header, kept);
    if (kept->relayed) {
        csn_gw_relay_answer(txn, header, kept);
        return;
    }
    status = replace_status(txn, header, status);
    csn_gw_present_end(txn, (unsigned)status);
    if (kept->inner) { /* the client's own transaction proves it */
        /* The engine would send the content that it holds (present/content.c). */
        if (!csn_gw_has_upstream(txn) || csn_gw_present_is_unheard(txn))
            (void)csn_gw_status_body_set(txn, (unsigned)status, body);
        return;
    }
    if (kept->layer == CSN_LAYER_ORIGIN) {
        if (status == TS_HTTP_STATUS_UNAUTHORIZED)
            return; /* E-04, E-06 */
        csn_gw_keep_private(header, kept->proving != NULL);
    }
    if (kept->proving != NULL) {
        csn_gw_proving_write(txn, header, kept->proving, status);
        return;
    }
    if (kept->line_count == 0)
        return; /* nobody was asked who he is */
    append_lines(header, kept, csn_layer_info_field(kept->layer));
    csn_gw_count(&csn_gw_thread_self()->proofs[kept->layer]);
}

/* What a refusal carries: challenges, or when to come again. */
static void
refuse(const csn_gw_header *header, const csn_gw_txn *kept)
{
    char text[16];
    int len;

    append_lines(header, kept, csn_layer_challenge_field(kept->layer));
    if (kept->retry_after_s == 0)
        return;
    len = snprintf(text, sizeof(text), "%u", (unsigned)kept->retry_after_s);
    csn_gw_field_append(header, CSN_GW_KNOWN(RETRY_AFTER),
        (csn_span){ (const uint8_t *)text, (size_t)len });
}

/* The engine's answer while a request is held, before it was judged. */
static bool
is_early(const csn_gw_txn *kept, TSHttpStatus status)
{
    return !kept->allowed && kept->held != NULL && status >= TS_HTTP_STATUS_OK;
}

int
csn_gw_on_response(TSHttpTxn txn)
{
    const csn_gw_txn *kept = csn_gw_txn_get(txn);
    csn_gw_header header;

    if (TSHttpTxnClientRespGet(txn, &header.buffer, &header.at) ==
        TS_SUCCESS) {
        TSHttpStatus status;

        csn_gw_present_replace(txn, &header);
        status = TSHttpHdrStatusGet(header.buffer, header.at);

        if (kept == NULL || is_early(kept, status))
            csn_gw_note_engine(txn, (unsigned)status);
        else if (!kept->allowed)
            refuse(&header, kept);
        else if (status >= TS_HTTP_STATUS_OK)
            prove(txn, &header, kept, status);
        else /* E-10: no proof in 1xx, nor anybody else's (101) */
            remove_upstreams(txn, &header, kept);
        if (csn_gateway.settings.open_count > 0 && status >= TS_HTTP_STATUS_OK)
            csn_gw_open_tell(txn, &header,
                (unsigned)TSHttpHdrStatusGet(header.buffer, header.at));
        TSHandleMLocRelease(header.buffer, TS_NULL_MLOC, header.at);
    }
    TSHttpTxnReenable(txn, TS_EVENT_HTTP_CONTINUE);
    return 0;
}

int
csn_gw_on_close(TSHttpTxn txn)
{
    csn_gw_txn *kept = TSUserArgGet(txn, csn_gateway.txn_index);
    const csn_gw_txn *judged = csn_gw_txn_get(txn);

    if (kept != NULL) {
        if (judged->proving != NULL)
            judged->proving->txn = NULL;
        if (kept->held != NULL && !kept->inner)
            csn_gw_held_close(kept->held);
        csn_gw_txn_free(kept);
        csn_gw_count(&csn_gw_thread_self()->ended);
    }
    TSHttpTxnReenable(txn, TS_EVENT_HTTP_CONTINUE);
    return 0;
}
