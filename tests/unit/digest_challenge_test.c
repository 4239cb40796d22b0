// SPDX-License-Identifier: MIT
#include "check.h"
#include "fields.h"

static const struct row {
    const char *name;
    csn_span line;
    csn_status status;
    const char *want;
} rows[] = {
    { "A-02 every parameter in the form it is sent",
        CSN_LIT("Digest realm=\"r\", domain=\"/ http://a/\", nonce=\"n\", "
                "opaque=\"o\", stale=true, algorithm=SHA-256, "
                "qop=\"auth, auth-int\", charset=UTF-8, userhash=true"),
        CSN_OK,
        "realm=r nonce=n opaque=o domain=/ http://a/ qop=[auth,auth-int] "
        "alg=SHA-256 [stale] [userhash] [utf8]" },
    { "A-12 every parameter in the other form",
        CSN_LIT("Digest realm=r, domain=d, nonce=n, opaque=o, "
                "stale=\"true\", algorithm=\"SHA-256\", qop=auth, "
                "charset=\"UTF-8\", userhash=\"true\""),
        CSN_OK,
        "realm=r nonce=n opaque=o domain=d qop=[auth] alg=SHA-256 [stale] "
        "[userhash] [utf8]" },
    { "A-08, A-54, A-55 everything in another case",
        CSN_LIT("digest REALM=\"r\", NONCE=\"n\", STALE=TRUE, "
                "ALGORITHM=sha-512-256, QOP=\"AUTH\", CHARSET=utf-8, "
                "USERHASH=True"),
        CSN_OK,
        "realm=r nonce=n qop=[auth] alg=SHA-512-256 [stale] [userhash] "
        "[utf8]" },
    { "A-18, F-32 empty is not absent",
        CSN_LIT("Digest realm=\"\", opaque=\"\", qop=\"\""), CSN_OK,
        "realm= opaque= qop=[] alg=MD5?" },
    { "A-29 escapes are undone", CSN_LIT("Digest realm=\"a\\\"\\\\b\""),
        CSN_OK, "realm=a\"\\b alg=MD5?" },
    { "A-38 empty elements first", CSN_LIT("Digest ,, realm=r"), CSN_OK,
        "realm=r alg=MD5?" },
    { "A-32 the scheme alone", CSN_LIT("Digest"), CSN_OK, "alg=MD5?" },
    { "A-45, A-60 unknown parameters",
        CSN_LIT("Digest realm=r, realm*=UTF-8''x, x=y, username=u, nc=zz, "
                "response=1, rspauth=1"),
        CSN_OK, "realm=r alg=MD5?" },

    { "A-54 stale is false otherwise", CSN_LIT("Digest stale=false"), CSN_OK,
        "alg=MD5?" },
    { "A-54 stale is nothing else", CSN_LIT("Digest stale=\"1\""), CSN_OK,
        "alg=MD5?" },
    { "A-54 stale shorter than true", CSN_LIT("Digest stale=tru"), CSN_OK,
        "alg=MD5?" },
    { "A-54 stale empty", CSN_LIT("Digest stale=\"\""), CSN_OK, "alg=MD5?" },
    { "A-54 stale with true in front of a very long rest",
        CSN_LIT("Digest stale=\"tru\\eaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\""),
        CSN_OK, "alg=MD5?" },
    { "A-55 another charset", CSN_LIT("Digest charset=ISO-8859-1"), CSN_OK,
        "alg=MD5?" },
    { "A-55 algorithms by name", CSN_LIT("Digest algorithm=MD5-sess"), CSN_OK,
        "alg=MD5-sess" },
    { "A-55 SHA-512-256-sess", CSN_LIT("Digest algorithm=SHA-512-256-sess"),
        CSN_OK, "alg=SHA-512-256-sess" },
    { "A-55 SHA2-256 was never registered",
        CSN_LIT("Digest algorithm=SHA2-256"), CSN_OK, "alg=unknown" },
    { "A-55 a very long name in escapes",
        CSN_LIT("Digest algorithm=\"\\MD5aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\""),
        CSN_OK, "alg=unknown" },

    { "A-56 unknown members are dropped",
        CSN_LIT("Digest qop=\"auth-conf,auth,x\""), CSN_OK,
        "qop=[auth] alg=MD5?" },
    { "A-56 blanks and empty elements",
        CSN_LIT("Digest qop=\" ,\tauth-int\t,, auth ,\""), CSN_OK,
        "qop=[auth,auth-int] alg=MD5?" },
    { "A-56 a member twice", CSN_LIT("Digest qop=\"auth,auth\""), CSN_OK,
        "qop=[auth] alg=MD5?" },
    { "A-56 only unknown members", CSN_LIT("Digest qop=\"x,y\""), CSN_OK,
        "qop=[] alg=MD5?" },
    { "A-56 two words are no member", CSN_LIT("Digest qop=\"auth int\""),
        CSN_OK, "qop=[] alg=MD5?" },
    { "A-56 nor do they join to one", CSN_LIT("Digest qop=\"auth -int\""),
        CSN_OK, "qop=[] alg=MD5?" },
    { "A-56 longer than a member", CSN_LIT("Digest qop=\"auth-intx,authx\""),
        CSN_OK, "qop=[] alg=MD5?" },
    { "A-56 a part of a member", CSN_LIT("Digest qop=\"aut,auth-\""), CSN_OK,
        "qop=[] alg=MD5?" },
    { "A-56 a member behind a long one",
        CSN_LIT("Digest qop=\"aaaaaaaaaaaaaaaaaaaaaaaaa,auth\""), CSN_OK,
        "qop=[auth] alg=MD5?" },
    { "A-29, A-56 members and commas in escapes",
        CSN_LIT("Digest qop=\"\\auth\\,a\\uth-int\""), CSN_OK,
        "qop=[auth,auth-int] alg=MD5?" },
    { "A-29, A-56 an escape that ends the list",
        CSN_LIT("Digest qop=\"aut\\h\""), CSN_OK, "qop=[auth] alg=MD5?" },

    { "A-41, A-42 a parameter twice", CSN_LIT("Digest realm=a, realm=a"),
        CSN_E_DUPLICATE, "" },
    { "A-41, A-42 an unknown parameter twice", CSN_LIT("Digest x=a, X=b"),
        CSN_E_DUPLICATE, "" },
    { "A-33 a token68 in place of parameters", CSN_LIT("Digest YWJj"),
        CSN_E_SYNTAX, "" },
    { "A-25 no comma", CSN_LIT("Digest realm=a nonce=b"), CSN_E_SYNTAX, "" },
};

static void
test_row(void **state)
{
    static char got[FIELDS_SIZE];
    const struct row *row = *state;
    csn_span exact = check_exact(row->line);
    bool touched;

    CHECK_EQ(row->name,
        fields_read(CSN_FIELD_CHALLENGES, &exact, 1, got, sizeof(got),
            &touched),
        row->status);
    if (row->status != CSN_OK)
        CHECK_EQ(row->name, touched, false);
    CHECK_SPAN(row->name, check_text(got), check_text(row->want));
    check_drop(exact);
}

/*
 * All challenges of a field as a client goes through them: those of other
 * schemes and those that are malformed are stepped over. `!` marks one that
 * was dropped, `$` a field that could not be followed.
 */
static const struct walk {
    const char *name;
    csn_span line;
    const char *want;
} walks[] = {
    { "A-36 unknown schemes between ours",
        CSN_LIT("Negotiate, Digest realm=a, NTLM TlRM==, Bearer x=\"a, B\", "
                "Digest realm=b"),
        "a b ." },
    { "A-37 one scheme with several realms",
        CSN_LIT("Digest realm=a, nonce=1, Digest realm=b, Digest realm=a"),
        "a b a ." },
    { "A-40, A-42 one with a repeated parameter",
        CSN_LIT("Digest realm=a, realm=x, Digest realm=b"), "! b ." },
    { "A-40 one with a missing comma",
        CSN_LIT("Digest realm=a, Digest realm=x y=\"z, Digest q\", "
                "Digest realm=c"),
        "a ! c ." },
    { "A-40 one with a nonce that is too long", CSN_LIT(""), "! b ." },
    { "A-40 a token68 where parameters should be",
        CSN_LIT("Digest TlRM, Digest realm=b"), "! b ." },
    { "A-40 the rest is lost",
        CSN_LIT("Digest realm=a, Digest realm=\"b, Digest realm=c"), "a ! $" },
    { "A-40 the rest of an unknown scheme is lost",
        CSN_LIT("Digest realm=a, Bearer x=\"b, Digest realm=c"), "a $" },
};

static void
append(char *out, size_t size, csn_span word)
{
    size_t len = strlen(out);

    (void)snprintf(out + len, size - len, "%s%.*s", len ? " " : "",
        (int)word.len, (const char *)word.ptr);
}

static void
walk(csn_field_cursor *cursor, char *out, size_t size)
{
    csn_field_event event = { .kind = CSN_EVENT_TOKEN68 };
    csn_digest_challenge challenge;

    for (;;) {
        csn_status status = csn_field_next(cursor, &event);

        if (status == CSN_OK && event.kind == CSN_EVENT_END) {
            append(out, size, CSN_SPAN("."));
            return;
        }
        if (status == CSN_OK &&
            csn_name_equal(event.name, CSN_SPAN("digest"))) {
            status = csn_digest_challenge_read(cursor, &challenge);
            append(out, size,
                status == CSN_OK ? challenge.realm.text : CSN_SPAN("!"));
            if (status == CSN_OK)
                continue;
        }
        if (csn_field_skip(cursor) != CSN_OK) {
            append(out, size, CSN_SPAN("$"));
            return;
        }
    }
}

static csn_span
long_nonce(void)
{
    static char line[1024];
    int len = snprintf(line, sizeof(line),
        "Digest nonce=%0513d, Digest "
        "realm=b",
        1);

    return (csn_span){ (const uint8_t *)line, (size_t)len };
}

static void
test_walk(void **state)
{
    const struct walk *row = *state;
    csn_span exact = check_exact(row->line.len ? row->line : long_nonce());
    csn_field_cursor cursor;
    char got[128] = "";

    CHECK_EQ(row->name,
        csn_field_begin(&cursor, CSN_FIELD_CHALLENGES, &exact, 1), CSN_OK);
    walk(&cursor, got, sizeof(got));
    CHECK_SPAN(row->name, check_text(got), check_text(row->want));
    check_drop(exact);
}

/* A challenge that was read is over: there is nothing left to step over. */
static void
test_skip_behind(void **state)
{
    static const csn_span line = CSN_LIT("Digest realm=a, B, Digest realm=c");
    csn_field_cursor cursor;
    csn_field_event event;
    csn_digest_challenge read;

    (void)state;
    CHECK_EQ("begin", csn_field_begin(&cursor, CSN_FIELD_CHALLENGES, &line, 1),
        CSN_OK);
    CHECK_EQ("scheme", csn_field_next(&cursor, &event), CSN_OK);
    CHECK_EQ("read", csn_digest_challenge_read(&cursor, &read), CSN_OK);
    CHECK_EQ("skip", csn_field_skip(&cursor), CSN_OK);
    CHECK_EQ("next", csn_field_next(&cursor, &event), CSN_OK);
    CHECK_SPAN("next", event.name, CSN_SPAN("B"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        { "A-36 nothing is stepped over behind a challenge", test_skip_behind,
            NULL, NULL, NULL },
    };

    return CHECK_ROWS("read", rows, test_row) +
        CHECK_ROWS("walk", walks, test_walk) +
        cmocka_run_group_tests_name("challenge", tests, NULL, NULL);
}
