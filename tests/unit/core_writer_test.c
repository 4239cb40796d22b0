// SPDX-License-Identifier: MIT
#include "check.h"

#include "core/writer.h"

/* What each call appends: an octet, text, hex. */
static void
write_all(csn_writer *out)
{
    static const uint8_t octets[2] = { 0x0f, 0xa0 };

    csn_write_byte(out, 'x');
    csn_write(out, CSN_SPAN("abc"));
    csn_write(out, CSN_SPAN(""));
    csn_write(out, (csn_span){ NULL, 0 });
    csn_write_hex(out, octets, sizeof(octets));
    csn_write_byte(out, 'y');
}

static void
test_every_size(void **state)
{
    static const csn_span want = CSN_LIT("xabc0fa0y");

    (void)state;
    for (size_t cap = 0; cap <= want.len + 1; cap++) {
        uint8_t *buf = malloc(cap + 1);
        csn_writer out;

        buf[cap] = 0xa5;
        out = csn_writer_init(buf, cap);
        write_all(&out);
        CHECK_EQ("overflow", out.overflow, cap < want.len);
        if (!out.overflow)
            CHECK_SPAN("text", csn_writer_span(&out), want);
        CHECK_EQ("nothing behind", buf[cap], 0xa5);
        CHECK_EQ("length", out.len <= cap, true);
        free(buf);
    }
}

/* After an overflow even what would fit is not written. */
static void
test_sticky(void **state)
{
    uint8_t buf[4] = { 0 };
    csn_writer out = csn_writer_init(buf, sizeof(buf));

    (void)state;
    csn_write(&out, CSN_SPAN("abcde"));
    CHECK_EQ("overflow", out.overflow, true);
    csn_write_byte(&out, 'x');
    csn_write(&out, CSN_SPAN("y"));
    csn_write(&out, CSN_SPAN(""));
    CHECK_EQ("still", out.overflow, true);
    CHECK_EQ("length", out.len, 0);
    CHECK_EQ("untouched", buf[0], 0);
}

/* A length that would overflow when doubled is too long, not short. */
static void
test_huge(void **state)
{
    uint8_t buf[4] = { 0 };
    csn_writer out = csn_writer_init(buf, sizeof(buf));

    (void)state;
    csn_write_hex(&out, buf, SIZE_MAX / 2 + 2);
    CHECK_EQ("hex", out.overflow, true);
    out = csn_writer_init(buf, sizeof(buf));
    csn_write(&out, (csn_span){ buf, SIZE_MAX });
    CHECK_EQ("text", out.overflow, true);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        { "H-24 into a buffer of every size", test_every_size, NULL, NULL,
            NULL },
        { "H-24 an overflow stays", test_sticky, NULL, NULL, NULL },
        { "H-24 lengths do not wrap around", test_huge, NULL, NULL, NULL },
    };

    return cmocka_run_group_tests_name("writer", tests, NULL, NULL);
}
