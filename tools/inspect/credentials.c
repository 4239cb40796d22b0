// SPDX-License-Identifier: MIT
#include "walk.h"

#include <string.h>

/* What a client says, held against what it was asked and what it asks for. */

static void
check_presence(inspect_scene *scene, const inspect_params *params)
{
    static const char *const always[] = { "realm", "nonce", "uri",
        "response" };
    static const char *const with_qop[] = { "cnonce", "nc" };
    const bool is_named = inspect_has(params, "username");
    const bool is_named_ext = inspect_has(params, "username*");

    for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++) {
        if (!inspect_has(params, always[i]))
            (void)inspect_tell(scene, INSPECT_WRONG, always[i],
                CSN_R_MISSING_PARAMETER, "is missing");
    }
    for (size_t i = 0; i < sizeof(with_qop) / sizeof(with_qop[0]); i++) {
        if (inspect_has(params, "qop") && !inspect_has(params, with_qop[i]))
            (void)inspect_tell(scene, INSPECT_WRONG, with_qop[i],
                CSN_R_MISSING_PARAMETER, "is missing, though qop is there");
        if (!inspect_has(params, "qop") && inspect_has(params, with_qop[i]))
            (void)inspect_tell(scene, INSPECT_ODD, with_qop[i], CSN_R_NONE,
                "is there without qop, and counts for nothing");
    }
    if (!is_named && !is_named_ext)
        (void)inspect_tell(scene, INSPECT_WRONG, "username",
            CSN_R_MISSING_PARAMETER, "is missing");
    if (is_named && is_named_ext)
        (void)inspect_tell(scene, INSPECT_WRONG, "username*", CSN_R_MALFORMED,
            "stands beside username; only one may");
    if (is_named_ext && inspect_param_is_true(params, CSN_SPAN("userhash")))
        (void)inspect_tell(scene, INSPECT_WRONG, "username*", CSN_R_MALFORMED,
            "cannot be a hashed name");
}

/* The layer a nonce belongs to, when it is not this one. */
static bool
is_of_other_layer(const inspect_scene *scene, csn_span text)
{
    const csn_layer other = scene->layer == CSN_LAYER_PROXY ? CSN_LAYER_ORIGIN
                                                            : CSN_LAYER_PROXY;
    const inspect_nonce *nonce = inspect_nonce_find(scene->walk, other, text);

    return nonce != NULL && nonce->challenge != NULL;
}

static bool
was_challenged(const inspect_scene *scene)
{
    for (size_t i = 0; i < scene->walk->nonce_count; i++) {
        if (scene->walk->nonces[i]->layer == scene->layer &&
            scene->walk->nonces[i]->challenge != NULL)
            return true;
    }
    return false;
}

static void
find_nonce(inspect_scene *scene, const inspect_params *params)
{
    csn_span text = inspect_value(params, "nonce");

    scene->nonce = inspect_nonce_find_for(scene->walk, scene->layer, text,
        inspect_params_algorithm(params));
    if (scene->nonce != NULL && scene->nonce->challenge != NULL) {
        if (scene->nonce->is_stale)
            (void)inspect_blame(inspect_tell(scene, INSPECT_WRONG, "nonce",
                                    CSN_R_STALE,
                                    "was called stale before, and is used on"),
                "stale-ignored");
        return;
    }
    if (scene->nonce == NULL)
        scene->nonce = inspect_nonce_add(scene->walk, scene->layer, text);
    if (is_of_other_layer(scene, text))
        (void)inspect_blame(
            inspect_tell(scene, INSPECT_WRONG, "nonce", CSN_R_NONCE_UNKNOWN,
                scene->layer == CSN_LAYER_PROXY
                    ? "is the origin's: these credentials belong into "
                      "Authorization"
                    : "is the proxy's: these credentials belong into "
                      "Proxy-Authorization"),
            "layers-swapped");
    else if (was_challenged(scene))
        (void)inspect_blame(
            inspect_tell(scene, INSPECT_WRONG, "nonce", CSN_R_NONCE_UNKNOWN,
                "is none that was given out here, by challenge or "
                "nextnonce"),
            "nonce-not-given");
    else
        inspect_describe_nonce(scene->walk, text, params);
}

static void
check_realm(inspect_scene *scene, const inspect_params *params,
    const inspect_params *challenge)
{
    csn_span got = inspect_value(params, "realm");
    csn_span want = inspect_value(challenge, "realm");

    if (csn_text_same(got, want))
        return;
    (void)inspect_blame(
        inspect_tell(scene, INSPECT_WRONG, "realm", CSN_R_REALM_NOT_OFFERED,
            csn_name_equal(got, want)
                ? "is the challenge's in another case; realms are compared "
                  "octet by octet"
                : "is not the challenge's"),
        csn_name_equal(got, want) ? "realm-in-other-case" : "other-realm");
}

static void
check_opaque(inspect_scene *scene, const inspect_params *params,
    const inspect_params *challenge)
{
    const bool was_given = inspect_has(challenge, "opaque");

    if (!inspect_has(params, "opaque") && was_given)
        (void)inspect_blame(inspect_tell(scene, INSPECT_WRONG, "opaque",
                                CSN_R_OPAQUE_MISMATCH,
                                "of the challenge was not sent back"),
            "opaque-dropped");
    else if (inspect_has(params, "opaque") && !was_given)
        (void)inspect_blame(inspect_tell(scene, INSPECT_WRONG, "opaque",
                                CSN_R_OPAQUE_MISMATCH,
                                "is sent, but the challenge had none"),
            "opaque-invented");
    else if (!csn_text_same(inspect_value(params, "opaque"),
                 inspect_value(challenge, "opaque")))
        (void)inspect_blame(inspect_tell(scene, INSPECT_WRONG, "opaque",
                                CSN_R_OPAQUE_MISMATCH,
                                "is not the challenge's"),
            "opaque-changed");
}

static void
check_algorithm(inspect_scene *scene, const inspect_params *params,
    const inspect_params *challenge)
{
    if (inspect_params_algorithm(params) ==
        inspect_params_algorithm(challenge)) {
        if (!inspect_has(params, "algorithm") &&
            inspect_has(challenge, "algorithm"))
            (void)inspect_tell(scene, INSPECT_ODD, "algorithm", CSN_R_NONE,
                "was named in the challenge and is not sent back");
        return;
    }
    (void)inspect_blame(
        inspect_tell(scene, INSPECT_WRONG, "algorithm",
            CSN_R_ALGORITHM_NOT_OFFERED,
            inspect_has(params, "algorithm")
                ? "is not the one of the challenge with this nonce"
                : "is not named, which means MD5; the challenge's is another"),
        inspect_has(params, "algorithm") ? "other-algorithm"
                                         : "algorithm-dropped");
}

/* Whether a list has a member, without case; blanks and commas between. */
static bool
list_has(csn_span list, csn_span word)
{
    size_t at = 0;

    while (at < list.len) {
        csn_span member = { list.ptr + at, 0 };

        while (at < list.len && list.ptr[at] != ',' && list.ptr[at] != ' ' &&
            list.ptr[at] != '\t') {
            member.len++;
            at++;
        }
        if (csn_name_equal(member, word))
            return true;
        at++;
    }
    return false;
}

static void
check_qop(inspect_scene *scene, const inspect_params *params,
    const inspect_params *challenge)
{
    csn_span list = inspect_value(challenge, "qop");
    csn_span qop = inspect_value(params, "qop");

    if (!inspect_has(params, "qop")) {
        if (inspect_has(challenge, "qop"))
            (void)inspect_blame(
                inspect_tell(scene, INSPECT_WRONG, "qop", CSN_R_QOP_MISSING,
                    "was offered and is left out: the form of RFC 2069, a "
                    "downgrade"),
                "qop-dropped");
        return;
    }
    if (!list_has(list, qop))
        (void)inspect_blame(inspect_tell(scene, INSPECT_WRONG, "qop",
                                CSN_R_QOP_NOT_OFFERED,
                                list_has(list, CSN_SPAN("auth-int"))
                                    ? "is not among those offered: a downgrade"
                                    : "is not among those offered"),
            "qop-not-offered");
    else if (csn_name_equal(qop, CSN_SPAN("auth")) &&
        list_has(list, CSN_SPAN("auth-int")))
        (void)inspect_tell(scene, INSPECT_NOTE, "qop", CSN_R_NONE,
            "auth was chosen where auth-int was offered too: contents are "
            "not protected");
}

static void
check_challenge(inspect_scene *scene, const inspect_params *params)
{
    const inspect_params *challenge = scene->nonce->challenge;

    if (challenge == NULL) {
        if (!was_challenged(scene))
            (void)inspect_tell(scene, INSPECT_NOTE, "challenge", CSN_R_NONE,
                "is not in what was pasted: realm, nonce, opaque, qop and "
                "algorithm are compared with nothing");
        return;
    }
    check_realm(scene, params, challenge);
    check_opaque(scene, params, challenge);
    check_algorithm(scene, params, challenge);
    check_qop(scene, params, challenge);
    if (inspect_param_is_true(params, CSN_SPAN("userhash")) &&
        !inspect_param_is_true(challenge, CSN_SPAN("userhash")))
        (void)inspect_blame(inspect_tell(scene, INSPECT_WRONG, "userhash",
                                CSN_R_UNSUPPORTED,
                                "is true, but the challenge did not offer it"),
            "userhash-unasked");
}

/* The request's target under both schemes: a paste rarely tells which. */
static csn_uri_match
compare_uri(const inspect_message *request, csn_span uri)
{
    const csn_span schemes[] = { CSN_SPAN("http"), CSN_SPAN("https") };
    csn_uri_match best = CSN_URI_DIFFERENT;

    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        const csn_target target = { request->method, request->target,
            schemes[i], inspect_authority(request) };
        csn_uri_match match = csn_uri_compare(&target, uri);

        if (match < best)
            best = match;
    }
    return best;
}

static bool
is_without_query(csn_span uri, csn_span target)
{
    return uri.len < target.len && uri.len != 0 &&
        memcmp(uri.ptr, target.ptr, uri.len) == 0 &&
        target.ptr[uri.len] == '?';
}

static void
check_uri(inspect_scene *scene, const inspect_params *params)
{
    const inspect_message *request = scene->exchange->request;
    csn_span uri = inspect_value(params, "uri");
    bool no_query;

    if (request->bare || uri.len == 0 || request->target.len == 0)
        return;
    switch (compare_uri(request, uri)) {
    case CSN_URI_SAME:
        return;
    case CSN_URI_EQUIVALENT:
        (void)inspect_tell(scene, INSPECT_NOTE, "uri", CSN_R_NONE,
            "names the request's target in another form");
        return;
    case CSN_URI_DIFFERENT:
        break;
    }
    no_query = is_without_query(uri, request->target);
    (void)inspect_blame(
        inspect_tell(scene, INSPECT_WRONG, "uri", CSN_R_URI_MISMATCH,
            no_query ? "lacks the query of the request's target"
                     : "names another resource than the request's target"),
        no_query ? "uri-without-query" : "other-uri");
}

static void
check_count(inspect_scene *scene, const inspect_params *params)
{
    csn_span text = inspect_value(params, "nc");
    inspect_counts *counts = scene->nonce->counts;
    uint32_t count;
    bool again = false;

    if (!inspect_has(params, "qop") || csn_nc_parse(text, &count) != CSN_OK)
        return;
    for (size_t i = 0; i < counts->count; i++)
        again = again || counts->used[i] == count;
    scene->count_repeated = again;
    if (again)
        (void)inspect_blame(inspect_tell(scene, INSPECT_WRONG, "nc",
                                CSN_R_REPLAY, "was used on this nonce before"),
            "count-repeated");
    else if (count < counts->highest)
        (void)inspect_blame(
            inspect_tell(scene, INSPECT_WRONG, "nc", CSN_R_NONE,
                "went back: a higher count was sent on this nonce before"),
            "count-back");
    else if (count > counts->highest + 1 && scene->nonce->challenge != NULL)
        (void)inspect_blame(
            inspect_say(&scene->walk->report, INSPECT_ODD, "nc", CSN_R_NONE,
                "skips: %u requests on this nonce are not in what was pasted",
                (unsigned)(count - counts->highest - 1)),
            "count-skipped");
    counts->used = csn_pool_grow(scene->walk->pool, counts->used,
        counts->count, sizeof(*counts->used));
    counts->used[counts->count++] = count;
    if (count > counts->highest)
        counts->highest = count;
}

static void
remember(inspect_scene *scene, const inspect_params *params)
{
    inspect_walk *walk = scene->walk;
    inspect_session *session = scene->nonce->session;

    walk->sent = csn_pool_grow(walk->pool, walk->sent, walk->sent_count,
        sizeof(inspect_params *));
    walk->sent[walk->sent_count++] = params;
    if (session->begun)
        return;
    session->begun = true;
    session->nonce = inspect_value(params, "nonce");
    session->cnonce = inspect_value(params, "cnonce");
}

void
inspect_judge_credentials(inspect_scene *scene)
{
    const inspect_message *request = scene->exchange->request;
    inspect_walk *walk = scene->walk;
    const inspect_params *params;
    inspect_params_list list;
    size_t lines;

    if (request == NULL)
        return;
    list = inspect_params_read(walk->pool, CSN_FIELD_CREDENTIALS, request,
        csn_layer_credentials_field(scene->layer), false, &lines);
    if (list.count == 0)
        return;
    params = &list.items[0];
    (void)inspect_step_add(&walk->report, scene->layer, "credentials", params);
    if (lines > 1)
        (void)inspect_blame(
            inspect_say(&walk->report, INSPECT_WRONG, "credentials",
                CSN_R_REPEATED_FIELD,
                "stand in %zu lines; only the first is looked at", lines),
            "repeated-field");
    inspect_say_unreadable(walk, params, CSN_FIELD_CREDENTIALS);
    if (!params->is_digest) {
        (void)inspect_tell(scene, INSPECT_NOTE, "credentials",
            params->scheme.len == 0 ? CSN_R_MALFORMED : CSN_R_NONE,
            "are not Digest's, and are not shown");
        return;
    }
    inspect_check_quoting(walk, params, CSN_FIELD_CREDENTIALS);
    if (params->status == CSN_OK)
        check_presence(scene, params);
    scene->credentials = params;
    find_nonce(scene, params);
    check_challenge(scene, params);
    check_uri(scene, params);
    check_count(scene, params);
    remember(scene, params);
    inspect_check_value(scene, NULL);
}
