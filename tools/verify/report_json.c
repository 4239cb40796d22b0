// SPDX-License-Identifier: MIT
#include "report.h"

#include <jansson.h>
#include <string.h>

/* The report for programs. docs/verify.md has the schema; a change of meaning
 * is a new version, a new member is not. */
enum { SCHEMA_VERSION = 1 };

static json_t *
text_of(csn_span text)
{
    csn_pool pool = { NULL };
    json_t *made = json_string(inspect_visible(&pool, text));

    csn_pool_free(&pool);
    return made;
}

static json_t *
write_ids(const char *ids)
{
    json_t *list = json_array();

    while (*ids != '\0') {
        size_t len = strcspn(ids, " ");

        (void)json_array_append_new(list, json_stringn(ids, len));
        ids += len + (ids[len] == ' ');
    }
    return list;
}

static json_t *
write_check(const verify_check *check, const verify_result *result)
{
    const char *reason = verify_reason_name(check, result);

    return json_pack("{s:s, s:o, s:o, s:s, s:s, s:s}", "name", check->name,
        "ids", write_ids(check->ids), "reason",
        reason == NULL ? json_null() : json_string(reason), "part",
        verify_part_name(check->part), "level",
        verify_level_name(check->level), "sentence", check->sentence);
}

static json_t *
write_qops(const csn_digest_challenge *digest)
{
    json_t *list = json_array();

    if (!digest->has_qop) {
        json_decref(list);
        return json_null();
    }
    if ((digest->qops & CSN_QOP_AUTH) != 0)
        (void)json_array_append_new(list, json_string("auth"));
    if ((digest->qops & CSN_QOP_AUTH_INT) != 0)
        (void)json_array_append_new(list, json_string("auth-int"));
    return list;
}

static json_t *
write_challenge(const verify_challenge *one)
{
    const csn_digest_challenge *digest = &one->digest;
    json_t *made = json_object();

    (void)json_object_set_new(made, "scheme", text_of(one->params.scheme));
    if (!one->is_digest)
        return made;
    (void)json_object_set_new(made, "algorithm",
        digest->algorithm == CSN_ALG_UNKNOWN
            ? json_null()
            : text_of(csn_algorithm_name(digest->algorithm)));
    (void)json_object_set_new(made, "realm", text_of(one->realm));
    (void)json_object_set_new(made, "qop", write_qops(digest));
    (void)json_object_set_new(made, "opaque",
        json_boolean(digest->opaque.present));
    (void)json_object_set_new(made, "domain",
        json_boolean(digest->domain.present));
    (void)json_object_set_new(made, "userhash",
        json_boolean(digest->userhash));
    (void)json_object_set_new(made, "charset", json_boolean(digest->utf8));
    return made;
}

static json_t *
write_checks(const verify_report *report)
{
    json_t *list = json_array();

    for (size_t i = 0; i < report->count; i++) {
        const verify_result *result = &report->results[i];
        json_t *one;

        if (!report->chosen[i])
            continue;
        one = write_check(report->checks[i], result);
        (void)json_object_set_new(one, "verdict",
            json_string(verify_verdict_name(result->verdict)));
        (void)json_object_set_new(one, "text",
            json_string(result->text == NULL ? "" : result->text));
        (void)json_array_append_new(list, one);
    }
    return list;
}

static bool
dump(json_t *root, FILE *stream)
{
    bool done;

    if (root == NULL)
        return false;
    /* A failed write is found when standard output is flushed. */
    done = json_dumpf(root, stream, JSON_INDENT(2)) == 0 || ferror(stream);
    fputc('\n', stream);
    json_decref(root);
    return done;
}

bool
verify_report_json(const verify_run *run, const verify_report *report,
    FILE *stream)
{
    const verify_options *options = run->options;
    json_t *offers = json_array();

    for (size_t i = 0; i < run->offer.count; i++)
        (void)json_array_append_new(offers,
            write_challenge(&run->offer.items[i]));
    return dump(
        json_pack("{s:i, s:o, s:o, s:s, s:b, s:i, s:o, s:o, "
                  "s:{s:I, s:I, s:I, s:I}, s:i}",
            "version", SCHEMA_VERSION, "url",
            text_of(csn_text_of(options->url)), "proxy",
            options->proxy == NULL ? json_null()
                                   : text_of(csn_text_of(options->proxy)),
            "layer", run->layer == CSN_LAYER_PROXY ? "proxy" : "origin",
            "strict", options->strict, "exchanges", (int)run->exchanges,
            "offers", offers, "checks", write_checks(report), "totals", "pass",
            (json_int_t)report->totals[VERIFY_PASS], "warn",
            (json_int_t)report->totals[VERIFY_WARN], "fail",
            (json_int_t)report->totals[VERIFY_FAIL], "skipped",
            (json_int_t)report->totals[VERIFY_SKIPPED], "exit_code",
            report->exit_code),
        stream);
}

bool
verify_list_json(const verify_report *report, FILE *stream)
{
    json_t *list = json_array();

    for (size_t i = 0; i < report->count; i++)
        (void)json_array_append_new(list,
            write_check(report->checks[i], NULL));
    return dump(json_pack("{s:i, s:o}", "version", SCHEMA_VERSION, "checks",
                    list),
        stream);
}
