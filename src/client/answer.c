// SPDX-License-Identifier: MIT
#include "client/answer.h"

#include "core/ct.h"
#include "core/span.h"
#include "core/writer.h"
#include "digest/params.h"

static csn_status
text_read(struct client_text *text, const csn_value *value)
{
    csn_writer out = csn_writer_init(text->octets, sizeof(text->octets));

    text->present = value->present;
    text->text = value->text;
    if (!value->escaped)
        return CSN_OK;
    csn_value_unescape(value, &out);
    text->text = csn_writer_span(&out);
    return out.overflow ? CSN_E_LIMIT : CSN_OK;
}

csn_status
csn_client_answer_read(struct client_answer *answer, const csn_span *lines,
    size_t count)
{
    csn_field_cursor cursor;
    csn_status status = csn_field_begin(&cursor, CSN_FIELD_INFO, lines, count);

    csn_wipe(&answer->info, sizeof(answer->info)); /* nothing was said */
    if (status == CSN_OK)
        status = csn_params_read(&cursor, CSN_FIELD_INFO, &answer->info);
    if (status == CSN_OK)
        status = text_read(&answer->nextnonce, &answer->info.nextnonce);
    if (status == CSN_OK)
        status = text_read(&answer->rspauth, &answer->info.rspauth);
    if (status == CSN_OK)
        status = text_read(&answer->cnonce, &answer->info.cnonce);
    return status;
}

/* Take over what the trailer alone has; false where both differ (F-07). */
static bool
text_join(struct client_text *into, const struct client_text *from,
    bool any_case)
{
    if (!from->present)
        return true;
    if (into->present)
        return any_case ? csn_span_equal_nocase(into->text, from->text)
                        : csn_span_equal(into->text, from->text);
    into->text = from->text;
    into->present = true;
    return true;
}

bool
csn_client_answer_join(struct client_answer *into,
    const struct client_answer *from)
{
    csn_digest_info *info = &into->info;

    if (!text_join(&into->nextnonce, &from->nextnonce, false) ||
        !text_join(&into->rspauth, &from->rspauth, true) ||
        !text_join(&into->cnonce, &from->cnonce, false))
        return false;
    if (from->info.nc.present) {
        if (info->nc.present && info->count != from->info.count)
            return false;
        info->nc = from->info.nc;
        info->count = from->info.count;
    }
    if (from->info.qop.present) {
        if (info->qop.present && info->qop_known != from->info.qop_known)
            return false;
        info->qop = from->info.qop;
        info->qop_known = from->info.qop_known;
    }
    return true;
}

bool
csn_client_answer_is_empty(const struct client_answer *answer)
{
    return !answer->nextnonce.present && !answer->rspauth.present &&
        !answer->cnonce.present && !answer->info.nc.present &&
        !answer->info.qop.present;
}
