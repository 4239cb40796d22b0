// SPDX-License-Identifier: MIT
#include "check.h"
#include "fields.h"

#define HEX_32 "0123456789abcdef0123456789abcdef"
#define HEX_64 HEX_32 HEX_32

enum { LINES = 3 };

static const struct row {
    const char *name;
    csn_span lines[LINES];
    csn_status status;
    const char *want;
} rows[] = {
    { "A-01 every parameter in the form it is sent",
        { CSN_LIT("nextnonce=\"n\", qop=auth, rspauth=\"" HEX_64
                  "\", cnonce=\"c\", nc=00000001") },
        CSN_OK,
        "nextnonce=n rspauth=" HEX_64 " cnonce=c nc=00000001[1] "
        "qop=auth[auth]" },
    { "A-12, F-08 every parameter in the other form",
        { CSN_LIT("nextnonce=n, qop=\"auth\", rspauth=" HEX_32
                  ", cnonce=c, nc=\"0000000a\"") },
        CSN_OK,
        "nextnonce=n rspauth=" HEX_32 " cnonce=c nc=0000000a[10] "
        "qop=auth[auth]" },
    { "A-08 names in another case",
        { CSN_LIT("NextNonce=n, QOP=auth, RSPAUTH=" HEX_32 ", NC=0000000A") },
        CSN_OK,
        "nextnonce=n rspauth=" HEX_32 " nc=0000000A[10] qop=auth[auth]" },
    { "A-04 over three lines",
        { CSN_LIT("nextnonce=n"), CSN_LIT(""),
            CSN_LIT("qop=auth, nc=00000001") },
        CSN_OK, "nextnonce=n nc=00000001[1] qop=auth[auth]" },
    { "A-09 empty", { CSN_LIT("") }, CSN_OK, "" },
    { "A-09 commas and blanks", { CSN_LIT(" ,, \t,") }, CSN_OK, "" },
    { "A-09 no line", { { NULL, 0 } }, CSN_OK, "" },
    { "A-18 an empty nextnonce", { CSN_LIT("nextnonce=\"\"") }, CSN_OK,
        "nextnonce=" },
    { "A-29 escapes are undone", { CSN_LIT("cnonce=\"a\\\"b\\\\c\\d\"") },
        CSN_OK, "cnonce=a\"b\\cd" },
    { "A-45 unknown parameters, and those of other fields",
        { CSN_LIT("authToken=x, nextnonce=n, realm=r, nonce=m, stale=true, "
                  "algorithm=MD5, uri=\"/\", response=zz, username=u") },
        CSN_OK, "nextnonce=n" },

    { "A-41, A-44 a parameter twice",
        { CSN_LIT("nextnonce=\"a\", nextnonce=\"b\"") }, CSN_E_DUPLICATE, "" },
    { "A-41, A-44 a parameter twice over two lines",
        { CSN_LIT("nextnonce=\"a\""), CSN_LIT("NEXTNONCE=\"a\"") },
        CSN_E_DUPLICATE, "" },
    { "A-41, A-44 an unknown parameter twice", { CSN_LIT("x=1, x=1") },
        CSN_E_DUPLICATE, "" },
    { "A-50 a scheme in front", { CSN_LIT("Digest nextnonce=\"a\"") },
        CSN_E_SYNTAX, "" },
    { "A-14 not closed", { CSN_LIT("qop=auth, nextnonce=\"a") }, CSN_E_SYNTAX,
        "" },
    { "A-25 no comma", { CSN_LIT("nextnonce=\"a\" qop=auth") }, CSN_E_SYNTAX,
        "" },

    { "A-51 nc of seven digits", { CSN_LIT("nc=0000001") }, CSN_E_SYNTAX, "" },
    { "A-51 nc of nine digits", { CSN_LIT("nc=000000001") }, CSN_E_SYNTAX,
        "" },
    { "A-51 nc zero", { CSN_LIT("nc=00000000") }, CSN_E_RANGE, "" },
    { "A-52 rspauth in upper case",
        { CSN_LIT("rspauth=0123456789ABCDEF0123456789ABCDEF") }, CSN_OK,
        "rspauth=0123456789ABCDEF0123456789ABCDEF" },
    { "A-52 rspauth of 16 digits", { CSN_LIT("rspauth=0123456789abcdef") },
        CSN_E_LENGTH, "" },
    { "A-52 rspauth of 31 digits",
        { CSN_LIT("rspauth=0123456789abcdef0123456789abcde") }, CSN_E_LENGTH,
        "" },
    { "A-52 rspauth of 33 digits", { CSN_LIT("rspauth=" HEX_32 "0") },
        CSN_E_LENGTH, "" },
    { "A-52 rspauth of 65 digits", { CSN_LIT("rspauth=" HEX_64 "0") },
        CSN_E_LENGTH, "" },
    { "A-52 rspauth of 128 digits", { CSN_LIT("rspauth=" HEX_64 HEX_64) },
        CSN_E_LENGTH, "" },
    { "A-52 rspauth empty", { CSN_LIT("rspauth=\"\"") }, CSN_E_LENGTH, "" },
    { "A-52 rspauth with a letter that is no digit",
        { CSN_LIT("rspauth=0123456789abcdef0123456789abcdeg") }, CSN_E_SYNTAX,
        "" },
    { "A-29, A-52 rspauth with an escape",
        { CSN_LIT("rspauth=\"\\" HEX_32 "\"") }, CSN_OK, "rspauth=" HEX_32 },
    { "A-29, A-52 rspauth with an escape and one digit short",
        { CSN_LIT("rspauth=\"\\0123456789abcdef0123456789abcde\"") },
        CSN_E_LENGTH, "" },
    { "A-57 qop as a list", { CSN_LIT("qop=\"auth,auth-int\"") }, CSN_E_SYNTAX,
        "" },
    { "A-57 qop that is not ours", { CSN_LIT("qop=auth-conf") }, CSN_OK,
        "qop=auth-conf[]" },
};

static csn_status
read_lines(const csn_span *lines, size_t count, char *out, size_t size)
{
    csn_span exact[LINES] = { { NULL, 0 } };
    bool touched;
    csn_status status;

    for (size_t i = 0; i < count; i++)
        exact[i] = check_exact(lines[i]);
    status = fields_read(CSN_FIELD_INFO, exact, count, out, size, &touched);
    if (status != CSN_OK)
        CHECK_EQ("output", touched, false);
    for (size_t i = 0; i < count; i++)
        check_drop(exact[i]);
    return status;
}

static void
test_row(void **state)
{
    static char got[FIELDS_SIZE];
    const struct row *row = *state;
    size_t count = 0;

    while (count < LINES && row->lines[count].ptr != NULL)
        count++;
    CHECK_EQ(row->name, read_lines(row->lines, count, got, sizeof(got)),
        row->status);
    CHECK_SPAN(row->name, check_text(got), check_text(row->want));
}

static void
test_limits(void **state)
{
    static const struct {
        const char *param;
        size_t limit;
    } limits[] = { { "nextnonce", CSN_MAX_NONCE },
        { "cnonce", CSN_MAX_CNONCE } };
    static char text[1024], got[FIELDS_SIZE];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(limits); i++) {
        for (size_t len = limits[i].limit - 1; len <= limits[i].limit + 1;
             len++) {
            int used = snprintf(text, sizeof(text), "%s=%0*d", limits[i].param,
                (int)len, 1);
            csn_span line = { (const uint8_t *)text, (size_t)used };

            CHECK_EQ(limits[i].param, read_lines(&line, 1, got, sizeof(got)),
                len > limits[i].limit ? CSN_E_LIMIT : CSN_OK);
        }
    }
}

static const struct written {
    const char *name;
    csn_digest_info_out out;
    csn_status status;
    csn_span want;
} written_rows[] = {
    { "A-20, A-23, A-67, A-68 each in its own form",
        { .nextnonce = CSN_LIT("n"),
            .rspauth_hex = CSN_LIT(HEX_64),
            .cnonce = CSN_LIT("c"),
            .nc = CSN_LIT("0000000A"),
            .qop = CSN_LIT("auth") },
        CSN_OK,
        CSN_LIT("nextnonce=\"n\", qop=auth, rspauth=\"" HEX_64
                "\", cnonce=\"c\", nc=0000000A") },
    { "A-01, E-21 nextnonce alone", { .nextnonce = CSN_LIT("n") }, CSN_OK,
        CSN_LIT("nextnonce=\"n\"") },
    { "E-22 all but nextnonce",
        { .rspauth_hex = CSN_LIT("aa"),
            .cnonce = CSN_LIT("c"),
            .nc = CSN_LIT("00000001"),
            .qop = CSN_LIT("auth") },
        CSN_OK,
        CSN_LIT("qop=auth, rspauth=\"aa\", cnonce=\"c\", nc=00000001") },
    { "E-20 rspauth alone", { .rspauth_hex = CSN_LIT("aa") }, CSN_OK,
        CSN_LIT("rspauth=\"aa\"") },
    { "E-17 an empty cnonce goes back beside qop",
        { .rspauth_hex = CSN_LIT("aa"),
            .nc = CSN_LIT("00000001"),
            .qop = CSN_LIT("auth") },
        CSN_OK,
        CSN_LIT("qop=auth, rspauth=\"aa\", cnonce=\"\", nc=00000001") },
    { "A-01 nothing", { .qop = CSN_LIT("") }, CSN_OK, CSN_LIT("") },
    { "A-53 rspauth in lower case", { .rspauth_hex = CSN_LIT("AAbb") }, CSN_OK,
        CSN_LIT("rspauth=\"aabb\"") },
    { "E-18 nc in the digits it came in", { .nc = CSN_LIT("000000fF") },
        CSN_OK, CSN_LIT("nc=000000fF") },
    { "E-23 cnonce is escaped", { .cnonce = CSN_LIT("a\"b\\, x=y") }, CSN_OK,
        CSN_LIT("cnonce=\"a\\\"b\\\\, x=y\"") },

    { "A-69, H-21 an nc that is more than a count",
        { .nc = CSN_LIT("00000001, nextnonce=\"x\"") }, CSN_E_LENGTH,
        CSN_LIT("") },
    { "A-69 an nc of seven digits", { .nc = CSN_LIT("0000001") }, CSN_E_LENGTH,
        CSN_LIT("") },
    { "A-69 an nc of other letters", { .nc = CSN_LIT("0000000g") },
        CSN_E_SYNTAX, CSN_LIT("") },
    { "A-69 an nc of zero", { .nc = CSN_LIT("00000000") }, CSN_E_RANGE,
        CSN_LIT("") },
    { "A-68 a qop that is no token", { .qop = CSN_LIT("auth, x=y") },
        CSN_E_SYNTAX, CSN_LIT("") },
    { "A-52 an rspauth that is not hex", { .rspauth_hex = CSN_LIT("xx") },
        CSN_E_SYNTAX, CSN_LIT("") },
    { "H-20 a control octet in cnonce", { .cnonce = CSN_LIT("a\r\nb") },
        CSN_E_SYNTAX, CSN_LIT("") },
    { "H-20 a control octet in nextnonce", { .nextnonce = CSN_LIT("\001") },
        CSN_E_SYNTAX, CSN_LIT("") },
};

static void
test_written(void **state)
{
    const struct written *row = *state;

    for (size_t cap = 0; cap <= row->want.len + 1; cap++) {
        size_t size = row->status == CSN_OK ? cap : 512;
        uint8_t *buf = malloc(size + 1);
        csn_writer out = csn_writer_init(buf, size);
        csn_status want = row->status != CSN_OK ? row->status
            : size < row->want.len              ? CSN_E_OVERFLOW
                                                : CSN_OK;

        CHECK_EQ(row->name, csn_digest_info_write(&out, &row->out), want);
        CHECK_SPAN(row->name, csn_writer_span(&out),
            want == CSN_OK ? row->want : CSN_SPAN(""));
        free(buf);
    }
}

static void
test_round_trip(void **state)
{
    static char got[FIELDS_SIZE];
    uint8_t buf[256];
    csn_writer out = csn_writer_init(buf, sizeof(buf));
    csn_digest_info_out info = { .nextnonce = CSN_SPAN("\"\\\t\xe9,="),
        .rspauth_hex = CSN_SPAN(HEX_32),
        .cnonce = CSN_SPAN("\\\""),
        .nc = CSN_SPAN("FFFFffff"),
        .qop = CSN_SPAN("auth-int") };
    csn_span line;

    (void)state;
    CHECK_EQ("write", csn_digest_info_write(&out, &info), CSN_OK);
    line = csn_writer_span(&out);
    CHECK_EQ("read", read_lines(&line, 1, got, sizeof(got)), CSN_OK);
    CHECK_SPAN("same", check_text(got),
        CSN_SPAN("nextnonce=\"\\\\x09\\xe9,= rspauth=" HEX_32
                 " cnonce=\\\" nc=FFFFffff[4294967295] "
                 "qop=auth-int[auth-int]"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        { "H-24 nonces up to their limits", test_limits, NULL, NULL, NULL },
        { "A-30 an Info field reads back as it was given", test_round_trip,
            NULL, NULL, NULL },
    };

    return CHECK_ROWS("read", rows, test_row) +
        CHECK_ROWS("write", written_rows, test_written) +
        cmocka_run_group_tests_name("info", tests, NULL, NULL);
}
