// SPDX-License-Identifier: MIT
#include "report.h"

#include <stdarg.h>
#include <stdlib.h>
#include <unictype.h>
#include <unistr.h>

inspect_step *
inspect_step_add(inspect_report *report, csn_layer layer, const char *what,
    const inspect_params *params)
{
    inspect_part *part = &report->parts[report->count - 1];

    part->steps = csn_pool_grow(report->pool, part->steps, part->count,
        sizeof(*part->steps));
    part->steps[part->count] =
        (inspect_step){ .layer = layer, .what = what, .params = params };
    return &part->steps[part->count++];
}

inspect_finding *
inspect_say(inspect_report *report, inspect_level level, const char *about,
    csn_reason reason, const char *format, ...)
{
    inspect_part *part = &report->parts[report->count - 1];
    inspect_step *step = &part->steps[part->count - 1];
    inspect_finding *finding;
    va_list args;
    char *text = NULL;
    int len;

    va_start(args, format);
    len = vasprintf(&text, format, args);
    va_end(args);
    step->findings = csn_pool_grow(report->pool, step->findings, step->count,
        sizeof(*step->findings));
    finding = &step->findings[step->count++];
    *finding = (inspect_finding){ .level = level,
        .about = about,
        .reason = reason,
        .text = len < 0 ? "" : csn_pool_format(report->pool, "%s", text) };
    if (len >= 0)
        free(text);
    report->totals[level]++;
    return finding;
}

bool
inspect_step_is_clean(const inspect_step *step)
{
    for (size_t i = 0; i < step->count; i++) {
        if (step->findings[i].level >= INSPECT_ODD)
            return false;
    }
    return true;
}

inspect_finding *
inspect_blame(inspect_finding *finding, const char *mistake)
{
    finding->mistake[0] = mistake;
    return finding;
}

const char *
inspect_level_name(inspect_level level)
{
    static const char *const names[INSPECT_LEVELS] = { "right", "note", "odd",
        "wrong" };

    return names[level];
}

const char *
inspect_layer_name(csn_layer layer)
{
    return layer == CSN_LAYER_PROXY ? "proxy" : "origin";
}

/* U+061C, U+200E and the like, U+2028 too: they rearrange what is around. */
static bool
is_shown(ucs4_t c)
{
    return c >= 0x20 && c != '\\' &&
        !uc_is_general_category_withtable(c,
            UC_CATEGORY_MASK_Cc | UC_CATEGORY_MASK_Cf | UC_CATEGORY_MASK_Zl |
                UC_CATEGORY_MASK_Zp);
}

const char *
inspect_visible(csn_pool *pool, csn_span text)
{
    static const char digits[] = "0123456789abcdef";
    char *out = csn_pool_alloc(pool, 4 * text.len + 1);
    size_t len = 0;
    size_t at = 0;

    while (at < text.len) {
        ucs4_t c = 0;
        int size = u8_mbtoucr(&c, text.ptr + at, text.len - at);
        bool shown = size > 0 && is_shown(c);

        if (size <= 0)
            size = 1;
        for (int i = 0; i < size; i++, at++) {
            uint8_t octet = text.ptr[at];

            if (shown) {
                out[len++] = (char)octet;
            } else {
                out[len++] = '\\';
                out[len++] = 'x';
                out[len++] = digits[octet >> 4];
                out[len++] = digits[octet & 15];
            }
        }
    }
    return out;
}
