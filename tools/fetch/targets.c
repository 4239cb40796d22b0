// SPDX-License-Identifier: MIT
#include "logins.h"

#include <stdlib.h>
#include <string.h>

#include "common/exit.h"
#include "common/note.h"
#include "core/ct.h"

/*
 * To whom each login is shown. -u belongs to the origins of the command line
 * and to no origin a redirect leads to; -U to one proxy. A user in a URL
 * belongs to that URL's origin alone and goes before -u there.
 */

/* A login made so far, to notice two for one peer. */
typedef struct known_login {
    struct known_login *next;
    csn_layer layer;
    char *peer;
    char *user;
} known_login;

static void
free_known(known_login *known)
{
    while (known != NULL) {
        known_login *gone = known;

        known = known->next;
        free(gone->peer);
        free(gone->user);
        free(gone);
    }
}

static char *
part_of(CURLU *url, CURLUPart part, unsigned flags)
{
    char *text = NULL;

    return curl_url_get(url, part, &text, flags) == CURLUE_OK ? text : NULL;
}

/* scheme://host:port, as a key for comparison; NULL when it is no URL. */
static char *
peer_of(CURLU *url)
{
    char *scheme = part_of(url, CURLUPART_SCHEME, 0);
    char *host = part_of(url, CURLUPART_HOST, 0);
    char *port = part_of(url, CURLUPART_PORT, CURLU_DEFAULT_PORT);
    char *peer = NULL;

    if (scheme != NULL && host != NULL && port != NULL &&
        asprintf(&peer, "%s://%s:%s", scheme, host, port) < 0)
        peer = NULL;
    for (char *p = peer; p != NULL && *p != '\0'; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p - 'A' + 'a');
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    return peer;
}

static int
report_refusal(csn_status status, const char *url)
{
    if (status == CSN_E_REFUSED) {
        csn_note("%s: the same login would serve https and http, where anybody"
                 " on the way could guess at it; --allow-plain-secrets allows"
                 " that",
            url);
        return CSN_EXIT_USAGE;
    }
    if (status == CSN_E_MEMORY) {
        csn_note("no memory");
        return CSN_EXIT_MEMORY;
    }
    if (status == CSN_E_SYNTAX)
        csn_note("%s: user or password is not UTF-8, or holds a control "
                 "character, or the user a colon",
            url);
    else
        csn_note("%s: login: %s", url, csn_status_text(status));
    return CSN_EXIT_USAGE;
}

/* One login for one peer; a second user for it is an error. */
static int
log_in(csn_curl_session *session, known_login **known, csn_layer layer,
    const char *url, char *peer, const char *user, const char *password)
{
    known_login *entry;
    csn_status status;

    for (entry = *known; entry != NULL; entry = entry->next)
        if (entry->layer == layer && strcmp(entry->peer, peer) == 0)
            break;
    if (entry != NULL && strcmp(entry->user, user) != 0) {
        csn_note("%s: two users for one %s; fetch them one by one", peer,
            layer == CSN_LAYER_PROXY ? "proxy" : "origin");
        return CSN_EXIT_USAGE;
    }
    status = csn_curl_login(session, layer, url, user, password);
    if (status != CSN_OK)
        return report_refusal(status, url);
    if (entry != NULL)
        return CSN_EXIT_OK;
    entry = calloc(1, sizeof(*entry));
    if (entry != NULL) {
        entry->layer = layer;
        entry->peer = strdup(peer);
        entry->user = strdup(user);
        entry->next = *known;
        *known = entry;
    }
    return entry && entry->peer && entry->user ? CSN_EXIT_OK : CSN_EXIT_MEMORY;
}

/* The login of a URL: its own, or what the command line gave. */
static int
log_in_url(csn_curl_session *session, known_login **known, csn_layer layer,
    CURLU *url, const csn_login *login)
{
    char *peer = peer_of(url);
    char *user = part_of(url, CURLUPART_USER, CURLU_URLDECODE);
    char *password = part_of(url, CURLUPART_PASSWORD, CURLU_URLDECODE);
    int code = CSN_EXIT_OK;

    if (peer == NULL)
        code = CSN_EXIT_USAGE;
    else if (user != NULL)
        code = log_in(session, known, layer, peer, peer, user,
            password ? password : "");
    else if (login->given)
        code = log_in(session, known, layer, peer, peer, login->user,
            login->password.text);
    if (password != NULL)
        csn_wipe(password, strlen(password));
    curl_free(password);
    curl_free(user);
    free(peer);
    return code;
}

/* Overwrite the password of a URL in the command line's own memory. */
static void
hide_password(char *text)
{
    char *start = strstr(text, "://");
    char *at;
    char *colon;

    if (strncasecmp(text, "socks", 5) == 0)
        return; /* libcurl reads it from here, later */
    start = start ? start + 3 : text;
    at = memchr(start, '@', strcspn(start, "/?#"));
    colon = at ? memchr(start, ':', (size_t)(at - start)) : NULL;
    if (colon == NULL)
        return;
    csn_note("warning: a password in a URL can be seen by others on this "
             "machine; -u, --user-file or COUNTERSIGN_USER keep it apart");
    memset(colon + 1, '*', (size_t)(at - colon - 1));
}

/* Unreadable URLs are left for the transfer, which says what is wrong. */
static CURLU *
parse(const char *text)
{
    CURLU *url = curl_url();

    if (url != NULL &&
        curl_url_set(url, CURLUPART_URL, text, CURLU_GUESS_SCHEME) !=
            CURLUE_OK) {
        curl_url_cleanup(url);
        url = NULL;
    }
    return url;
}

static int
log_in_proxy(csn_curl_session *session, known_login **known, const char *text,
    const csn_login *login)
{
    static const csn_login none;
    CURLU *url = parse(text);
    char *port = url ? part_of(url, CURLUPART_PORT, 0) : NULL;
    char *scheme = url ? part_of(url, CURLUPART_SCHEME, 0) : NULL;
    int code = CSN_EXIT_OK;

    /* A proxy's port is 1080 when it is not named, as for curl. */
    if (scheme != NULL && strcmp(scheme, "http") == 0 && port == NULL)
        (void)curl_url_set(url, CURLUPART_PORT, "1080", 0);
    if (scheme != NULL && strncmp(scheme, "socks", 5) != 0)
        code = log_in_url(session, known, CSN_LAYER_PROXY, url,
            login ? login : &none);
    curl_free(port);
    curl_free(scheme);
    curl_url_cleanup(url);
    return code;
}

/*
 * -U goes to one proxy: that of -x, or the only one the environment names
 * for these URLs. Each proxy's own user is its own.
 */
static int
log_in_env_proxies(const fetch_options *options, csn_curl_session *session,
    known_login **known)
{
    char *first = NULL;
    int code = CSN_EXIT_OK;

    for (size_t i = 0; code == CSN_EXIT_OK && i < options->urls.count; i++) {
        char *proxy = NULL;

        if (csn_curl_env_proxy(options->urls.items[i], options->no_proxy,
                &proxy) != CSN_OK ||
            proxy == NULL)
            continue;
        if (first != NULL && strcmp(first, proxy) != 0 &&
            options->proxy_user.given) {
            csn_note("the environment names several proxies: say with -x "
                     "which one -U is for");
            code = CSN_EXIT_USAGE;
        } else {
            code = log_in_proxy(session, known, proxy, &options->proxy_user);
        }
        if (first == NULL)
            first = proxy;
        else
            free(proxy);
    }
    free(first);
    return code;
}

int
fetch_login_all(fetch_options *options, csn_curl_session *session)
{
    known_login *known = NULL;
    int code = CSN_EXIT_OK;

    for (size_t i = 0; code == CSN_EXIT_OK && i < options->urls.count; i++) {
        CURLU *url = parse(options->urls.items[i]);

        if (url != NULL)
            code = log_in_url(session, &known, CSN_LAYER_ORIGIN, url,
                &options->user);
        curl_url_cleanup(url);
    }
    if (code == CSN_EXIT_OK && options->proxy != NULL)
        code = log_in_proxy(session, &known, options->proxy,
            &options->proxy_user);
    else if (code == CSN_EXIT_OK)
        code = log_in_env_proxies(options, session, &known);
    for (size_t i = 0; i < options->urls.count; i++)
        hide_password((char *)(uintptr_t)options->urls.items[i]);
    if (options->proxy != NULL)
        hide_password((char *)(uintptr_t)options->proxy);
    free_known(known);
    return code;
}
