// SPDX-License-Identifier: MIT
#include "check.h"

#include "digest/params.h"

/* Every parameter of the table, found by its name in any case. */
static const struct row {
    const char *name;
    csn_span param;
    csn_param_type challenge, credentials, info;
} rows[] = {
    { "RFC 7616, 3.4 and 3.5: nc", CSN_LIT("nc"), CSN_PARAM_IGNORED,
        CSN_PARAM_NC, CSN_PARAM_NC },
    { "RFC 7616, 3.3 to 3.5: qop", CSN_LIT("qop"), CSN_PARAM_QOP_LIST,
        CSN_PARAM_QOP, CSN_PARAM_QOP },
    { "RFC 7616, 3.4: uri", CSN_LIT("uri"), CSN_PARAM_IGNORED, CSN_PARAM_TEXT,
        CSN_PARAM_IGNORED },
    { "RFC 7616, 3.3 and 3.4: nonce", CSN_LIT("nonce"), CSN_PARAM_TEXT,
        CSN_PARAM_TEXT, CSN_PARAM_IGNORED },
    { "RFC 7616, 3.3 and 3.4: realm", CSN_LIT("realm"), CSN_PARAM_TEXT,
        CSN_PARAM_TEXT, CSN_PARAM_IGNORED },
    { "RFC 7616, 3.3: stale", CSN_LIT("stale"), CSN_PARAM_TRUE,
        CSN_PARAM_IGNORED, CSN_PARAM_IGNORED },
    { "RFC 7616, 3.4 and 3.5: cnonce", CSN_LIT("cnonce"), CSN_PARAM_IGNORED,
        CSN_PARAM_TEXT, CSN_PARAM_TEXT },
    { "RFC 7616, 3.3: domain", CSN_LIT("domain"), CSN_PARAM_TEXT,
        CSN_PARAM_IGNORED, CSN_PARAM_IGNORED },
    { "RFC 7616, 3.3 and 3.4: opaque", CSN_LIT("opaque"), CSN_PARAM_TEXT,
        CSN_PARAM_TEXT, CSN_PARAM_IGNORED },
    { "RFC 7616, 3.3: charset", CSN_LIT("charset"), CSN_PARAM_UTF8,
        CSN_PARAM_IGNORED, CSN_PARAM_IGNORED },
    { "RFC 7616, 3.5: rspauth", CSN_LIT("rspauth"), CSN_PARAM_IGNORED,
        CSN_PARAM_IGNORED, CSN_PARAM_HEX },
    { "RFC 7616, 3.4: response", CSN_LIT("response"), CSN_PARAM_IGNORED,
        CSN_PARAM_TEXT, CSN_PARAM_IGNORED },
    { "RFC 7616, 3.3 and 3.4: userhash", CSN_LIT("userhash"), CSN_PARAM_TRUE,
        CSN_PARAM_TRUE, CSN_PARAM_IGNORED },
    { "RFC 7616, 3.4: username", CSN_LIT("username"), CSN_PARAM_IGNORED,
        CSN_PARAM_TEXT, CSN_PARAM_IGNORED },
    { "RFC 7616, 3.3 and 3.4: algorithm", CSN_LIT("algorithm"),
        CSN_PARAM_ALGORITHM, CSN_PARAM_ALGORITHM, CSN_PARAM_IGNORED },
    { "RFC 7616, 3.5: nextnonce", CSN_LIT("nextnonce"), CSN_PARAM_IGNORED,
        CSN_PARAM_IGNORED, CSN_PARAM_TEXT },
    { "RFC 7616, 3.4: username*", CSN_LIT("username*"), CSN_PARAM_IGNORED,
        CSN_PARAM_TEXT, CSN_PARAM_IGNORED },
};

static csn_span
upper(csn_span text, uint8_t buf[16])
{
    for (size_t i = 0; i < text.len; i++)
        buf[i] = text.ptr[i] >= 'a' && text.ptr[i] <= 'z'
            ? (uint8_t)(text.ptr[i] - 'a' + 'A')
            : text.ptr[i];
    return (csn_span){ buf, text.len };
}

static void
test_row(void **state)
{
    const struct row *row = *state;
    uint8_t buf[16];
    const csn_param *found = csn_param_find(row->param);

    CHECK_EQ(row->name, found != NULL, true);
    CHECK_SPAN(row->name, found->name, row->param);
    CHECK_EQ(row->name, found->in[CSN_FIELD_CHALLENGES].type, row->challenge);
    CHECK_EQ(row->name, found->in[CSN_FIELD_CREDENTIALS].type,
        row->credentials);
    CHECK_EQ(row->name, found->in[CSN_FIELD_INFO].type, row->info);
    CHECK_EQ(row->name, csn_param_find(upper(row->param, buf)) == found, true);

    /* Neither a part of the name nor more than it, whatever lies behind. */
    for (size_t len = 0; len < row->param.len; len++) {
        csn_span part = check_exact((csn_span){ row->param.ptr, len });

        CHECK_EQ(row->name, csn_param_find(part) == found, false);
        check_drop(part);
    }
    memcpy(buf, row->param.ptr, row->param.len);
    buf[row->param.len] = 'e';
    CHECK_EQ(row->name,
        csn_param_find((csn_span){ buf, row->param.len + 1 }) == NULL, true);
}

static void
test_strangers(void **state)
{
    static const csn_span strangers[] = { CSN_LIT(""), CSN_LIT("n"),
        CSN_LIT("xx"), CSN_LIT("qoq"), CSN_LIT("realn"), CSN_LIT("realm*"),
        CSN_LIT("uri*"), CSN_LIT("usernamf"), CSN_LIT("nextnoncf"),
        CSN_LIT("auth-param"), CSN_LIT("usernamehash"),
        CSN_LIT(
            "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn") };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(strangers); i++)
        CHECK_EQ((const char *)strangers[i].ptr,
            csn_param_find(strangers[i]) == NULL, true);
}

static void
test_qop_names(void **state)
{
    (void)state;
    CHECK_SPAN("auth", csn_qop_name(CSN_QOP_AUTH), CSN_SPAN("auth"));
    CHECK_SPAN("auth-int", csn_qop_name(CSN_QOP_AUTH_INT),
        CSN_SPAN("auth-int"));
    CHECK_SPAN("none", csn_qop_name(CSN_QOP_NONE), CSN_SPAN(""));
    CHECK_SPAN("two", csn_qop_name(CSN_QOP_AUTH | CSN_QOP_AUTH_INT),
        CSN_SPAN(""));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        { "A-45, A-60 names that are not in the table", test_strangers, NULL,
            NULL, NULL },
        { "qop by name", test_qop_names, NULL, NULL, NULL },
    };

    return CHECK_ROWS("table", rows, test_row) +
        cmocka_run_group_tests_name("params", tests, NULL, NULL);
}
