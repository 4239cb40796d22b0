// SPDX-License-Identifier: MIT
#include "bridge.h"

#include "common/note.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * What makes a program use a proxy. HTTP_PROXY is among them: the danger of
 * that name is a CGI program's, whose caller can set it, and who sets it here
 * is the user; programs that look at it alone, or first, would go past.
 */
static const char *const proxy_names[] = { "http_proxy", "https_proxy",
    "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY" };

/* This machine is not asked for elsewhere. */
static const char *const here[] = { "localhost", "127.0.0.1", "::1" };

void
csn_bridge_url(const csn_gw_settings *settings, char url[128])
{
    snprintf(url, 128, "http://%s", settings->listens[0].text);
}

/* The next name of a list that commas and blanks join; 0: the end. */
static size_t
next_name(const char **list)
{
    *list += strspn(*list, ", \t");
    return strcspn(*list, ", \t");
}

static bool
has_name(const char *list, const char *name)
{
    size_t len;

    while ((len = next_name(&list)) > 0) {
        if (len == strlen(name) && strncmp(list, name, len) == 0)
            return true;
        list += len;
    }
    return false;
}

static const char *
given_no_proxy(void)
{
    const char *given = getenv("no_proxy");

    if (given == NULL)
        given = getenv("NO_PROXY");
    return given != NULL ? given : "";
}

char *
csn_bridge_no_proxy(void)
{
    const char *given = given_no_proxy();
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    const char *comma = given[0] != '\0' ? "," : "";

    if (out == NULL)
        return NULL;
    fputs(given, out);
    for (size_t i = 0; i < sizeof(here) / sizeof(here[0]); i++) {
        if (has_name(given, here[i]))
            continue;
        fprintf(out, "%s%s", comma, here[i]);
        comma = ",";
    }
    return fclose(out) == 0 ? text : NULL;
}

/* Names as Java has them: `*` where curl and others take an ending. */
static void
put_java_names(FILE *out)
{
    const char *list = given_no_proxy();
    size_t len;

    fputs("-Dhttp.nonProxyHosts=localhost|127.*|[::1]", out);
    while ((len = next_name(&list)) > 0) {
        size_t dot = *list == '.' ? 1 : 0;
        int rest = (int)(len - dot);

        if (strspn(list,
                "abcdefghijklmnopqrstuvwxyz"
                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") >= len)
            fprintf(out, "|%.*s|*.%.*s", rest, list + dot, rest, list + dot);
        list += len;
    }
}

static char *
java_options(const csn_gw_listen *listen)
{
    const struct sockaddr *address = (const struct sockaddr *)&listen->address;
    const char *given = getenv("JAVA_TOOL_OPTIONS");
    const char *port = strrchr(listen->text, ':') + 1;
    char host[sizeof(listen->text)];
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    if (out == NULL)
        return NULL;
    snprintf(host, sizeof(host), "%.*s", (int)(port - 1 - listen->text),
        listen->text);
    if (address->sa_family == AF_INET6) { /* without its brackets */
        memmove(host, host + 1, strlen(host));
        host[strcspn(host, "]")] = '\0';
    }
    if (given != NULL && given[0] != '\0')
        fprintf(out, "%s ", given);
    fprintf(out,
        "-Dhttp.proxyHost=%s -Dhttp.proxyPort=%s -Dhttps.proxyHost=%s "
        "-Dhttps.proxyPort=%s ",
        host, port, host, port);
    put_java_names(out);
    return fclose(out) == 0 ? text : NULL;
}

static bool
set_and_free(const char *name, char *value)
{
    bool set = value != NULL && setenv(name, value, 1) == 0;

    free(value);
    return set;
}

bool
csn_bridge_surround(const csn_bridge *self)
{
    char url[128];
    bool set = true;

    csn_bridge_url(&self->settings, url);
    for (size_t i = 0; i < sizeof(proxy_names) / sizeof(proxy_names[0]); i++)
        set = setenv(proxy_names[i], url, 1) == 0 && set;
    set = set &&
        (self->options.no_java ||
            set_and_free("JAVA_TOOL_OPTIONS",
                java_options(&self->settings.listens[0]))) &&
        set_and_free("no_proxy", csn_bridge_no_proxy());
    /* The same, for those who look there first. */
    return set && setenv("NO_PROXY", getenv("no_proxy"), 1) == 0;
}
