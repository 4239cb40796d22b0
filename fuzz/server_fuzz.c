// SPDX-License-Identifier: MIT
/*
 * The server engine under a client that may do anything: the input is a
 * little program of steps (challenge, right answer, mutated answer, raw line,
 * time, reload, restart). Whatever it does:
 *
 *   - nobody is let in whose line does not carry the response that the
 *     formula gives for the password;
 *   - no pair of nonce and count is let in twice;
 *   - an Info field goes out with acceptance alone and parses again;
 *   - a challenge parses again as what was configured.
 */
#include <countersign/countersign.h>
#include <countersign/stores/memory.h>

#include "play.h"

#define METHOD "GET"
#define TARGET "/a?b=c"

enum { TABLE = 1 << 16, MAX_STEPS = 200, MAX_SEEN = 256 };

typedef struct pair {
    char nonce[57];
    uint32_t count;
} pair;

typedef struct play {
    csn_server server;
    csn_key key;
    csn_counts *table;
    uint64_t now_ms;
    uint8_t ha1[CSN_MAX_DIGEST_HEX];
    char nonce[57];
    pair seen[MAX_SEEN];
    size_t seen_count;
} play;

static _Alignas(64) uint8_t memory[TABLE];
static void
reload(play *p)
{
    csn_server_config config = { .version = CSN_SERVER_CONFIG_VERSION,
        .realm = CSN_SPAN("realm \"r\""),
        .nonce_life_ms = 4000,
        .one_time = (p->key.secret[0] & 1) != 0 };

    require(csn_server_init(&p->server, &config, crypto(), &p->key, 1) ==
            CSN_OK,
        "init");
}

static void
restart(play *p)
{
    csn_status status;

    do { /* the generator fails now and then, and then there is no table */
        status = csn_counts_init(memory, sizeof(memory), crypto(), p->now_ms,
            &p->table);
        require(status == CSN_OK || status == CSN_E_RANDOM, "counts");
    } while (status != CSN_OK);
}

/* What the formula gives for a line, or nothing if it has no such form. */
static bool
is_right(const play *p, csn_span line, csn_digest_credentials *credentials)
{
    static uint8_t buffer[CSN_MAX_FIELD];
    csn_writer out = csn_writer_init(buffer, sizeof(buffer));
    const csn_value *values[6];
    csn_span plain[6];
    csn_field_cursor cursor;
    csn_field_event event;
    uint8_t want[CSN_MAX_DIGEST], text[CSN_MAX_DIGEST_HEX + 1];
    csn_digest_input sum = { .hash = CSN_HASH_SHA_256,
        .ha1_hex = { p->ha1, 64 },
        .method = CSN_SPAN(METHOD) };

    if (csn_field_begin(&cursor, CSN_FIELD_CREDENTIALS, &line, 1) != CSN_OK ||
        csn_field_next(&cursor, &event) != CSN_OK ||
        csn_digest_credentials_read(&cursor, credentials) != CSN_OK)
        return false;
    values[0] = &credentials->nonce;
    values[1] = &credentials->nc;
    values[2] = &credentials->cnonce;
    values[3] = &credentials->qop;
    values[4] = &credentials->uri;
    values[5] = &credentials->response;
    for (size_t i = 0; i < 6; i++) {
        size_t from = out.len;

        csn_value_unescape(values[i], &out);
        plain[i] = (csn_span){ buffer + from, out.len - from };
    }
    sum.nonce = plain[0];
    sum.nc = plain[1];
    sum.cnonce = plain[2];
    sum.qop = plain[3];
    sum.uri = plain[4];
    if (csn_digest_compute(crypto(), &sum, want, NULL) != CSN_OK ||
        plain[5].len != 64)
        return false;
    for (size_t i = 0; i < 32; i++)
        snprintf((char *)text + 2 * i, 3, "%02x", want[i]);
    for (size_t i = 0; i < 64; i++) {
        uint8_t digit = plain[5].ptr[i];

        if (digit >= 'A' && digit <= 'F')
            digit |= 0x20;
        if (digit != text[i])
            return false;
    }
    return true;
}

/* Each nonce and count once, as long as the program is that short. */
static void
note_allowed(play *p, const csn_digest_credentials *credentials)
{
    csn_writer out;
    pair now = { .count = credentials->count };

    out = csn_writer_init((uint8_t *)now.nonce, 56);
    csn_value_unescape(&credentials->nonce, &out);
    require(!out.overflow && out.len == 56, "a nonce of another size");
    for (size_t i = 0; i < p->seen_count; i++)
        require(p->seen[i].count != now.count ||
                memcmp(p->seen[i].nonce, now.nonce, 56) != 0,
            "a count was accepted twice");
    if (p->seen_count < MAX_SEEN)
        p->seen[p->seen_count++] = now;
}

static void
check_info(const csn_server_exchange *x, bool allowed)
{
    uint8_t text[CSN_INFO_SIZE];
    csn_writer out = csn_writer_init(text, sizeof(text));
    csn_status status = csn_server_info(x, &out);
    csn_span line = csn_writer_span(&out);
    csn_field_cursor cursor;
    csn_digest_info info;

    require((status == CSN_OK) == allowed, "an Info field out of place");
    if (!allowed)
        return;
    require(csn_field_begin(&cursor, CSN_FIELD_INFO, &line, 1) == CSN_OK &&
            csn_digest_info_read(&cursor, &info) == CSN_OK,
        "an Info field that does not parse");
    require(info.rspauth.present && info.cnonce.present && info.nc.present &&
            info.qop_known == CSN_QOP_AUTH,
        "an Info field that lacks something");
}

static void
check_challenge(play *p, const csn_server_exchange *x)
{
    uint8_t text[CSN_CHALLENGE_SIZE];
    csn_writer out = csn_writer_init(text, sizeof(text));
    csn_span line;
    csn_field_cursor cursor;
    csn_field_event event;
    csn_digest_challenge challenge;

    require(csn_server_challenge(x, 0, &out) == CSN_OK, "no challenge");
    line = csn_writer_span(&out);
    require(csn_field_begin(&cursor, CSN_FIELD_CHALLENGES, &line, 1) ==
                CSN_OK &&
            csn_field_next(&cursor, &event) == CSN_OK &&
            csn_digest_challenge_read(&cursor, &challenge) == CSN_OK,
        "a challenge that does not parse");
    require(challenge.nonce.text.len == 56 && challenge.qops == CSN_QOP_AUTH &&
            challenge.utf8 && challenge.algorithm == CSN_ALG_SHA_256 &&
            challenge.stale == csn_server_get_outcome(x).stale,
        "a challenge that says something else");
    memcpy(p->nonce, challenge.nonce.text.ptr, 56);
}

static void
serve(play *p, csn_span line)
{
    static uint8_t scratch[CSN_SCRATCH_SIZE];
    csn_server_request request = { .target = { CSN_SPAN(METHOD),
                                       CSN_SPAN(TARGET), CSN_SPAN("http"),
                                       CSN_SPAN("h") },
        .lines = &line,
        .line_count = line.ptr != NULL,
        .now_ms = csn_counts_now(p->table, p->now_ms),
        .scratch = scratch,
        .scratch_len = sizeof(scratch) };
    csn_secret secret = { .code = CSN_SECRET_UNKNOWN };
    csn_server_exchange x;
    csn_server_outcome outcome;
    csn_need need;

    csn_counts_domain(p->table, request.domain);
    need = csn_server_begin(&x, &p->server, &request);
    if (need == CSN_NEED_SECRET) {
        csn_secret_query query = csn_server_secret_query(&x);

        if (query.user.len == 1 && query.user.ptr[0] == 'u')
            secret = (csn_secret){ .code = CSN_SECRET_FOUND,
                .ha1_hex = { p->ha1, 64 } };
        need = csn_server_give_secret(&x, &secret);
    }
    if (need == CSN_NEED_COUNT) {
        csn_mark mark = csn_server_count_query(&x);

        need = csn_server_give_count(&x, csn_counts_mark(p->table, &mark));
    }
    require(need == CSN_DONE, "a need without end");
    outcome = csn_server_get_outcome(&x);
    if (outcome.verdict == CSN_VERDICT_ALLOW) {
        csn_digest_credentials credentials;

        require(is_right(p, line, &credentials), "a wrong answer was let in");
        note_allowed(p, &credentials);
    }
    check_info(&x, outcome.verdict == CSN_VERDICT_ALLOW);
    if (outcome.verdict == CSN_VERDICT_CHALLENGE)
        check_challenge(p, &x);
    csn_server_end(&x);
}

/* A right line for the nonce last seen; returns its length. */
static size_t
write_right(const play *p, uint32_t count, char line[LINE])
{
    char nc[9];
    uint8_t response[CSN_MAX_DIGEST];
    csn_digest_input sum = { .hash = CSN_HASH_SHA_256,
        .ha1_hex = { p->ha1, 64 },
        .nonce = { (const uint8_t *)p->nonce, strlen(p->nonce) },
        .nc = { (const uint8_t *)nc, 8 },
        .cnonce = CSN_SPAN("c\"n"),
        .qop = CSN_SPAN("auth"),
        .method = CSN_SPAN(METHOD),
        .uri = CSN_SPAN(TARGET) };
    int len;

    snprintf(nc, sizeof(nc), "%08x", count);
    require(csn_digest_compute(crypto(), &sum, response, NULL) == CSN_OK,
        "compute");
    len = snprintf(line, LINE,
        "Digest username=\"u\", realm=\"realm \\\"r\\\"\", nonce=\"%s\", "
        "uri=\"" TARGET "\", algorithm=SHA-256, cnonce=\"c\\\"n\", nc=%s, "
        "qop=auth, response=\"",
        p->nonce, nc);
    for (size_t i = 0; i < 32; i++)
        len += snprintf(line + len, LINE - (size_t)len, "%02x", response[i]);
    len += snprintf(line + len, LINE - (size_t)len, "\"");
    return (size_t)len;
}

static void
serve_copy(play *p, const char *line, size_t len)
{
    csn_span exact = copy(line, len);

    serve(p, exact);
    drop(exact);
}

static void
step(play *p, input *in)
{
    char line[LINE];
    size_t len;

    switch (take(in) % 8) {
    case 0:
        serve(p, (csn_span){ NULL, 0 });
        break;
    case 1:
    case 2:
        len = write_right(p, take(in) + 1u, line);
        serve_copy(p, line, len);
        break;
    case 3:
    case 4:
        len = write_right(p, take(in) + 1u, line);
        serve_copy(p, line, mutate(in, line, sizeof(line), len));
        break;
    case 5:
        len = take(in);
        len = len < in->left ? len : in->left;
        serve_copy(p, (const char *)in->at, len);
        in->at += len;
        in->left -= len;
        break;
    case 6:
        p->now_ms += 20u * take(in);
        break;
    default:
        p->key.secret[0] = take(in);
        reload(p);
        if ((p->key.secret[0] & 2) != 0)
            restart(p);
        break;
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static play p;
    input in = { data, size };

    memset(&p, 0, sizeof(p));
    play_random = size;
    p.key = (csn_key){ .id = 1, .state = CSN_KEY_MINT };
    p.now_ms = 1700000000000u;
    require(csn_digest_ha1(crypto(), CSN_HASH_SHA_256, CSN_SPAN("u"),
                CSN_SPAN("realm \"r\""), CSN_SPAN("p"), p.ha1) == CSN_OK,
        "ha1");
    reload(&p);
    restart(&p);
    serve(&p, (csn_span){ NULL, 0 });
    for (size_t i = 0; i < MAX_STEPS && in.left > 0; i++)
        step(&p, &in);
    return 0;
}
