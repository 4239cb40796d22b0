// SPDX-License-Identifier: MIT
#include "walk.h"

#include "digest/params.h"

/* What a server or proxy asks for. */

static void
check_presence(inspect_scene *scene, const inspect_params *params)
{
    static const csn_span required[] = { CSN_LIT("realm"), CSN_LIT("nonce") };
    const csn_algorithm algorithm = inspect_params_algorithm(params);

    for (size_t i = 0; i < sizeof(required) / sizeof(required[0]); i++) {
        if (inspect_param_find(params, required[i]) == NULL)
            (void)inspect_tell(scene, INSPECT_WRONG,
                (const char *)required[i].ptr, CSN_R_MISSING_PARAMETER,
                "is missing: nothing can be answered without it");
    }
    if (inspect_param_find(params, CSN_SPAN("algorithm")) == NULL)
        (void)inspect_tell(scene, INSPECT_NOTE, "algorithm", CSN_R_NONE,
            "is not named, which means MD5");
    else if (algorithm == CSN_ALG_UNKNOWN)
        (void)inspect_tell(scene, INSPECT_NOTE, "algorithm", CSN_R_NONE,
            "is none that is registered; clients step over this challenge");
    else if (csn_algorithm_hash(algorithm) == CSN_HASH_MD5)
        (void)inspect_tell(scene, INSPECT_NOTE, "algorithm", CSN_R_NONE,
            "MD5 is there for old peers alone (RFC 7616, 5.1)");
}

static void
check_qop(inspect_scene *scene, const inspect_params *params)
{
    const inspect_param *qop = inspect_param_find(params, CSN_SPAN("qop"));
    const csn_algorithm algorithm = inspect_params_algorithm(params);
    const bool is_session = algorithm != CSN_ALG_UNKNOWN &&
        csn_algorithm_is_session(algorithm);

    if (qop != NULL)
        return;
    if (is_session)
        (void)inspect_tell(scene, INSPECT_WRONG, "qop", CSN_R_QOP_MISSING,
            "is missing, but a -sess algorithm needs the cnonce that comes "
            "with it");
    else
        (void)inspect_tell(scene, INSPECT_ODD, "qop", CSN_R_NO_QOP,
            "is missing: the form of RFC 2069, in which neither counts nor "
            "cnonce protect anything and no server proves itself");
}

static bool
was_asked(const inspect_scene *scene)
{
    const inspect_message *request = scene->exchange->request;

    return request != NULL && !request->bare;
}

static void
check_stale(inspect_scene *scene, const inspect_params *params)
{
    csn_span nonce = inspect_param_text(params, CSN_SPAN("nonce"));

    if (!inspect_param_is_true(params, CSN_SPAN("stale"))) {
        if (scene->response_checked && scene->response_right &&
            !scene->count_repeated)
            (void)inspect_tell(scene, INSPECT_NOTE, "stale",
                CSN_R_CREDENTIALS_REFUSED,
                "is not said, though the response was right: refused for "
                "another reason than the password");
        return;
    }
    if (scene->credentials == NULL && was_asked(scene)) {
        (void)inspect_blame(
            inspect_tell(scene, INSPECT_WRONG, "stale", CSN_R_STALE,
                "is true, but the request had no credentials to be stale"),
            "stale-unasked");
        return;
    }
    if (scene->nonce != NULL && csn_text_same(scene->nonce->text, nonce))
        (void)inspect_blame(
            inspect_tell(scene, INSPECT_WRONG, "stale", CSN_R_STALE,
                "is true, but the nonce is the one that is called stale"),
            "stale-same-nonce");
    else if (scene->response_checked && !scene->response_right)
        (void)inspect_blame(
            inspect_tell(scene, INSPECT_ODD, "stale", CSN_R_STALE,
                "is true, but the response was wrong: the client will try "
                "the same password again (RFC 7616, 3.3)"),
            "stale-for-wrong-response");
    else
        (void)inspect_tell(scene, INSPECT_NOTE, "stale", CSN_R_STALE,
            "is true: try again with the new nonce, the password is not in "
            "question");
    if (scene->nonce != NULL)
        scene->nonce->is_stale = true;
}

static void
remember(inspect_scene *scene, const inspect_params *params)
{
    csn_span text = inspect_param_text(params, CSN_SPAN("nonce"));
    const inspect_nonce *old = inspect_nonce_find(scene->walk, scene->layer,
        text);
    inspect_nonce *nonce;

    if (text.len == 0)
        return;
    inspect_describe_nonce(scene->walk, text, params);
    if (old != NULL && old->challenge != NULL && old != scene->nonce &&
        old->counts->count != 0)
        (void)inspect_tell(scene, INSPECT_NOTE, "nonce", CSN_R_NONE,
            "is one that was given out and used before");
    nonce = inspect_nonce_add(scene->walk, scene->layer, text);
    nonce->challenge = params;
}

static void
judge(inspect_scene *scene, const inspect_params *params)
{
    inspect_walk *walk = scene->walk;
    const inspect_step *step = inspect_step_add(&walk->report, scene->layer,
        "challenge", params);

    inspect_say_unreadable(walk, params, CSN_FIELD_CHALLENGES);
    if (!params->is_digest) {
        if (params->scheme.len != 0)
            (void)inspect_tell(scene, INSPECT_NOTE, "challenge", CSN_R_NONE,
                csn_name_equal(params->scheme, CSN_SPAN("Basic"))
                    ? "Basic sends the password itself"
                    : "another scheme, not looked into");
        return;
    }
    inspect_check_quoting(walk, params, CSN_FIELD_CHALLENGES);
    if (params->status == CSN_OK) {
        check_presence(scene, params);
        check_qop(scene, params);
    }
    check_stale(scene, params);
    remember(scene, params);
    if (inspect_step_is_clean(step))
        (void)inspect_tell(scene, INSPECT_RIGHT, "challenge", CSN_R_NONE,
            "reads as RFC 7616 has it");
}

/* 2 for SHA-2, 1 for MD5, 0 for what is not Digest. */
static int
strength(const inspect_params *params)
{
    const csn_algorithm algorithm = inspect_params_algorithm(params);

    if (!params->is_digest || params->status != CSN_OK ||
        algorithm == CSN_ALG_UNKNOWN)
        return 0;
    return csn_algorithm_hash(algorithm) == CSN_HASH_MD5 ? 1 : 2;
}

static void
check_downgrade(inspect_scene *scene, const inspect_params_list *list)
{
    int *before = &scene->walk->strongest[scene->layer];
    csn_span *asked = &scene->walk->asked[scene->layer];
    csn_span authority = inspect_authority(scene->exchange->request);
    int best = 0;

    if (scene->layer == CSN_LAYER_ORIGIN && !csn_text_same(*asked, authority))
        *before = 0;
    *asked = authority;

    for (size_t i = 0; i < list->count; i++) {
        int one = strength(&list->items[i]);

        if (one > best)
            best = one;
    }
    if (best < *before)
        (void)inspect_blame(
            inspect_tell(scene, INSPECT_WRONG, "challenge", CSN_R_DOWNGRADE,
                best == 0 ? "no Digest is offered any more, as it was before"
                          : "only MD5 is offered, where SHA-2 was before"),
            "downgrade");
    else
        *before = best;
}

/* A 401 to CONNECT and a 407 from within a tunnel (F-51 to F-57). */
static bool
is_wrong_layer(const inspect_scene *scene, unsigned status)
{
    const inspect_message *request = scene->exchange->request;
    bool is_connect;

    if (request == NULL || request->bare)
        return false;
    is_connect = csn_text_same(request->method, CSN_SPAN("CONNECT"));
    if (scene->layer == CSN_LAYER_ORIGIN)
        return status == 401 && is_connect;
    return status == 407 && !is_connect && scene->walk->has_tunnel &&
        request->target.len != 0 && request->target.ptr[0] == '/';
}

void
inspect_judge_challenges(inspect_scene *scene)
{
    const inspect_message *response = scene->exchange->response;
    const unsigned own = scene->layer == CSN_LAYER_PROXY ? 407 : 401;
    inspect_params_list list;
    size_t lines;

    if (response == NULL)
        return;
    list = inspect_params_read(scene->walk->pool, CSN_FIELD_CHALLENGES,
        response, csn_layer_challenge_field(scene->layer), false, &lines);
    if (lines == 0 && response->status != own)
        return;
    for (size_t i = 0; i < list.count; i++)
        judge(scene, &list.items[i]);
    if (list.count == 0)
        (void)inspect_step_add(&scene->walk->report, scene->layer, "response",
            NULL);
    if (lines == 0)
        (void)inspect_tell(scene, INSPECT_WRONG, "challenge",
            CSN_R_NO_CHALLENGE, csn_reason_text(CSN_R_NO_CHALLENGE));
    else if (!response->bare && response->status != own)
        (void)inspect_tell(scene, INSPECT_NOTE, "challenge", CSN_R_NONE,
            "stands in a response that refuses nothing (F-39)");
    else
        check_downgrade(scene, &list);
    if (is_wrong_layer(scene, response->status))
        (void)inspect_tell(scene, INSPECT_WRONG, "challenge",
            CSN_R_WRONG_LAYER, csn_reason_text(CSN_R_WRONG_LAYER));
}
