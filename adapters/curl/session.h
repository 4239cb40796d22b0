// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_CURL_SESSION_H
#define COUNTERSIGN_CURL_SESSION_H

#include <countersign/curl.h>

#include <pthread.h>

#include "records.h"
#include "url.h"

/*
 * What outlives an exchange: logins, protection spaces and their nonces, open
 * tunnels, and what proved itself. One mutex guards all of it; it is never
 * held while libcurl or the program's callbacks run.
 */

enum {
    /* Realms of one peer that are kept; a peer can invent any number. */
    SESSION_SPACES = 16,
    /* Open tunnels whose proof is remembered; others are opened anew. */
    SESSION_TUNNELS = 256,
    TUNNEL_KEY = 160
};

/*
 * Whether a nonce can serve several requests, as far as can be seen: it can
 * when a second one went through, or the first brought no nextnonce. Until
 * that is known, and where it cannot, no other request takes a nonce that one
 * is out with: each asks for its own instead. Else requests in parallel would
 * take one-time nonces from each other until their retries are used up.
 */
typedef enum curl_reuse { REUSE_UNKNOWN, REUSE_NO, REUSE_YES } curl_reuse;

/* One protection space of a peer. */
typedef struct curl_space {
    struct curl_space *next;
    csn_client_space space;
    char *realm;
    char *user;
    unsigned refs; /* requests under way with credentials from it */
    curl_reuse reuse;
    const void *claim; /* the request out with the nonce in use, if any */
} curl_space;

/* An origin or a proxy that has, or had, a login. Lives with the session. */
typedef struct curl_peer {
    struct curl_peer *next;
    csn_layer layer;
    char *scheme;
    char *host;
    unsigned port;
    char *user; /* NULL: logged out */
    char *password;
    unsigned login; /* rises with every login and logout */
    unsigned seen;  /* CSN_SEEN bits of all its spaces, gone ones too */
    curl_space *spaces;
    curl_space *current; /* whose session is used unasked */
} curl_peer;

/* An open tunnel, known by its connection's two ends. */
typedef struct curl_tunnel {
    char key[TUNNEL_KEY];
    const curl_peer *peer;
    unsigned login;
    csn_client_result result;
} curl_tunnel;

struct csn_curl_session {
    pthread_mutex_t lock;
    const csn_crypto *crypto;
    csn_client_policy policy;
    bool plain_secrets;
    bool nfc_only;
    char *store_path;
    curl_records records;
    bool records_changed;
    curl_peer *peers;
    curl_tunnel tunnels[SESSION_TUNNELS];
    unsigned next_tunnel;
};

/** The peer, or NULL when it has no login. Takes the lock. */
curl_peer *csn_curl_session_find_peer(csn_curl_session *session,
    csn_layer layer, const curl_url_parts *url);

/**
 * The space of the peer's user and `realm`, made when there is none. To be
 * called under the lock.
 *
 * Returns: CSN_OK; CSN_E_LIMIT, every space of this peer is in use by a
 *          request; CSN_E_MEMORY, or what csn_client_space_init says.
 */
CSN_NODISCARD csn_status csn_curl_session_space(curl_peer *peer,
    const char *realm, curl_space **space);

/** Under the lock: note that a space proved itself, for the proof store. */
void csn_curl_session_record_proof(csn_curl_session *session,
    const curl_peer *peer, const curl_space *space);

/** Remember an open tunnel. Takes the lock. */
void csn_curl_session_add_tunnel(csn_curl_session *session, const char *key,
    const curl_peer *peer, const csn_client_result *result);

/**
 * What the tunnel's proxy proved when it was opened. Takes the lock.
 *
 * Returns: false when this session did not open it, or as another user.
 */
bool csn_curl_session_find_tunnel(csn_curl_session *session, const char *key,
    const curl_peer *peer, csn_client_result *result);

#endif
