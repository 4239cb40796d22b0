// SPDX-License-Identifier: MIT
/*
 * The client engine under a server that may do anything: the input is a
 * little program of steps (challenge, request, right answer, mutated answer,
 * raw field, policy, forgetting). Whatever it does:
 *
 *   - PROVED is said of no field without the rspauth that the formula gives
 *     for the password, and always of a right one;
 *   - counts on a nonce only grow;
 *   - no challenge is answered that the policy or this version has not;
 *   - what is sent parses again and carries the response of the formula;
 *   - what is not proved is delivered, and its nextnonce taken, only as the
 *     policy says.
 */
#include <countersign/client.h>

#include "play.h"

#define METHOD CSN_SPAN("GET")
#define URI CSN_SPAN("/a?b=\"c")

enum {
    MAX_STEPS = 200,
    MAX_SENT = 8,
    MAX_NONCES = 16 /* whose counts the engine keeps */
};

/* A request under way: the engine's record and what went out. */
typedef struct sent {
    csn_client_attempt attempt;
    char line[LINE];
    size_t len;
    uint8_t rspauth[CSN_MAX_DIGEST];
    bool has_qop;
} sent;

typedef struct used {
    uint8_t nonce[CSN_MAX_NONCE];
    size_t len;
    uint32_t count;
} used;

typedef struct play {
    csn_client_policy policy;
    csn_client_space space;
    sent sent[MAX_SENT];
    size_t sent_count;
    used used[MAX_NONCES];
    size_t used_count;
} play;

/* Hex of either case against octets. */
static bool
is_hex_of(csn_span text, const uint8_t *octets, size_t size)
{
    char hex[2 * CSN_MAX_DIGEST + 1];

    for (size_t i = 0; i < size; i++)
        snprintf(hex + 2 * i, 3, "%02x", octets[i]);
    return csn_name_equal(text, (csn_span){ (uint8_t *)hex, 2 * size });
}

/* Counts on a nonce grow, as long as the engine keeps all nonces. */
static void
note_count(play *p, csn_span nonce, uint32_t count)
{
    for (size_t i = 0; i < p->used_count; i++) {
        used *it = &p->used[i];

        if (it->len == nonce.len &&
            memcmp(it->nonce, nonce.ptr, it->len) == 0) {
            require(p->used_count == MAX_NONCES || count > it->count,
                "a count did not grow");
            it->count = count;
            return;
        }
    }
    if (p->used_count < MAX_NONCES) {
        used *it = &p->used[p->used_count++];

        memcpy(it->nonce, nonce.ptr, nonce.len);
        it->len = nonce.len;
        it->count = count;
    }
}

/* What was sent, by formula: right, and the rspauth it asks for. */
static void
check_credentials(play *p, sent *it)
{
    static uint8_t bufs[5][CSN_MAX_FIELD];
    csn_span line = { (const uint8_t *)it->line, it->len };
    csn_field_cursor cursor;
    csn_field_event event;
    csn_digest_credentials said;
    uint8_t ha1[CSN_MAX_DIGEST_HEX];
    uint8_t response[CSN_MAX_DIGEST];
    csn_digest_input sum = { .method = METHOD };
    size_t size;

    require(csn_field_begin(&cursor, CSN_FIELD_CREDENTIALS, &line, 1) ==
                CSN_OK &&
            csn_field_next(&cursor, &event) == CSN_OK &&
            csn_digest_credentials_read(&cursor, &said) == CSN_OK,
        "credentials do not parse");
    require(!csn_algorithm_is_session(said.algorithm) &&
            said.algorithm != CSN_ALG_UNKNOWN &&
            (said.algorithm != CSN_ALG_MD5 || p->policy.allow_md5),
        "an algorithm that must not be answered");
    it->has_qop = said.qop.present;
    require(it->has_qop
            ? said.qop_known == CSN_QOP_AUTH && said.cnonce.present
            : said.algorithm == CSN_ALG_MD5 && p->policy.legacy_no_qop,
        "a qop that must not be answered");
    sum.hash = csn_algorithm_hash(said.algorithm);
    size = csn_hash_size(sum.hash);
    sum.nonce = fuzz_plain(&said.nonce, bufs[0], CSN_MAX_FIELD);
    sum.cnonce = fuzz_plain(&said.cnonce, bufs[1], CSN_MAX_FIELD);
    sum.uri = fuzz_plain(&said.uri, bufs[2], CSN_MAX_FIELD);
    sum.nc = said.nc.text;
    sum.qop = said.qop.text;
    require(sum.uri.len == URI.len &&
            memcmp(sum.uri.ptr, URI.ptr, URI.len) == 0,
        "another uri");
    require(csn_digest_ha1(crypto(), sum.hash, CSN_SPAN("u"),
                fuzz_plain(&said.realm, bufs[3], CSN_MAX_FIELD), CSN_SPAN("p"),
                ha1) == CSN_OK,
        "ha1");
    sum.ha1_hex = (csn_span){ ha1, 2 * size };
    require(csn_digest_compute(crypto(), &sum, response, it->rspauth) ==
            CSN_OK,
        "compute");
    require(is_hex_of(fuzz_plain(&said.response, bufs[4], CSN_MAX_FIELD),
                response, size),
        "a response of another formula");
    require(csn_client_attempt_count(&it->attempt) == said.count,
        "the record has another count");
    if (it->has_qop)
        note_count(p, sum.nonce, said.count);
}

static void
ask(play *p)
{
    sent *it = &p->sent[p->sent_count % MAX_SENT];
    csn_writer out = csn_writer_init((uint8_t *)it->line, sizeof(it->line));
    bool ready = csn_client_space_is_ready(&p->space);
    sent before = *it;
    csn_status status = csn_client_authorize(&p->space, crypto(), METHOD, URI,
        NULL, &out, &it->attempt);

    require(ready == (status != CSN_E_STATE), "ready and not ready");
    if (status != CSN_OK) {
        *it = before;
        return;
    }
    it->len = out.len;
    check_credentials(p, it);
    p->sent_count++;
}

static void
challenge(play *p, const char *text, size_t len)
{
    csn_span line = copy(text, len);
    unsigned seen = csn_client_space_seen(&p->space);
    const sent *last = p->sent_count == 0
        ? NULL
        : &p->sent[(p->sent_count - 1) % MAX_SENT];
    csn_client_choice choice;
    csn_reason why = CSN_R_NONE;

    if (csn_client_choose(&p->policy, seen, &line, 1, &choice, &why) ==
        CSN_OK) {
        require(choice.challenge.algorithm != CSN_ALG_MD5 ||
                (p->policy.allow_md5 &&
                    (p->policy.allow_step_down ||
                        (seen & CSN_SEEN_SHA2) == 0)),
            "a downgrade");
        if (csn_client_decide(&p->policy, last ? &last->attempt : NULL, 1,
                &choice, &why) != CSN_OK)
            require(last != NULL && why == CSN_R_CREDENTIALS_REFUSED,
                "refused without a reason");
        if (csn_client_accept(&p->space, crypto(), &p->policy, &choice,
                CSN_SPAN("p")) == CSN_OK)
            require(csn_client_space_is_ready(&p->space), "not ready");
        require(!csn_client_space_covers(&p->space, URI) ||
                csn_client_space_is_ready(&p->space),
            "a space without a session covers something");
        require((csn_client_space_seen(&p->space) & seen) == seen,
            "something seen was forgotten");
    } else {
        require(why == CSN_R_NO_CHALLENGE || why == CSN_R_NO_ACCEPTABLE ||
                why == CSN_R_DOWNGRADE,
            "refused without a reason");
    }
    drop(line);
}

/* Whether any section holds the right rspauth. */
static bool
holds_proof(const sent *it, const csn_span *sections)
{
    static uint8_t buf[CSN_MAX_FIELD];

    for (int i = 0; i < 2; i++) {
        csn_field_cursor cursor;
        csn_digest_info info;
        csn_hash hash = csn_algorithm_hash(
            csn_client_attempt_algorithm(&it->attempt));

        if (csn_field_begin(&cursor, CSN_FIELD_INFO, &sections[i], 1) ==
                CSN_OK &&
            csn_digest_info_read(&cursor, &info) == CSN_OK &&
            is_hex_of(fuzz_plain(&info.rspauth, buf, sizeof(buf)), it->rspauth,
                csn_hash_size(hash)))
            return true;
    }
    return false;
}

static void
hear(play *p, unsigned status, const sent *it, const csn_span *sections,
    bool right)
{
    csn_client_response response = { .status = status,
        .header = &sections[0],
        .header_count = 1,
        .trailer = &sections[1],
        .trailer_count = sections[1].len != 0 };
    unsigned seen = csn_client_space_seen(&p->space);
    csn_client_result result;
    bool proved;

    csn_client_verify(&p->policy, &p->space, &it->attempt, &response, &result);
    proved = result.proof == CSN_PROOF_PROVED;
    require(!proved || (it->has_qop && holds_proof(it, sections)),
        "proved without the secret");
    require(!right || proved, "a right answer is not proved");
    require(result.deliver || p->policy.proof != CSN_PROOF_OFF, "off");
    require(proved || !result.deliver || p->policy.proof != CSN_PROOF_REQUIRE,
        "delivered without a proof");
    require(p->policy.proof != CSN_PROOF_EXPECT ||
            result.deliver ==
                (proved ||
                    (result.proof == CSN_PROOF_ABSENT &&
                        (status == 401 || (seen & CSN_SEEN_PROOF) == 0))),
        "expect");
    require(!result.nextnonce || proved ||
            (result.proof == CSN_PROOF_ABSENT &&
                p->policy.proof != CSN_PROOF_REQUIRE &&
                (seen & CSN_SEEN_PROOF) == 0),
        "a nextnonce that must not be taken");
    require(!result.dropped || !csn_client_space_is_ready(&p->space),
        "dropped and ready");
    require(!proved ||
            (csn_client_space_seen(&p->space) & CSN_SEEN_PROOF) != 0,
        "a proof was forgotten");
}

static size_t
write_challenge(input *in, char line[LINE])
{
    static const char *const algorithms[] = { ", algorithm=SHA-256",
        ", algorithm=SHA-512-256", ", algorithm=MD5", "",
        ", algorithm=SHA-256-sess", ", algorithm=x" };
    static const char *const qops[] = { ", qop=\"auth\"", ", qop=\"auth,x\"",
        ", qop=\"auth-int\"", ", qop=\"x\"", "" };
    static const char *const mores[] = { "", ", stale=true", ", opaque=\"o\"",
        ", opaque=\"\"", ", domain=\"/a http://h/b //x /c\"",
        ", userhash=true, charset=UTF-8", ", Basic realm=\"r\"",
        ", Digest realm=\"r\", nonce=\"n\", qop=auth" };
    unsigned nonce = take(in) % 8;
    unsigned what = take(in);

    return (size_t)snprintf(line, LINE,
        "Digest realm=\"r%u\", nonce=\"n\\\"%u\"%s%s%s", what % 3, nonce,
        algorithms[take(in) % 6], qops[what % 5], mores[what % 8]);
}

/* The Info field that answers a request, with a nextnonce now and then. */
static size_t
write_info(input *in, const sent *it, char line[LINE])
{
    size_t size = csn_hash_size(
        csn_algorithm_hash(csn_client_attempt_algorithm(&it->attempt)));
    const char *cnonce = it->has_qop ? strstr(it->line, "cnonce=\"") : NULL;
    uint8_t next = take(in);
    size_t len = 0;

    if (next % 4 == 0)
        len = (size_t)snprintf(line, LINE, "nextnonce=\"n\\\"%u\", ",
            next / 4 % 8u);
    len += (size_t)snprintf(line + len, LINE - len, "rspauth=\"");
    for (size_t i = 0; i < size; i++)
        len += (size_t)snprintf(line + len, LINE - len, "%02x",
            it->rspauth[i]);
    len += (size_t)snprintf(line + len, LINE - len, "\"");
    if (cnonce != NULL)
        len += (size_t)snprintf(line + len, LINE - len,
            ", qop=auth, cnonce=\"%.24s\", nc=%08x", cnonce + 8,
            csn_client_attempt_count(&it->attempt));
    return len;
}

/* Answer one of the requests under way: right, mutated, or split in two. */
static void
answer(play *p, input *in)
{
    static const unsigned statuses[] = { 200, 204, 302, 401, 407, 500, 103 };
    size_t known = p->sent_count < MAX_SENT ? p->sent_count : MAX_SENT;
    uint8_t how = take(in);
    unsigned status = statuses[how / 4 % 7];
    char line[LINE];
    csn_span sections[2];
    const sent *it;
    size_t len;
    size_t cut;

    if (known == 0)
        return;
    it = &p->sent[take(in) % known];
    len = write_info(in, it, line);
    if (how % 4 != 0)
        len = mutate(in, line, LINE, len);
    cut = how % 4 == 3 ? take(in) % (len + 1) : len;
    sections[0] = copy(line, cut);
    sections[1] = copy(line + cut, len - cut);
    hear(p, status, it, sections,
        how % 4 == 0 && it->has_qop && status >= 200 && status != 401);
    drop(sections[0]);
    drop(sections[1]);
}

/* Answer the last request with what the input says. */
static void
answer_raw(play *p, const char *text, size_t len)
{
    csn_span sections[2] = { copy(text, len), { NULL, 0 } };

    if (p->sent_count != 0)
        hear(p, 200, &p->sent[(p->sent_count - 1) % MAX_SENT], sections,
            false);
    drop(sections[0]);
}

static void
step(play *p, input *in)
{
    char line[LINE];
    size_t len;
    uint8_t what = take(in);

    switch (what % 8) {
    case 0:
    case 1:
        len = write_challenge(in, line);
        challenge(p, line, what & 8 ? mutate(in, line, LINE, len) : len);
        break;
    case 2:
    case 3:
        ask(p);
        break;
    case 4:
    case 5:
        answer(p, in);
        break;
    case 6:
        len = take(in);
        len = len < in->left ? len : in->left;
        if (what & 8)
            answer_raw(p, (const char *)in->at, len);
        else
            challenge(p, (const char *)in->at, len);
        in->at += len;
        in->left -= len;
        break;
    default:
        what = take(in);
        p->policy.proof = (csn_proof_policy)(what % 3);
        p->policy.allow_md5 = (what & 4) != 0;
        p->policy.legacy_no_qop = (what & 8) != 0;
        p->policy.allow_step_down = (what & 16) != 0;
        /* A session made under another policy stands; end it instead. */
        csn_client_forget(&p->space);
        break;
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const csn_client_key key = { CSN_LAYER_ORIGIN, CSN_LIT("http"),
        CSN_LIT("h"), 80, CSN_LIT("u") };
    static play p;
    input in = { data, size };

    memset(&p, 0, sizeof(p));
    play_random = size;
    p.policy.version = CSN_CLIENT_POLICY_VERSION;
    p.policy.proof = CSN_PROOF_EXPECT;
    require(csn_client_space_init(&p.space, &key) == CSN_OK, "init");
    for (size_t i = 0; i < MAX_STEPS && in.left > 0; i++)
        step(&p, &in);
    csn_client_forget(&p.space);
    return 0;
}
