// SPDX-License-Identifier: MIT
#include "pool.h"

#include "common/exit.h"
#include "common/note.h"
#include "core/ct.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 64 * 1024, ALIGN = alignof(max_align_t) };

struct csn_pool_block {
    csn_pool_block *next;
    size_t size;
    size_t used;
    alignas(max_align_t) unsigned char octets[];
};

static _Noreturn void
no_memory(void)
{
    csn_note("no memory");
    exit(CSN_EXIT_MEMORY);
}

void *
csn_pool_alloc(csn_pool *pool, size_t size)
{
    csn_pool_block *block = pool->blocks;
    unsigned char *at;

    if (size > SIZE_MAX / 2)
        no_memory();
    size = (size + ALIGN - 1) / ALIGN * ALIGN;
    if (block == NULL || size > block->size - block->used) {
        size_t room = size > BLOCK ? size : BLOCK;

        block = calloc(1, sizeof(*block) + room);
        if (block == NULL)
            no_memory();
        block->size = room;
        block->next = pool->blocks;
        pool->blocks = block;
    }
    at = block->octets + block->used;
    block->used += size;
    return at;
}

/* Doubled whenever `count` is a power of two: then the array is full. */
void *
csn_pool_grow(csn_pool *pool, void *items, size_t count, size_t size)
{
    void *longer;

    if ((count & (count - 1)) != 0)
        return items;
    longer = csn_pool_alloc(pool, (count == 0 ? 1 : 2 * count) * size);
    if (count != 0)
        memcpy(longer, items, count * size);
    return longer;
}

static void
free_blocks(csn_pool_block *block)
{
    while (block != NULL) {
        csn_pool_block *next = block->next;

        csn_wipe(block->octets, block->used);
        free(block);
        block = next;
    }
}

void
csn_pool_free(csn_pool *pool)
{
    free_blocks(pool->blocks);
    pool->blocks = NULL;
}

void
csn_pool_reset(csn_pool *pool)
{
    csn_pool_block *block = pool->blocks;

    if (block == NULL)
        return;
    free_blocks(block->next);
    block->next = NULL;
    csn_wipe(block->octets, block->used);
    block->used = 0;
}

const char *
csn_pool_format(csn_pool *pool, const char *format, ...)
{
    va_list args;
    int len;
    char *text;

    va_start(args, format);
    len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0)
        no_memory();
    text = csn_pool_alloc(pool, (size_t)len + 1);
    va_start(args, format);
    (void)vsnprintf(text, (size_t)len + 1, format, args);
    va_end(args);
    return text;
}

csn_span
csn_pool_join(csn_pool *pool, csn_span a, csn_span b, csn_span c, csn_span d)
{
    const csn_span parts[] = { a, b, c, d };
    size_t len = a.len + b.len + c.len + d.len;
    uint8_t *text = csn_pool_alloc(pool, len);
    size_t at = 0;

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (parts[i].len != 0)
            memcpy(text + at, parts[i].ptr, parts[i].len);
        at += parts[i].len;
    }
    return (csn_span){ text, len };
}

csn_span
csn_pool_map(csn_pool *pool, csn_span text, uint8_t (*map)(uint8_t octet))
{
    uint8_t *copy = csn_pool_alloc(pool, text.len);

    for (size_t i = 0; i < text.len; i++)
        copy[i] = map(text.ptr[i]);
    return (csn_span){ copy, text.len };
}

uint8_t
csn_octet_upper(uint8_t octet)
{
    return octet >= 'a' && octet <= 'z' ? (uint8_t)(octet - 'a' + 'A') : octet;
}

uint8_t
csn_octet_lower(uint8_t octet)
{
    return octet >= 'A' && octet <= 'Z' ? (uint8_t)(octet - 'A' + 'a') : octet;
}

bool
csn_text_same(csn_span a, csn_span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

csn_span
csn_text_of(const char *text)
{
    return (csn_span){ (const uint8_t *)text, strlen(text) };
}
