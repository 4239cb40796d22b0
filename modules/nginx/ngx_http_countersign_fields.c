// SPDX-License-Identifier: MIT
#include "ngx_http_countersign.h"

#include <countersign/field.h>

/* Header fields: nginx's lists of them, read and written. */

ngx_table_elt_t *
ngx_http_csn_field_next(ngx_list_part_t **part, ngx_uint_t *index)
{
    while (*part != NULL && *index >= (*part)->nelts) {
        *part = (*part)->next;
        *index = 0;
    }
    return *part != NULL ? (ngx_table_elt_t *)(*part)->elts + (*index)++
                         : NULL;
}

/* The next line of that name that nobody took out. */
static ngx_table_elt_t *
next_line(ngx_list_part_t **part, ngx_uint_t *index, csn_span name)
{
    ngx_table_elt_t *header;

    while ((header = ngx_http_csn_field_next(part, index)) != NULL) {
        if (header->hash != 0 &&
            csn_name_equal(ngx_http_csn_span(&header->key), name))
            return header;
    }
    return NULL;
}

ngx_int_t
ngx_http_csn_field_push(ngx_list_t *list, csn_span name, csn_span value)
{
    ngx_table_elt_t *header = ngx_list_push(list);

    if (header == NULL)
        return NGX_ERROR;
    ngx_memzero(header, sizeof(*header));
    header->hash = 1;
    header->key.data = (u_char *)(uintptr_t)name.ptr;
    header->key.len = name.len;
    header->value.data = (u_char *)(uintptr_t)value.ptr;
    header->value.len = value.len;
    return NGX_OK;
}

void
ngx_http_csn_field_drop(ngx_list_t *list, csn_span name)
{
    ngx_list_part_t *part = &list->part;
    ngx_uint_t index = 0;
    ngx_table_elt_t *header;

    while ((header = next_line(&part, &index, name)) != NULL)
        header->hash = 0;
}

static ngx_flag_t
ends_word(u_char octet)
{
    return octet == ',' || octet == ' ' || octet == '\t' || octet == ';';
}

/* Take the next word off a list of them. */
static csn_span
next_word(csn_span *rest)
{
    size_t begin = 0;
    size_t end;
    csn_span word;

    while (begin < rest->len && ends_word(rest->ptr[begin]))
        begin++;
    end = begin;
    while (end < rest->len && !ends_word(rest->ptr[end]))
        end++;
    word = (csn_span){ rest->ptr + begin, end - begin };
    *rest = (csn_span){ rest->ptr + end, rest->len - end };
    return word;
}

size_t
ngx_http_csn_field_lines(ngx_list_t *list, csn_span name, csn_span *lines,
    size_t max)
{
    ngx_list_part_t *part = &list->part;
    ngx_uint_t index = 0;
    ngx_table_elt_t *header;
    size_t count = 0;

    while (count < max && (header = next_line(&part, &index, name)) != NULL)
        lines[count++] = ngx_http_csn_span(&header->value);
    return count;
}

ngx_flag_t
ngx_http_csn_field_lists(ngx_list_t *list, csn_span name, csn_span word)
{
    ngx_list_part_t *part = &list->part;
    ngx_uint_t index = 0;
    ngx_table_elt_t *header;

    while ((header = next_line(&part, &index, name)) != NULL) {
        csn_span rest = ngx_http_csn_span(&header->value);

        while (rest.len > 0) {
            if (csn_name_equal(next_word(&rest), word))
                return 1;
        }
    }
    return 0;
}

ngx_int_t
ngx_http_csn_keep(ngx_pool_t *pool, csn_span text, ngx_str_t *kept)
{
    kept->len = text.len;
    kept->data = ngx_pnalloc(pool, text.len + 1);
    if (kept->data == NULL)
        return NGX_ERROR;
    ngx_memcpy(kept->data, text.ptr, text.len);
    return NGX_OK;
}
