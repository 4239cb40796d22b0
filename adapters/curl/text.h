// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_CURL_TEXT_H
#define COUNTERSIGN_CURL_TEXT_H

#include <countersign/span.h>

/* Strings of the adapter, on the heap. NULL means that memory ran out. */

char *csn_curl_text_copy(const char *text);

char *csn_curl_text_of_span(csn_span span);

__attribute__((format(printf, 1, 2))) char *csn_curl_text_join(
    const char *format, ...);

/** ASCII letters to lower case, whatever the locale. */
void csn_curl_text_lower(char *text);

/** Equal without regard to ASCII case; NULL equals only NULL. */
bool csn_curl_text_same_name(const char *a, const char *b);

bool csn_curl_text_same(const char *a, const char *b);

/** A string as a span; empty for NULL. */
csn_span csn_curl_text_span(const char *text);

/** Overwrite a secret before its memory goes back (H-23). */
void csn_curl_text_wipe(void *octets, size_t len);

/** Wipe and free a string; NULL does nothing. */
void csn_curl_text_free_secret(char *text);

#endif
