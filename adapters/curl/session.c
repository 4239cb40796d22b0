// SPDX-License-Identifier: MIT
#include "session.h"

#include <stdlib.h>
#include <string.h>

#include "prepare.h"
#include "text.h"

csn_status
csn_curl_session_open(const csn_curl_settings *settings,
    csn_curl_session **session)
{
    csn_curl_session *made;
    csn_status status = CSN_OK;

    if (settings->version != CSN_CURL_SETTINGS_VERSION ||
        settings->crypto == NULL)
        return CSN_E_CONFIG;
    made = calloc(1, sizeof(*made));
    if (made == NULL)
        return CSN_E_MEMORY;
    if (pthread_mutex_init(&made->lock, NULL) != 0) {
        free(made);
        return CSN_E_MEMORY;
    }
    made->crypto = settings->crypto;
    made->policy = settings->policy;
    made->policy.version = CSN_CLIENT_POLICY_VERSION;
    made->plain_secrets = settings->plain_secrets;
    made->nfc_only = settings->nfc_only;
    if (settings->proof_store != NULL) {
        made->store_path = csn_curl_text_copy(settings->proof_store);
        status = made->store_path
            ? csn_curl_records_load(&made->records, made->store_path)
            : CSN_E_MEMORY;
    }
    if (status != CSN_OK) {
        csn_curl_session_close(made);
        return status;
    }
    *session = made;
    return CSN_OK;
}

csn_status
csn_curl_session_save(csn_curl_session *session)
{
    csn_status status = CSN_OK;

    pthread_mutex_lock(&session->lock);
    if (session->store_path != NULL && session->records_changed) {
        status = csn_curl_records_save(&session->records, session->store_path);
        if (status == CSN_OK)
            session->records_changed = false;
    }
    pthread_mutex_unlock(&session->lock);
    return status;
}

static void
free_space(curl_space *space)
{
    csn_client_forget(&space->space);
    free(space->realm);
    free(space->user);
    free(space);
}

static void
drop_login(curl_peer *peer)
{
    free(peer->user);
    csn_curl_text_free_secret(peer->password);
    peer->user = NULL;
    peer->password = NULL;
    peer->current = NULL;
    peer->login++;
    for (curl_space *space = peer->spaces; space; space = space->next)
        csn_client_forget(&space->space);
}

static void
free_peer(curl_peer *peer)
{
    drop_login(peer);
    while (peer->spaces != NULL) {
        curl_space *space = peer->spaces;

        peer->spaces = space->next;
        free_space(space);
    }
    free(peer->scheme);
    free(peer->host);
    free(peer);
}

void
csn_curl_session_close(csn_curl_session *session)
{
    if (session == NULL)
        return;
    while (session->peers != NULL) {
        curl_peer *peer = session->peers;

        session->peers = peer->next;
        free_peer(peer);
    }
    csn_curl_records_free(&session->records);
    free(session->store_path);
    pthread_mutex_destroy(&session->lock);
    free(session);
}

/* Under the lock. */
static curl_peer *
find(csn_curl_session *session, csn_layer layer, const curl_url_parts *url)
{
    for (curl_peer *peer = session->peers; peer; peer = peer->next)
        if (peer->layer == layer && peer->port == url->port &&
            csn_curl_text_same(peer->scheme, url->scheme) &&
            csn_curl_text_same(peer->host, url->host))
            return peer;
    return NULL;
}

curl_peer *
csn_curl_session_find_peer(csn_curl_session *session, csn_layer layer,
    const curl_url_parts *url)
{
    curl_peer *peer;

    pthread_mutex_lock(&session->lock);
    peer = find(session, layer, url);
    if (peer != NULL && peer->user == NULL)
        peer = NULL;
    pthread_mutex_unlock(&session->lock);
    return peer;
}

static csn_status
add_peer(csn_curl_session *session, csn_layer layer, const curl_url_parts *url,
    curl_peer **out)
{
    curl_peer *peer = find(session, layer, url);

    if (peer == NULL) {
        peer = calloc(1, sizeof(*peer));
        if (peer == NULL)
            return CSN_E_MEMORY;
        peer->layer = layer;
        peer->port = url->port;
        peer->scheme = csn_curl_text_copy(url->scheme);
        peer->host = csn_curl_text_copy(url->host);
        if (peer->scheme == NULL || peer->host == NULL) {
            free_peer(peer);
            return CSN_E_MEMORY;
        }
        peer->next = session->peers;
        session->peers = peer;
    }
    *out = peer;
    return CSN_OK;
}

/* The same secret behind TLS and in the open: needs consent (H-17). */
static bool
crosses_schemes(const csn_curl_session *session, csn_layer layer,
    const char *scheme, const char *user, const char *password)
{
    for (const curl_peer *peer = session->peers; peer; peer = peer->next)
        if (peer->layer == layer && peer->user != NULL &&
            !csn_curl_text_same(peer->scheme, scheme) &&
            csn_curl_text_same(peer->user, user) &&
            csn_curl_text_same(peer->password, password))
            return true;
    return false;
}

/* Spaces of this user that proved themselves in an earlier run (F-22). */
static csn_status
recall(const csn_curl_session *session, curl_peer *peer)
{
    csn_status status = CSN_OK;

    for (size_t i = 0; status == CSN_OK && i < session->records.count; i++) {
        const curl_record *record = &session->records.items[i];
        curl_space *space = NULL;

        if (record->layer != peer->layer || record->port != peer->port ||
            !csn_curl_text_same(record->scheme, peer->scheme) ||
            !csn_curl_text_same(record->host, peer->host) ||
            !csn_curl_text_same(record->user, peer->user))
            continue;
        peer->seen |= record->seen;
        status = csn_curl_session_space(peer, record->realm, &space);
        if (status == CSN_OK)
            csn_client_space_remember(&space->space, record->seen);
        else if (status == CSN_E_LIMIT)
            status = CSN_OK; /* more realms than are kept: `seen` holds */
    }
    return status;
}

static csn_status
log_in(csn_curl_session *session, csn_layer layer, const curl_url_parts *url,
    char **user, char **password)
{
    curl_peer *peer = NULL;
    csn_status status;

    if (!session->plain_secrets &&
        crosses_schemes(session, layer, url->scheme, *user, *password))
        return CSN_E_REFUSED;
    status = add_peer(session, layer, url, &peer);
    if (status != CSN_OK)
        return status;
    if (csn_curl_text_same(peer->user, *user) &&
        csn_curl_text_same(peer->password, *password))
        return CSN_OK; /* its sessions are good still */
    drop_login(peer);
    peer->user = *user;
    peer->password = *password;
    *user = NULL;
    *password = NULL;
    return recall(session, peer);
}

static csn_status
read_peer_url(csn_layer layer, const char *url, curl_url_parts *parts)
{
    return layer == CSN_LAYER_PROXY
        ? csn_curl_url_proxy_read(url, parts)
        : csn_curl_url_parts_read(url, NULL, false, parts);
}

csn_status
csn_curl_login(csn_curl_session *session, csn_layer layer, const char *url,
    const char *user, const char *password)
{
    curl_url_parts parts;
    char *ready_user = NULL;
    char *ready_password = NULL;
    csn_status status = read_peer_url(layer, url, &parts);

    if (status == CSN_OK)
        status = csn_curl_prepare_user(user, session->nfc_only, &ready_user);
    if (status == CSN_OK)
        status = csn_curl_prepare_password(password, session->nfc_only,
            &ready_password);
    if (status == CSN_OK) {
        pthread_mutex_lock(&session->lock);
        status = log_in(session, layer, &parts, &ready_user, &ready_password);
        pthread_mutex_unlock(&session->lock);
    }
    free(ready_user);
    csn_curl_text_free_secret(ready_password);
    csn_curl_url_parts_free(&parts);
    return status;
}

void
csn_curl_logout(csn_curl_session *session, csn_layer layer, const char *url)
{
    curl_url_parts parts;

    if (read_peer_url(layer, url, &parts) == CSN_OK) {
        curl_peer *peer;

        pthread_mutex_lock(&session->lock);
        peer = find(session, layer, &parts);
        if (peer != NULL)
            drop_login(peer);
        pthread_mutex_unlock(&session->lock);
    }
    csn_curl_url_parts_free(&parts);
}
