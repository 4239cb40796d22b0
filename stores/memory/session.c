// SPDX-License-Identifier: MIT
#include "bucket.h"
#include "line.h"
#include "lock.h"
#include "table.h"

#include <string.h>

/*
 * Looking a session up changes nothing but a total: the same user's next
 * mark decides. What is not there was there before only behind the horizon.
 */
static csn_session_code
find_locked(const csn_place *place, const csn_session_query *query,
    csn_session_result *result)
{
    const csn_line *line = csn_bucket_find(place, query->id);
    const csn_line *session;

    if (line == NULL &&
        csn_bucket_is_behind(place->bucket, query->minted_ms)) {
        atomic_fetch_add_explicit(&place->bucket->stale_evicted, 1,
            memory_order_relaxed);
        return CSN_SESSION_LOST;
    }
    if (line == NULL ||
        memcmp(line->user_tag, query->user_tag, sizeof(query->user_tag)) != 0)
        return CSN_SESSION_NONE;
    session = csn_bucket_find_session(place, query->id);
    if (session == NULL)
        return CSN_SESSION_NONE;
    result->key_len = (uint8_t)session->highest;
    memcpy(result->key, session->window, sizeof(result->key));
    return CSN_SESSION_FOUND;
}

csn_session_result
csn_counts_session(csn_counts *table, const csn_session_query *query)
{
    csn_session_result result = { .code = CSN_SESSION_UNAVAILABLE };
    csn_place place;

    if (!csn_table_is_finished(table) ||
        csn_id_minted(query->id) != query->minted_ms)
        return result;
    if (memcmp(query->domain, table->domain, CSN_DOMAIN_SIZE) != 0) {
        result.code = CSN_SESSION_LOST;
        return result;
    }
    place = csn_bucket_place(table, query->id);
    if (!csn_lock_take(table, place.bucket, CSN_COUNTS_WAIT_MS))
        return result;
    result.code = find_locked(&place, query, &result);
    csn_lock_give(place.bucket);
    return result;
}
