// SPDX-License-Identifier: MIT
#include "walk.h"

/* What a server or proxy says of itself in its Info field. */

/* qop, rspauth, cnonce and nc go together (RFC 7616, 3.5). */
static void
check_presence(inspect_scene *scene, const inspect_params *info)
{
    static const char *const together[] = { "rspauth", "cnonce", "nc" };
    const bool was_qop = inspect_has(scene->credentials, "qop");

    if (inspect_has(info, "qop")) {
        for (size_t i = 0; i < sizeof(together) / sizeof(together[0]); i++) {
            if (!inspect_has(info, together[i]))
                (void)inspect_blame(inspect_tell(scene, INSPECT_WRONG,
                                        together[i], CSN_R_INFO_INCOMPLETE,
                                        "is missing, though qop is there"),
                    "info-incomplete");
        }
    } else if (inspect_has(info, "rspauth") && was_qop) {
        (void)inspect_blame(inspect_tell(scene, INSPECT_WRONG, "qop",
                                CSN_R_INFO_INCOMPLETE,
                                "is missing, though the request had one"),
            "info-incomplete");
    }
    if (!was_qop &&
        (inspect_has(info, "qop") || inspect_has(info, "cnonce") ||
            inspect_has(info, "nc")))
        (void)inspect_blame(inspect_tell(scene, INSPECT_WRONG, "qop",
                                CSN_R_QOP_WRONG,
                                "or what goes with it is there, though the "
                                "request had none"),
            "info-with-qop");
    if (!inspect_has(info, "rspauth"))
        (void)inspect_tell(scene, INSPECT_NOTE, "rspauth", CSN_R_NO_RSPAUTH,
            "is not there: the server did not prove itself");
}

static void
check_nc(inspect_scene *scene, const inspect_params *info)
{
    csn_span got = inspect_value(info, "nc");
    csn_span sent = inspect_value(scene->credentials, "nc");

    if (!inspect_has(info, "nc") || !inspect_has(scene->credentials, "nc") ||
        csn_text_same(got, sent))
        return;
    if (csn_name_equal(got, sent))
        (void)inspect_tell(scene, INSPECT_ODD, "nc", CSN_R_NONE,
            "has the digits of the request in another case");
    else
        (void)inspect_blame(inspect_tell(scene, INSPECT_WRONG, "nc",
                                CSN_R_NC_WRONG,
                                csn_reason_text(CSN_R_NC_WRONG)),
            "nc-not-echoed");
}

static void
check_echo(inspect_scene *scene, const inspect_params *info)
{
    const inspect_params *sent = scene->credentials;
    csn_span qop = inspect_value(info, "qop");

    if (inspect_has(info, "cnonce") && inspect_has(sent, "cnonce") &&
        !csn_text_same(inspect_value(info, "cnonce"),
            inspect_value(sent, "cnonce")))
        (void)inspect_blame(inspect_tell(scene, INSPECT_WRONG, "cnonce",
                                CSN_R_CNONCE_WRONG,
                                csn_reason_text(CSN_R_CNONCE_WRONG)),
            "cnonce-not-echoed");
    check_nc(scene, info);
    if (inspect_has(info, "qop") && inspect_has(sent, "qop") &&
        !csn_name_equal(qop, inspect_value(sent, "qop")))
        (void)inspect_blame(
            inspect_tell(scene, INSPECT_WRONG, "qop", CSN_R_QOP_WRONG,
                csn_name_equal(qop, CSN_SPAN("auth"))
                    ? "is auth where the request had auth-int: the content is "
                      "not proved"
                    : csn_reason_text(CSN_R_QOP_WRONG)),
            "qop-changed");
}

static void
take_nextnonce(inspect_scene *scene, const inspect_params *info)
{
    inspect_walk *walk = scene->walk;
    csn_span text = inspect_value(info, "nextnonce");
    const csn_algorithm algorithm = inspect_params_algorithm(
        scene->credentials);
    inspect_nonce *next;

    if (!inspect_has(info, "nextnonce"))
        return;
    if (text.len == 0) {
        (void)inspect_tell(scene, INSPECT_ODD, "nextnonce", CSN_R_NONE,
            "is empty, and is passed over");
        return;
    }
    if (csn_text_same(text, scene->nonce->text)) {
        (void)inspect_tell(scene, INSPECT_ODD, "nextnonce", CSN_R_NONE,
            "is the nonce in use: its count goes on, it does not restart");
        return;
    }
    inspect_describe_nonce(walk, text, scene->credentials);
    if (algorithm != CSN_ALG_UNKNOWN && csn_algorithm_is_session(algorithm))
        (void)inspect_tell(scene, INSPECT_NOTE, "nextnonce", CSN_R_NONE,
            "comes under a -sess algorithm: peers differ over the session "
            "key after it");
    if (inspect_nonce_find(walk, scene->layer, text) != NULL)
        return;
    next = inspect_nonce_add(walk, scene->layer, text);
    next->is_next = true;
    next->challenge = scene->nonce->challenge;
    next->session = scene->nonce->session;
}

/* The part of `params` that the other section says otherwise. */
static void
check_sections(inspect_scene *scene, const inspect_params *head,
    const inspect_params *trailer)
{
    for (size_t i = 0; i < trailer->count; i++) {
        const inspect_param *late = &trailer->items[i];
        const inspect_param *early = inspect_param_find(head, late->name);

        if (early != NULL && !csn_text_same(early->text, late->text))
            (void)inspect_say(&scene->walk->report, INSPECT_WRONG,
                inspect_visible(scene->walk->pool, late->name),
                CSN_R_SECTIONS_DIFFER,
                "is another one in the header than in the trailer");
    }
}

static bool
names_scheme(const inspect_message *response, csn_span field)
{
    const inspect_field *line = inspect_field_find(response, field);

    return line != NULL && line->value.len > 7 &&
        csn_name_equal((csn_span){ line->value.ptr, 7 }, CSN_SPAN("Digest "));
}

static bool
is_refusal(const inspect_scene *scene)
{
    const unsigned status = scene->exchange->response->status;

    return status == (scene->layer == CSN_LAYER_PROXY ? 407u : 401u);
}

static void
judge(inspect_scene *scene, const inspect_params *info, size_t lines)
{
    const inspect_message *response = scene->exchange->response;
    const csn_span field = csn_layer_info_field(scene->layer);
    inspect_walk *walk = scene->walk;

    (void)inspect_step_add(&walk->report, scene->layer, "info", info);
    if (lines > 1)
        (void)inspect_tell(scene, INSPECT_ODD, "info", CSN_R_REPEATED_FIELD,
            "stands in more than one line; they are read as one");
    inspect_say_unreadable(walk, info, CSN_FIELD_INFO);
    if (info->status != CSN_OK && names_scheme(response, field))
        (void)inspect_tell(scene, INSPECT_NOTE, "info", CSN_R_INFO_MALFORMED,
            "begins with a scheme's name; Info fields have none");
    inspect_check_quoting(walk, info, CSN_FIELD_INFO);
    if (scene->credentials == NULL) {
        (void)inspect_tell(scene, INSPECT_ODD, "info", CSN_R_NOT_CHALLENGED,
            "comes without credentials to speak of, and is passed over (an "
            "export may have left them out)");
        return;
    }
    if (is_refusal(scene)) {
        (void)inspect_tell(scene, INSPECT_ODD, "info", CSN_R_NONE,
            "stands in a refusal of those very credentials, and is passed "
            "over (F-05)");
        return;
    }
    if (info->status == CSN_OK)
        check_presence(scene, info);
    check_echo(scene, info);
    inspect_check_value(scene, info);
    if (info->status == CSN_OK)
        take_nextnonce(scene, info);
}

void
inspect_judge_info(inspect_scene *scene)
{
    const inspect_message *response = scene->exchange->response;
    const csn_span field = csn_layer_info_field(scene->layer);
    inspect_walk *walk = scene->walk;
    inspect_params_list head, trailer;
    size_t head_lines, trailer_lines;

    if (response == NULL)
        return;
    head = inspect_params_read(walk->pool, CSN_FIELD_INFO, response, field,
        false, &head_lines);
    trailer = inspect_params_read(walk->pool, CSN_FIELD_INFO, response, field,
        true, &trailer_lines);
    if (head.count != 0)
        judge(scene, head.items, head_lines);
    if (trailer.count != 0)
        judge(scene, trailer.items, trailer_lines);
    if (head.count != 0 && trailer.count != 0)
        check_sections(scene, head.items, trailer.items);
    if (head.count != 0 || trailer.count != 0 || scene->credentials == NULL ||
        response->bare || is_refusal(scene))
        return;
    (void)inspect_step_add(&walk->report, scene->layer, "info", NULL);
    (void)inspect_tell(scene, INSPECT_NOTE, "info", CSN_R_NO_INFO,
        "is not there: the server did not prove itself");
}
