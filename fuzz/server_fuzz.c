// SPDX-License-Identifier: MIT
/*
 * The server engine under a client that may do anything: the input is a
 * little program of steps (challenge, right answer, mutated answer, raw line,
 * content, a store's fault, time, reload, restart). Whatever it does:
 *
 *   - nobody is let in whose line does not carry the response that the
 *     formula gives for the password, in either reading of -sess, and with
 *     auth-int for the content that arrived;
 *   - a right answer may come too late or be of no use here, but it is never
 *     called wrong;
 *   - no pair of nonce and count is let in twice;
 *   - an Info field goes out with acceptance alone and parses again;
 *   - a challenge parses again as what was configured.
 */
#include <countersign/countersign.h>
#include <countersign/stores/memory.h>

#include "server_oracle.h"

enum { TABLE = 1 << 16, MAX_STEPS = 200 };

/* What the stores answer to the next request, in the truth's place. */
typedef enum fault {
    FAULT_NONE,
    FAULT_LOST,
    FAULT_UNAVAILABLE,
    FAULT_TOO_LARGE,
    FAULT_INCOMPLETE,
    FAULTS
} fault;

typedef struct play {
    csn_server server;
    csn_server_config config;
    csn_key key;
    csn_counts *table;
    uint64_t now_ms;
    char nonce[ORACLE_NONCE + 1];
    csn_span content; /* what arrives with each request */
    fault fault;
    oracle oracle;
} play;

static _Alignas(64) uint8_t memory[TABLE];

static void
reload(play *p)
{
    bool one_time = (p->key.secret[0] & 1) != 0;

    p->config = (csn_server_config){ .version = CSN_SERVER_CONFIG_VERSION,
        .realm = ORACLE_REALM,
        .nonce_life_ms = 4000,
        .algorithms = { CSN_ALG_SHA_256, CSN_ALG_SHA_256_SESS },
        .algorithm_count = one_time ? 1 : 2,
        .one_time = one_time,
        .qops = (p->key.secret[0] >> 2) & 3u,
        .userhash = (p->key.secret[0] & 16) != 0 };
    require(csn_server_init(&p->server, &p->config, crypto(), &p->key, 1) ==
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

/* An Info field as it must be; `whole`: with rspauth. */
static void
check_field(const csn_writer *out, bool whole)
{
    csn_span line = csn_writer_span(out);
    csn_field_cursor cursor;
    csn_digest_info info;

    require(csn_field_begin(&cursor, CSN_FIELD_INFO, &line, 1) == CSN_OK &&
            csn_digest_info_read(&cursor, &info) == CSN_OK,
        "an Info field that does not parse");
    require(info.rspauth.present == whole && info.cnonce.present == whole &&
            info.nc.present == whole &&
            (info.qop_known != CSN_QOP_NONE) == whole,
        "an Info field that lacks something");
}

static void
check_info(const csn_server_exchange *x, const csn_server_outcome *outcome)
{
    uint8_t text[CSN_INFO_SIZE], copies[CSN_MAX_FIELD];
    uint8_t digest[CSN_MAX_DIGEST] = { 1 };
    bool allowed = outcome->verdict == CSN_VERDICT_ALLOW;
    bool waits = outcome->qop == CSN_QOP_AUTH_INT;
    csn_writer out = csn_writer_init(text, sizeof(text));
    csn_server_proof proof;

    require((csn_server_info(x, &out) == CSN_OK) == allowed,
        "an Info field out of place");
    require((csn_server_proof_init(&proof, x, copies, sizeof(copies)) ==
                CSN_OK) == allowed,
        "a proof out of place");
    if (!allowed)
        return;
    check_field(&out, !waits);
    require(csn_server_proof_size(x) <= sizeof(copies), "a proof's size");
    require(csn_server_proof_wants_content(&proof) == waits, "a proof waits");
    for (int parts = CSN_PROOF_ALL; parts <= CSN_PROOF_TRAILER; parts++) {
        out = csn_writer_init(text, sizeof(text));
        require(csn_server_proof_info(&proof, (csn_proof_parts)parts, digest,
                    &out) == CSN_OK,
            "no proof");
        check_field(&out, parts != CSN_PROOF_NEXTNONCE);
    }
    csn_server_proof_wipe(&proof);
}

static void
check_challenge(play *p, const csn_server_exchange *x)
{
    unsigned qops = p->config.qops ? p->config.qops : CSN_QOP_AUTH;
    uint8_t text[CSN_CHALLENGE_SIZE];
    csn_field_cursor cursor;
    csn_field_event event;
    csn_digest_challenge challenge;

    for (size_t i = 0; i < p->config.algorithm_count; i++) {
        csn_writer out = csn_writer_init(text, sizeof(text));
        csn_span line;

        require(csn_server_challenge(x, i, &out) == CSN_OK, "no challenge");
        line = csn_writer_span(&out);
        require(csn_field_begin(&cursor, CSN_FIELD_CHALLENGES, &line, 1) ==
                    CSN_OK &&
                csn_field_next(&cursor, &event) == CSN_OK &&
                csn_digest_challenge_read(&cursor, &challenge) == CSN_OK,
            "a challenge that does not parse");
        require(challenge.nonce.text.len == ORACLE_NONCE &&
                challenge.qops == qops && challenge.utf8 &&
                challenge.userhash == p->config.userhash &&
                challenge.algorithm == p->config.algorithms[i] &&
                challenge.stale == csn_server_get_outcome(x).stale,
            "a challenge that says something else");
        memcpy(p->nonce, challenge.nonce.text.ptr, ORACLE_NONCE);
    }
}

static csn_secret
find_secret(const play *p, const csn_secret_query *query)
{
    csn_secret secret = { .code = CSN_SECRET_UNKNOWN };
    uint8_t hex[CSN_MAX_DIGEST_HEX];
    csn_span want = ORACLE_USER;

    if (query->hashed) {
        require(csn_digest_userhash(crypto(), query->hash, ORACLE_USER,
                    query->realm, hex) == CSN_OK,
            "userhash");
        want = (csn_span){ hex, sizeof(hex) };
        require(query->user.len == want.len, "a hashed name of another size");
    }
    if (query->hashed ? csn_name_equal(query->user, want)
                      : query->user.len == want.len &&
                memcmp(query->user.ptr, want.ptr, want.len) == 0)
        secret = (csn_secret){ CSN_SECRET_FOUND,
            { p->oracle.ha1, sizeof(p->oracle.ha1) }, ORACLE_USER };
    return secret;
}

static csn_session_result
find_session(const play *p, const csn_server_exchange *x)
{
    csn_session_query query = csn_server_session_query(x);
    csn_session_result result = csn_counts_session(p->table, &query);

    if (p->fault == FAULT_LOST)
        result = (csn_session_result){ .code = CSN_SESSION_LOST };
    if (p->fault == FAULT_UNAVAILABLE)
        result = (csn_session_result){ .code = CSN_SESSION_UNAVAILABLE };
    return result;
}

/* From need to need, in the order there is and in no other. */
static void
drive(play *p, csn_server_exchange *x, csn_need need)
{
    bool wants = need != CSN_DONE && csn_server_wants_content(x);

    if (need == CSN_NEED_SECRET) {
        csn_secret_query query = csn_server_secret_query(x);
        csn_secret secret = find_secret(p, &query);

        need = csn_server_give_secret(x, &secret);
    }
    if (need == CSN_NEED_SESSION) {
        csn_session_result result = find_session(p, x);

        need = csn_server_give_session(x, &result);
    }
    if (need == CSN_NEED_CONTENT) {
        uint8_t digest[CSN_MAX_DIGEST];
        csn_content content = { CSN_CONTENT_HASHED, digest };

        require(wants && csn_server_hash(x) == CSN_HASH_SHA_256,
            "a content nobody foretold");
        require(crypto()->digest(CSN_HASH_SHA_256, &p->content, 1, digest) ==
                CSN_OK,
            "hash");
        if (p->fault == FAULT_TOO_LARGE)
            content.code = CSN_CONTENT_TOO_LARGE;
        if (p->fault == FAULT_INCOMPLETE)
            content.code = CSN_CONTENT_INCOMPLETE;
        need = csn_server_give_content(x, &content);
    }
    if (need == CSN_NEED_COUNT) {
        csn_mark mark = csn_server_count_query(x);

        need = csn_server_give_count(x, csn_counts_mark(p->table, &mark));
    }
    require(need == CSN_DONE, "a need without end");
}

static csn_reason
serve(play *p, csn_span line)
{
    static uint8_t scratch[CSN_SCRATCH_SIZE];
    csn_server_request request = { .target = { ORACLE_METHOD, ORACLE_TARGET,
                                       CSN_SPAN("http"), CSN_SPAN("h") },
        .lines = &line,
        .line_count = line.ptr != NULL,
        .now_ms = csn_counts_now(p->table, p->now_ms),
        .scratch = scratch,
        .scratch_len = sizeof(scratch) };
    csn_server_exchange x;
    csn_server_outcome outcome;

    csn_counts_domain(p->table, request.domain);
    drive(p, &x, csn_server_begin(&x, &p->server, &request));
    outcome = csn_server_get_outcome(&x);
    if (outcome.verdict == CSN_VERDICT_ALLOW) {
        csn_span user = ORACLE_USER;

        require(outcome.user.len == user.len &&
                memcmp(outcome.user.ptr, user.ptr, user.len) == 0,
            "somebody else was let in");
        require(outcome.qop != CSN_QOP_AUTH_INT || p->fault < FAULT_TOO_LARGE,
            "a content nobody hashed");
        oracle_allowed(&p->oracle, line, p->content);
    }
    check_info(&x, &outcome);
    if (outcome.verdict == CSN_VERDICT_CHALLENGE)
        check_challenge(p, &x);
    csn_server_end(&x);
    p->fault = FAULT_NONE;
    return outcome.reason;
}

static csn_reason
serve_copy(play *p, const char *line, size_t len)
{
    csn_span exact = copy(line, len);
    csn_reason reason = serve(p, exact);

    drop(exact);
    return reason;
}

/* A right answer, or one that was right before it was mutated. */
static void
serve_right(play *p, input *in, bool is_mutated)
{
    static char line[LINE];
    uint32_t count = take(in) + 1u;
    unsigned how = take(in);
    size_t len = oracle_write(&p->oracle, p->nonce, count, how,
        (how & MAKE_OTHER) != 0 ? CSN_SPAN("other") : p->content, line);

    bool is_right = !is_mutated &&
        (how & (MAKE_OTHER | MAKE_INT)) != (MAKE_OTHER | MAKE_INT);
    csn_reason reason;

    if (is_mutated)
        len = mutate(in, line, sizeof(line), len);
    reason = serve_copy(p, line, len);
    require(!is_right ||
            (reason != CSN_R_WRONG_RESPONSE && reason != CSN_R_UNKNOWN_USER),
        "a right answer was called wrong");
}

static void
step(play *p, input *in)
{
    static const csn_span contents[] = { CSN_LIT(""), CSN_LIT("a=b"),
        CSN_LIT("a=c") };
    size_t len;

    switch (take(in) % 10) {
    case 0:
        (void)serve(p, (csn_span){ NULL, 0 });
        break;
    case 1:
    case 2:
        serve_right(p, in, false);
        break;
    case 3:
    case 4:
        serve_right(p, in, true);
        break;
    case 5:
        len = take(in);
        len = len < in->left ? len : in->left;
        (void)serve_copy(p, (const char *)in->at, len);
        in->at += len;
        in->left -= len;
        break;
    case 6:
        p->now_ms += 20u * take(in);
        break;
    case 7:
        p->content = contents[take(in) % 3];
        break;
    case 8:
        p->fault = (fault)(take(in) % FAULTS);
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
    p.key.secret[0] = 0x1c; /* both qops, and hashed names */
    p.now_ms = 1700000000000u;
    p.content = CSN_SPAN("");
    oracle_begin(&p.oracle);
    reload(&p);
    restart(&p);
    (void)serve(&p, (csn_span){ NULL, 0 });
    for (size_t i = 0; i < MAX_STEPS && in.left > 0; i++)
        step(&p, &in);
    return 0;
}
