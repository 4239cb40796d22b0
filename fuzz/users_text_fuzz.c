// SPDX-License-Identifier: MIT
#include "fuzz.h"

#include "common/line.h"
#include "users/rules.h"
#include "users/text.h"

/*
 * User files in htdigest style: what is read keeps the rules, lies within its
 * line, and is the same when it is written and read again; the file is read
 * up to the first line that cannot be.
 */

static bool
lies_within(csn_span part, csn_span whole)
{
    return part.ptr >= whole.ptr && part.len <= whole.len &&
        part.ptr + part.len <= whole.ptr + whole.len;
}

static bool
is_same(csn_span a, csn_span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static void
check_row(const csn_users_line *line, csn_span text)
{
    static uint8_t buffer[CSN_USERS_LINE_MAX];
    csn_writer out = csn_writer_init(buffer, sizeof(buffer));
    const csn_users_row *row = &line->row;
    csn_users_line again;

    FUZZ_HOLDS(lies_within(row->user, text) && lies_within(row->realm, text));
    FUZZ_HOLDS(lies_within(row->ha1_hex, text));
    FUZZ_HOLDS(csn_users_user_fault(row->user) == NULL);
    FUZZ_HOLDS(csn_users_realm_fault(row->realm) == NULL);
    FUZZ_HOLDS(csn_users_ha1_fault(row->ha1_hex, row->hash) == NULL);
    FUZZ_HOLDS(csn_users_line_holds(row));

    csn_users_line_write(&out, row, line->userhash);
    FUZZ_HOLDS(!out.overflow && buffer[out.len - 1] == '\n');
    FUZZ_HOLDS(csn_users_line_read((csn_span){ buffer, out.len - 1 },
                   &again) == NULL);
    FUZZ_HOLDS(again.is_row && again.row.hash == row->hash);
    FUZZ_HOLDS(is_same(again.row.user, row->user));
    FUZZ_HOLDS(is_same(again.row.realm, row->realm));
    FUZZ_HOLDS(is_same(again.row.ha1_hex, row->ha1_hex));
    FUZZ_HOLDS(is_same(again.userhash, line->userhash));
}

static csn_status
count_row(void *context, const csn_users_row *row, size_t number,
    csn_users_error *error)
{
    (void)row;
    (void)number;
    (void)error;
    ++*(size_t *)context;
    return CSN_OK;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    csn_span rest = { data, size };
    csn_span text;
    csn_users_error error;
    const char *fault = NULL;
    size_t rows = 0;
    size_t counted = 0;
    csn_status status;

    while (fault == NULL && csn_line_next(&rest, &text)) {
        csn_users_line line;

        FUZZ_HOLDS(memchr(text.ptr, '\n', text.len) == NULL);
        fault = csn_users_line_read(text, &line);
        if (fault == NULL && line.is_row) {
            check_row(&line, text);
            rows++;
        }
    }
    status = csn_users_text_read((csn_span){ data, size }, count_row, &counted,
        &error);
    FUZZ_HOLDS(status == (fault == NULL ? CSN_OK : CSN_E_SYNTAX));
    FUZZ_HOLDS(counted == rows);
    return 0;
}
