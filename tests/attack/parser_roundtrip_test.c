// SPDX-License-Identifier: MIT
#include "check.h"

#include <countersign/digest.h>

/*
 * parse(write(v)) = v for every parameter that is written from text, with
 * every octet at its start, middle and end, and with every text of quotes and
 * backslashes; what would end a line, or the field, is refused and nothing is
 * written.
 */

enum { ROOM = 3 * CSN_MAX_FIELD, LONGEST_MIX = 6 };

typedef enum text {
    CHALLENGE_REALM,
    CHALLENGE_NONCE,
    CHALLENGE_OPAQUE,
    CHALLENGE_DOMAIN,
    CREDENTIALS_USERNAME,
    CREDENTIALS_USERNAME_EXT,
    CREDENTIALS_REALM,
    CREDENTIALS_NONCE,
    CREDENTIALS_URI,
    CREDENTIALS_CNONCE,
    CREDENTIALS_OPAQUE,
    INFO_NEXTNONCE,
    INFO_CNONCE
} text;

#define DIGITS "00112233445566778899aabbccddeeff"

static const struct row {
    const char *name;
    text what;
    size_t limit;
} rows[] = {
    { "A-30 realm of a challenge", CHALLENGE_REALM, CSN_MAX_VALUE },
    { "A-30 nonce of a challenge", CHALLENGE_NONCE, CSN_MAX_NONCE },
    { "A-30 opaque of a challenge", CHALLENGE_OPAQUE, CSN_MAX_VALUE },
    { "A-30 domain of a challenge", CHALLENGE_DOMAIN, CSN_MAX_VALUE },
    { "A-30 username", CREDENTIALS_USERNAME, CSN_MAX_USER },
    { "A-30 username*", CREDENTIALS_USERNAME_EXT, CSN_MAX_USER },
    { "A-30 realm of credentials", CREDENTIALS_REALM, CSN_MAX_VALUE },
    { "A-30 nonce of credentials", CREDENTIALS_NONCE, CSN_MAX_NONCE },
    { "A-30 uri", CREDENTIALS_URI, CSN_MAX_VALUE },
    { "A-30 cnonce of credentials", CREDENTIALS_CNONCE, CSN_MAX_CNONCE },
    { "A-30 opaque of credentials", CREDENTIALS_OPAQUE, CSN_MAX_VALUE },
    { "A-30 nextnonce", INFO_NEXTNONCE, CSN_MAX_NONCE },
    { "A-30 cnonce of an Info field", INFO_CNONCE, CSN_MAX_CNONCE },
};

static csn_status
write_challenge(text what, csn_span v, csn_writer *out)
{
    const csn_span x = CSN_SPAN("x");
    csn_digest_challenge_out c = { .realm = x,
        .nonce = x,
        .opaque = x,
        .domain = x,
        .algorithm = CSN_ALG_SHA_256,
        .qops = CSN_QOP_AUTH };

    *(what == CHALLENGE_REALM          ? &c.realm
            : what == CHALLENGE_NONCE  ? &c.nonce
            : what == CHALLENGE_OPAQUE ? &c.opaque
                                       : &c.domain) = v;
    return csn_digest_challenge_write(out, &c);
}

static csn_status
write_credentials(text what, csn_span v, csn_writer *out)
{
    const csn_span x = CSN_SPAN("x");
    csn_digest_credentials_out c = { .username = x,
        .realm = x,
        .nonce = x,
        .uri = x,
        .response_hex = CSN_SPAN(DIGITS),
        .cnonce = x,
        .opaque = x,
        .qop = CSN_QOP_AUTH,
        .count = 1,
        .has_opaque = true,
        .extended = what == CREDENTIALS_USERNAME_EXT };

    *(what == CREDENTIALS_USERNAME || what == CREDENTIALS_USERNAME_EXT
            ? &c.username
            : what == CREDENTIALS_REALM  ? &c.realm
            : what == CREDENTIALS_NONCE  ? &c.nonce
            : what == CREDENTIALS_URI    ? &c.uri
            : what == CREDENTIALS_CNONCE ? &c.cnonce
                                         : &c.opaque) = v;
    return csn_digest_credentials_write(out, &c);
}

static csn_status
write_text(text what, csn_span v, csn_writer *out)
{
    csn_digest_info_out info = { .rspauth_hex = CSN_SPAN(DIGITS),
        .cnonce = CSN_SPAN("x"),
        .nextnonce = CSN_SPAN("x"),
        .nc = CSN_SPAN("00000001"),
        .qop = CSN_SPAN("auth") };

    if (what <= CHALLENGE_DOMAIN)
        return write_challenge(what, v, out);
    if (what <= CREDENTIALS_OPAQUE)
        return write_credentials(what, v, out);
    *(what == INFO_NEXTNONCE ? &info.nextnonce : &info.cnonce) = v;
    return csn_digest_info_write(out, &info);
}

static csn_value
pick_challenge(text what, const csn_digest_challenge *c)
{
    return what == CHALLENGE_REALM ? c->realm
        : what == CHALLENGE_NONCE  ? c->nonce
        : what == CHALLENGE_OPAQUE ? c->opaque
                                   : c->domain;
}

static csn_value
pick_credentials(text what, const csn_digest_credentials *c)
{
    return what == CREDENTIALS_USERNAME    ? c->username
        : what == CREDENTIALS_USERNAME_EXT ? c->username_ext
        : what == CREDENTIALS_REALM        ? c->realm
        : what == CREDENTIALS_NONCE        ? c->nonce
        : what == CREDENTIALS_URI          ? c->uri
        : what == CREDENTIALS_CNONCE       ? c->cnonce
                                           : c->opaque;
}

static csn_value
read_text(text what, csn_span line)
{
    csn_field_cursor cursor;
    csn_field_event event;
    csn_digest_challenge challenge;
    csn_digest_credentials credentials;
    csn_digest_info info;

    if (what >= INFO_NEXTNONCE) {
        assert_int_equal(csn_field_begin(&cursor, CSN_FIELD_INFO, &line, 1),
            CSN_OK);
        assert_int_equal(csn_digest_info_read(&cursor, &info), CSN_OK);
        return what == INFO_NEXTNONCE ? info.nextnonce : info.cnonce;
    }
    assert_int_equal(csn_field_begin(&cursor,
                         what <= CHALLENGE_DOMAIN ? CSN_FIELD_CHALLENGES
                                                  : CSN_FIELD_CREDENTIALS,
                         &line, 1),
        CSN_OK);
    assert_int_equal(csn_field_next(&cursor, &event), CSN_OK);
    if (what <= CHALLENGE_DOMAIN) {
        assert_int_equal(csn_digest_challenge_read(&cursor, &challenge),
            CSN_OK);
        return pick_challenge(what, &challenge);
    }
    assert_int_equal(csn_digest_credentials_read(&cursor, &credentials),
        CSN_OK);
    return pick_credentials(what, &credentials);
}

static void
check_back(const struct row *row, csn_span want, csn_span line)
{
    static uint8_t plain[ROOM];
    csn_span exact = check_exact(line);
    csn_value value = read_text(row->what, exact);
    csn_writer out = csn_writer_init(plain, sizeof(plain));

    if (row->what == CREDENTIALS_USERNAME_EXT) {
        assert_false(value.quoted);
        assert_int_equal(csn_ext_value_decode(value.text, &out), CSN_OK);
    } else {
        csn_value_unescape(&value, &out);
    }
    CHECK_SPAN(row->name, csn_writer_span(&out), want);
    check_drop(exact);
}

/* Write `v`; when that is refused nothing may stand there. */
static void
check_value(const struct row *row, csn_span v, bool refused)
{
    static uint8_t buf[ROOM];
    csn_span exact = check_exact(v);
    csn_writer out = csn_writer_init(buf, sizeof(buf));
    csn_status status = write_text(row->what, exact, &out);

    CHECK_EQ(row->name, status, refused ? CSN_E_SYNTAX : CSN_OK);
    if (refused)
        assert_int_equal(out.len, 0);
    else
        check_back(row, v, csn_writer_span(&out));
    assert_null(memchr(buf, '\r', out.len));
    assert_null(memchr(buf, '\n', out.len));
    assert_null(memchr(buf, '\0', out.len));
    check_drop(exact);
}

/* RFC 9110, 5.6.4; username* has UTF-8 without any control characters. */
static bool
is_refused(text what, uint8_t octet)
{
    if (what == CREDENTIALS_USERNAME_EXT)
        return octet < ' ' || octet >= 0x7f;
    return (octet < ' ' && octet != '\t') || octet == 0x7f;
}

static void
check_octets(void **state)
{
    const struct row *row = *state;

    for (unsigned octet = 0; octet < 256; octet++) {
        for (size_t at = 0; at < 3; at++) {
            uint8_t v[3] = { 'a', 'b', 'c' };

            v[at] = (uint8_t)octet;
            check_value(row, (csn_span){ v, 3 }, is_refused(row->what, v[at]));
        }
    }
}

/* Every text of up to six of these, CR, LF and NUL among them. */
static void
check_mixes(void **state)
{
    static const uint8_t octets[] = { '"', '\\', ',', 'a', '\r', '\n', '\0' };
    const struct row *row = *state;
    size_t texts = 1;

    for (size_t len = 1; len <= LONGEST_MIX; len++) {
        texts *= COUNT_OF(octets);
        for (size_t i = 0; i < texts; i++) {
            uint8_t v[LONGEST_MIX];
            size_t rest = i;
            bool refused = false;

            for (size_t k = 0; k < len; k++) {
                v[k] = octets[rest % COUNT_OF(octets)];
                refused = refused || is_refused(row->what, v[k]);
                rest /= COUNT_OF(octets);
            }
            check_value(row, (csn_span){ v, len }, refused);
        }
    }
}

/* As long as a value may be, and as long as one with escapes can be. */
static void
check_long(void **state)
{
    static uint8_t v[CSN_MAX_VALUE];
    const struct row *row = *state;
    size_t escaped = row->limit < CSN_MAX_VALUE ? row->limit : 3900;

    memset(v, 'a', row->limit);
    check_value(row, (csn_span){ v, row->limit }, false);
    memset(v, '"', escaped);
    check_value(row, (csn_span){ v, escaped }, false);
    v[escaped - 1] = '\\';
    check_value(row, (csn_span){ v, escaped }, false);
    v[escaped - 1] = '\n';
    check_value(row, (csn_span){ v, escaped }, true);
}

int
main(void)
{
    return CHECK_ROWS("parse(write(v)) = v, octets", rows, check_octets) +
        CHECK_ROWS("parse(write(v)) = v, CR, LF, NUL refused", rows,
            check_mixes) +
        CHECK_ROWS("parse(write(v)) = v, long", rows, check_long);
}
