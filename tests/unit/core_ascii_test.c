// SPDX-License-Identifier: MIT
#include "check.h"

#include "core/ascii.h"
#include "core/bytes.h"

static const char tchars[] =
    "!#$%&'*+-.^_`|~0123456789"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
static const char token68s[] =
    "-._~+/0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

static bool
is_in(const char *list, unsigned octet)
{
    return octet != 0 && strchr(list, (int)octet) != NULL;
}

/* Against the alphabets as the RFC writes them. */
static void
test_classes(void **state)
{
    (void)state;
    for (unsigned o = 0; o < 256; o++) {
        uint8_t octet = (uint8_t)o;
        bool visible = o >= 0x20 && o != 0x7f;

        CHECK_EQ("tchar", csn_ascii_is(octet, CSN_CLASS_TCHAR),
            is_in(tchars, o));
        CHECK_EQ("token68", csn_ascii_is(octet, CSN_CLASS_TOKEN68),
            is_in(token68s, o));
        CHECK_EQ("qdtext", csn_ascii_is(octet, CSN_CLASS_QDTEXT),
            (visible && !is_in("\"\\", o)) || o == '\t');
        CHECK_EQ("quoted-pair", csn_ascii_is(octet, CSN_CLASS_QPAIR),
            visible || o == '\t');
        CHECK_EQ("blank", csn_ascii_is(octet, CSN_CLASS_BLANK),
            o == ' ' || o == '\t');
        CHECK_EQ("control", csn_ascii_is(octet, CSN_CLASS_CONTROL),
            o < 0x20 || o == 0x7f);
    }
}

static void
test_lower(void **state)
{
    static const char upper[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    static const char lower[] = "abcdefghijklmnopqrstuvwxyz";

    (void)state;
    for (unsigned o = 0; o < 256; o++) {
        const char *at = o ? strchr(upper, (int)o) : NULL;

        CHECK_EQ("lower", csn_ascii_lower((uint8_t)o),
            at ? (unsigned)lower[at - upper] : o);
    }
}

static void
test_be(void **state)
{
    static const uint8_t want[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };

    (void)state;
    for (size_t size = 1; size <= 8; size++) {
        uint8_t out[9];
        uint64_t value = UINT64_C(0x0102030405060708) >> (64 - 8 * size);

        memset(out, 0xa5, sizeof(out));
        csn_put_be(out, value, size);
        CHECK_EQ("put", memcmp(out, want, size), 0);
        CHECK_EQ("behind", out[size], 0xa5);
        CHECK_EQ("get", csn_get_be(out, size) == value, true);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        { "A-11, A-15, A-33 all octets in their classes", test_classes, NULL,
            NULL, NULL },
        { "A-07, A-08 case of all octets", test_lower, NULL, NULL, NULL },
        { "numbers of one to eight octets", test_be, NULL, NULL, NULL },
    };

    return cmocka_run_group_tests_name("ascii", tests, NULL, NULL);
}
