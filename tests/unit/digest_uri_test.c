// SPDX-License-Identifier: MIT
#include "check.h"

#include <countersign/digest.h>

/* Section D.5 beyond the vectors: forms, hosts, ports and odd ends. */

static const struct row {
    const char *name;
    const char *method;
    const char *target;
    const char *scheme;
    const char *authority;
    const char *uri;
    csn_uri_match want;
} rows[] = {
    { "D-30 the very octets", "GET", "/a;b?c=%2f&d", "http", "h",
        "/a;b?c=%2f&d", CSN_URI_SAME },
    { "D-30 the very octets, odd as they are", "GET", "//b//c?", "http", "h",
        "//b//c?", CSN_URI_SAME },
    { "D-35 a slash less", "GET", "//b//c", "http", "h", "/b//c",
        CSN_URI_DIFFERENT },
    { "D-35 a question mark less", "GET", "/a?", "http", "h", "/a",
        CSN_URI_DIFFERENT },
    { "D-35 a question mark more", "GET", "/a", "http", "h", "/a?",
        CSN_URI_DIFFERENT },
    { "D-35 escapes in another case", "GET", "/%2f", "http", "h", "/%2F",
        CSN_URI_DIFFERENT },
    { "D-35 a dot segment", "GET", "/./a", "http", "h", "/a",
        CSN_URI_DIFFERENT },
    { "D-35 only a prefix", "GET", "/a/b", "http", "h", "/a",
        CSN_URI_DIFFERENT },
    { "D-35 a fragment", "GET", "/a", "http", "h", "/a#x", CSN_URI_DIFFERENT },
    { "D-29 empty", "GET", "/", "http", "h", "", CSN_URI_DIFFERENT },
    { "D-29 no path at all", "GET", "/a", "http", "h", "a",
        CSN_URI_DIFFERENT },

    { "D-31 absolute, this host", "GET", "/a?b", "http", "h:8080",
        "http://h:8080/a?b", CSN_URI_EQUIVALENT },
    { "D-31 absolute, port left out", "GET", "/a", "http", "h:8080",
        "http://h/a", CSN_URI_DIFFERENT },
    { "D-31 absolute, default port named", "GET", "/a", "https", "h",
        "https://h:443/a", CSN_URI_EQUIVALENT },
    { "D-31 absolute, the other scheme's port", "GET", "/a", "https", "h",
        "https://h:80/a", CSN_URI_DIFFERENT },
    { "D-31 absolute, an empty port", "GET", "/a", "http", "h", "http://h:/a",
        CSN_URI_EQUIVALENT },
    { "D-31 absolute, query but no path", "GET", "/?b", "http", "h",
        "http://h?b", CSN_URI_EQUIVALENT },
    { "D-31 absolute, a user in it", "GET", "/a", "http", "h", "http://u@h/a",
        CSN_URI_DIFFERENT },
    { "D-31 absolute, IPv6", "GET", "/a", "http", "[::1]", "http://[::1]:80/a",
        CSN_URI_EQUIVALENT },
    { "D-31 absolute, another IPv6", "GET", "/a", "http", "[::1]",
        "http://[::2]/a", CSN_URI_DIFFERENT },
    { "D-31 absolute, no authority known", "GET", "/a", "http", "",
        "http://h/a", CSN_URI_DIFFERENT },
    { "D-31 a port as a number does not count", "GET", "/a", "http", "h:80",
        "http://h:080/a", CSN_URI_DIFFERENT },
    { "D-31 a path that looks absolute", "GET", "/http://h/a", "http", "h",
        "http://h/a", CSN_URI_DIFFERENT },

    { "D-32 origin-form for an absolute target", "GET", "http://h/a?b", "http",
        "proxy", "/a?b", CSN_URI_EQUIVALENT },
    { "D-32 origin-form of another path", "GET", "http://h/a", "http", "proxy",
        "/b", CSN_URI_DIFFERENT },
    { "D-32 two absolute forms, host in another case", "GET", "http://h/a",
        "http", "proxy", "HTTP://H:80/a", CSN_URI_EQUIVALENT },
    { "D-32 two absolute forms, two hosts", "GET", "http://h/a", "http", "h",
        "http://i/a", CSN_URI_DIFFERENT },
    { "D-32 two absolute forms, two schemes", "GET", "http://h/a", "http", "h",
        "https://h/a", CSN_URI_DIFFERENT },

    { "D-33 CONNECT, as sent", "CONNECT", "h:443", "http", "p", "h:443",
        CSN_URI_SAME },
    { "D-33 CONNECT, host in another case", "CONNECT", "h:443", "http", "p",
        "H:443", CSN_URI_EQUIVALENT },
    { "D-33 CONNECT, another port", "CONNECT", "h:443", "http", "p", "h:444",
        CSN_URI_DIFFERENT },
    { "D-33 CONNECT, port with a zero before it", "CONNECT", "h:443", "http",
        "p", "h:0443", CSN_URI_DIFFERENT },
    { "D-33 CONNECT, no port", "CONNECT", "h:443", "http", "p", "h",
        CSN_URI_DIFFERENT },
    { "D-33 CONNECT, an empty port", "CONNECT", "h:443", "http", "p",
        "h:", CSN_URI_DIFFERENT },
    { "D-33 CONNECT, a path", "CONNECT", "h:443", "http", "p", "/",
        CSN_URI_DIFFERENT },
    { "D-33 CONNECT, IPv6", "CONNECT", "[::A]:443", "http", "p", "[::a]:443",
        CSN_URI_EQUIVALENT },
    { "D-33 CONNECT, IPv6 without port", "CONNECT", "[::a]:443", "http", "p",
        "[::a]", CSN_URI_DIFFERENT },
    { "C-19 extended CONNECT has a path", "CONNECT", "/chat", "https", "h",
        "/chat", CSN_URI_SAME },

    { "D-34 * with *", "OPTIONS", "*", "http", "h", "*", CSN_URI_SAME },
    { "D-34 * with another host", "OPTIONS", "*", "http", "h", "http://i",
        CSN_URI_DIFFERENT },
    { "D-34 * with a path", "OPTIONS", "*", "http", "h", "/",
        CSN_URI_DIFFERENT },
    { "D-34 * for a path", "OPTIONS", "/", "http", "h", "*",
        CSN_URI_DIFFERENT },
    { "D-34 * in another method", "GET", "http://h", "http", "h", "*",
        CSN_URI_DIFFERENT },
};

static void
run_row(void **state)
{
    const struct row *row = *state;
    csn_span uri = check_exact(check_text(row->uri));
    csn_span target = check_exact(check_text(row->target));
    csn_target request = { check_text(row->method), target,
        check_text(row->scheme), check_text(row->authority) };

    CHECK_EQ(row->name, csn_uri_compare(&request, uri), row->want);
    check_drop(uri);
    check_drop(target);
}

int
main(void)
{
    return CHECK_ROWS("uri", rows, run_row);
}
