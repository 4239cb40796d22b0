// SPDX-License-Identifier: MIT
#include "walk.h"

#include <string.h>

/*
 * response and rspauth: what they should be, and when they are something
 * else, which mistake makes that of it.
 */

/* A value under judgement. */
typedef struct judgement {
    inspect_scene *scene;
    inspect_case in;
    inspect_values right; /* what has to be hashed */
    inspect_hex hex;      /* and what comes of it */
    csn_span sent;
    const char *name;
    csn_reason reason;
    const inspect_message *message; /* whose content is covered */
    bool content_sure;              /* the content is whole, or not covered */
} judgement;

static const csn_span none = { NULL, 0 };

static inspect_report *
report_of(const judgement *j)
{
    return &j->scene->walk->report;
}

/* H(user:realm), as a hashed name is sent (RFC 7616, 3.4.4). */
static bool
is_hash_of(const judgement *j, csn_span user, csn_span hashed)
{
    const csn_span parts[] = { user, CSN_SPAN(":"), j->right.realm };
    inspect_hex hex;

    return user.len != 0 &&
        inspect_digest(j->in.hasher, j->right.hash, parts, 3, &hex) &&
        csn_name_equal(inspect_hex_span(&hex), hashed);
}

/* The plain name behind a hashed one: from --user, or another request. */
static bool
find_hashed_user(judgement *j)
{
    const inspect_walk *walk = j->scene->walk;
    const inspect_login *login = walk->logins[j->scene->layer];
    csn_span hashed = inspect_value(j->scene->credentials, "username");

    if (login->user != NULL) {
        j->right.user = csn_text_of(login->user);
        if (!is_hash_of(j, j->right.user, hashed) && !j->in.is_rspauth)
            (void)inspect_blame(
                inspect_say(report_of(j), INSPECT_WRONG, "username",
                    CSN_R_UNKNOWN_USER,
                    "is not the hash of the user given here and the realm"),
                "userhash-wrong");
        return true;
    }
    for (size_t i = walk->sent_count; i-- > 0;) {
        csn_span user = inspect_value(walk->sent[i], "username");

        if (is_hash_of(j, user, hashed)) {
            j->right.user = user;
            return true;
        }
    }
    return false;
}

/* Whether the name is known, as far as it is needed. */
static bool
set_user(judgement *j)
{
    const inspect_params *sent = j->scene->credentials;
    const csn_span ext = inspect_value(sent, "username*");
    uint8_t *octets;
    csn_writer out;
    csn_status status;

    if (!j->right.has_password)
        return true;
    if (inspect_param_is_true(sent, CSN_SPAN("userhash"))) {
        if (find_hashed_user(j))
            return true;
        (void)inspect_say(report_of(j), INSPECT_NOTE, j->name, CSN_R_NONE,
            "is not checked: the user's name is hashed; --user tells it");
        return false;
    }
    j->right.user = inspect_value(sent, "username");
    if (!inspect_has(sent, "username*"))
        return true;
    octets = csn_pool_alloc(j->in.pool, ext.len);
    out = csn_writer_init(octets, ext.len);
    status = csn_ext_value_decode(ext, &out);
    if (status == CSN_OK) {
        j->right.user = csn_writer_span(&out);
        return true;
    }
    if (!j->in.is_rspauth)
        (void)inspect_say(report_of(j), INSPECT_WRONG, "username*",
            CSN_R_MALFORMED, "cannot be decoded: %s", csn_status_text(status));
    return false;
}

static void
set_login(judgement *j)
{
    const inspect_login *login = j->scene->walk->logins[j->scene->layer];

    j->right.has_password = login->has_password;
    j->right.password = login->prepared;
    for (size_t i = 0; i < CSN_HASH_COUNT; i++)
        j->right.ha1[i] = (csn_span){ login->ha1_hex[i], login->ha1_len[i] };
}

static void
set_content(judgement *j)
{
    const inspect_message *message = j->message;

    j->content_sure = true;
    j->right.with_content = csn_name_equal(j->right.qop, CSN_SPAN("auth-int"));
    if (!j->right.with_content)
        return;
    j->right.content = message->content;
    j->content_sure = message->content_state == INSPECT_CONTENT_WHOLE;
}

/* What must be hashed; false when that cannot be told, which was said. */
static bool
set_values(judgement *j)
{
    const inspect_params *sent = j->scene->credentials;
    const inspect_session *session = j->scene->nonce->session;
    const csn_algorithm algorithm = inspect_params_algorithm(sent);

    if (algorithm == CSN_ALG_UNKNOWN) {
        (void)inspect_say(report_of(j), INSPECT_NOTE, j->name, CSN_R_NONE,
            "is not checked: its algorithm is none that is registered");
        return false;
    }
    j->right = (inspect_values){
        .hash = (inspect_hash)csn_algorithm_hash(algorithm),
        .session = csn_algorithm_is_session(algorithm),
        .realm = inspect_value(sent, "realm"),
        .nonce = inspect_value(sent, "nonce"),
        .first_nonce = session->nonce,
        .first_cnonce = session->cnonce,
        .nc = inspect_value(sent, "nc"),
        .cnonce = inspect_value(sent, "cnonce"),
        .qop = inspect_value(sent, "qop"),
        .uri = inspect_value(sent, "uri"),
        .method = j->in.is_rspauth ? none : j->in.method,
        .parts = inspect_has(sent, "qop") ? INSPECT_COUNTS | INSPECT_LAST
                                          : INSPECT_LAST,
    };
    set_login(j);
    set_content(j);
    if (j->right.session && session->cnonce.ptr == NULL) {
        (void)inspect_say(report_of(j), INSPECT_NOTE, j->name, CSN_R_NONE,
            "is not checked: without cnonce there is no session key");
        return false;
    }
    return set_user(j);
}

static const char *
shown(const judgement *j, csn_span text)
{
    return inspect_visible(j->in.pool, text);
}

static void
note_upper_case(const judgement *j)
{
    for (size_t i = 0; i < j->sent.len; i++) {
        if (csn_octet_lower(j->sent.ptr[i]) != j->sent.ptr[i]) {
            (void)inspect_blame(
                inspect_say(report_of(j), INSPECT_ODD, j->name, CSN_R_NONE,
                    "has upper-case digits; senders write lower case"),
                "upper-case-digits");
            return;
        }
    }
}

static void
say_right(judgement *j, const char *more)
{
    if (!j->in.is_rspauth)
        j->scene->response_right = true;
    (void)inspect_say(report_of(j), INSPECT_RIGHT, j->name, CSN_R_NONE,
        "is right%s", more);
    if (j->in.is_rspauth && j->right.qop.len == 0)
        (void)inspect_say(report_of(j), INSPECT_NOTE, j->name, CSN_R_NO_QOP,
            "proves nothing fresh without qop: it can be an old one");
}

static inspect_finding *
say_wrong(judgement *j, inspect_level level, const char *sentence)
{
    inspect_finding *finding = inspect_say(report_of(j), level, j->name,
        level == INSPECT_WRONG ? j->reason : CSN_R_NONE, "%s", sentence);

    finding->is = shown(j, j->sent);
    finding->right = shown(j, inspect_hex_span(&j->hex));
    return finding;
}

/* Without any mistake that is known. */
static void
say_unknown(judgement *j)
{
    const bool is_midway = j->right.session &&
        j->scene->nonce->challenge == NULL;

    if (!j->content_sure)
        (void)inspect_say(report_of(j), INSPECT_NOTE, j->name, CSN_R_NONE,
            "cannot be checked: it covers content that is not, or perhaps "
            "not wholly, in what was pasted");
    else if (is_midway)
        (void)inspect_say(report_of(j), INSPECT_NOTE, j->name, CSN_R_NONE,
            "cannot be checked: its session key may have been made before "
            "what was pasted; or the password is another one");
    else if (j->in.is_rspauth && j->scene->response_right)
        (void)inspect_blame(
            say_wrong(j, INSPECT_WRONG,
                "is wrong, and no well-known mistake makes it: whoever sent "
                "it does not know the secret"),
            "other-secret");
    else
        (void)inspect_blame(
            say_wrong(j, INSPECT_WRONG,
                "is wrong, and no well-known mistake makes it: most likely "
                "another password"),
            "wrong-password");
}

/* Whether only the method differs, of a request that does not tell its own. */
static bool
is_unknown_method(const judgement *j, const inspect_cause *cause)
{
    return !j->in.method_known && cause->second == NULL &&
        strcmp(cause->first->name, "other-method") == 0;
}

/* Whether only a line end differs, of content that was not shown whole. */
static bool
is_unsure_content(const judgement *j, const inspect_cause *cause)
{
    return !j->content_sure && cause->second == NULL &&
        (strcmp(cause->first->name, "content-line-ends") == 0 ||
            (j->message->content_state == INSPECT_CONTENT_SEEN &&
                strcmp(cause->first->name, "content-empty") == 0 &&
                j->message->content.len <= 2));
}

static void
say_cause(judgement *j, const inspect_cause *cause)
{
    const bool is_odd = cause->first->tolerated && cause->second == NULL;
    const char *sentence = cause->first->sentence;
    inspect_finding *finding;

    if (is_unknown_method(j, cause)) {
        say_right(j,
            csn_pool_format(j->in.pool, ", for the method %s",
                shown(j, cause->method)));
        return;
    }
    if (is_unsure_content(j, cause)) {
        say_right(j, ", for the content with its own line ends");
        return;
    }
    if (cause->method.len != 0)
        sentence = csn_pool_format(j->in.pool, "%s: %s", sentence,
            shown(j, cause->method));
    if (cause->second != NULL)
        sentence = csn_pool_format(j->in.pool, "%s; and %s", sentence,
            cause->second->sentence);
    finding = say_wrong(j, is_odd ? INSPECT_ODD : INSPECT_WRONG,
        csn_pool_format(j->in.pool, "is %s: %s",
            is_odd ? "another reading" : "wrong", sentence));
    finding->mistake[0] = cause->first->name;
    if (cause->second != NULL)
        finding->mistake[1] = cause->second->name;
    if (is_odd && !j->in.is_rspauth)
        j->scene->response_right = true;
}

/* The server sent the client's own response back: seen without a secret. */
static bool
is_reflection(const judgement *j)
{
    return j->in.is_rspauth && j->sent.len != 0 &&
        csn_name_equal(j->sent,
            inspect_value(j->scene->credentials, "response"));
}

static bool
is_cut(const judgement *j)
{
    csn_span hex = inspect_hex_span(&j->hex);

    if (j->sent.len == 0 || j->sent.len >= hex.len)
        return false;
    hex.len = j->sent.len;
    return csn_name_equal(hex, j->sent);
}

static void
judge(judgement *j)
{
    inspect_cause cause;

    if (!inspect_compute(j->in.hasher, &j->right, &j->hex)) {
        (void)inspect_say(report_of(j), INSPECT_NOTE, j->name, CSN_R_NONE,
            "is not checked: H(A1) is not given for its algorithm");
        return;
    }
    if (!j->in.is_rspauth)
        j->scene->response_checked = true;
    note_upper_case(j);
    if (csn_name_equal(inspect_hex_span(&j->hex), j->sent)) {
        say_right(j, "");
        return;
    }
    if (is_cut(j)) {
        (void)inspect_blame(say_wrong(j, INSPECT_WRONG,
                                "is the right value, cut short"),
            "value-cut");
        return;
    }
    cause = inspect_find_cause(&j->in, &j->right, j->sent);
    if (cause.first == NULL)
        say_unknown(j);
    else
        say_cause(j, &cause);
}

void
inspect_check_value(inspect_scene *scene, const inspect_params *info)
{
    const inspect_params *said = info != NULL ? info : scene->credentials;
    judgement j = { .scene = scene,
        .name = info != NULL ? "rspauth" : "response",
        .reason = info != NULL ? CSN_R_RSPAUTH_WRONG : CSN_R_WRONG_RESPONSE,
        .message = info != NULL ? scene->exchange->response
                                : scene->exchange->request };

    if (!inspect_has(said, j.name))
        return;
    j.sent = inspect_value(said, j.name);
    j.in = inspect_case_of(scene, info);
    if (!inspect_login_is_given(scene->walk->logins[scene->layer])) {
        if (is_reflection(&j))
            (void)inspect_blame(
                inspect_say(report_of(&j), INSPECT_WRONG, j.name, j.reason,
                    "is the client's own response, sent back (reflection)"),
                "method-in-rspauth");
        else
            (void)inspect_say(report_of(&j), INSPECT_NOTE, j.name, CSN_R_NONE,
                "is not checked: neither password nor H(A1) was given");
        return;
    }
    if (set_values(&j))
        judge(&j);
}
