// SPDX-License-Identifier: MIT
#include "check.h"

#include <countersign/field.h>
#include <string.h>

/* Who is let in: users nobody knows, empty secrets, other schemes and
 * algorithms than those that were offered. */

enum {
    LOGIN = VERIFY_NEEDS_LOGIN,
    STRONG = VERIFY_NEEDS_LOGIN | VERIFY_NEEDS_STRONG
};

static const csn_span none = { NULL, 0 };

#define STRANGER CSN_SPAN("countersign-verify-nobody")

static void
use_secret(verify_run *run, verify_form *form, csn_span user,
    csn_span password)
{
    form->entries[VERIFY_USERNAME].text = user;
    form->ha1_hex = verify_ha1(run, csn_algorithm_hash(form->algorithm), user,
        run->base.realm, password);
}

static void
use_stranger(verify_run *run, verify_form *form, verify_request *request)
{
    (void)request;
    use_secret(run, form, STRANGER, none);
}

static void
use_stranger_password(verify_run *run, verify_form *form,
    verify_request *request)
{
    (void)request;
    use_secret(run, form, STRANGER, run->password);
}

static void
use_empty_password(verify_run *run, verify_form *form, verify_request *request)
{
    (void)request;
    use_secret(run, form, run->user, none);
}

/* As if the store's answer "no such user" were an empty H(A1). */
static void
use_no_ha1(verify_run *run, verify_form *form, verify_request *request)
{
    const csn_hash hash = csn_algorithm_hash(form->algorithm);
    csn_span ha2 = csn_pool_join(&run->scratch, form->method, CSN_SPAN(":"),
        request->target, none);
    csn_span text = csn_pool_join(&run->scratch, CSN_SPAN(":"),
        form->entries[VERIFY_NONCE].text, CSN_SPAN(":"), none);

    form->entries[VERIFY_USERNAME].text = STRANGER;
    if (form->entries[VERIFY_QOP].shape != VERIFY_ABSENT) {
        text = csn_pool_join(&run->scratch, text,
            form->entries[VERIFY_NC].text, CSN_SPAN(":"),
            form->entries[VERIFY_CNONCE].text);
        text = csn_pool_join(&run->scratch, text, CSN_SPAN(":"),
            form->entries[VERIFY_QOP].text, CSN_SPAN(":"));
    }
    form->entries[VERIFY_RESPONSE].text = verify_hash_hex(run, hash,
        csn_pool_join(&run->scratch, text, verify_hash_hex(run, hash, ha2),
            none, none));
}

static void
use_empty_user(verify_run *run, verify_form *form, verify_request *request)
{
    (void)request;
    use_secret(run, form, none, none);
}

/* With `algorithm`, and right for it. */
static void
use_algorithm(verify_form *form, csn_algorithm algorithm)
{
    form->algorithm = algorithm;
    form->entries[VERIFY_ALGORITHM] =
        (verify_entry){ .text = csn_algorithm_name(algorithm),
            .shape = VERIFY_TOKEN };
}

static void
use_md5(verify_run *run, verify_form *form, verify_request *request)
{
    (void)run;
    (void)request;
    use_algorithm(form, CSN_ALG_MD5);
}

static void
use_md5_unnamed(verify_run *run, verify_form *form, verify_request *request)
{
    use_md5(run, form, request);
    form->entries[VERIFY_ALGORITHM].shape = VERIFY_ABSENT;
}

/* An algorithm that was not offered; its response is right. */
static csn_algorithm
not_offered(const verify_run *run)
{
    static const csn_algorithm all[] = { CSN_ALG_SHA_512_256, CSN_ALG_SHA_256,
        CSN_ALG_MD5, CSN_ALG_SHA_256_SESS, CSN_ALG_MD5_SESS };

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        bool offered = false;

        for (size_t j = 0; j < run->offer.count; j++)
            offered = offered ||
                (run->offer.items[j].is_digest &&
                    run->offer.items[j].digest.algorithm == all[i]);
        if (!offered)
            return all[i];
    }
    return CSN_ALG_UNKNOWN;
}

static void
use_not_offered(verify_run *run, verify_form *form, verify_request *request)
{
    (void)request;
    if (not_offered(run) != CSN_ALG_UNKNOWN)
        use_algorithm(form, not_offered(run));
}

static const verify_try stranger[] = {
    { .name = "nobody, an empty password", .before = use_stranger },
    { .name = "nobody, an empty H(A1)", .after = use_no_ha1 },
    { .name = "nobody, this user's password",
        .before = use_stranger_password },
    { .name = "this user, an empty password", .before = use_empty_password },
    { .name = "no name, no password", .before = use_empty_user },
};

static const verify_try user_case[] = {
    VERIFY_TRY("letters in other case",
        VERIFY_LATE(USERNAME, SWAP_CASE, NULL)),
};

static const verify_try user_both[] = {
    VERIFY_TRY("username and username*",
        VERIFY_LATE(USERNAME_EXT, SET_TOKEN, "UTF-8''countersign-verify")),
};

static const verify_try user_hash_star[] = {
    VERIFY_TRY("username* and userhash=true",
        VERIFY_LATE(USERNAME, DROP, NULL),
        VERIFY_LATE(USERNAME_EXT, SET_TOKEN, "UTF-8''countersign-verify"),
        VERIFY_LATE(USERHASH, SET_TOKEN, "true")),
};

static const verify_try md5[] = {
    { .name = "algorithm=MD5", .before = use_md5 },
    { .name = "algorithm left out", .before = use_md5_unnamed },
};

static const verify_try unnamed[] = {
    VERIFY_TRY("left out, hashed as offered",
        VERIFY_LATE(ALGORITHM, DROP, NULL)),
};

static const verify_try other_algorithm[] = {
    { .name = "one that was not offered", .before = use_not_offered },
    VERIFY_TRY("a name nobody knows",
        VERIFY_LATE(ALGORITHM, SET_TOKEN, "CSN-0")),
};

static void
check_alike(verify_run *run, const verify_check *check, verify_result *result)
{
    const csn_span names[] = { run->user, STRANGER };
    verify_response responses[2];

    for (size_t i = 0; i < 2; i++) {
        verify_request request;
        verify_challenge challenge;
        verify_form form;

        if (!verify_prepare(run, 0, &request, &challenge, &form, 1, result))
            return;
        use_secret(run, &form, names[i], CSN_SPAN("countersign-verify"));
        responses[i] = verify_send_form(run, 0, &request, &form);
        if (verify_outcome_of(run, request.method, &responses[i]) !=
            VERIFY_ASKED) {
            verify_skip(run, result, "a wrong login got %s",
                verify_describe(run, &responses[i]));
            return;
        }
    }
    if (!csn_text_same(verify_outline(run, &responses[0], true),
            verify_outline(run, &responses[1], true)))
        verify_miss(run, check, result,
            "status, fields or challenge differ between the two");
    else if (!csn_text_same(responses[0].body, responses[1].body))
        verify_miss(run, check, result, "the contents differ");
    else
        verify_pass(run, check, result, "the same answer, but for the nonce");
}

/* Base64 of `text`, with its padding. */
static csn_span
base64(verify_run *run, csn_span text)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnop"
                                 "qrstuvwxyz0123456789+/";
    uint8_t *out = csn_pool_alloc(&run->scratch, text.len / 3 * 4 + 4);
    size_t len = 0;

    for (size_t i = 0; i < text.len; i += 3) {
        uint32_t group = (uint32_t)text.ptr[i] << 16;

        if (i + 1 < text.len)
            group |= (uint32_t)text.ptr[i + 1] << 8;
        if (i + 2 < text.len)
            group |= text.ptr[i + 2];
        for (size_t j = 0; j < 4; j++)
            out[len++] = i + j > text.len
                ? (uint8_t)'='
                : (uint8_t)digits[(group >> (18 - 6 * j)) & 63];
    }
    return (csn_span){ out, len };
}

static void
check_basic(verify_run *run, const verify_check *check, verify_result *result)
{
    verify_request request = verify_request_new(run);
    verify_response response;

    if (!run->options->basic) {
        verify_skip(run, result,
            "it sends the password itself: --basic allows that");
        return;
    }
    request.lines[0] = csn_pool_join(&run->scratch, CSN_SPAN("Basic "),
        base64(run,
            csn_pool_join(&run->scratch, run->user, CSN_SPAN(":"),
                run->password, none)),
        none, none);
    request.line_count = 1;
    response = verify_exchange(run, 0, &request);
    verify_judge(run, check, result, "Basic with the right password",
        request.method, &response);
}

#define ROW(key, id, why, must, need, says, rows, what)                       \
    {                                                                         \
        .name = (key), .ids = (id), .reason = CSN_R_##why,                    \
        .part = VERIFY_LETS_THROUGH, .level = VERIFY_##must, .needs = (need), \
        .sentence = (says), VERIFY_TRIES(rows, what)                          \
    }

const verify_check verify_checks_user[] = {
    ROW("empty-secret", "D-38 D-39", UNKNOWN_USER, MUST, LOGIN,
        "nobody is let in with an empty or another user's secret", stranger,
        REFUSED),
    { .name = "unknown-user-alike",
        .ids = "D-39 B-29",
        .reason = CSN_R_UNKNOWN_USER,
        .part = VERIFY_LETS_THROUGH,
        .level = VERIFY_PROFILE,
        .needs = LOGIN,
        .sentence = "unknown users and wrong passwords get the same answer",
        .run = check_alike },
    ROW("user-case", "C-45", UNKNOWN_USER, MUST, LOGIN,
        "a user's name in other letter case is refused", user_case,
        REFUSED_ASKED),
    ROW("username-twice", "D-03", MALFORMED, MUST, LOGIN,
        "username and username* together are refused", user_both, REFUSED_400),
    ROW("username-star-hashed", "D-04", MALFORMED, MUST, LOGIN,
        "username* together with userhash is refused", user_hash_star,
        REFUSED_400),
    ROW("algorithm-md5", "D-07 H-11", ALGORITHM_NOT_OFFERED, MUST, STRONG,
        "MD5 is refused where it was not offered", md5, REFUSED_ASKED),
    ROW("algorithm-missing", "D-07", MALFORMED, MUST, STRONG,
        "a missing algorithm means MD5, not what was offered", unnamed,
        REFUSED),
    ROW("algorithm-other", "D-07", ALGORITHM_NOT_OFFERED, MUST, LOGIN,
        "an algorithm that was not offered is refused", other_algorithm,
        REFUSED_ASKED),
    { .name = "basic-let-in",
        .ids = "D-01 B-28",
        .reason = CSN_R_SCHEME_NOT_OFFERED,
        .part = VERIFY_LETS_THROUGH,
        .level = VERIFY_MUST,
        .needs = LOGIN,
        .sentence = "Basic is refused where only Digest was offered",
        .run = check_basic,
        .want = VERIFY_REFUSED_ASKED },
    { .name = NULL },
};
