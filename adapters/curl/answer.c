// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "text.h"
#include "transfer.h"

/* What a 401 or 407 asks for, and the answer to it. */

/* The chosen challenge's realm without its backslashes; NULL: no memory. */
static char *
realm_of(const csn_client_choice *choice)
{
    uint8_t octets[CSN_MAX_VALUE];
    csn_writer out = csn_writer_init(octets, sizeof(octets));

    csn_value_unescape(&choice->challenge.realm, &out);
    return out.overflow ? NULL : csn_curl_text_of_span(csn_writer_span(&out));
}

/* A challenge on its way to an answer. */
typedef struct answering {
    curl_asked ask;
    csn_client_choice choice;
    const char *realm;
    const uint8_t *digest; /* NULL: auth */
    bool later;            /* not before the content was hashed */
    csn_hash hash;
} answering;

/* Which qop, and with which digest. False: none that will do. */
static bool
choose_qop(const curl_leg *leg, answering *it)
{
    const csn_digest_challenge *challenge = &it->choice.challenge;
    const curl_content *content = it->ask.content;
    bool has_int = (challenge->qops & CSN_QOP_AUTH_INT) != 0;
    bool has_auth = (challenge->qops & CSN_QOP_AUTH) != 0 ||
        !challenge->has_qop;

    it->digest = NULL;
    it->later = false;
    if (!has_int || (has_auth && leg->integrity == CSN_CURL_INTEGRITY_OFF))
        return has_auth;
    it->hash = csn_algorithm_hash(challenge->algorithm);
    if (!csn_curl_content_can_hash(content))
        return has_auth && leg->integrity != CSN_CURL_INTEGRITY_REQUIRE;
    it->digest = csn_curl_content_digest(content, it->hash);
    it->later = it->digest == NULL;
    return true;
}

/*
 * A new session from the challenge, and at once the answer to it: the first
 * count of a nonce belongs to the request that was challenged.
 */
static csn_status
take_challenge(csn_curl_transfer *transfer, curl_leg *leg, const answering *it)
{
    csn_client_policy policy = csn_curl_leg_policy(transfer, leg);
    curl_space *space = NULL;
    csn_status status = csn_curl_session_space(leg->peer, it->realm, &space);

    if (status == CSN_OK)
        status = csn_client_accept(&space->space, transfer->session->crypto,
            &policy, &it->choice, csn_curl_text_span(leg->peer->password));
    if (status != CSN_OK)
        return status;
    leg->peer->current = space;
    leg->peer->seen |= csn_client_space_seen(&space->space);
    status = csn_curl_leg_authorize(transfer, leg, space, &it->ask,
        it->digest);
    leg->sent = false;
    leg->reserved = status == CSN_OK;
    return status;
}

/* Whether and how to answer what was chosen. Under the lock. */
static csn_status
decide(csn_curl_transfer *transfer, curl_leg *leg, answering *it,
    csn_reason *why, csn_curl_note *note)
{
    csn_client_policy policy = csn_curl_leg_policy(transfer, leg);
    const csn_client_attempt *sent = leg->sent ? &leg->attempt : NULL;
    csn_status status = csn_client_decide(&policy, sent, leg->retries,
        &it->choice, why);

    if (status != CSN_OK) {
        /* What was refused is not sent again, unasked, the next time. */
        if (sent != NULL)
            csn_client_forget(&leg->space->space);
        return status;
    }
    if (!choose_qop(leg, it)) {
        *why = CSN_R_CONTENT_UNHASHED;
        return CSN_E_REFUSED;
    }
    note->stale = sent != NULL &&
        csn_curl_text_same(it->realm, leg->space->realm);
    note->algorithm = it->choice.challenge.algorithm;
    return it->later ? CSN_OK : take_challenge(transfer, leg, it);
}

/* Under the lock. */
static csn_status
answer(csn_curl_transfer *transfer, curl_leg *leg, const csn_span *lines,
    size_t count, answering *it, csn_reason *why, csn_curl_note *note)
{
    csn_client_policy policy = csn_curl_leg_policy(transfer, leg);
    char *realm;
    csn_status status;

    if (leg->peer->user == NULL) { /* logged out meanwhile */
        *why = CSN_R_NO_CREDENTIALS;
        return CSN_E_REFUSED;
    }
    status = csn_client_choose(&policy, leg->peer->seen, lines, count,
        &it->choice, why);
    if (status != CSN_OK)
        return status;
    leg->peer->seen |= it->choice.seen;
    realm = realm_of(&it->choice);
    if (realm == NULL)
        return CSN_E_LIMIT;
    it->realm = realm;
    status = decide(transfer, leg, it, why, note);
    free(realm);
    return status;
}

/* The challenge of the header section as it stands. */
static csn_status
answer_head(csn_curl_transfer *transfer, curl_leg *leg, answering *it,
    csn_reason *why, csn_curl_note *note)
{
    csn_span *lines = NULL;
    size_t count = 0;
    csn_status status = csn_curl_head_values(&transfer->head,
        csn_layer_challenge_field(leg->layer), &lines, &count);

    if (status == CSN_OK) {
        pthread_mutex_lock(&transfer->session->lock);
        status = answer(transfer, leg, lines, count, it, why, note);
        pthread_mutex_unlock(&transfer->session->lock);
    }
    free(lines);
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
    answering it = { .ask = { method, uri,
                         csn_curl_leg_content(transfer, leg) } };

    if (leg->peer == NULL) {
        *why = CSN_R_NO_CREDENTIALS;
        return false;
    }
    *why = CSN_R_INTERNAL;
    if (answer_head(transfer, leg, &it, why, &note) != CSN_OK)
        return false;
    leg->unanswered = it.later;
    leg->missing = it.hash;
    if (leg->unanswered)
        return true;
    leg->retries++;
    csn_curl_note_leg(transfer, leg, note);
    return true;
}
