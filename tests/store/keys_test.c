// SPDX-License-Identifier: MIT
#define _GNU_SOURCE /* symlink, mkfifo */
/* The nonce key file: what is read, what is refused, how it is replaced. */
#include "users/rig.h"

#include <countersign/crypto_openssl.h>
#include <countersign/stores/keys.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B64 "BbBbBbBbBbBbBbBbBbBbBbBbBbBbBbBbBbBbBbBbBbBbBbBbBbBbBbBbBbBbBbBb"
#define A63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

enum { UNTOUCHED = 77 };

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

#define EIGHT                                                                 \
    "1 mint " A64 "\n2 accept " A64 "\n3 accept " A64 "\n4 accept " A64       \
    "\n5 accept " A64 "\n6 accept " A64 "\n7 accept " A64 "\n8 accept " A64   \
    "\n"

/* The one that mints stands last. */
#define EIGHT_LAST                                                            \
    "1 recognise " A64 "\n2 accept " A64 "\n3 accept " A64 "\n4 accept " A64  \
    "\n5 accept " A64 "\n6 accept " A64 "\n7 accept " A64 "\n8 mint " A64     \
    "\n"

/* `words` are what the error says, NULL for a good file. */
static const struct row {
    const char *name;
    csn_span content;
    csn_status want;
    size_t count;
    const char *words;
} rows[] = {
    { "H-04 one key", CSN_LIT("1 mint " A64 "\n"), CSN_OK, 1, NULL },
    { "no line end", CSN_LIT("1 mint " A64), CSN_OK, 1, NULL },
    { "H-04 three states, comments, blanks",
        CSN_LIT("# ours\n\n \t\n 0\taccept  " B64 " \n255 mint " A64
                "\n7 recognise " A64 "\n"),
        CSN_OK, 3, NULL },
    { "eight keys", CSN_LIT(EIGHT), CSN_OK, 8, NULL },
    { "nine keys", CSN_LIT(EIGHT "9 accept " A64 "\n"), CSN_E_LIMIT, 0,
        "line 9: more than 8" },
    { "nothing", CSN_LIT(""), CSN_E_CONFIG, 0, "no key has the state mint" },
    { "comments alone", CSN_LIT("# 1 mint " A64 "\n"), CSN_E_CONFIG, 0,
        "no key has" },
    { "H-04 no key mints", CSN_LIT("1 accept " A64 "\n"), CSN_E_CONFIG, 0,
        "no key has" },
    { "H-04 two keys mint", CSN_LIT("1 mint " A64 "\n2 mint " B64 "\n"),
        CSN_E_CONFIG, 0, "more than one key" },
    { "H-04 one ID twice", CSN_LIT("3 mint " A64 "\n#\n3 accept " B64 "\n"),
        CSN_E_DUPLICATE, 0, "line 3: another key has the ID 3" },
    { "an ID written in two ways",
        CSN_LIT("3 mint " A64 "\n03 accept " B64 "\n"), CSN_E_DUPLICATE, 0,
        "line 2: another" },
    { "a short secret", CSN_LIT("1 mint " A63 "\n"), CSN_E_SYNTAX, 0,
        "line 1: is not ID" },
    { "a long secret", CSN_LIT("1 mint " A64 "a\n"), CSN_E_SYNTAX, 0,
        "line 1: is not ID" },
    { "no hex digit", CSN_LIT("1 mint " A63 "g\n"), CSN_E_SYNTAX, 0,
        "line 1: is not ID" },
    { "a zero octet", CSN_LIT("1 mint " A63 "\0\n"), CSN_E_SYNTAX, 0,
        "line 1: is not ID" },
    { "the largest ID and one more", CSN_LIT("256 mint " A64 "\n"),
        CSN_E_SYNTAX, 0, "line 1: is not ID" },
    { "an ID that wraps", CSN_LIT("4294967297 mint " A64 "\n"), CSN_E_SYNTAX,
        0, "line 1: is not ID" },
    { "a signed ID", CSN_LIT("+1 mint " A64 "\n"), CSN_E_SYNTAX, 0,
        "line 1: is not ID" },
    { "no ID", CSN_LIT("x mint " A64 "\n"), CSN_E_SYNTAX, 0,
        "line 1: is not ID" },
    { "no such state", CSN_LIT("1 mint " A64 "\n2 retired " A64 "\n"),
        CSN_E_SYNTAX, 0, "line 2: is not ID" },
    { "the state in capitals", CSN_LIT("1 MINT " A64 "\n"), CSN_E_SYNTAX, 0,
        "line 1: is not ID" },
    { "a word too many", CSN_LIT("1 mint " A64 " x\n"), CSN_E_SYNTAX, 0,
        "line 1: is not ID" },
    { "a word too few", CSN_LIT("1 mint\n"), CSN_E_SYNTAX, 0,
        "line 1: is not ID" },
};

static void
test_row(void **state)
{
    const struct row *row = *state;
    const char *path;
    csn_key keys[CSN_MAX_KEYS] = { { .id = UNTOUCHED } };
    csn_keys_error error = { "" };
    size_t count = UNTOUCHED;

    make_folder(NULL);
    path = rig_path(folder, "keys");
    rig_write(path, row->content);
    CHECK_EQ(row->name, csn_keys_load(path, keys, &count, &error), row->want);
    CHECK_EQ(row->name, count,
        row->want == CSN_OK ? row->count : (size_t)UNTOUCHED);
    if (row->want != CSN_OK) {
        assert_non_null(strstr(error.text, row->words));
        assert_null(strstr(error.text, "aaaa"));
        assert_int_equal(keys[0].id, UNTOUCHED);
    }
    drop_folder(NULL);
}

static void
test_what_is_read(void **state)
{
    const char *path = rig_path(folder, "keys");
    csn_key keys[CSN_MAX_KEYS];
    csn_keys_error error = { "" };
    size_t count;

    (void)state;
    rig_write(path,
        CSN_SPAN("9 recognise " A64 "\n255 mint " B64 "\n0 accept " A64));
    assert_int_equal(csn_keys_load(path, keys, &count, &error), CSN_OK);
    assert_int_equal(count, 3);
    assert_int_equal(keys[0].id, 9);
    assert_int_equal(keys[0].state, CSN_KEY_RECOGNISE);
    assert_int_equal(keys[1].id, 255);
    assert_int_equal(keys[1].state, CSN_KEY_MINT);
    assert_int_equal(keys[2].id, 0);
    assert_int_equal(keys[2].state, CSN_KEY_ACCEPT);
    for (size_t i = 0; i < CSN_KEY_SIZE; i++) {
        assert_int_equal(keys[0].secret[i], 0xaa);
        assert_int_equal(keys[1].secret[i], 0xbb);
    }
}

static csn_status
load(const char *path, const char *words)
{
    csn_key keys[CSN_MAX_KEYS];
    csn_keys_error error = { "" };
    size_t count;
    csn_status status = csn_keys_load(path, keys, &count, &error);

    if (status != CSN_OK && strstr(error.text, words) == NULL)
        fail_msg("\"%s\" without \"%s\"", error.text, words);
    return status;
}

/* What is not a small private file is not read. */
static void
test_other_files(void **state)
{
    static const mode_t modes[] = { 0640, 0620, 0610, 0604, 0602, 0601 };
    const char *path = rig_path(folder, "keys");
    uint8_t large[16385];

    (void)state;
    rig_write(path, CSN_SPAN("1 mint " A64 "\n"));
    for (size_t i = 0; i < COUNT_OF(modes); i++) {
        assert_return_code(chmod(path, modes[i]), 0);
        assert_int_equal(load(path, "chmod 600"), CSN_E_REFUSED);
    }
    assert_return_code(chmod(path, 0400), 0);
    assert_int_equal(load(path, ""), CSN_OK);
    assert_return_code(unlink(path), 0);
    assert_int_equal(load(path, "No such file"), CSN_E_STORE);
    assert_int_equal(load(folder, "not a plain file"), CSN_E_STORE);
    assert_return_code(mkfifo(path, 0600), 0);
    assert_int_equal(load(path, "not a plain file"), CSN_E_STORE);
    assert_return_code(unlink(path), 0);
    memset(large, '\n', sizeof(large));
    memcpy(large, "1 mint " A64, 71);
    rig_write(path, (csn_span){ large, sizeof(large) });
    assert_int_equal(load(path, "16 KiB"), CSN_E_LIMIT);
    rig_write(path, (csn_span){ large, sizeof(large) - 1 });
    assert_int_equal(load(path, ""), CSN_OK);
}

static csn_status
no_random(uint8_t *out, size_t len)
{
    (void)out;
    (void)len;
    return CSN_E_RANDOM;
}

static void
test_create(void **state)
{
    const char *path = rig_path(folder, "keys");
    const csn_crypto *crypto = csn_crypto_openssl();
    csn_crypto broken = *crypto;
    csn_keys_error error = { "" };
    csn_span before;
    csn_span after;
    struct stat info;

    (void)state;
    broken.random = no_random;
    assert_int_equal(csn_keys_create(path, &broken, &error), CSN_E_RANDOM);
    assert_non_null(strstr(error.text, "no random"));
    assert_int_equal(rig_entries(folder), 0);

    assert_int_equal(csn_keys_create(path, crypto, &error), CSN_OK);
    assert_return_code(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    assert_int_equal(load(path, ""), CSN_OK);
    before = rig_read(path);
    /* What is there stays, a generator or not. */
    assert_int_equal(csn_keys_create(path, &broken, &error), CSN_OK);
    after = rig_read(path);
    CHECK_SPAN("as it was", after, before);
    check_drop(before);
    check_drop(after);
    assert_int_equal(rig_entries(folder), 1);
    assert_int_equal(csn_keys_create(rig_path(folder, "none/keys"), crypto,
                         &error),
        CSN_E_STORE);
    assert_non_null(strstr(error.text, "No such file"));
}

/* Of several that make it at once all find the same key afterwards. */
static void
test_create_at_once(void **state)
{
    enum { MAKERS = 8, ROUNDS = 20 };
    const char *path = rig_path(folder, "keys");

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        int ways[2];
        char go = 0;

        assert_return_code(pipe(ways), 0);
        for (int i = 0; i < MAKERS; i++) {
            csn_keys_error error;

            if (fork() != 0)
                continue;
            close(ways[1]);
            (void)!read(ways[0], &go, 1);
            _exit(csn_keys_create(path, csn_crypto_openssl(), &error) ==
                            CSN_OK &&
                        load(path, "") == CSN_OK
                    ? 0
                    : 1);
        }
        close(ways[0]);
        close(ways[1]);
        for (int i = 0; i < MAKERS; i++) {
            int status;

            assert_return_code(wait(&status), 0);
            assert_int_equal(status, 0);
        }
        assert_int_equal(rig_entries(folder), 1);
        assert_return_code(unlink(path), 0);
    }
}

static void
test_rotate(void **state)
{
    const char *path = rig_path(folder, "keys");
    const char *link = rig_path(folder, "link");
    csn_key keys[CSN_MAX_KEYS];
    csn_key first;
    csn_keys_error error = { "" };
    struct stat info;
    size_t count;

    (void)state;
    rig_write(path, CSN_SPAN("255 mint " A64 "\n0 accept " B64 "\n"));
    assert_return_code(symlink("keys", link), 0);
    for (size_t i = 3; i <= 12; i++) {
        assert_int_equal(csn_keys_rotate(link, csn_crypto_openssl(), &error),
            CSN_OK);
        /* Loading finds ids that stand twice, and what mints. */
        assert_int_equal(csn_keys_load(path, keys, &count, &error), CSN_OK);
        assert_int_equal(count, i < CSN_MAX_KEYS ? i : (size_t)CSN_MAX_KEYS);
        assert_int_equal(keys[0].state, CSN_KEY_MINT);
        assert_int_equal(keys[1].state, CSN_KEY_ACCEPT);
        assert_int_equal(keys[2].state, CSN_KEY_RECOGNISE);
        if (i == 3) {
            assert_int_equal(keys[0].id, 1); /* 255 and 0 are taken */
            assert_int_equal(keys[1].id, 255);
            assert_int_equal(keys[1].secret[0], 0xaa);
        } else {
            assert_memory_equal(keys[1].secret, first.secret, CSN_KEY_SIZE);
            assert_memory_not_equal(keys[0].secret, first.secret,
                CSN_KEY_SIZE);
        }
        first = keys[0];
    }
    assert_return_code(lstat(link, &info), 0);
    assert_true(S_ISLNK(info.st_mode));
    assert_return_code(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    assert_int_equal(rig_entries(folder), 2);
}

/* What several nodes do: nobody mints with a key that not all can know. */
static void
test_two_steps(void **state)
{
    const char *path = rig_path(folder, "keys");
    csn_key keys[CSN_MAX_KEYS];
    csn_key minting;
    csn_keys_error error = { "" };
    size_t count;

    (void)state;
    rig_write(path, CSN_SPAN(EIGHT_LAST));
    assert_int_equal(csn_keys_promote(path, &error), CSN_E_STATE);
    assert_string_equal(error.text, "no key is announced");
    assert_int_equal(csn_keys_announce(path, csn_crypto_openssl(), &error),
        CSN_OK);
    assert_int_equal(csn_keys_load(path, keys, &count, &error), CSN_OK);
    assert_int_equal(count, CSN_MAX_KEYS);
    assert_int_equal(keys[0].state, CSN_KEY_ACCEPT);
    assert_int_equal(keys[7].state, CSN_KEY_MINT);
    assert_int_equal(keys[7].id, 8); /* not the one that made way: 7 */
    assert_int_equal(keys[6].id, 6);
    minting = keys[0];

    assert_int_equal(csn_keys_promote(path, &error), CSN_OK);
    assert_int_equal(csn_keys_load(path, keys, &count, &error), CSN_OK);
    assert_int_equal(count, CSN_MAX_KEYS);
    assert_int_equal(keys[0].state, CSN_KEY_MINT);
    assert_int_equal(keys[0].id, minting.id);
    assert_memory_equal(keys[0].secret, minting.secret, CSN_KEY_SIZE);
    assert_int_equal(keys[7].state, CSN_KEY_ACCEPT);
    for (size_t i = 1; i < 7; i++)
        assert_int_equal(keys[i].state, CSN_KEY_RECOGNISE);
    assert_int_equal(csn_keys_promote(path, &error), CSN_E_STATE);
}

static void
test_rotate_refused(void **state)
{
    const char *path = rig_path(folder, "keys");
    csn_crypto broken = *csn_crypto_openssl();
    csn_keys_error error = { "" };
    csn_span content = CSN_SPAN("1 mint " A64 "\n2 mint " A64 "\n");
    csn_span after;

    (void)state;
    assert_int_equal(csn_keys_rotate(path, csn_crypto_openssl(), &error),
        CSN_E_STORE);
    rig_write(path, content);
    assert_int_equal(csn_keys_rotate(path, csn_crypto_openssl(), &error),
        CSN_E_CONFIG);
    after = rig_read(path);
    CHECK_SPAN("as it was", after, content);
    check_drop(after);

    broken.random = no_random;
    content = CSN_SPAN("1 mint " A64 "\n");
    rig_write(path, content);
    assert_int_equal(csn_keys_rotate(path, &broken, &error), CSN_E_RANDOM);
    after = rig_read(path);
    CHECK_SPAN("as it was", after, content);
    check_drop(after);
    assert_int_equal(rig_entries(folder), 1);
}

#define TEST(name, fn)                                                        \
    {                                                                         \
        name, fn, make_folder, drop_folder, NULL                              \
    }

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("H-04 what stands in a key file is what is read",
            test_what_is_read),
        TEST("H-04 a key file that is not its owner's alone",
            test_other_files),
        TEST("H-04 a key file is made once", test_create),
        TEST("H-04 several make it at once", test_create_at_once),
        TEST("H-04 D-17 keys rotate through their states", test_rotate),
        TEST("H-04 a new key is known to all before it mints", test_two_steps),
        TEST("H-04 what cannot be rotated stays", test_rotate_refused),
    };
    int failed = CHECK_ROWS("keys_load", rows, test_row);

    return failed + cmocka_run_group_tests_name("keys", tests, NULL, NULL);
}
