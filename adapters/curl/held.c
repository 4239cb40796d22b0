// SPDX-License-Identifier: MIT
#include <countersign/field.h>

#include <stdlib.h>

#include "text.h"
#include "transfer.h"

/*
 * A response whose proof covers its content, or comes behind it: hashed as it
 * arrives, content codings in place (C-53), and held until the proof was
 * judged (F-24), unless the policy is to report only.
 */

/* Whether a comma-separated list of names has one. */
static bool
list_has(csn_span list, csn_span name)
{
    size_t at = 0;

    while (at < list.len) {
        size_t end = at;
        size_t last;

        while (end < list.len && list.ptr[end] != ',')
            end++;
        last = end;
        while (at < last && (list.ptr[at] == ' ' || list.ptr[at] == '\t'))
            at++;
        while (last > at &&
            (list.ptr[last - 1] == ' ' || list.ptr[last - 1] == '\t'))
            last--;
        if (csn_name_equal((csn_span){ list.ptr + at, last - at }, name))
            return true;
        at = end + 1;
    }
    return false;
}

/* Whether the field `Trailer` promises an Info field: RFC 9110, 6.6.2. */
static bool
is_announced(const csn_curl_transfer *transfer, const curl_leg *leg,
    bool *announced)
{
    csn_span *values = NULL;
    size_t count = 0;
    csn_status status = csn_curl_head_values(&transfer->head,
        CSN_SPAN("Trailer"), &values, &count);

    *announced = false;
    for (size_t i = 0; i < count; i++)
        *announced = *announced ||
            list_has(values[i], csn_layer_info_field(leg->layer));
    free(values);
    return status == CSN_OK;
}

/* Whether a layer's credentials have an answer in this response at all. */
static bool
is_answered(const csn_curl_transfer *transfer, const curl_leg *leg)
{
    if (!leg->used || !leg->sent ||
        csn_curl_transfer_is_refusal(transfer, leg))
        return false;
    if (leg->layer == CSN_LAYER_PROXY)
        return !transfer->tunnel;
    /* A proxy's 407 is not the origin's word. */
    return !transfer->proxied || transfer->tunnel ||
        !csn_curl_transfer_is_refusal(transfer, &transfer->proxy_leg);
}

static bool
begin_leg(csn_curl_transfer *transfer, curl_leg *leg)
{
    bool covers = csn_curl_leg_qop(leg) == CSN_QOP_AUTH_INT;
    csn_openssl_hash **hash;

    if (!is_answered(transfer, leg))
        return true;
    if (covers)
        leg->at_end = true;
    else if (!is_announced(transfer, leg, &leg->at_end))
        return false;
    leg->pending = leg->at_end;
    if (leg->pending && leg->proof != CSN_PROOF_OFF)
        transfer->waiting = true;
    if (!covers)
        return true;
    hash = &transfer->hashes[csn_algorithm_hash(
        csn_client_attempt_algorithm(&leg->attempt))];
    if (*hash == NULL)
        *hash = csn_openssl_hash_new(
            csn_algorithm_hash(csn_client_attempt_algorithm(&leg->attempt)));
    return *hash != NULL;
}

bool
csn_curl_held_begin(csn_curl_transfer *transfer)
{
    return begin_leg(transfer, &transfer->proxy_leg) &&
        begin_leg(transfer, &transfer->origin);
}

bool
csn_curl_held_hash(csn_curl_transfer *transfer, csn_span octets)
{
    for (size_t i = 0; i < CSN_HASH_COUNT; i++)
        if (transfer->hashes[i] != NULL &&
            csn_openssl_hash_update(transfer->hashes[i], octets) != CSN_OK) {
            csn_curl_transfer_fail(transfer, CURLE_OUT_OF_MEMORY);
            return false;
        }
    return true;
}

/* Whether the response says itself that it is too long. */
static bool
announces_more(const csn_curl_transfer *transfer, uint64_t max)
{
    curl_off_t length = -1;

    return curl_easy_getinfo(transfer->easy,
               CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length) == CURLE_OK &&
        length > 0 && (uint64_t)length > max;
}

bool
csn_curl_held_add(csn_curl_transfer *transfer, csn_span octets)
{
    uint64_t max = transfer->request.held_max ? transfer->request.held_max
                                              : CSN_CURL_HELD_MAX;
    curl_spool *held = &transfer->held;

    if (held->size > max || octets.len > max - held->size ||
        (held->size == 0 && announces_more(transfer, max))) {
        csn_curl_transfer_end_with(transfer, CSN_CURL_UNPROVED,
            transfer->origin.pending ? CSN_LAYER_ORIGIN : CSN_LAYER_PROXY,
            CSN_R_CONTENT_TOO_LARGE);
        return false;
    }
    if (csn_curl_spool_add(held, octets.ptr, octets.len) == CSN_OK)
        return true;
    csn_curl_transfer_fail(transfer, CURLE_WRITE_ERROR);
    return false;
}

bool
csn_curl_held_digest(const csn_curl_transfer *transfer, csn_hash hash,
    uint8_t digest[CSN_MAX_DIGEST])
{
    return transfer->whole && transfer->hashes[hash] != NULL &&
        csn_openssl_hash_digest(transfer->hashes[hash], digest) == CSN_OK;
}

static bool
deliver_trailer(csn_curl_transfer *transfer)
{
    for (size_t i = 0; i < transfer->trailer.lines; i++)
        if (!csn_curl_transfer_send_line(transfer,
                csn_curl_head_line(&transfer->trailer, i))) {
            csn_curl_transfer_fail(transfer, CURLE_WRITE_ERROR);
            return false;
        }
    return true;
}

bool
csn_curl_held_deliver(csn_curl_transfer *transfer)
{
    char chunk[CURL_MAX_WRITE_SIZE];
    uint64_t at = 0;
    size_t got;

    do {
        if (csn_curl_spool_read(&transfer->held, at, chunk, sizeof(chunk),
                &got) != CSN_OK) {
            csn_curl_transfer_fail(transfer, CURLE_READ_ERROR);
            return false;
        }
        if (got != 0 && !csn_curl_transfer_pass(transfer, chunk, got))
            return false;
        at += got;
    } while (got != 0);
    return deliver_trailer(transfer);
}

static void
reset_leg(curl_leg *leg)
{
    leg->at_end = false;
    leg->pending = false;
}

void
csn_curl_held_reset(csn_curl_transfer *transfer)
{
    for (size_t i = 0; i < CSN_HASH_COUNT; i++) {
        csn_openssl_hash_free(transfer->hashes[i]);
        transfer->hashes[i] = NULL;
    }
    csn_curl_spool_free(&transfer->held);
    csn_curl_decoder_free(&transfer->decoder);
    transfer->waiting = false;
    transfer->whole = false;
    reset_leg(&transfer->origin);
    reset_leg(&transfer->proxy_leg);
}
