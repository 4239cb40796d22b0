// SPDX-License-Identifier: MIT
#include "line.h"

#include <string.h>

enum { END_DIGITS = 9 }; /* of the mantissa; 5 are left for the exponent */

uint64_t
csn_id_minted(const uint8_t id[CSN_ID_SIZE])
{
    /* Eight octets, of which two too many, make one load of it. */
    uint64_t head = (uint64_t)id[0] << 56 | (uint64_t)id[1] << 48 |
        (uint64_t)id[2] << 40 | (uint64_t)id[3] << 32 | (uint64_t)id[4] << 24 |
        (uint64_t)id[5] << 16 | (uint64_t)id[6] << 8 | id[7];

    return head >> (64 - 8 * CSN_MINTED_SIZE);
}

uint64_t
csn_line_replaced_ms(const csn_line *line)
{
    if (line->replaced == 0)
        return 0;
    return csn_id_minted(line->id) + line->replaced - 1;
}

/* min(replaced + grace, minted + life + grace): from then on it is of no
 * use, whoever asks. */
static uint64_t
end_of(const csn_line *line, const csn_mark *mark)
{
    uint64_t end = mark->minted_ms + mark->life_ms + mark->grace_ms;
    uint64_t replaced_ms = csn_line_replaced_ms(line);

    if (replaced_ms != 0 && replaced_ms + mark->grace_ms < end)
        end = replaced_ms + mark->grace_ms;
    return end;
}

bool
csn_line_is_past(const csn_line *line, const csn_mark *mark)
{
    bool single = mark->one_time || (line->flags & CSN_LINE_ONE_TIME) != 0;

    if (line->replaced == 0 || single)
        return mark->now_ms > mark->minted_ms + mark->life_ms;
    return mark->now_ms > end_of(line, mark);
}

/* A span of time in 14 bits, rounded up: mantissa x 2^exponent. */
static uint16_t
pack_span(uint64_t span_ms)
{
    unsigned exponent = 0;

    while (span_ms >> END_DIGITS != 0) {
        span_ms = (span_ms + 1) / 2;
        exponent++;
    }
    return (uint16_t)(exponent << END_DIGITS | (unsigned)span_ms);
}

static uint64_t
unpack_span(uint16_t packed)
{
    uint64_t mantissa = packed & ((1u << END_DIGITS) - 1);

    return mantissa << (packed >> END_DIGITS);
}

void
csn_line_begin(csn_line *line, const csn_mark *mark)
{
    memset(line, 0, sizeof(*line));
    memcpy(line->id, mark->id, sizeof(line->id));
    memcpy(line->user_tag, mark->user_tag, sizeof(line->user_tag));
    if (mark->one_time)
        line->flags = CSN_LINE_ONE_TIME;
}

void
csn_line_begin_session(csn_line *line, const csn_mark *mark)
{
    memset(line, 0, sizeof(*line));
    memcpy(line->id, mark->id, sizeof(line->id));
    memcpy(line->user_tag, mark->user_tag, sizeof(line->user_tag));
    line->flags = CSN_LINE_SESSION;
    line->highest = mark->session_len;
    memcpy(line->window, mark->session, mark->session_len);
}

/*
 * The time of a nextnonce in four octets. It is noted while age <= life, and
 * life has four octets too, so all but the very last millisecond of 49 days
 * fits beside the +1 that tells it from "none". There it is noted a
 * millisecond early; what counts is that everybody gets the same.
 */
static uint32_t
replaced_field(const csn_mark *mark)
{
    uint64_t age = 0;

    if (mark->now_ms > mark->minted_ms)
        age = mark->now_ms - mark->minted_ms;
    return age < UINT32_MAX ? (uint32_t)age + 1 : UINT32_MAX;
}

void
csn_line_note(csn_line *line, const csn_mark *mark)
{
    uint16_t kept = line->flags & CSN_LINE_ONE_TIME;

    if (mark->replace && line->replaced == 0)
        line->replaced = replaced_field(mark);
    line->flags = kept | pack_span(end_of(line, mark) - mark->minted_ms);
}

bool
csn_line_is_dead(const csn_line *line, uint64_t now_ms)
{
    uint64_t end = csn_id_minted(line->id) +
        unpack_span(line->flags & CSN_LINE_END_MASK);

    return now_ms > end;
}
