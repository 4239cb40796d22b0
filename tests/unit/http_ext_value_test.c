// SPDX-License-Identifier: MIT
#include "check.h"

#include <countersign/field.h>

static const struct row {
    const char *name;
    csn_span text;
    csn_status status;
    csn_span want;
} rows[] = {
    { "A-59 no language", CSN_LIT("UTF-8''J%C3%A4s%C3%B8n%20Doe"), CSN_OK,
        CSN_LIT("J\xc3\xa4s\xc3\xb8n Doe") },
    { "A-59 a language is dropped", CSN_LIT("UTF-8'en-GB'%C2%A3x"), CSN_OK,
        CSN_LIT("\xc2\xa3x") },
    { "A-59 charset in any case", CSN_LIT("utf-8''a"), CSN_OK, CSN_LIT("a") },
    { "A-59 hex of either case", CSN_LIT("UTF-8''%c2%A3"), CSN_OK,
        CSN_LIT("\xc2\xa3") },
    { "A-59 every attr-char", CSN_LIT("UTF-8''azAZ09!#$&+-.^_`|~"), CSN_OK,
        CSN_LIT("azAZ09!#$&+-.^_`|~") },
    { "A-59 coded quotation and percent marks",
        CSN_LIT("UTF-8''%27%25%2A%22%5C"), CSN_OK, CSN_LIT("'%*\"\\") },
    { "A-59 no value", CSN_LIT("UTF-8''"), CSN_OK, CSN_LIT("") },
    { "A-59 three and four octets", CSN_LIT("UTF-8''%E2%82%AC%F0%9F%94%91"),
        CSN_OK, CSN_LIT("\xe2\x82\xac\xf0\x9f\x94\x91") },
    { "A-59 the last character", CSN_LIT("UTF-8''%F4%8F%BF%BF"), CSN_OK,
        CSN_LIT("\xf4\x8f\xbf\xbf") },
    { "A-59 around the surrogates", CSN_LIT("UTF-8''%ED%9F%BF%EE%80%80"),
        CSN_OK, CSN_LIT("\xed\x9f\xbf\xee\x80\x80") },
    { "A-59 the first of two, three and four octets",
        CSN_LIT("UTF-8''%C2%A0%E0%A0%80%F0%90%80%80"), CSN_OK,
        CSN_LIT("\xc2\xa0\xe0\xa0\x80\xf0\x90\x80\x80") },

    { "A-59 another charset", CSN_LIT("ISO-8859-1''%E9"), CSN_E_UNSUPPORTED,
        CSN_LIT("") },
    { "A-59 a charset that only begins so", CSN_LIT("UTF-80''a"),
        CSN_E_UNSUPPORTED, CSN_LIT("") },
    { "A-59 no charset", CSN_LIT("''a"), CSN_E_SYNTAX, CSN_LIT("") },
    { "A-59 a charset that is no token", CSN_LIT("UTF 8''a"), CSN_E_SYNTAX,
        CSN_LIT("") },
    { "A-59 empty", CSN_LIT(""), CSN_E_SYNTAX, CSN_LIT("") },
    { "A-59 no quote", CSN_LIT("UTF-8"), CSN_E_SYNTAX, CSN_LIT("") },
    { "A-59 one quote", CSN_LIT("UTF-8'en"), CSN_E_SYNTAX, CSN_LIT("") },
    { "A-59 a third quote", CSN_LIT("UTF-8''a'b"), CSN_E_SYNTAX, CSN_LIT("") },
    { "A-59 a language that is none", CSN_LIT("UTF-8'e_n'a"), CSN_E_SYNTAX,
        CSN_LIT("") },
    { "A-59 a language with a dot", CSN_LIT("UTF-8'e.n'a"), CSN_E_SYNTAX,
        CSN_LIT("") },
    { "A-59 a language with a slash", CSN_LIT("UTF-8'e/n'a"), CSN_E_SYNTAX,
        CSN_LIT("") },
    { "A-59 a language with a plus", CSN_LIT("UTF-8'e+n'a"), CSN_E_SYNTAX,
        CSN_LIT("") },
    { "A-59 a language with a tilde", CSN_LIT("UTF-8'e~n'a"), CSN_E_SYNTAX,
        CSN_LIT("") },
    { "A-59 no digit behind the percent mark", CSN_LIT("UTF-8''a%"),
        CSN_E_SYNTAX, CSN_LIT("") },
    { "A-59 one digit", CSN_LIT("UTF-8''a%4"), CSN_E_SYNTAX, CSN_LIT("") },
    { "A-59 a digit that is none", CSN_LIT("UTF-8''a%4g"), CSN_E_SYNTAX,
        CSN_LIT("") },
    { "A-59 a space that is not coded", CSN_LIT("UTF-8''a b"), CSN_E_SYNTAX,
        CSN_LIT("") },
    { "A-59 a star that is not coded", CSN_LIT("UTF-8''a*"), CSN_E_SYNTAX,
        CSN_LIT("") },
    { "A-59 an octet that is not coded", CSN_LIT("UTF-8''\xc3\xa9"),
        CSN_E_SYNTAX, CSN_LIT("") },
    { "A-59 quotation marks around it", CSN_LIT("\"UTF-8''a\""), CSN_E_SYNTAX,
        CSN_LIT("") },

    { "A-59 NUL", CSN_LIT("UTF-8''a%00"), CSN_E_SYNTAX, CSN_LIT("") },
    { "A-59 LF", CSN_LIT("UTF-8''a%0A"), CSN_E_SYNTAX, CSN_LIT("") },
    { "A-59 HTAB", CSN_LIT("UTF-8''a%09"), CSN_E_SYNTAX, CSN_LIT("") },
    { "A-59 DEL", CSN_LIT("UTF-8''%7F"), CSN_E_SYNTAX, CSN_LIT("") },
    { "A-59 the first control of two octets", CSN_LIT("UTF-8''%C2%80"),
        CSN_E_SYNTAX, CSN_LIT("") },
    { "A-59 the last control of two octets", CSN_LIT("UTF-8''%C2%9F"),
        CSN_E_SYNTAX, CSN_LIT("") },
    { "A-59 Latin-1", CSN_LIT("UTF-8''J%E4s"), CSN_E_SYNTAX, CSN_LIT("") },
    { "A-59 an octet of a character alone", CSN_LIT("UTF-8''%A4"),
        CSN_E_SYNTAX, CSN_LIT("") },
    { "A-59 cut after one of two", CSN_LIT("UTF-8''%C3"), CSN_E_SYNTAX,
        CSN_LIT("") },
    { "A-59 cut after two of three", CSN_LIT("UTF-8''%E2%82"), CSN_E_SYNTAX,
        CSN_LIT("") },
    { "A-59 cut after three of four", CSN_LIT("UTF-8''%F0%9F%94"),
        CSN_E_SYNTAX, CSN_LIT("") },
    { "A-59 third octet is a letter", CSN_LIT("UTF-8''%E2%82a"), CSN_E_SYNTAX,
        CSN_LIT("") },
    { "A-59 fourth octet begins another", CSN_LIT("UTF-8''%F0%9F%94%C3%A9"),
        CSN_E_SYNTAX, CSN_LIT("") },
    { "A-59 overlong slash", CSN_LIT("UTF-8''%C0%AF"), CSN_E_SYNTAX,
        CSN_LIT("") },
    { "A-59 overlong, C1", CSN_LIT("UTF-8''%C1%BF"), CSN_E_SYNTAX,
        CSN_LIT("") },
    { "A-59 overlong of three", CSN_LIT("UTF-8''%E0%9F%BF"), CSN_E_SYNTAX,
        CSN_LIT("") },
    { "A-59 overlong of four", CSN_LIT("UTF-8''%F0%8F%BF%BF"), CSN_E_SYNTAX,
        CSN_LIT("") },
    { "A-59 the first surrogate", CSN_LIT("UTF-8''%ED%A0%80"), CSN_E_SYNTAX,
        CSN_LIT("") },
    { "A-59 the last surrogate", CSN_LIT("UTF-8''%ED%BF%BF"), CSN_E_SYNTAX,
        CSN_LIT("") },
    { "A-59 above the last character", CSN_LIT("UTF-8''%F4%90%80%80"),
        CSN_E_SYNTAX, CSN_LIT("") },
    { "A-59 F5", CSN_LIT("UTF-8''%F5%80%80%80"), CSN_E_SYNTAX, CSN_LIT("") },
    { "A-59 FF", CSN_LIT("UTF-8''%FF"), CSN_E_SYNTAX, CSN_LIT("") },
};

/* At every size of buffer, behind octets that must stay. */
static void
test_row(void **state)
{
    const struct row *row = *state;
    csn_span exact = check_exact(row->text);

    for (size_t room = 0; room <= row->want.len + 1; room++) {
        uint8_t *buf = malloc(2 + room);
        csn_writer out = { buf, 2 + room, 2, false };
        bool fits = row->status != CSN_OK || room >= row->want.len;

        memcpy(buf, "ab", 2);
        if (row->status != CSN_OK) {
            /* A short buffer must not hide what is wrong; here it cannot. */
            free(buf);
            buf = malloc(2 + row->text.len);
            memcpy(buf, "ab", 2);
            out = (csn_writer){ buf, 2 + row->text.len, 2, false };
        }
        CHECK_EQ(row->name, csn_ext_value_decode(exact, &out),
            fits ? row->status : CSN_E_OVERFLOW);
        CHECK_EQ(row->name, out.len,
            fits && row->status == CSN_OK ? 2 + row->want.len : 2);
        CHECK_SPAN(row->name, ((csn_span){ buf, 2 }), CSN_SPAN("ab"));
        if (fits && row->status == CSN_OK)
            CHECK_SPAN(row->name, ((csn_span){ buf + 2, row->want.len }),
                row->want);
        free(buf);
    }
    check_drop(exact);
}

/* Every octet as it is and coded, alone. */
static void
test_octets(void **state)
{
    (void)state;
    for (unsigned octet = 0; octet < 256; octet++) {
        char coded[16];
        uint8_t plain[8] = "UTF-8''", buf[4];
        bool alnum = (octet >= '0' && octet <= '9') ||
            (octet >= 'A' && octet <= 'Z') || (octet >= 'a' && octet <= 'z');
        bool attr_char = alnum ||
            (octet != 0 && strchr("!#$&+-.^_`|~", (int)octet) != NULL);
        csn_writer out = csn_writer_init(buf, sizeof(buf));

        plain[7] = (uint8_t)octet;
        CHECK_EQ("as it is",
            csn_ext_value_decode((csn_span){ plain, 8 }, &out) == CSN_OK,
            attr_char);
        out = csn_writer_init(buf, sizeof(buf));
        (void)snprintf(coded, sizeof(coded), "UTF-8''%%%02x", octet);
        CHECK_EQ("coded",
            csn_ext_value_decode(check_text(coded), &out) == CSN_OK,
            octet >= 0x20 && octet < 0x7f);
    }
}

/* Writing: what csn_ext_value_decode takes back, in its one form. */
static const struct write_row {
    const char *name;
    csn_span text;
    csn_span want; /* empty: refused */
} write_rows[] = {
    { "C-37 the example of RFC 7616", CSN_LIT("J\xc3\xa4s\xc3\xb8n Doe"),
        CSN_LIT("UTF-8''J%C3%A4s%C3%B8n%20Doe") },
    { "C-37 empty", CSN_LIT(""), CSN_LIT("UTF-8''") },
    { "C-37 every attr-char as it is", CSN_LIT("azAZ09!#$&+-.^_`|~"),
        CSN_LIT("UTF-8''azAZ09!#$&+-.^_`|~") },
    { "C-37 what ends or escapes is coded", CSN_LIT("'%*\"\\ ,;="),
        CSN_LIT("UTF-8''%27%25%2A%22%5C%20%2C%3B%3D") },
    { "C-37 digits in upper case", CSN_LIT("\xef\xbf\xbd"),
        CSN_LIT("UTF-8''%EF%BF%BD") },
    { "C-37 Arabic", CSN_LIT("\xd8\xb9\xd9\x84\xd9\x8a"),
        CSN_LIT("UTF-8''%D8%B9%D9%84%D9%8A") },
    { "C-37 Han", CSN_LIT("\xe7\x8e\x8b"), CSN_LIT("UTF-8''%E7%8E%8B") },
    { "C-37 four octets", CSN_LIT("\xf0\x9f\x94\x91"),
        CSN_LIT("UTF-8''%F0%9F%94%91") },
    { "C-37 a combining mark", CSN_LIT("a\xcc\x88"),
        CSN_LIT("UTF-8''a%CC%88") },
    { "C-37 Latin-1", CSN_LIT("J\xe4s"), CSN_LIT("") },
    { "C-37 cut off", CSN_LIT("a\xc3"), CSN_LIT("") },
    { "C-37 overlong", CSN_LIT("\xc0\xaf"), CSN_LIT("") },
    { "C-37 a surrogate", CSN_LIT("\xed\xa0\x80"), CSN_LIT("") },
    { "C-39 NUL", CSN_LIT("a\0b"), CSN_LIT("") },
    { "C-39 CR LF", CSN_LIT("a\r\nb"), CSN_LIT("") },
    { "C-39 DEL", CSN_LIT("\x7f"), CSN_LIT("") },
    { "C-39 a control of two octets", CSN_LIT("\xc2\x85"), CSN_LIT("") },
};

/* At every size of buffer; what fits decodes to what it was made of. */
static void
test_write(void **state)
{
    const struct write_row *row = *state;
    csn_span exact = check_exact(row->text);

    for (size_t room = 0; room <= row->want.len + 1; room++) {
        uint8_t *buf = malloc(2 + room);
        uint8_t *back = malloc(row->text.len + 1);
        csn_writer out = { buf, 2 + room, 2, false };
        csn_writer decoded = csn_writer_init(back, row->text.len + 1);

        memcpy(buf, "ab", 2);
        CHECK_EQ(row->name, csn_ext_value_write(&out, exact),
            row->want.len != 0 ? CSN_OK : CSN_E_SYNTAX);
        CHECK_EQ(row->name, out.overflow, room < row->want.len);
        CHECK_SPAN(row->name, ((csn_span){ buf, 2 }), CSN_SPAN("ab"));
        if (!out.overflow)
            CHECK_SPAN(row->name, ((csn_span){ buf + 2, out.len - 2 }),
                row->want);
        if (!out.overflow && row->want.len != 0) {
            CHECK_EQ(row->name,
                csn_ext_value_decode((csn_span){ buf + 2, out.len - 2 },
                    &decoded),
                CSN_OK);
            CHECK_SPAN(row->name, csn_writer_span(&decoded), row->text);
        }
        free(back);
        free(buf);
    }
    check_drop(exact);
}

/* Every octet alone: as it is, coded, or refused. */
static void
test_write_octets(void **state)
{
    (void)state;
    for (unsigned octet = 0; octet < 256; octet++) {
        uint8_t text = (uint8_t)octet, buf[16];
        csn_writer out = csn_writer_init(buf, sizeof(buf));
        bool alnum = (octet >= '0' && octet <= '9') ||
            (octet >= 'A' && octet <= 'Z') || (octet >= 'a' && octet <= 'z');
        bool attr_char = alnum ||
            (octet != 0 && strchr("!#$&+-.^_`|~", (int)octet) != NULL);
        bool fine = octet >= 0x20 && octet < 0x7f;
        char want[16];

        CHECK_EQ("octet", csn_ext_value_write(&out, (csn_span){ &text, 1 }),
            fine ? CSN_OK : CSN_E_SYNTAX);
        CHECK_EQ("length", out.len, !fine ? 0 : attr_char ? 8 : 10);
        if (fine && attr_char)
            CHECK_EQ("as it is", buf[7], octet);
        if (fine && !attr_char) {
            (void)snprintf(want, sizeof(want), "%%%02X", octet);
            CHECK_SPAN("coded", ((csn_span){ buf + 7, 3 }), check_text(want));
        }
    }
}

static void
test_prefixes(void **state)
{
    static const csn_span whole = CSN_LIT("UTF-8'en'%E2%82%AC%C2%A3");
    /* Lengths at which a character ends, the empty value first. */
    static const size_t good[] = { 9, 18, 24 };

    (void)state;
    for (size_t len = 0; len <= whole.len; len++) {
        csn_span exact = check_exact((csn_span){ whole.ptr, len });
        uint8_t buf[32];
        csn_writer out = csn_writer_init(buf, sizeof(buf));
        bool want = false;

        for (size_t i = 0; i < COUNT_OF(good); i++)
            want = want || good[i] == len;
        CHECK_EQ("prefix", csn_ext_value_decode(exact, &out) == CSN_OK, want);
        check_drop(exact);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        { "A-59 all octets, as they are and coded", test_octets, NULL, NULL,
            NULL },
        { "A-59 every prefix", test_prefixes, NULL, NULL, NULL },
        { "C-37 C-39 every octet written", test_write_octets, NULL, NULL,
            NULL },
    };

    return CHECK_ROWS("rows", rows, test_row) +
        CHECK_ROWS("write", write_rows, test_write) +
        cmocka_run_group_tests_name("ext-value", tests, NULL, NULL);
}
