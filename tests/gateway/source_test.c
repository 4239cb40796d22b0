// SPDX-License-Identifier: MIT

/* Whose address counts behind a load balancer. 10.0.0.0/8 and fd00::/8 are
 * trusted; the connection comes from `peer`. */

#include "check.h"

#include "settings/address.h"
#include "source.h"

#define FWD CSN_GW_SOURCE_FORWARDED
#define XFF CSN_GW_SOURCE_X_FORWARDED_FOR
#define TEN "10.0.0.1,10.0.0.1,10.0.0.1,10.0.0.1,10.0.0.1,"
#define FIVE                                                                  \
    "for=10.0.0.1,for=10.0.0.1,for=10.0.0.1,for=10.0.0.1,for=10.0.0.1,"

typedef struct row {
    const char *name;
    csn_gw_source_way way;
    const char *peer;
    const char *lines[3];
    csn_gw_from from;
    const char *want;
} row;

static const row cases[] = {
    /* strangers */
    { "H-09 a stranger", XFF, "192.0.2.9", { NULL }, CSN_GW_FROM_PEER,
        "192.0.2.9" },
    { "H-09 a stranger who forges X-Forwarded-For", XFF, "192.0.2.9",
        { "198.51.100.1" }, CSN_GW_FROM_IGNORED, "192.0.2.9" },
    { "H-09 a stranger who forges Forwarded", FWD, "192.0.2.9",
        { "for=198.51.100.1" }, CSN_GW_FROM_IGNORED, "192.0.2.9" },
    { "H-09 a stranger who names a trusted address", XFF, "192.0.2.9",
        { "198.51.100.1, 10.0.0.1" }, CSN_GW_FROM_IGNORED, "192.0.2.9" },

    /* X-Forwarded-For */
    { "x: one hop", XFF, "10.0.0.1", { "192.0.2.1" }, CSN_GW_FROM_CARRIED,
        "192.0.2.1" },
    { "x: with a port", XFF, "10.0.0.1", { "192.0.2.1:4711" },
        CSN_GW_FROM_CARRIED, "192.0.2.1" },
    { "x: v6", XFF, "fd00::1", { "2001:db8::7" }, CSN_GW_FROM_CARRIED,
        "2001:db8::7" },
    { "x: the right-most untrusted one counts", XFF, "10.0.0.1",
        { "198.51.100.1, 192.0.2.1" }, CSN_GW_FROM_CARRIED, "192.0.2.1" },
    { "x: trusted hops are stepped over", XFF, "10.0.0.1",
        { "198.51.100.1, 192.0.2.1, fd00::5, 10.1.1.1" }, CSN_GW_FROM_CARRIED,
        "192.0.2.1" },
    { "x: all are trusted", XFF, "10.0.0.1", { "10.0.0.3, 10.0.0.2" },
        CSN_GW_FROM_CARRIED, "10.0.0.3" },
    { "x: lines are one list, the last one last", XFF, "10.0.0.1",
        { "198.51.100.1", "192.0.2.1", "10.0.0.2" }, CSN_GW_FROM_CARRIED,
        "192.0.2.1" },
    { "x: garbage left of the client is never reached", XFF, "10.0.0.1",
        { "\"<script>, 1.2.3.4.5, 192.0.2.1" }, CSN_GW_FROM_CARRIED,
        "192.0.2.1" },
    { "x: garbage in a line before it neither", XFF, "10.0.0.1",
        { "\x01\xff", "192.0.2.1" }, CSN_GW_FROM_CARRIED, "192.0.2.1" },
    { "x: blanks and empty hops", XFF, "10.0.0.1", { " ,\t192.0.2.1\t, ,, " },
        CSN_GW_FROM_CARRIED, "192.0.2.1" },
    { "x: no field", XFF, "10.0.0.1", { NULL }, CSN_GW_FROM_UNUSABLE,
        "10.0.0.1" },
    { "x: empty", XFF, "10.0.0.1", { "" }, CSN_GW_FROM_UNUSABLE, "10.0.0.1" },
    { "x: commas alone", XFF, "10.0.0.1", { ",,," }, CSN_GW_FROM_UNUSABLE,
        "10.0.0.1" },
    { "x: no address", XFF, "10.0.0.1", { "192.0.2.1, unknown" },
        CSN_GW_FROM_UNUSABLE, "10.0.0.1" },
    { "x: no address behind a trusted one", XFF, "10.0.0.1",
        { "unknown, 10.0.0.2" }, CSN_GW_FROM_UNUSABLE, "10.0.0.1" },
    { "x: Forwarded is not read", XFF, "10.0.0.1", { "for=192.0.2.1" },
        CSN_GW_FROM_UNUSABLE, "10.0.0.1" },
    { "x: sixteen trusted hops", XFF, "10.0.0.1", { TEN TEN TEN "10.0.0.9" },
        CSN_GW_FROM_CARRIED, "10.0.0.1" },
    { "x: and a client before fifteen", XFF, "10.0.0.1",
        { "192.0.2.1," TEN TEN TEN }, CSN_GW_FROM_CARRIED, "192.0.2.1" },
    { "x: seventeen hops", XFF, "10.0.0.1",
        { "192.0.2.1," TEN TEN TEN "10.0.0.9" }, CSN_GW_FROM_UNUSABLE,
        "10.0.0.1" },

    /* Forwarded */
    { "f: one hop", FWD, "10.0.0.1", { "for=192.0.2.1" }, CSN_GW_FROM_CARRIED,
        "192.0.2.1" },
    { "f: the name in any case", FWD, "10.0.0.1", { "FoR=192.0.2.1" },
        CSN_GW_FROM_CARRIED, "192.0.2.1" },
    { "f: quoted, with a port", FWD, "10.0.0.1",
        { "for=\"[2001:db8:cafe::17]:4711\"" }, CSN_GW_FROM_CARRIED,
        "2001:db8:cafe::17" },
    { "f: among other pairs", FWD, "10.0.0.1",
        { "by=10.0.0.1;for=192.0.2.1;host=\"a,b;for=1.2.3.4\";proto=https" },
        CSN_GW_FROM_CARRIED, "192.0.2.1" },
    { "f: blanks around semicolons", FWD, "10.0.0.1",
        { " proto=http ; for=192.0.2.1 , for=10.0.0.2 ;; " },
        CSN_GW_FROM_CARRIED, "192.0.2.1" },
    { "f: the right-most untrusted one counts", FWD, "10.0.0.1",
        { "for=198.51.100.1, for=192.0.2.1, for=10.0.0.2" },
        CSN_GW_FROM_CARRIED, "192.0.2.1" },
    { "f: an escaped quotation mark does not end the text", FWD, "10.0.0.1",
        { "for=192.0.2.1;x=\"a\\\", for=198.51.100.1, y=\\\\\"" },
        CSN_GW_FROM_CARRIED, "192.0.2.1" },
    { "f: an open quotation mark in a line before it", FWD, "10.0.0.1",
        { "for=\"", "for=192.0.2.1" }, CSN_GW_FROM_CARRIED, "192.0.2.1" },
    { "f: empty elements", FWD, "10.0.0.1", { ",, for=192.0.2.1, ," },
        CSN_GW_FROM_CARRIED, "192.0.2.1" },
    { "f: an open quotation mark in the same line", FWD, "10.0.0.1",
        { "for=\", for=192.0.2.1" }, CSN_GW_FROM_UNUSABLE, "10.0.0.1" },
    { "f: one that the balancer's own closes", FWD, "10.0.0.1",
        { "for=198.51.100.1;x=\", for=\"[2001:db8::1]\"" },
        CSN_GW_FROM_UNUSABLE, "10.0.0.1" },
    { "f: a backslash at the end", FWD, "10.0.0.1", { "for=\"a\\" },
        CSN_GW_FROM_UNUSABLE, "10.0.0.1" },
    { "f: a quotation mark open at the end", FWD, "10.0.0.1",
        { "for=\"192.0.2.1" }, CSN_GW_FROM_UNUSABLE, "10.0.0.1" },
    { "f: no value beside it", FWD, "10.0.0.1", { "by=;for=192.0.2.1" },
        CSN_GW_FROM_UNUSABLE, "10.0.0.1" },
    { "f: pairs with a blank between", FWD, "10.0.0.1",
        { "for=192.0.2.1 for=10.0.0.2" }, CSN_GW_FROM_UNUSABLE, "10.0.0.1" },
    { "f: for twice", FWD, "10.0.0.1", { "for=192.0.2.1;for=192.0.2.2" },
        CSN_GW_FROM_UNUSABLE, "10.0.0.1" },
    { "f: without for", FWD, "10.0.0.1",
        { "for=192.0.2.1, by=10.0.0.1;proto=https" }, CSN_GW_FROM_UNUSABLE,
        "10.0.0.1" },
    { "f: unknown", FWD, "10.0.0.1", { "for=unknown" }, CSN_GW_FROM_UNUSABLE,
        "10.0.0.1" },
    { "f: hidden", FWD, "10.0.0.1", { "for=_SEVKISEK" }, CSN_GW_FROM_UNUSABLE,
        "10.0.0.1" },
    { "f: no value", FWD, "10.0.0.1", { "for=" }, CSN_GW_FROM_UNUSABLE,
        "10.0.0.1" },
    { "f: no equals sign", FWD, "10.0.0.1", { "for 192.0.2.1" },
        CSN_GW_FROM_UNUSABLE, "10.0.0.1" },
    { "f: blank before the equals sign", FWD, "10.0.0.1", { "for =192.0.2.1" },
        CSN_GW_FROM_UNUSABLE, "10.0.0.1" },
    { "f: two values", FWD, "10.0.0.1", { "for=192.0.2.1 192.0.2.2" },
        CSN_GW_FROM_UNUSABLE, "10.0.0.1" },
    { "f: text behind quotation marks", FWD, "10.0.0.1",
        { "for=\"192.0.2.1\"x" }, CSN_GW_FROM_UNUSABLE, "10.0.0.1" },
    { "f: a name that is none", FWD, "10.0.0.1", { "@=x;for=192.0.2.1" },
        CSN_GW_FROM_UNUSABLE, "10.0.0.1" },
    { "f: X-Forwarded-For is not read", FWD, "10.0.0.1", { "192.0.2.1" },
        CSN_GW_FROM_UNUSABLE, "10.0.0.1" },
    { "f: semicolons alone", FWD, "10.0.0.1", { ";;" }, CSN_GW_FROM_UNUSABLE,
        "10.0.0.1" },
    { "f: sixteen trusted hops", FWD, "10.0.0.1",
        { FIVE FIVE FIVE "for=10.0.0.9" }, CSN_GW_FROM_CARRIED, "10.0.0.1" },
    { "f: seventeen hops", FWD, "10.0.0.1",
        { "for=192.0.2.1," FIVE FIVE FIVE "for=10.0.0.9" },
        CSN_GW_FROM_UNUSABLE, "10.0.0.1" },
};

static csn_gw_settings
settings_of(csn_gw_source_way way)
{
    csn_gw_settings settings;
    csn_gw_error error = { "" };

    csn_gw_settings_init(&settings);
    settings.source = way;
    assert_true(
        csn_gw_settings_set(&settings, "trust-source", "10.0.0.0/8", &error));
    assert_true(
        csn_gw_settings_set(&settings, "trust-source", "fd00::/8", &error));
    return settings;
}

static void
test_source(void **state)
{
    const row *here = *state;
    csn_gw_settings settings = settings_of(here->way);
    csn_span lines[3];
    uint8_t address[16];
    char text[64];
    size_t count = 0;

    assert_true(csn_gw_node_parse(check_text(here->peer), address));
    while (count < COUNT_OF(lines) && here->lines[count] != NULL) {
        lines[count] = check_exact(check_text(here->lines[count]));
        count++;
    }
    CHECK_EQ(here->name,
        csn_gw_source_follow(&settings, lines, count, address), here->from);
    csn_gw_octets_print(address, text);
    assert_string_equal(text, here->want);
    while (count > 0)
        check_drop(lines[--count]);
}

/* One line more than is looked at. */
static void
test_many_lines(void **state)
{
    csn_gw_settings settings = settings_of(XFF);
    csn_span lines[CSN_GW_MAX_HOPS + 1];
    uint8_t address[16];
    uint8_t peer[16];

    (void)state;
    assert_true(csn_gw_node_parse(CSN_SPAN("10.0.0.1"), peer));
    for (size_t i = 0; i < COUNT_OF(lines); i++)
        lines[i] = CSN_SPAN("192.0.2.1");
    memcpy(address, peer, sizeof(address));
    CHECK_EQ("sixteen",
        csn_gw_source_follow(&settings, lines, CSN_GW_MAX_HOPS, address),
        CSN_GW_FROM_CARRIED);
    memcpy(address, peer, sizeof(address));
    CHECK_EQ("seventeen",
        csn_gw_source_follow(&settings, lines, CSN_GW_MAX_HOPS + 1, address),
        CSN_GW_FROM_UNUSABLE);
    assert_memory_equal(address, peer, sizeof(peer));
}

int
main(void)
{
    const struct CMUnitTest more[] = {
        { "more lines than are looked at", test_many_lines, NULL, NULL, NULL },
    };
    int failed = CHECK_ROWS("gateway_source", cases, test_source);

    return failed +
        cmocka_run_group_tests_name("gateway_source_lines", more, NULL, NULL);
}
