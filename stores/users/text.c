// SPDX-License-Identifier: MIT
#include "text.h"

#include <countersign/limits.h>

#include "../common/line.h"
#include "core/ct.h"
#include "core/span.h"
#include "core/writer.h"
#include "rules.h"

#include <string.h>

/* Cut the first field off: up to the first colon, which goes too. */
static bool
cut_first(csn_span *text, csn_span *field)
{
    const uint8_t *colon = NULL;

    if (text->len != 0)
        colon = memchr(text->ptr, ':', text->len);
    if (colon == NULL)
        return false;
    *field = csn_span_slice(*text, 0, (size_t)(colon - text->ptr));
    *text = csn_span_slice(*text, field->len + 1, text->len);
    return true;
}

/* Cut the last field off: from the last colon, which goes too. */
static bool
cut_last(csn_span *text, csn_span *field)
{
    size_t at = text->len;

    while (at != 0 && text->ptr[at - 1] != ':')
        at--;
    if (at == 0)
        return false;
    *field = csn_span_slice(*text, at, text->len);
    *text = csn_span_slice(*text, 0, at - 1);
    return true;
}

/* Which hash has digests of this form, when the line does not say it. */
static bool
hash_by_length(csn_span field, csn_hash *hash)
{
    static const csn_hash hashes[] = { CSN_HASH_MD5, CSN_HASH_SHA_256 };

    for (size_t i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++) {
        if (csn_users_ha1_fault(field, hashes[i]) == NULL) {
            *hash = hashes[i];
            return true;
        }
    }
    return false;
}

/* The fourth field behind `rest`, which ends in the third: see text.h. */
static const char *
read_digests(csn_span *rest, csn_users_line *line)
{
    csn_span last;
    csn_span before;
    csn_span shorter;

    if (!cut_last(rest, &last))
        return "it is not user:realm:digest";
    if (!hash_by_length(last, &line->row.hash)) {
        const char *fault = csn_users_hash_fault(last, &line->row.hash);

        if (fault != NULL)
            return "the last field is neither a digest nor an algorithm";
        if (!cut_last(rest, &line->row.ha1_hex))
            return "it is not user:realm:digest:algorithm";
        return csn_users_ha1_fault(line->row.ha1_hex, line->row.hash);
    }

    line->row.ha1_hex = last;
    shorter = *rest;
    if (cut_last(&shorter, &before) &&
        csn_users_ha1_fault(before, line->row.hash) == NULL) {
        line->row.ha1_hex = before;
        line->userhash = last;
        *rest = shorter;
    }
    return NULL;
}

/* Some editors begin a file with one; it would become part of a name. */
static bool
has_byte_order_mark(csn_span text)
{
    return csn_span_equal(csn_span_slice(text, 0, 3),
        CSN_SPAN("\xef\xbb\xbf"));
}

const char *
csn_users_line_read(csn_span text, csn_users_line *line)
{
    csn_users_line read = { .is_row = false };
    csn_span rest = text;
    const char *fault;

    if (text.len == 0 || text.ptr[0] == '#') {
        *line = read;
        return NULL;
    }
    if (has_byte_order_mark(text))
        return "it begins with a byte order mark";
    if (text.ptr[text.len - 1] == '\r')
        return "it ends in CR LF; a line ends in LF alone";
    if (!cut_first(&rest, &read.row.user))
        return "it is not user:realm:digest";
    fault = read_digests(&rest, &read);
    if (fault != NULL)
        return fault;
    read.row.realm = rest;
    read.is_row = true;

    fault = csn_users_user_fault(read.row.user);
    if (fault == NULL)
        fault = csn_users_realm_fault(read.row.realm);
    if (fault == NULL)
        *line = read;
    return fault;
}

csn_status
csn_users_text_read(csn_span content, csn_users_sink sink, void *context,
    csn_users_error *error)
{
    csn_status status = CSN_OK;
    csn_span text;

    for (size_t number = 1; status == CSN_OK && csn_line_next(&content, &text);
         number++) {
        csn_users_line line;
        const char *fault = csn_users_line_read(text, &line);

        if (fault != NULL)
            return csn_users_fail(error, CSN_E_SYNTAX, "line %zu: %s", number,
                fault);
        if (line.is_row)
            status = sink(context, &line.row, number, error);
    }
    return status;
}

/* Whether a realm's end could be read as the digest, and the digest behind it
 * as a userhash. */
static bool
ends_like_digest(csn_span realm, csn_hash hash)
{
    csn_span last;

    return cut_last(&realm, &last) && csn_users_ha1_fault(last, hash) == NULL;
}

void
csn_users_line_write(csn_writer *out, const csn_users_row *row,
    csn_span userhash)
{
    csn_span fourth = userhash;
    csn_hash told;

    if (!hash_by_length(row->ha1_hex, &told) || told != row->hash ||
        (fourth.len == 0 && ends_like_digest(row->realm, row->hash)))
        fourth = csn_users_hash_name(row->hash);
    csn_write(out, row->user);
    csn_write_byte(out, ':');
    csn_write(out, row->realm);
    csn_write_byte(out, ':');
    csn_write(out, row->ha1_hex);
    if (fourth.len != 0) {
        csn_write_byte(out, ':');
        csn_write(out, fourth);
    }
    csn_write_byte(out, '\n');
}

bool
csn_users_line_holds(const csn_users_row *row)
{
    uint8_t buffer[CSN_USERS_LINE_MAX];
    csn_writer out = csn_writer_init(buffer, sizeof(buffer));
    csn_users_line line;
    bool holds;

    csn_users_line_write(&out, row, CSN_SPAN(""));
    holds = !out.overflow &&
        csn_users_line_read((csn_span){ buffer, out.len - 1 }, &line) ==
            NULL &&
        line.userhash.len == 0 && line.row.hash == row->hash &&
        csn_span_equal(line.row.user, row->user) &&
        csn_span_equal(line.row.realm, row->realm) &&
        line.row.ha1_hex.len == row->ha1_hex.len;
    csn_wipe(buffer, sizeof(buffer));
    return holds;
}
