// SPDX-License-Identifier: MIT
#define _GNU_SOURCE /* symlink, readlink */
/* Edits: one transaction each, in both forms of a user file. */
#include "rig.h"

#include "core/span.h"
#include "users/edit.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define MD5 CSN_HASH_MD5
#define SHA CSN_HASH_SHA_256
#define SHA512 CSN_HASH_SHA_512_256
#define TEXT CSN_USERS_TEXT
#define SQLITE CSN_USERS_SQLITE
#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B64 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define A32 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static char folder[64];

static int
make_folder(void **state)
{
    (void)state;
    rig_folder_make(folder);
    return 0;
}

static int
drop_folder(void **state)
{
    (void)state;
    rig_folder_drop(folder);
    return 0;
}

static csn_users_edit *
begin(const char *path, csn_users_form form)
{
    csn_users_error error = { "" };
    csn_users_edit *edit = NULL;

    assert_int_equal(csn_users_edit_open(path, form, 0, &edit, &error),
        CSN_OK);
    return edit;
}

static void
refuse(const char *path, csn_status want, const char *words)
{
    csn_users_error error = { "" };
    csn_users_edit *edit = NULL;
    csn_status status = csn_users_edit_open(path, TEXT, 0, &edit, &error);

    if (status != want || strstr(error.text, words) == NULL)
        fail_msg("%s: %s, `%s`", path, csn_status_name(status), error.text);
    assert_null(edit);
}

static csn_users_change
put(csn_users_edit *edit, const char *user, const char *realm, csn_hash hash,
    const char *hex)
{
    const csn_users_row row = rig_row(user, realm, hash, hex);
    csn_users_change change = CSN_USERS_SAME;
    csn_users_error error = { "" };

    assert_int_equal(csn_users_edit_put(edit, &row, &change, &error), CSN_OK);
    return change;
}

static bool
drop(csn_users_edit *edit, const char *user, const char *realm, csn_hash hash)
{
    csn_users_error error = { "" };
    bool dropped = false;

    assert_int_equal(csn_users_edit_drop(edit, check_text(realm),
                         check_text(user), hash, &dropped, &error),
        CSN_OK);
    return dropped;
}

static void
commit(csn_users_edit *edit)
{
    csn_users_error error = { "" };

    assert_int_equal(csn_users_edit_commit(edit, &error), CSN_OK);
    csn_users_edit_close(edit);
}

static csn_users *
load(const char *path)
{
    csn_users_error error = { "" };
    csn_users *users = NULL;

    if (csn_users_load(path, &users, &error) != CSN_OK)
        fail_msg("%s: %s", path, error.text);
    return users;
}

/* What a user's entry is in the file; empty for none. */
static void
check_entry(const char *path, const char *user, const char *realm,
    csn_hash hash, const char *want)
{
    csn_users *users = load(path);

    CHECK_SPAN(user, rig_find(users, realm, user, hash), check_text(want));
    csn_users_release(users);
}

static void
check_content(const char *path, const char *want)
{
    csn_span content = rig_read(path);

    CHECK_SPAN(path, content, check_text(want));
    check_drop(content);
}

static const struct form {
    const char *name;
    csn_users_form form;
} forms[] = {
    { "C-12 C-13 SQLite: add, change, drop", SQLITE },
    { "C-12 C-13 text: add, change, drop", TEXT },
};

static void
test_changes(void **state)
{
    const struct form *row = *state;
    const char *path = rig_path(folder, "users");
    csn_users_edit *edit = begin(path, row->form);

    assert_int_equal(csn_users_edit_form(edit), row->form);
    assert_int_equal(put(edit, "a", "r", SHA, A64), CSN_USERS_ADDED);
    assert_int_equal(put(edit, "a", "r", SHA512, A64), CSN_USERS_ADDED);
    assert_int_equal(put(edit, "a", "s", SHA, A64), CSN_USERS_ADDED);
    assert_int_equal(put(edit, "A", "r", SHA, A64), CSN_USERS_ADDED);
    assert_int_equal(put(edit, "a", "r", SHA, A64), CSN_USERS_SAME);
    assert_int_equal(put(edit, "a", "r", SHA, B64), CSN_USERS_CHANGED);
    commit(edit);
    check_entry(path, "a", "r", SHA, B64);
    check_entry(path, "a", "r", SHA512, A64);
    check_entry(path, "a", "s", SHA, A64);
    check_entry(path, "A", "r", SHA, A64);
    check_entry(path, "a", "r", MD5, "");

    /* What is there decides the form, whatever a new file would be. */
    edit = begin(path, row->form == TEXT ? SQLITE : TEXT);
    assert_int_equal(csn_users_edit_form(edit), row->form);
    assert_int_equal(put(edit, "a", "r", SHA512, A64), CSN_USERS_SAME);
    assert_int_equal(put(edit, "a", "r", MD5,
                         "0123456789ABCDEF0123456789ABCDEF"),
        CSN_USERS_ADDED);
    assert_true(drop(edit, "a", "r", SHA));
    assert_false(drop(edit, "a", "r", SHA));
    assert_false(drop(edit, "nobody", "r", SHA));
    commit(edit);
    check_entry(path, "a", "r", SHA, "");
    check_entry(path, "a", "r", SHA512, A64);
    check_entry(path, "a", "s", SHA, A64);
    check_entry(path, "a", "r", MD5, RIG_HEX32);
    assert_int_equal(rig_entries(folder), 1);
    assert_return_code(unlink(path), 0);
}

static void
test_not_committed(void **state)
{
    const struct form *row = *state;
    const char *path = rig_path(folder, "users");
    csn_users_edit *edit = begin(path, row->form);

    put(edit, "a", "r", SHA, A64);
    csn_users_edit_close(edit);
    assert_int_equal(rig_entries(folder), 0);

    edit = begin(path, row->form);
    put(edit, "a", "r", SHA, A64);
    commit(edit);
    edit = begin(path, row->form);
    put(edit, "a", "r", SHA, B64);
    put(edit, "b", "r", SHA, B64);
    csn_users_edit_close(edit);
    check_entry(path, "a", "r", SHA, A64);
    check_entry(path, "b", "r", SHA, "");
    assert_int_equal(rig_entries(folder), 1);
    assert_return_code(unlink(path), 0);
}

/* While one edit is open no other begins, and readers see what was there. */
static void
test_one_at_a_time(void **state)
{
    const struct form *row = *state;
    const char *path = rig_path(folder, "users");
    csn_users_edit *edit = begin(path, row->form);

    put(edit, "a", "r", SHA, A64);
    commit(edit);
    edit = begin(path, row->form);
    put(edit, "a", "r", SHA, B64);
    refuse(path, CSN_E_STORE, "locked");
    check_entry(path, "a", "r", SHA, A64);
    commit(edit);
    check_entry(path, "a", "r", SHA, B64);
    csn_users_edit_close(begin(path, row->form));
    assert_return_code(unlink(path), 0);
}

/* Two find no file: the second to commit must begin again. */
static void
test_both_new(void **state)
{
    const struct form *row = *state;
    const char *path = rig_path(folder, "users");
    csn_users_edit *first = begin(path, row->form);
    csn_users_edit *second = begin(path, row->form);
    csn_users_error error = { "" };

    put(first, "a", "r", SHA, A64);
    put(second, "b", "r", SHA, B64);
    commit(first);
    assert_int_equal(csn_users_edit_commit(second, &error), CSN_E_STATE);
    csn_users_edit_close(second);
    check_entry(path, "a", "r", SHA, A64);
    check_entry(path, "b", "r", SHA, "");
    assert_int_equal(rig_entries(folder), 1);
    assert_return_code(unlink(path), 0);
}

static void
test_mode(void **state)
{
    const struct form *row = *state;
    const char *path = rig_path(folder, "users");
    mode_t old = umask(0);
    csn_users_edit *edit = begin(path, row->form);
    struct stat info;

    put(edit, "a", "r", SHA, A64);
    commit(edit);
    assert_return_code(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);

    assert_return_code(chmod(path, 0640), 0);
    edit = begin(path, row->form);
    put(edit, "a", "r", SHA, B64);
    commit(edit);
    assert_return_code(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0640);
    umask(old);
    assert_return_code(unlink(path), 0);
}

/* An empty file, as `touch` makes it, becomes either. */
static void
test_empty_file(void **state)
{
    const struct form *row = *state;
    const char *path = rig_path(folder, "users");
    csn_users_edit *edit;

    rig_write(path, CSN_SPAN(""));
    edit = begin(path, row->form);
    assert_int_equal(csn_users_edit_form(edit), row->form);
    put(edit, "a", "r", SHA, A64);
    commit(edit);
    check_entry(path, "a", "r", SHA, A64);
    assert_return_code(unlink(path), 0);
}

static const struct bad_row {
    const char *name;
    csn_users_row row;
    csn_users_form form;
    csn_status status;
} bad_rows[] = {
    { "C-38 a colon in the user",
        { CSN_LIT("a:b"), CSN_LIT("r"), SHA, CSN_LIT(A64) }, SQLITE,
        CSN_E_SYNTAX },
    { "C-39 a control character in the user",
        { CSN_LIT("a\nb"), CSN_LIT("r"), SHA, CSN_LIT(A64) }, TEXT,
        CSN_E_SYNTAX },
    { "C-39 a control character in the realm",
        { CSN_LIT("a"), CSN_LIT("\x7f"), SHA, CSN_LIT(A64) }, SQLITE,
        CSN_E_SYNTAX },
    { "C-13 MD5 with 64 digits",
        { CSN_LIT("a"), CSN_LIT("r"), MD5, CSN_LIT(A64) }, SQLITE,
        CSN_E_SYNTAX },
    { "C-13 SHA-256 with 32 digits",
        { CSN_LIT("a"), CSN_LIT("r"), SHA, CSN_LIT(A32) }, TEXT,
        CSN_E_SYNTAX },
    { "a text file has no user that starts with #",
        { CSN_LIT("#a"), CSN_LIT("r"), SHA, CSN_LIT(A64) }, TEXT,
        CSN_E_UNSUPPORTED },
    { "a database has", { CSN_LIT("#a"), CSN_LIT("r"), SHA, CSN_LIT(A64) },
        SQLITE, CSN_OK },
    { "a realm that ends like a digest",
        { CSN_LIT("a"), CSN_LIT("r:" B64), SHA, CSN_LIT(A64) }, TEXT, CSN_OK },
    { "C-42 names beyond ASCII",
        { CSN_LIT("\xc5\x81ukasz"), CSN_LIT("\xf0\x9f\x94\x91"), SHA,
            CSN_LIT(A64) },
        TEXT, CSN_OK },
};

static void
test_bad_row(void **state)
{
    const struct bad_row *row = *state;
    csn_users_edit *edit = begin(rig_path(folder, "users"), row->form);
    csn_users_change change = CSN_USERS_SAME;
    csn_users_error error = { "" };

    CHECK_EQ(row->name, csn_users_edit_put(edit, &row->row, &change, &error),
        row->status);
    CHECK_EQ(row->name, change,
        row->status == CSN_OK ? CSN_USERS_ADDED : CSN_USERS_SAME);
    csn_users_edit_close(edit);
}

/* Comments, order and other programs' fields stay; a user's entries stand
 * together, as MD5, SHA-256, SHA-512-256. */
static void
test_text_keeps(void **state)
{
    const char *path = rig_path(folder, "users");
    csn_users_edit *edit;

    (void)state;
    rig_write(path,
        CSN_SPAN("# our users\n\nz:r:" A64 ":" B64 "\n#\xff not UTF-8\n"
                 "b:r:" A32 "\na:r:" A64 ":sha-512-256"));
    edit = begin(path, TEXT);
    assert_int_equal(put(edit, "z", "r", SHA, B64), CSN_USERS_CHANGED);
    put(edit, "n", "s", SHA, A64);
    put(edit, "n", "r", SHA512, A64);
    put(edit, "n", "r", SHA, A64);
    put(edit, "z", "r", MD5, A32);
    assert_true(drop(edit, "b", "r", MD5));
    commit(edit);
    check_content(path,
        "# our users\n\nz:r:" A32 "\nz:r:" B64 ":" B64
        "\n#\xff not UTF-8\na:r:" A64 ":SHA-512-256\n"
        "n:r:" A64 "\nn:r:" A64 ":SHA-512-256\nn:s:" A64 "\n");
    assert_return_code(unlink(path), 0);
}

static void
test_last_one_goes(void **state)
{
    const char *path = rig_path(folder, "users");
    csn_users_edit *edit;

    (void)state;
    rig_write(path, CSN_SPAN("b:r:" A32 "\n"));
    edit = begin(path, SQLITE);
    assert_true(drop(edit, "b", "r", MD5));
    commit(edit);
    check_content(path, "");
    assert_return_code(unlink(path), 0);
}

/* What is not understood is not written again without it. */
static void
test_refused_files(void **state)
{
    const char *path = rig_path(folder, "users");

    (void)state;
    rig_write(path, CSN_SPAN("b:r:" A32 "\nwhat is this\n"));
    refuse(path, CSN_E_SYNTAX, "line 2: ");
    check_content(path, "b:r:" A32 "\nwhat is this\n");
    rig_write(path, CSN_SPAN("b:r:" A32 "\n#\nb:r:" RIG_HEX32 "\n"));
    refuse(path, CSN_E_DUPLICATE, "line 3: ");
    rig_write(path, CSN_SPAN("b:r:" A32 "\nb:r:" A32 "\n"));
    refuse(path, CSN_E_DUPLICATE, "line 2: ");
    assert_return_code(unlink(path), 0);

    rig_sql(path, "CREATE TABLE users (a);");
    refuse(path, CSN_E_STORE, "not a user file");
    assert_return_code(unlink(path), 0);
    refuse(folder, CSN_E_STORE, "not a plain file");
}

static void
test_no_place(void **state)
{
    csn_users_edit *edit;
    csn_users_error error = { "" };

    (void)state;
    edit = begin(rig_path(folder, "none/users"), SQLITE);
    put(edit, "a", "r", SHA, A64);
    assert_int_equal(csn_users_edit_commit(edit, &error), CSN_E_STORE);
    assert_non_null(strstr(error.text, "No such file"));
    csn_users_edit_close(edit);
}

/* A link stays a link. */
static void
test_link(void **state)
{
    const char *path = rig_path(folder, "users");
    const char *link = rig_path(folder, "link");
    csn_users_edit *edit;
    char target[64];

    (void)state;
    rig_write(path, CSN_SPAN("b:r:" A32 "\n"));
    assert_return_code(symlink("users", link), 0);
    edit = begin(link, TEXT);
    put(edit, "c", "r", MD5, A32);
    commit(edit);
    assert_int_equal(readlink(link, target, sizeof(target)), 5);
    check_content(path, "b:r:" A32 "\nc:r:" A32 "\n");
    assert_return_code(unlink(link), 0);
    assert_return_code(unlink(path), 0);
}

/* An edit that waited for another one starts from what that one wrote. */
static void
test_replaced_while_waiting(void **state)
{
    const char *path = rig_path(folder, "users");
    int old;
    csn_users_edit *edit;

    (void)state;
    rig_write(path, CSN_SPAN("b:r:" A32 "\n"));
    old = open(path, O_RDONLY | O_CLOEXEC);
    assert_return_code(old, 0);
    edit = begin(path, TEXT);
    put(edit, "c", "r", MD5, A32);
    commit(edit);
    /* The old file is locked still; the name leads to another one. */
    assert_return_code(flock(old, LOCK_EX | LOCK_NB), 0);
    edit = begin(path, TEXT);
    put(edit, "d", "r", MD5, A32);
    commit(edit);
    close(old);
    check_content(path, "b:r:" A32 "\nc:r:" A32 "\nd:r:" A32 "\n");
    assert_return_code(unlink(path), 0);
}

/* H-22: what was removed is not to be found in the file any more. */
static void
test_removed_is_gone(void **state)
{
    const char *path = rig_path(folder, "users");
    csn_users_edit *edit = begin(path, SQLITE);
    csn_span content;

    (void)state;
    put(edit, "a", "r", SHA, RIG_OTHER64);
    put(edit, "b", "r", SHA, A64);
    commit(edit);
    content = rig_read(path);
    assert_non_null(memmem(content.ptr, content.len, RIG_OTHER64, 64));
    check_drop(content);
    edit = begin(path, SQLITE);
    assert_true(drop(edit, "a", "r", SHA));
    commit(edit);
    content = rig_read(path);
    assert_null(memmem(content.ptr, content.len, RIG_OTHER64, 64));
    check_drop(content);
    assert_return_code(unlink(path), 0);
}

/* Rows that somebody puts in by hand are checked by the file itself. */
static void
test_schema_checks(void **state)
{
    static const char *const values[] = {
        "('a:b', 'r', 'SHA-256', '" A64 "')",
        "('', 'r', 'SHA-256', '" A64 "')",
        "('a', '', 'SHA-256', '" A64 "')",
        "('a', 'r', 'sha-256', '" A64 "')",
        "('a', 'r', 'SHA-1', '" A64 "')",
        "('a', 'r', 'MD5', '" A64 "')",
        "('a', 'r', 'SHA-512-256', '" A32 "')",
        "('a', 'r', 'SHA-256', upper('" A64 "'))",
        "(1, 'r', 'SHA-256', x'00')",
        "('a', 'r', 'SHA-256', NULL)",
    };
    const char *path = rig_path(folder, "users");
    csn_users_edit *edit = begin(path, SQLITE);
    sqlite3 *db;
    char sql[256];

    (void)state;
    commit(edit);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        snprintf(sql, sizeof(sql),
            "INSERT INTO users (user, realm, algorithm, ha1) VALUES %s",
            values[i]);
        assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL),
            SQLITE_CONSTRAINT);
    }
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    rig_sql(path, "INSERT INTO users VALUES ('a', 'r', 'MD5', '" A32 "')");
    check_entry(path, "a", "r", MD5, A32);
    assert_return_code(unlink(path), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        { "text: comments, order and other fields stay", test_text_keeps, NULL,
            NULL, NULL },
        { "text: the last entry goes", test_last_one_goes, NULL, NULL, NULL },
        { "text: a link stays a link", test_link, NULL, NULL, NULL },
        { "text: replaced while somebody waited", test_replaced_while_waiting,
            NULL, NULL, NULL },
        { "H-34 files that are refused", test_refused_files, NULL, NULL,
            NULL },
        { "H-34 no place to write", test_no_place, NULL, NULL, NULL },
        { "H-22 SQLite: what was removed is gone", test_removed_is_gone, NULL,
            NULL, NULL },
        { "C-38 C-13 SQLite: the schema checks", test_schema_checks, NULL,
            NULL, NULL },
    };
    int failed;

    make_folder(NULL);
    failed = CHECK_ROWS("changes", forms, test_changes) +
        CHECK_ROWS("not committed", forms, test_not_committed) +
        CHECK_ROWS("one at a time", forms, test_one_at_a_time) +
        CHECK_ROWS("both new", forms, test_both_new) +
        CHECK_ROWS("H-22 mode", forms, test_mode) +
        CHECK_ROWS("empty file", forms, test_empty_file) +
        CHECK_ROWS("bad rows", bad_rows, test_bad_row);
    drop_folder(NULL);
    return failed +
        cmocka_run_group_tests_name("files", tests, make_folder, drop_folder);
}
