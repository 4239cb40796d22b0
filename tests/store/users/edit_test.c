// SPDX-License-Identifier: MIT
#define _GNU_SOURCE /* chmod, umask */
/* Edits: one transaction each, in both forms of a user file. */
#include "edit_rig.h"

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
    csn_users_edit *edit = edit_begin(path, row->form);

    assert_int_equal(csn_users_edit_form(edit), row->form);
    assert_int_equal(edit_put(edit, "a", "r", SHA, A64), CSN_USERS_ADDED);
    assert_int_equal(edit_put(edit, "a", "r", SHA512, A64), CSN_USERS_ADDED);
    assert_int_equal(edit_put(edit, "a", "s", SHA, A64), CSN_USERS_ADDED);
    assert_int_equal(edit_put(edit, "A", "r", SHA, A64), CSN_USERS_ADDED);
    assert_int_equal(edit_put(edit, "a", "r", SHA, A64), CSN_USERS_SAME);
    assert_int_equal(edit_put(edit, "a", "r", SHA, B64), CSN_USERS_CHANGED);
    edit_commit(edit);
    edit_check_entry(path, "a", "r", SHA, B64);
    edit_check_entry(path, "a", "r", SHA512, A64);
    edit_check_entry(path, "a", "s", SHA, A64);
    edit_check_entry(path, "A", "r", SHA, A64);
    edit_check_entry(path, "a", "r", MD5, "");

    /* What is there decides the form, whatever a new file would be. */
    edit = edit_begin(path, row->form == TEXT ? SQLITE : TEXT);
    assert_int_equal(csn_users_edit_form(edit), row->form);
    assert_int_equal(edit_put(edit, "a", "r", SHA512, A64), CSN_USERS_SAME);
    assert_int_equal(edit_put(edit, "a", "r", MD5,
                         "0123456789ABCDEF0123456789ABCDEF"),
        CSN_USERS_ADDED);
    assert_true(edit_drop(edit, "a", "r", SHA));
    assert_false(edit_drop(edit, "a", "r", SHA));
    assert_false(edit_drop(edit, "nobody", "r", SHA));
    edit_commit(edit);
    edit_check_entry(path, "a", "r", SHA, "");
    edit_check_entry(path, "a", "r", SHA512, A64);
    edit_check_entry(path, "a", "s", SHA, A64);
    edit_check_entry(path, "a", "r", MD5, RIG_HEX32);
    assert_int_equal(rig_entries(folder), 1);
    assert_return_code(unlink(path), 0);
}

static void
test_not_committed(void **state)
{
    const struct form *row = *state;
    const char *path = rig_path(folder, "users");
    csn_users_edit *edit = edit_begin(path, row->form);

    edit_put(edit, "a", "r", SHA, A64);
    csn_users_edit_close(edit);
    assert_int_equal(rig_entries(folder), 0);

    edit = edit_begin(path, row->form);
    edit_put(edit, "a", "r", SHA, A64);
    edit_commit(edit);
    edit = edit_begin(path, row->form);
    edit_put(edit, "a", "r", SHA, B64);
    edit_put(edit, "b", "r", SHA, B64);
    csn_users_edit_close(edit);
    edit_check_entry(path, "a", "r", SHA, A64);
    edit_check_entry(path, "b", "r", SHA, "");
    assert_int_equal(rig_entries(folder), 1);
    assert_return_code(unlink(path), 0);
}

/* While one edit is open no other begins, and readers see what was there. */
static void
test_one_at_a_time(void **state)
{
    const struct form *row = *state;
    const char *path = rig_path(folder, "users");
    csn_users_edit *edit = edit_begin(path, row->form);

    edit_put(edit, "a", "r", SHA, A64);
    edit_commit(edit);
    edit = edit_begin(path, row->form);
    edit_put(edit, "a", "r", SHA, B64);
    edit_refuse(path, CSN_E_STORE, "locked");
    edit_check_entry(path, "a", "r", SHA, A64);
    edit_commit(edit);
    edit_check_entry(path, "a", "r", SHA, B64);
    csn_users_edit_close(edit_begin(path, row->form));
    assert_return_code(unlink(path), 0);
}

/* Two find no file: the second to commit must begin again. */
static void
test_both_new(void **state)
{
    const struct form *row = *state;
    const char *path = rig_path(folder, "users");
    csn_users_edit *first = edit_begin(path, row->form);
    csn_users_edit *second = edit_begin(path, row->form);
    csn_users_error error = { "" };

    edit_put(first, "a", "r", SHA, A64);
    edit_put(second, "b", "r", SHA, B64);
    edit_commit(first);
    assert_int_equal(csn_users_edit_commit(second, &error), CSN_E_STATE);
    csn_users_edit_close(second);
    edit_check_entry(path, "a", "r", SHA, A64);
    edit_check_entry(path, "b", "r", SHA, "");
    assert_int_equal(rig_entries(folder), 1);
    assert_return_code(unlink(path), 0);
}

static void
test_mode(void **state)
{
    const struct form *row = *state;
    const char *path = rig_path(folder, "users");
    mode_t old = umask(0);
    csn_users_edit *edit = edit_begin(path, row->form);
    struct stat info;

    edit_put(edit, "a", "r", SHA, A64);
    edit_commit(edit);
    assert_return_code(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);

    assert_return_code(chmod(path, 0640), 0);
    edit = edit_begin(path, row->form);
    edit_put(edit, "a", "r", SHA, B64);
    edit_commit(edit);
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
    edit = edit_begin(path, row->form);
    assert_int_equal(csn_users_edit_form(edit), row->form);
    edit_put(edit, "a", "r", SHA, A64);
    edit_commit(edit);
    edit_check_entry(path, "a", "r", SHA, A64);
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
    csn_users_edit *edit = edit_begin(rig_path(folder, "users"), row->form);
    csn_users_change change = CSN_USERS_SAME;
    csn_users_error error = { "" };

    CHECK_EQ(row->name, csn_users_edit_put(edit, &row->row, &change, &error),
        row->status);
    CHECK_EQ(row->name, change,
        row->status == CSN_OK ? CSN_USERS_ADDED : CSN_USERS_SAME);
    csn_users_edit_close(edit);
}

int
main(void)
{
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
    return failed;
}
