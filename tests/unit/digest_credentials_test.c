// SPDX-License-Identifier: MIT
#include "check.h"
#include "fields.h"

#define HEX_32 "0123456789abcdef0123456789ABCDEF"
#define HEX_64 HEX_32 HEX_32
#define A_32 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* What fields.h writes about a line that has nothing but these. */
#define ALONE(text) text " alg=MD5?"

static const struct row {
    const char *name;
    csn_span line;
    csn_status status;
    const char *want;
} rows[] = {
    { "D-06 every parameter in the form it is sent",
        CSN_LIT("Digest username=\"u\", realm=\"r\", nonce=\"n\", "
                "uri=\"/a?b=c\", response=\"" HEX_64 "\", "
                "algorithm=SHA-256, opaque=\"o\", qop=auth, nc=0000000A, "
                "cnonce=\"c\", userhash=true"),
        CSN_OK,
        "username=u realm=r nonce=n uri=/a?b=c response=" HEX_64
        " cnonce=c opaque=o nc=0000000A[10] qop=auth[auth] alg=SHA-256 "
        "[userhash]" },
    { "A-12, D-06 every parameter in the other form",
        CSN_LIT("Digest username=u, realm=r, nonce=n, uri=a, "
                "response=" HEX_64 ", algorithm=\"SHA-256\", opaque=o, "
                "qop=\"auth\", nc=\"00000001\", cnonce=c, "
                "userhash=\"true\""),
        CSN_OK,
        "username=u realm=r nonce=n uri=a response=" HEX_64
        " cnonce=c opaque=o nc=00000001[1] qop=auth[auth] alg=SHA-256 "
        "[userhash]" },
    { "A-08 names in upper case",
        CSN_LIT("Digest USERNAME=u, Realm=r, NONCE=n, URI=\"/\", "
                "CNONCE=c, Nc=00000001, QOP=auth, OPAQUE=o"),
        CSN_OK,
        ALONE("username=u realm=r nonce=n uri=/ cnonce=c opaque=o "
              "nc=00000001[1] qop=auth[auth]") },
    { "A-29 escapes are undone, quotation marks left out",
        CSN_LIT("Digest username=\"a\\\"b\\\\c\", realm=\"\\r\""), CSN_OK,
        ALONE("username=a\"b\\c realm=r") },
    { "A-29, A-52 an escaped response one digit too long",
        CSN_LIT("Digest qop=\"a\\uth\", nc=\"0000000\\1\", "
                "algorithm=\"SHA\\-256\", userhash=\"\\true\", "
                "response=\"\\0" A_32 A_32 "\""),
        CSN_E_LENGTH, "" },
    { "A-29, A-52 an escaped response",
        CSN_LIT("Digest qop=\"a\\uth\", nc=\"0000000\\1\", "
                "algorithm=\"M\\D5\", userhash=\"\\true\", "
                "response=\"\\" A_32 "\""),
        CSN_OK,
        "response=" A_32 " nc=00000001[1] qop=auth[auth] alg=MD5 "
        "[userhash]" },
    { "A-45 unknown parameters are ignored",
        CSN_LIT("Digest username=u, x=1, charset=UTF-8, stale=true, "
                "nextnonce=n, rspauth=zz, domain=\"/\", auth-param=\"\""),
        CSN_OK, ALONE("username=u") },
    { "A-60 realm* is not looked for",
        CSN_LIT("Digest realm*=UTF-8''a, realm=r"), CSN_OK, ALONE("realm=r") },
    { "username* is kept as it is",
        CSN_LIT("Digest username*=UTF-8''J%C3%A4s"), CSN_OK,
        ALONE("username*=UTF-8''J%C3%A4s") },
    { "A-03 nothing behind the scheme", CSN_LIT("Digest"), CSN_OK,
        "alg=MD5?" },
    { "A-18 empty and absent are two", CSN_LIT("Digest opaque=\"\""), CSN_OK,
        ALONE("opaque=") },
    { "A-16, A-61 octets as they are",
        CSN_LIT("Digest username=\"\xc3\xa9\", realm=\"R r\""), CSN_OK,
        ALONE("username=\\xc3\\xa9 realm=R r") },

    { "A-41, A-43 a parameter twice", CSN_LIT("Digest username=u, username=u"),
        CSN_E_DUPLICATE, "" },
    { "A-41, A-43 an unknown parameter twice", CSN_LIT("Digest x=1, X=1"),
        CSN_E_DUPLICATE, "" },
    { "A-25 no comma", CSN_LIT("Digest username=u realm=r"), CSN_E_SYNTAX,
        "" },
    { "A-33 a token68 is no Digest", CSN_LIT("Digest YWJj"), CSN_E_SYNTAX,
        "" },
    { "A-03 a second scheme", CSN_LIT("Digest username=u, Basic YWJj"),
        CSN_E_SYNTAX, "" },
    { "A-14 not closed", CSN_LIT("Digest username=\"u"), CSN_E_SYNTAX, "" },

    { "A-51 nc of either case", CSN_LIT("Digest nc=aBcDeF01"), CSN_OK,
        ALONE("nc=aBcDeF01[2882400001]") },
    { "A-51 nc of seven digits", CSN_LIT("Digest nc=0000001"), CSN_E_SYNTAX,
        "" },
    { "A-51 nc of nine digits", CSN_LIT("Digest nc=000000001"), CSN_E_SYNTAX,
        "" },
    { "A-51 nc with a sign", CSN_LIT("Digest nc=-0000001"), CSN_E_SYNTAX, "" },
    { "A-51 nc empty", CSN_LIT("Digest nc=\"\""), CSN_E_SYNTAX, "" },
    { "A-51, H-21 nc with more behind it",
        CSN_LIT("Digest nc=\"00000001, nextnonce=\\\"x\\\"\""), CSN_E_SYNTAX,
        "" },
    { "D-05 nc zero", CSN_LIT("Digest nc=00000000"), CSN_E_RANGE, "" },

    { "A-52 response of MD5",
        CSN_LIT("Digest algorithm=MD5, response=" HEX_32), CSN_OK,
        "response=" HEX_32 " alg=MD5" },
    { "A-52 response of SHA-512-256, before its algorithm",
        CSN_LIT("Digest response=" HEX_64 ", algorithm=SHA-512-256"), CSN_OK,
        "response=" HEX_64 " alg=SHA-512-256" },
    { "A-52 response of SHA-256 too short",
        CSN_LIT("Digest algorithm=SHA-256, response=" HEX_32), CSN_E_LENGTH,
        "" },
    { "A-52 response of MD5 too long",
        CSN_LIT("Digest algorithm=MD5, response=" HEX_64), CSN_E_LENGTH, "" },
    { "A-52 response of SHA-256 one digit short",
        CSN_LIT("Digest algorithm=SHA-256, response=" A_32
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
        CSN_E_LENGTH, "" },
    { "A-52 response of SHA-256-sess one digit long",
        CSN_LIT("Digest algorithm=SHA-256-sess, response=" A_32 A_32 "a"),
        CSN_E_LENGTH, "" },
    { "A-52 response without algorithm is MD5's",
        CSN_LIT("Digest response=" HEX_32), CSN_OK,
        ALONE("response=" HEX_32) },
    { "A-52 response without algorithm too long",
        CSN_LIT("Digest response=" HEX_64), CSN_E_LENGTH, "" },
    { "A-52 response empty", CSN_LIT("Digest response=\"\""), CSN_E_LENGTH,
        "" },
    { "A-52 response with a letter that is no digit",
        CSN_LIT("Digest response=\"g123456789abcdef0123456789abcdef\""),
        CSN_E_SYNTAX, "" },
    { "D-07 response of an algorithm that is not ours",
        CSN_LIT("Digest algorithm=SHA-999, response=\"what ever\""), CSN_OK,
        "response=what ever alg=unknown" },

    { "A-54 userhash in any case", CSN_LIT("Digest userhash=TRUE"), CSN_OK,
        "alg=MD5? [userhash]" },
    { "A-54 any other value is false", CSN_LIT("Digest userhash=yes"), CSN_OK,
        "alg=MD5?" },
    { "A-54 longer than true", CSN_LIT("Digest userhash=truely"), CSN_OK,
        "alg=MD5?" },
    { "A-55 algorithm in any case", CSN_LIT("Digest algorithm=sha-256-SESS"),
        CSN_OK, "alg=SHA-256-sess" },
    { "A-55 an algorithm that is not ours", CSN_LIT("Digest algorithm=SHA"),
        CSN_OK, "alg=unknown" },
    { "A-57 qop that is not ours", CSN_LIT("Digest qop=auth-conf"), CSN_OK,
        ALONE("qop=auth-conf[]") },
    { "A-57 qop auth-int", CSN_LIT("Digest qop=auth-int"), CSN_OK,
        ALONE("qop=auth-int[auth-int]") },
    { "A-57 qop in upper case", CSN_LIT("Digest qop=AUTH"), CSN_OK,
        ALONE("qop=AUTH[auth]") },
    { "A-57 qop as a list", CSN_LIT("Digest qop=\"auth,auth-int\""),
        CSN_E_SYNTAX, "" },
    { "A-57 qop with a blank", CSN_LIT("Digest qop=\"auth \""), CSN_E_SYNTAX,
        "" },
    { "A-57 qop empty", CSN_LIT("Digest qop=\"\""), CSN_E_SYNTAX, "" },
};

static csn_status
read_line(csn_span line, char *out, size_t size)
{
    csn_span exact = check_exact(line);
    bool touched;
    csn_status status = fields_read(CSN_FIELD_CREDENTIALS, &exact, 1, out,
        size, &touched);

    if (status != CSN_OK)
        CHECK_EQ("output", touched, false);
    check_drop(exact);
    return status;
}

static void
test_row(void **state)
{
    static char got[FIELDS_SIZE];
    const struct row *row = *state;

    CHECK_EQ(row->name, read_line(row->line, got, sizeof(got)), row->status);
    CHECK_SPAN(row->name, check_text(got), check_text(row->want));
}

/* Each parameter at its limit, and above it; escapes do not count. */
static const struct limited {
    const char *name;
    const char *param;
    size_t limit;
} limits[] = {
    { "H-24 username", "username", CSN_MAX_USER },
    { "H-24 nonce", "nonce", CSN_MAX_NONCE },
    { "H-24 cnonce", "cnonce", CSN_MAX_CNONCE },
    { "H-24 realm", "realm", CSN_MAX_VALUE },
    { "H-24 uri", "uri", CSN_MAX_VALUE },
    { "H-24 opaque", "opaque", CSN_MAX_VALUE },
    { "H-24 username*", "username*", CSN_MAX_VALUE },
};

static csn_status
read_long(const char *param, size_t len, const char *escape)
{
    static char line[2 * CSN_MAX_FIELD], got[FIELDS_SIZE];
    size_t used = (size_t)snprintf(line, sizeof(line), "Digest %s=\"%s", param,
        escape);

    memset(line + used, 'v', len);
    line[used + len] = '"';
    return read_line((csn_span){ (const uint8_t *)line, used + len + 1 }, got,
        sizeof(got));
}

static void
test_limit(void **state)
{
    const struct limited *row = *state;

    CHECK_EQ(row->name, read_long(row->param, row->limit - 1, ""), CSN_OK);
    CHECK_EQ(row->name, read_long(row->param, row->limit, ""), CSN_OK);
    CHECK_EQ(row->name, read_long(row->param, row->limit + 1, ""),
        CSN_E_LIMIT);
    CHECK_EQ(row->name, read_long(row->param, row->limit - 2, "\\v\\\\"),
        CSN_OK);
    CHECK_EQ(row->name, read_long(row->param, row->limit - 1, "\\v\\\\"),
        CSN_E_LIMIT);
}

static void
test_where(void **state)
{
    static const csn_span line = CSN_LIT("Digest username=u, nc=1, qop=auth");
    csn_field_cursor cursor;
    csn_field_event event;
    csn_digest_credentials read;
    size_t at_line, at;

    (void)state;
    CHECK_EQ("begin",
        csn_field_begin(&cursor, CSN_FIELD_CREDENTIALS, &line, 1), CSN_OK);
    CHECK_EQ("before its scheme", csn_digest_credentials_read(&cursor, &read),
        CSN_E_STATE);
    CHECK_EQ("scheme", csn_field_next(&cursor, &event), CSN_OK);
    CHECK_EQ("read", csn_digest_credentials_read(&cursor, &read),
        CSN_E_SYNTAX);
    csn_field_where(&cursor, &at_line, &at);
    CHECK_EQ("where", at, 22);
    CHECK_EQ("again", csn_field_next(&cursor, &event), CSN_E_SYNTAX);
}

/* The length of a response is known at the end, and pointed at too. */
static void
test_where_response(void **state)
{
    static const csn_span line = CSN_LIT("Digest response=aa, realm=r");
    csn_field_cursor cursor;
    csn_field_event event;
    csn_digest_credentials read;
    size_t at_line, at;

    (void)state;
    CHECK_EQ("begin",
        csn_field_begin(&cursor, CSN_FIELD_CREDENTIALS, &line, 1), CSN_OK);
    CHECK_EQ("scheme", csn_field_next(&cursor, &event), CSN_OK);
    CHECK_EQ("read", csn_digest_credentials_read(&cursor, &read),
        CSN_E_LENGTH);
    csn_field_where(&cursor, &at_line, &at);
    CHECK_EQ("where", at, 16);
    CHECK_EQ("again", csn_field_next(&cursor, &event), CSN_E_LENGTH);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        { "a value of the wrong type is pointed at", test_where, NULL, NULL,
            NULL },
        { "A-52 so is a response of the wrong length", test_where_response,
            NULL, NULL, NULL },
    };

    return CHECK_ROWS("read", rows, test_row) +
        CHECK_ROWS("limits", limits, test_limit) +
        cmocka_run_group_tests_name("credentials", tests, NULL, NULL);
}
