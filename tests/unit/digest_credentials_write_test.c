// SPDX-License-Identifier: MIT
#include "check.h"
#include "fields.h"

#define HEX_64                                                                \
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define HEX_UPPER                                                             \
    "0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF"

/* Each row changes what it names; `usual` has the rest. */
struct row {
    const char *name;
    csn_span username, realm, uri, response, cnonce;
    csn_qop qop;
    uint32_t count;
    csn_algorithm algorithm;
    bool has_algorithm, has_opaque;
    csn_span opaque;
    csn_status status;
    csn_span want;
};

#define QOP CSN_QOP_AUTH, 10
#define ALG CSN_ALG_SHA_256, true

static const struct row rows[] = {
    { "A-20, A-23, A-64, A-65 each in its own form", CSN_LIT("Mufasa"),
        CSN_LIT("http-auth@example.org"), CSN_LIT("/dir?x=1&y=2"),
        CSN_LIT(HEX_64), CSN_LIT("Y25v"), QOP, ALG, true, CSN_LIT("b3A"),
        CSN_OK,
        CSN_LIT("Digest username=\"Mufasa\", realm=\"http-auth@example.org\", "
                "nonce=\"bm9uY2U\", uri=\"/dir?x=1&y=2\", response=\"" HEX_64
                "\", algorithm=SHA-256, opaque=\"b3A\", qop=auth, "
                "nc=0000000a, cnonce=\"Y25v\"") },
    { "A-53 response is written in lower case", CSN_LIT("u"), CSN_LIT("r"),
        CSN_LIT("/"), CSN_LIT(HEX_UPPER), CSN_LIT("c"), QOP, ALG, false,
        CSN_LIT(""), CSN_OK,
        CSN_LIT("Digest username=\"u\", realm=\"r\", nonce=\"bm9uY2U\", "
                "uri=\"/\", response=\"" HEX_64 "\", algorithm=SHA-256, "
                "qop=auth, nc=0000000a, cnonce=\"c\"") },
    { "A-55 the registered spelling", CSN_LIT("u"), CSN_LIT("r"), CSN_LIT("/"),
        CSN_LIT("aa"), CSN_LIT("c"), QOP, CSN_ALG_SHA_512_256_SESS, true,
        false, CSN_LIT(""), CSN_OK,
        CSN_LIT("Digest username=\"u\", realm=\"r\", nonce=\"bm9uY2U\", "
                "uri=\"/\", response=\"aa\", algorithm=SHA-512-256-sess, "
                "qop=auth, nc=0000000a, cnonce=\"c\"") },
    { "C-52, A-30 what must be escaped is", CSN_LIT("a\"b"), CSN_LIT("\\"),
        CSN_LIT("/\"\\"), CSN_LIT("aa"), CSN_LIT("\""), QOP, ALG, true,
        CSN_LIT("\"\""), CSN_OK,
        CSN_LIT("Digest username=\"a\\\"b\", realm=\"\\\\\", "
                "nonce=\"bm9uY2U\", uri=\"/\\\"\\\\\", response=\"aa\", "
                "algorithm=SHA-256, opaque=\"\\\"\\\"\", qop=auth, "
                "nc=0000000a, cnonce=\"\\\"\"") },
    { "F-32 an empty opaque is no absent one", CSN_LIT("u"), CSN_LIT("r"),
        CSN_LIT("/"), CSN_LIT("aa"), CSN_LIT("c"), QOP, ALG, true, CSN_LIT(""),
        CSN_OK,
        CSN_LIT("Digest username=\"u\", realm=\"r\", nonce=\"bm9uY2U\", "
                "uri=\"/\", response=\"aa\", algorithm=SHA-256, opaque=\"\", "
                "qop=auth, nc=0000000a, cnonce=\"c\"") },
    { "C-24 the form without qop, algorithm left out", CSN_LIT("u"),
        CSN_LIT("r"), CSN_LIT("/"), CSN_LIT("aa"), CSN_LIT("c"), CSN_QOP_NONE,
        0, CSN_ALG_UNKNOWN, false, false, CSN_LIT(""), CSN_OK,
        CSN_LIT("Digest username=\"u\", realm=\"r\", nonce=\"bm9uY2U\", "
                "uri=\"/\", response=\"aa\"") },
    { "A-16 obs-text as it is", CSN_LIT("\xc3\xa9"), CSN_LIT("r"),
        CSN_LIT("/"), CSN_LIT("aa"), CSN_LIT("c"), CSN_QOP_NONE, 0, ALG, false,
        CSN_LIT(""), CSN_OK,
        CSN_LIT("Digest username=\"\xc3\xa9\", realm=\"r\", "
                "nonce=\"bm9uY2U\", uri=\"/\", response=\"aa\", "
                "algorithm=SHA-256") },

    { "H-20 a control octet in the user", CSN_LIT("u\r\nX: y"), CSN_LIT("r"),
        CSN_LIT("/"), CSN_LIT("aa"), CSN_LIT("c"), QOP, ALG, false,
        CSN_LIT(""), CSN_E_SYNTAX, CSN_LIT("") },
    { "H-20 a control octet in the target", CSN_LIT("u"), CSN_LIT("r"),
        CSN_LIT("/\177"), CSN_LIT("aa"), CSN_LIT("c"), QOP, ALG, false,
        CSN_LIT(""), CSN_E_SYNTAX, CSN_LIT("") },
    { "H-20 a control octet at the very end", CSN_LIT("u"), CSN_LIT("r"),
        CSN_LIT("/"), CSN_LIT("aa"), CSN_LIT("c\n"), QOP, ALG, false,
        CSN_LIT(""), CSN_E_SYNTAX, CSN_LIT("") },
    { "A-52 a response that is not hex", CSN_LIT("u"), CSN_LIT("r"),
        CSN_LIT("/"), CSN_LIT("aag"), CSN_LIT("c"), QOP, ALG, false,
        CSN_LIT(""), CSN_E_SYNTAX, CSN_LIT("") },
    { "A-52 no response", CSN_LIT("u"), CSN_LIT("r"), CSN_LIT("/"),
        CSN_LIT(""), CSN_LIT("c"), QOP, ALG, false, CSN_LIT(""), CSN_E_SYNTAX,
        CSN_LIT("") },
    { "C-30 a count of zero", CSN_LIT("u"), CSN_LIT("r"), CSN_LIT("/"),
        CSN_LIT("aa"), CSN_LIT("c"), CSN_QOP_AUTH, 0, ALG, false, CSN_LIT(""),
        CSN_E_RANGE, CSN_LIT("") },
    { "A-55 an algorithm that is none", CSN_LIT("u"), CSN_LIT("r"),
        CSN_LIT("/"), CSN_LIT("aa"), CSN_LIT("c"), QOP, CSN_ALG_UNKNOWN, true,
        false, CSN_LIT(""), CSN_E_UNSUPPORTED, CSN_LIT("") },
};

static csn_digest_credentials_out
out_of(const struct row *row)
{
    return (csn_digest_credentials_out){
        .username = row->username,
        .realm = row->realm,
        .nonce = CSN_SPAN("bm9uY2U"),
        .uri = row->uri,
        .response_hex = row->response,
        .cnonce = row->cnonce,
        .opaque = row->opaque,
        .algorithm = row->algorithm,
        .qop = row->qop,
        .count = row->count,
        .has_opaque = row->has_opaque,
        .has_algorithm = row->has_algorithm,
    };
}

/* Into a buffer of every size: all of it, or nothing and a reason. */
static void
check_write(const char *name, const csn_digest_credentials_out *credentials,
    csn_status status, csn_span line)
{
    for (size_t cap = 0; cap <= line.len + 1; cap++) {
        size_t size = status == CSN_OK ? cap : 1024;
        uint8_t *buf = malloc(size + 1);
        csn_writer out = csn_writer_init(buf, size);
        csn_status want = status != CSN_OK ? status
            : size < line.len              ? CSN_E_OVERFLOW
                                           : CSN_OK;

        CHECK_EQ(name, csn_digest_credentials_write(&out, credentials), want);
        CHECK_EQ(name, out.overflow, want == CSN_E_OVERFLOW);
        CHECK_SPAN(name, csn_writer_span(&out),
            want == CSN_OK ? line : CSN_SPAN(""));
        free(buf);
    }
}

static void
test_row(void **state)
{
    const struct row *row = *state;
    csn_digest_credentials_out credentials = out_of(row);

    check_write(row->name, &credentials, row->status, row->want);
}

/* The three forms of a name, and auth-int; the rest stays as it is. */
#define REST(qop)                                                             \
    ", realm=\"r\", nonce=\"n\", uri=\"/\", response=\"aa\", "                \
    "algorithm=SHA-256, qop=" qop ", nc=0000000a, cnonce=\"c\""

static const struct form_row {
    const char *name;
    csn_span username;
    bool extended, userhash;
    csn_qop qop;
    csn_status status;
    csn_span want;
} form_rows[] = {
    { "A-66, C-37 username* is not quoted", CSN_LIT("J\xc3\xa4s \""), true,
        false, CSN_QOP_AUTH, CSN_OK,
        CSN_LIT("Digest username*=UTF-8''J%C3%A4s%20%22" REST("auth")) },
    { "C-31 a hashed name, and that it is one", CSN_LIT(HEX_64), false, true,
        CSN_QOP_AUTH, CSN_OK,
        CSN_LIT(
            "Digest username=\"" HEX_64 "\"" REST("auth") ", userhash=true") },
    { "C-20 auth-int", CSN_LIT("u"), false, false, CSN_QOP_AUTH_INT, CSN_OK,
        CSN_LIT("Digest username=\"u\"" REST("auth-int")) },
    { "C-37 a name in Latin-1 cannot be username*", CSN_LIT("J\xe4s"), true,
        false, CSN_QOP_AUTH, CSN_E_SYNTAX, CSN_LIT("") },
    { "H-20 a control octet in username*", CSN_LIT("u\r\nX: y"), true, false,
        CSN_QOP_AUTH, CSN_E_SYNTAX, CSN_LIT("") },
    { "C-35 both kinds of name", CSN_LIT("u"), true, true, CSN_QOP_AUTH,
        CSN_E_SYNTAX, CSN_LIT("") },
};

static void
test_form(void **state)
{
    const struct form_row *row = *state;
    csn_digest_credentials_out credentials = {
        .username = row->username,
        .realm = CSN_SPAN("r"),
        .nonce = CSN_SPAN("n"),
        .uri = CSN_SPAN("/"),
        .response_hex = CSN_SPAN("aa"),
        .cnonce = CSN_SPAN("c"),
        .algorithm = CSN_ALG_SHA_256,
        .has_algorithm = true,
        .qop = row->qop,
        .count = 10,
        .extended = row->extended,
        .userhash = row->userhash,
    };

    check_write(row->name, &credentials, row->status, row->want);
}

/* What is written reads back as it was given. */
static void
test_round_trip(void **state)
{
    static char got[FIELDS_SIZE];
    uint8_t buf[512];
    csn_writer out = csn_writer_init(buf, sizeof(buf));
    csn_digest_credentials_out credentials = {
        .username = CSN_SPAN("a\"b\\c\xe9"),
        .realm = CSN_SPAN("re,al=m\t"),
        .nonce = CSN_SPAN("\"n\""),
        .uri = CSN_SPAN("/a?b=\"c\""),
        .response_hex = CSN_SPAN(HEX_64),
        .cnonce = CSN_SPAN(""),
        .opaque = CSN_SPAN("\\"),
        .algorithm = CSN_ALG_SHA_512_256,
        .qop = CSN_QOP_AUTH_INT,
        .count = UINT32_MAX,
        .has_opaque = true,
        .has_algorithm = true,
    };
    csn_span exact;
    bool touched;

    (void)state;
    CHECK_EQ("write", csn_digest_credentials_write(&out, &credentials),
        CSN_OK);
    exact = check_exact(csn_writer_span(&out));
    CHECK_EQ("read",
        fields_read(CSN_FIELD_CREDENTIALS, &exact, 1, got, sizeof(got),
            &touched),
        CSN_OK);
    CHECK_SPAN("same", check_text(got),
        CSN_SPAN("username=a\"b\\c\\xe9 realm=re,al=m\\x09 nonce=\"n\" "
                 "uri=/a?b=\"c\" response=" HEX_64 " cnonce= opaque=\\ "
                 "nc=ffffffff[4294967295] qop=auth-int[auth-int] "
                 "alg=SHA-512-256"));
    check_drop(exact);
}

/* What stood in the buffer stays, whether the rest fits or not. */
static void
test_behind(void **state)
{
    uint8_t buf[1024] = "abc";
    csn_writer out = { buf, sizeof(buf), 3, false };
    csn_digest_credentials_out credentials = out_of(&rows[0]);

    (void)state;
    CHECK_EQ("fits", csn_digest_credentials_write(&out, &credentials), CSN_OK);
    CHECK_EQ("length", out.len, 3 + rows[0].want.len);
    CHECK_SPAN("before", ((csn_span){ buf, 3 }), CSN_SPAN("abc"));
    out = (csn_writer){ buf, 60, 3, false };
    CHECK_EQ("does not", csn_digest_credentials_write(&out, &credentials),
        CSN_E_OVERFLOW);
    CHECK_EQ("length", out.len, 3);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        { "A-30 credentials read back as they were given", test_round_trip,
            NULL, NULL, NULL },
        { "what stood before stays", test_behind, NULL, NULL, NULL },
    };

    return CHECK_ROWS("write", rows, test_row) +
        CHECK_ROWS("forms", form_rows, test_form) +
        cmocka_run_group_tests_name("credentials", tests, NULL, NULL);
}
