// SPDX-License-Identifier: MIT
#include "check.h"
#include "fields.h"

static const struct row {
    const char *name;
    csn_digest_challenge_out out;
    csn_status status;
    csn_span want;
} rows[] = {
    { "A-20, A-23, A-62, A-63, A-70 each in its own form",
        { .realm = CSN_LIT("api"),
            .nonce = CSN_LIT("n"),
            .opaque = CSN_LIT("o"),
            .domain = CSN_LIT("/a"),
            .algorithm = CSN_ALG_SHA_512_256,
            .qops = CSN_QOP_AUTH | CSN_QOP_AUTH_INT,
            .stale = true,
            .userhash = true,
            .utf8 = true },
        CSN_OK,
        CSN_LIT("Digest realm=\"api\", nonce=\"n\", opaque=\"o\", "
                "domain=\"/a\", algorithm=SHA-512-256, "
                "qop=\"auth, auth-int\", stale=true, charset=UTF-8, "
                "userhash=true") },
    { "B-04, B-22, B-24 what must be there and nothing else",
        { .realm = CSN_LIT("api"),
            .nonce = CSN_LIT("n"),
            .algorithm = CSN_ALG_SHA_256,
            .qops = CSN_QOP_AUTH },
        CSN_OK,
        CSN_LIT("Digest realm=\"api\", nonce=\"n\", algorithm=SHA-256, "
                "qop=\"auth\"") },
    { "A-55 MD5 is named too",
        { .realm = CSN_LIT(""),
            .nonce = CSN_LIT("n"),
            .algorithm = CSN_ALG_MD5,
            .qops = CSN_QOP_AUTH },
        CSN_OK,
        CSN_LIT("Digest realm=\"\", nonce=\"n\", algorithm=MD5, "
                "qop=\"auth\"") },
    { "B-30 a realm is escaped",
        { .realm = CSN_LIT("a\"b\\"),
            .nonce = CSN_LIT("n"),
            .algorithm = CSN_ALG_SHA_256,
            .qops = CSN_QOP_AUTH },
        CSN_OK,
        CSN_LIT("Digest realm=\"a\\\"b\\\\\", nonce=\"n\", "
                "algorithm=SHA-256, qop=\"auth\"") },
    { "B-20 charset",
        { .realm = CSN_LIT("r"),
            .nonce = CSN_LIT("n"),
            .algorithm = CSN_ALG_SHA_256,
            .qops = CSN_QOP_AUTH,
            .utf8 = true },
        CSN_OK,
        CSN_LIT("Digest realm=\"r\", nonce=\"n\", algorithm=SHA-256, "
                "qop=\"auth\", charset=UTF-8") },
    { "B-18 auth-int alone",
        { .realm = CSN_LIT("r"),
            .nonce = CSN_LIT("n"),
            .algorithm = CSN_ALG_SHA_256,
            .qops = CSN_QOP_AUTH_INT },
        CSN_OK,
        CSN_LIT("Digest realm=\"r\", nonce=\"n\", algorithm=SHA-256, "
                "qop=\"auth-int\"") },

    { "B-04 no nonce",
        { .realm = CSN_LIT("r"),
            .algorithm = CSN_ALG_SHA_256,
            .qops = CSN_QOP_AUTH },
        CSN_E_MISSING, CSN_LIT("") },
    { "B-04 no qop",
        { .realm = CSN_LIT("r"),
            .nonce = CSN_LIT("n"),
            .algorithm = CSN_ALG_SHA_256 },
        CSN_E_MISSING, CSN_LIT("") },
    { "B-19 no qop with -sess",
        { .realm = CSN_LIT("r"),
            .nonce = CSN_LIT("n"),
            .algorithm = CSN_ALG_SHA_256_SESS },
        CSN_E_MISSING, CSN_LIT("") },
    { "B-18 a qop that is none",
        { .realm = CSN_LIT("r"),
            .nonce = CSN_LIT("n"),
            .algorithm = CSN_ALG_SHA_256,
            .qops = CSN_QOP_AUTH | 4 },
        CSN_E_UNSUPPORTED, CSN_LIT("") },
    { "A-55 an algorithm that is none",
        { .realm = CSN_LIT("r"),
            .nonce = CSN_LIT("n"),
            .algorithm = CSN_ALG_UNKNOWN,
            .qops = CSN_QOP_AUTH },
        CSN_E_UNSUPPORTED, CSN_LIT("") },
    { "B-30, H-20 a control octet in the realm",
        { .realm = CSN_LIT("r\r\nSet-Cookie: a=b"),
            .nonce = CSN_LIT("n"),
            .algorithm = CSN_ALG_SHA_256,
            .qops = CSN_QOP_AUTH },
        CSN_E_SYNTAX, CSN_LIT("") },
    { "H-20 a control octet in opaque",
        { .realm = CSN_LIT("r"),
            .nonce = CSN_LIT("n"),
            .opaque = CSN_LIT("\177"),
            .algorithm = CSN_ALG_SHA_256,
            .qops = CSN_QOP_AUTH },
        CSN_E_SYNTAX, CSN_LIT("") },
    { "H-20 a control octet in the nonce",
        { .realm = CSN_LIT("r"),
            .nonce = CSN_LIT("n\0"),
            .algorithm = CSN_ALG_SHA_256,
            .qops = CSN_QOP_AUTH },
        CSN_E_SYNTAX, CSN_LIT("") },
    { "H-20 a control octet in domain",
        { .realm = CSN_LIT("r"),
            .nonce = CSN_LIT("n"),
            .domain = CSN_LIT("/\n"),
            .algorithm = CSN_ALG_SHA_256,
            .qops = CSN_QOP_AUTH },
        CSN_E_SYNTAX, CSN_LIT("") },
};

/* Into a buffer of every size: all of it, or nothing and a reason. */
static void
test_row(void **state)
{
    const struct row *row = *state;

    for (size_t cap = 0; cap <= row->want.len + 1; cap++) {
        size_t size = row->status == CSN_OK ? cap : 1024;
        uint8_t *buf = malloc(size + 1);
        csn_writer out = csn_writer_init(buf, size);
        csn_status want = row->status != CSN_OK ? row->status
            : size < row->want.len              ? CSN_E_OVERFLOW
                                                : CSN_OK;

        CHECK_EQ(row->name, csn_digest_challenge_write(&out, &row->out), want);
        CHECK_EQ(row->name, out.overflow, want == CSN_E_OVERFLOW);
        CHECK_SPAN(row->name, csn_writer_span(&out),
            want == CSN_OK ? row->want : CSN_SPAN(""));
        free(buf);
    }
}

static void
test_round_trip(void **state)
{
    static char got[FIELDS_SIZE];
    uint8_t buf[512];
    csn_writer out = csn_writer_init(buf, sizeof(buf));
    csn_digest_challenge_out challenge = { .realm = CSN_SPAN("a\"\\,=\t\xe9"),
        .nonce = CSN_SPAN("n+/="),
        .opaque = CSN_SPAN("\\"),
        .domain = CSN_SPAN("/a http://b/"),
        .algorithm = CSN_ALG_MD5_SESS,
        .qops = CSN_QOP_AUTH | CSN_QOP_AUTH_INT,
        .stale = true,
        .userhash = true,
        .utf8 = true };
    csn_span exact;
    bool touched;

    (void)state;
    CHECK_EQ("write", csn_digest_challenge_write(&out, &challenge), CSN_OK);
    exact = check_exact(csn_writer_span(&out));
    CHECK_EQ("read",
        fields_read(CSN_FIELD_CHALLENGES, &exact, 1, got, sizeof(got),
            &touched),
        CSN_OK);
    CHECK_SPAN("same", check_text(got),
        CSN_SPAN("realm=a\"\\,=\\x09\\xe9 nonce=n+/= opaque=\\ "
                 "domain=/a http://b/ qop=[auth,auth-int] alg=MD5-sess "
                 "[stale] [userhash] [utf8]"));
    check_drop(exact);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        { "A-30 a challenge reads back as it was given", test_round_trip, NULL,
            NULL, NULL },
    };

    return CHECK_ROWS("write", rows, test_row) +
        cmocka_run_group_tests_name("challenge", tests, NULL, NULL);
}
