// SPDX-License-Identifier: MIT
/* The htdigest style: every form of a line, read and written. */
#include "rig.h"

#include "users/text.h"

#include <countersign/limits.h>

#define MD5 CSN_HASH_MD5
#define SHA CSN_HASH_SHA_256
#define SHA512 CSN_HASH_SHA_512_256
#define UPPER32 "0123456789ABCDEF0123456789ABCDEF"
#define SHORT31 "0123456789abcdef0123456789abcde"
#define ODD32 "0123456789abcdeg0123456789abcdef"
#define U100                                                                  \
    "uuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuu"                      \
    "uuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuu"
#define U1024                                                                 \
    U100 U100 U100 U100 U100 U100 U100 U100 U100 U100 "uuuuuuuuuuuuuuuuuuuu"  \
                                                      "uuuu"
#define U256                                                                  \
    U100 U100 "uuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuu"

static const struct good {
    const char *name;
    csn_span text;
    csn_users_row row;
    csn_span userhash;
} good_lines[] = {
    { "C-12 MD5 by its length", CSN_LIT("u:r:" RIG_HEX32),
        { CSN_LIT("u"), CSN_LIT("r"), MD5, CSN_LIT(RIG_HEX32) }, { 0 } },
    { "C-12 SHA-256 by its length", CSN_LIT("u:r:" RIG_HEX64),
        { CSN_LIT("u"), CSN_LIT("r"), SHA, CSN_LIT(RIG_HEX64) }, { 0 } },
    { "C-13 SHA-512-256 by its name", CSN_LIT("u:r:" RIG_HEX64 ":SHA-512-256"),
        { CSN_LIT("u"), CSN_LIT("r"), SHA512, CSN_LIT(RIG_HEX64) }, { 0 } },
    { "C-13 SHA-256 by its name", CSN_LIT("u:r:" RIG_HEX64 ":SHA-256"),
        { CSN_LIT("u"), CSN_LIT("r"), SHA, CSN_LIT(RIG_HEX64) }, { 0 } },
    { "C-13 MD5 by its name", CSN_LIT("u:r:" RIG_HEX32 ":MD5"),
        { CSN_LIT("u"), CSN_LIT("r"), MD5, CSN_LIT(RIG_HEX32) }, { 0 } },
    { "A-55 an algorithm's name in another case",
        CSN_LIT("u:r:" RIG_HEX64 ":sha-512-256"),
        { CSN_LIT("u"), CSN_LIT("r"), SHA512, CSN_LIT(RIG_HEX64) }, { 0 } },
    { "digits in upper case", CSN_LIT("u:r:" UPPER32),
        { CSN_LIT("u"), CSN_LIT("r"), MD5, CSN_LIT(UPPER32) }, { 0 } },
    { "blanks belong to names", CSN_LIT(" a b : my realm :" RIG_HEX32),
        { CSN_LIT(" a b "), CSN_LIT(" my realm "), MD5, CSN_LIT(RIG_HEX32) },
        { 0 } },
    { "a realm with a port", CSN_LIT("u:example.com:8443:" RIG_HEX32),
        { CSN_LIT("u"), CSN_LIT("example.com:8443"), MD5, CSN_LIT(RIG_HEX32) },
        { 0 } },
    { "a realm of a colon", CSN_LIT("u:::" RIG_HEX32),
        { CSN_LIT("u"), CSN_LIT(":"), MD5, CSN_LIT(RIG_HEX32) }, { 0 } },
    { "C-42 names beyond ASCII",
        CSN_LIT("Ma\xc3\xb1"
                "ana:\xe2\x82\xac\xf0\x9f\x94\x91:" RIG_HEX64),
        { CSN_LIT("Ma\xc3\xb1"
                  "ana"),
            CSN_LIT("\xe2\x82\xac\xf0\x9f\x94\x91"), SHA, CSN_LIT(RIG_HEX64) },
        { 0 } },
    { "lighttpd's userhash, MD5", CSN_LIT("u:r:" RIG_HEX32 ":" UPPER32),
        { CSN_LIT("u"), CSN_LIT("r"), MD5, CSN_LIT(RIG_HEX32) },
        CSN_LIT(UPPER32) },
    { "lighttpd's userhash, SHA-256",
        CSN_LIT("u:r:" RIG_HEX64 ":" RIG_OTHER64),
        { CSN_LIT("u"), CSN_LIT("r"), SHA, CSN_LIT(RIG_HEX64) },
        CSN_LIT(RIG_OTHER64) },
    { "a realm that ends like a digest",
        CSN_LIT("u:r:" RIG_OTHER64 ":" RIG_HEX64 ":SHA-256"),
        { CSN_LIT("u"), CSN_LIT("r:" RIG_OTHER64), SHA, CSN_LIT(RIG_HEX64) },
        { 0 } },
    { "a realm that is as long as a digest at its end",
        CSN_LIT("u:r:" ODD32 ":" RIG_HEX32),
        { CSN_LIT("u"), CSN_LIT("r:" ODD32), MD5, CSN_LIT(RIG_HEX32) },
        { 0 } },
    { "two digests of unlike length: part of the realm",
        CSN_LIT("u:r:" RIG_HEX32 ":" RIG_HEX64),
        { CSN_LIT("u"), CSN_LIT("r:" RIG_HEX32), SHA, CSN_LIT(RIG_HEX64) },
        { 0 } },
    { "the longest name", CSN_LIT(U1024 ":r:" RIG_HEX32),
        { CSN_LIT(U1024), CSN_LIT("r"), MD5, CSN_LIT(RIG_HEX32) }, { 0 } },
    { "the longest realm", CSN_LIT("u:" U256 ":" RIG_HEX32),
        { CSN_LIT("u"), CSN_LIT(U256), MD5, CSN_LIT(RIG_HEX32) }, { 0 } },
};

static void
test_good(void **state)
{
    const struct good *row = *state;
    csn_span text = check_exact(row->text);
    csn_users_line line;

    assert_null(csn_users_line_read(text, &line));
    CHECK_EQ(row->name, line.is_row, true);
    CHECK_EQ(row->name, line.row.hash, row->row.hash);
    CHECK_SPAN(row->name, line.row.user, row->row.user);
    CHECK_SPAN(row->name, line.row.realm, row->row.realm);
    CHECK_SPAN(row->name, line.row.ha1_hex, row->row.ha1_hex);
    CHECK_SPAN(row->name, line.userhash, row->userhash);
    check_drop(text);
}

static const struct bad {
    const char *name;
    csn_span text;
    const char *fault; /* words that must stand in the message */
} bad_lines[] = {
    { "one field", CSN_LIT("u"), "user:realm:digest" },
    { "two fields", CSN_LIT("u:" RIG_HEX32), "user:realm:digest" },
    { "a digest alone", CSN_LIT(RIG_HEX32), "user:realm:digest" },
    { "no digest before the algorithm", CSN_LIT("u:r:SHA-256"),
        "user:realm:digest:algorithm" },
    { "colons alone", CSN_LIT("::::"), "neither" },
    { "C-38 an empty user", CSN_LIT(":r:" RIG_HEX32), "user name is empty" },
    { "an empty realm", CSN_LIT("u::" RIG_HEX32), "realm is empty" },
    { "31 digits", CSN_LIT("u:r:" SHORT31), "neither" },
    { "33 digits", CSN_LIT("u:r:" RIG_HEX32 "0"), "neither" },
    { "63 digits", CSN_LIT("u:r:" RIG_HEX32 SHORT31), "neither" },
    { "65 digits", CSN_LIT("u:r:" RIG_HEX64 "0"), "neither" },
    { "a letter that is no digit", CSN_LIT("u:r:" ODD32), "neither" },
    { "no digits", CSN_LIT("u:r:"), "neither" },
    { "C-13 MD5 with 64 digits", CSN_LIT("u:r:" RIG_HEX64 ":MD5"), "length" },
    { "C-13 SHA-256 with 32 digits", CSN_LIT("u:r:" RIG_HEX32 ":SHA-256"),
        "length" },
    { "C-13 a named algorithm, no hex digit", CSN_LIT("u:r:" ODD32 ":MD5"),
        "hex" },
    { "C-13 a -sess algorithm", CSN_LIT("u:r:" RIG_HEX64 ":SHA-256-sess"),
        "neither" },
    { "an algorithm nobody knows", CSN_LIT("u:r:" RIG_HEX64 ":SHA-1"),
        "neither" },
    { "a password in place of a digest", CSN_LIT("u:r:secret"), "neither" },
    { "C-39 a tab in the user", CSN_LIT("a\tb:r:" RIG_HEX32), "control" },
    { "C-39 DEL in the user", CSN_LIT("a\x7f:r:" RIG_HEX32), "control" },
    { "C-39 NUL in the user", CSN_LIT("a\0b:r:" RIG_HEX32), "control" },
    { "C-39 a C1 control in the user", CSN_LIT("a\xc2\x85:r:" RIG_HEX32),
        "control" },
    { "C-39 U+001F in the realm", CSN_LIT("u:\x1f:" RIG_HEX32), "control" },
    { "C-39 U+009F in the realm", CSN_LIT("u:r\xc2\x9f:" RIG_HEX32),
        "control" },
    { "the user is not UTF-8", CSN_LIT("Jos\xe9:r:" RIG_HEX32),
        "user name is not UTF-8" },
    { "a surrogate", CSN_LIT("\xed\xa0\x80:r:" RIG_HEX32), "not UTF-8" },
    { "an overlong form", CSN_LIT("\xc0\xaf:r:" RIG_HEX32), "not UTF-8" },
    { "UTF-8 cut off", CSN_LIT("u:r\xe2\x82:" RIG_HEX32),
        "realm is not UTF-8" },
    { "a user too long", CSN_LIT(U1024 "u:r:" RIG_HEX32), "too long" },
    { "a realm too long", CSN_LIT("u:" U256 "u:" RIG_HEX32), "too long" },
    { "CR LF", CSN_LIT("u:r:" RIG_HEX32 "\r"), "CR LF" },
    { "a byte order mark", CSN_LIT("\xef\xbb\xbfu:r:" RIG_HEX32),
        "byte order mark" },
};

static void
test_bad(void **state)
{
    const struct bad *row = *state;
    csn_span text = check_exact(row->text);
    csn_users_line line = { .userhash = { NULL, 77 } };
    const char *fault = csn_users_line_read(text, &line);

    assert_non_null(fault);
    if (strstr(fault, row->fault) == NULL)
        fail_msg("%s: `%s` does not say `%s`", row->name, fault, row->fault);
    CHECK_EQ(row->name, line.userhash.len, 77);
    check_drop(text);
}

static const struct other {
    const char *name;
    csn_span text;
} other_lines[] = {
    { "an empty line", CSN_LIT("") },
    { "a comment", CSN_LIT("# u:r:" RIG_HEX32) },
    { "a comment that is not UTF-8", CSN_LIT("#\xff\x01\r") },
};

static void
test_other(void **state)
{
    const struct other *row = *state;
    csn_span text = check_exact(row->text);
    csn_users_line line = { .is_row = true };

    assert_null(csn_users_line_read(text, &line));
    CHECK_EQ(row->name, line.is_row, false);
    check_drop(text);
}

static const struct written {
    const char *name;
    csn_users_row row;
    csn_span userhash;
    csn_span want;
    bool holds;
} written_lines[] = {
    { "MD5 has three fields",
        { CSN_LIT("u"), CSN_LIT("r"), MD5, CSN_LIT(RIG_HEX32) }, { 0 },
        CSN_LIT("u:r:" RIG_HEX32 "\n"), true },
    { "SHA-256 has three fields",
        { CSN_LIT("u"), CSN_LIT("r"), SHA, CSN_LIT(RIG_HEX64) }, { 0 },
        CSN_LIT("u:r:" RIG_HEX64 "\n"), true },
    { "SHA-512-256 has its name",
        { CSN_LIT("u"), CSN_LIT("r"), SHA512, CSN_LIT(RIG_HEX64) }, { 0 },
        CSN_LIT("u:r:" RIG_HEX64 ":SHA-512-256\n"), true },
    { "a userhash stays",
        { CSN_LIT("u"), CSN_LIT("r"), MD5, CSN_LIT(RIG_HEX32) },
        CSN_LIT(UPPER32), CSN_LIT("u:r:" RIG_HEX32 ":" UPPER32 "\n"), true },
    { "a name that would be a comment",
        { CSN_LIT("#u"), CSN_LIT("r"), MD5, CSN_LIT(RIG_HEX32) }, { 0 },
        CSN_LIT("#u:r:" RIG_HEX32 "\n"), false },
    { "a name that would be a byte order mark",
        { CSN_LIT("\xef\xbb\xbf"), CSN_LIT("r"), MD5, CSN_LIT(RIG_HEX32) },
        { 0 }, CSN_LIT("\xef\xbb\xbf:r:" RIG_HEX32 "\n"), false },
    { "a realm that ends like a digest: named",
        { CSN_LIT("u"), CSN_LIT("r:" RIG_OTHER64), SHA, CSN_LIT(RIG_HEX64) },
        { 0 }, CSN_LIT("u:r:" RIG_OTHER64 ":" RIG_HEX64 ":SHA-256\n"), true },
    { "the same with a userhash: not named",
        { CSN_LIT("u"), CSN_LIT("r:" RIG_HEX32), MD5, CSN_LIT(UPPER32) },
        CSN_LIT(RIG_HEX32),
        CSN_LIT("u:r:" RIG_HEX32 ":" UPPER32 ":" RIG_HEX32 "\n"), true },
    { "a realm that ends like another hash's digest",
        { CSN_LIT("u"), CSN_LIT("r:" RIG_HEX32), SHA, CSN_LIT(RIG_HEX64) },
        { 0 }, CSN_LIT("u:r:" RIG_HEX32 ":" RIG_HEX64 "\n"), true },
    { "a realm that is like a digest",
        { CSN_LIT("u"), CSN_LIT(RIG_HEX32), MD5, CSN_LIT(UPPER32) }, { 0 },
        CSN_LIT("u:" RIG_HEX32 ":" UPPER32 "\n"), true },
    { "a colon in the user",
        { CSN_LIT("u:v"), CSN_LIT("r"), MD5, CSN_LIT(RIG_HEX32) }, { 0 },
        CSN_LIT("u:v:r:" RIG_HEX32 "\n"), false },
    { "a realm with colons",
        { CSN_LIT("u"), CSN_LIT("a:b:"), SHA512, CSN_LIT(RIG_HEX64) }, { 0 },
        CSN_LIT("u:a:b::" RIG_HEX64 ":SHA-512-256\n"), true },
    { "the longest line",
        { CSN_LIT(U1024), CSN_LIT(U256), SHA512, CSN_LIT(RIG_HEX64) }, { 0 },
        CSN_LIT(U1024 ":" U256 ":" RIG_HEX64 ":SHA-512-256\n"), true },
};

static void
test_written(void **state)
{
    const struct written *row = *state;
    uint8_t buffer[CSN_USERS_LINE_MAX];
    csn_writer out = csn_writer_init(buffer, sizeof(buffer));

    csn_users_line_write(&out, &row->row, row->userhash);
    CHECK_SPAN(row->name, csn_writer_span(&out), row->want);
    CHECK_EQ(row->name, out.overflow, false);
    CHECK_EQ(row->name, csn_users_line_holds(&row->row), row->holds);
}

/* What the sink saw, and when it stops the reading. */
typedef struct seen {
    size_t count;
    size_t numbers[4];
    size_t stop_at;
} seen;

static csn_status
see(void *context, const csn_users_row *row, size_t number,
    csn_users_error *error)
{
    seen *all = context;

    assert_int_equal(row->user.len, 1);
    all->numbers[all->count++] = number;
    return all->count == all->stop_at
        ? csn_users_fail(error, CSN_E_LIMIT, "stopped")
        : CSN_OK;
}

static const struct content {
    const char *name;
    csn_span text;
    size_t stop_at;
    csn_status status;
    size_t count;
    size_t last;
    const char *error;
} contents[] = {
    { "nothing", CSN_LIT(""), 0, CSN_OK, 0, 0, "" },
    { "the last line without LF", CSN_LIT("a:r:" RIG_HEX32), 0, CSN_OK, 1, 1,
        "" },
    { "rows keep their line's number",
        CSN_LIT("#\na:r:" RIG_HEX32 "\n\n\nb:r:" RIG_HEX64 "\n"), 0, CSN_OK, 2,
        5, "" },
    { "H-34 a bad line names its number",
        CSN_LIT("a:r:" RIG_HEX32 "\n#\nb:r:zz\nc:r:" RIG_HEX32 "\n"), 0,
        CSN_E_SYNTAX, 1, 1, "line 3: " },
    { "a sink ends the reading",
        CSN_LIT("a:r:" RIG_HEX32 "\nb:r:" RIG_HEX32 "\nc:r:" RIG_HEX32 "\n"),
        2, CSN_E_LIMIT, 2, 2, "stopped" },
};

static void
test_content(void **state)
{
    const struct content *row = *state;
    csn_span text = check_exact(row->text);
    seen all = { .stop_at = row->stop_at };
    csn_users_error error = { "" };

    CHECK_EQ(row->name, csn_users_text_read(text, see, &all, &error),
        row->status);
    CHECK_EQ(row->name, all.count, row->count);
    if (row->count != 0)
        CHECK_EQ(row->name, all.numbers[row->count - 1], row->last);
    assert_int_equal(strncmp(error.text, row->error, strlen(row->error)), 0);
    check_drop(text);
}

/* No message repeats what the file says (H-18). */
static void
test_messages_keep_silent(void **state)
{
    static const char content[] = "bob:realm:hunter2hunter2\n";
    csn_users_error error = { "" };
    seen all = { .stop_at = 0 };

    (void)state;
    assert_int_equal(csn_users_text_read(check_text(content), see, &all,
                         &error),
        CSN_E_SYNTAX);
    assert_null(strstr(error.text, "hunter2"));
    assert_null(strstr(error.text, "bob"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        { "H-18 a message repeats nothing of the file",
            test_messages_keep_silent, NULL, NULL, NULL },
    };

    return CHECK_ROWS("good lines", good_lines, test_good) +
        CHECK_ROWS("bad lines", bad_lines, test_bad) +
        CHECK_ROWS("other lines", other_lines, test_other) +
        CHECK_ROWS("written lines", written_lines, test_written) +
        CHECK_ROWS("contents", contents, test_content) +
        cmocka_run_group_tests_name("messages", tests, NULL, NULL);
}
