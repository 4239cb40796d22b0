// SPDX-License-Identifier: MIT
#include "check.h"

#include "digest/nonce.h"

#include <countersign/crypto_openssl.h>

/* The nonce's layout, its MAC, and whose it is: B-06, B-07, B-10, E-34. */

static const csn_nonce sample = { .key_id = 7,
    .flags = CSN_NONCE_QOP_AUTH | 1 << CSN_ALG_SHA_256,
    .domain = { 1, 2, 3, 4, 5, 6, 7, 8 },
    .minted_ms = 0x018bcfe56800,
    .random = { 9, 10, 11, 12, 13, 14, 15, 16 } };

static csn_nonce_key
derive(uint8_t id, uint8_t fill, csn_layer layer, const char *realm,
    const char *site)
{
    csn_key key = { .id = id, .state = CSN_KEY_MINT };
    csn_nonce_key derived;

    memset(key.secret, fill, sizeof(key.secret));
    assert_int_equal(csn_nonce_key_derive(&derived, csn_crypto_openssl(), &key,
                         layer, check_text(realm), check_text(site)),
        CSN_OK);
    return derived;
}

static void
layout(void **state)
{
    static const uint8_t want[CSN_NONCE_MACED] = { 1, 7, 0x01, 0x04, 1, 2, 3,
        4, 5, 6, 7, 8, 0x01, 0x8b, 0xcf, 0xe5, 0x68, 0x00, 9, 10, 11, 12, 13,
        14, 15, 16 };
    csn_nonce_key key = derive(7, 1, CSN_LAYER_ORIGIN, "r", "s");
    uint8_t text[CSN_NONCE_TEXT], octets[CSN_NONCE_OCTETS];
    csn_nonce read;

    (void)state;
    csn_nonce_write(&key, &sample, text);
    assert_int_equal(csn_nonce_read((csn_span){ text, sizeof(text) }, &read,
                         octets),
        CSN_OK);
    assert_memory_equal(octets, want, sizeof(want));
    assert_int_equal(read.key_id, 7);
    assert_int_equal(read.flags, sample.flags);
    assert_memory_equal(read.domain, sample.domain, CSN_DOMAIN_SIZE);
    assert_int_equal(read.minted_ms, sample.minted_ms);
    assert_memory_equal(read.random, sample.random, CSN_NONCE_RANDOM);
    assert_true(csn_nonce_is_genuine(&key, octets));
}

/* The count domain can be read without the key, by characters 6 to 15. */
static void
readable_domain(void **state)
{
    csn_nonce_key key = derive(7, 1, CSN_LAYER_ORIGIN, "r", "s");
    uint8_t one[CSN_NONCE_TEXT], two[CSN_NONCE_TEXT];
    csn_nonce other = sample;

    (void)state;
    csn_nonce_write(&key, &sample, one);
    other.flags ^= 0x0f;
    other.minted_ms += 0x10000;
    other.random[0] ^= 0xff;
    csn_nonce_write(&key, &other, two);
    assert_memory_equal(one + 6, two + 6, 10);
    other.domain[3] ^= 1;
    csn_nonce_write(&key, &other, two);
    assert_memory_not_equal(one + 6, two + 6, 10);
}

static void
every_bit(void **state)
{
    csn_nonce_key key = derive(7, 1, CSN_LAYER_ORIGIN, "r", "s");
    uint8_t text[CSN_NONCE_TEXT], octets[CSN_NONCE_OCTETS];
    csn_nonce read;

    (void)state;
    csn_nonce_write(&key, &sample, text);
    assert_int_equal(csn_nonce_read((csn_span){ text, sizeof(text) }, &read,
                         octets),
        CSN_OK);
    for (size_t bit = 0; bit < 8 * sizeof(octets); bit++) {
        octets[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_false(csn_nonce_is_genuine(&key, octets));
        octets[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_true(csn_nonce_is_genuine(&key, octets));
}

static const struct foreign {
    const char *name;
    uint8_t fill;
    csn_layer layer;
    const char *realm;
    const char *site;
    bool genuine;
} foreigns[] = {
    { "B-10 its own key", 1, CSN_LAYER_ORIGIN, "realm", "site", true },
    { "H-29 another secret", 2, CSN_LAYER_ORIGIN, "realm", "site", false },
    { "B-10 the proxy layer", 1, CSN_LAYER_PROXY, "realm", "site", false },
    { "H-29 another realm", 1, CSN_LAYER_ORIGIN, "Realm", "site", false },
    { "H-29 another site", 1, CSN_LAYER_ORIGIN, "realm", "", false },
    { "H-29 realm and site, cut elsewhere", 1, CSN_LAYER_ORIGIN, "realms",
        "ite", false },
};

static void
run_foreign(void **state)
{
    const struct foreign *row = *state;
    csn_nonce_key home = derive(7, 1, CSN_LAYER_ORIGIN, "realm", "site");
    csn_nonce_key away = derive(7, row->fill, row->layer, row->realm,
        row->site);
    uint8_t text[CSN_NONCE_TEXT], octets[CSN_NONCE_OCTETS];
    csn_nonce read;

    csn_nonce_write(&home, &sample, text);
    CHECK_EQ(row->name,
        csn_nonce_read((csn_span){ text, sizeof(text) }, &read, octets),
        CSN_OK);
    CHECK_EQ(row->name, csn_nonce_is_genuine(&away, octets), row->genuine);
}

static const struct text_row {
    const char *name;
    csn_span text;
    csn_status want;
} texts[] = {
    { "D-15 empty", CSN_LIT(""), CSN_E_LENGTH },
    { "D-15 a character short",
        CSN_LIT("AQcBBAECAwQFBgcIAYvP5WgACQoLDA0ODxAAAAAAAAAAAAAAAAAAAAA"),
        CSN_E_LENGTH },
    { "D-15 a character long",
        CSN_LIT("AQcBBAECAwQFBgcIAYvP5WgACQoLDA0ODxAAAAAAAAAAAAAAAAAAAAAAA"),
        CSN_E_LENGTH },
    { "B-06 an octet outside base64url",
        CSN_LIT("AQcBBAECAwQFBgcIAYvP5WgACQoLDA0ODxAAAAAAAAAAAAAAAAAAAAA+"),
        CSN_E_SYNTAX },
    { "D-15 another version",
        CSN_LIT("AgcBBAECAwQFBgcIAYvP5WgACQoLDA0ODxAAAAAAAAAAAAAAAAAAAAAA"),
        CSN_E_SYNTAX },
    { "D-15 well formed",
        CSN_LIT("AQcBBAECAwQFBgcIAYvP5WgACQoLDA0ODxAAAAAAAAAAAAAAAAAAAAAA"),
        CSN_OK },
};

static void
run_text(void **state)
{
    const struct text_row *row = *state;
    csn_span text = check_exact(row->text);
    uint8_t octets[CSN_NONCE_OCTETS];
    csn_nonce read;

    CHECK_EQ(row->name, csn_nonce_read(text, &read, octets), row->want);
    check_drop(text);
}

static void
successor(void **state)
{
    csn_nonce_key key = derive(7, 1, CSN_LAYER_ORIGIN, "r", "s");
    csn_nonce_key other = derive(7, 2, CSN_LAYER_ORIGIN, "r", "s");
    csn_nonce one = csn_nonce_successor(&key, &sample, 0x018bcfe70000);
    csn_nonce two = csn_nonce_successor(&key, &sample, 0x018bcfe70000);
    csn_nonce later = csn_nonce_successor(&key, &sample, 0x018bcfe70001);
    csn_nonce stranger = csn_nonce_successor(&other, &sample, 0x018bcfe70000);
    csn_nonce next = csn_nonce_successor(&key, &one, 0x018bcfe70000);

    (void)state;
    assert_memory_equal(one.random, two.random, CSN_NONCE_RANDOM);
    assert_int_equal(one.minted_ms, 0x018bcfe70000);
    assert_int_equal(one.flags, sample.flags);
    assert_memory_equal(one.domain, sample.domain, CSN_DOMAIN_SIZE);
    assert_memory_not_equal(one.random, later.random, CSN_NONCE_RANDOM);
    assert_memory_not_equal(one.random, stranger.random, CSN_NONCE_RANDOM);
    assert_memory_not_equal(one.random, sample.random, CSN_NONCE_RANDOM);
    assert_memory_not_equal(one.random, next.random, CSN_NONCE_RANDOM);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        { "B-07 the layout", layout, NULL, NULL, NULL },
        { "the domain stands at a readable place", readable_domain, NULL, NULL,
            NULL },
        { "B-07 every bit is under the MAC", every_bit, NULL, NULL, NULL },
        { "E-34 E-36 one successor for all, foretold by nobody", successor,
            NULL, NULL, NULL },
    };

    return CHECK_ROWS("foreign", foreigns, run_foreign) +
        CHECK_ROWS("texts", texts, run_text) +
        cmocka_run_group_tests_name("nonce", tests, NULL, NULL);
}
