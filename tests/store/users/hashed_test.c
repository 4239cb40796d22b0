// SPDX-License-Identifier: MIT
/* The index of hashed names: H(user ":" realm) of RFC 7616, 3.4.4. */
#include "rig.h"

#include "users/arrange.h"

#include <countersign/crypto_openssl.h>
#include <countersign/digest.h>
#include <countersign/limits.h>

#define MD5 CSN_HASH_MD5
#define SHA CSN_HASH_SHA_256
#define SHA512 CSN_HASH_SHA_512_256

#define HOME "api@example.org"
#define DOE "J\xc3\xa4s\xc3\xb8n Doe"

/* Published: RFC 7616, 3.9.2, as erratum 4897 corrects it. The others were
 * made with Python's hashlib. */
#define DOE_SHA512                                                            \
    "793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b"
#define DOE_SHA                                                               \
    "5a1a8a47df5c298551b9b42ba9b05835174a5bd7d511ff7fe9191d8e946fc4e7"
#define DOE_MD5 "2e063fa2c54dea1c36808b7a6e3b14c9"
#define DOE_WORK                                                              \
    "0a6e8d5d62ad35863ddf69e180b4c5e9869502271bfbd44a18205ff2b3bfbb86"
#define BOB_MD5 "f4b549d04a321052014a22b52582eec5"
#define ZERO64                                                                \
    "0000000000000000000000000000000000000000000000000000000000000000"

static csn_users *
build_with(const csn_users_row *rows, size_t count, const csn_crypto *crypto,
    csn_users_key_source key_source, csn_status *status)
{
    csn_users_builder builder = { .unit = "line" };
    csn_users_error error = { "" };
    csn_users *users = NULL;

    for (size_t i = 0; i < count; i++)
        assert_int_equal(
            csn_users_builder_add(&builder, &rows[i], i + 1, &error), CSN_OK);
    *status = csn_users_builder_finish(&builder, crypto, key_source, &users,
        &error);
    assert_int_equal(*status == CSN_OK, error.text[0] == '\0');
    csn_users_builder_free(&builder);
    return users;
}

static csn_users *
build(const csn_users_row *rows, size_t count, const csn_crypto *crypto)
{
    csn_status status;
    csn_users *users = build_with(rows, count, crypto, csn_users_key_random,
        &status);

    assert_int_equal(status, CSN_OK);
    return users;
}

static csn_users *
build_few(void)
{
    const csn_users_row rows[] = {
        rig_row(DOE, HOME, SHA, RIG_HEX64),
        rig_row(DOE, HOME, SHA512, RIG_OTHER64),
        rig_row("bob", HOME, SHA, RIG_OTHER64),
        rig_row("bob", HOME, MD5, RIG_HEX32),
    };

    return build(rows, COUNT_OF(rows), csn_crypto_openssl());
}

static const struct lookup {
    const char *name;
    csn_span realm;
    csn_span userhash;
    csn_hash hash;
    csn_span want;
    csn_span user;
} lookups[] = {
    { "D-40 by SHA-256", CSN_LIT(HOME), CSN_LIT(DOE_SHA), SHA,
        CSN_LIT(RIG_HEX64), CSN_LIT(DOE) },
    { "D-40 C-33 by SHA-512-256, as the RFC has it", CSN_LIT(HOME),
        CSN_LIT(DOE_SHA512), SHA512, CSN_LIT(RIG_OTHER64), CSN_LIT(DOE) },
    { "D-40 no entry of that algorithm", CSN_LIT(HOME), CSN_LIT(DOE_MD5), MD5,
        { 0 }, { 0 } },
    { "D-40 the hash of one algorithm under another", CSN_LIT(HOME),
        CSN_LIT(DOE_SHA), SHA512, { 0 }, { 0 } },
    { "D-40 another realm", CSN_LIT("work"), CSN_LIT(DOE_SHA), SHA, { 0 },
        { 0 } },
    { "D-40 another realm as long", CSN_LIT("api@example.orh"),
        CSN_LIT(DOE_SHA), SHA, { 0 }, { 0 } },
    { "D-40 by MD5", CSN_LIT(HOME), CSN_LIT(BOB_MD5), MD5, CSN_LIT(RIG_HEX32),
        CSN_LIT("bob") },
    { "an MD5 hash with more behind it", CSN_LIT(HOME),
        CSN_LIT(BOB_MD5 RIG_HEX32), MD5, { 0 }, { 0 } },
    { "a SHA-256 hash with more behind it", CSN_LIT(HOME),
        CSN_LIT(DOE_SHA "00"), SHA, { 0 }, { 0 } },
    { "D-40 the same user's hash in another realm", CSN_LIT(HOME),
        CSN_LIT(DOE_WORK), SHA, { 0 }, { 0 } },
    { "D-39 nobody's hash", CSN_LIT(HOME), CSN_LIT(RIG_HEX64), SHA, { 0 },
        { 0 } },
    { "D-39 a hash of zeros", CSN_LIT(HOME), CSN_LIT(ZERO64), SHA, { 0 },
        { 0 } },
    { "a name in place of its hash", CSN_LIT(HOME), CSN_LIT("bob"), SHA, { 0 },
        { 0 } },
    { "no hash at all", CSN_LIT(HOME), CSN_LIT(""), SHA, { 0 }, { 0 } },
    { "32 digits where 64 are due", CSN_LIT(HOME), CSN_LIT(RIG_HEX32), SHA,
        { 0 }, { 0 } },
    { "64 digits where 32 are due", CSN_LIT(HOME), CSN_LIT(DOE_SHA), MD5,
        { 0 }, { 0 } },
    { "no hex digit", CSN_LIT(HOME),
        CSN_LIT("g"
                "000000000000000000000000000000000000000000000000000000000000"
                "000"),
        SHA, { 0 }, { 0 } },
};

static void
test_lookup(void **state)
{
    const struct lookup *row = *state;
    csn_users *users = build_few();
    csn_span realm = check_exact(row->realm);
    csn_span userhash = check_exact(row->userhash);
    csn_span user = { 0 };

    CHECK_SPAN(row->name,
        csn_users_find_hashed(users, realm, userhash, row->hash, &user),
        row->want);
    CHECK_SPAN(row->name, user, row->user);
    check_drop(realm);
    check_drop(userhash);
    csn_users_release(users);
}

/* Both cases of letters are the same hash. */
static void
test_upper_case(void **state)
{
    csn_users *users = build_few();
    char upper[] = DOE_SHA;
    csn_span user = { 0 };

    (void)state;
    for (char *c = upper; *c != '\0'; c++)
        *c = *c >= 'a' ? (char)(*c - 'a' + 'A') : *c;
    CHECK_SPAN("upper case",
        csn_users_find_hashed(users, check_text(HOME), check_text(upper), SHA,
            &user),
        check_text(RIG_HEX64));
    CHECK_SPAN("the name", user, check_text(DOE));
    csn_users_release(users);
}

/* Each bit of the hash counts. */
static void
test_each_digit(void **state)
{
    csn_users *users = build_few();
    char digits[] = DOE_SHA;
    csn_span user = { 0 };

    (void)state;
    for (size_t i = 0; i < 64; i++) {
        const char was = digits[i];

        digits[i] = was == '0' ? '1' : '0';
        assert_int_equal(csn_users_find_hashed(users, check_text(HOME),
                             check_text(digits), SHA, &user)
                             .len,
            0);
        digits[i] = was;
    }
    CHECK_SPAN("untouched", user, (csn_span){ 0 });
    csn_users_release(users);
}

static void
test_without_index(void **state)
{
    const csn_users_row row = rig_row(DOE, HOME, SHA, RIG_HEX64);
    csn_users *users = build(&row, 1, NULL);
    csn_span user = { 0 };

    (void)state;
    assert_int_equal(csn_users_find_hashed(users, check_text(HOME),
                         check_text(DOE_SHA), SHA, &user)
                         .len,
        0);
    CHECK_SPAN("by name", rig_find(users, HOME, DOE, SHA),
        check_text(RIG_HEX64));
    csn_users_release(users);

    users = build(NULL, 0, csn_crypto_openssl());
    assert_int_equal(csn_users_find_hashed(users, check_text(HOME),
                         check_text(DOE_SHA), SHA, &user)
                         .len,
        0);
    csn_users_release(users);
}

/* As if somebody had made two names of one hash: the first is found, which can be done: a hash
 * that looks at lengths alone. */
static csn_status
length_hash(csn_hash hash, const csn_span *parts, size_t count, uint8_t *out)
{
    size_t len = 0;

    for (size_t i = 0; i < count; i++)
        len += parts[i].len;
    memset(out, (int)len, csn_hash_size(hash));
    return CSN_OK;
}

static void
test_twins(void **state)
{
    const csn_users_row rows[] = {
        rig_row("eve", HOME, MD5, RIG_HEX32),
        rig_row("bob", HOME, MD5, "fedcba9876543210fedcba9876543210"),
        rig_row("carol", HOME, MD5, "00000000000000000000000000000001"),
    };
    csn_crypto weak = *csn_crypto_openssl();
    csn_users *users;
    csn_span user = { 0 };
    uint8_t hex[CSN_MAX_DIGEST_HEX];

    (void)state;
    weak.digest = length_hash;
    users = build(rows, COUNT_OF(rows), &weak);
    assert_int_equal(csn_digest_userhash(&weak, MD5, check_text("bob"),
                         check_text(HOME), hex),
        CSN_OK);
    CHECK_SPAN("by hash the first",
        csn_users_find_hashed(users, check_text(HOME), (csn_span){ hex, 32 },
            MD5, &user),
        rows[0].ha1_hex);
    CHECK_SPAN("by hash the first", user, check_text("eve"));
    CHECK_SPAN("by name the second", rig_find(users, HOME, "bob", MD5),
        rows[1].ha1_hex);
    assert_int_equal(csn_digest_userhash(&weak, MD5, check_text("carol"),
                         check_text(HOME), hex),
        CSN_OK);
    CHECK_SPAN("others by theirs",
        csn_users_find_hashed(users, check_text(HOME), (csn_span){ hex, 32 },
            MD5, &user),
        rows[2].ha1_hex);
    csn_users_release(users);
}

static csn_status
no_md5(csn_hash hash, const csn_span *parts, size_t count, uint8_t *out)
{
    if (hash == MD5)
        return CSN_E_CRYPTO;
    return csn_crypto_openssl()->digest(hash, parts, count, out);
}

static unsigned keys_left;

static bool
few_keys(uint8_t key[CSN_SIPHASH_KEY])
{
    return keys_left-- != 0 && csn_users_key_random(key);
}

static void
test_failures(void **state)
{
    const csn_users_row rows[] = {
        rig_row("bob", HOME, SHA, RIG_HEX64),
        rig_row("bob", HOME, MD5, RIG_HEX32),
    };
    csn_crypto broken = *csn_crypto_openssl();
    csn_status status;

    (void)state;
    broken.digest = no_md5;
    assert_null(build_with(rows, 2, &broken, csn_users_key_random, &status));
    assert_int_equal(status, CSN_E_CRYPTO);
    csn_users_release(build(rows, 1, &broken));

    /* One key for the index of names, none for the other. */
    keys_left = 1;
    assert_null(build_with(rows, 2, csn_crypto_openssl(), few_keys, &status));
    assert_int_equal(status, CSN_E_RANDOM);
}

/* A realm far longer than any: not compared at all. */
static void
test_long_realm(void **state)
{
    csn_users *users = build_few();
    uint8_t *octets = calloc(1, 1 << 20);
    csn_span user = { 0 };

    (void)state;
    assert_non_null(octets);
    for (size_t len = CSN_MAX_REALM + 1; len <= 1 << 20; len *= 2)
        assert_int_equal(csn_users_find_hashed(users,
                             (csn_span){ octets, len }, check_text(DOE_SHA),
                             SHA, &user)
                             .len,
            0);
    free(octets);
    csn_users_release(users);
}

/* As in the index of names: a slot with a stranger's tag is compared whole. */
static void
test_forged_tags(void **state)
{
    const csn_users_row row = rig_row(DOE, HOME, SHA, RIG_HEX64);
    csn_users *users = build(&row, 1, csn_crypto_openssl());
    csn_users_bucket *bucket = &users->by_userhash.buckets[0];
    uint8_t other[CSN_MAX_DIGEST];
    csn_span user = { 0 };

    (void)state;
    assert_int_equal(users->by_userhash.mask, 0);
    assert_int_equal(bucket->rows[0], 1);
    for (size_t at = 0; at < sizeof(other); at++) {
        memcpy(other, csn_users_userhash_at(users, 0), sizeof(other));
        other[at] ^= 1;
        bucket->tags[0] = csn_users_hashed_spot_of(users, SHA, other).tag;
        assert_int_equal(
            csn_users_lookup_hashed(users, check_text(HOME), SHA, other), 0);
    }
    bucket->tags[0] = csn_users_hashed_spot_of(users, SHA512,
        csn_users_userhash_at(users, 0))
                          .tag;
    assert_int_equal(csn_users_find_hashed(users, check_text(HOME),
                         check_text(DOE_SHA), SHA512, &user)
                         .len,
        0);
    bucket->tags[0] = csn_users_hashed_spot_of(users, SHA,
        csn_users_userhash_at(users, 0))
                          .tag;
    assert_int_equal(csn_users_find_hashed(users, check_text("api@example.or"),
                         check_text(DOE_SHA), SHA, &user)
                         .len,
        0);
    csn_users_release(users);
}

/* 20,000 users with two hashes each: everybody by both. */
static void
test_many(void **state)
{
    enum { USERS = 20000 };
    static const csn_hash hashes[] = { SHA, SHA512 };
    csn_users_builder builder = { .unit = "row" };
    csn_users_error error = { "" };
    csn_users *users;
    char name[32], hex[65];

    (void)state;
    for (uint32_t i = 0; i < 2 * USERS; i++) {
        csn_users_row row;

        snprintf(name, sizeof(name), "user%u", i / 2);
        snprintf(hex, sizeof(hex), "%064x", i);
        row = rig_row(name, HOME, hashes[i % 2], hex);
        assert_int_equal(csn_users_builder_add(&builder, &row, i, &error),
            CSN_OK);
    }
    assert_int_equal(csn_users_builder_finish(&builder, csn_crypto_openssl(),
                         csn_users_key_random, &users, &error),
        CSN_OK);
    csn_users_builder_free(&builder);
    for (uint32_t i = 0; i < 3 * USERS; i++) {
        uint8_t userhash[CSN_MAX_DIGEST_HEX];
        csn_span user = { 0 };
        csn_span found;

        snprintf(name, sizeof(name), "user%u", i / 2);
        snprintf(hex, sizeof(hex), "%064x", i);
        assert_int_equal(csn_digest_userhash(csn_crypto_openssl(),
                             hashes[i % 2], check_text(name), check_text(HOME),
                             userhash),
            CSN_OK);
        found = csn_users_find_hashed(users, check_text(HOME),
            (csn_span){ userhash, 64 }, hashes[i % 2], &user);
        CHECK_SPAN(name, found,
            i < 2 * USERS ? check_text(hex) : (csn_span){ 0 });
        CHECK_SPAN(name, user,
            i < 2 * USERS ? check_text(name) : (csn_span){ 0 });
    }
    csn_users_release(users);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        { "D-40 digits of either case", test_upper_case, NULL, NULL, NULL },
        { "D-40 each digit counts", test_each_digit, NULL, NULL, NULL },
        { "D-40 without an index nobody is found", test_without_index, NULL,
            NULL, NULL },
        { "D-40 two names of one hash: the first is found", test_twins, NULL,
            NULL, NULL },
        { "H-34 no index without hash or random octets", test_failures, NULL,
            NULL, NULL },
        { "H-25 a realm too long is not looked up", test_long_realm, NULL,
            NULL, NULL },
        { "D-40 a forged tag gives nobody's digest", test_forged_tags, NULL,
            NULL, NULL },
        { "D-40 20,000 users, found and missed", test_many, NULL, NULL, NULL },
    };

    return CHECK_ROWS("hashed names", lookups, test_lookup) +
        cmocka_run_group_tests_name("hashed", tests, NULL, NULL);
}
