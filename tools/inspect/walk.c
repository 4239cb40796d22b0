// SPDX-License-Identifier: MIT
#include "walk.h"

csn_span
inspect_authority(const inspect_message *request)
{
    const inspect_field *host;

    if (request == NULL)
        return (csn_span){ NULL, 0 };
    if (request->authority.len != 0)
        return request->authority;
    host = inspect_field_find(request, CSN_SPAN("Host"));
    return host == NULL ? (csn_span){ NULL, 0 } : host->value;
}

/* Inside its tunnel a client speaks to the origin alone. */
static void
note_tunnel(inspect_walk *walk, const inspect_exchange *exchange)
{
    if (exchange->request != NULL && exchange->response != NULL &&
        exchange->response->status / 100 == 2 &&
        csn_text_same(exchange->request->method, CSN_SPAN("CONNECT")))
        walk->has_tunnel = true;
}

static void
walk_exchange(inspect_walk *walk, const inspect_exchange *exchange)
{
    static void (*const steps[])(
        inspect_scene * scene) = { inspect_judge_credentials,
        inspect_judge_info, inspect_judge_challenges };
    /* From the nearest hop outwards. */
    inspect_scene scenes[INSPECT_LAYERS] = {
        { .walk = walk, .layer = CSN_LAYER_PROXY, .exchange = exchange },
        { .walk = walk, .layer = CSN_LAYER_ORIGIN, .exchange = exchange },
    };

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        for (size_t layer = 0; layer < INSPECT_LAYERS; layer++)
            steps[i](&scenes[layer]);
    }
    note_tunnel(walk, exchange);
}

void
inspect_walk_through(inspect_walk *walk, const inspect_exchanges *exchanges)
{
    inspect_report *report = &walk->report;

    report->pool = walk->pool;
    report->parts = csn_pool_alloc(walk->pool,
        exchanges->count * sizeof(*report->parts));
    for (size_t i = 0; i < exchanges->count; i++) {
        report->parts[report->count++].exchange = &exchanges->items[i];
        walk_exchange(walk, &exchanges->items[i]);
    }
}
