// SPDX-License-Identifier: MIT
#include "check.h"
#include "guest.h"

/* In which of its three forms a user's name travels; it is hashed plain. */

#define CHALLENGE(algorithm)                                                  \
    "Digest realm=\"r\", nonce=\"n1\", algorithm=" algorithm ", "             \
    "qop=\"auth, auth-int\""
#define HASHED ", userhash=true"
#define JASON "J\xc3\xa4s\xc3\xb8n Doe"

static const struct name_row {
    const char *name;
    const char *user;
    const char *challenge;
    const char *sent;
    bool raw;
} rows[] = {
    { "C-36 an ASCII name", "alice", CHALLENGE("SHA-256"),
        .sent = "Digest username=\"alice\", realm" },
    { "C-36 ASCII with what is escaped", "a\"\\'%* c", CHALLENGE("SHA-256"),
        .sent = "Digest username=\"a\\\"\\\\'%* c\", realm" },
    { "C-36 C-37 a name in UTF-8", JASON, CHALLENGE("SHA-256"),
        .sent = "Digest username*=UTF-8''J%C3%A4s%C3%B8n%20Doe, realm" },
    { "C-37 every octet outside attr-char is coded",
        "\xc3\xa9\"\\'%*(),/;<=>?@[]{} ~", CHALLENGE("SHA-256"),
        .sent =
            "Digest "
            "username*=UTF-8''%C3%A9%22%5C%27%25%2A%28%29%2C%2F%3B%3C%3D%3E"
            "%3F%40%5B%5D%7B%7D%20~, realm" },
    { "C-37 Arabic", "\xd8\xb9\xd9\x84\xd9\x8a", CHALLENGE("SHA-256"),
        .sent = "Digest username*=UTF-8''%D8%B9%D9%84%D9%8A, realm" },
    { "C-37 Han", "\xe7\x8e\x8b\xe4\xbc\x9f", CHALLENGE("SHA-256"),
        .sent = "Digest username*=UTF-8''%E7%8E%8B%E4%BC%9F, realm" },
    { "C-37 an emoji", "\xf0\x9f\x94\x91", CHALLENGE("SHA-256"),
        .sent = "Digest username*=UTF-8''%F0%9F%94%91, realm" },
    { "C-36 charset changes nothing", JASON,
        CHALLENGE("SHA-256") ", charset=UTF-8",
        .sent = "Digest username*=UTF-8''J%C3%A4s%C3%B8n%20Doe, realm" },
    { "C-36 under MD5 too", JASON, CHALLENGE("MD5"),
        .sent = "Digest username*=UTF-8''J%C3%A4s%C3%B8n%20Doe, realm" },
    { "C-36 under -sess too", JASON, CHALLENGE("SHA-256-sess"),
        .sent = "Digest username*=UTF-8''J%C3%A4s%C3%B8n%20Doe, realm" },
    { "C-36 switched off", JASON, CHALLENGE("SHA-256"),
        .sent = "Digest username=\"" JASON "\", realm", .raw = true },
    { "C-37 a name that is not UTF-8 goes as it is", "J\xe4s",
        CHALLENGE("SHA-256"), .sent = "Digest username=\"J\xe4s\", realm" },
    { "C-37 a name with one octet too few", "J\xc3\xa4\xc3",
        CHALLENGE("SHA-256"),
        .sent = "Digest username=\"J\xc3\xa4\xc3\", realm" },

    { "C-31 a hashed name", "alice", CHALLENGE("SHA-256") HASHED,
        .sent = "Digest username=\"b2fce9e71274b544c1103125fadee150"
                "f3ed1f8dfc9c3b27e79e477b5c7686b8\", realm" },
    { "C-33 hashed under -sess without any part of it", "alice",
        CHALLENGE("SHA-256-sess") HASHED,
        .sent = "Digest username=\"b2fce9e71274b544c1103125fadee150"
                "f3ed1f8dfc9c3b27e79e477b5c7686b8\", realm" },
    { "C-33 hashed with SHA-512-256", "alice", CHALLENGE("SHA-512-256") HASHED,
        .sent = "Digest username=\"da4aa8043cfec4c68a088964af5b39a0"
                "fff4b025ac3e252912501f61e32afcc7\", realm" },
    { "C-33 hashed with MD5", "alice", CHALLENGE("MD5") HASHED,
        .sent =
            "Digest username=\"32f0b679bfa70edacb56cac9c62df221\", realm" },
    { "C-33 hashed with MD5-sess", "alice", CHALLENGE("MD5-sess") HASHED,
        .sent =
            "Digest username=\"32f0b679bfa70edacb56cac9c62df221\", realm" },
    { "C-31 C-35 a name in UTF-8 is hashed, not coded", JASON,
        CHALLENGE("SHA-256") HASHED,
        .sent = "Digest username=\"91e702702279fa375d7b8ba1a48d59cb"
                "25af8f489363b01bcb9f50fe050aebef\", realm" },
    { "C-31 raw names are hashed too", JASON, CHALLENGE("SHA-256") HASHED,
        .sent = "Digest username=\"91e702702279fa375d7b8ba1a48d59cb"
                "25af8f489363b01bcb9f50fe050aebef\", realm",
        .raw = true },
    { "C-31 a name that is not UTF-8 is hashed too", "J\xe4s",
        CHALLENGE("SHA-256") HASHED,
        .sent = "Digest username=\"24dc64f1e6484d672e6d7e0f9d69429c"
                "d8100889ea7567a9a75caedc00cce938\", realm" },
    { "C-34 userhash=false", "alice", CHALLENGE("SHA-256") ", userhash=false",
        .sent = "Digest username=\"alice\", realm" },
    { "C-34 a userhash that is neither", "alice",
        CHALLENGE("SHA-256") ", userhash=yes",
        .sent = "Digest username=\"alice\", realm" },
};

/* userhash in the challenge is said back where it was offered, and only there
 * (C-31, C-34); one name, never two (C-35); H(A1) of the plain one (C-32). */
static void
check_name(void **state)
{
    const struct name_row *row = *state;
    bool hashed = strstr(row->challenge, "userhash=true") != NULL;
    char value[GUEST_VALUE];
    char field[GUEST_TEXT];
    char hex[65];
    guest g;

    guest_open_as(&g, CSN_LAYER_ORIGIN, row->user);
    g.policy.allow_md5 = true;
    g.policy.raw_username = row->raw;
    assert_int_equal(guest_challenge(&g, row->challenge), CSN_OK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(guest_ask_int(&g, "GET", "/a", i ? "body" : ""),
            CSN_OK);
        if (strncmp(g.line, row->sent, strlen(row->sent)) != 0)
            fail_msg("%s\nwanted %s", g.line, row->sent);
        CHECK_EQ(row->name, guest_has(g.line, "userhash"), hashed);
        if (hashed)
            assert_string_equal(guest_param(g.line, "userhash", value),
                "true");
        CHECK_EQ(row->name,
            guest_has(g.line, "username") + guest_has(g.line, "username*"), 1);
        guest_sum_hex(&(guest_sum){ .line = g.line,
                          .user = row->user,
                          .password = GUEST_PASSWORD,
                          .method = "GET",
                          .content = i ? "body" : "" },
            hex);
        assert_string_equal(guest_param(g.line, "response", value), hex);
    }
    guest_info_of(
        (guest_sum){ .line = g.line, .user = row->user, .content = "x" }, "",
        field);
    guest_hear_int(&g, 200, field, "/a", "x");
    CHECK_EQ(row->name, g.result.proof, CSN_PROOF_PROVED);
}

/* As long as a name may be, in the form that takes most room. */
static void
check_longest(void **state)
{
    char user[CSN_MAX_USER + 1] = "";
    char sent[3 * CSN_MAX_USER + 64] = "Digest username*=UTF-8''";
    guest g;

    (void)state;
    for (size_t i = 0; i < CSN_MAX_USER / 2; i++) {
        memcpy(user + 2 * i, "\xc3\xa4", 3);
        memcpy(sent + strlen(sent), "%C3%A4", 7);
    }
    guest_open_as(&g, CSN_LAYER_ORIGIN, user);
    assert_int_equal(guest_challenge(&g, CHALLENGE("SHA-256")), CSN_OK);
    assert_int_equal(guest_ask(&g, "GET", "/a"), CSN_OK);
    assert_memory_equal(g.line, sent, strlen(sent));
    assert_int_equal(g.line[strlen(sent)], ',');
}

/* What one challenge offers is not carried over to the next (C-34, F-37). */
static void
check_next_challenge(void **state)
{
    guest g;

    (void)state;
    guest_open(&g, CSN_LAYER_ORIGIN);
    assert_int_equal(guest_challenge(&g, CHALLENGE("SHA-256") HASHED), CSN_OK);
    assert_int_equal(guest_ask(&g, "GET", "/a"), CSN_OK);
    assert_true(guest_has(g.line, "userhash"));
    assert_int_equal(guest_challenge(&g, GUEST_CHALLENGE("n2")), CSN_OK);
    assert_int_equal(guest_ask(&g, "GET", "/a"), CSN_OK);
    assert_false(guest_has(g.line, "userhash"));
    assert_non_null(strstr(g.line, "username=\"alice\""));
}

static csn_status
no_digest(csn_hash hash, const csn_span *parts, size_t count, uint8_t *out)
{
    (void)hash;
    (void)parts;
    (void)count;
    (void)out;
    return CSN_E_CRYPTO;
}

/* H-34: without the hash there is no session, rather than a plain name. */
static void
check_failure(void **state)
{
    csn_crypto crypto = guest_crypto;
    csn_span line = CSN_SPAN(CHALLENGE("SHA-256") HASHED);
    char ha1[65];
    guest g;

    (void)state;
    crypto.digest = no_digest;
    memset(ha1, 'a', 64);
    ha1[64] = '\0';
    guest_open(&g, CSN_LAYER_ORIGIN);
    assert_int_equal(
        csn_client_choose(&g.policy, 0, &line, 1, &g.choice, &g.why), CSN_OK);
    CHECK_EQ("accept",
        csn_client_accept_ha1(&g.space, &crypto, &g.policy, &g.choice,
            check_text(ha1)),
        CSN_E_CRYPTO);
    CHECK_EQ("ready", csn_client_space_is_ready(&g.space), false);
    assert_int_equal(guest_ask(&g, "GET", "/a"), CSN_E_STATE);
}

int
main(void)
{
#define TEST(name, fn)                                                        \
    {                                                                         \
        name, fn, NULL, NULL, NULL                                            \
    }
    const struct CMUnitTest tests[] = {
        TEST("C-37 H-24 the longest name", check_longest),
        TEST("C-34 F-37 the next challenge without it", check_next_challenge),
        TEST("H-34 a hash that fails", check_failure),
    };

    return CHECK_ROWS("client names", rows, check_name) +
        cmocka_run_group_tests_name("client name", tests, NULL, NULL);
}
