// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_TOOLS_INSPECT_WALK_H
#define COUNTERSIGN_TOOLS_INSPECT_WALK_H

#include "login.h"
#include "mistakes.h"
#include "report.h"

/*
 * The conversation is walked in order. What a field says is judged by the
 * nonces known so far, which come from challenges and from nextnonce.
 */

/* What a -sess session key is made of: shared by a challenge's nonces. */
typedef struct inspect_session {
    bool begun;
    csn_span nonce;
    csn_span cnonce;
} inspect_session;

/* The counts that were used on a nonce, in order. */
typedef struct inspect_counts {
    uint32_t *used;
    size_t count;
    uint32_t highest;
} inspect_counts;

/* A nonce of the conversation, once for each challenge that it came with. */
typedef struct inspect_nonce {
    csn_layer layer;
    csn_span text;
    const inspect_params *challenge; /* NULL: only seen in credentials */
    bool is_next;                    /* it came as nextnonce */
    bool is_stale;                   /* a challenge called it so */
    inspect_session *session;
    inspect_counts *counts; /* shared by all with this text */
} inspect_nonce;

enum { INSPECT_LAYERS = 2 };

typedef struct inspect_walk {
    csn_pool *pool;
    inspect_report report;
    inspect_hasher hasher;
    const inspect_login *logins[INSPECT_LAYERS];
    const csn_span *method; /* --method; NULL if not given */
    inspect_nonce **nonces;
    size_t nonce_count;
    const inspect_params **sent; /* all credentials so far */
    size_t sent_count;
    bool has_tunnel;                /* a CONNECT got its 2xx */
    int strongest[INSPECT_LAYERS];  /* offered so far, see challenge.c ... */
    csn_span asked[INSPECT_LAYERS]; /* ... by whom */
} inspect_walk;

/* One layer of one exchange, as the functions below share it. */
typedef struct inspect_scene {
    inspect_walk *walk;
    csn_layer layer;
    const inspect_exchange *exchange;
    const inspect_params *credentials; /* Digest's; NULL if none */
    inspect_nonce *nonce;              /* theirs */
    bool response_checked;
    bool response_right;
    bool count_repeated;
} inspect_scene;

/* Walk through it all; the report is in walk->report afterwards. */
void inspect_walk_through(inspect_walk *walk,
    const inspect_exchanges *exchanges);

/* The steps of one layer, each where its field is. */
void inspect_judge_credentials(inspect_scene *scene);
void inspect_judge_info(inspect_scene *scene);
void inspect_judge_challenges(inspect_scene *scene);

/* Whose resource a request is for; empty if it does not say. */
csn_span inspect_authority(const inspect_message *request);

/* The newest nonce with this text at this layer; NULL if there is none. */
inspect_nonce *inspect_nonce_find(const inspect_walk *walk, csn_layer layer,
    csn_span text);

/*
 * The same, of those that came with a challenge for this algorithm if there
 * are any: one nonce may serve challenges for several.
 */
inspect_nonce *inspect_nonce_find_for(const inspect_walk *walk,
    csn_layer layer, csn_span text, csn_algorithm algorithm);

/* A nonce more. */
inspect_nonce *inspect_nonce_add(inspect_walk *walk, csn_layer layer,
    csn_span text);

/* If it is one of ours, say what is in it. */
void inspect_describe_nonce(inspect_walk *walk, csn_span text,
    const inspect_params *challenge);

/* What does not read as Digest, and where. */
void inspect_say_unreadable(inspect_walk *walk, const inspect_params *params,
    csn_field_kind kind);

/* Quoting other than RFC 7616 wants it of senders. */
void inspect_check_quoting(inspect_walk *walk, const inspect_params *params,
    csn_field_kind kind);

/* A finding more, with a sentence that is there. */
static inline inspect_finding *
inspect_tell(inspect_scene *scene, inspect_level level, const char *about,
    csn_reason reason, const char *sentence)
{
    return inspect_say(&scene->walk->report, level, about, reason, "%s",
        sentence);
}

/* A parameter's text by a C string's name, and whether it is there. */
static inline csn_span
inspect_value(const inspect_params *params, const char *name)
{
    return inspect_param_text(params, csn_text_of(name));
}

static inline bool
inspect_has(const inspect_params *params, const char *name)
{
    return inspect_param_find(params, csn_text_of(name)) != NULL;
}

/* What response, or rspauth of `info`, could have been made of. */
inspect_case inspect_case_of(const inspect_scene *scene,
    const inspect_params *info);

/* The value of response or rspauth; `info` is NULL for response. */
void inspect_check_value(inspect_scene *scene, const inspect_params *info);

#endif
