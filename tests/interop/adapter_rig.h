// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TESTS_ADAPTER_RIG_H
#define COUNTERSIGN_TESTS_ADAPTER_RIG_H

#include <countersign/curl.h>

#include <pthread.h>

#include "c_peer.h"

/* What tests of the adapter as a library share: peers that let everybody in
 * and note what they see, and a pool of connections. */

enum { MAX_NOTES = 64, NOTE = PEER_USER + 64, MAX_PAIRS = 100 };

/* What the peers saw. */
struct world {
    pthread_mutex_t lock;
    unsigned connects;
    unsigned nonces;
    char served[MAX_NOTES][NOTE]; /* "USER /target" */
    unsigned served_count;
    char pairs[MAX_PAIRS][96]; /* "NONCE NC" */
    unsigned pair_count;
    unsigned repeated;
    size_t contents[MAX_NOTES];
};

struct rig {
    struct world world;
    c_peer *peer;
    char address[64];
    CURLM *multi;
};

/* A proxy that lets everybody in who names a user, and never proves itself;
 * it answers inside its tunnels by itself. */
bool adapter_proxy(void *world, c_peer_request *request,
    char answer[PEER_ANSWER]);

/* An origin that lets in whoever comes with credentials, and keeps a list of
 * their counts. `/leave` is a redirect. */
bool adapter_origin(void *world, c_peer_request *request,
    char answer[PEER_ANSWER]);

void adapter_rig_open(struct rig *rig, c_peer_handler handler);
void adapter_rig_close(struct rig *rig);

csn_curl_session *adapter_session(void);

/* Run a transfer in a pool of connections. */
csn_curl_end adapter_run(CURLM *multi, CURL *easy, csn_curl_transfer *transfer,
    csn_curl_result *result);

#endif
