// SPDX-License-Identifier: MIT

/* Addresses as forwarded fields name them. */

#include "check.h"

#include "settings/address.h"

static const struct {
    const char *name;
    csn_span node;
    const char *want; /* NULL: no address */
} cases[] = {
    { "v4", CSN_LIT("192.0.2.1"), "192.0.2.1" },
    { "v4 with a port", CSN_LIT("192.0.2.1:8080"), "192.0.2.1" },
    { "v4 with a hidden port", CSN_LIT("192.0.2.1:_a.b-c"), "192.0.2.1" },
    { "v6", CSN_LIT("2001:db8::1"), "2001:db8::1" },
    { "v6 in brackets", CSN_LIT("[2001:db8::1]"), "2001:db8::1" },
    { "v6 with a port", CSN_LIT("[2001:db8::1]:65535"), "2001:db8::1" },
    { "v6 with a hidden port", CSN_LIT("[::1]:_x"), "::1" },
    { "mapped", CSN_LIT("::ffff:192.0.2.1"), "192.0.2.1" },
    { "mapped in brackets", CSN_LIT("[::ffff:192.0.2.1]"), "192.0.2.1" },
    { "longest", CSN_LIT("[2001:0db8:1111:2222:3333:4444:255.255.255.255]:12"),
        "2001:db8:1111:2222:3333:4444:ffff:ffff" },
    { "empty", CSN_LIT(""), NULL },
    { "unknown", CSN_LIT("unknown"), NULL },
    { "hidden", CSN_LIT("_gazonk"), NULL },
    { "name", CSN_LIT("localhost"), NULL },
    { "v4 in brackets", CSN_LIT("[192.0.2.1]"), NULL },
    { "three numbers", CSN_LIT("192.0.2"), NULL },
    { "number too large", CSN_LIT("192.0.2.256"), NULL },
    { "blank before", CSN_LIT(" 192.0.2.1"), NULL },
    { "blank behind", CSN_LIT("192.0.2.1 "), NULL },
    { "zero behind", CSN_LIT("192.0.2.1\0"), NULL },
    { "zero and more behind", CSN_LIT("192.0.2.1\0.example"), NULL },
    { "zero in brackets", CSN_LIT("[::1\0]"), NULL },
    { "no port", CSN_LIT("192.0.2.1:"), NULL },
    { "port of letters", CSN_LIT("192.0.2.1:http"), NULL },
    { "port of six digits", CSN_LIT("192.0.2.1:123456"), NULL },
    { "empty hidden port", CSN_LIT("192.0.2.1:_"), NULL },
    { "hidden port with a sign", CSN_LIT("192.0.2.1:_a/b"), NULL },
    { "text behind brackets", CSN_LIT("[::1]x"), NULL },
    { "dot behind brackets", CSN_LIT("[::1].5"), NULL },
    { "no closing bracket", CSN_LIT("[::1"), NULL },
    { "bracket alone", CSN_LIT("["), NULL },
    { "empty brackets", CSN_LIT("[]"), NULL },
    { "closing bracket alone", CSN_LIT("::1]"), NULL },
    { "two brackets", CSN_LIT("[[::1]]"), NULL },
    { "zone", CSN_LIT("[fe80::1%eth0]"), NULL },
    { "high octet", CSN_LIT("192.0.2.\xb1"), NULL },
    { "far too long",
        CSN_LIT("11111111111111111111111111111111111111111111111111.1"),
        NULL },
};

static void
test_node(void **state)
{
    const char *name = *(const char *const *)*state;
    size_t i = 0;
    uint8_t octets[16];
    uint8_t before[16];
    char text[64];
    csn_span node;
    bool got;

    while (strcmp(cases[i].name, name) != 0)
        i++;
    memset(octets, 0xa5, sizeof(octets));
    memcpy(before, octets, sizeof(before));
    node = check_exact(cases[i].node);
    got = csn_gw_node_parse(node, octets);
    check_drop(node);
    CHECK_EQ(name, got, cases[i].want != NULL);
    if (got) {
        csn_gw_octets_print(octets, text);
        assert_string_equal(text, cases[i].want);
    } else {
        assert_memory_equal(octets, before, sizeof(octets));
    }
}

int
main(void)
{
    return CHECK_ROWS("gateway_node", cases, test_node);
}
