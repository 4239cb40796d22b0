// SPDX-License-Identifier: MIT
#define _POSIX_C_SOURCE 200809L
#include "host.h"

#include <countersign/crypto_openssl.h>

#include "check.h"

enum { TABLE_SIZE = 1 << 20 };

static const char *
or_else(const char *text, const char *standard)
{
    return text != NULL ? text : standard;
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

/* Two users, one of them not in ASCII: their names in the clear. */
static csn_span
find_name(host *h, const csn_secret_query *query)
{
    static const csn_span names[] = { CSN_LIT("alice"),
        CSN_LIT("J\xc3\xa4s\xc3\xb8n Doe") };
    uint8_t digest[CSN_MAX_DIGEST_HEX];

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        csn_span want = names[i];

        if (query->hashed) {
            assert_int_equal(csn_digest_userhash(h->crypto, query->hash,
                                 names[i], query->realm, digest),
                CSN_OK);
            want = (csn_span){ digest, 2 * csn_hash_size(query->hash) };
        }
        if (query->hashed
                ? csn_name_equal(query->user, want) /* hex of either case */
                : query->user.len == want.len &&
                    memcmp(query->user.ptr, want.ptr, want.len) == 0)
            return names[i];
    }
    return (csn_span){ NULL, 0 };
}

/* The store: those two with "secret", nobody else. */
static csn_secret
find_secret(host *h, const csn_secret_query *query,
    uint8_t hex[CSN_MAX_DIGEST_HEX])
{
    csn_secret secret = { .code = CSN_SECRET_UNKNOWN };
    csn_span name = find_name(h, query);

    if (h->secret_code != CSN_SECRET_FOUND) {
        secret.code = h->secret_code;
        return secret;
    }
    if (name.len == 0)
        return secret;
    assert_int_equal(csn_digest_ha1(h->crypto, query->hash, name, query->realm,
                         CSN_SPAN("secret"), hex),
        CSN_OK);
    secret.code = CSN_SECRET_FOUND;
    secret.ha1_hex = (csn_span){ hex, 2 * csn_hash_size(query->hash) };
    if (query->hashed && !h->nameless)
        secret.user = name;
    return secret;
}

static csn_mark_result
mark(host *h, const csn_mark *request)
{
    csn_mark_result away = { .code = CSN_MARK_UNAVAILABLE };

    return h->counts_away ? away : csn_counts_mark(h->table, request);
}

static csn_session_result
find_session(host *h, const csn_session_query *query)
{
    return h->forced_session != NULL ? *h->forced_session
                                     : csn_counts_session(h->table, query);
}

static void
hash_content(host *h, csn_hash hash, const char *text,
    uint8_t digest[CSN_MAX_DIGEST])
{
    csn_span content = check_text(or_else(text, ""));

    assert_int_equal(h->crypto->digest(hash, &content, 1, digest), CSN_OK);
}

/* From need to need, as a host does. */
static csn_need
drive(host *h, const host_ask *ask, csn_server_exchange *x, csn_need need,
    host_answer *answer)
{
    uint8_t hex[CSN_MAX_DIGEST_HEX], digest[CSN_MAX_DIGEST];

    answer->wants_content = csn_server_wants_content(x);
    if (need == CSN_NEED_SECRET) {
        csn_secret_query query = csn_server_secret_query(x);
        csn_secret secret = find_secret(h, &query, hex);

        answer->looked_up = true;
        answer->hashed = query.hashed;
        need = csn_server_give_secret(x, &secret);
        memset(hex, 0, sizeof(hex)); /* it was borrowed for the call only */
    }
    if (need == CSN_NEED_SESSION) {
        csn_session_query query = csn_server_session_query(x);
        csn_session_result result = find_session(h, &query);

        answer->session_asked = true;
        answer->session = result.code;
        need = csn_server_give_session(x, &result);
    }
    if (need == CSN_NEED_CONTENT) {
        csn_content content = { ask->content_code, digest };

        answer->content_asked = true;
        hash_content(h, csn_server_hash(x), ask->body, digest);
        need = csn_server_give_content(x, &content);
    }
    if (need == CSN_NEED_COUNT) {
        answer->marked = true;
        answer->mark = csn_server_count_query(x);
        need = csn_server_give_count(x, mark(h, &answer->mark));
    }
    return need;
}

static void
write_proof(const csn_server_proof *proof, csn_proof_parts parts,
    const uint8_t *digest, char text[HOST_TEXT])
{
    csn_writer out = csn_writer_init((uint8_t *)text, HOST_TEXT - 1);

    assert_int_equal(csn_server_proof_info(proof, parts, digest, &out),
        CSN_OK);
}

/* What can be said once everything but the proof is gone. */
static void
read_proof(host *h, const host_ask *ask, const csn_server_proof *proof,
    host_answer *answer)
{
    uint8_t digest[CSN_MAX_DIGEST];

    hash_content(h, csn_server_proof_hash(proof), ask->reply, digest);
    write_proof(proof, CSN_PROOF_ALL, digest, answer->proof);
    write_proof(proof, CSN_PROOF_ALL, NULL, answer->blind);
    write_proof(proof, CSN_PROOF_NEXTNONCE, digest, answer->header);
    write_proof(proof, CSN_PROOF_TRAILER, digest, answer->trailer);
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
    uint8_t scratch[CSN_SCRATCH_SIZE], *memory = NULL;
    csn_span lines[2];
    csn_server_exchange x;
    csn_server_proof proof;
    size_t size;
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
    assert_int_equal(drive(h, ask, &x, need, answer), CSN_DONE);
    read_answer(&x, answer);
    size = csn_server_proof_size(&x);
    memory = malloc(size != 0 ? size : 1);
    assert_non_null(memory);
    if (answer->outcome.verdict == CSN_VERDICT_ALLOW)
        assert_int_equal(csn_server_proof_init(&proof, &x, memory, size),
            CSN_OK);
    csn_server_end(&x);
    memset(&x, 0x5a, sizeof(x));
    memset(scratch, 0x5a, sizeof(scratch));
    for (size_t i = 0; i < request.line_count; i++)
        check_drop(lines[i]);
    if (answer->outcome.verdict == CSN_VERDICT_ALLOW) {
        read_proof(h, ask, &proof, answer);
        csn_server_proof_wipe(&proof);
    }
    free(memory);
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

csn_reason
host_send_nc(host *h, const char *nonce, const char *nc)
{
    host_answer answer;

    host_send(h, &(host_ask){ .nonce = nonce, .nc = nc }, &answer);
    return answer.outcome.reason;
}

void
host_check_stale(host *h, const host_ask *ask, csn_reason reason)
{
    host_answer answer;
    char stale[16];

    host_send(h, ask, &answer);
    CHECK_EQ("stale", answer.outcome.reason, reason);
    CHECK_EQ("stale", answer.outcome.http_status, 401);
    host_param(answer.challenges[0], "stale", stale, sizeof(stale));
    assert_string_equal(stale, "true");
    assert_string_equal(answer.info, "");
    assert_false(answer.outcome.failed_login);
}
