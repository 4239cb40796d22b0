// SPDX-License-Identifier: MIT
#include "check.h"

#include <countersign/digest.h>

enum { UNTOUCHED = 0x5AFE }; /* what `count` must still hold after a failure */

static const struct row {
    const char *name;
    csn_span text;
    csn_status want;
    uint32_t count;
} rows[] = {
    { "A-51 first request", CSN_LIT("00000001"), CSN_OK, 1 },
    { "A-51 digits 0-7", CSN_LIT("01234567"), CSN_OK, 0x01234567 },
    { "A-51 digits 8-f", CSN_LIT("89abcdef"), CSN_OK, 0x89abcdef },
    { "A-51 upper case", CSN_LIT("89ABCDEF"), CSN_OK, 0x89abcdef },
    { "A-51 mixed case", CSN_LIT("aAbBcCdD"), CSN_OK, 0xaabbccdd },
    { "A-51 largest", CSN_LIT("ffffffff"), CSN_OK, UINT32_MAX },
    { "A-51 one high digit", CSN_LIT("10000000"), CSN_OK, 0x10000000 },
    { "D-05 zero", CSN_LIT("00000000"), CSN_E_RANGE, UNTOUCHED },
    { "A-51 empty", CSN_LIT(""), CSN_E_LENGTH, UNTOUCHED },
    { "A-51 a bare number", CSN_LIT("1"), CSN_E_LENGTH, UNTOUCHED },
    { "A-51 one short", CSN_LIT("0000001"), CSN_E_LENGTH, UNTOUCHED },
    { "A-51 one long", CSN_LIT("000000001"), CSN_E_LENGTH, UNTOUCHED },
    { "A-51 sixteen", CSN_LIT("0000000000000001"), CSN_E_LENGTH, UNTOUCHED },
    { "A-51 sign", CSN_LIT("+0000001"), CSN_E_SYNTAX, UNTOUCHED },
    { "A-51 minus", CSN_LIT("-0000001"), CSN_E_SYNTAX, UNTOUCHED },
    { "A-51 space", CSN_LIT(" 0000001"), CSN_E_SYNTAX, UNTOUCHED },
    { "A-51 space behind", CSN_LIT("0000001 "), CSN_E_SYNTAX, UNTOUCHED },
    { "A-51 0x", CSN_LIT("0x000001"), CSN_E_SYNTAX, UNTOUCHED },
    { "A-51 NUL last", CSN_LIT("0000000\0"), CSN_E_SYNTAX, UNTOUCHED },
    { "A-51 high octet", CSN_LIT("0000000\xe9"), CSN_E_SYNTAX, UNTOUCHED },
};

static void
test_row(void **state)
{
    const struct row *row = *state;
    uint32_t count = UNTOUCHED;
    csn_span exact = check_exact(row->text);

    CHECK_EQ(row->name, csn_nc_parse(exact, &count), row->want);
    CHECK_EQ(row->name, count, row->count);
    check_drop(exact);
}

static const struct written {
    const char *name;
    uint32_t count;
    csn_span want;
} written_rows[] = {
    { "A-69 one", 1, CSN_LIT("00000001") },
    { "A-53, A-69 lower case", 0xABCDEF09, CSN_LIT("abcdef09") },
    { "A-69 largest", UINT32_MAX, CSN_LIT("ffffffff") },
    { "A-69 ten", 10, CSN_LIT("0000000a") },
    { "A-69 each octet", 0x01020304, CSN_LIT("01020304") },
};

static void
test_written(void **state)
{
    const struct written *row = *state;
    uint8_t buf[8];
    uint32_t back = 0;
    csn_writer out = csn_writer_init(buf, sizeof(buf));

    csn_nc_write(&out, row->count);
    CHECK_EQ(row->name, out.overflow, false);
    CHECK_SPAN(row->name, csn_writer_span(&out), row->want);
    CHECK_EQ(row->name, csn_nc_parse(csn_writer_span(&out), &back), CSN_OK);
    CHECK_EQ(row->name, back, row->count);

    out = csn_writer_init(buf, sizeof(buf) - 1);
    csn_nc_write(&out, row->count);
    CHECK_EQ(row->name, out.overflow, true);
}

int
main(void)
{
    return CHECK_ROWS("parse", rows, test_row) +
        CHECK_ROWS("write", written_rows, test_written);
}
