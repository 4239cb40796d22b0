// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "transfer.h"

/* Let go of the space the last attempt was made from. Under the lock. */
static void
release(curl_leg *leg)
{
    if (leg->space != NULL) {
        leg->space->refs--;
        if (leg->space->claim == leg)
            leg->space->claim = NULL;
    }
    leg->space = NULL;
    leg->sent = false;
    leg->reserved = false;
}

static void
hold(curl_leg *leg, curl_space *space)
{
    release(leg);
    leg->space = space;
    space->claim = leg;
    space->refs++;
}

void
csn_curl_leg_free(csn_curl_session *session, curl_leg *leg)
{
    pthread_mutex_lock(&session->lock);
    release(leg);
    pthread_mutex_unlock(&session->lock);
    csn_curl_text_wipe(leg->field, sizeof(leg->field));
    csn_curl_text_wipe(&leg->attempt, sizeof(leg->attempt));
    free(leg->peer_name);
    leg->peer_name = NULL;
}

void
csn_curl_leg_done(csn_curl_session *session, curl_leg *leg)
{
    pthread_mutex_lock(&session->lock);
    if (leg->space != NULL && leg->space->claim == leg)
        leg->space->claim = NULL;
    pthread_mutex_unlock(&session->lock);
}

csn_status
csn_curl_leg_aim(csn_curl_session *session, curl_leg *leg,
    const curl_url_parts *peer, bool may_log_in)
{
    csn_curl_leg_free(session, leg);
    leg->used = peer != NULL;
    leg->peer = NULL;
    leg->retries = 0;
    memset(&leg->result, 0, sizeof(leg->result));
    leg->result.proof = CSN_PROOF_ABSENT;
    leg->result.reason = CSN_R_NOT_CHALLENGED;
    if (peer == NULL)
        return CSN_OK;
    if (may_log_in)
        leg->peer = csn_curl_session_find_peer(session, leg->layer, peer);
    leg->peer_name = csn_curl_text_join("%s://%s", peer->scheme,
        peer->connect);
    return leg->peer_name ? CSN_OK : CSN_E_MEMORY;
}

static csn_client_policy
policy_of(const csn_curl_transfer *transfer, const curl_leg *leg)
{
    csn_client_policy policy = transfer->session->policy;

    policy.proof = leg->proof;
    return policy;
}

/* `Name: credentials`, or `Name:`, which libcurl sends nothing for. */
static csn_writer
field_begin(curl_leg *leg)
{
    csn_span name = csn_layer_credentials_field(leg->layer);
    csn_writer out = csn_writer_init((uint8_t *)leg->field,
        sizeof(leg->field) - 1);

    memcpy(leg->field, name.ptr, name.len);
    leg->field[name.len] = ':';
    leg->field[name.len + 1] = '\0';
    out.len = name.len + 1;
    return out;
}

static void
field_empty(curl_leg *leg)
{
    csn_writer out = field_begin(leg);

    csn_curl_text_wipe(leg->field + out.len, sizeof(leg->field) - out.len);
}

/* Credentials from `space`, which is held. Under the lock. */
static csn_status
authorize(csn_curl_transfer *transfer, curl_leg *leg, curl_space *space,
    const char *method, const char *uri)
{
    csn_writer out = field_begin(leg);
    csn_status status;

    hold(leg, space);
    leg->field[out.len++] = ' ';
    status = csn_client_authorize(&space->space, transfer->session->crypto,
        csn_curl_text_span(method), csn_curl_text_span(uri), NULL, &out,
        &leg->attempt);
    if (status != CSN_OK) {
        release(leg);
        field_empty(leg);
        return status;
    }
    leg->field[out.len] = '\0';
    leg->sent = true;
    return CSN_OK;
}

/* The session to answer with before being asked (F-48), if there is one. */
static curl_space *
ready_space(const curl_leg *leg, const char *path)
{
    curl_space *space = leg->peer ? leg->peer->current : NULL;

    if (space == NULL || !csn_client_space_is_ready(&space->space))
        return NULL;
    if (leg->layer == CSN_LAYER_ORIGIN &&
        !csn_client_space_covers(&space->space, csn_curl_text_span(path)))
        return NULL;
    if (space->reuse != REUSE_YES && space->claim != NULL &&
        space->claim != leg)
        return NULL;
    return space;
}

static csn_status
write_unasked(csn_curl_transfer *transfer, curl_leg *leg, const char *method,
    const char *uri)
{
    curl_space *space = ready_space(leg, transfer->url.target);
    csn_status status;

    release(leg);
    field_empty(leg);
    if (space == NULL)
        return CSN_OK;
    status = authorize(transfer, leg, space, method, uri);
    if (status == CSN_E_EXHAUSTED) {
        /* No count is left: ask for a new nonce by sending none (C-29). */
        csn_client_forget(&space->space);
        status = CSN_OK;
    }
    return status;
}

csn_status
csn_curl_leg_write(csn_curl_transfer *transfer, curl_leg *leg,
    const char *method, const char *uri)
{
    csn_status status = CSN_OK;

    if (leg->reserved) {
        leg->reserved = false;
        leg->sent = true;
    } else {
        pthread_mutex_lock(&transfer->session->lock);
        status = write_unasked(transfer, leg, method, uri);
        pthread_mutex_unlock(&transfer->session->lock);
    }
    if (leg->sent)
        csn_curl_note_leg(transfer, leg,
            (csn_curl_note){ .kind = CSN_CURL_SENT,
                .method = method,
                .uri = uri,
                .algorithm = csn_client_attempt_algorithm(&leg->attempt),
                .count = csn_client_attempt_count(&leg->attempt) });
    return status;
}

/* The chosen challenge's realm without its backslashes; NULL: no memory. */
static char *
realm_of(const csn_client_choice *choice)
{
    uint8_t octets[CSN_MAX_VALUE];
    csn_writer out = csn_writer_init(octets, sizeof(octets));

    csn_value_unescape(&choice->challenge.realm, &out);
    return out.overflow ? NULL : csn_curl_text_of_span(csn_writer_span(&out));
}

/*
 * A new session from the challenge, and at once the answer to it: the first
 * count of a nonce belongs to the request that was challenged.
 */
static csn_status
take_challenge(csn_curl_transfer *transfer, curl_leg *leg, const char *realm,
    const csn_client_choice *choice, const char *method, const char *uri)
{
    curl_space *space = NULL;
    csn_status status = csn_curl_session_space(leg->peer, realm, &space);

    if (status == CSN_OK)
        status = csn_client_accept(&space->space, transfer->session->crypto,
            &transfer->session->policy, choice,
            csn_curl_text_span(leg->peer->password));
    if (status != CSN_OK)
        return status;
    leg->peer->current = space;
    leg->peer->seen |= csn_client_space_seen(&space->space);
    status = authorize(transfer, leg, space, method, uri);
    leg->sent = false;
    leg->reserved = status == CSN_OK;
    return status;
}

/* Under the lock. */
static csn_status
answer(csn_curl_transfer *transfer, curl_leg *leg, const csn_span *lines,
    size_t count, const char *method, const char *uri, csn_reason *why,
    csn_curl_note *note)
{
    csn_client_policy policy = policy_of(transfer, leg);
    const csn_client_attempt *sent = leg->sent ? &leg->attempt : NULL;
    csn_client_choice choice;
    char *realm;
    csn_status status;

    if (leg->peer->user == NULL) { /* logged out meanwhile */
        *why = CSN_R_NO_CREDENTIALS;
        return CSN_E_REFUSED;
    }
    status = csn_client_choose(&policy, leg->peer->seen, lines, count, &choice,
        why);
    if (status != CSN_OK)
        return status;
    leg->peer->seen |= choice.seen;
    realm = realm_of(&choice);
    if (realm == NULL)
        return CSN_E_LIMIT;
    status = csn_client_decide(&policy, sent, leg->retries, &choice, why);
    if (status == CSN_OK) {
        note->stale = sent != NULL &&
            csn_curl_text_same(realm, leg->space->realm);
        note->algorithm = choice.challenge.algorithm;
        status = take_challenge(transfer, leg, realm, &choice, method, uri);
    } else if (sent != NULL) {
        /* What was refused is not sent again, unasked, the next time. */
        csn_client_forget(&leg->space->space);
    }
    free(realm);
    return status;
}

bool
csn_curl_leg_challenged(csn_curl_transfer *transfer, curl_leg *leg,
    const char *method, const char *uri, csn_reason *why)
{
    csn_curl_note note = { .kind = CSN_CURL_CHALLENGED,
        .method = method,
        .uri = uri,
        .status = transfer->head.status };
    csn_span *lines = NULL;
    size_t count = 0;
    csn_status status;

    if (leg->peer == NULL) {
        *why = CSN_R_NO_CREDENTIALS;
        return false;
    }
    *why = CSN_R_INTERNAL;
    status = csn_curl_head_values(&transfer->head,
        csn_layer_challenge_field(leg->layer), &lines, &count);
    if (status == CSN_OK) {
        pthread_mutex_lock(&transfer->session->lock);
        status = answer(transfer, leg, lines, count, method, uri, why, &note);
        pthread_mutex_unlock(&transfer->session->lock);
    }
    free(lines);
    if (status != CSN_OK)
        return false;
    leg->retries++;
    csn_curl_note_leg(transfer, leg, note);
    return true;
}

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

static unsigned
refusal_of(const curl_leg *leg)
{
    return leg->layer == CSN_LAYER_PROXY ? 407 : 401;
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
    csn_client_policy policy = policy_of(transfer, leg);
    csn_span path = csn_curl_text_span(transfer->url.target);
    curl_space *own = leg->sent ? leg->space : NULL;
    curl_space *space = own != NULL ? own : proved_space(leg, path);

    csn_client_verify(&policy, space ? &space->space : NULL,
        own ? &leg->attempt : NULL, response, &leg->result);
    if (own == NULL)
        return;
    if (response->status != refusal_of(leg)) {
        learn_reuse(leg, own);
        miss_proof(leg, &policy, path, &leg->result);
    }
    if (leg->result.proof == CSN_PROOF_PROVED) {
        leg->peer->seen |= csn_client_space_seen(&own->space);
        csn_curl_session_record_proof(transfer->session, leg->peer, own);
    }
}

csn_status
csn_curl_leg_judge(csn_curl_transfer *transfer, curl_leg *leg, bool tell)
{
    csn_span name = csn_layer_info_field(leg->layer);
    csn_client_response response = { .status = transfer->head.status };
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
        pthread_mutex_lock(&transfer->session->lock);
        verify(transfer, leg, &response);
        pthread_mutex_unlock(&transfer->session->lock);
    }
    if (status == CSN_OK && tell)
        csn_curl_note_leg(transfer, leg,
            (csn_curl_note){ .kind = CSN_CURL_JUDGED,
                .status = response.status,
                .proof = leg->result.proof,
                .reason = leg->result.reason,
                .nextnonce = leg->result.nextnonce });
    free(header);
    free(trailer);
    return status;
}
