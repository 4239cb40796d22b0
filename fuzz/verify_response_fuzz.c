// SPDX-License-Identifier: MIT
#include "fuzz.h"

#include "verify/offer.h"

/*
 * What `countersign verify` reads from any server: a response stays within
 * its limits, is the same however its octets come in, and what stands behind
 * it changes nothing. The first octet of the input chooses the method.
 */

static const csn_span methods[] = { CSN_LIT("GET"), CSN_LIT("HEAD"),
    CSN_LIT("CONNECT") };

typedef struct reading {
    verify_progress progress;
    verify_response response;
    size_t used;
} reading;

static reading
read_it(csn_pool *pool, csn_span octets, csn_span method, bool ended)
{
    /* An exact copy: one octet read too far stops the run. */
    uint8_t *copy = malloc(octets.len == 0 ? 1 : octets.len);
    reading r = { .used = 0 };

    FUZZ_HOLDS(copy != NULL);
    if (octets.len != 0)
        memcpy(copy, octets.ptr, octets.len);
    r.progress = verify_response_read(pool, (csn_span){ copy, octets.len },
        method, ended, &r.response, &r.used);
    free(copy); /* what was read is the pool's */
    return r;
}

static bool
same_fields(const verify_fields *a, const verify_fields *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        if (!csn_text_same(a->items[i].name, b->items[i].name) ||
            !csn_text_same(a->items[i].value, b->items[i].value))
            return false;
    }
    return true;
}

static void
check_same(const reading *a, const reading *b)
{
    FUZZ_HOLDS(a->progress == b->progress);
    FUZZ_HOLDS(a->used == b->used);
    FUZZ_HOLDS(a->response.status == b->response.status);
    FUZZ_HOLDS(same_fields(&a->response.fields, &b->response.fields));
    FUZZ_HOLDS(same_fields(&a->response.trailer, &b->response.trailer));
    FUZZ_HOLDS(csn_text_same(a->response.body, b->response.body));
}

static void
check_limits(const reading *r, size_t size)
{
    FUZZ_HOLDS(r->used <= size);
    FUZZ_HOLDS(r->response.status >= 100 && r->response.status <= 999);
    FUZZ_HOLDS(r->response.fields.count <= VERIFY_MAX_FIELDS);
    FUZZ_HOLDS(r->response.trailer.count <= VERIFY_MAX_FIELDS);
    FUZZ_HOLDS(r->response.body.len <= VERIFY_MAX_BODY);
    FUZZ_HOLDS(r->response.body.len <= size);
}

static void
check_offer(csn_pool *pool, const verify_response *response)
{
    for (int layer = CSN_LAYER_ORIGIN; layer <= CSN_LAYER_PROXY; layer++) {
        verify_offer offer = verify_offer_read(pool, &response->fields,
            (csn_layer)layer);
        const verify_challenge *chosen = verify_offer_choose(&offer);

        FUZZ_HOLDS(offer.count <= CSN_MAX_CHALLENGES);
        FUZZ_HOLDS(offer.lines <= response->fields.count);
        FUZZ_HOLDS(chosen == NULL || chosen->is_digest);
        FUZZ_HOLDS(
            chosen == NULL || verify_offer_like(&offer, chosen) != NULL);
    }
}

static void
check(csn_pool *pool, csn_span octets, csn_span method)
{
    const reading open = read_it(pool, octets, method, false);
    const reading ended = read_it(pool, octets, method, true);
    reading again;

    if (open.progress == VERIFY_WHOLE) {
        check_limits(&open, octets.len);
        check_same(&open, &ended);
    }
    if (ended.progress != VERIFY_WHOLE)
        return;
    check_limits(&ended, octets.len);
    check_offer(pool, &ended.response);
    again = read_it(pool, (csn_span){ octets.ptr, ended.used }, method, true);
    check_same(&ended, &again);
    /* Nothing shorter is taken for it, while more may come. */
    if (ended.response.body_whole && ended.used != 0) {
        const size_t ends[] = { ended.used - 1, ended.used / 2 };

        for (size_t i = 0; i < 2; i++)
            FUZZ_HOLDS(
                read_it(pool, (csn_span){ octets.ptr, ends[i] }, method, false)
                    .progress == VERIFY_MORE);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    csn_pool pool = { NULL };

    if (size == 0)
        return 0;
    check(&pool, (csn_span){ data + 1, size - 1 }, methods[data[0] % 3]);
    csn_pool_free(&pool);
    return 0;
}
