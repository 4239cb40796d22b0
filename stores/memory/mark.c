// SPDX-License-Identifier: MIT
#include "bucket.h"
#include "line.h"
#include "lock.h"
#include "table.h"
#include "window.h"

#include <string.h>

/*
 * The order is D-42's: age and count domain, the nonce's first user, count.
 * Nothing is written before the last check passed, but for a horizon.
 */

static csn_mark_result_code
turn_away(csn_bucket *bucket)
{
    atomic_fetch_add_explicit(&bucket->stale_evicted, 1, memory_order_relaxed);
    return CSN_MARK_EVICTED;
}

/* Keep the session's key with the nonce, unless one is kept: D-45. */
static bool
bind_session(csn_counts *table, const csn_place *place, const csn_mark *mark,
    const csn_line *line)
{
    csn_line *room[2];

    if (csn_bucket_find_session(place, mark->id) != NULL)
        return true;
    if (!csn_bucket_make_room(table, place, mark, line, 1, room))
        return false;
    csn_line_begin_session(room[0], mark);
    csn_bucket_publish(place, room[0]);
    return true;
}

static csn_mark_result_code
mark_known(csn_counts *table, const csn_place *place, const csn_mark *mark,
    csn_line *line)
{
    csn_mark_result_code code;

    if (csn_line_is_past(line, mark))
        return CSN_MARK_EXPIRED;
    if (memcmp(line->user_tag, mark->user_tag, sizeof(mark->user_tag)) != 0)
        return CSN_MARK_OTHER_USER;
    /* A line is there because of its first mark. */
    if (mark->one_time || (line->flags & CSN_LINE_ONE_TIME) != 0)
        return CSN_MARK_USED_UP;

    if (mark->session_len != 0) {
        code = csn_window_judge(line->window, CSN_NC_WINDOW, line->highest,
            mark->nc);
        if (code != CSN_MARK_FRESH)
            return code;
        if (!bind_session(table, place, mark, line))
            return turn_away(place->bucket);
    }
    code = csn_window_mark(line->window, CSN_NC_WINDOW, &line->highest,
        mark->nc);
    if (code == CSN_MARK_FRESH)
        csn_line_note(line, mark);
    return code;
}

static csn_mark_result_code
mark_new(csn_counts *table, const csn_place *place, const csn_mark *mark,
    csn_line **made)
{
    size_t want = mark->session_len != 0 ? 2 : 1;
    csn_mark_result_code code;
    csn_line *rooms[2];

    if (mark->now_ms > mark->minted_ms + mark->life_ms)
        return CSN_MARK_EXPIRED;
    if (csn_bucket_is_behind(place->bucket, mark->minted_ms) ||
        !csn_bucket_make_room(table, place, mark, NULL, want, rooms))
        return turn_away(place->bucket);

    csn_line_begin(rooms[0], mark);
    code = csn_window_mark(rooms[0]->window, CSN_NC_WINDOW, &rooms[0]->highest,
        mark->nc);
    csn_line_note(rooms[0], mark);
    csn_bucket_publish(place, rooms[0]);
    if (want == 2) {
        csn_line_begin_session(rooms[1], mark);
        csn_bucket_publish(place, rooms[1]);
    }
    *made = rooms[0];
    return code;
}

/* One step: nobody sees the bucket between the search and the mark. */
static csn_mark_result
mark_locked(csn_counts *table, const csn_place *place, const csn_mark *mark)
{
    csn_line *line = csn_bucket_find(place, mark->id);
    csn_mark_result result = { CSN_MARK_UNAVAILABLE, 0 };

    if (line != NULL)
        result.code = mark_known(table, place, mark, line);
    else
        result.code = mark_new(table, place, mark, &line);
    if (result.code == CSN_MARK_FRESH)
        result.replaced_ms = csn_line_replaced_ms(line);
    return result;
}

csn_mark_result
csn_counts_mark(csn_counts *table, const csn_mark *mark)
{
    csn_mark_result result = { CSN_MARK_UNAVAILABLE, 0 };
    csn_place place;

    if (!csn_table_is_finished(table) ||
        csn_id_minted(mark->id) != mark->minted_ms ||
        mark->session_len > sizeof(mark->session))
        return result;
    if (memcmp(mark->domain, table->domain, CSN_DOMAIN_SIZE) != 0) {
        result.code = CSN_MARK_FOREIGN;
        return result;
    }
    if (mark->nc == 0) {
        result.code = CSN_MARK_BELOW_WINDOW;
        return result;
    }

    place = csn_bucket_place(table, mark->id);
    if (!csn_lock_take(table, place.bucket, CSN_COUNTS_WAIT_MS))
        return result;
    result = mark_locked(table, &place, mark);
    csn_lock_give(place.bucket);
    return result;
}
