// SPDX-License-Identifier: MIT
#include "check.h"

#include "core/base64url.h"

/* RFC 4648, 10, without padding, and what its section 5 puts for + and /. */
static const struct row {
    const char *name;
    csn_span octets;
    csn_span text;
} rows[] = {
    { "nothing", CSN_LIT(""), CSN_LIT("") },
    { "one octet", CSN_LIT("f"), CSN_LIT("Zg") },
    { "two octets", CSN_LIT("fo"), CSN_LIT("Zm8") },
    { "three octets", CSN_LIT("foo"), CSN_LIT("Zm9v") },
    { "four octets", CSN_LIT("foob"), CSN_LIT("Zm9vYg") },
    { "five octets", CSN_LIT("fooba"), CSN_LIT("Zm9vYmE") },
    { "six octets", CSN_LIT("foobar"), CSN_LIT("Zm9vYmFy") },
    { "the two digits of its own", CSN_LIT("\xfb\xff\xbf"), CSN_LIT("-_-_") },
    { "all digits",
        CSN_LIT("\x00\x10\x83\x10\x51\x87\x20\x92\x8b\x30\xd3\x8f"
                "\x41\x14\x93\x51\x55\x97\x61\x96\x9b\x71\xd7\x9f"
                "\x82\x18\xa3\x92\x59\xa7\xa2\x9a\xab\xb2\xdb\xaf"
                "\xc3\x1c\xb3\xd3\x5d\xb7\xe3\x9e\xbb\xf3\xdf\xbf"),
        CSN_LIT("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                "0123456789-_") },
};

static void
test_row(void **state)
{
    const struct row *row = *state;
    csn_span octets = check_exact(row->octets);
    csn_span text = check_exact(row->text);
    uint8_t *out = malloc(row->text.len + 1);

    CHECK_EQ(row->name, CSN_BASE64URL_LEN(octets.len), text.len);
    csn_base64url_encode(octets.ptr, octets.len, out);
    CHECK_SPAN(row->name, ((csn_span){ out, text.len }), row->text);

    CHECK_EQ(row->name, csn_base64url_decode(text, out, octets.len), CSN_OK);
    CHECK_SPAN(row->name, ((csn_span){ out, octets.len }), row->octets);
    free(out);
    check_drop(octets);
    check_drop(text);
}

static const struct refusal {
    const char *name;
    csn_span text;
    size_t size;
    csn_status status;
} refusals[] = {
    { "a digit short", CSN_LIT("Zm9vYm"), 5, CSN_E_LENGTH },
    { "a digit long", CSN_LIT("Zm9vYmFy"), 5, CSN_E_LENGTH },
    { "padding", CSN_LIT("Zg=="), 1, CSN_E_LENGTH },
    { "padding in place of a digit", CSN_LIT("Zm8="), 3, CSN_E_SYNTAX },
    { "empty for one octet", CSN_LIT(""), 1, CSN_E_LENGTH },
    { "text for nothing", CSN_LIT("A"), 0, CSN_E_LENGTH },
    { "a bit too many behind one octet", CSN_LIT("Zh"), 1, CSN_E_SYNTAX },
    { "the highest bit behind one octet", CSN_LIT("Zo"), 1, CSN_E_SYNTAX },
    { "a bit too many behind two octets", CSN_LIT("Zm9"), 2, CSN_E_SYNTAX },
    { "the other bit behind two octets", CSN_LIT("Zm-"), 2, CSN_E_SYNTAX },
};

static void
test_refusal(void **state)
{
    const struct refusal *row = *state;
    csn_span exact = check_exact(row->text);
    uint8_t out[8], filler[8];

    memset(filler, 0xa5, sizeof(filler));
    memcpy(out, filler, sizeof(out));
    CHECK_EQ(row->name, csn_base64url_decode(exact, out, row->size),
        row->status);
    CHECK_EQ(row->name, memcmp(out, filler, sizeof(out)), 0);
    check_drop(exact);
}

/*
 * One text per value: of all texts of two, three and four digits exactly as
 * many decode as there are values of that size, and each encodes to itself.
 */
static void
test_one_text(void **state)
{
    static const struct {
        size_t digits, size;
        unsigned values;
    } sizes[] = { { 2, 1, 256 }, { 3, 2, 65536 } };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        unsigned decoded = 0;
        uint32_t end = (uint32_t)1 << (8 * sizes[i].digits);

        for (uint32_t n = 0; n < end; n++) {
            uint8_t text[3] = { (uint8_t)n, (uint8_t)(n >> 8),
                (uint8_t)(n >> 16) };
            uint8_t out[2], back[3];
            csn_span span = { text, sizes[i].digits };

            if (csn_base64url_decode(span, out, sizes[i].size) != CSN_OK)
                continue;
            decoded++;
            csn_base64url_encode(out, sizes[i].size, back);
            CHECK_SPAN("back", ((csn_span){ back, sizes[i].digits }), span);
        }
        CHECK_EQ("values", decoded, sizes[i].values);
    }
}

/* Each octet in each place of a group of four. */
static void
test_octets(void **state)
{
    (void)state;
    for (unsigned octet = 0; octet < 256; octet++) {
        for (size_t at = 0; at < 4; at++) {
            uint8_t text[4] = { 'A', 'A', 'A', 'A' }, out[3];
            bool digit = octet != 0 &&
                strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                       "0123456789-_",
                    (int)octet) != NULL;

            text[at] = (uint8_t)octet;
            CHECK_EQ("octet",
                csn_base64url_decode((csn_span){ text, 4 }, out, 3) == CSN_OK,
                digit);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        { "one text for one value", test_one_text, NULL, NULL, NULL },
        { "all octets in each place", test_octets, NULL, NULL, NULL },
    };

    return CHECK_ROWS("values", rows, test_row) +
        CHECK_ROWS("refusals", refusals, test_refusal) +
        cmocka_run_group_tests_name("texts", tests, NULL, NULL);
}
