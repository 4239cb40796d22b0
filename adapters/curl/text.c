// SPDX-License-Identifier: MIT
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *
csn_curl_text_copy(const char *text)
{
    return csn_curl_text_of_span(csn_curl_text_span(text));
}

char *
csn_curl_text_of_span(csn_span span)
{
    char *copy = malloc(span.len + 1);

    if (copy == NULL)
        return NULL;
    if (span.len != 0)
        memcpy(copy, span.ptr, span.len);
    copy[span.len] = '\0';
    return copy;
}

char *
csn_curl_text_join(const char *format, ...)
{
    va_list args;
    va_list again;
    char *text = NULL;
    int len;

    va_start(args, format);
    va_copy(again, args);
    len = vsnprintf(NULL, 0, format, args);
    if (len >= 0)
        text = malloc((size_t)len + 1);
    if (text != NULL)
        (void)vsnprintf(text, (size_t)len + 1, format, again);
    va_end(again);
    va_end(args);
    return text;
}

static char
lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

void
csn_curl_text_lower(char *text)
{
    for (; *text != '\0'; text++)
        *text = lower(*text);
}

bool
csn_curl_text_same_name(const char *a, const char *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    while (*a != '\0' && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return lower(*a) == lower(*b);
}

bool
csn_curl_text_same(const char *a, const char *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    return strcmp(a, b) == 0;
}

csn_span
csn_curl_text_span(const char *text)
{
    return (csn_span){ (const uint8_t *)text, text ? strlen(text) : 0 };
}

void
csn_curl_text_wipe(void *octets, size_t len)
{
    /* Through a volatile pointer, so that the stores cannot be left out. */
    volatile unsigned char *p = octets;

    while (len-- != 0)
        *p++ = 0;
}

void
csn_curl_text_free_secret(char *text)
{
    if (text == NULL)
        return;
    csn_curl_text_wipe(text, strlen(text));
    free(text);
}
