// SPDX-License-Identifier: MIT
#define _DEFAULT_SOURCE /* explicit_bzero */
#include "judge.h"

#include <string.h>

static csn_secret
find_secret(const csn_users *users, const csn_secret_query *query)
{
    csn_secret secret = { .code = CSN_SECRET_UNKNOWN, .user = query->user };

    secret.ha1_hex = query->hashed
        ? csn_users_find_hashed(users, query->realm, query->user, query->hash,
              &secret.user)
        : csn_users_find(users, query->realm, query->user, query->hash);
    if (secret.ha1_hex.len > 0)
        secret.code = CSN_SECRET_FOUND;
    else
        secret.user = query->user;
    return secret;
}

static csn_need
give_secret(const csn_judge *judge)
{
    csn_secret_query query = csn_server_secret_query(judge->exchange);
    csn_secret secret = find_secret(judge->users, &query);

    return csn_server_give_secret(judge->exchange, &secret);
}

static csn_need
give_session(const csn_judge *judge)
{
    csn_session_query query = csn_server_session_query(judge->exchange);
    csn_session_result result = csn_counts_session(judge->counts, &query);
    csn_need need = csn_server_give_session(judge->exchange, &result);

    explicit_bzero(&result, sizeof(result));
    return need;
}

static bool
is_marked(const csn_judge *judge, const csn_mark *mark)
{
    const csn_judge_mark *marked = judge->marked;

    return marked != NULL && marked->counts == judge->counts &&
        marked->mark.nc == mark->nc &&
        memcmp(marked->mark.id, mark->id, sizeof(mark->id)) == 0;
}

static csn_need
give_count(const csn_judge *judge)
{
    csn_mark mark = csn_server_count_query(judge->exchange);
    csn_mark_result result;

    if (is_marked(judge, &mark))
        result = judge->marked->result;
    else
        result = csn_counts_mark(judge->counts, &mark);
    explicit_bzero(mark.session, sizeof(mark.session));
    if (judge->marked != NULL)
        *judge->marked = (csn_judge_mark){ judge->counts, mark, result };
    return csn_server_give_count(judge->exchange, result);
}

/* False: it is to come. */
static bool
know_content(const csn_judge *judge, csn_content *content,
    uint8_t digest[CSN_MAX_DIGEST])
{
    content->code = CSN_CONTENT_TOO_LARGE;
    if (judge->content == NULL || !csn_server_wants_content(judge->exchange))
        return true;
    return judge->content(judge->host, csn_server_hash(judge->exchange),
        content, digest);
}

/* All that is needed behind the user's name. */
static csn_judged_code
go_through(const csn_judge *judge)
{
    uint8_t digest[CSN_MAX_DIGEST];
    csn_content content;
    csn_need need;

    if (!know_content(judge, &content, digest))
        return CSN_JUDGED_LATER;
    need = give_secret(judge);
    if (need == CSN_NEED_SESSION)
        need = give_session(judge);
    if (need == CSN_NEED_CONTENT)
        need = csn_server_give_content(judge->exchange, &content);
    if (need == CSN_NEED_COUNT)
        (void)give_count(judge);
    return CSN_JUDGED;
}

/* Under the limits on guessing. */
static csn_judged
try_login(const csn_judge *judge, uint64_t now_ms)
{
    csn_secret_query query = csn_server_secret_query(judge->exchange);
    csn_throttle_source source = csn_throttle_find(judge->throttle,
        judge->limits, judge->layer, judge->address, query.user);
    csn_judged judged = { .code = CSN_JUDGED_OVER };

    judged.wait_ms = csn_throttle_wait_ms(judge->throttle, judge->limits,
        &source, now_ms);
    if (judged.wait_ms > 0)
        return judged;
    judged.code = go_through(judge);
    if (judged.code == CSN_JUDGED &&
        csn_server_get_outcome(judge->exchange).failed_login)
        judged.delay_ms = csn_throttle_failed(judge->throttle, judge->limits,
            &source, now_ms);
    return judged;
}

csn_judged
csn_judge_request(const csn_judge *judge, const csn_server *server,
    const csn_server_request *request)
{
    csn_judged judged = { .code = CSN_JUDGED };

    if (csn_server_begin(judge->exchange, server, request) != CSN_NEED_SECRET)
        return judged;
    if (judge->throttle != NULL)
        return try_login(judge, request->now_ms);
    judged.code = go_through(judge);
    return judged;
}
