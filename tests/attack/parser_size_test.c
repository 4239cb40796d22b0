// SPDX-License-Identifier: MIT
#include "check.h"

#include <countersign/digest.h>

/*
 * Every parameter of every field with a value from 1 octet to 64 KiB, as a
 * token, quoted, and with every octet escaped: taken up to its limit, refused
 * above it, and never more than that.
 */

enum { LARGEST = 1 << 16, ROOM = 2 * LARGEST + 64 };

/* Values of `1` that the parameter's type allows, by their length. */
typedef enum type {
    ANY,
    COUNT_DIGITS,
    MD5_DIGITS,
    DIGEST_DIGITS,
    WORD /* with escapes no longer than any word there is */
} type;

#define CHALLENGE CSN_FIELD_CHALLENGES
#define CREDENTIALS CSN_FIELD_CREDENTIALS
#define INFO CSN_FIELD_INFO

static const struct row {
    const char *name;
    csn_field_kind kind;
    size_t limit;
    type type;
} rows[] = {
    { "realm", CHALLENGE, CSN_MAX_VALUE, ANY },
    { "domain", CHALLENGE, CSN_MAX_VALUE, ANY },
    { "nonce", CHALLENGE, CSN_MAX_NONCE, ANY },
    { "opaque", CHALLENGE, CSN_MAX_VALUE, ANY },
    { "stale", CHALLENGE, CSN_MAX_VALUE, ANY },
    { "algorithm", CHALLENGE, CSN_MAX_VALUE, ANY },
    { "qop", CHALLENGE, CSN_MAX_VALUE, ANY },
    { "charset", CHALLENGE, CSN_MAX_VALUE, ANY },
    { "userhash", CHALLENGE, CSN_MAX_VALUE, ANY },
    { "unknown", CHALLENGE, CSN_MAX_VALUE, ANY },
    { "username", CREDENTIALS, CSN_MAX_USER, ANY },
    { "username*", CREDENTIALS, CSN_MAX_VALUE, ANY },
    { "realm", CREDENTIALS, CSN_MAX_VALUE, ANY },
    { "nonce", CREDENTIALS, CSN_MAX_NONCE, ANY },
    { "uri", CREDENTIALS, CSN_MAX_VALUE, ANY },
    { "response", CREDENTIALS, CSN_MAX_VALUE, MD5_DIGITS },
    { "algorithm", CREDENTIALS, CSN_MAX_VALUE, ANY },
    { "cnonce", CREDENTIALS, CSN_MAX_CNONCE, ANY },
    { "opaque", CREDENTIALS, CSN_MAX_VALUE, ANY },
    { "qop", CREDENTIALS, CSN_MAX_VALUE, WORD },
    { "nc", CREDENTIALS, CSN_MAX_VALUE, COUNT_DIGITS },
    { "userhash", CREDENTIALS, CSN_MAX_VALUE, ANY },
    { "unknown", CREDENTIALS, CSN_MAX_VALUE, ANY },
    { "nextnonce", INFO, CSN_MAX_NONCE, ANY },
    { "qop", INFO, CSN_MAX_VALUE, WORD },
    { "rspauth", INFO, CSN_MAX_VALUE, DIGEST_DIGITS },
    { "cnonce", INFO, CSN_MAX_CNONCE, ANY },
    { "nc", INFO, CSN_MAX_VALUE, COUNT_DIGITS },
    { "unknown", INFO, CSN_MAX_VALUE, ANY },
};

typedef enum form { TOKEN, QUOTED, ESCAPED, FORMS } form;

static bool
fits_type(type kind, form how, size_t len)
{
    switch (kind) {
    case ANY:
        return true;
    case COUNT_DIGITS:
        return len == 8;
    case MD5_DIGITS:
        return len == 32;
    case DIGEST_DIGITS:
        return len == 32 || len == 64;
    case WORD:
        return how != ESCAPED || len <= CSN_MAX_DIGEST_HEX;
    }
    return false;
}

static size_t
write_field(const struct row *row, form how, size_t len, char *text)
{
    size_t at = (size_t)snprintf(text, ROOM, "%s%s=%s",
        row->kind == INFO ? "" : "Digest ", row->name,
        how == TOKEN ? "" : "\"");

    for (size_t i = 0; i < len; i++) {
        if (how == ESCAPED)
            text[at++] = '\\';
        text[at++] = '1';
    }
    if (how != TOKEN)
        text[at++] = '"';
    return at;
}

/* Read it with the field's own reader, and look at what was written then. */
static csn_status
read_field(csn_field_kind kind, csn_span line, bool *untouched)
{
    union {
        csn_digest_challenge challenge;
        csn_digest_credentials credentials;
        csn_digest_info info;
        unsigned char octets[sizeof(csn_digest_credentials)];
    } out, before;
    csn_field_cursor cursor;
    csn_field_event event;
    csn_status status;

    memset(&before, 0x5a, sizeof(before));
    out = before;
    status = csn_field_begin(&cursor, kind, &line, 1);
    if (status == CSN_OK && kind != INFO)
        status = csn_field_next(&cursor, &event);
    if (status == CSN_OK && kind == CHALLENGE)
        status = csn_digest_challenge_read(&cursor, &out.challenge);
    else if (status == CSN_OK && kind == CREDENTIALS)
        status = csn_digest_credentials_read(&cursor, &out.credentials);
    else if (status == CSN_OK)
        status = csn_digest_info_read(&cursor, &out.info);
    *untouched = memcmp(&out, &before, sizeof(out)) == 0;
    return status;
}

static void
check_length(const struct row *row, form how, size_t len)
{
    static char text[ROOM];
    size_t size = write_field(row, how, len, text);
    csn_span line = check_exact((csn_span){ (const uint8_t *)text, size });
    bool fits = size <= CSN_MAX_FIELD && len <= row->limit;
    bool untouched;
    csn_status status = read_field(row->kind, line, &untouched);
    char name[80];

    snprintf(name, sizeof(name), "%s, form %d, %zu octets", row->name,
        (int)how, len);
    CHECK_EQ(name, status == CSN_OK, fits && fits_type(row->type, how, len));
    CHECK_EQ(name, untouched, status != CSN_OK);
    if (!fits && row->type == ANY)
        CHECK_EQ(name, status, CSN_E_LIMIT);
    check_drop(line);
}

/* All lengths at first; then around powers of two and each limit. */
static void
check_sizes(void **state)
{
    const struct row *row = *state;

    for (int how = 0; how < FORMS; how++) {
        for (size_t len = 1; len <= 300; len++)
            check_length(row, (form)how, len);
        for (size_t power = 512; power <= LARGEST; power *= 2) {
            for (size_t len = power - 40; len <= power + 2; len++)
                check_length(row, (form)how, len < LARGEST ? len : LARGEST);
        }
    }
}

int
main(void)
{
    struct CMUnitTest tests[COUNT_OF(rows)];
    static char names[COUNT_OF(rows)][80];
    static const char *const fields[] = { [CHALLENGE] = "a challenge",
        [CREDENTIALS] = "credentials",
        [INFO] = "an Info field" };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        snprintf(names[i], sizeof(names[i]),
            "A-48 %s of %s from 1 octet to 64 KiB", rows[i].name,
            fields[rows[i].kind]);
        tests[i] = (struct CMUnitTest){ .name = names[i],
            .test_func = check_sizes,
            .initial_state = (void *)(uintptr_t)&rows[i] };
    }
    return cmocka_run_group_tests_name("every parameter from 1 byte to 64 KiB",
        tests, NULL, NULL);
}
