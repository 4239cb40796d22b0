// SPDX-License-Identifier: MIT
#include "passwd.h"

#include "common/exit.h"
#include "common/note.h"
#include "core/span.h"
#include "stores/users/rules.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Counts up with every change to the JSON form that a reader could notice. */
enum { JSON_VERSION = 1 };

/* One line of the list: a user in a realm, and which hashes he has there. */
typedef struct listed {
    csn_span user;
    csn_span realm;
    unsigned hashes;
} listed;

static int
compare_spans(csn_span a, csn_span b)
{
    size_t shorter = a.len < b.len ? a.len : b.len;
    int order = memcmp(a.ptr, b.ptr, shorter);

    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static int
compare_lines(const void *a, const void *b)
{
    const listed *x = a;
    const listed *y = b;
    int order = compare_spans(x->realm, y->realm);

    return order != 0 ? order : compare_spans(x->user, y->user);
}

static bool
is_asked_for(const passwd_options *options, const csn_users_row *row)
{
    return (options->user == NULL ||
               csn_span_equal(row->user, passwd_span(options->user))) &&
        (options->realm == NULL ||
            csn_span_equal(row->realm, passwd_span(options->realm)));
}

/* Sorted, one line per user and realm; returns how many. */
static size_t
gather(const passwd_options *options, const csn_users *users, listed *lines)
{
    size_t rows = 0;
    size_t count = 0;

    for (size_t i = 0; i < csn_users_count(users); i++) {
        const csn_users_row row = csn_users_at(users, i);

        if (is_asked_for(options, &row))
            lines[rows++] = (listed){ row.user, row.realm, 1u << row.hash };
    }
    qsort(lines, rows, sizeof(*lines), compare_lines);
    for (size_t i = 0; i < rows; i++) {
        if (count != 0 && compare_lines(&lines[count - 1], &lines[i]) == 0)
            lines[count - 1].hashes |= lines[i].hashes;
        else
            lines[count++] = lines[i];
    }
    return count;
}

static void
print_text(const listed *lines, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *mark = "\t";

        printf("%.*s\t%.*s", (int)lines[i].user.len,
            (const char *)lines[i].user.ptr, (int)lines[i].realm.len,
            (const char *)lines[i].realm.ptr);
        for (int hash = 0; hash < CSN_HASH_COUNT; hash++) {
            if ((lines[i].hashes & 1u << hash) == 0)
                continue;
            printf("%s%s", mark, csn_users_hash_name((csn_hash)hash).ptr);
            mark = ",";
        }
        putchar('\n');
    }
}

static json_t *
json_span(csn_span text)
{
    return json_stringn((const char *)text.ptr, text.len);
}

static json_t *
json_line(const listed *line)
{
    json_t *hashes = json_array();

    for (int hash = 0; hash < CSN_HASH_COUNT; hash++) {
        if ((line->hashes & 1u << hash) != 0)
            (void)json_array_append_new(hashes,
                json_span(csn_users_hash_name((csn_hash)hash)));
    }
    return json_pack("{s:o, s:o, s:o}", "user", json_span(line->user), "realm",
        json_span(line->realm), "algorithms", hashes);
}

static int
print_json(const listed *lines, size_t count)
{
    json_t *array = json_array();
    json_t *all;
    int failed;

    for (size_t i = 0; i < count; i++)
        (void)json_array_append_new(array, json_line(&lines[i]));
    all = json_pack("{s:i, s:o}", "version", JSON_VERSION, "users", array);
    failed = json_array_size(array) != count || all == NULL ||
        json_dumpf(all, stdout, JSON_INDENT(2)) != 0;
    putchar('\n');
    json_decref(all);
    return failed ? CSN_EXIT_WRITE : CSN_EXIT_OK;
}

static int
list_users(const passwd_options *options, const csn_users *users)
{
    listed *lines = calloc(csn_users_count(users) + 1, sizeof(*lines));
    size_t count;
    int code = CSN_EXIT_OK;

    if (lines == NULL)
        return CSN_EXIT_MEMORY;
    count = gather(options, users, lines);
    if (options->json)
        code = print_json(lines, count);
    else
        print_text(lines, count);
    free(lines);
    if (code == CSN_EXIT_OK && options->user != NULL && count == 0)
        code = CSN_EXIT_NO;
    return code;
}

int
passwd_list(const passwd_options *options)
{
    csn_users *users = NULL;
    int code = passwd_load(options->file, false, &users);

    if (code == CSN_EXIT_OK)
        code = list_users(options, users);
    csn_users_release(users);
    return code;
}
