// SPDX-License-Identifier: MIT
/* The snapshot: what is found and what is not. */
#include "rig.h"

#include "users/rules.h"
#include "users/snapshot.h"

#include <countersign/limits.h>

#define MD5 CSN_HASH_MD5
#define SHA CSN_HASH_SHA_256
#define SHA512 CSN_HASH_SHA_512_256

static csn_users *
build_few(void)
{
    const csn_users_row rows[] = {
        rig_row("alice", "home", SHA, RIG_HEX64),
        rig_row("alice", "home", SHA512, RIG_OTHER64),
        rig_row("bob", "home", MD5, "FEDCBA98765432100123456789ABCDEF"),
        rig_row("alice", "work", SHA, RIG_OTHER64),
        rig_row("ab", "c", SHA, RIG_HEX64),
    };

    return rig_build(rows, COUNT_OF(rows));
}

static const struct lookup {
    const char *name;
    csn_span realm;
    csn_span user;
    csn_hash hash;
    csn_span want;
} lookups[] = {
    { "C-12 H(A1) by user, realm and hash", CSN_LIT("home"), CSN_LIT("alice"),
        SHA, CSN_LIT(RIG_HEX64) },
    { "C-13 another value for another hash", CSN_LIT("home"), CSN_LIT("alice"),
        SHA512, CSN_LIT(RIG_OTHER64) },
    { "C-13 no value for a hash not kept", CSN_LIT("home"), CSN_LIT("alice"),
        MD5, { 0 } },
    { "the same user in another realm", CSN_LIT("work"), CSN_LIT("alice"), SHA,
        CSN_LIT(RIG_OTHER64) },
    { "32 digits, in lower case", CSN_LIT("home"), CSN_LIT("bob"), MD5,
        CSN_LIT("fedcba98765432100123456789abcdef") },
    { "a realm he is not in", CSN_LIT("work"), CSN_LIT("bob"), MD5, { 0 } },
    { "D-39 an unknown user", CSN_LIT("home"), CSN_LIT("carol"), SHA, { 0 } },
    { "D-39 an unknown realm", CSN_LIT("none"), CSN_LIT("alice"), SHA, { 0 } },
    { "C-45 case is not folded in names", CSN_LIT("home"), CSN_LIT("Alice"),
        SHA, { 0 } },
    { "C-45 case is not folded in realms", CSN_LIT("Home"), CSN_LIT("alice"),
        SHA, { 0 } },
    { "a beginning of a name", CSN_LIT("home"), CSN_LIT("alic"), SHA, { 0 } },
    { "a longer name", CSN_LIT("home"), CSN_LIT("alicex"), SHA, { 0 } },
    { "a name with a NUL", CSN_LIT("home"), CSN_LIT("alice\0"), SHA, { 0 } },
    { "the border between realm and user counts", CSN_LIT("ca"), CSN_LIT("b"),
        SHA, { 0 } },
    { "an empty name", CSN_LIT("home"), CSN_LIT(""), SHA, { 0 } },
    { "an empty realm", CSN_LIT(""), CSN_LIT("alice"), SHA, { 0 } },
};

static void
test_lookup(void **state)
{
    const struct lookup *row = *state;
    csn_users *users = build_few();
    csn_span realm = check_exact(row->realm);
    csn_span user = check_exact(row->user);

    CHECK_SPAN(row->name, csn_users_find(users, realm, user, row->hash),
        row->want);
    check_drop(realm);
    check_drop(user);
    csn_users_release(users);
}

/* As long as may be asked, one longer, and far longer. */
static void
test_long_names(void **state)
{
    static const size_t lens[] = { CSN_MAX_USER, CSN_MAX_USER + 1, 1 << 20 };
    uint8_t *octets = malloc(lens[2]);
    csn_users *users = build_few();

    (void)state;
    assert_non_null(octets);
    memset(octets, 'a', lens[2]);
    for (size_t i = 0; i < COUNT_OF(lens); i++) {
        csn_span text = check_exact((csn_span){ octets, lens[i] });

        assert_int_equal(
            csn_users_find(users, check_text("home"), text, SHA).len, 0);
        assert_int_equal(
            csn_users_find(users, text, check_text("alice"), SHA).len, 0);
        assert_int_equal(csn_users_find(users, text, text, SHA).len, 0);
        assert_false(csn_users_has(users, text, SHA));
        check_drop(text);
    }
    /* The longest realm with a user one too long, which fills every buffer. */
    assert_int_equal(csn_users_find(users, (csn_span){ octets, CSN_MAX_REALM },
                         (csn_span){ octets, CSN_MAX_USER + 1 }, SHA)
                         .len,
        0);
    csn_users_release(users);
    free(octets);
}

static void
test_longest_row(void **state)
{
    char user[CSN_MAX_USER + 1];
    char realm[CSN_MAX_REALM + 1];
    csn_users_row row;
    csn_users *users;

    (void)state;
    memset(user, 'u', CSN_MAX_USER);
    memset(realm, 'r', CSN_MAX_REALM);
    user[CSN_MAX_USER] = realm[CSN_MAX_REALM] = '\0';
    row = rig_row(user, realm, SHA, RIG_HEX64);
    users = rig_build(&row, 1);
    CHECK_SPAN("found", rig_find(users, realm, user, SHA),
        check_text(RIG_HEX64));
    user[CSN_MAX_USER - 1] = 'v';
    CHECK_SPAN("not found", rig_find(users, realm, user, SHA),
        (csn_span){ 0 });
    csn_users_release(users);
}

static void
check_has(void)
{
    csn_users *users = build_few();

    assert_int_equal(csn_users_count(users), 5);
    assert_true(csn_users_has(users, check_text("home"), SHA));
    assert_true(csn_users_has(users, check_text("home"), SHA512));
    assert_true(csn_users_has(users, check_text("home"), MD5));
    assert_true(csn_users_has(users, check_text("work"), SHA));
    assert_false(csn_users_has(users, check_text("work"), MD5));
    assert_false(csn_users_has(users, check_text("work"), SHA512));
    assert_false(csn_users_has(users, check_text("none"), SHA));
    assert_false(csn_users_has(users, check_text("hom"), SHA));
    assert_false(csn_users_has(users, check_text(""), SHA));
    csn_users_release(users);
}

/* Under many keys, for realms and hashes stand in one small table. */
static void
test_has(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++)
        check_has();
}

/* As many realms as could fill a table exactly: it ends a search for another
 * one all the same. */
static void
test_has_many_realms(void **state)
{
    csn_users_row rows[16];
    char realms[16][8];

    (void)state;
    for (size_t count = 1; count <= COUNT_OF(rows); count++) {
        csn_users *users;

        snprintf(realms[count - 1], sizeof(realms[0]), "%zu", count);
        rows[count - 1] = rig_row("u", realms[count - 1], SHA, RIG_HEX64);
        users = rig_build(rows, count);
        for (size_t i = 0; i < count; i++)
            assert_true(csn_users_has(users, check_text(realms[i]), SHA));
        assert_false(csn_users_has(users, check_text("none"), SHA));
        csn_users_release(users);
    }
}

static void
test_empty(void **state)
{
    csn_users *users = rig_build(NULL, 0);

    (void)state;
    assert_int_equal(csn_users_count(users), 0);
    assert_int_equal(rig_find(users, "home", "alice", SHA).len, 0);
    assert_false(csn_users_has(users, check_text("home"), SHA));
    csn_users_release(users);
}

static void
test_order(void **state)
{
    csn_users *users = build_few();
    csn_users_row row = csn_users_at(users, 2);

    (void)state;
    CHECK_SPAN("user", row.user, check_text("bob"));
    CHECK_SPAN("realm", row.realm, check_text("home"));
    CHECK_EQ("hash", row.hash, MD5);
    CHECK_SPAN("realm of the next", csn_users_at(users, 3).realm,
        check_text("work"));
    csn_users_release(users);
}

/* Whole names are compared: a slot whose tag is that of another name, which
 * happens once in four milliards, gives nobody's digest. */
static void
test_forged_tags(void **state)
{
    static const struct {
        const char *realm;
        const char *user;
        csn_hash hash;
    } others[] = {
        { "home", "alicf", SHA },
        { "home", "alic", SHA },
        { "home", "alicex", SHA },
        { "homf", "alice", SHA },
        { "hom", "alice", SHA },
        { "homex", "alice", SHA },
        { "home", "alice", SHA512 },
    };
    const csn_users_row row = rig_row("alice", "home", SHA, RIG_HEX64);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        csn_users *users = rig_build(&row, 1);

        assert_int_equal(users->by_name.mask, 0);
        assert_int_equal(users->by_name.buckets[0].rows[0], 1);
        users->by_name.buckets[0].tags[0] = csn_users_spot_of(users,
            check_text(others[i].realm), check_text(others[i].user),
            others[i].hash)
                                                .tag;
        assert_int_equal(rig_find(users, others[i].realm, others[i].user,
                             others[i].hash)
                             .len,
            0);
        csn_users_release(users);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        { "H-25 names too long are not looked up", test_long_names, NULL, NULL,
            NULL },
        { "the longest user and realm", test_longest_row, NULL, NULL, NULL },
        { "which hashes a realm has", test_has, NULL, NULL, NULL },
        { "as many realms as slots", test_has_many_realms, NULL, NULL, NULL },
        { "no users at all", test_empty, NULL, NULL, NULL },
        { "rows keep their order", test_order, NULL, NULL, NULL },
        { "C-12 a forged tag gives nobody's digest", test_forged_tags, NULL,
            NULL, NULL },
    };

    return CHECK_ROWS("lookups", lookups, test_lookup) +
        cmocka_run_group_tests_name("snapshot", tests, NULL, NULL);
}
