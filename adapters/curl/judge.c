// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "text.h"
#include "transfer.h"

/* What a response proves: the Info fields of both sections, and for auth-int
 * the content, held against what was sent. */

/*
 * A space of this user that proved itself before, to hold silence against.
 * Without a session nothing is known of its domain: it is the whole origin.
 */
static curl_space *
proved_space(const curl_leg *leg, csn_span path)
{
    if (leg->peer == NULL || leg->peer->user == NULL)
        return NULL;
    for (curl_space *space = leg->peer->spaces; space; space = space->next)
        if (csn_curl_text_same(space->user, leg->peer->user) &&
            (csn_client_space_seen(&space->space) & CSN_SEEN_PROOF) != 0 &&
            (leg->layer == CSN_LAYER_PROXY ||
                !csn_client_space_is_ready(&space->space) ||
                csn_client_space_covers(&space->space, path)))
            return space;
    return NULL;
}

/*
 * A realm never seen before says nothing by its silence, but the one who
 * names it may be an impostor of the server that proved itself in another:
 * the realm is his to choose. So under `expect` that proof is missed.
 */
static void
miss_proof(const curl_leg *leg, const csn_client_policy *policy, csn_span path,
    csn_client_result *result)
{
    if (policy->proof != CSN_PROOF_EXPECT ||
        result->proof != CSN_PROOF_ABSENT || proved_space(leg, path) == NULL)
        return;
    result->reason = CSN_R_PROOF_MISSED;
    result->deliver = false;
}

/* What a response that was no refusal shows about its nonce. */
static void
learn_reuse(const curl_leg *leg, curl_space *space)
{
    if (csn_client_attempt_count(&leg->attempt) > 1)
        space->reuse = REUSE_YES;
    else if (space->claim == leg)
        space->reuse = leg->result.nextnonce ? REUSE_NO : REUSE_YES;
    if (space->claim == leg)
        space->claim = NULL;
}

/* Under the lock. */
static void
verify(csn_curl_transfer *transfer, curl_leg *leg,
    const csn_client_response *response)
{
    csn_client_policy policy = csn_curl_leg_policy(transfer, leg);
    csn_span path = csn_curl_text_span(transfer->url.target);
    curl_space *own = leg->sent ? leg->space : NULL;
    curl_space *space = own != NULL ? own : proved_space(leg, path);

    csn_client_verify(&policy, space ? &space->space : NULL,
        own ? &leg->attempt : NULL, response, &leg->result);
    if (own == NULL)
        return;
    if (!csn_curl_transfer_is_refusal(transfer, leg)) {
        learn_reuse(leg, own);
        miss_proof(leg, &policy, path, &leg->result);
    }
    if (leg->result.proof == CSN_PROOF_PROVED) {
        leg->peer->seen |= csn_client_space_seen(&own->space);
        csn_curl_session_record_proof(transfer->session, leg->peer, own);
    }
}

/*
 * H(content) of the response, when all of it came: of a CONNECT's 2xx it is
 * that of nothing (C-55), and what comes with another status libcurl drops.
 */
static const uint8_t *
response_digest(csn_curl_transfer *transfer, const curl_leg *leg,
    uint8_t digest[CSN_MAX_DIGEST])
{
    csn_hash hash;

    hash = csn_algorithm_hash(csn_client_attempt_algorithm(&leg->attempt));
    if (transfer->state == STATE_CONNECTING)
        return transfer->head.status / 100 == 2 &&
                transfer->session->crypto->digest(hash, NULL, 0, digest) ==
                    CSN_OK
            ? digest
            : NULL;
    return csn_curl_held_digest(transfer, hash, digest) ? digest : NULL;
}

static const char *
uri_of(const csn_curl_transfer *transfer)
{
    return transfer->state == STATE_CONNECTING
        ? transfer->url.connect
        : csn_curl_transfer_target(transfer);
}

static void
tell(const csn_curl_transfer *transfer, const curl_leg *leg)
{
    csn_curl_note_leg(transfer, leg,
        (csn_curl_note){ .kind = CSN_CURL_JUDGED,
            .status = transfer->head.status,
            .proof = leg->result.proof,
            .reason = leg->result.reason,
            .qop = csn_curl_leg_qop(leg),
            .content = csn_curl_leg_content_proved(leg),
            .nextnonce = leg->result.nextnonce });
}

csn_qop
csn_curl_leg_qop(const curl_leg *leg)
{
    return leg->sent ? csn_client_attempt_qop(&leg->attempt) : CSN_QOP_NONE;
}

bool
csn_curl_leg_content_proved(const curl_leg *leg)
{
    return leg->result.proof == CSN_PROOF_PROVED &&
        csn_curl_leg_qop(leg) == CSN_QOP_AUTH_INT;
}

csn_status
csn_curl_leg_judge(csn_curl_transfer *transfer, curl_leg *leg, bool aloud)
{
    csn_span name = csn_layer_info_field(leg->layer);
    csn_client_response response = { .status = transfer->head.status,
        .uri = csn_curl_text_span(uri_of(transfer)) };
    uint8_t digest[CSN_MAX_DIGEST];
    csn_span *header = NULL;
    csn_span *trailer = NULL;
    csn_status status = csn_curl_head_values(&transfer->head, name, &header,
        &response.header_count);

    if (status == CSN_OK)
        status = csn_curl_head_values(&transfer->trailer, name, &trailer,
            &response.trailer_count);
    if (status == CSN_OK) {
        response.header = header;
        response.trailer = trailer;
        response.content_digest = leg->sent
            ? response_digest(transfer, leg, digest)
            : NULL;
        pthread_mutex_lock(&transfer->session->lock);
        verify(transfer, leg, &response);
        pthread_mutex_unlock(&transfer->session->lock);
        leg->pending = false;
    }
    if (status == CSN_OK && aloud)
        tell(transfer, leg);
    free(header);
    free(trailer);
    return status;
}
