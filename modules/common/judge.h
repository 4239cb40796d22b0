// SPDX-License-Identifier: MIT
#ifndef CSN_COMMON_JUDGE_H
#define CSN_COMMON_JUDGE_H

#include <countersign/server.h>
#include <countersign/stores/memory.h>
#include <countersign/stores/throttle.h>
#include <countersign/stores/users.h>

/*
 * Driving the engine, for hosts that keep users and counts in memory: what it
 * asks for is found there at once, so a request is judged in one go. Knows no
 * server's types.
 */

typedef enum csn_judged_code {
    CSN_JUDGED,      /* the exchange has the outcome */
    CSN_JUDGED_OVER, /* too many logins failed: 429 */
    CSN_JUDGED_LATER /* its content is needed, and to come: judge it anew */
} csn_judged_code;

/**
 * `wait_ms`   with OVER: when the client may try again (Retry-After).
 * `delay_ms`  with a failed login: how long its answer is to wait.
 */
typedef struct csn_judged {
    csn_judged_code code;
    uint64_t wait_ms;
    uint32_t delay_ms;
} csn_judged;

/** The count that a request marked, for one that is judged more than once. */
typedef struct csn_judge_mark {
    const csn_counts *counts; /* NULL: none yet */
    csn_mark mark;            /* without its session */
    csn_mark_result result;
} csn_judge_mark;

/**
 * What a request is judged with.
 *
 * `exchange`  to be ended by the caller, whatever is returned.
 * `marked`    zeroed before the request is first judged, or NULL. When it is
 *             judged again under the same nonce and count (a redirect within
 *             the host) that is not marked again: it would be a replay.
 * `throttle`  failed logins; NULL: there is no limit on guessing.
 *             A name counts as it was sent, known or not: were a hashed one
 *             brought together with the user it stands for, a limit would
 *             tell that there is one (D-39).
 * `limits`, `layer`, `address`  for that (throttle.h).
 * `content`   what is known of the request's content; false: it is to come.
 *             `digest` is memory for one. NULL: there is none that may be
 *             judged, 413.
 */
typedef struct csn_judge {
    csn_server_exchange *exchange;
    const csn_users *users;
    csn_counts *counts;
    csn_judge_mark *marked;
    csn_throttle *throttle;
    const csn_throttle_limits *limits;
    csn_layer layer;
    const uint8_t *address; /* 16 octets */
    bool (*content)(void *host, csn_hash hash, csn_content *content,
        uint8_t digest[CSN_MAX_DIGEST]);
    void *host;
} csn_judge;

/** Judge a request; never fails otherwise than csn_server_begin does. */
csn_judged csn_judge_request(const csn_judge *judge, const csn_server *server,
    const csn_server_request *request);

#endif
