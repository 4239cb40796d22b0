// SPDX-License-Identifier: MIT
#define _GNU_SOURCE /* memmem */
/* Whole user files: both forms, what is refused and what the refusal says. */
#include "rig.h"

#include "users/load.h"
#include "users/sqlite.h"

#include <countersign/crypto_openssl.h>

#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#define MD5 CSN_HASH_MD5
#define SHA CSN_HASH_SHA_256
#define SHA512 CSN_HASH_SHA_512_256

/* The table without the checks that our own has, so that rows can be wrong. */
#define MARKS "PRAGMA application_id = 1668509269; PRAGMA user_version = 1;"
#define TABLE "CREATE TABLE users (user, realm, algorithm, ha1);"
#define ROW(user, realm, algorithm, ha1)                                      \
    "INSERT INTO users VALUES (" user "," realm "," algorithm "," ha1 ");"
#define GOOD_ROW ROW("'b'", "'r'", "'SHA-256'", "'" RIG_HEX64 "'")

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

/* Load `path`; on failure nothing may have been written. */
static csn_users *
load(const char *path, csn_status want, const char *words)
{
    csn_users *users = NULL;
    csn_users_error error = { "" };
    csn_status status = csn_users_load(path, NULL, &users, &error);

    if (status != want || strstr(error.text, words) == NULL)
        fail_msg("%s: %s, `%s`; wanted %s, `%s`", path,
            csn_status_name(status), error.text, csn_status_name(want), words);
    assert_true((users != NULL) == (want == CSN_OK));
    return users;
}

static const struct text_file {
    const char *name;
    csn_span text;
    csn_status status;
    const char *words;
} text_files[] = {
    { "an empty file has no users", CSN_LIT(""), CSN_OK, "" },
    { "a comment alone", CSN_LIT("# nobody yet\n"), CSN_OK, "" },
    { "C-13 two hashes of one user",
        CSN_LIT("u:r:" RIG_HEX32 "\nu:r:" RIG_HEX64 "\n"), CSN_OK, "" },
    { "H-34 one bad line, and the whole file is refused",
        CSN_LIT("u:r:" RIG_HEX32 "\nv:r:x\n"), CSN_E_SYNTAX, "line 2: " },
    { "H-34 the same entry twice",
        CSN_LIT("u:r:" RIG_HEX64 "\n\nu:r:" RIG_OTHER64 ":sha-256\n"),
        CSN_E_DUPLICATE, "line 3: the same" },
    { "what begins like a database", CSN_LIT("SQLite format 3"), CSN_E_SYNTAX,
        "line 1: " },
    { "a damaged database", CSN_LIT("SQLite format 3\0 and then no pages"),
        CSN_E_STORE, "" },
};

static void
test_text_file(void **state)
{
    const struct text_file *row = *state;
    const char *path = rig_path(folder, "users");

    rig_write(path, row->text);
    csn_users_release(load(path, row->status, row->words));
}

static const struct database {
    const char *name;
    const char *sql;
    csn_status status;
    const char *words;
} databases[] = {
    { "C-12 a row", MARKS TABLE GOOD_ROW, CSN_OK, "" },
    { "no rows", MARKS TABLE, CSN_OK, "" },
    { "columns in another order, and one more",
        MARKS "CREATE TABLE users (more, ha1, algorithm, realm, user);"
              "INSERT INTO users VALUES (1, '" RIG_HEX64
              "', 'sha-256', 'r', 'b');",
        CSN_OK, "" },
    { "another program's database", TABLE GOOD_ROW, CSN_E_STORE,
        "not a user file" },
    { "another program's mark",
        "PRAGMA application_id = 1; PRAGMA user_version = 1;" TABLE,
        CSN_E_STORE, "not a user file" },
    { "a schema of the future",
        MARKS "PRAGMA user_version = 2;" TABLE GOOD_ROW, CSN_E_STORE,
        "version 2" },
    { "no schema's version", MARKS "PRAGMA user_version = 0;" TABLE,
        CSN_E_STORE, "version 0" },
    { "no table", MARKS "CREATE TABLE other (user);", CSN_E_STORE,
        "no such table" },
    { "a column missing", MARKS "CREATE TABLE users (user, realm, ha1);",
        CSN_E_STORE, "no such column" },
    { "H-34 the bad row is named by its place",
        MARKS TABLE GOOD_ROW ROW("'a'", "'r'", "'SHA-256'", "'zz'"),
        CSN_E_SYNTAX, "row 1 " },
    { "H-34 and after a good one",
        MARKS TABLE GOOD_ROW ROW("'c'", "'r'", "'SHA-256'", "'zz'"),
        CSN_E_SYNTAX, "row 2 " },
    { "C-13 MD5 with 64 digits",
        MARKS TABLE ROW("'a'", "'r'", "'MD5'", "'" RIG_HEX64 "'"),
        CSN_E_SYNTAX, "length" },
    { "C-13 SHA-512-256 with 32 digits",
        MARKS TABLE ROW("'a'", "'r'", "'SHA-512-256'", "'" RIG_HEX32 "'"),
        CSN_E_SYNTAX, "length" },
    { "no hex digit",
        MARKS TABLE ROW("'a'", "'r'", "'MD5'",
            "'0123456789abcdef0123456789abcdeg'"),
        CSN_E_SYNTAX, "hex" },
    { "an algorithm nobody knows",
        MARKS TABLE ROW("'a'", "'r'", "'SHA-1'", "'" RIG_HEX64 "'"),
        CSN_E_SYNTAX, "algorithm" },
    { "C-38 a colon in the user",
        MARKS TABLE ROW("'a:b'", "'r'", "'SHA-256'", "'" RIG_HEX64 "'"),
        CSN_E_SYNTAX, "colon" },
    { "C-39 a line end in the user",
        MARKS TABLE ROW("'a' || char(10)", "'r'", "'SHA-256'",
            "'" RIG_HEX64 "'"),
        CSN_E_SYNTAX, "control" },
    { "C-39 NUL in the realm",
        MARKS TABLE ROW("'a'", "'r' || char(0)", "'SHA-256'",
            "'" RIG_HEX64 "'"),
        CSN_E_SYNTAX, "control" },
    { "an empty user",
        MARKS TABLE ROW("''", "'r'", "'SHA-256'", "'" RIG_HEX64 "'"),
        CSN_E_SYNTAX, "empty" },
    { "not UTF-8",
        MARKS TABLE ROW("cast(x'ff' AS text)", "'r'", "'SHA-256'",
            "'" RIG_HEX64 "'"),
        CSN_E_SYNTAX, "UTF-8" },
    { "a number as the user",
        MARKS TABLE ROW("7", "'r'", "'SHA-256'", "'" RIG_HEX64 "'"),
        CSN_E_SYNTAX, "not text" },
    { "octets as the digest",
        MARKS TABLE ROW("'a'", "'r'", "'SHA-256'", "x'00'"), CSN_E_SYNTAX,
        "not text" },
    { "nothing as the realm",
        MARKS TABLE ROW("'a'", "NULL", "'SHA-256'", "'" RIG_HEX64 "'"),
        CSN_E_SYNTAX, "not text" },
    { "the same entry twice, in other letters",
        MARKS TABLE GOOD_ROW ROW("'b'", "'r'", "'sha-256'",
            "'" RIG_OTHER64 "'"),
        CSN_E_DUPLICATE, "row 2: the same" },
    { "a view that would load code",
        MARKS "CREATE VIEW users AS SELECT 'a' AS user, 'r' AS realm,"
              " 'MD5' AS algorithm, load_extension('x') AS ha1;",
        CSN_E_STORE, "unsafe use" },
    { "a value larger than any row needs",
        MARKS TABLE ROW("'a'", "'r'", "'SHA-256'", "hex(zeroblob(1000000))"),
        CSN_E_STORE, "too big" },
};

static void
test_database(void **state)
{
    const struct database *row = *state;
    const char *path = rig_path(folder, "users.db");

    (void)unlink(path);
    rig_sql(path, row->sql);
    csn_users_release(load(path, row->status, row->words));
}

static void
test_found_again(void **state)
{
    const char *text = rig_path(folder, "a");
    const char *database = rig_path(folder, "b");
    csn_users *users;

    (void)state;
    rig_write(text, CSN_SPAN("b:r:" RIG_HEX64 "\nb:s:" RIG_HEX32 "\n"));
    users = load(text, CSN_OK, "");
    assert_int_equal(csn_users_count(users), 2);
    CHECK_SPAN("text", rig_find(users, "r", "b", SHA), check_text(RIG_HEX64));
    CHECK_SPAN("text", rig_find(users, "s", "b", MD5), check_text(RIG_HEX32));
    csn_users_release(users);

    rig_sql(database,
        MARKS TABLE GOOD_ROW ROW("'b'", "'r'", "'SHA-512-256'",
            "'" RIG_OTHER64 "'"));
    users = load(database, CSN_OK, "");
    assert_int_equal(csn_users_count(users), 2);
    CHECK_SPAN("sql", rig_find(users, "r", "b", SHA), check_text(RIG_HEX64));
    CHECK_SPAN("sql", rig_find(users, "r", "b", SHA512),
        check_text(RIG_OTHER64));
    csn_users_release(users);
}

/* The index of hashed names, when it is asked for. */
static void
test_hashed(void **state)
{
    static const char hashed[] =
        "c8a1da5bb1e4cceb4a30e4d02fd78d5a6507cf67730b63e144a02f7b3fd094bc";
    const char *path = rig_path(folder, "hashed");
    const csn_crypto *const cryptos[] = { NULL, csn_crypto_openssl() };

    (void)state;
    rig_write(path, CSN_SPAN("a:r:" RIG_OTHER64 "\nb:r:" RIG_HEX64 "\n"));
    for (size_t i = 0; i < COUNT_OF(cryptos); i++) {
        csn_users_error error;
        csn_users *users;
        csn_span user = { 0 };

        assert_int_equal(csn_users_load(path, cryptos[i], &users, &error),
            CSN_OK);
        CHECK_SPAN("found",
            csn_users_find_hashed(users, check_text("r"), check_text(hashed),
                SHA, &user),
            i == 0 ? (csn_span){ 0 } : check_text(RIG_HEX64));
        CHECK_SPAN("name", user, i == 0 ? (csn_span){ 0 } : check_text("b"));
        csn_users_release(users);
    }
}

/* A snapshot is a copy: the file may go. */
static void
test_file_goes(void **state)
{
    const char *path = rig_path(folder, "gone");
    csn_users *users;

    (void)state;
    rig_write(path, CSN_SPAN("b:r:" RIG_HEX64 "\n"));
    users = load(path, CSN_OK, "");
    assert_return_code(unlink(path), 0);
    CHECK_SPAN("found", rig_find(users, "r", "b", SHA), check_text(RIG_HEX64));
    csn_users_release(users);
}

static void
test_no_file(void **state)
{
    const char *fifo = rig_path(folder, "fifo");

    (void)state;
    load(rig_path(folder, "none"), CSN_E_STORE, "No such file");
    load(folder, CSN_E_STORE, "not a plain file");
    /* Nobody writes to it: this must not wait for somebody. */
    assert_return_code(mkfifo(fifo, 0600), 0);
    load(fifo, CSN_E_STORE, "not a plain file");
}

static csn_status
read_now(const char *path, csn_users_error *error)
{
    sqlite3 *db = NULL;
    csn_status status = csn_users_sqlite_open(path, SQLITE_OPEN_READONLY, 0,
        &db, error);

    if (status == CSN_OK) {
        status = csn_users_sqlite_check(db, error);
        sqlite3_close(db);
    }
    return status;
}

static void
test_locked(void **state)
{
    const char *path = rig_path(folder, "locked.db");
    csn_users_error error = { "" };
    sqlite3 *writer;

    (void)state;
    rig_sql(path, MARKS TABLE GOOD_ROW);
    assert_int_equal(sqlite3_open(path, &writer), SQLITE_OK);

    /* Somebody who is about to write disturbs no reader. */
    assert_int_equal(sqlite3_exec(writer, "BEGIN IMMEDIATE", NULL, NULL, NULL),
        SQLITE_OK);
    csn_users_release(load(path, CSN_OK, ""));
    assert_int_equal(sqlite3_exec(writer, "ROLLBACK", NULL, NULL, NULL),
        SQLITE_OK);

    assert_int_equal(sqlite3_exec(writer, "BEGIN EXCLUSIVE", NULL, NULL, NULL),
        SQLITE_OK);
    assert_int_equal(read_now(path, &error), CSN_E_STORE);
    assert_non_null(strstr(error.text, "locked"));
    assert_int_equal(sqlite3_close(writer), SQLITE_OK);
    assert_int_equal(read_now(path, &error), CSN_OK);
}

/* A name that SQLite would take for a database in memory. */
static void
test_odd_name(void **state)
{
    char old[256];

    (void)state;
    assert_non_null(getcwd(old, sizeof(old)));
    assert_return_code(chdir(folder), 0);
    rig_sql("./:memory:", MARKS TABLE GOOD_ROW);
    csn_users_release(load(":memory:", CSN_OK, ""));
    assert_return_code(chdir(old), 0);
}

/*
 * A writer that was ended in the middle of a commit leaves a journal with
 * what was there before: half-written pages are undone, never believed. The
 * files are copied while a large change is under way, as a crash leaves them.
 */
static void
test_cut_off(void **state)
{
    const char *path = rig_path(folder, "cut.db");
    const char *journal = rig_path(folder, "cut.db-journal");
    const char *left = rig_path(folder, "left.db");
    csn_users *users;
    csn_span copy;
    sqlite3 *writer;

    (void)state;
    rig_sql(path,
        MARKS TABLE
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
        " WHERE i < 2000) INSERT INTO users SELECT 'u' || i, 'r', 'SHA-256',"
        " '" RIG_HEX64 "' FROM n;");
    assert_int_equal(sqlite3_open(path, &writer), SQLITE_OK);
    assert_int_equal(sqlite3_exec(writer,
                         "PRAGMA cache_size = 2; PRAGMA cache_spill = 1;"
                         "BEGIN; UPDATE users SET ha1 = '" RIG_OTHER64 "'",
                         NULL, NULL, NULL),
        SQLITE_OK);
    copy = rig_read(journal);
    assert_true(copy.len > 4096);
    rig_write(rig_path(folder, "left.db-journal"), copy);
    check_drop(copy);
    copy = rig_read(path);
    rig_write(left, copy);
    assert_non_null(memmem(copy.ptr, copy.len, RIG_OTHER64, 64));
    check_drop(copy);
    assert_int_equal(sqlite3_close(writer), SQLITE_OK);

    users = load(left, CSN_OK, "");
    assert_int_equal(csn_users_count(users), 2000);
    for (size_t i = 1; i <= 2000; i++) {
        char name[16];

        snprintf(name, sizeof(name), "u%zu", i);
        CHECK_SPAN(name, rig_find(users, "r", name, SHA),
            check_text(RIG_HEX64));
    }
    csn_users_release(users);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        { "C-12 found as they were written", test_found_again, NULL, NULL,
            NULL },
        { "D-40 hashed names are indexed when asked for", test_hashed, NULL,
            NULL, NULL },
        { "the file may go", test_file_goes, NULL, NULL, NULL },
        { "H-34 what is no file", test_no_file, NULL, NULL, NULL },
        { "H-34 a locked database", test_locked, NULL, NULL, NULL },
        { "a name that SQLite knows", test_odd_name, NULL, NULL, NULL },
        { "H-34 a change that was cut off is undone", test_cut_off, NULL, NULL,
            NULL },
    };
    int failed;

    make_folder(NULL);
    failed = CHECK_ROWS("text files", text_files, test_text_file) +
        CHECK_ROWS("databases", databases, test_database);
    drop_folder(NULL);
    return failed +
        cmocka_run_group_tests_name("files", tests, make_folder, drop_folder);
}
