// SPDX-License-Identifier: MIT
#include "content/content.h"

#include "plugin.h"

static _Atomic size_t held;

bool
csn_gw_content_take(size_t size)
{
    size_t before = atomic_fetch_add(&held, size);

    if (before + size <= csn_gateway.settings.content_memory)
        return true;
    atomic_fetch_sub(&held, size);
    return false;
}

void
csn_gw_content_give(size_t size)
{
    atomic_fetch_sub(&held, size);
}

size_t
csn_gw_content_held(void)
{
    return atomic_load(&held);
}
