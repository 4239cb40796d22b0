// SPDX-License-Identifier: MIT
#include "walk.h"

/* What a value could have been made of by mistake. */

/* Further back nothing is looked for. */
enum { LOOK_BACK = 256 };

static void
add_unique(csn_span *list, size_t *count, csn_span text)
{
    for (size_t i = 0; i < *count; i++) {
        if (csn_text_same(list[i], text))
            return;
    }
    if (*count < INSPECT_CASE_MAX && text.ptr != NULL)
        list[(*count)++] = text;
}

/* What else the conversation had, the newest first. */
static void
gather(inspect_case *in, const inspect_walk *walk)
{
    for (size_t i = 0; i < walk->nonce_count && i < LOOK_BACK; i++) {
        const inspect_nonce *nonce = walk->nonces[walk->nonce_count - 1 - i];

        add_unique(in->nonces, &in->nonce_count, nonce->text);
        if (nonce->challenge != NULL)
            add_unique(in->realms, &in->realm_count,
                inspect_value(nonce->challenge, "realm"));
    }
    if (in->info != NULL)
        add_unique(in->cnonces, &in->cnonce_count,
            inspect_value(in->info, "cnonce"));
    for (size_t i = 0; i < walk->sent_count && i < LOOK_BACK; i++)
        add_unique(in->cnonces, &in->cnonce_count,
            inspect_value(walk->sent[walk->sent_count - 1 - i], "cnonce"));
}

inspect_case
inspect_case_of(const inspect_scene *scene, const inspect_params *info)
{
    const inspect_walk *walk = scene->walk;
    const inspect_login *login = walk->logins[scene->layer];
    const inspect_login *other =
        walk->logins[INSPECT_LAYERS - 1 - (int)scene->layer];
    const inspect_message *request = scene->exchange->request;
    inspect_case in = { .pool = walk->pool,
        .hasher = &scene->walk->hasher,
        .is_rspauth = info != NULL,
        .credentials = scene->credentials,
        .info = info,
        .request = request,
        .response = scene->exchange->response,
        .method_known = true,
        .method = request->method,
        .target = request->target,
        .authority = inspect_authority(request),
        .typed_password = csn_secret_span(&login->password) };
    if (request->bare) {
        in.method_known = walk->method != NULL;
        in.method = walk->method != NULL ? *walk->method : CSN_SPAN("GET");
    }
    if (scene->nonce->challenge != NULL)
        in.challenge_qop = inspect_value(scene->nonce->challenge, "qop");
    if (other != login && other->has_password) {
        in.other_password = other->prepared;
        if (other->user != NULL)
            in.other_user = csn_text_of(other->user);
    }
    gather(&in, walk);
    return in;
}
