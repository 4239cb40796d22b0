// SPDX-License-Identifier: MIT
#include "check.h"
#include "host.h"

/*
 * One wrong thing per row, and the reason it gets: sections D.1, D.5 and D.6.
 * Rows that are right stand beside them. What the store was asked tells how
 * far the engine went: nobody is looked up before the nonce was genuine, and
 * no count is asked for before the response was right (D-26).
 */

enum { ASKED_NOTHING, ASKED_USER, ASKED_COUNT };

/*
 * Well formed and not ours: version 1, key 1, flags 0x0104 (SHA-256, auth),
 * and a MAC of zeros.
 */
#define FORGED "AQEBBAAAAAAAAAAAAYvHmO0AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

#define DIGITS_64                                                             \
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct row {
    const char *name;
    host_ask ask;
    csn_reason reason;
    unsigned http_status;
    int asked;
} rows[] = {
    { "D-46 right credentials, sent unasked", { 0 }, CSN_R_NONE, 0,
        ASKED_COUNT },
    { "B-01 no credentials", { .bare = true }, CSN_R_NO_CREDENTIALS, 401,
        ASKED_NOTHING },

    { "D-01 Basic is not offered", { .line = "Basic YWxpY2U6c2VjcmV0" },
        CSN_R_SCHEME_NOT_OFFERED, 401, ASKED_NOTHING },
    { "D-01 a scheme alone", { .line = "Negotiate" }, CSN_R_SCHEME_NOT_OFFERED,
        401, ASKED_NOTHING },
    { "D-01 scheme name that only begins like ours",
        { .line = "Digestive a=b" }, CSN_R_SCHEME_NOT_OFFERED, 401,
        ASKED_NOTHING },

    { "A-05 two lines", { .second = "Digest a=b" }, CSN_R_REPEATED_FIELD, 400,
        ASKED_NOTHING },
    { "H-32 two lines, the first of another scheme",
        { .line = "Basic YQ==", .second = "Digest a=b" }, CSN_R_REPEATED_FIELD,
        400, ASKED_NOTHING },
    { "A-43 a name twice", { .extra = ", realm=\"test@example.org\"" },
        CSN_R_REPEATED_PARAMETER, 400, ASKED_NOTHING },
    { "A-43 a name twice in another case", { .extra = ", NC=00000001" },
        CSN_R_REPEATED_PARAMETER, 400, ASKED_NOTHING },
    { "H-32 two uris", { .extra = ", uri=\"/other\"" },
        CSN_R_REPEATED_PARAMETER, 400, ASKED_NOTHING },
    { "A-43 an unknown name twice", { .extra = ", x=1, x=1" },
        CSN_R_REPEATED_PARAMETER, 400, ASKED_NOTHING },
    { "A-45 an unknown name once", { .extra = ", x=1" }, CSN_R_NONE, 0,
        ASKED_COUNT },
    { "A-14 an open quote", { .extra = ", x=\"" }, CSN_R_MALFORMED, 400,
        ASKED_NOTHING },
    { "A-15 a control octet in quotes", { .extra = ", x=\"\001\"" },
        CSN_R_MALFORMED, 400, ASKED_NOTHING },
    { "A-27 a line end in the value", { .extra = ", x=\"\n\"" },
        CSN_R_MALFORMED, 400, ASKED_NOTHING },
    { "A-03 a second scheme in the line", { .extra = ", Basic YQ==" },
        CSN_R_MALFORMED, 400, ASKED_NOTHING },
    { "an empty line", { .line = "" }, CSN_R_MALFORMED, 400, ASKED_NOTHING },

    { "D-02 no username", { .user = host_absent }, CSN_R_MISSING_PARAMETER,
        400, ASKED_NOTHING },
    { "D-02 no realm", { .realm = host_absent }, CSN_R_MISSING_PARAMETER, 400,
        ASKED_NOTHING },
    { "D-02 no nonce", { .nonce = host_absent }, CSN_R_MISSING_PARAMETER, 400,
        ASKED_NOTHING },
    { "D-02 no uri", { .uri = host_absent, .target = "/a?b=c" },
        CSN_R_MISSING_PARAMETER, 400, ASKED_NOTHING },
    { "D-02 no response", { .response = host_absent }, CSN_R_MISSING_PARAMETER,
        400, ASKED_NOTHING },
    { "D-02 qop without cnonce", { .cnonce = host_absent },
        CSN_R_MISSING_PARAMETER, 400, ASKED_NOTHING },
    { "D-02 qop without nc", { .nc = host_absent }, CSN_R_MISSING_PARAMETER,
        400, ASKED_NOTHING },
    { "D-03 username and username*", { .extra = ", username*=UTF-8''alice" },
        CSN_R_MALFORMED, 400, ASKED_NOTHING },
    { "B-21 userhash was not offered", { .extra = ", userhash=true" },
        CSN_R_UNSUPPORTED, 400, ASKED_NOTHING },
    { "A-54 userhash=false is a plain name", { .extra = ", userhash=false" },
        CSN_R_NONE, 0, ASKED_COUNT },

    { "D-05 nc of seven digits", { .nc = "0000001" }, CSN_R_MALFORMED, 400,
        ASKED_NOTHING },
    { "D-05 nc of nine digits", { .nc = "000000001" }, CSN_R_MALFORMED, 400,
        ASKED_NOTHING },
    { "D-05 nc 00000000", { .nc = "00000000" }, CSN_R_MALFORMED, 400,
        ASKED_NOTHING },
    { "D-05 nc with a sign", { .nc = "-0000001" }, CSN_R_MALFORMED, 400,
        ASKED_NOTHING },
    { "H-21 nc with more behind it",
        { .nc = "\"00000001, nextnonce=\\\"x\\\"\"" }, CSN_R_MALFORMED, 400,
        ASKED_NOTHING },
    { "D-05 response too short", { .response = "00" }, CSN_R_MALFORMED, 400,
        ASKED_NOTHING },
    { "D-05 response empty", { .response = "" }, CSN_R_MALFORMED, 400,
        ASKED_NOTHING },
    { "D-05 response of MD5's length",
        { .response = "0123456789abcdef0123456789abcdef" }, CSN_R_MALFORMED,
        400, ASKED_NOTHING },
    { "D-05 response not hex",
        { .response =
                "g123456789abcdef0123456789abcdef0123456789abcdef0123456789"
                "abcdef" },
        CSN_R_MALFORMED, 400, ASKED_NOTHING },

    { "C-17 a response over the quotation marks", { .qop = "\"auth\"" },
        CSN_R_WRONG_RESPONSE, 401, ASKED_USER },
    { "D-07 no algorithm is MD5, which is not offered",
        { .algorithm = host_absent }, CSN_R_ALGORITHM_NOT_OFFERED, 401,
        ASKED_NOTHING },
    { "H-11 MD5 by name", { .algorithm = "MD5" }, CSN_R_ALGORITHM_NOT_OFFERED,
        401, ASKED_NOTHING },
    { "D-07 SHA-512-256 was not offered", { .algorithm = "SHA-512-256" },
        CSN_R_ALGORITHM_NOT_OFFERED, 401, ASKED_NOTHING },
    { "D-07 -sess was not offered", { .algorithm = "SHA-256-sess" },
        CSN_R_ALGORITHM_NOT_OFFERED, 401, ASKED_NOTHING },
    { "D-07 an algorithm nobody knows",
        { .algorithm = "SHA-1", .response = DIGITS_64 },
        CSN_R_ALGORITHM_NOT_OFFERED, 401, ASKED_NOTHING },

    { "D-08 auth-int was not offered", { .qop = "auth-int" },
        CSN_R_QOP_NOT_OFFERED, 400, ASKED_NOTHING },
    { "D-08 a qop nobody knows", { .qop = "auth2" }, CSN_R_QOP_NOT_OFFERED,
        400, ASKED_NOTHING },
    { "A-57 qop is one token, not a list", { .qop = "\"auth,auth\"" },
        CSN_R_MALFORMED, 400, ASKED_NOTHING },
    { "D-09 no qop",
        { .qop = host_absent, .cnonce = host_absent, .nc = host_absent },
        CSN_R_QOP_MISSING, 400, ASKED_NOTHING },

    { "D-10 another realm", { .realm = "other" }, CSN_R_REALM_NOT_OFFERED, 401,
        ASKED_NOTHING },
    { "D-10 the realm in another case", { .realm = "Test@example.org" },
        CSN_R_REALM_NOT_OFFERED, 401, ASKED_NOTHING },
    { "D-10 a realm cut short", { .realm = "test@example.or" },
        CSN_R_REALM_NOT_OFFERED, 401, ASKED_NOTHING },

    { "D-29 uri of another path", { .uri = "/b?b=c", .target = "/a?b=c" },
        CSN_R_URI_MISMATCH, 400, ASKED_NOTHING },
    { "D-35 uri without its query", { .uri = "/a", .target = "/a?b=c" },
        CSN_R_URI_MISMATCH, 400, ASKED_NOTHING },
    { "D-35 uri decoded", { .uri = "/a b", .target = "/a%20b" },
        CSN_R_URI_MISMATCH, 400, ASKED_NOTHING },
    { "D-31 absolute uri of this host",
        { .uri = "http://WWW.example.org:80/a?b=c", .target = "/a?b=c" },
        CSN_R_NONE, 0, ASKED_COUNT },
    { "D-31 absolute uri of another host",
        { .uri = "http://other.example.org/a?b=c", .target = "/a?b=c" },
        CSN_R_URI_MISMATCH, 400, ASKED_NOTHING },
    { "D-31 absolute uri of another scheme",
        { .uri = "https://www.example.org/a?b=c", .target = "/a?b=c" },
        CSN_R_URI_MISMATCH, 400, ASKED_NOTHING },
    { "uri empty", { .uri = "", .target = "/" }, CSN_R_URI_MISMATCH, 400,
        ASKED_NOTHING },

    { "D-15 a nonce of another length", { .nonce = "abc" },
        CSN_R_NONCE_UNKNOWN, 401, ASKED_NOTHING },
    { "D-15 an empty nonce", { .nonce = "" }, CSN_R_NONCE_UNKNOWN, 401,
        ASKED_NOTHING },
    { "D-13 a forged nonce", { .nonce = FORGED }, CSN_R_NONCE_UNKNOWN, 401,
        ASKED_NOTHING },

    { "D-39 an unknown user", { .user = "mallory" }, CSN_R_UNKNOWN_USER, 401,
        ASKED_USER },
    { "C-45 the user in another case", { .user = "Alice" }, CSN_R_UNKNOWN_USER,
        401, ASKED_USER },
    { "an empty user", { .user = "" }, CSN_R_UNKNOWN_USER, 401, ASKED_USER },
    { "D-38 a wrong password", { .password = "Secret" }, CSN_R_WRONG_RESPONSE,
        401, ASKED_USER },
    { "D-38 an empty password", { .password = "" }, CSN_R_WRONG_RESPONSE, 401,
        ASKED_USER },

    { "H-14 an empty method", { .method = "", .response = DIGITS_64 },
        CSN_R_EMPTY_METHOD, 400, ASKED_NOTHING },
    { "C-18 a method of its own", { .method = "PROPFIND" }, CSN_R_NONE, 0,
        ASKED_COUNT },
};

static void
run_row(void **state)
{
    const struct row *row = *state;
    host_ask ask = row->ask;
    host_answer answer;
    char nonce[64];
    host h;
    int asked;

    host_open(&h, NULL);
    host_nonce(&h, nonce);
    if (ask.nonce == NULL)
        ask.nonce = nonce;
    host_send(&h, &ask, &answer);
    asked = answer.marked  ? ASKED_COUNT
        : answer.looked_up ? ASKED_USER
                           : ASKED_NOTHING;

    CHECK_EQ(row->name, answer.outcome.reason, row->reason);
    CHECK_EQ(row->name, answer.outcome.http_status, row->http_status);
    CHECK_EQ(row->name, asked, row->asked);
    /* E-03, E-04: an Info field goes with acceptance alone. */
    CHECK_EQ(row->name, answer.info[0] != '\0', row->reason == CSN_R_NONE);
    CHECK_EQ(row->name, answer.challenge_count,
        row->http_status == 401 ? 1 : 0);
    /* D-21: nothing here is stale. */
    CHECK_EQ(row->name, answer.outcome.stale, false);
    CHECK_EQ(row->name, strstr(answer.challenges[0], "stale") != NULL, false);
    CHECK_EQ(row->name, answer.outcome.failed_login,
        row->reason == CSN_R_UNKNOWN_USER ||
            row->reason == CSN_R_WRONG_RESPONSE);
    host_close(&h);
}

/* The right quoted and unquoted forms beside each other (D-06). */
static void
send_line(host *h, const char *format, const char *name, csn_reason want)
{
    char nonce[64], response[65], line[2048];
    host_answer answer;
    host_ask ask = { .nonce = nonce };

    host_nonce(h, nonce);
    host_response(h, &ask, "GET", response);
    snprintf(line, sizeof(line), format, nonce, response);
    ask.line = line;
    ask.target = "/a?b=c";
    host_send(h, &ask, &answer);
    CHECK_EQ(name, answer.outcome.reason, want);
}

static void
quoting(void **state)
{
    host h;

    (void)state;
    host_open(&h, NULL);
    send_line(&h,
        "Digest username=\"alice\", realm=\"test@example.org\", nonce=\"%s\", "
        "uri=\"/a?b=c\", response=\"%s\", algorithm=\"SHA-256\", "
        "cnonce=\"Y25vbmNl\", nc=\"00000001\", qop=\"auth\"",
        "everything quoted", CSN_R_NONE);
    send_line(&h,
        "Digest username=alice, realm=\"test@example.org\", nonce=%s, "
        "uri=\"/a?b=c\", response=%s, algorithm=SHA-256, "
        "cnonce=Y25vbmNl, nc=00000001, qop=auth",
        "tokens where they can be", CSN_R_NONE);
    send_line(&h,
        "dIGEST USERNAME = \"al\\ice\" ,\tREALM=\"test\\@example.org\",,"
        "NONCE=\"%s\",URI=\"/a?b=c\",RESPONSE=\"\\%s\",ALGORITHM=sha-256,"
        "CNONCE=\"Y25v\\bmNl\",NC=\"0000000\\1\",QOP=\"aut\\h\"",
        "escapes, blanks and case", CSN_R_NONE);
    send_line(&h,
        "Digest username=alice, realm=test@example.org, nonce=%s, "
        "uri=\"/a?b=c\", response=%s, algorithm=SHA-256, "
        "cnonce=Y25vbmNl, nc=00000001, qop=auth",
        "a realm that is no token, unquoted", CSN_R_MALFORMED);
    host_close(&h);
}

/* above max_field is 431, never ignored; below it is read. */
static void
field_size(void **state)
{
    static char extra[12000];
    char nonce[64];
    host_ask ask = { .nonce = nonce, .extra = extra };
    host_answer answer;
    char line[16384];
    host h;
    size_t fixed;

    (void)state;
    host_open(&h, NULL);
    host_nonce(&h, nonce);
    extra[0] = '\0';
    host_line(&h, &ask, line, sizeof(line));
    fixed = strlen(line);

    /* Blanks fill the field to its limit, and one octet over it. */
    memset(extra, ' ', CSN_MAX_FIELD - fixed);
    extra[0] = ',';
    extra[CSN_MAX_FIELD - fixed] = '\0';
    host_send(&h, &ask, &answer);
    assert_int_equal(answer.outcome.reason, CSN_R_NONE);
    strcat(extra, ",");
    host_send(&h, &ask, &answer);
    assert_int_equal(answer.outcome.reason, CSN_R_TOO_LARGE);
    assert_int_equal(answer.outcome.http_status, 431);
    host_close(&h);
}

/* Each octet of a right line changed in every bit: never a wrong ALLOW. */
static void
flipped_octets(void **state)
{
    char nonce[64], line[4096], flipped[4096];
    host_ask ask = { .nonce = nonce };
    host_answer answer;
    host h;
    size_t allowed = 0;

    (void)state;
    host_open(&h, NULL);
    host_nonce(&h, nonce);
    host_line(&h, &ask, line, sizeof(line));
    for (size_t at = 0; at < strlen(line); at++) {
        for (int bit = 0; bit < 8; bit++) {
            memcpy(flipped, line, sizeof(line));
            flipped[at] = (char)(flipped[at] ^ 1 << bit);
            if (flipped[at] == '\0')
                continue;
            host_restart(&h);
            host_nonce(&h, nonce);
            host_send(&h, &(host_ask){ .line = flipped, .target = "/a?b=c" },
                &answer);
            /* A restart made it stale: allowed means "right response". */
            allowed += answer.outcome.reason == CSN_R_STALE_DOMAIN;
            assert_int_not_equal(answer.outcome.verdict, CSN_VERDICT_ALLOW);
        }
    }
    /*
     * What a flip may leave right: the case of the scheme, of parameter
     * names, of the algorithm and of hex digits; a blank that became a tab or
     * a comma... Nothing else, so the number is small and fixed in bounds.
     */
    assert_in_range(allowed, 1, 150);
    host_close(&h);
}

/* Every prefix of a right line is refused. */
static void
prefixes(void **state)
{
    char nonce[64], line[4096], cut[4096];
    host_ask ask = { .nonce = nonce };
    host_answer answer;
    host h;

    (void)state;
    host_open(&h, NULL);
    host_nonce(&h, nonce);
    host_line(&h, &ask, line, sizeof(line));
    for (size_t len = 0; len < strlen(line); len++) {
        snprintf(cut, sizeof(cut), "%.*s", (int)len, line);
        host_send(&h, &(host_ask){ .line = cut, .target = "/a?b=c" }, &answer);
        assert_int_not_equal(answer.outcome.verdict, CSN_VERDICT_ALLOW);
        assert_false(answer.marked);
    }
    host_send(&h, &ask, &answer);
    assert_int_equal(answer.outcome.verdict, CSN_VERDICT_ALLOW);
    host_close(&h);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        { "D-06 quoted and unquoted forms", quoting, NULL, NULL, NULL },
        { "A-46 a field above max_field", field_size, NULL, NULL, NULL },
        { "D-38 every flipped bit", flipped_octets, NULL, NULL, NULL },
        { "D-02 every prefix", prefixes, NULL, NULL, NULL },
    };

    return CHECK_ROWS("refusals", rows, run_row) +
        cmocka_run_group_tests_name("lines", tests, NULL, NULL);
}
