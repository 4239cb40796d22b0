// SPDX-License-Identifier: MIT
#define _POSIX_C_SOURCE 200809L
#include "host.h"

#include <openssl/evp.h>

#include <countersign/crypto_openssl.h>

#include "check.h"

const char host_absent[] = "(absent)";

enum { TABLE_SIZE = 1 << 20 };

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

void
host_open(host *h, void (*change)(csn_server_config *config))
{
    memset(h, 0, sizeof(*h));
    h->crypto = csn_crypto_openssl();
    h->now_ms = 1700000000000u;
    h->config = (csn_server_config){ .version = CSN_SERVER_CONFIG_VERSION,
        .layer = CSN_LAYER_ORIGIN,
        .realm = CSN_SPAN("test@example.org"),
        .site = CSN_SPAN("www.example.org") };
    h->keys[0].id = 1;
    h->keys[0].state = CSN_KEY_MINT;
    memset(h->keys[0].secret, 0x11, CSN_KEY_SIZE);
    h->key_count = 1;
    if (change != NULL)
        change(&h->config);
    host_reload(h);
    host_restart(h);
}

void
host_close(host *h)
{
    csn_server_wipe(&h->server);
    free(h->memory);
    h->memory = NULL;
}

void
host_reload(host *h)
{
    assert_int_equal(csn_server_init(&h->server, &h->config, h->crypto,
                         h->keys, h->key_count),
        CSN_OK);
}

void
host_restart(host *h)
{
    free(h->memory);
    h->memory = aligned_alloc(64, TABLE_SIZE);
    assert_non_null(h->memory);
    assert_int_equal(csn_counts_init(h->memory, TABLE_SIZE, h->crypto,
                         h->now_ms, &h->table),
        CSN_OK);
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

void
host_response(host *h, const host_ask *ask, const char *method, char hex[65])
{
    const char *algorithm = or_else(ask->algorithm, "SHA-256");
    const char *qop = or_else(ask->qop, "auth");
    char text[9000], ha1[65], ha2[65];
    char realm[300];

    snprintf(realm, sizeof(realm), "%.*s", (int)h->config.realm.len,
        (const char *)h->config.realm.ptr);
    if (!is_sent(algorithm))
        algorithm = "MD5";
    snprintf(text, sizeof(text), "%s:%s:%s", or_else(ask->user, "alice"),
        or_else(ask->realm, realm), or_else(ask->password, "secret"));
    hash_hex(algorithm, text, ha1);
    snprintf(text, sizeof(text), "%s:%s", method, or_else(ask->uri, "/a?b=c"));
    hash_hex(algorithm, text, ha2);
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

void
host_line(host *h, const host_ask *ask, char *out, size_t cap)
{
    char realm[300], response[65];

    if (ask->line != NULL) {
        snprintf(out, cap, "%s", ask->line);
        return;
    }
    snprintf(realm, sizeof(realm), "%.*s", (int)h->config.realm.len,
        (const char *)h->config.realm.ptr);
    host_response(h, ask, or_else(ask->method, "GET"), response);
    snprintf(out, cap, "Digest ");
    append(out, cap, "username", "\"", or_else(ask->user, "alice"));
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

/* The store: alice with "secret", nobody else. */
static csn_secret
find_secret(host *h, const csn_secret_query *query,
    uint8_t hex[CSN_MAX_DIGEST_HEX])
{
    csn_secret secret = { .code = CSN_SECRET_UNKNOWN };

    if (h->secret_code != CSN_SECRET_FOUND) {
        secret.code = h->secret_code;
        return secret;
    }
    if (query->user.len != 5 || memcmp(query->user.ptr, "alice", 5) != 0)
        return secret;
    assert_int_equal(csn_digest_ha1(h->crypto, query->hash, query->user,
                         query->realm, CSN_SPAN("secret"), hex),
        CSN_OK);
    secret.code = CSN_SECRET_FOUND;
    secret.ha1_hex = (csn_span){ hex, 2 * csn_hash_size(query->hash) };
    return secret;
}

static csn_mark_result
mark(host *h, const csn_mark *request)
{
    csn_mark_result away = { .code = CSN_MARK_UNAVAILABLE };

    return h->counts_away ? away : csn_counts_mark(h->table, request);
}

static void
read_answer(const csn_server_exchange *x, host_answer *answer)
{
    answer->outcome = csn_server_get_outcome(x);
    snprintf(answer->user, sizeof(answer->user), "%.*s",
        (int)answer->outcome.user.len,
        answer->outcome.user.len ? (const char *)answer->outcome.user.ptr
                                 : "");
    answer->outcome.user = (csn_span){ NULL, 0 };
    for (size_t i = 0; i < HOST_LINES; i++) {
        csn_writer out = csn_writer_init((uint8_t *)answer->challenges[i],
            HOST_TEXT - 1);

        if (csn_server_challenge(x, i, &out) != CSN_OK)
            break;
        answer->challenge_count++;
    }
    csn_writer out = csn_writer_init((uint8_t *)answer->info, HOST_TEXT - 1);
    if (csn_server_info(x, &out) != CSN_OK)
        assert_int_equal(out.len, 0);
    answer->nextnonce = csn_server_sends_nextnonce(x);
}

void
host_send(host *h, const host_ask *ask, host_answer *answer)
{
    char line[16384], second[16384];
    uint8_t scratch[CSN_SCRATCH_SIZE], hex[CSN_MAX_DIGEST_HEX];
    csn_span lines[2];
    csn_server_exchange x;
    csn_server_request request = {
        .target = { check_text(or_else(ask->method, "GET")),
            check_text(or_else(ask->target, or_else(ask->uri, "/a?b=c"))),
            check_text(or_else(ask->scheme, "http")),
            check_text(or_else(ask->authority, "www.example.org")) },
        .lines = lines,
        .now_ms = csn_counts_now(h->table, h->now_ms),
        .scratch = scratch,
        .scratch_len = sizeof(scratch),
    };
    csn_need need;

    memset(answer, 0, sizeof(*answer));
    csn_counts_domain(h->table, request.domain);
    if (!ask->bare) {
        host_line(h, ask, line, sizeof(line));
        lines[request.line_count++] = check_exact(check_text(line));
    }
    if (ask->second != NULL) {
        snprintf(second, sizeof(second), "%s", ask->second);
        lines[request.line_count++] = check_exact(check_text(second));
    }

    need = csn_server_begin(&x, &h->server, &request);
    if (need == CSN_NEED_SECRET) {
        csn_secret_query query = csn_server_secret_query(&x);
        csn_secret secret = find_secret(h, &query, hex);

        answer->looked_up = true;
        need = csn_server_give_secret(&x, &secret);
    }
    if (need == CSN_NEED_COUNT) {
        answer->marked = true;
        answer->mark = csn_server_count_query(&x);
        need = csn_server_give_count(&x, mark(h, &answer->mark));
    }
    assert_int_equal(need, CSN_DONE);
    read_answer(&x, answer);
    csn_server_end(&x);
    for (size_t i = 0; i < request.line_count; i++)
        check_drop(lines[i]);
}

void
host_param(const char *field, const char *name, char *out, size_t cap)
{
    char key[80];
    const char *at = field;
    size_t len;

    out[0] = '\0';
    snprintf(key, sizeof(key), "%s=", name);
    while ((at = strstr(at, key)) != NULL && at != field && at[-1] != ' ' &&
        at[-1] != ',')
        at++;
    if (at == NULL)
        return;
    at += strlen(key);
    len = *at == '"' ? strcspn(++at, "\"") : strcspn(at, ", ");
    snprintf(out, cap, "%.*s", (int)len, at);
}

void
host_nonce(host *h, char nonce[64])
{
    host_answer answer;

    host_send(h, &(host_ask){ .bare = true }, &answer);
    assert_int_equal(answer.outcome.verdict, CSN_VERDICT_CHALLENGE);
    host_param(answer.challenges[0], "nonce", nonce, 64);
    assert_int_equal(strlen(nonce), 56);
}
