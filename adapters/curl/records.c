// SPDX-License-Identifier: MIT
#include "records.h"

#include <stdlib.h>
#include <string.h>

#include "text.h"

static void
free_record(curl_record *record)
{
    free(record->scheme);
    free(record->host);
    free(record->realm);
    free(record->user);
}

void
csn_curl_records_free(curl_records *records)
{
    for (size_t i = 0; i < records->count; i++)
        free_record(&records->items[i]);
    free(records->items);
    memset(records, 0, sizeof(*records));
}

static bool
same_space(const curl_record *a, const curl_record *b)
{
    return a->layer == b->layer && a->port == b->port &&
        csn_curl_text_same(a->scheme, b->scheme) &&
        csn_curl_text_same_name(a->host, b->host) &&
        csn_curl_text_same(a->realm, b->realm) &&
        csn_curl_text_same(a->user, b->user);
}

static csn_status
append(curl_records *records, const curl_record *record)
{
    curl_record copy = *record;

    if (records->count == RECORDS_MAX)
        return CSN_E_LIMIT;
    if (records->count == records->cap) {
        size_t cap = records->cap ? records->cap * 2 : 16;
        curl_record *items = realloc(records->items, cap * sizeof(*items));

        if (items == NULL)
            return CSN_E_MEMORY;
        records->items = items;
        records->cap = cap;
    }
    copy.scheme = csn_curl_text_copy(record->scheme);
    copy.host = csn_curl_text_copy(record->host);
    copy.realm = csn_curl_text_copy(record->realm);
    copy.user = csn_curl_text_copy(record->user);
    if (!copy.scheme || !copy.host || !copy.realm || !copy.user) {
        free_record(&copy);
        return CSN_E_MEMORY;
    }
    records->items[records->count++] = copy;
    return CSN_OK;
}

csn_status
csn_curl_records_add(curl_records *records, const curl_record *record,
    bool *changed)
{
    csn_status status;

    for (size_t i = 0; i < records->count; i++) {
        curl_record *known = &records->items[i];

        if (!same_space(known, record))
            continue;
        if (changed != NULL && (record->seen & ~known->seen) != 0)
            *changed = true;
        known->seen |= record->seen;
        return CSN_OK;
    }
    status = append(records, record);
    if (status == CSN_OK && changed != NULL)
        *changed = true;
    return status;
}
