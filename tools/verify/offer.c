// SPDX-License-Identifier: MIT
#include "offer.h"

static void
add_param(csn_pool *pool, verify_params *params, const csn_field_event *event)
{
    uint8_t *octets = csn_pool_alloc(pool, event->value.text.len + 1);
    csn_writer out = csn_writer_init(octets, event->value.text.len);

    if (params->count == CSN_MAX_PARAMS)
        return;
    csn_value_unescape(&event->value, &out);
    params->items[params->count++] = (verify_param){ .name = event->name,
        .value = event->value,
        .text = csn_writer_span(&out) };
}

static csn_span
text_of(const verify_params *params, csn_span name)
{
    const verify_param *param = verify_param_find(params, name);

    return param == NULL ? (csn_span){ NULL, 0 } : param->text;
}

/* All parameters of the challenge whose scheme was just read, and what Digest
 * makes of them. `event` is the first of the next challenge then. */
static csn_status
read_challenge(csn_pool *pool, csn_field_cursor *cursor,
    verify_challenge *challenge, csn_field_event *event)
{
    csn_field_cursor digest = *cursor;
    csn_status status;

    challenge->params.scheme = event->name;
    challenge->is_digest = csn_name_equal(event->name, CSN_SPAN("Digest")) &&
        csn_digest_challenge_read(&digest, &challenge->digest) == CSN_OK;
    while ((status = csn_field_next(cursor, event)) == CSN_OK &&
        (event->kind == CSN_EVENT_PARAM || event->kind == CSN_EVENT_TOKEN68)) {
        if (event->kind == CSN_EVENT_PARAM)
            add_param(pool, &challenge->params, event);
    }
    challenge->realm = text_of(&challenge->params, CSN_SPAN("realm"));
    challenge->nonce = text_of(&challenge->params, CSN_SPAN("nonce"));
    challenge->opaque = text_of(&challenge->params, CSN_SPAN("opaque"));
    return status;
}

static bool
is_scheme(const csn_field_event *event)
{
    return event->kind == CSN_EVENT_SCHEME;
}

static void
read_all(csn_pool *pool, csn_field_cursor *cursor, verify_offer *offer)
{
    csn_field_event event = { .kind = CSN_EVENT_END };
    csn_status status = csn_field_next(cursor, &event);

    while (status == CSN_OK && is_scheme(&event)) {
        verify_challenge *challenge;

        offer->items = csn_pool_grow(pool, offer->items, offer->count,
            sizeof(*offer->items));
        challenge = &offer->items[offer->count++];
        *challenge = (verify_challenge){ .is_digest = false };
        status = read_challenge(pool, cursor, challenge, &event);
        if (status != CSN_OK) {
            offer->malformed = true;
            challenge->is_digest = false;
            if (csn_field_skip(cursor) != CSN_OK)
                return;
            status = csn_field_next(cursor, &event);
        }
    }
    offer->malformed = offer->malformed || status != CSN_OK;
}

verify_offer
verify_offer_read(csn_pool *pool, const verify_fields *fields, csn_layer layer)
{
    const csn_span name = csn_layer_challenge_field(layer);
    csn_span *lines = csn_pool_alloc(pool, VERIFY_MAX_FIELDS * sizeof(*lines));
    verify_offer offer = { .items = NULL };
    csn_field_cursor cursor;

    for (size_t i = 0; i < fields->count; i++) {
        if (csn_name_equal(fields->items[i].name, name))
            lines[offer.lines++] = fields->items[i].value;
    }
    if (offer.lines == 0)
        return offer;
    if (csn_field_begin(&cursor, CSN_FIELD_CHALLENGES, lines, offer.lines) ==
        CSN_OK)
        read_all(pool, &cursor, &offer);
    else
        offer.malformed = true;
    return offer;
}

csn_status
verify_params_read(csn_pool *pool, csn_field_kind kind, csn_span line,
    verify_params *params)
{
    csn_field_event event = { .kind = CSN_EVENT_END };
    csn_field_cursor cursor;
    csn_status status = csn_field_begin(&cursor, kind, &line, 1);

    *params = (verify_params){ .count = 0 };
    if (status != CSN_OK)
        return status;
    while ((status = csn_field_next(&cursor, &event)) == CSN_OK &&
        event.kind != CSN_EVENT_END) {
        if (event.kind == CSN_EVENT_PARAM)
            add_param(pool, params, &event);
        else if (event.kind == CSN_EVENT_SCHEME)
            params->scheme = event.name;
    }
    return status;
}

const verify_param *
verify_param_find(const verify_params *params, csn_span name)
{
    for (size_t i = 0; i < params->count; i++) {
        if (csn_name_equal(params->items[i].name, name))
            return &params->items[i];
    }
    return NULL;
}

static csn_span
keep(csn_pool *pool, csn_span text)
{
    const csn_span none = { NULL, 0 };

    return csn_pool_join(pool, text, none, none, none);
}

verify_challenge
verify_challenge_keep(csn_pool *pool, const verify_challenge *challenge)
{
    verify_challenge copy = *challenge;

    copy.params.scheme = keep(pool, copy.params.scheme);
    for (size_t i = 0; i < copy.params.count; i++) {
        verify_param *param = &copy.params.items[i];

        param->name = keep(pool, param->name);
        param->text = keep(pool, param->text);
        param->value.text = keep(pool, param->value.text);
    }
    copy.realm = text_of(&copy.params, CSN_SPAN("realm"));
    copy.nonce = text_of(&copy.params, CSN_SPAN("nonce"));
    copy.opaque = text_of(&copy.params, CSN_SPAN("opaque"));
    return copy;
}

/* How well it suits as the challenge that most checks answer; 0: not. */
static unsigned
suitability(const verify_challenge *challenge)
{
    const csn_digest_challenge *digest = &challenge->digest;

    if (!challenge->is_digest || !digest->realm.present ||
        !digest->nonce.present || digest->algorithm == CSN_ALG_UNKNOWN ||
        (digest->has_qop && digest->qops == 0))
        return 0;
    if (csn_algorithm_is_session(digest->algorithm))
        return digest->has_qop ? 2 : 0;
    if (!digest->has_qop)
        return 1;
    return (digest->qops & CSN_QOP_AUTH) != 0 ? 4 : 3;
}

const verify_challenge *
verify_offer_choose(const verify_offer *offer)
{
    const verify_challenge *best = NULL;

    for (size_t i = 0; i < offer->count; i++) {
        if (suitability(&offer->items[i]) >
            (best == NULL ? 0 : suitability(best)))
            best = &offer->items[i];
    }
    return best;
}

bool
verify_challenge_is_session(const verify_challenge *challenge)
{
    return suitability(challenge) != 0 &&
        csn_algorithm_is_session(challenge->digest.algorithm);
}

const verify_challenge *
verify_offer_like(const verify_offer *offer, const verify_challenge *wanted)
{
    for (size_t i = 0; i < offer->count; i++) {
        const verify_challenge *one = &offer->items[i];

        if (one->is_digest &&
            one->digest.algorithm == wanted->digest.algorithm &&
            csn_text_same(one->realm, wanted->realm))
            return one;
    }
    return NULL;
}
