// SPDX-License-Identifier: MIT
#include "own_headers.h"

#include <countersign/field.h>

#include <string.h>

#include "text.h"

static bool
is_named(const char *line, const char *name)
{
    csn_span have = { (const uint8_t *)line, strcspn(line, ":; \t") };

    return csn_name_equal(have, csn_curl_text_span(name));
}

static bool
has_value(const char *line)
{
    const char *colon = strchr(line, ':');

    if (colon == NULL)
        return strchr(line, ';') != NULL;
    return colon[1 + strspn(colon + 1, " \t")] != '\0';
}

bool
csn_curl_own_headers_name(const struct curl_slist *list, const char *name)
{
    for (; list != NULL; list = list->next)
        if (is_named(list->data, name))
            return true;
    return false;
}

bool
csn_curl_own_headers_have(const struct curl_slist *list, const char *name)
{
    for (; list != NULL; list = list->next)
        if (is_named(list->data, name) && has_value(list->data))
            return true;
    return false;
}

csn_status
csn_curl_own_headers_keep(const struct curl_slist *list,
    struct curl_slist **kept)
{
    *kept = NULL;
    for (; list != NULL; list = list->next) {
        struct curl_slist *longer;

        if (is_named(list->data, "Authorization") ||
            is_named(list->data, "Cookie"))
            continue;
        longer = curl_slist_append(*kept, list->data);
        if (longer == NULL) {
            curl_slist_free_all(*kept);
            *kept = NULL;
            return CSN_E_MEMORY;
        }
        *kept = longer;
    }
    return CSN_OK;
}
