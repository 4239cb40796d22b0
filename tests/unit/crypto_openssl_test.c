// SPDX-License-Identifier: MIT
#include "check.h"

#include <countersign/crypto_openssl.h>

#include <pthread.h>

/* The backend against published digests (FIPS 180-4 examples; RFC 1321). */
static const struct row {
    const char *name;
    csn_hash hash;
    const char *hex;
} rows[] = {
    { "B-13 MD5 of abc", CSN_HASH_MD5, "900150983cd24fb0d6963f7d28e17f72" },
    { "B-11 SHA-256 of abc", CSN_HASH_SHA_256,
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
    { "C-02 SHA-512/256 of abc", CSN_HASH_SHA_512_256,
        "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23" },
};

/* The same for contents. */
static const struct row streams[] = {
    { "a content in pieces, MD5", CSN_HASH_MD5,
        "900150983cd24fb0d6963f7d28e17f72" },
    { "a content in pieces, SHA-256", CSN_HASH_SHA_256,
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
    { "a content in pieces, SHA-512/256", CSN_HASH_SHA_512_256,
        "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23" },
};

static void
to_hex(const uint8_t *octets, size_t len, char hex[65])
{
    for (size_t i = 0; i < len; i++)
        snprintf(hex + 2 * i, 3, "%02x", octets[i]);
}

static void
run_row(void **state)
{
    const struct row *row = *state;
    const csn_crypto *crypto = csn_crypto_openssl();
    const csn_span parts[] = { CSN_SPAN("a"), { NULL, 0 }, CSN_SPAN("bc") };
    uint8_t one[CSN_MAX_DIGEST], two[CSN_MAX_DIGEST];
    char hex[65];

    assert_int_equal(crypto->digest(row->hash, parts, 3, one), CSN_OK);
    to_hex(one, csn_hash_size(row->hash), hex);
    assert_string_equal(hex, row->hex);
    assert_int_equal(crypto->digest_pair(row->hash, parts, 1, CSN_SPAN("bc"),
                         CSN_SPAN("bd"), one, two),
        CSN_OK);
    to_hex(one, csn_hash_size(row->hash), hex);
    assert_string_equal(hex, row->hex);
    assert_memory_not_equal(one, two, csn_hash_size(row->hash));
}

/* However it is cut, the same octets give the same digest. */
static void
pieces(void **state)
{
    static uint8_t text[2000];
    const csn_crypto *crypto = csn_crypto_openssl();
    uint8_t whole[CSN_MAX_DIGEST], cut[CSN_MAX_DIGEST];

    (void)state;
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = (uint8_t)(i * 7);
    for (size_t len = 0; len < sizeof(text); len += 37) {
        csn_span all = { text, len };

        assert_int_equal(crypto->digest(CSN_HASH_SHA_256, &all, 1, whole),
            CSN_OK);
        for (size_t at = 0; at <= len; at += 61) {
            csn_span parts[3] = { { text, at / 2 },
                { text + at / 2, at - at / 2 }, { text + at, len - at } };

            assert_int_equal(crypto->digest(CSN_HASH_SHA_256, parts, 3, cut),
                CSN_OK);
            assert_memory_equal(whole, cut, sizeof(whole));
        }
    }
}

static void *
hash_often(void *out)
{
    const csn_crypto *crypto = csn_crypto_openssl();
    csn_span part = CSN_SPAN("abc");
    uint8_t digest[CSN_MAX_DIGEST];

    for (int i = 0; i < 2000; i++) {
        if (crypto->digest(CSN_HASH_SHA_256, &part, 1, digest) != CSN_OK)
            return NULL;
    }
    memcpy(out, digest, sizeof(digest));
    return out;
}

static void
threads(void **state)
{
    pthread_t ids[4];
    uint8_t digests[4][CSN_MAX_DIGEST];
    char hex[65];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(ids); i++)
        assert_int_equal(pthread_create(&ids[i], NULL, hash_often, digests[i]),
            0);
    for (size_t i = 0; i < COUNT_OF(ids); i++) {
        assert_int_equal(pthread_join(ids[i], NULL), 0);
        to_hex(digests[i], CSN_MAX_DIGEST, hex);
        assert_string_equal(hex, rows[1].hex);
    }
}

static void
randomness(void **state)
{
    const csn_crypto *crypto = csn_crypto_openssl();
    uint8_t one[32], two[32];

    (void)state;
    assert_int_equal(crypto->random(one, sizeof(one)), CSN_OK);
    assert_int_equal(crypto->random(two, sizeof(two)), CSN_OK);
    assert_memory_not_equal(one, two, sizeof(one));
    assert_int_equal(crypto->random(one, SIZE_MAX), CSN_E_RANDOM);
}

static void
no_hash(void **state)
{
    csn_span part = CSN_SPAN("abc");
    uint8_t digest[CSN_MAX_DIGEST];

    (void)state;
    assert_int_equal(csn_crypto_openssl()->digest(CSN_HASH_COUNT, &part, 1,
                         digest),
        CSN_E_CRYPTO);
}

/* A content as it comes: every cut, and asked for its digest on the way. */
static void
run_stream(void **state)
{
    const struct row *row = *state;
    static uint8_t text[300];
    const csn_crypto *crypto = csn_crypto_openssl();
    size_t size = csn_hash_size(row->hash);
    uint8_t want[CSN_MAX_DIGEST], got[CSN_MAX_DIGEST];
    char hex[65];
    csn_openssl_hash *hash = csn_openssl_hash_new(row->hash);

    assert_non_null(hash);
    assert_int_equal(csn_openssl_hash_update(hash, CSN_SPAN("ab")), CSN_OK);
    assert_int_equal(csn_openssl_hash_update(hash, (csn_span){ NULL, 0 }),
        CSN_OK);
    assert_int_equal(csn_openssl_hash_update(hash, CSN_SPAN("c")), CSN_OK);
    assert_int_equal(csn_openssl_hash_digest(hash, got), CSN_OK);
    to_hex(got, size, hex);
    assert_string_equal(hex, row->hex);
    csn_openssl_hash_free(hash);

    memset(text, 'x', sizeof(text));
    for (size_t at = 0; at <= sizeof(text); at += 37) {
        csn_span head = { text, at }, tail = { text + at, sizeof(text) - at };
        csn_span whole = { text, sizeof(text) };

        hash = csn_openssl_hash_new(row->hash);
        assert_non_null(hash);
        assert_int_equal(csn_openssl_hash_update(hash, head), CSN_OK);
        assert_int_equal(crypto->digest(row->hash, &head, 1, want), CSN_OK);
        assert_int_equal(csn_openssl_hash_digest(hash, got), CSN_OK);
        assert_memory_equal(got, want, size);
        assert_int_equal(csn_openssl_hash_update(hash, tail), CSN_OK);
        assert_int_equal(crypto->digest(row->hash, &whole, 1, want), CSN_OK);
        for (int twice = 0; twice < 2; twice++) {
            memset(got, 0, sizeof(got));
            assert_int_equal(csn_openssl_hash_digest(hash, got), CSN_OK);
            assert_memory_equal(got, want, size);
        }
        csn_openssl_hash_free(hash);
    }
}

static void
no_stream(void **state)
{
    (void)state;
    assert_null(csn_openssl_hash_new(CSN_HASH_COUNT));
    csn_openssl_hash_free(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        { "C-11 pieces and the whole", pieces, NULL, NULL, NULL },
        { "each thread has contexts of its own", threads, NULL, NULL, NULL },
        { "H-03 random octets", randomness, NULL, NULL, NULL },
        { "a hash that is none", no_hash, NULL, NULL, NULL },
        { "a content under a hash that is none", no_stream, NULL, NULL, NULL },
    };

    return CHECK_ROWS("digests", rows, run_row) +
        CHECK_ROWS("contents", streams, run_stream) +
        cmocka_run_group_tests_name("backend", tests, NULL, NULL);
}
