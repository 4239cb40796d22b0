// SPDX-License-Identifier: MIT
/*
 * The client engine under a server that may do anything: the input is a
 * little program of steps (challenge, request, right answer, mutated answer,
 * raw field, policy, another user, forgetting). Whatever it does:
 *
 *   - PROVED is said of no field without the rspauth that the formula gives
 *     for the password, and after auth-int for the response's content; and
 *     always of a right one;
 *   - counts on a nonce only grow, and a -sess session keeps its cnonce;
 *   - nothing is answered that the policy has not, with less than it asks;
 *   - what is sent parses again, in the forms that the challenge asks for,
 *     and carries the response of the formula;
 *   - what is not proved is delivered, and its nextnonce taken, only as the
 *     policy says.
 */
#include "client_oracle.h"

enum { MAX_STEPS = 200, MAX_SENT = 8 };

/* A request under way: the engine's record and what went out. */
typedef struct sent {
    csn_client_attempt attempt;
    char line[LINE];
    size_t len;
    oracle_sent right;
} sent;

typedef struct play {
    csn_client_policy policy;
    csn_client_space space;
    oracle oracle;
    unsigned user;
    sent sent[MAX_SENT];
    size_t sent_count;
} play;

/* A space for the user of now, which knows nothing of the one before. */
static void
begin(play *p)
{
    const csn_client_key key = { CSN_LAYER_ORIGIN, CSN_SPAN("http"),
        CSN_SPAN("h"), 80, oracle_users[p->user] };

    require(csn_client_space_init(&p->space, &key) == CSN_OK, "init");
    p->oracle.user = key.user;
    p->oracle.used_count = 0;
    p->sent_count = 0;
}

/* Whether the engine may send something, now that it has a session. */
static bool
has_qop(const play *p, bool has_content)
{
    const oracle *it = &p->oracle;

    if (it->policy.require_int || it->qops == CSN_QOP_AUTH_INT)
        return has_content;
    return true;
}

static void
ask(play *p, bool has_content)
{
    sent *it = &p->sent[p->sent_count % MAX_SENT];
    csn_writer out = csn_writer_init((uint8_t *)it->line, sizeof(it->line));
    bool ready = csn_client_space_is_ready(&p->space);
    csn_hash hash = CSN_HASH_MD5;
    bool offers = csn_client_space_offers_int(&p->space, &hash);
    uint8_t digest[CSN_MAX_DIGEST];
    sent before = *it;
    csn_status status;

    require(offers == (ready && (p->oracle.qops & CSN_QOP_AUTH_INT) != 0),
        "offers auth-int");
    oracle_hash(hash, ORACLE_CONTENT, digest);
    status = csn_client_authorize(&p->space, crypto(), ORACLE_METHOD,
        ORACLE_URI, has_content ? digest : NULL, &out, &it->attempt);
    require(ready == (status != CSN_E_STATE), "ready and not ready");
    require(!ready || has_qop(p, has_content) == (status != CSN_E_MISSING),
        "missing");
    if (status != CSN_OK) {
        *it = before;
        return;
    }
    it->len = out.len;
    oracle_check(&p->oracle, (csn_span){ (uint8_t *)it->line, it->len },
        has_content, &it->right);
    require(csn_client_attempt_qop(&it->attempt) == it->right.qop,
        "the record has another qop");
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
        require(csn_algorithm_hash(choice.challenge.algorithm) !=
                    CSN_HASH_MD5 ||
                (p->policy.allow_md5 &&
                    (p->policy.allow_step_down ||
                        (seen & CSN_SEEN_SHA2) == 0)),
            "a downgrade");
        if (csn_client_decide(&p->policy, last ? &last->attempt : NULL, 1,
                &choice, &why) != CSN_OK)
            require(last != NULL && why == CSN_R_CREDENTIALS_REFUSED,
                "refused without a reason");
        if (csn_client_accept(&p->space, crypto(), &p->policy, &choice,
                CSN_SPAN("p")) == CSN_OK) {
            require(csn_client_space_is_ready(&p->space), "not ready");
            oracle_challenge(&p->oracle, &p->policy, &choice.challenge);
        } else {
            require(!csn_client_space_is_ready(&p->space), "half a session");
        }
        require(!csn_client_space_covers(&p->space, ORACLE_URI) ||
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

/* Whether any section holds this rspauth. */
static bool
holds(const sent *it, const csn_span *sections, const uint8_t *rspauth)
{
    static uint8_t buf[CSN_MAX_FIELD];

    for (int i = 0; i < 2; i++) {
        csn_field_cursor cursor;
        csn_digest_info info;

        if (csn_field_begin(&cursor, CSN_FIELD_INFO, &sections[i], 1) ==
                CSN_OK &&
            csn_digest_info_read(&cursor, &info) == CSN_OK &&
            oracle_is_hex_of(fuzz_plain(&info.rspauth, buf, sizeof(buf)),
                rspauth, csn_hash_size(it->right.hash)))
            return true;
    }
    return false;
}

/* The content that came with an answer. */
enum content { WHOLE, CUT_OFF, ANOTHER, CONTENTS };

/* What the outcome must be where the answer was not touched. */
enum expected { ANYTHING, PROVED, UNPROVED, INCOMPLETE };

static void
check_policy(const play *p, const csn_client_result *result, unsigned seen,
    unsigned status)
{
    bool proved = result->proof == CSN_PROOF_PROVED;
    bool absent = result->proof == CSN_PROOF_ABSENT;

    require(result->deliver || p->policy.proof != CSN_PROOF_OFF, "off");
    require(proved || !result->deliver || p->policy.proof != CSN_PROOF_REQUIRE,
        "delivered without a proof");
    require(p->policy.proof != CSN_PROOF_EXPECT ||
            result->deliver ==
                (proved ||
                    (absent &&
                        (status == 401 || (seen & CSN_SEEN_PROOF) == 0))),
        "expect");
    require(!result->dropped || !csn_client_space_is_ready(&p->space),
        "dropped and ready");
    require(!proved ||
            (csn_client_space_seen(&p->space) & CSN_SEEN_PROOF) != 0,
        "a proof was forgotten");
}

static void
hear(play *p, unsigned status, const sent *it, const csn_span *sections,
    enum content content, enum expected expected)
{
    uint8_t digest[CSN_MAX_DIGEST];
    csn_client_response response = { .status = status,
        .header = &sections[0],
        .header_count = 1,
        .trailer = &sections[1],
        .trailer_count = sections[1].len != 0,
        .uri = ORACLE_URI,
        .content_digest = content == CUT_OFF ? NULL : digest };
    unsigned seen = csn_client_space_seen(&p->space);
    bool is_int = it->right.qop == CSN_QOP_AUTH_INT;
    csn_client_result result;
    bool proved;
    bool less;

    oracle_hash(it->right.hash,
        content == ANOTHER ? CSN_SPAN("x") : ORACLE_ANSWER, digest);
    csn_client_verify(&p->policy, &p->space, &it->attempt, &response, &result);
    proved = result.proof == CSN_PROOF_PROVED;
    less = is_int && holds(it, sections, it->right.rspauth_auth);
    require(!proved ||
            (it->right.qop != CSN_QOP_NONE &&
                holds(it, sections, it->right.rspauth) &&
                (!is_int || content == WHOLE)),
        "proved without the secret");
    require(result.reason != CSN_R_CONTENT_UNPROVED || less,
        "half proved without the secret");
    require(expected != PROVED || proved, "a right answer is not proved");
    require(expected != UNPROVED || result.reason == CSN_R_CONTENT_UNPROVED ||
            result.reason == CSN_R_PROOF_MISSED,
        "a fallback to auth");
    require(expected != INCOMPLETE ||
            result.reason == CSN_R_CONTENT_INCOMPLETE ||
            result.reason == CSN_R_PROOF_MISSED,
        "a content that was cut off");
    require(!result.nextnonce || proved || less ||
            (result.proof == CSN_PROOF_ABSENT &&
                p->policy.proof != CSN_PROOF_REQUIRE &&
                (seen & CSN_SEEN_PROOF) == 0),
        "a nextnonce that must not be taken");
    check_policy(p, &result, seen, status);
}

static size_t
write_challenge(input *in, char line[LINE])
{
    static const char *const algorithms[] = { ", algorithm=SHA-256",
        ", algorithm=SHA-512-256", ", algorithm=MD5", "",
        ", algorithm=SHA-256-sess", ", algorithm=x",
        ", algorithm=SHA-512-256-sess", ", algorithm=MD5-sess" };
    static const char *const qops[] = { ", qop=\"auth\"", ", qop=\"auth,x\"",
        ", qop=\"auth-int\"", ", qop=\"x\"", "" };
    static const char *const mores[] = { "", ", stale=true", ", opaque=\"o\"",
        ", opaque=\"\"", ", domain=\"/a http://h/b //x /c\"",
        ", userhash=true, charset=UTF-8", ", Basic realm=\"r\"",
        ", Digest realm=\"r\", nonce=\"n\", qop=auth" };
    unsigned nonce = take(in) % 8;
    unsigned what = take(in);
    unsigned how = take(in);

    return (size_t)snprintf(line, LINE,
        "Digest realm=\"r%u\", nonce=\"n\\\"%u\"%s%s%s", what % 3, nonce,
        algorithms[how % 8],
        how & 8 ? ", qop=\"auth, auth-int\"" : qops[what % 5],
        mores[what % 8]);
}

/*
 * The Info field that answers a request, with a nextnonce now and then; after
 * auth-int with `less` as if auth had been asked for.
 */
static size_t
write_info(input *in, const sent *it, bool less, char line[LINE])
{
    size_t size = csn_hash_size(it->right.hash);
    const uint8_t *rspauth = less ? it->right.rspauth_auth : it->right.rspauth;
    const char *cnonce = it->right.qop != CSN_QOP_NONE
        ? strstr(it->line, "cnonce=\"")
        : NULL;
    uint8_t next = take(in);
    size_t len = 0;

    if (next % 4 == 0)
        len = (size_t)snprintf(line, LINE, "nextnonce=\"n\\\"%u\", ",
            next / 4 % 8u);
    len += (size_t)snprintf(line + len, LINE - len, "rspauth=\"");
    for (size_t i = 0; i < size; i++)
        len += (size_t)snprintf(line + len, LINE - len, "%02x", rspauth[i]);
    len += (size_t)snprintf(line + len, LINE - len, "\"");
    if (cnonce != NULL)
        len += (size_t)snprintf(line + len, LINE - len,
            ", qop=%s, cnonce=\"%.24s\", nc=%08x",
            it->right.qop == CSN_QOP_AUTH_INT && !less ? "auth-int" : "auth",
            cnonce + 8, csn_client_attempt_count(&it->attempt));
    return len;
}

/* What an answer that was not touched must lead to. */
static enum expected
expect(const sent *it, unsigned status, bool less, enum content content)
{
    if (it->right.qop == CSN_QOP_NONE || status < 200 || status == 401)
        return ANYTHING;
    if (less)
        return UNPROVED;
    if (it->right.qop == CSN_QOP_AUTH || content == WHOLE)
        return PROVED;
    return content == CUT_OFF ? INCOMPLETE : ANYTHING;
}

/* Answer one of the requests under way: right, mutated, or split in two. */
static void
answer(play *p, input *in)
{
    static const unsigned statuses[] = { 200, 204, 302, 401, 407, 500, 103 };
    size_t known = p->sent_count < MAX_SENT ? p->sent_count : MAX_SENT;
    uint8_t how = take(in);
    unsigned status = statuses[how / 4 % 7];
    enum content content = WHOLE;
    bool less = false;
    char line[LINE];
    csn_span sections[2];
    const sent *it;
    size_t len;
    size_t cut;

    if (known == 0)
        return;
    it = &p->sent[take(in) % known];
    if (it->right.qop == CSN_QOP_AUTH_INT) {
        uint8_t what = take(in);

        content = (enum content)(what % CONTENTS);
        less = (what & 0x40) != 0;
    }
    len = write_info(in, it, less, line);
    if (how % 4 != 0)
        len = mutate(in, line, LINE, len);
    cut = how % 4 == 3 ? take(in) % (len + 1) : len;
    sections[0] = copy(line, cut);
    sections[1] = copy(line + cut, len - cut);
    hear(p, status, it, sections, content,
        how % 4 == 0 ? expect(it, status, less, content) : ANYTHING);
    drop(sections[0]);
    drop(sections[1]);
}

/* Answer the last request with what the input says. */
static void
answer_raw(play *p, const char *text, size_t len)
{
    csn_span sections[2] = { copy(text, len), { NULL, 0 } };

    if (p->sent_count != 0)
        hear(p, 200, &p->sent[(p->sent_count - 1) % MAX_SENT], sections, WHOLE,
            ANYTHING);
    drop(sections[0]);
}

/* A session made under another policy stands; it is ended instead. */
static void
change(play *p, uint8_t what)
{
    p->policy.proof = (csn_proof_policy)(what % 3);
    p->policy.allow_md5 = (what & 4) != 0;
    p->policy.legacy_no_qop = (what & 8) != 0;
    p->policy.allow_step_down = (what & 16) != 0;
    p->policy.require_int = (what & 32) != 0;
    p->policy.raw_username = (what & 64) != 0;
    csn_client_forget(&p->space);
    if ((what & 128) != 0) {
        p->user = (p->user + 1) % ORACLE_USERS;
        begin(p);
    }
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
        ask(p, (what & 8) != 0);
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
        change(p, take(in));
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
    p.policy.version = CSN_CLIENT_POLICY_VERSION;
    p.policy.proof = CSN_PROOF_EXPECT;
    begin(&p);
    for (size_t i = 0; i < MAX_STEPS && in.left > 0; i++)
        step(&p, &in);
    csn_client_forget(&p.space);
    return 0;
}
