// SPDX-License-Identifier: MIT
#include "exchange.h"

static inspect_exchange *
add(csn_pool *pool, inspect_exchanges *all)
{
    all->items = csn_pool_grow(pool, all->items, all->count,
        sizeof(*all->items));
    all->items[all->count] = (inspect_exchange){ NULL, NULL };
    return &all->items[all->count++];
}

/* `first` is the oldest exchange that may still wait for its response. */
static inspect_exchange *
find_waiting(inspect_exchanges *all, size_t *first, bool newest)
{
    if (newest)
        *first = all->count == 0 ? 0 : all->count - 1;
    while (*first < all->count && all->items[*first].response != NULL)
        ++*first;
    return *first < all->count ? &all->items[*first] : NULL;
}

inspect_exchanges
inspect_pair(csn_pool *pool, const inspect_messages *messages)
{
    inspect_exchanges all = { NULL, 0 };
    size_t first = 0;

    for (size_t i = 0; i < messages->count; i++) {
        const inspect_message *message = &messages->items[i];
        inspect_exchange *exchange;

        if (message->kind == INSPECT_REQUEST) {
            add(pool, &all)->request = message;
            continue;
        }
        if (message->status / 100 == 1)
            continue;
        exchange = find_waiting(&all, &first, message->prefixed);
        if (exchange == NULL)
            exchange = add(pool, &all);
        exchange->response = message;
    }
    return all;
}
