// SPDX-License-Identifier: MIT
#define _GNU_SOURCE /* symlink, readlink, memmem */
/* Edits: what is special to text files, to databases and to odd files. */
#include "edit_rig.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/file.h>
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
    edit = edit_begin(path, TEXT);
    assert_int_equal(edit_put(edit, "z", "r", SHA, B64), CSN_USERS_CHANGED);
    edit_put(edit, "n", "s", SHA, A64);
    edit_put(edit, "n", "r", SHA512, A64);
    edit_put(edit, "n", "r", SHA, A64);
    edit_put(edit, "z", "r", MD5, A32);
    assert_true(edit_drop(edit, "b", "r", MD5));
    edit_commit(edit);
    edit_check_content(path,
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
    edit = edit_begin(path, SQLITE);
    assert_true(edit_drop(edit, "b", "r", MD5));
    edit_commit(edit);
    edit_check_content(path, "");
    assert_return_code(unlink(path), 0);
}

/* What is not understood is not written again without it. */
static void
test_refused_files(void **state)
{
    const char *path = rig_path(folder, "users");

    (void)state;
    rig_write(path, CSN_SPAN("b:r:" A32 "\nwhat is this\n"));
    edit_refuse(path, CSN_E_SYNTAX, "line 2: ");
    edit_check_content(path, "b:r:" A32 "\nwhat is this\n");
    rig_write(path, CSN_SPAN("b:r:" A32 "\n#\nb:r:" RIG_HEX32 "\n"));
    edit_refuse(path, CSN_E_DUPLICATE, "line 3: ");
    rig_write(path, CSN_SPAN("b:r:" A32 "\nb:r:" A32 "\n"));
    edit_refuse(path, CSN_E_DUPLICATE, "line 2: ");
    assert_return_code(unlink(path), 0);

    rig_sql(path, "CREATE TABLE users (a);");
    edit_refuse(path, CSN_E_STORE, "not a user file");
    assert_return_code(unlink(path), 0);
    edit_refuse(folder, CSN_E_STORE, "not a plain file");
}

static void
test_no_place(void **state)
{
    csn_users_edit *edit;
    csn_users_error error = { "" };

    (void)state;
    edit = edit_begin(rig_path(folder, "none/users"), SQLITE);
    edit_put(edit, "a", "r", SHA, A64);
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
    edit = edit_begin(link, TEXT);
    edit_put(edit, "c", "r", MD5, A32);
    edit_commit(edit);
    assert_int_equal(readlink(link, target, sizeof(target)), 5);
    edit_check_content(path, "b:r:" A32 "\nc:r:" A32 "\n");
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
    edit = edit_begin(path, TEXT);
    edit_put(edit, "c", "r", MD5, A32);
    edit_commit(edit);
    /* The old file is locked still; the name leads to another one. */
    assert_return_code(flock(old, LOCK_EX | LOCK_NB), 0);
    edit = edit_begin(path, TEXT);
    edit_put(edit, "d", "r", MD5, A32);
    edit_commit(edit);
    close(old);
    edit_check_content(path, "b:r:" A32 "\nc:r:" A32 "\nd:r:" A32 "\n");
    assert_return_code(unlink(path), 0);
}

/* H-22: what was removed is not to be found in the file any more. */
static void
test_removed_is_gone(void **state)
{
    const char *path = rig_path(folder, "users");
    csn_users_edit *edit = edit_begin(path, SQLITE);
    csn_span content;

    (void)state;
    edit_put(edit, "a", "r", SHA, RIG_OTHER64);
    edit_put(edit, "b", "r", SHA, A64);
    edit_commit(edit);
    content = rig_read(path);
    assert_non_null(memmem(content.ptr, content.len, RIG_OTHER64, 64));
    check_drop(content);
    edit = edit_begin(path, SQLITE);
    assert_true(edit_drop(edit, "a", "r", SHA));
    edit_commit(edit);
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
    csn_users_edit *edit = edit_begin(path, SQLITE);
    sqlite3 *db;
    char sql[256];

    (void)state;
    edit_commit(edit);
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
    edit_check_entry(path, "a", "r", MD5, A32);
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

    return cmocka_run_group_tests_name("files", tests, make_folder,
        drop_folder);
}
