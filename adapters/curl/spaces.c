// SPDX-License-Identifier: MIT
#include "session.h"

#include <stdlib.h>
#include <string.h>

#include "text.h"

static csn_status
make_space(const curl_peer *peer, const char *realm, curl_space **out)
{
    csn_client_key key = {
        .layer = peer->layer,
        .scheme = csn_curl_text_span(peer->scheme),
        .host = csn_curl_text_span(peer->host),
        .port = (uint16_t)peer->port,
        .user = csn_curl_text_span(peer->user),
    };
    curl_space *space = calloc(1, sizeof(*space));
    csn_status status = CSN_E_MEMORY;

    if (space == NULL)
        return CSN_E_MEMORY;
    space->realm = csn_curl_text_copy(realm);
    space->user = csn_curl_text_copy(peer->user);
    if (space->realm != NULL && space->user != NULL)
        status = csn_client_space_init(&space->space, &key);
    if (status != CSN_OK) {
        free(space->realm);
        free(space->user);
        free(space);
        return status;
    }
    *out = space;
    return CSN_OK;
}

/*
 * Make room for one more: the space that was made first and that no request
 * uses goes. What the peer showed stays in `seen`.
 */
static bool
make_room(curl_peer *peer)
{
    curl_space **oldest = NULL;
    size_t count = 0;

    for (curl_space **at = &peer->spaces; *at != NULL; at = &(*at)->next) {
        count++;
        if ((*at)->refs == 0)
            oldest = at;
    }
    if (count < SESSION_SPACES)
        return true;
    if (oldest == NULL)
        return false;
    {
        curl_space *gone = *oldest;

        *oldest = gone->next;
        if (peer->current == gone)
            peer->current = NULL;
        csn_client_forget(&gone->space);
        free(gone->realm);
        free(gone->user);
        free(gone);
    }
    return true;
}

csn_status
csn_curl_session_space(curl_peer *peer, const char *realm, curl_space **space)
{
    csn_status status;

    for (curl_space *known = peer->spaces; known; known = known->next)
        if (csn_curl_text_same(known->realm, realm) &&
            csn_curl_text_same(known->user, peer->user)) {
            *space = known;
            return CSN_OK;
        }
    if (!make_room(peer))
        return CSN_E_LIMIT;
    status = make_space(peer, realm, space);
    if (status == CSN_OK) {
        (*space)->next = peer->spaces;
        peer->spaces = *space;
    }
    return status;
}

void
csn_curl_session_record_proof(csn_curl_session *session, const curl_peer *peer,
    const curl_space *space)
{
    curl_record record = {
        .layer = peer->layer,
        .scheme = peer->scheme,
        .host = peer->host,
        .port = peer->port,
        .realm = space->realm,
        .user = space->user,
        .seen = csn_client_space_seen(&space->space) | CSN_SEEN_PROOF,
    };
    csn_status status = csn_curl_records_add(&session->records, &record,
        &session->records_changed);

    /* A full store forgets nothing; this run still knows the proof. */
    (void)status;
}

void
csn_curl_session_add_tunnel(csn_curl_session *session, const char *key,
    const curl_peer *peer, const csn_client_result *result)
{
    curl_tunnel *tunnel = NULL;

    pthread_mutex_lock(&session->lock);
    for (size_t i = 0; tunnel == NULL && i < SESSION_TUNNELS; i++)
        if (strcmp(session->tunnels[i].key, key) == 0)
            tunnel = &session->tunnels[i];
    if (tunnel == NULL) {
        tunnel = &session->tunnels[session->next_tunnel];
        session->next_tunnel = (session->next_tunnel + 1) % SESSION_TUNNELS;
    }
    memcpy(tunnel->key, key, strlen(key) + 1);
    tunnel->peer = peer;
    tunnel->login = peer ? peer->login : 0;
    tunnel->result = *result;
    pthread_mutex_unlock(&session->lock);
}

bool
csn_curl_session_find_tunnel(csn_curl_session *session, const char *key,
    const curl_peer *peer, csn_client_result *result)
{
    bool found = false;

    pthread_mutex_lock(&session->lock);
    for (size_t i = 0; i < SESSION_TUNNELS; i++) {
        const curl_tunnel *tunnel = &session->tunnels[i];

        if (strcmp(tunnel->key, key) != 0 || tunnel->peer != peer ||
            tunnel->login != (peer ? peer->login : 0))
            continue;
        *result = tunnel->result;
        found = true;
        break;
    }
    pthread_mutex_unlock(&session->lock);
    return found;
}
