// SPDX-License-Identifier: MIT
#include "vectors.h"

#include "core/hex.h"
#include "users/snapshot.h"

#include <countersign/crypto_openssl.h>
#include <countersign/digest.h>
#include <countersign/limits.h>
#include <countersign/prepare.h>

#include <uninorm.h>

/*
 * The names and passwords of the vectors: prepared they are themselves,
 * composed or taken apart; and their users are found in a snapshot, by name
 * and by the hashed name that a vector gives.
 */

typedef csn_status prepare_fn(csn_span text, csn_writer *out,
    csn_prepare_fault *fault);

/* `fn` makes `want` of the text in either normal form. */
static void
check_prepared(prepare_fn *fn, csn_span want)
{
    const uninorm_t forms[] = { UNINORM_NFC, UNINORM_NFD };

    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        uint8_t buf[CSN_MAX_VALUE];
        csn_writer out = csn_writer_init(buf, sizeof(buf));
        size_t len = 0;
        uint8_t *typed = u8_normalize(forms[i], want.ptr, want.len, NULL,
            &len);

        assert_non_null(typed);
        CHECK_EQ("prepared", fn((csn_span){ typed, len }, &out, NULL), CSN_OK);
        CHECK_SPAN("prepared", csn_writer_span(&out), want);
        free(typed);
    }
}

/* The octets that a vector says a text has. */
static void
check_octets(const json_t *inputs, const char *key, csn_span text)
{
    csn_span hex = vectors_text(inputs, key);
    uint8_t octets[256];

    if (hex.ptr == NULL)
        return;
    assert_int_equal(csn_hex_decode(hex, octets, text.len), CSN_OK);
    CHECK_SPAN(key, ((csn_span){ octets, text.len }), text);
}

static void
test_prepared(void **state)
{
    const json_t *inputs = vectors_member(*state, "inputs");
    csn_span user = vectors_text(inputs, "username");
    csn_span password = vectors_text(inputs, "password");

    check_octets(inputs, "username_utf8_hex", user);
    check_octets(inputs, "password_utf8_hex", password);
    check_prepared(csn_prepare_user, user);
    check_prepared(csn_prepare_typed_user, user);
    /* No profile has an empty password; a client sends it. */
    if (password.len != 0)
        check_prepared(csn_prepare_password, password);
    check_prepared(csn_prepare_typed_password, password);
}

static csn_users *
enrol(const csn_users_row *row)
{
    csn_users_builder builder = { .unit = "line" };
    csn_users_error error;
    csn_users *users = NULL;

    assert_int_equal(csn_users_builder_add(&builder, row, 1, &error), CSN_OK);
    assert_int_equal(csn_users_builder_finish(&builder, csn_crypto_openssl(),
                         csn_users_key_random, &users, &error),
        CSN_OK);
    csn_users_builder_free(&builder);
    return users;
}

/* What the vector says is found, and with another digit is not. */
static void
check_hashed(const csn_users *users, const csn_users_row *row,
    csn_span userhash)
{
    uint8_t hex[CSN_MAX_DIGEST_HEX];
    csn_span asked = { hex, userhash.len };
    csn_span user = { NULL, 0 };

    assert_in_range(userhash.len, 32, sizeof(hex));
    memcpy(hex, userhash.ptr, userhash.len);
    CHECK_SPAN("hashed",
        csn_users_find_hashed(users, row->realm, asked, row->hash, &user),
        row->ha1_hex);
    CHECK_SPAN("the name", user, row->user);
    hex[0] = hex[0] == '0' ? '1' : '0';
    CHECK_EQ("another",
        csn_users_find_hashed(users, row->realm, asked, row->hash, &user).len,
        0);
}

static void
test_found(void **state)
{
    const json_t *inputs = vectors_member(*state, "inputs");
    const json_t *computed = vectors_member(*state, "computed");
    const csn_users_row row = { vectors_text(inputs, "username"),
        vectors_text(inputs, "realm"),
        csn_algorithm_hash(
            csn_algorithm_find(vectors_text(inputs, "algorithm"))),
        vectors_text(computed, "HA1") };
    csn_span userhash = vectors_text(computed, "userhash");
    uint8_t hex[CSN_MAX_DIGEST_HEX];
    csn_users *users;

    vectors_skip_unless_http(*state);
    users = enrol(&row);
    CHECK_SPAN("by name", csn_users_find(users, row.realm, row.user, row.hash),
        row.ha1_hex);
    /* Where the vector gives none it is what the library makes of it. */
    if (userhash.ptr == NULL) {
        assert_int_equal(csn_digest_userhash(csn_crypto_openssl(), row.hash,
                             row.user, row.realm, hex),
            CSN_OK);
        userhash = (csn_span){ hex, row.ha1_hex.len };
    }
    check_hashed(users, &row, userhash);
    csn_users_release(users);
}

int
main(int argc, char **argv)
{
    static const char *const groups[] = { "digest_published", "digest_matrix",
        "digest_special" };
    json_t *all = vectors_load(argc, argv);
    int failed = 0;

    for (size_t i = 0; i < COUNT_OF(groups); i++) {
        json_t *items = json_object_get(all, groups[i]);

        failed += vectors_run(groups[i], "C-40, C-42, C-43 names of", items,
            test_prepared);
        failed += vectors_run(groups[i], "C-12, C-33, D-40 the user of", items,
            test_found);
    }
    json_decref(all);
    return failed;
}
