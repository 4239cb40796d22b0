// SPDX-License-Identifier: MIT
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include "rig.h"

#include <openssl/evp.h>
#include <sys/mman.h>

#include <countersign/crypto_openssl.h>

#include "check.h"

enum { TABLE_SIZE = 1 << 18 };

static const struct user {
    const char *name;
    const char *password;
} users[] = { { "alice", "secret" }, { "bob", "hunter2" } };

static const struct form {
    const char *name;
    const char *mark; /* around the value */
} forms[P_COUNT] = {
    [P_USERNAME] = { "username", "\"" },
    [P_USERNAME_EXT] = { "username*", "" },
    [P_REALM] = { "realm", "\"" },
    [P_NONCE] = { "nonce", "\"" },
    [P_URI] = { "uri", "\"" },
    [P_RESPONSE] = { "response", "\"" },
    [P_CNONCE] = { "cnonce", "\"" },
    [P_NC] = { "nc", "" },
    [P_QOP] = { "qop", "" },
    [P_OPAQUE] = { "opaque", "\"" },
    [P_ALGORITHM] = { "algorithm", "" },
    [P_USERHASH] = { "userhash", "" },
};

void
attack_open_sized(attack_site *site, void (*change)(csn_server_config *),
    size_t table_size)
{
    memset(site, 0, sizeof(*site));
    site->config = (csn_server_config){ .version = CSN_SERVER_CONFIG_VERSION,
        .realm = CSN_SPAN(ATTACK_REALM),
        .site = CSN_SPAN("www.example.org") };
    site->keys[0] = (csn_key){ .id = 1, .state = CSN_KEY_MINT };
    memset(site->keys[0].secret, 0x11, CSN_KEY_SIZE);
    site->key_count = 1;
    site->now_ms = ATTACK_START_MS;
    site->memory_size = table_size;
    if (change != NULL)
        change(&site->config);
    attack_reload(site);
    attack_restart(site);
}

void
attack_open(attack_site *site, void (*change)(csn_server_config *))
{
    attack_open_sized(site, change, TABLE_SIZE);
}

void
attack_close(attack_site *site)
{
    csn_server_wipe(&site->server);
    munmap(site->memory, site->memory_size);
}

void
attack_reload(attack_site *site)
{
    assert_int_equal(csn_server_init(&site->server, &site->config,
                         csn_crypto_openssl(), site->keys, site->key_count),
        CSN_OK);
}

void
attack_restart(attack_site *site)
{
    if (site->memory != NULL)
        munmap(site->memory, site->memory_size);
    site->memory = mmap(NULL, site->memory_size, PROT_READ | PROT_WRITE,
        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(site->memory, MAP_FAILED);
    assert_int_equal(csn_counts_init(site->memory, site->memory_size,
                         csn_crypto_openssl(), site->now_ms, &site->table),
        CSN_OK);
}

void
attack_hash(const char *algorithm, const char *text, char hex[65])
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
attack_set(attack_request *request, attack_param param, const char *value)
{
    int len = snprintf(request->value[param], ATTACK_VALUE, "%s", value);

    assert_in_range(len, 0, ATTACK_VALUE - 1);
    request->sent[param] = true;
}

/* What stands in the line: nothing for a parameter that is left out. */
static const char *
said(const attack_request *request, attack_param param)
{
    return request->sent[param] ? request->value[param] : "";
}

void
attack_sign_with_ha1(attack_request *request, const char *ha1)
{
    const char *algorithm = said(request, P_ALGORITHM);
    const char *qop = said(request, P_QOP);
    char text[ATTACK_LINE], key[ATTACK_VALUE], ha2[65], hex[65];

    snprintf(key, sizeof(key), "%s", ha1);
    if (strstr(algorithm, "-sess") != NULL) {
        snprintf(text, sizeof(text), "%s:%s:%s", ha1, said(request, P_NONCE),
            said(request, P_CNONCE));
        attack_hash(algorithm, text, key);
    }
    attack_hash(algorithm, request->content, hex);
    snprintf(text, sizeof(text), "%s:%s%s%s", request->method,
        said(request, P_URI), strcmp(qop, "auth-int") == 0 ? ":" : "",
        strcmp(qop, "auth-int") == 0 ? hex : "");
    attack_hash(algorithm, text, ha2);
    if (request->sent[P_QOP])
        snprintf(text, sizeof(text), "%s:%s:%s:%s:%s:%s", key,
            said(request, P_NONCE), said(request, P_NC),
            said(request, P_CNONCE), qop, ha2);
    else
        snprintf(text, sizeof(text), "%s:%s:%s", key, said(request, P_NONCE),
            ha2);
    attack_hash(algorithm, text, hex);
    attack_set(request, P_RESPONSE, hex);
}

/* The name that A1 is made with, however the line carries it. */
static const char *
name_of(const attack_request *request)
{
    return request->sent[P_USERNAME] && !request->sent[P_USERHASH]
        ? request->value[P_USERNAME]
        : "alice";
}

void
attack_sign(attack_request *request, const char *password)
{
    char text[ATTACK_LINE], ha1[65];

    snprintf(text, sizeof(text), "%s:%s:%s", name_of(request),
        said(request, P_REALM), password);
    attack_hash(said(request, P_ALGORITHM), text, ha1);
    attack_sign_with_ha1(request, ha1);
}

void
attack_nonce(attack_site *site, char nonce[64])
{
    attack_answer answer;
    const char *at;

    attack_send(site, &(attack_request){ .bare = true }, &answer);
    at = strstr(answer.challenge, "nonce=\"");
    assert_non_null(at);
    snprintf(nonce, 64, "%.*s", (int)strcspn(at + 7, "\""), at + 7);
}

void
attack_challenge(const attack_site *site, csn_server_exchange *x,
    char nonce[ATTACK_NONCE])
{
    csn_server_request request = { .target = { CSN_SPAN("GET"), CSN_SPAN("/"),
                                       CSN_SPAN("http"), CSN_SPAN("h") },
        .now_ms = site->now_ms };
    char text[CSN_CHALLENGE_SIZE + 1];
    csn_writer out = csn_writer_init((uint8_t *)text, CSN_CHALLENGE_SIZE);
    const char *at;

    csn_counts_domain(site->table, request.domain);
    if (csn_server_begin(x, &site->server, &request) != CSN_DONE ||
        csn_server_challenge(x, 0, &out) != CSN_OK)
        abort(); /* on a thread: cmocka cannot fail there */
    text[out.len] = '\0';
    at = strstr(text, "nonce=\"");
    if (at == NULL || at[7 + ATTACK_NONCE] != '"')
        abort();
    if (nonce != NULL)
        memcpy(nonce, at + 7, ATTACK_NONCE);
    csn_server_end(x);
}

void
attack_right(attack_site *site, attack_request *request)
{
    const csn_server_config *config = &site->config;
    csn_span algorithm = csn_algorithm_name(config->algorithm_count != 0
            ? config->algorithms[0]
            : CSN_ALG_SHA_256);
    char text[ATTACK_VALUE];

    memset(request, 0, sizeof(*request));
    snprintf(request->method, sizeof(request->method), "GET");
    snprintf(request->target, sizeof(request->target), "/a?b=c");
    snprintf(request->scheme, sizeof(request->scheme), "http");
    snprintf(request->authority, sizeof(request->authority),
        "www.example.org");
    attack_set(request, P_USERNAME, "alice");
    snprintf(text, sizeof(text), "%.*s", (int)config->realm.len,
        (const char *)config->realm.ptr);
    attack_set(request, P_REALM, text);
    attack_nonce(site, text);
    attack_set(request, P_NONCE, text);
    attack_set(request, P_URI, "/a?b=c");
    attack_set(request, P_CNONCE, "Y25vbmNl");
    attack_set(request, P_NC, "00000001");
    attack_set(request, P_QOP,
        config->qops == CSN_QOP_AUTH_INT ? "auth-int" : "auth");
    if (config->opaque.len != 0) {
        snprintf(text, sizeof(text), "%.*s", (int)config->opaque.len,
            (const char *)config->opaque.ptr);
        attack_set(request, P_OPAQUE, text);
    }
    snprintf(text, sizeof(text), "%.*s", (int)algorithm.len,
        (const char *)algorithm.ptr);
    attack_set(request, P_ALGORITHM, text);
    attack_sign(request, "secret");
}

void
attack_line(const attack_request *request, char line[ATTACK_LINE])
{
    size_t len = (size_t)snprintf(line, ATTACK_LINE, "Digest ");

    if (request->line != NULL) {
        assert_in_range(snprintf(line, ATTACK_LINE, "%s", request->line), 0,
            ATTACK_LINE - 1);
        return;
    }
    for (int i = 0; i < P_COUNT; i++) {
        if (!request->sent[i])
            continue;
        len += (size_t)snprintf(line + len, ATTACK_LINE - len, "%s%s=%s%s%s",
            len > strlen("Digest ") ? ", " : "", forms[i].name, forms[i].mark,
            request->value[i], forms[i].mark);
        assert_in_range(len, 0, ATTACK_LINE - 1);
    }
}

/* The store: by name, or by hashed name. */
static csn_secret
find_secret(const attack_site *site, const csn_secret_query *query,
    uint8_t hex[CSN_MAX_DIGEST_HEX])
{
    csn_secret secret = { .code = CSN_SECRET_UNKNOWN };

    if (site->secret != NULL)
        return *site->secret;
    for (size_t i = 0; i < COUNT_OF(users); i++) {
        csn_span name = check_text(users[i].name);
        uint8_t hashed[CSN_MAX_DIGEST_HEX];
        csn_span wire = name;

        if (query->hashed) {
            assert_int_equal(csn_digest_userhash(csn_crypto_openssl(),
                                 query->hash, name, query->realm, hashed),
                CSN_OK);
            wire = (csn_span){ hashed, 2 * csn_hash_size(query->hash) };
        }
        if (query->user.len != wire.len ||
            memcmp(query->user.ptr, wire.ptr, wire.len) != 0)
            continue;
        assert_int_equal(csn_digest_ha1(csn_crypto_openssl(), query->hash,
                             name, query->realm, check_text(users[i].password),
                             hex),
            CSN_OK);
        secret = (csn_secret){ .code = CSN_SECRET_FOUND,
            .ha1_hex = { hex, 2 * csn_hash_size(query->hash) },
            .user = name };
    }
    return secret;
}

static csn_need
give_content(csn_server_exchange *x, const attack_request *request)
{
    csn_span part = check_text(request->content);
    uint8_t digest[CSN_MAX_DIGEST];

    assert_int_equal(csn_crypto_openssl()->digest(csn_server_hash(x), &part, 1,
                         digest),
        CSN_OK);
    return csn_server_give_content(x,
        &(csn_content){ .code = CSN_CONTENT_HASHED, .digest = digest });
}

/* Every need until there is none. */
static void
serve(attack_site *site, const attack_request *request, csn_server_exchange *x,
    csn_need need, attack_answer *answer)
{
    uint8_t hex[CSN_MAX_DIGEST_HEX];

    if (need == CSN_NEED_SECRET) {
        csn_secret_query query = csn_server_secret_query(x);
        csn_secret secret = find_secret(site, &query, hex);

        answer->looked_up = true;
        need = csn_server_give_secret(x, &secret);
    }
    if (need == CSN_NEED_SESSION) {
        csn_session_query query = csn_server_session_query(x);
        csn_session_result result = csn_counts_session(site->table, &query);

        need = csn_server_give_session(x, &result);
    }
    if (need == CSN_NEED_CONTENT)
        need = give_content(x, request);
    if (need == CSN_NEED_COUNT) {
        csn_mark mark = csn_server_count_query(x);

        answer->marked = true;
        need = csn_server_give_count(x, csn_counts_mark(site->table, &mark));
    }
    assert_int_equal(need, CSN_DONE);
}

static void
read_answer(const csn_server_exchange *x, attack_answer *answer)
{
    csn_writer out = csn_writer_init((uint8_t *)answer->challenge,
        ATTACK_LINE - 1);

    answer->outcome = csn_server_get_outcome(x);
    answer->outcome.user = (csn_span){ NULL, 0 }; /* it points into the line */
    if (csn_server_challenge(x, 0, &out) != CSN_OK)
        assert_int_equal(out.len, 0);
    out = csn_writer_init((uint8_t *)answer->info, ATTACK_LINE - 1);
    if (csn_server_info(x, &out) != CSN_OK)
        assert_int_equal(out.len, 0);
}

void
attack_send(attack_site *site, const attack_request *request,
    attack_answer *answer)
{
    char text[ATTACK_LINE];
    uint8_t scratch[CSN_SCRATCH_SIZE];
    csn_span line;
    csn_server_exchange x;
    csn_server_request asked = {
        .target = { check_text(request->bare ? "GET" : request->method),
            check_text(request->target), check_text(request->scheme),
            check_text(request->authority) },
        .lines = &line,
        .line_count = !request->bare,
        .now_ms = csn_counts_now(site->table, site->now_ms),
        .scratch = scratch,
        .scratch_len = sizeof(scratch),
    };

    memset(answer, 0, sizeof(*answer));
    csn_counts_domain(site->table, asked.domain);
    attack_line(request, text);
    line = check_exact(check_text(text));
    serve(site, request, &x, csn_server_begin(&x, &site->server, &asked),
        answer);
    read_answer(&x, answer);
    csn_server_end(&x);
    check_drop(line);
}

void
attack_allowed(const char *name, attack_site *site,
    const attack_request *request)
{
    attack_answer answer;

    attack_send(site, request, &answer);
    CHECK_EQ(name, answer.outcome.reason, CSN_R_NONE);
    CHECK_EQ(name, answer.outcome.verdict, CSN_VERDICT_ALLOW);
    assert_string_equal(answer.challenge, "");
    if (!request->sent[P_QOP] || strcmp(request->value[P_QOP], "auth") == 0)
        assert_non_null(strstr(answer.info, "rspauth="));
}

void
attack_refused(const char *name, attack_site *site,
    const attack_request *request, csn_reason reason)
{
    attack_answer answer;

    attack_send(site, request, &answer);
    CHECK_EQ(name, answer.outcome.reason, reason);
    CHECK_EQ(name, answer.outcome.verdict == CSN_VERDICT_ALLOW, false);
    assert_string_equal(answer.info, "");
    assert_int_equal(answer.challenge[0] != '\0',
        answer.outcome.verdict == CSN_VERDICT_CHALLENGE);
}
