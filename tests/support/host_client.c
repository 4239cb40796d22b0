// SPDX-License-Identifier: MIT
#define _POSIX_C_SOURCE 200809L
#include <openssl/evp.h>

#include "check.h"
#include "host.h"

/* The client of host.h: credentials by formula, past everything tested. */

const char host_absent[] = "(absent)";

static const char *
or_else(const char *text, const char *standard)
{
    return text != NULL ? text : standard;
}

static bool
is_sent(const char *text)
{
    return text != host_absent;
}

/* The hash as OpenSSL has it, past everything that is tested here. */
static void
hash_hex(const char *algorithm, const char *text, char hex[65])
{
    const char *name = strncmp(algorithm, "SHA-512", 7) == 0 ? "SHA512-256"
        : strncmp(algorithm, "SHA-256", 7) == 0              ? "SHA256"
                                                             : "MD5";
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    assert_int_equal(EVP_Digest(text, strlen(text), digest, &len,
                         EVP_get_digestbyname(name), NULL),
        1);
    for (unsigned i = 0; i < len; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}

static void
own_realm(const host *h, char realm[300])
{
    snprintf(realm, 300, "%.*s", (int)h->config.realm.len,
        (const char *)h->config.realm.ptr);
}

/* H(A1), with nonce' and cnonce' under -sess: RFC 7616, 3.4.2. */
static void
hash_a1(const host *h, const host_ask *ask, const char *algorithm,
    char hex[65])
{
    char text[3000], realm[300];

    own_realm(h, realm);
    snprintf(text, sizeof(text), "%s:%s:%s", or_else(ask->user, "alice"),
        or_else(ask->realm, realm), or_else(ask->password, "secret"));
    hash_hex(algorithm, text, hex);
    if (strstr(algorithm, "-sess") == NULL)
        return;
    snprintf(text, sizeof(text), "%s:%s:%s", hex,
        or_else(ask->first_nonce, or_else(ask->nonce, "")),
        or_else(ask->first_cnonce, or_else(ask->cnonce, "Y25vbmNl")));
    hash_hex(algorithm, text, hex);
}

/* H(A2), with the content of that message under auth-int: 3.4.3, 3.5. */
static void
hash_a2(const host_ask *ask, const char *algorithm, const char *method,
    char hex[65])
{
    const char *content = method[0] != '\0' ? ask->body : ask->reply;
    char text[9000], content_hex[65];
    size_t len;

    snprintf(text, sizeof(text), "%s:%s", method, or_else(ask->uri, "/a?b=c"));
    len = strlen(text);
    if (ask->qop != NULL && strcmp(ask->qop, "auth-int") == 0) {
        hash_hex(algorithm, or_else(content, ""), content_hex);
        snprintf(text + len, sizeof(text) - len, ":%s", content_hex);
    }
    hash_hex(algorithm, text, hex);
}

void
host_response(host *h, const host_ask *ask, const char *method, char hex[65])
{
    const char *algorithm = or_else(ask->algorithm, "SHA-256");
    const char *qop = or_else(ask->qop, "auth");
    char text[9000], ha1[65], ha2[65];

    if (!is_sent(algorithm))
        algorithm = "MD5";
    hash_a1(h, ask, algorithm, ha1);
    hash_a2(ask, algorithm, method, ha2);
    if (is_sent(qop))
        snprintf(text, sizeof(text), "%s:%s:%s:%s:%s:%s", ha1,
            or_else(ask->nonce, ""), or_else(ask->nc, "00000001"),
            or_else(ask->cnonce, "Y25vbmNl"), qop, ha2);
    else
        snprintf(text, sizeof(text), "%s:%s:%s", ha1, or_else(ask->nonce, ""),
            ha2);
    hash_hex(algorithm, text, hex);
}

static void
append(char *out, size_t cap, const char *name, const char *mark,
    const char *value)
{
    size_t len = strlen(out);

    if (is_sent(value))
        snprintf(out + len, cap - len, "%s%s=%s%s%s",
            len > strlen("Digest ") ? ", " : "", name, mark, value, mark);
}

/* The name as it travels: RFC 7616, 3.4 and 3.4.4. */
static void
append_user(const host *h, const host_ask *ask, char *out, size_t cap)
{
    const char *user = or_else(ask->user, "alice");
    char text[1400], realm[300], hex[65];

    if (ask->extended) {
        size_t len = (size_t)snprintf(text, sizeof(text), "UTF-8''");

        for (const char *at = user; *at != '\0'; at++)
            len += (size_t)snprintf(text + len, sizeof(text) - len, "%%%02X",
                (unsigned)(unsigned char)*at);
        append(out, cap, "username*", "", text);
    } else if (ask->userhash) {
        own_realm(h, realm);
        snprintf(text, sizeof(text), "%s:%s", user,
            or_else(ask->realm, realm));
        hash_hex(or_else(ask->algorithm, "SHA-256"), text, hex);
        append(out, cap, "username", "\"", hex);
        append(out, cap, "userhash", "", "true");
    } else {
        append(out, cap, "username", "\"", user);
    }
}

void
host_line(host *h, const host_ask *ask, char *out, size_t cap)
{
    char realm[300], response[65];

    if (ask->line != NULL) {
        snprintf(out, cap, "%s", ask->line);
        return;
    }
    own_realm(h, realm);
    host_response(h, ask, or_else(ask->method, "GET"), response);
    snprintf(out, cap, "Digest ");
    append_user(h, ask, out, cap);
    append(out, cap, "realm", "\"", or_else(ask->realm, realm));
    append(out, cap, "nonce", "\"", or_else(ask->nonce, ""));
    append(out, cap, "uri", "\"", or_else(ask->uri, "/a?b=c"));
    append(out, cap, "response", "\"", or_else(ask->response, response));
    append(out, cap, "algorithm", "", or_else(ask->algorithm, "SHA-256"));
    append(out, cap, "cnonce", "\"", or_else(ask->cnonce, "Y25vbmNl"));
    append(out, cap, "nc", "", or_else(ask->nc, "00000001"));
    append(out, cap, "qop", "", or_else(ask->qop, "auth"));
    append(out, cap, "opaque", "\"", or_else(ask->opaque, host_absent));
    if (ask->extra != NULL)
        snprintf(out + strlen(out), cap - strlen(out), "%s", ask->extra);
}
