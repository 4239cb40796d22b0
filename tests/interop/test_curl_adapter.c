// SPDX-License-Identifier: MIT
#include <countersign/curl.h>

#include <stdlib.h>

#include "check.h"
#include "env.h"
#include "head.h"
#include "own_headers.h"
#include "prepare.h"
#include "url.h"

/* The parts of the libcurl adapter that need no peer. */

static const struct url_row {
    const char *name;
    const char *text;
    const char *base;
    csn_status want;
    const char *clean;
    const char *target;
    const char *connect;
    const char *absolute;
} url_rows[] = {
    { "C-47 no path", "http://h", NULL, CSN_OK, "http://h/", "/", "h:80",
        "http://h/" },
    { "C-46 empty query", "http://h/a?", NULL, CSN_OK, "http://h/a", "/a?",
        "h:80", "http://h/a?" },
    { "C-46 fragment", "http://h/a#b?c", NULL, CSN_OK, "http://h/a", "/a",
        "h:80", "http://h/a" },
    { "C-49 https", "https://H.Example/", NULL, CSN_OK, "https://h.example/",
        "/", "h.example:443", "https://h.example/" },
    { "C-49 default port named", "https://h:443/", NULL, CSN_OK,
        "https://h:443/", "/", "h:443", "https://h/" },
    { "C-49 other port", "https://h:80/", NULL, CSN_OK, "https://h:80/", "/",
        "h:80", "https://h:80/" },
    { "C-49 IPv6", "http://[FE80::0:1]:8/x", NULL, CSN_OK,
        "http://[fe80::1]:8/x", "/x", "[fe80::1]:8", "http://[fe80::1]:8/x" },
    { "F-46 user left out", "http://u:p@h/x", NULL, CSN_OK, "http://h/x", "/x",
        "h:80", "http://h/x" },
    { "no scheme", "h:8080/x", NULL, CSN_OK, "http://h:8080/x", "/x", "h:8080",
        "http://h:8080/x" },
    { "scheme in capitals", "HTTPS://h/", NULL, CSN_OK, "https://h/", "/",
        "h:443", "https://h/" },
    { "other scheme", "ftp://h/", NULL, CSN_E_UNSUPPORTED, 0, 0, 0, 0 },
    { "no host scheme", "file:///x", NULL, CSN_E_UNSUPPORTED, 0, 0, 0, 0 },
    { "blank", "http://h/a b", NULL, CSN_E_SYNTAX, 0, 0, 0, 0 },
    { "line end", "http://h/a\r\nX: y", NULL, CSN_E_SYNTAX, 0, 0, 0, 0 },
    { "port too large", "http://h:65536/", NULL, CSN_E_SYNTAX, 0, 0, 0, 0 },
    { "empty", "", NULL, CSN_E_SYNTAX, 0, 0, 0, 0 },
    { "relative path", "c?d", "http://h/a/b?x", CSN_OK, "http://h/a/c?d",
        "/a/c?d", "h:80", "http://h/a/c?d" },
    { "relative empty query", "/c?", "http://h/a", CSN_OK, "http://h/c", "/c?",
        "h:80", "http://h/c?" },
    { "relative scheme", "//i/x", "https://h/a", CSN_OK, "https://i/x", "/x",
        "i:443", "https://i/x" },
    { "absolute", "http://i/", "https://h/a", CSN_OK, "http://i/", "/", "i:80",
        "http://i/" },
    { "relative blank is coded", "/a b", "http://h/", CSN_OK, "http://h/a%20b",
        "/a%20b", "h:80", "http://h/a%20b" },
    { "relative to another scheme", "gopher://i/", "http://h/",
        CSN_E_UNSUPPORTED, 0, 0, 0, 0 },
};

static void
check_text_equal(const char *name, const char *got, const char *want)
{
    CHECK_SPAN(name, check_text(got), check_text(want));
}

static void
url_row_test(void **state)
{
    const struct url_row *row = *state;
    curl_url_parts parts;

    CHECK_EQ(row->name,
        csn_curl_url_parts_read(row->text, row->base, false, &parts),
        row->want);
    if (row->want == CSN_OK) {
        check_text_equal(row->name, parts.clean, row->clean);
        check_text_equal(row->name, parts.target, row->target);
        check_text_equal(row->name, parts.connect, row->connect);
        check_text_equal(row->name, parts.absolute, row->absolute);
    }
    csn_curl_url_parts_free(&parts);
}

static const struct proxy_row {
    const char *name;
    const char *text;
    csn_status want;
    const char *clean;
    const char *user;
} proxy_rows[] = {
    { "F-51 curl's port", "p", CSN_OK, "http://p:1080", NULL },
    { "F-51 port", "p:3128", CSN_OK, "http://p:3128", NULL },
    { "F-51 http port 80", "http://p:80", CSN_OK, "http://p:80", NULL },
    { "F-51 https", "https://p", CSN_OK, "https://p:443", NULL },
    { "F-51 path left out", "http://p:1/x?y", CSN_OK, "http://p:1", NULL },
    { "F-51 user", "http://me:x@p:1", CSN_OK, "http://p:1", "me" },
    { "F-51 coded user", "http://m%40e:x@p:1", CSN_OK, "http://p:1", "m@e" },
    { "socks is no HTTP proxy", "socks5://p", CSN_E_UNSUPPORTED, 0, 0 },
    { "nothing", "", CSN_E_SYNTAX, 0, 0 },
};

static void
proxy_row_test(void **state)
{
    const struct proxy_row *row = *state;
    curl_url_parts parts;

    CHECK_EQ(row->name, csn_curl_url_proxy_read(row->text, &parts), row->want);
    if (row->want == CSN_OK) {
        check_text_equal(row->name, parts.clean, row->clean);
        if (row->user != NULL)
            check_text_equal(row->name, parts.user, row->user);
        else
            assert_null(parts.user);
    }
    csn_curl_url_parts_free(&parts);
}

static const struct no_proxy_row {
    const char *name;
    const char *list;
    const char *host;
    bool want;
} no_proxy_rows[] = {
    { "no list", NULL, "a.example", false },
    { "empty", "", "a.example", false },
    { "all", "*", "a.example", true },
    { "a star among others is a name", "*,b", "a.example", false },
    { "same", "a.example", "a.example", true },
    { "same in other case", "A.Example", "a.example", true },
    { "below", "example", "a.example", true },
    { "below with dot", ".example", "a.example", true },
    { "ends alike only", "ample", "a.example", false },
    { "above", "b.a.example", "a.example", false },
    { "second, blanks", "x , a.example", "a.example", true },
    { "trailing dots", "a.example.", "a.example", true },
    { "host with trailing dot", "a.example", "a.example.", true },
    { "address", "192.0.2.1", "192.0.2.1", true },
    { "other address", "192.0.2.1", "192.0.2.10", false },
    { "address is no suffix", "2.1", "192.0.2.1", false },
    { "network", "192.0.2.0/24", "192.0.2.200", true },
    { "odd network", "192.0.2.128/25", "192.0.2.127", false },
    { "odd network inside", "192.0.2.128/25", "192.0.2.129", true },
    { "whole network", "0.0.0.0/0", "192.0.2.1", true },
    { "network too long", "192.0.2.1/33", "192.0.2.1", false },
    { "IPv6", "2001:db8::1", "[2001:db8::1]", true },
    { "IPv6 in brackets", "[2001:db8::1]", "[2001:db8::1]", true },
    { "IPv6 network", "2001:db8::/32", "[2001:db8:1::5]", true },
    { "IPv6 other network", "2001:db8::/32", "[2001:db9::5]", false },
    { "families apart", "::/0", "192.0.2.1", false },
};

static void
no_proxy_row_test(void **state)
{
    const struct no_proxy_row *row = *state;

    CHECK_EQ(row->name, csn_curl_env_no_proxy_covers(row->list, row->host),
        row->want);
}

/* Lines end at '|', which stands for CR LF. */
static const struct head_row {
    const char *name;
    const char *lines;
    const char *field;
    unsigned status;
    const char *values; /* joined by '+' */
} head_rows[] = {
    { "A-06 any case", "HTTP/1.1 200 OK|INFO: a|iNfO: b||", "Info", 200,
        "a+b" },
    { "A-26 blanks dropped", "HTTP/1.1 200|Info: \t a\t |", "info", 200, "a" },
    { "A-28 fold", "HTTP/1.1 200 OK|Info: a,|  b|\tc|Next: x|", "Info", 200,
        "a,    b  \tc" },
    { "A-28 fold behind the status line", "HTTP/1.1 200 OK| Info: a|", "Info",
        200, "" },
    { "empty value", "HTTP/2 204 |Info:|", "Info", 204, "" },
    { "longer name", "HTTP/1.1 200 OK|Information: a|", "Info", 200, "" },
    { "blank before the colon", "HTTP/1.1 200 OK|Info : a|", "Info", 200, "" },
    { "no colon", "HTTP/1.1 200 OK|Info|", "Info", 200, "" },
    { "a field like a status line",
        "HTTP/1.1 200 OK|Info: a|HTTP/1.1 401 No: x|Info: b|", "Info", 200,
        "a+b" },
    { "trailer section", "Info: a| b|", "Info", 0, "a   b" },
    { "no status", "HTTP/1.1|", "Info", 0, "" },
    { "status of too many digits", "HTTP/1.1 99999 X|", "Info", 9999, "" },
};

static void
add_lines(const char *name, curl_head *head, const char *lines)
{
    while (*lines != '\0') {
        const char *end = strchr(lines, '|');
        char line[256];
        size_t len = (size_t)(end - lines);
        csn_span exact;

        memcpy(line, lines, len);
        memcpy(line + len, "\r\n", 2);
        exact = check_exact((csn_span){ (const uint8_t *)line, len + 2 });
        CHECK_EQ(name, csn_curl_head_add(head, exact), CSN_OK);
        check_drop(exact);
        lines = end + 1;
    }
}

static void
head_row_test(void **state)
{
    const struct head_row *row = *state;
    curl_head head = { 0 };
    csn_span *values = NULL;
    size_t count = 0;
    char joined[256] = "";
    size_t len = 0;

    add_lines(row->name, &head, row->lines);
    CHECK_EQ(row->name, head.status, row->status);
    CHECK_EQ(row->name,
        csn_curl_head_values(&head, check_text(row->field), &values, &count),
        CSN_OK);
    for (size_t i = 0; i < count; i++) {
        if (i != 0)
            joined[len++] = '+';
        memcpy(joined + len, values[i].ptr, values[i].len);
        len += values[i].len;
    }
    joined[len] = '\0';
    check_text_equal(row->name, joined, row->values);
    free(values);
    csn_curl_head_free(&head);
}

static void
head_has_limits(void **state)
{
    static const char line[] = "X: 0123456789abcdef0123456789abcdef\r\n";
    curl_head head = { 0 };
    csn_span big = { calloc(1, HEAD_MAX_OCTETS), HEAD_MAX_OCTETS };
    size_t lines = 0;

    (void)state;
    while (csn_curl_head_add(&head, check_text(line)) == CSN_OK)
        lines++;
    CHECK_EQ("H-26 lines", lines, HEAD_MAX_LINES);
    csn_curl_head_reset(&head);
    CHECK_EQ("H-26 octets", csn_curl_head_add(&head, big), CSN_OK);
    CHECK_EQ("H-26 one more", csn_curl_head_add(&head, check_text("x")),
        CSN_E_LIMIT);
    check_drop(big);
    csn_curl_head_free(&head);
}

static const struct prepare_row {
    const char *name;
    bool is_user;
    const char *text;
    csn_status want;
    const char *ready;
    bool nfc_only;
} prepare_rows[] = {
    { "C-40 ASCII stays", true, "Mufasa", CSN_OK, "Mufasa", false },
    { "C-40 composed", true, "J\xc3\xa4s\xc3\xb8n", CSN_OK,
        "J\xc3\xa4s\xc3\xb8n", false },
    { "C-40 apart", true, "Ja\xcc\x88s\xc3\xb8n", CSN_OK,
        "J\xc3\xa4s\xc3\xb8n", false },
    { "C-40 no compatibility form", true, "\xef\xac\x81", CSN_OK,
        "\xef\xac\x81", false },
    { "C-40 password apart", false, "A\xcc\x8a", CSN_OK, "\xc3\x85", false },
    { "C-38 colon", true, "a:b", CSN_E_SYNTAX, NULL, false },
    { "C-38 colon in a password", false, "a:b", CSN_OK, "a:b", false },
    { "C-39 control", true, "a\x01", CSN_E_SYNTAX, NULL, false },
    { "C-39 DEL", false, "a\x7f", CSN_E_SYNTAX, NULL, false },
    { "C-39 C1 control", false, "a\xc2\x85", CSN_E_SYNTAX, NULL, false },
    { "C-39 tab", false, "a\tb", CSN_E_SYNTAX, NULL, false },
    { "C-40 not UTF-8", true, "a\xff", CSN_E_SYNTAX, NULL, false },
    { "C-40 surrogate", true, "\xed\xa0\x80", CSN_E_SYNTAX, NULL, false },
    { "empty name", true, "", CSN_E_SYNTAX, NULL, false },
    { "empty password", false, "", CSN_OK, "", false },
    { "C-40 full width becomes ordinary", true, "\xef\xbc\xa1", CSN_OK, "A",
        false },
    { "C-40 unless NFC alone is asked for", true, "\xef\xbc\xa1", CSN_OK,
        "\xef\xbc\xa1", true },
    { "C-40 other spaces in a password", false,
        "a\xc2\xa0"
        "b",
        CSN_OK, "a b", false },
    { "C-40 unless NFC alone is asked for", false,
        "a\xc2\xa0"
        "b",
        CSN_OK,
        "a\xc2\xa0"
        "b",
        true },
    { "C-38 colon, NFC alone", true, "a:b", CSN_E_SYNTAX, NULL, true },
    { "C-40 an emoji stays", true, "\xf0\x9f\x98\x80", CSN_OK,
        "\xf0\x9f\x98\x80", false },
};

static void
prepare_row_test(void **state)
{
    const struct prepare_row *row = *state;
    char *ready = NULL;
    csn_status status = row->is_user
        ? csn_curl_prepare_user(row->text, row->nfc_only, &ready)
        : csn_curl_prepare_password(row->text, row->nfc_only, &ready);

    CHECK_EQ(row->name, status, row->want);
    if (row->want == CSN_OK)
        check_text_equal(row->name, ready, row->ready);
    else
        assert_null(ready);
    free(ready);
}

static void
prepare_has_limits(void **state)
{
    static char text[CSN_MAX_VALUE + 2];
    char *ready = NULL;

    (void)state;
    memset(text, 'a', CSN_MAX_USER);
    CHECK_EQ("H-24 longest name", csn_curl_prepare_user(text, false, &ready),
        CSN_OK);
    free(ready);
    ready = NULL;
    text[CSN_MAX_USER] = 'a';
    CHECK_EQ("H-24 name too long", csn_curl_prepare_user(text, false, &ready),
        CSN_E_LIMIT);
    assert_null(ready);
    memset(text, 'a', CSN_MAX_VALUE + 1);
    CHECK_EQ("H-24 password too long",
        csn_curl_prepare_password(text, false, &ready), CSN_E_LIMIT);
}

static const struct header_row {
    const char *name;
    const char *line;
    bool sets;
    bool kept;
} header_rows[] = {
    { "F-49 set", "Authorization: x", true, false },
    { "F-49 any case", "AUTHORIZATION:x", true, false },
    { "F-49 left out", "Authorization:", false, false },
    { "F-49 left out with blanks", "Authorization: \t", false, false },
    { "F-49 empty", "Authorization;", true, false },
    { "F-49 cookie", "Cookie: a=b", false, false },
    { "F-49 other name", "Authorizations: x", false, true },
    { "F-49 value is no name", "X: Authorization: y", false, true },
};

static void
header_row_test(void **state)
{
    const struct header_row *row = *state;
    struct curl_slist *list = curl_slist_append(NULL, row->line);
    struct curl_slist *kept = NULL;

    CHECK_EQ(row->name, csn_curl_own_headers_have(list, "Authorization"),
        row->sets);
    CHECK_EQ(row->name, csn_curl_own_headers_keep(list, &kept), CSN_OK);
    CHECK_EQ(row->name, kept != NULL, row->kept);
    curl_slist_free_all(list);
    curl_slist_free_all(kept);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(head_has_limits, NULL),
        cmocka_unit_test_prestate(prepare_has_limits, NULL),
    };
    int failed = 0;

    curl_global_init(CURL_GLOBAL_DEFAULT);
    failed += CHECK_ROWS("urls", url_rows, url_row_test);
    failed += CHECK_ROWS("proxies", proxy_rows, proxy_row_test);
    failed += CHECK_ROWS("no_proxy", no_proxy_rows, no_proxy_row_test);
    failed += CHECK_ROWS("header sections", head_rows, head_row_test);
    failed += CHECK_ROWS("names", prepare_rows, prepare_row_test);
    failed += CHECK_ROWS("own headers", header_rows, header_row_test);
    failed += cmocka_run_group_tests_name("limits", tests, NULL, NULL);
    curl_global_cleanup();
    return failed;
}
