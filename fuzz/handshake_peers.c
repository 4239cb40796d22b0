// SPDX-License-Identifier: MIT
#include "handshake.h"

enum { TABLE = 1 << 16 };

static _Alignas(64) uint8_t memory[TABLE];

static csn_status
sure_random(uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        play_random = play_random * 6364136223846793005u +
            1442695040888963407u;
        out[i] = (uint8_t)(play_random >> 56);
    }
    return CSN_OK;
}

const csn_crypto *
peers_crypto(void)
{
    static csn_crypto table;

    table = *csn_crypto_openssl();
    table.random = sure_random;
    return &table;
}

void
peers_seed(uint64_t seed)
{
    play_random = seed;
}

void
peers_reload(play *p)
{
    require(csn_server_init(&p->server, &p->config, peers_crypto(), p->keys,
                p->key_count) == CSN_OK,
        "init");
}

void
peers_restart(play *p)
{
    require(csn_counts_init(memory, p->table_size, peers_crypto(), p->now_ms,
                &p->table) == CSN_OK,
        "counts");
}

/* The store: one user, by name or by hashed name. */
static csn_need
give_secret(const play *p, csn_server_exchange *x)
{
    csn_secret_query query = csn_server_secret_query(x);
    csn_secret secret = { .code = CSN_SECRET_UNKNOWN };
    uint8_t ha1[CSN_MAX_DIGEST_HEX], hashed[CSN_MAX_DIGEST_HEX];
    size_t digits = 2 * csn_hash_size(query.hash);
    csn_span name = p->user;

    require(csn_digest_ha1(peers_crypto(), query.hash, p->user, query.realm,
                PASSWORD, ha1) == CSN_OK &&
            csn_digest_userhash(peers_crypto(), query.hash, p->user,
                query.realm, hashed) == CSN_OK,
        "store");
    if (query.hashed)
        name = (csn_span){ hashed, digits };
    if (csn_name_equal(query.user, name) &&
        (query.hashed || memcmp(query.user.ptr, name.ptr, name.len) == 0))
        secret = (csn_secret){ .code = CSN_SECRET_FOUND,
            .ha1_hex = { ha1, digits },
            .user = p->user };
    return csn_server_give_secret(x, &secret);
}

static void
digest(csn_hash hash, const uint8_t *content, size_t len,
    uint8_t out[CSN_MAX_DIGEST])
{
    csn_span part = { content, len };

    require(peers_crypto()->digest(hash, &part, 1, out) == CSN_OK, "digest");
}

static csn_need
give_rest(play *p, const message *m, csn_server_exchange *x, csn_need need)
{
    uint8_t hash[CSN_MAX_DIGEST];

    if (need == CSN_NEED_SESSION) {
        csn_session_query query = csn_server_session_query(x);
        csn_session_result result = csn_counts_session(p->table, &query);

        need = csn_server_give_session(x, &result);
    }
    if (need == CSN_NEED_CONTENT) {
        digest(csn_server_hash(x), m->content, m->content_len, hash);
        need = csn_server_give_content(x,
            &(csn_content){ .code = CSN_CONTENT_HASHED, .digest = hash });
    }
    if (need == CSN_NEED_COUNT) {
        csn_mark mark = csn_server_count_query(x);

        need = csn_server_give_count(x, csn_counts_mark(p->table, &mark));
    }
    return need;
}

/* nextnonce in the header and the rest in the trailer after auth-int, as a
 * server does that hashes what it sends while it sends it. */
static void
write_info(const csn_server_exchange *x, message *m)
{
    uint8_t room[4096], hash[CSN_MAX_DIGEST];
    csn_server_proof proof;
    csn_writer header = csn_writer_init((uint8_t *)m->header, LINE);
    csn_writer trailer = csn_writer_init((uint8_t *)m->trailer, LINE);

    require(csn_server_proof_size(x) <= sizeof(room) &&
            csn_server_proof_init(&proof, x, room, sizeof(room)) == CSN_OK,
        "proof");
    if (csn_server_proof_wants_content(&proof)) {
        digest(csn_server_proof_hash(&proof), m->answer, m->answer_len, hash);
        require(csn_server_proof_info(&proof, CSN_PROOF_NEXTNONCE, hash,
                    &header) == CSN_OK &&
                csn_server_proof_info(&proof, CSN_PROOF_TRAILER, hash,
                    &trailer) == CSN_OK,
            "info");
    } else {
        require(csn_server_proof_info(&proof, CSN_PROOF_ALL, NULL, &header) ==
                CSN_OK,
            "info");
    }
    csn_server_proof_wipe(&proof);
    m->header_len = header.len;
    m->trailer_len = trailer.len;
}

static void
read_outcome(const csn_server_exchange *x, message *m)
{
    m->stale = csn_server_get_outcome(x).stale;
    m->challenge_len[0] = m->challenge_len[1] = 0;
    m->header_len = m->trailer_len = 0;
    for (size_t i = 0; i < 2; i++) {
        csn_writer out = csn_writer_init((uint8_t *)m->challenges[i],
            CSN_CHALLENGE_SIZE);

        if (csn_server_challenge(x, i, &out) == CSN_OK)
            m->challenge_len[i] = out.len;
    }
    if (m->allowed)
        write_info(x, m);
}

void
peers_serve(play *p, message *m)
{
    static uint8_t scratch[CSN_SCRATCH_SIZE];
    csn_span line = copy(m->credentials, m->credentials_len);
    csn_server_request request = {
        .target = { m->method, m->target, CSN_SPAN("http"), CSN_SPAN("h") },
        .lines = &line,
        .line_count = m->credentials_len != 0,
        .now_ms = csn_counts_now(p->table, p->now_ms),
        .scratch = scratch,
        .scratch_len = sizeof(scratch),
    };
    csn_server_exchange x;
    csn_need need;

    csn_counts_domain(p->table, request.domain);
    need = csn_server_begin(&x, &p->server, &request);
    if (need == CSN_NEED_SECRET)
        need = give_rest(p, m, &x, give_secret(p, &x));
    require(need == CSN_DONE, "a need without end");
    m->allowed = csn_server_get_outcome(&x).verdict == CSN_VERDICT_ALLOW;
    require(!m->allowed || oracle_lets_in(p, m),
        "let in without the secret, or twice");
    read_outcome(&x, m);
    csn_server_end(&x);
    drop(line);
}

void
peers_forget(play *p)
{
    const csn_client_key key = { p->config.layer, CSN_SPAN("http"),
        CSN_SPAN("h"), 80, p->user };

    require(csn_client_space_init(&p->space, &key) == CSN_OK, "space");
}

bool
peers_accept(play *p, const message *m, const sent *answered, unsigned retries,
    csn_span password, csn_reason *why)
{
    csn_span lines[2] = { copy(m->challenges[0], m->challenge_len[0]),
        copy(m->challenges[1], m->challenge_len[1]) };
    size_t count = m->challenge_len[1] != 0 ? 2 : m->challenge_len[0] != 0;
    csn_client_choice choice;
    bool taken = csn_client_choose(&p->policy,
                     csn_client_space_seen(&p->space), lines, count, &choice,
                     why) == CSN_OK &&
        csn_client_decide(&p->policy, answered ? &answered->attempt : NULL,
            retries, &choice, why) == CSN_OK &&
        csn_client_accept(&p->space, peers_crypto(), &p->policy, &choice,
            password) == CSN_OK;

    if (taken) {
        csn_writer out = csn_writer_init(p->session_nonce, CSN_MAX_NONCE);

        csn_value_unescape(&choice.challenge.nonce, &out);
        p->session_nonce_len = out.len;
        p->password = password;
    }
    drop(lines[0]);
    drop(lines[1]);
    return taken;
}

bool
peers_ask(play *p, message *m, sent *record)
{
    csn_writer out = csn_writer_init((uint8_t *)m->credentials, LINE);
    uint8_t hash[CSN_MAX_DIGEST];
    csn_hash algorithm;
    bool with_content = csn_client_space_offers_int(&p->space, &algorithm);

    if (with_content)
        digest(algorithm, m->content, m->content_len, hash);
    m->credentials_len = 0;
    if (csn_client_authorize(&p->space, peers_crypto(), m->method, m->target,
            with_content ? hash : NULL, &out, &record->attempt) != CSN_OK)
        return false;
    m->credentials_len = record->len = out.len;
    memcpy(record->line, m->credentials, out.len);
    record->method = m->method;
    record->target = m->target;
    record->password = p->password;
    record->session_nonce_len = p->session_nonce_len;
    memcpy(record->session_nonce, p->session_nonce, p->session_nonce_len);
    return true;
}

csn_client_result
peers_hear(play *p, const sent *record, const message *m)
{
    csn_span header = copy(m->header, m->header_len);
    csn_span trailer = copy(m->trailer, m->trailer_len);
    uint8_t hash[CSN_MAX_DIGEST];
    csn_client_response response = { .status = 200,
        .header = &header,
        .header_count = m->header_len != 0,
        .trailer = &trailer,
        .trailer_count = m->trailer_len != 0,
        .uri = record->target,
        .content_digest = hash };
    csn_client_result result;

    digest(csn_algorithm_hash(csn_client_attempt_algorithm(&record->attempt)),
        m->answer, m->answer_len, hash);
    csn_client_verify(&p->policy, &p->space, &record->attempt, &response,
        &result);
    require(result.proof != CSN_PROOF_PROVED || oracle_proves(p, record, m),
        "proved without the secret, or of something else");
    require(result.proof == CSN_PROOF_PROVED || !result.deliver ||
            p->policy.proof != CSN_PROOF_REQUIRE,
        "delivered without a proof");
    drop(header);
    drop(trailer);
    return result;
}
