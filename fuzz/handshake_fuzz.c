// SPDX-License-Identifier: MIT
/*
 * Server and client engine play challenge, credentials and Info against each
 * other, with every algorithm, qop, kind of name and policy; in between the
 * messages are changed, repeated, swapped and forged as the input says.
 * Whatever it does:
 *
 *   - nobody is let in without the secret, for another method, target or
 *     content than was signed;
 *   - no pair of nonce and count is let in twice;
 *   - PROVED is said of no response whose rspauth is not the formula's over
 *     what was sent and what came back;
 *   - what is not proved is not delivered under `require`;
 *   - an exchange that nobody touches ends with access and, where qop is
 *     spoken, with a proof.
 */
#include "handshake.h"

enum { MAX_STEPS = 60, MAX_KEPT = 4 };

typedef struct game {
    play play;
    input in;
    bool tainted;           /* the session may be an attacker's */
    message kept[MAX_KEPT]; /* exchanges that were recorded on the way */
    sent kept_sent[MAX_KEPT];
    size_t kept_count;
} game;

static void
take_content(input *in, uint8_t out[MAX_CONTENT], size_t *len)
{
    *len = take(in) % MAX_CONTENT;
    for (size_t i = 0; i < *len; i++)
        out[i] = take(in);
}

static void
new_message(game *g, message *m)
{
    static const csn_span methods[] = { CSN_LIT("GET"), CSN_LIT("POST"),
        CSN_LIT("get") };
    static const csn_span targets[] = { CSN_LIT("/a?b=\"c"), CSN_LIT("/"),
        CSN_LIT("/b") };
    uint8_t which = take(&g->in);

    memset(m, 0, sizeof(*m));
    m->method = methods[which % 3];
    m->target = targets[which / 3 % 3];
    take_content(&g->in, m->content, &m->content_len);
    take_content(&g->in, m->answer, &m->answer_len);
}

/* What the exchange should prove when nobody touched it. */
static void
check_clean_end(const play *p, const csn_client_result *result,
    const sent *record)
{
    bool has_qop = csn_client_attempt_qop(&record->attempt) != CSN_QOP_NONE;

    require((result->proof == CSN_PROOF_PROVED) == has_qop,
        "an honest server is not proved");
    require(has_qop || result->reason == CSN_R_NO_QOP, "without qop");
    require(result->deliver == (has_qop || p->policy.proof != 0),
        "an honest response is not delivered");
}

/* A whole exchange that nobody touches. */
static void
honest(game *g)
{
    play *p = &g->play;
    csn_reason why = CSN_R_NONE;
    csn_client_result result;
    message m;
    sent record;
    bool asked = false;

    if (g->tainted)
        peers_forget(p);
    g->tainted = false;
    new_message(g, &m);
    p->now_ms++; /* nonces of one millisecond may all have made way */
    for (unsigned round = 0; round < 3; round++) {
        if (!peers_ask(p, &m, &record)) {
            require(!asked, "no credentials after a challenge");
            peers_serve(p, &m);
            require(peers_accept(p, &m, NULL, 0, PASSWORD, &why),
                "an honest challenge is refused");
            require(peers_ask(p, &m, &record),
                "no credentials after a challenge");
        }
        asked = true;
        peers_serve(p, &m);
        if (m.allowed) {
            result = peers_hear(p, &record, &m);
            check_clean_end(p, &result, &record);
            g->kept[g->kept_count % MAX_KEPT] = m;
            g->kept_sent[g->kept_count++ % MAX_KEPT] = record;
            return;
        }
        require(m.stale, "right credentials are refused for good");
        require(peers_accept(p, &m, &record, round, PASSWORD, &why),
            "a stale challenge is refused");
    }
    require(false, "honest peers find no end");
}

/* The challenge is changed on its way, or another's password is used. */
static void
meddle_with_challenge(game *g)
{
    play *p = &g->play;
    csn_reason why = CSN_R_NONE;
    message m;
    sent record;
    uint8_t how = take(&g->in);

    new_message(g, &m);
    peers_serve(p, &m);
    if ((how & 1) != 0)
        m.challenge_len[0] = mutate(&g->in, m.challenges[0],
            CSN_CHALLENGE_SIZE, m.challenge_len[0]);
    if (peers_accept(p, &m, NULL, 0, (how & 2) ? WRONG_PASSWORD : PASSWORD,
            &why) &&
        peers_ask(p, &m, &record)) {
        peers_serve(p, &m);
        require(!m.allowed || (how & 2) == 0, "in with a wrong password");
    }
    g->tainted = true;
}

/* Credentials, method, target or content are changed on their way. */
static void
meddle_with_request(game *g)
{
    message m, other;
    sent record;
    uint8_t how = take(&g->in);

    new_message(g, &m);
    new_message(g, &other);
    if (!peers_ask(&g->play, &m, &record))
        return;
    if ((how & 1) != 0)
        m.method = other.method;
    if ((how & 2) != 0)
        m.target = other.target;
    if ((how & 4) != 0) {
        memcpy(m.content, other.content, sizeof(m.content));
        m.content_len = other.content_len;
    }
    if ((how & 8) != 0)
        m.credentials_len = mutate(&g->in, m.credentials, LINE,
            m.credentials_len);
    peers_serve(&g->play, &m);
    if (m.allowed)
        (void)peers_hear(&g->play, &record, &m);
    g->tainted = true;
}

/* The response is changed on its way, or another's altogether. */
static void
meddle_with_response(game *g)
{
    play *p = &g->play;
    message m, other;
    sent record;
    uint8_t how = take(&g->in);
    csn_client_result result;

    new_message(g, &m);
    new_message(g, &other);
    if (!peers_ask(p, &m, &record))
        return;
    peers_serve(p, &m);
    if ((how & 1) != 0)
        m.header_len = mutate(&g->in, m.header, LINE, m.header_len);
    if ((how & 2) != 0)
        m.trailer_len = mutate(&g->in, m.trailer, LINE, m.trailer_len);
    if ((how & 4) != 0) {
        memcpy(m.answer, other.answer, sizeof(m.answer));
        m.answer_len = other.answer_len;
    }
    if ((how & 8) != 0 && g->kept_count != 0) {
        const message *old = &g->kept[take(&g->in) %
            (g->kept_count < MAX_KEPT ? g->kept_count : MAX_KEPT)];

        memcpy(m.header, old->header, old->header_len);
        m.header_len = old->header_len;
        memcpy(m.trailer, old->trailer, old->trailer_len);
        m.trailer_len = old->trailer_len;
    }
    if ((how & 16) != 0)
        m.trailer_len = 0;
    if ((how & 32) != 0)
        m.header_len = oracle_write_info(p, &record, &m, IMPOSTORS_PASSWORD,
            m.header);
    result = peers_hear(p, &record, &m);
    require((how & 32) == 0 || result.proof != CSN_PROOF_PROVED ||
            m.trailer_len != 0,
        "an impostor is proved");
    g->tainted = true;
}

/* What was recorded comes again, as it was or on another target. */
static void
repeat(game *g)
{
    message m, other;
    uint8_t how = take(&g->in);

    if (g->kept_count == 0)
        return;
    m = g->kept[how % (g->kept_count < MAX_KEPT ? g->kept_count : MAX_KEPT)];
    new_message(g, &other);
    if ((how & 64) != 0) {
        m.method = other.method;
        m.target = other.target;
    }
    peers_serve(&g->play, &m);
    require(!m.allowed, "a recorded request is let in again");
}

/* Time passes, keys change, the server is reloaded or starts anew. */
static void
change_server(game *g)
{
    play *p = &g->play;
    uint8_t how = take(&g->in);

    if ((how & 1) != 0)
        p->now_ms += 40u * take(&g->in);
    if ((how & 2) != 0) {
        g->tainted = g->tainted || p->key_count == 2; /* one is forgotten */
        p->keys[1] = p->keys[0];
        p->keys[1].state = (how & 4) ? CSN_KEY_ACCEPT : CSN_KEY_RECOGNISE;
        p->keys[0].id++;
        p->keys[0].secret[0]++;
        p->key_count = 2;
    }
    if ((how & 8) != 0 && !csn_algorithm_is_session(p->config.algorithms[0]))
        p->config.one_time = !p->config.one_time;
    peers_reload(p);
    if ((how & 16) != 0)
        peers_restart(p);
}

/* What the first octets say of both sides. */
static void
begin(game *g)
{
    static const csn_algorithm algorithms[] = { CSN_ALG_SHA_256,
        CSN_ALG_SHA_256_SESS, CSN_ALG_SHA_512_256, CSN_ALG_SHA_512_256_SESS,
        CSN_ALG_MD5, CSN_ALG_MD5_SESS };
    static const unsigned qops[] = { CSN_QOP_AUTH, CSN_QOP_AUTH_INT,
        CSN_QOP_AUTH | CSN_QOP_AUTH_INT };
    play *p = &g->play;
    uint8_t what = take(&g->in), how = take(&g->in), more = take(&g->in);

    p->user = (more & 1) ? CSN_SPAN("j\xc3\xa4\"s\\n") : CSN_SPAN("user");
    p->config = (csn_server_config){ .version = CSN_SERVER_CONFIG_VERSION,
        .layer = (more & 2) ? CSN_LAYER_PROXY : CSN_LAYER_ORIGIN,
        .realm = CSN_SPAN("realm \"r\""),
        .opaque = (more & 4) ? CSN_SPAN("o\"p") : CSN_SPAN(""),
        .algorithms = { algorithms[what % 6] },
        .algorithm_count = 1,
        .qops = qops[what / 6 % 3],
        .nonce_life_ms = 4000,
        .allow_md5 = true,
        .userhash = (more & 8) != 0 };
    if ((more & 16) != 0 && what % 6 < 4) {
        p->config.algorithms[1] = CSN_ALG_MD5;
        p->config.algorithm_count = 2;
    }
    p->config.legacy_no_qop = (more & 32) != 0 && what / 6 % 3 != 1;
    p->policy = (csn_client_policy){ .version = CSN_CLIENT_POLICY_VERSION,
        .proof = (csn_proof_policy)(how % 3),
        .allow_md5 = true,
        .allow_step_down = (how & 4) != 0,
        .legacy_no_qop = (how & 8) != 0,
        .require_int = (how & 16) != 0 &&
            (p->config.qops & CSN_QOP_AUTH_INT) != 0,
        .raw_username = (how & 32) != 0 };
    p->table_size = (more & 64) ? csn_counts_min_size() : 1 << 16;
    p->keys[0] = (csn_key){ .id = 1, .state = CSN_KEY_MINT };
    p->key_count = 1;
    p->now_ms = 1700000000000u;
    peers_reload(p);
    peers_restart(p);
    peers_forget(p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const steps[])(game *) = { honest, meddle_with_challenge,
        meddle_with_request, meddle_with_response, repeat, change_server,
        honest };
    static game g;

    memset(&g, 0, sizeof(g));
    g.in = (input){ data, size };
    peers_seed(size);
    begin(&g);
    for (size_t i = 0; i < MAX_STEPS && g.in.left > 0; i++)
        steps[take(&g.in) % (sizeof(steps) / sizeof(steps[0]))](&g);
    honest(&g);
    return 0;
}
