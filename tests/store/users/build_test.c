// SPDX-License-Identifier: MIT
/* Building a snapshot: duplicates, keys, crowded tables, many users. */
#include "rig.h"

#include "users/rules.h"
#include "users/snapshot.h"

#include <countersign/limits.h>

#define MD5 CSN_HASH_MD5
#define SHA CSN_HASH_SHA_256
#define SHA512 CSN_HASH_SHA_512_256

static void
test_duplicate(void **state)
{
    const csn_users_row rows[] = {
        rig_row("alice", "home", SHA, RIG_HEX64),
        rig_row("bob", "home", SHA, RIG_HEX64),
        rig_row("alice", "home", SHA, RIG_OTHER64),
    };
    csn_users_error error = { "" };
    csn_status status;

    (void)state;
    for (int i = 0; i < 50; i++) {
        assert_null(rig_build_with(rows, COUNT_OF(rows), csn_users_key_random,
            &status, &error));
        assert_int_equal(status, CSN_E_DUPLICATE);
        assert_non_null(strstr(error.text, "line 3"));
        assert_non_null(strstr(error.text, "line 1"));
    }
}

/* Keys that a test chooses: zeros first, then ones that count up. */
static unsigned keys_drawn;

static bool
key_of_zeros_first(uint8_t key[CSN_SIPHASH_KEY])
{
    memset(key, 0, CSN_SIPHASH_KEY);
    key[0] = (uint8_t)keys_drawn++;
    return true;
}

static bool
key_of_zeros(uint8_t key[CSN_SIPHASH_KEY])
{
    memset(key, 0, CSN_SIPHASH_KEY);
    return true;
}

static bool
no_key(uint8_t key[CSN_SIPHASH_KEY])
{
    memset(key, 0, CSN_SIPHASH_KEY);
    return false;
}

static void
test_no_random(void **state)
{
    const csn_users_row row = rig_row("alice", "home", SHA, RIG_HEX64);
    csn_users_error error = { "" };
    csn_status status;

    (void)state;
    assert_null(rig_build_with(&row, 1, no_key, &status, &error));
    assert_int_equal(status, CSN_E_RANDOM);
}

static void
test_keys_differ(void **state)
{
    uint8_t first[CSN_SIPHASH_KEY] = { 0 };
    uint8_t second[CSN_SIPHASH_KEY] = { 0 };

    (void)state;
    assert_true(csn_users_key_random(first));
    assert_true(csn_users_key_random(second));
    assert_memory_not_equal(first, second, CSN_SIPHASH_KEY);
}

/* Where a name stands under the key of zeros, in a table of `buckets`. */
static csn_users_spot
spot_under_zeros(const char *user, uint32_t buckets)
{
    const csn_users users = { .by_name = { .mask = buckets - 1 } };

    return csn_users_spot_of(&users, check_text("r"), check_text(user), SHA);
}

/* All names want the same bucket: the ninth has no place, so a new key and
 * then a larger table are tried, and everybody is found. */
static void
test_crowded(void **state)
{
    enum { ROWS = 9, BUCKETS = 4 };
    char names[ROWS][16];
    csn_users_row rows[ROWS];
    csn_users_error error = { "" };
    csn_status status;
    csn_users *users;
    unsigned found = 0;

    (void)state;
    for (unsigned i = 0; found < ROWS; i++) {
        csn_users_spot spot;

        snprintf(names[found], sizeof(names[0]), "user%u", i);
        spot = spot_under_zeros(names[found], BUCKETS);
        if (spot.first == 0 && spot.second == 0) {
            rows[found] = rig_row(names[found], "r", SHA, RIG_HEX64);
            found++;
        }
    }
    keys_drawn = 0;
    users = rig_build_with(rows, ROWS, key_of_zeros_first, &status, &error);
    assert_int_equal(status, CSN_OK);
    assert_int_equal(keys_drawn, 2);
    for (unsigned i = 0; i < ROWS; i++)
        assert_int_equal(rig_find(users, "r", names[i], SHA).len, 64);
    csn_users_release(users);

    /* With one key for ever the table grows instead. */
    users = rig_build_with(rows, ROWS, key_of_zeros, &status, &error);
    assert_int_equal(status, CSN_OK);
    assert_true(users->by_name.mask >= BUCKETS);
    for (unsigned i = 0; i < ROWS; i++)
        assert_int_equal(rig_find(users, "r", names[i], SHA).len, 64);
    csn_users_release(users);
}

typedef struct tagged {
    uint32_t tag;
    uint32_t number;
} tagged;

static int
by_tag(const void *a, const void *b)
{
    const tagged *x = a;
    const tagged *y = b;

    return (x->tag > y->tag) - (x->tag < y->tag);
}

/* Two names with one tag under the first key: the second key parts them. */
static void
test_tags_collide(void **state)
{
    enum { NAMES = 300000 };
    tagged *all = calloc(NAMES, sizeof(*all));
    char names[2][16] = { "", "" };
    csn_users_row rows[2];
    csn_users_error error = { "" };
    csn_status status;
    csn_users *users;
    size_t at = 1;

    (void)state;
    assert_non_null(all);
    for (uint32_t i = 0; i < NAMES; i++) {
        snprintf(names[0], sizeof(names[0]), "user%u", i);
        all[i] = (tagged){ spot_under_zeros(names[0], 1).tag, i };
    }
    qsort(all, NAMES, sizeof(*all), by_tag);
    while (at < NAMES && all[at - 1].tag != all[at].tag)
        at++;
    assert_true(at < NAMES);
    for (size_t i = 0; i < 2; i++) {
        snprintf(names[i], sizeof(names[0]), "user%u", all[at - i].number);
        rows[i] = rig_row(names[i], "r", SHA, i ? RIG_OTHER64 : RIG_HEX64);
    }
    free(all);

    keys_drawn = 0;
    users = rig_build_with(rows, 2, key_of_zeros_first, &status, &error);
    assert_int_equal(status, CSN_OK);
    assert_int_equal(keys_drawn, 2);
    CHECK_SPAN("first", rig_find(users, "r", names[0], SHA),
        check_text(RIG_HEX64));
    CHECK_SPAN("second", rig_find(users, "r", names[1], SHA),
        check_text(RIG_OTHER64));
    csn_users_release(users);
}

/* Names that are the same once realm and user are joined. */
static void
test_borders(void **state)
{
    const csn_users_row rows[] = {
        rig_row("ab", "c", SHA, RIG_HEX64),
        rig_row("b", "ca", SHA, RIG_OTHER64),
    };
    csn_users *users = rig_build(rows, COUNT_OF(rows));

    (void)state;
    CHECK_SPAN("c", rig_find(users, "c", "ab", SHA), check_text(RIG_HEX64));
    CHECK_SPAN("ca", rig_find(users, "ca", "b", SHA), check_text(RIG_OTHER64));
    csn_users_release(users);
}

static bool
key_counted(uint8_t key[CSN_SIPHASH_KEY])
{
    keys_drawn++;
    return csn_users_key_random(key);
}

/* A digest that says whose it is. */
static void
hex_of(uint32_t number, char hex[65])
{
    snprintf(hex, 65, "%064x", number);
}

/* 100,000 users with two hashes, in realms that alternate. */
static void
test_many(void **state)
{
    enum { USERS = 100000, REALMS = 7 };
    csn_users_builder builder = { .unit = "row" };
    csn_users_error error = { "" };
    csn_users *users;
    char name[32];
    char realm[16];
    char hex[65];

    (void)state;
    for (uint32_t i = 0; i < 2 * USERS; i++) {
        csn_users_row row;

        snprintf(name, sizeof(name), "user%u", i / 2);
        snprintf(realm, sizeof(realm), "realm%u", i / 2 % REALMS);
        hex_of(i, hex);
        row = rig_row(name, realm, i % 2 ? SHA512 : SHA, hex);
        assert_int_equal(csn_users_builder_add(&builder, &row, i, &error),
            CSN_OK);
    }
    assert_int_equal(csn_users_builder_finish(&builder, NULL,
                         csn_users_key_random, &users, &error),
        CSN_OK);
    csn_users_builder_free(&builder);
    assert_int_equal(csn_users_count(users), 2 * USERS);

    for (uint32_t i = 0; i < 2 * USERS; i++) {
        snprintf(name, sizeof(name), "user%u", i / 2);
        snprintf(realm, sizeof(realm), "realm%u", i / 2 % REALMS);
        hex_of(i, hex);
        CHECK_SPAN(name, rig_find(users, realm, name, i % 2 ? SHA512 : SHA),
            check_text(hex));
        assert_int_equal(rig_find(users, realm, name, MD5).len, 0);
        snprintf(realm, sizeof(realm), "realm%u", (i / 2 + 1) % REALMS);
        assert_int_equal(rig_find(users, realm, name, SHA).len, 0);
        snprintf(name, sizeof(name), "user%u", USERS + i);
        assert_int_equal(rig_find(users, realm, name, SHA).len, 0);
    }
    for (uint32_t i = 0; i < REALMS; i++) {
        snprintf(realm, sizeof(realm), "realm%u", i);
        assert_true(csn_users_has(users, check_text(realm), SHA512));
        assert_false(csn_users_has(users, check_text(realm), MD5));
    }
    csn_users_release(users);
}

/* The table is not so full that a lookup would have to look further. */
static void
test_fill(void **state)
{
    static const size_t counts[] = { 1, 2, 3, 8, 9, 47, 48, 1000, 30000 };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(counts); i++) {
        csn_users_builder builder = { .unit = "row" };
        csn_users_error error = { "" };
        csn_users *users;
        size_t slots;

        for (size_t j = 0; j < counts[i]; j++) {
            char name[32];
            csn_users_row row;

            snprintf(name, sizeof(name), "%zu", j);
            row = rig_row(name, "r", SHA, RIG_HEX64);
            assert_int_equal(csn_users_builder_add(&builder, &row, j, &error),
                CSN_OK);
        }
        keys_drawn = 0;
        assert_int_equal(csn_users_builder_finish(&builder, NULL, key_counted,
                             &users, &error),
            CSN_OK);
        assert_int_equal(keys_drawn, 1);
        slots = ((size_t)users->by_name.mask + 1) * CSN_USERS_SLOTS;
        assert_in_range(slots, counts[i] * 2, counts[i] * 11 + 8);
        csn_users_builder_free(&builder);
        csn_users_release(users);
    }
}

/* The stores say the hashes' names and sizes themselves: as the library. */
static void
test_hash_table(void **state)
{
    (void)state;
    for (int i = 0; i < CSN_HASH_COUNT; i++) {
        csn_hash hash = (csn_hash)i;

        CHECK_SPAN("name", csn_users_hash_name(hash), csn_hash_name(hash));
        CHECK_EQ("digits", csn_users_hash_digits(hash),
            2 * csn_hash_size(hash));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        { "the same entry twice", test_duplicate, NULL, NULL, NULL },
        { "H-34 no random octets, no snapshot", test_no_random, NULL, NULL,
            NULL },
        { "every snapshot has its own key", test_keys_differ, NULL, NULL,
            NULL },
        { "a crowded bucket", test_crowded, NULL, NULL, NULL },
        { "tags that collide", test_tags_collide, NULL, NULL, NULL },
        { "names alike once joined", test_borders, NULL, NULL, NULL },
        { "100,000 users, found and missed", test_many, NULL, NULL, NULL },
        { "how full the table is", test_fill, NULL, NULL, NULL },
        { "C-13 hashes as the library names them", test_hash_table, NULL, NULL,
            NULL },
    };

    return cmocka_run_group_tests_name("build", tests, NULL, NULL);
}
