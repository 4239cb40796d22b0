// SPDX-License-Identifier: MIT
#include "../store/users/rig.h"

#include <countersign/crypto_openssl.h>

/*
 * A row of the user store whose digest has the wrong length or an octet that
 * is no hex digit is refused at load, with the whole file: it can never be
 * compared with anything a client sends. Both kinds of file.
 */

static const struct kind {
    const char *name;
    const char *algorithm;
    size_t digits;
    csn_hash hash;
} kinds[] = {
    { "rows of MD5 with wrong length or non-hex digests", "MD5", 32,
        CSN_HASH_MD5 },
    { "rows of SHA-256 with wrong length or non-hex digests", "SHA-256", 64,
        CSN_HASH_SHA_256 },
    { "rows of SHA-512-256 with wrong length or non-hex digests",
        "SHA-512-256", 64, CSN_HASH_SHA_512_256 },
};

/* mallory's row behind a good one of alice's, in either kind of file. */
static void
write_text(const char *path, const struct kind *kind, const char *digest)
{
    char text[1024];
    int len = snprintf(text, sizeof(text),
        "alice:r:" RIG_HEX64 ":SHA-256\nmallory:r:%s:%s\n", digest,
        kind->algorithm);

    rig_write(path, (csn_span){ (const uint8_t *)text, (size_t)len });
}

static void
write_database(const char *path, const struct kind *kind, const char *digest)
{
    char sql[1024];

    (void)remove(path);
    snprintf(sql, sizeof(sql),
        "PRAGMA synchronous = OFF; PRAGMA application_id = 1668509269;"
        "PRAGMA user_version = 1;"
        "CREATE TABLE users (user, realm, algorithm, ha1);"
        "INSERT INTO users VALUES ('alice', 'r', 'SHA-256', '" RIG_HEX64
        "'), ('mallory', 'r', '%s', '%s');",
        kind->algorithm, digest);
    rig_sql(path, sql);
}

static void
check_file(const char *path, const struct kind *kind, const char *digest,
    bool good)
{
    csn_users_error error = { "" };
    csn_users *users = NULL;
    csn_status status = csn_users_load(path, csn_crypto_openssl(), &users,
        &error);

    CHECK_EQ(digest, status, good ? CSN_OK : CSN_E_SYNTAX);
    if (!good) {
        assert_null(users);
        assert_string_not_equal(error.text, "");
        /* The message shows where, never what (H-18). */
        assert_true(strlen(digest) < 16 || strstr(error.text, digest) == NULL);
        return;
    }
    assert_int_equal(csn_users_find(users, CSN_SPAN("r"), CSN_SPAN("mallory"),
                         kind->hash)
                         .len,
        kind->digits);
    csn_users_release(users);
}

static void
check_digest(const char *folder, const struct kind *kind, const char *digest,
    bool good)
{
    write_text(rig_path(folder, "text"), kind, digest);
    check_file(rig_path(folder, "text"), kind, digest, good);
    write_database(rig_path(folder, "database"), kind, digest);
    check_file(rig_path(folder, "database"), kind, digest, good);
}

static void
check_kind(void **state)
{
    static const size_t lengths[] = { 0, 1, 2, 16, 31, 33, 40, 62, 63, 65, 66,
        96, 128 };
    static const char wrong[] = { 'g', 'G', ' ', '-', '/', '@', '`', 'x' };
    const struct kind *kind = *state;
    char folder[64], digest[200];

    rig_folder_make(folder);
    for (size_t i = 0; i < COUNT_OF(lengths); i++) {
        memset(digest, 'a', sizeof(digest));
        digest[lengths[i]] = '\0';
        check_digest(folder, kind, digest, false);
    }
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        memset(digest, 'a', sizeof(digest));
        digest[kind->digits] = '\0';
        digest[i * (kind->digits - 1) / (COUNT_OF(wrong) - 1)] = wrong[i];
        check_digest(folder, kind, digest, false);
    }
    memset(digest, 'a', kind->digits);
    check_digest(folder, kind, digest, true);
    memset(digest, 'F', kind->digits);
    check_digest(folder, kind, digest, true);
    rig_folder_drop(folder);
}

int
main(void)
{
    struct CMUnitTest tests[COUNT_OF(kinds)];

    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        tests[i] = (struct CMUnitTest){ .name = kinds[i].name,
            .test_func = check_kind,
            .initial_state = (void *)(uintptr_t)&kinds[i] };
    return cmocka_run_group_tests_name("rows of the store", tests, NULL, NULL);
}
