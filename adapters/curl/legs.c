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
    leg->unanswered = false;
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

csn_client_policy
csn_curl_leg_policy(const csn_curl_transfer *transfer, const curl_leg *leg)
{
    csn_client_policy policy = transfer->session->policy;

    policy.proof = leg->proof;
    policy.require_int = leg->integrity == CSN_CURL_INTEGRITY_REQUIRE;
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

csn_status
csn_curl_leg_authorize(csn_curl_transfer *transfer, curl_leg *leg,
    curl_space *space, const curl_asked *ask, const uint8_t *digest)
{
    csn_writer out = field_begin(leg);
    csn_status status;

    hold(leg, space);
    leg->field[out.len++] = ' ';
    status = csn_client_authorize(&space->space, transfer->session->crypto,
        csn_curl_text_span(ask->method), csn_curl_text_span(ask->uri), digest,
        &out, &leg->attempt);
    if (status != CSN_OK) {
        release(leg);
        field_empty(leg);
        return status;
    }
    leg->field[out.len] = '\0';
    leg->sent = true;
    return CSN_OK;
}

/* Spaces of earlier users have no session any more (csn_curl_login). */
static bool
is_usable(const curl_leg *leg, const curl_space *space, csn_span path)
{
    if (!csn_client_space_is_ready(&space->space))
        return false;
    if (leg->layer == CSN_LAYER_ORIGIN &&
        !csn_client_space_covers(&space->space, path))
        return false;
    return space->reuse == REUSE_YES || space->claim == NULL ||
        space->claim == leg;
}

/*
 * The session to answer with before being asked (F-48), if there is one: the
 * latest, or of several realms another one that covers the path.
 */
static curl_space *
ready_space(const curl_leg *leg, const char *target)
{
    csn_span path = csn_curl_text_span(target);
    curl_peer *peer = leg->peer;

    if (peer == NULL || peer->user == NULL || peer->current == NULL)
        return NULL;
    if (is_usable(leg, peer->current, path))
        return peer->current;
    /* A claimed one of the right realm is not made up for by a wrong one. */
    if (csn_client_space_covers(&peer->current->space, path))
        return NULL;
    for (curl_space *space = peer->spaces; space; space = space->next)
        if (is_usable(leg, space, path))
            return space;
    return NULL;
}

/*
 * From `space`, unasked. CSN_E_MISSING: H(content) under `*hash` first; where
 * that cannot be had no credentials are sent, and a challenge decides.
 */
static csn_status
authorize_unasked(csn_curl_transfer *transfer, curl_leg *leg,
    curl_space *space, const curl_asked *ask, csn_hash *hash)
{
    bool offered = csn_client_space_offers_int(&space->space, hash);
    const uint8_t *digest = NULL;
    csn_status status;

    if (!offered && leg->integrity == CSN_CURL_INTEGRITY_REQUIRE)
        return CSN_OK;
    if (offered && leg->integrity != CSN_CURL_INTEGRITY_OFF) {
        digest = csn_curl_content_digest(ask->content, *hash);
        if (digest == NULL && csn_curl_content_can_hash(ask->content))
            return CSN_E_MISSING;
    }
    status = csn_curl_leg_authorize(transfer, leg, space, ask, digest);
    if (status == CSN_E_MISSING) { /* nothing but auth-int will do there */
        digest = csn_curl_content_digest(ask->content, *hash);
        if (digest != NULL)
            return csn_curl_leg_authorize(transfer, leg, space, ask, digest);
        if (!csn_curl_content_can_hash(ask->content))
            return CSN_OK;
    }
    return status;
}

/* Under the lock. */
static csn_status
write_unasked(csn_curl_transfer *transfer, curl_leg *leg,
    const curl_asked *ask, csn_hash *hash)
{
    curl_space *space = ready_space(leg, transfer->url.target);
    csn_status status;

    release(leg);
    field_empty(leg);
    if (space == NULL)
        return CSN_OK;
    status = authorize_unasked(transfer, leg, space, ask, hash);
    if (status == CSN_E_EXHAUSTED) {
        /* No count is left: ask for a new nonce by sending none (C-29). */
        csn_client_forget(&space->space);
        status = CSN_OK;
    }
    return status;
}

/* The lock is not held while a content is read. */
static csn_status
write_or_hash(csn_curl_transfer *transfer, curl_leg *leg,
    const curl_asked *ask)
{
    csn_status status;

    for (;;) {
        csn_hash hash = CSN_HASH_SHA_256;

        pthread_mutex_lock(&transfer->session->lock);
        status = write_unasked(transfer, leg, ask, &hash);
        pthread_mutex_unlock(&transfer->session->lock);
        if (status != CSN_E_MISSING)
            return status;
        status = csn_curl_content_hash(ask->content, transfer->session->crypto,
            hash);
        if (status != CSN_OK)
            return status;
    }
}

csn_status
csn_curl_leg_write(csn_curl_transfer *transfer, curl_leg *leg,
    const char *method, const char *uri)
{
    curl_asked ask = { method, uri, csn_curl_leg_content(transfer, leg) };
    csn_status status = CSN_OK;

    if (leg->reserved) {
        leg->reserved = false;
        leg->sent = true;
    } else {
        status = write_or_hash(transfer, leg, &ask);
    }
    if (leg->sent)
        csn_curl_note_leg(transfer, leg,
            (csn_curl_note){ .kind = CSN_CURL_SENT,
                .method = method,
                .uri = uri,
                .algorithm = csn_client_attempt_algorithm(&leg->attempt),
                .qop = csn_client_attempt_qop(&leg->attempt),
                .count = csn_client_attempt_count(&leg->attempt) });
    return status;
}
