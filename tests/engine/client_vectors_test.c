// SPDX-License-Identifier: MIT
#include "check.h"
#include "client/client.h"
#include "guest.h"

/*
 * Whole lines, octet for octet, whose digests another program computed (in
 * another language, from the formulas of RFC 7616, 3.4 and 3.5): what the
 * client writes, and the Info field it must accept in return.
 */

#define NONCE "bm9uY2UtMDAwMDAwMDEtYWJjZGVm"
#define OPAQUE "b3BhcXVlLTAwMDE"
#define EXAMPLE "http-auth@example.org"
#define LION "Mufasa", "Circle of Life"
#define DOE_STAR "username*=UTF-8''J%C3%A4s%C3%B8n%20Doe"
#define INDEX "/dir/index.html?x=1&y=2"

static const struct vector {
    const char *name;
    const char *user;
    const char *password;
    const char *method;
    const char *uri;
    const char *algorithm;
    const char *response;
    const char *rspauth;
    const char *realm;
    const char *nc;   /* NULL: the form without qop */
    const char *more; /* of the challenge */
    const char *nonce;
    const char *name_sent; /* NULL: username with the user as he is */
} vectors[] = {
    { "C-24 MD5 without qop", LION, "GET", INDEX, "MD5",
        "aaca844111ec225f5aa1371953b17580", "7a436c23da405d20c3d84d570718cfb4",
        .nc = NULL },
    { "B-13 MD5", LION, "GET", INDEX, "MD5",
        "ddbbbfab496a6ae271d0ffb6b173f7fa", "840e467b9dc8f5df33e3021fd492e0f3",
        .nc = "00000001" },
    { "B-11 C-01 C-03 C-04 C-11 C-14 C-16 SHA-256", LION, "GET", INDEX,
        "SHA-256",
        "2c236b995fd56d21a08d827830bd3c3ae0fd6efde6a0a61471616773504721b5",
        "2135b4671d1e894896d01a04e5621b9a94f97f8ccdd07f80d1aa105b82114a45",
        .nc = "00000001" },
    { "B-12 C-02 SHA-512-256", LION, "GET", INDEX, "SHA-512-256",
        "6fc244f2c2f5987435ce82ca276284cd4855522e829bca0155a139377dab16a2",
        "8b4325573e3af3c36f84f1b16fc49df634c67b0cc3ff3fa831f2559e2fbc8d28",
        .nc = "00000001" },
    { "C-42 a name and a password in UTF-8", "J\xc3\xa4s\xc3\xb8n Doe",
        "p\xc3\xa4ss \xc2\xbd", "GET", "/doe.json", "SHA-256",
        "50fd3b2f7fbed6f2dfca8cf77e3cf0fff22b0ae0f326df42c16266d0f40eb92b",
        "afddf7efa1544f04ddf5025370ce264c241d695ac8264955080a1ae06b02e4e6",
        .realm = "api@example.org", .nc = "00000001",
        .more = ", charset=UTF-8", .name_sent = DOE_STAR },
    { "the same without charset", "J\xc3\xa4s\xc3\xb8n Doe",
        "p\xc3\xa4ss \xc2\xbd", "GET", "/doe.json", "SHA-256",
        "50fd3b2f7fbed6f2dfca8cf77e3cf0fff22b0ae0f326df42c16266d0f40eb92b",
        "afddf7efa1544f04ddf5025370ce264c241d695ac8264955080a1ae06b02e4e6",
        .realm = "api@example.org", .nc = "00000001", .name_sent = DOE_STAR },
    { "the same with a charset that does not exist", "J\xc3\xa4s\xc3\xb8n Doe",
        "p\xc3\xa4ss \xc2\xbd", "GET", "/doe.json", "SHA-256",
        "50fd3b2f7fbed6f2dfca8cf77e3cf0fff22b0ae0f326df42c16266d0f40eb92b",
        "afddf7efa1544f04ddf5025370ce264c241d695ac8264955080a1ae06b02e4e6",
        .realm = "api@example.org", .nc = "00000001",
        .more = ", charset=latin1", .name_sent = DOE_STAR },
    { "an empty password", "Mufasa", "", "GET", INDEX, "SHA-256",
        "fc6ba86ed159c9b077a9d734cd54e12f5ba20e5c6b685fde092486ed9400f37b",
        "12d7e141725a0f8c319d19a01fbd56614515d2b3c622f68611217483e4f41c82",
        .nc = "00000001" },
    { "C-49 CONNECT to a name", LION, "CONNECT", "server.example.com:443",
        "SHA-256",
        "035d6c9f1b7b0af8cde75c3ff7859a46c93c8d922993cb695510d1e47f25fa7f",
        "9b513417e3b9526713bf8ea21d47d69240f48b3f0034a584ca6392e1a808f77a",
        .nc = "00000001" },
    { "C-49 CONNECT to an IPv6 address", LION, "CONNECT", "[2001:db8::1]:443",
        "SHA-256",
        "f5844364b816227a553f8bd68fccc3f677be318bcc973d56ce8712d352d064cb",
        "a424fa1a8ba78ad845be759b16f9b628dec71d8ef69b09e1e0da3bf3727a778f",
        .nc = "00000001" },
    { "C-48 absolute-form at the proxy", "pu", "pp", "GET",
        "http://www.example.org" INDEX, "SHA-256",
        "1f032edb6ba8fb89395b19e964c008de7509104d05b88bbdee7baf90bcdf1bbe",
        "c9d059731174ce290ed5c0b55f857d48ed0c49c4b9eee24f340795331637a40f",
        .realm = "proxy.example.net", .nc = "00000001" },
    { "C-48 absolute-form at the origin", LION, "GET",
        "http://www.example.org" INDEX, "SHA-256",
        "e03060c720962c74558ca92e5c3d3de858afb3e11cef21e92491d87b88d520c9",
        "6ecb6ee490c1dd036bda5544c818cddcaea5e698d14dc25a1e908218c9cdc3d2",
        .nc = "00000001" },
    { "C-50 asterisk-form", LION, "OPTIONS", "*", "SHA-256",
        "eda0d2b88f560fa31f0cbeb4964c8dd7e5715970615ea3410c6c7e37127a6bca",
        "2007c0b7a3986538e3285f465097508ad280a4f2c27f92ceb1b65bdc77f8efe9",
        .nc = "00000001" },
    { "C-17 a count with a letter", LION, "GET", INDEX, "SHA-256",
        "f9a24191855fc82986aa4a67ab1f26e871f5459da86707f3d2bbacbd148cf500",
        "88d947ea954b23e83bd28367f02d86e8f223dffb82baccd0b5b64ef72dd23681",
        .nc = "0000000a" },
    { "C-29 the last count", LION, "GET", INDEX, "SHA-256",
        "2a07d2da493d4f04acd2980aa92e6630347c9d9832b2aeecff8418daa63c8307",
        "57b431f962605181490e50f63e9b5dd172f9be37aa29cc298c308b83d1856be5",
        .nc = "ffffffff" },
    { "F-33 after a stale nonce", LION, "GET", INDEX, "SHA-256",
        "823b54ccf35260d2988e1178ee1f4ce17f69f52389f21a7bba89e4ba298da1a7",
        "424237de21e7b4d2e5a771fded269b05f970f914c946740bd43575ef95dfb3b4",
        .nc = "00000001", .more = ", stale=true",
        .nonce = "bmV3LW5vbmNlLWFmdGVyLXN0YWxl" },
};

static const char * or (const char *text, const char *otherwise)
{
    return text != NULL ? text : otherwise;
}

/* A session for the row, its next count the row's. */
static void
vector_begin(const struct vector *row, guest *g)
{
    const csn_client_key key = {
        .scheme = CSN_SPAN("https"),
        .host = CSN_SPAN("example.org"),
        .port = 443,
        .user = check_text(row->user),
    };
    char challenge[GUEST_TEXT];
    csn_span line;

    snprintf(challenge, sizeof(challenge),
        "Digest realm=\"%s\", nonce=\"%s\", opaque=\"" OPAQUE
        "\", algorithm=%s%s%s",
        or (row->realm, EXAMPLE), or (row->nonce, NONCE), row->algorithm,
        row->nc ? ", qop=\"auth\"" : "", or (row->more, ""));
    line = check_text(challenge);
    guest_open(g, CSN_LAYER_ORIGIN);
    g->policy.allow_md5 = true;
    g->policy.legacy_no_qop = true;
    assert_int_equal(csn_client_space_init(&g->space, &key), CSN_OK);
    assert_int_equal(csn_client_choose(&g->policy, 0, &line, 1, &g->choice,
                         &g->why),
        CSN_OK);
    assert_int_equal(csn_client_accept(&g->space, &guest_crypto, &g->policy,
                         &g->choice, check_text(row->password)),
        CSN_OK);
    if (row->nc != NULL)
        client_space_of(&g->space)->count =
            (uint32_t)(strtoul(row->nc, NULL, 16) - 1);
}

static void
check_vector(void **state)
{
    const struct vector *row = *state;
    char want[GUEST_TEXT];
    char tail[GUEST_TEXT] = "";
    char name[GUEST_VALUE];
    guest g;

    vector_begin(row, &g);
    if (row->nc != NULL)
        snprintf(tail, sizeof(tail),
            ", qop=auth, nc=%s, cnonce=\"" GUEST_CNONCE "\"", row->nc);
    snprintf(name, sizeof(name), "username=\"%s\"", row->user);
    snprintf(want, sizeof(want),
        "Digest %s, realm=\"%s\", nonce=\"%s\", uri=\"%s\", "
        "response=\"%s\", algorithm=%s, opaque=\"" OPAQUE "\"%s",
        or (row->name_sent, name), or (row->realm, EXAMPLE),
        or (row->nonce, NONCE), row->uri, row->response, row->algorithm, tail);
    assert_int_equal(guest_ask(&g, row->method, row->uri), CSN_OK);
    assert_string_equal(g.line, want);

    if (row->nc == NULL) {
        snprintf(want, sizeof(want), "rspauth=\"%s\"", row->rspauth);
        guest_hear(&g, 200, want, NULL);
        CHECK_EQ("F-23 not a proof", g.result.proof, CSN_PROOF_ABSENT);
        return;
    }
    snprintf(want, sizeof(want),
        "qop=auth, rspauth=\"%s\", cnonce=\"" GUEST_CNONCE "\", nc=%s",
        row->rspauth, row->nc);
    guest_hear(&g, 200, want, NULL);
    CHECK_EQ(row->name, g.result.proof, CSN_PROOF_PROVED);
    snprintf(want, sizeof(want),
        "qop=auth, rspauth=\"%s\", cnonce=\"" GUEST_CNONCE "\", nc=%s",
        row->response, row->nc);
    guest_hear(&g, 200, want, NULL);
    CHECK_EQ("our own response sent back", g.result.reason,
        CSN_R_RSPAUTH_WRONG);
}

/* The published chain: a challenge, a nextnonce, and the nonce after it. */
static const struct step {
    const char *uri;
    const char *nonce;
    const char *nc;
    const char *response;
    const char *info;
} steps[] = {
    { INDEX, "bm9uY2Utb25l", "00000001",
        "16ce85f7bde0d0468ef535ad66bd055bf9b0a56deac3e7d79717dd99e83600c4",
        "nextnonce=\"bm9uY2UtdHdv\", qop=auth, rspauth=\"0e253d535ec8132369a6"
        "cced23bb6a8a621595e2fb736b8122e010717ca91e52\", "
        "cnonce=\"" GUEST_CNONCE "\", nc=00000001" },
    { INDEX, "bm9uY2UtdHdv", "00000001",
        "f215ce11470bbc29f3fb3f11579ce2c0490713267c437b2ae8d6298a1dd0a8ac",
        "qop=auth, rspauth=\"6604d2c977fad2ab8c97e1cde7db34522dc043c1603b985d"
        "4326be35588751c1\", cnonce=\"" GUEST_CNONCE "\", nc=00000001" },
    { "/other", "bm9uY2UtdHdv", "00000002",
        "3d2f1441d9d30200c50b65b3e6e833b06e0efd6d92a7ec69c3d1bd8e7f2ad907",
        "qop=auth, rspauth=\"8fa64f586263c8799af0af24ba39cabda7cf78fe01effb68"
        "9d11fcdad5a3ca4e\", cnonce=\"" GUEST_CNONCE "\", nc=00000002" },
};

static void
check_chain(void **state)
{
    static const struct vector first = { .user = "Mufasa",
        .password = "Circle of Life",
        .algorithm = "SHA-256",
        .nc = "00000001",
        .nonce = "bm9uY2Utb25l" };
    char want[GUEST_TEXT];
    guest g;

    (void)state;
    vector_begin(&first, &g);
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        snprintf(want, sizeof(want),
            "Digest username=\"Mufasa\", realm=\"" EXAMPLE
            "\", nonce=\"%s\", uri=\"%s\", response=\"%s\", "
            "algorithm=SHA-256, opaque=\"" OPAQUE
            "\", qop=auth, nc=%s, cnonce=\"" GUEST_CNONCE "\"",
            steps[i].nonce, steps[i].uri, steps[i].response, steps[i].nc);
        assert_int_equal(guest_ask(&g, "GET", steps[i].uri), CSN_OK);
        assert_string_equal(g.line, want);
        guest_hear(&g, 200, steps[i].info, NULL);
        CHECK_EQ("chain", g.result.proof, CSN_PROOF_PROVED);
        CHECK_EQ("chain", g.result.nextnonce, i == 0);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        { "F-10 F-11 C-30 a chain over a nextnonce", check_chain, NULL, NULL,
            NULL },
    };

    return CHECK_ROWS("client vectors", vectors, check_vector) +
        cmocka_run_group_tests_name("client vectors", tests, NULL, NULL);
}
