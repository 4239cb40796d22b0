// SPDX-License-Identifier: MIT
#include <countersign/status.h>

#include <stddef.h>

/* What a caller gets for a number outside the lists. */
static const char unknown[] = "unknown";

#define NAME(code, name, sentence) name,
#define TEXT(code, name, sentence) sentence,
#define LOOK_UP(list, index)                                                  \
    ((size_t)(index) < sizeof(list) / sizeof((list)[0]) ? (list)[index]       \
                                                        : unknown)

const char *
csn_status_name(csn_status status)
{
    static const char *const names[] = { CSN_STATUS_MAP(NAME) };

    return LOOK_UP(names, status);
}

const char *
csn_status_text(csn_status status)
{
    static const char *const texts[] = { CSN_STATUS_MAP(TEXT) };

    return LOOK_UP(texts, status);
}

const char *
csn_reason_name(csn_reason reason)
{
    static const char *const names[] = { CSN_REASON_MAP(NAME) };

    return LOOK_UP(names, reason);
}

const char *
csn_reason_text(csn_reason reason)
{
    static const char *const texts[] = { CSN_REASON_MAP(TEXT) };

    return LOOK_UP(texts, reason);
}
