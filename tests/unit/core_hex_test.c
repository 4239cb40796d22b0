// SPDX-License-Identifier: MIT
#include "check.h"

#include "core/hex.h"

static const struct row {
    const char *name;
    csn_span text;
    size_t size;
    csn_status status;
    csn_span octets;
} rows[] = {
    { "A-52 all digits, lower case", CSN_LIT("0123456789abcdef"), 8, CSN_OK,
        CSN_LIT("\x01\x23\x45\x67\x89\xab\xcd\xef") },
    { "A-52 upper case", CSN_LIT("0123456789ABCDEF"), 8, CSN_OK,
        CSN_LIT("\x01\x23\x45\x67\x89\xab\xcd\xef") },
    { "A-52 mixed case, seven octets", CSN_LIT("fFeEdDcCbBaA90"), 7, CSN_OK,
        CSN_LIT("\xff\xee\xdd\xcc\xbb\xaa\x90") },
    { "one octet", CSN_LIT("5a"), 1, CSN_OK, CSN_LIT("\x5a") },
    { "two octets", CSN_LIT("5aa5"), 2, CSN_OK, CSN_LIT("\x5a\xa5") },
    { "three octets", CSN_LIT("5aa501"), 3, CSN_OK, CSN_LIT("\x5a\xa5\x01") },
    { "four octets", CSN_LIT("ffff0001"), 4, CSN_OK,
        CSN_LIT("\xff\xff\x00\x01") },
    { "five octets", CSN_LIT("123456789a"), 5, CSN_OK,
        CSN_LIT("\x12\x34\x56\x78\x9a") },
    { "no octets", CSN_LIT(""), 0, CSN_OK, CSN_LIT("") },
    { "A-52 one digit short", CSN_LIT("123"), 2, CSN_E_LENGTH, CSN_LIT("") },
    { "A-52 one digit long", CSN_LIT("12345"), 2, CSN_E_LENGTH, CSN_LIT("") },
    { "A-52 two digits short", CSN_LIT("12"), 2, CSN_E_LENGTH, CSN_LIT("") },
    { "A-52 empty", CSN_LIT(""), 2, CSN_E_LENGTH, CSN_LIT("") },
    { "A-52 0x", CSN_LIT("0x12"), 2, CSN_E_SYNTAX, CSN_LIT("") },
    { "A-52 wrong only at the end", CSN_LIT("0123456789abcdeg"), 8,
        CSN_E_SYNTAX, CSN_LIT("") },
    { "A-52 wrong only at the start", CSN_LIT("g123456789abcdef"), 8,
        CSN_E_SYNTAX, CSN_LIT("") },
};

static void
test_row(void **state)
{
    const struct row *row = *state;
    csn_span exact = check_exact(row->text);
    uint8_t *out = malloc(row->size + 1);
    uint8_t filler[16];

    memset(filler, 0xa5, sizeof(filler));
    memcpy(out, filler, row->size + 1);
    CHECK_EQ(row->name, csn_hex_decode(exact, out, row->size), row->status);
    if (row->status == CSN_OK)
        CHECK_SPAN(row->name, ((csn_span){ out, row->size }), row->octets);
    else
        CHECK_EQ(row->name, memcmp(out, filler, row->size), 0);
    CHECK_EQ(row->name, out[row->size], 0xa5);
    free(out);
    check_drop(exact);
}

static bool
is_digit(unsigned octet)
{
    return octet != 0 && strchr("0123456789abcdefABCDEF", (int)octet) != NULL;
}

/* Each octet at each place of a text longer than two words. */
static void
test_octets(void **state)
{
    enum { DIGITS = 22 };

    (void)state;
    for (size_t len = 1; len <= DIGITS; len++) {
        for (size_t at = 0; at < len; at++) {
            for (unsigned octet = 0; octet < 256; octet++) {
                uint8_t text[DIGITS], out[DIGITS / 2];
                csn_span exact;

                memset(text, '7', sizeof(text));
                text[at] = (uint8_t)octet;
                exact = check_exact((csn_span){ text, len });
                CHECK_EQ("is hex", csn_is_hex(exact), is_digit(octet));
                if (len % 2 == 0)
                    CHECK_EQ("decode",
                        csn_hex_decode(exact, out, len / 2) == CSN_OK,
                        is_digit(octet));
                check_drop(exact);
            }
        }
    }
    CHECK_EQ("empty", csn_is_hex((csn_span){ NULL, 0 }), true);
}

/* Every octet at every place comes back, and is written in lower case. */
static void
test_round_trip(void **state)
{
    (void)state;
    for (unsigned octet = 0; octet < 256; octet++) {
        for (size_t at = 0; at < 9; at++) {
            uint8_t octets[9] = { 0 }, back[9], text[18];
            char want[3];

            octets[at] = (uint8_t)octet;
            csn_hex_encode(octets, sizeof(octets), text);
            (void)snprintf(want, sizeof(want), "%02x", octet);
            CHECK_SPAN("A-53", ((csn_span){ text + 2 * at, 2 }),
                check_text(want));
            CHECK_EQ("back",
                csn_hex_decode((csn_span){ text, sizeof(text) }, back,
                    sizeof(back)),
                CSN_OK);
            CHECK_EQ("back", memcmp(back, octets, sizeof(back)), 0);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        { "A-52 all octets at every place", test_octets, NULL, NULL, NULL },
        { "A-53 hex is written in lower case and reads back", test_round_trip,
            NULL, NULL, NULL },
    };

    return CHECK_ROWS("hex", rows, test_row) +
        cmocka_run_group_tests_name("octets", tests, NULL, NULL);
}
