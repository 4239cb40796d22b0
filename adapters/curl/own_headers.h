// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_CURL_OWN_HEADERS_H
#define COUNTERSIGN_CURL_OWN_HEADERS_H

#include <countersign/status.h>

#include <curl/curl.h>
#include <stdbool.h>

/* The program's own header lines, in libcurl's forms `Name: value`, `Name:`
 * (leave a header out) and `Name;` (send it empty). */

/** Whether the list speaks of the field `name` in any form. */
bool csn_curl_own_headers_name(const struct curl_slist *list,
    const char *name);

/** Whether the list sets the field `name`. `Name:` sets nothing. */
bool csn_curl_own_headers_have(const struct curl_slist *list,
    const char *name);

/** A copy without Authorization and Cookie; for curl_slist_free_all. */
CSN_NODISCARD csn_status csn_curl_own_headers_keep(
    const struct curl_slist *list, struct curl_slist **kept);

#endif
