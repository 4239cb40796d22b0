// SPDX-License-Identifier: MIT
#include "check.h"
#include "events.h"
#include "fields.h"

/*
 * Valid fields cut short at every octet, and with every octet replaced by
 * every other one. Whatever comes of it: nothing is read outside the
 * exact copy, outputs of a failed reader are untouched, and a field that
 * says something else is refused or read as something else. What may be
 * replaced without a change of meaning is named in means_the_same.
 */

static const struct row {
    const char *name;
    csn_field_kind kind;
    csn_span line;
} rows[] = {
    { "A-49 a challenge", CSN_FIELD_CHALLENGES,
        CSN_LIT("Digest realm=\"http-auth@example.org\", "
                "qop=\"auth, auth-int\", algorithm=SHA-256, "
                "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", "
                "opaque=\"FQhe/qaU925k\", stale=true, charset=UTF-8") },
    { "A-49 credentials", CSN_FIELD_CREDENTIALS,
        CSN_LIT("Digest username=\"Mufasa\", realm=\"a\\\"b\", "
                "uri=\"/dir/index.html?x=1&y=2\", algorithm=SHA-256, "
                "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", "
                "nc=00000001, cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGe"
                "mxURZJ\", qop=auth, response=\"753927fa0e85d155564e2e272a28d1"
                "802ca10daf4496794697cf8db5856cb6c1\", opaque=\"FQhe\"") },
    { "A-49 an Info field", CSN_FIELD_INFO,
        CSN_LIT("nextnonce=\"n0\\\\n1\", qop=auth, "
                "rspauth=\"6629fae49393a05397450978507c4ef1\", "
                "cnonce=\"0a4f113b\", nc=0000000a") },
};

enum { READ_SIZE = EVENTS_SIZE };

/* What the field says, in both ways; "refused" when it is. */
static void
say(csn_field_kind kind, csn_span line, char *events, char *fields)
{
    csn_span exact = check_exact(line);
    bool touched;
    csn_status status;

    events_render(kind, &exact, 1, events, READ_SIZE);
    status = fields_read(kind, &exact, 1, fields, READ_SIZE, &touched);
    if (status != CSN_OK) {
        CHECK_EQ("untouched", touched, false);
        (void)snprintf(fields, READ_SIZE, "refused");
    }
    check_drop(exact);
}

static bool
is_separator(uint8_t octet)
{
    return octet == ' ' || octet == '\t' || octet == ',';
}

/*
 * Blanks stand for one another, and a comma for a blank beside another one;
 * a blank of the qop list may be a backslash, which escapes the next member's
 * letter; the case of a letter is nothing in names and registered words.
 */
static bool
means_the_same(uint8_t was, uint8_t is)
{
    bool letter = (was | 0x20) >= 'a' && (was | 0x20) <= 'z';

    return (is_separator(was) && is_separator(is)) ||
        (was == ' ' && is == '\\') || (letter && (was ^ is) == 0x20);
}

static void
test_prefixes(void **state)
{
    static char whole[READ_SIZE], whole_fields[READ_SIZE];
    static char part[READ_SIZE], part_fields[READ_SIZE];
    const struct row *row = *state;

    say(row->kind, row->line, whole, whole_fields);
    CHECK_EQ(row->name, strcmp(whole_fields, "refused") == 0, false);
    for (size_t len = 0; len < row->line.len; len++) {
        say(row->kind, (csn_span){ row->line.ptr, len }, part, part_fields);
        CHECK_EQ(row->name, strcmp(part, whole) == 0, false);
        CHECK_EQ(row->name, strcmp(part_fields, whole_fields) == 0, false);
    }
}

static void
test_replaced(void **state)
{
    static char whole[READ_SIZE], whole_fields[READ_SIZE];
    static char other[READ_SIZE], other_fields[READ_SIZE];
    static uint8_t text[CSN_MAX_FIELD];
    const struct row *row = *state;

    say(row->kind, row->line, whole, whole_fields);
    memcpy(text, row->line.ptr, row->line.len);
    for (size_t at = 0; at < row->line.len; at++) {
        for (unsigned octet = 0; octet < 256; octet++) {
            uint8_t was = text[at];
            bool same;

            if (octet == was)
                continue;
            text[at] = (uint8_t)octet;
            say(row->kind, (csn_span){ text, row->line.len }, other,
                other_fields);
            text[at] = was;

            same = means_the_same(was, (uint8_t)octet);
            if (!same &&
                (strcmp(other, whole) == 0 ||
                    strcmp(other_fields, whole_fields) == 0))
                print_error("octet %zu, 0x%02x: %s\n", at, octet, other);
            CHECK_EQ(row->name, !same && strcmp(other, whole) == 0, false);
            CHECK_EQ(row->name,
                !same && strcmp(other_fields, whole_fields) == 0, false);
        }
    }
}

int
main(void)
{
    return CHECK_ROWS("prefixes", rows, test_prefixes) +
        CHECK_ROWS("replaced", rows, test_replaced);
}
