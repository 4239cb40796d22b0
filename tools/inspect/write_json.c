// SPDX-License-Identifier: MIT
#include "report.h"

#include <jansson.h>

/* For programs. docs/inspect.md has the schema; a change of meaning is a new
 * version, a new member is not. */
enum { SCHEMA_VERSION = 1 };

static json_t *
text_of(const inspect_report *report, csn_span text)
{
    return json_string(inspect_visible(report->pool, text));
}

static json_t *
text_or_null(const char *text)
{
    return text == NULL ? json_null() : json_string(text);
}

static json_t *
write_finding(const inspect_finding *finding)
{
    json_t *mistakes = json_array();
    json_t *place = json_null();

    for (size_t i = 0; i < 2 && finding->mistake[i] != NULL; i++)
        (void)json_array_append_new(mistakes,
            json_string(finding->mistake[i]));
    if (finding->has_place)
        place = json_pack("{s:o, s:I}", "line",
            finding->line == 0 ? json_null()
                               : json_integer((json_int_t)finding->line),
            "offset", (json_int_t)finding->offset);
    return json_pack("{s:s, s:s, s:o, s:o, s:s, s:o, s:o, s:o}", "level",
        inspect_level_name(finding->level), "about", finding->about, "reason",
        text_or_null(finding->reason == CSN_R_NONE
                ? NULL
                : csn_reason_name(finding->reason)),
        "mistakes", mistakes, "text", finding->text, "is",
        text_or_null(finding->is), "right", text_or_null(finding->right),
        "place", place);
}

static json_t *
write_claims(const inspect_report *report, const inspect_params *params)
{
    json_t *claims = json_object();
    const bool is_shown = params != NULL &&
        (params->is_digest || params->scheme.len == 0);

    for (size_t i = 0; is_shown && i < params->count; i++) {
        csn_span name = csn_pool_map(report->pool, params->items[i].name,
            csn_octet_lower);

        (void)json_object_set_new(claims, inspect_visible(report->pool, name),
            text_of(report, params->items[i].text));
    }
    return claims;
}

static json_t *
write_step(const inspect_report *report, const inspect_step *step)
{
    const inspect_params *params = step->params;
    json_t *findings = json_array();

    for (size_t i = 0; i < step->count; i++)
        (void)json_array_append_new(findings,
            write_finding(&step->findings[i]));
    return json_pack("{s:s, s:s, s:o, s:b, s:o, s:o}", "layer",
        inspect_layer_name(step->layer), "step", step->what, "scheme",
        params == NULL || params->scheme.len == 0
            ? json_null()
            : text_of(report, params->scheme),
        "trailer", params != NULL && params->trailer, "claims",
        write_claims(report, params), "findings", findings);
}

static json_t *
write_part(const inspect_report *report, const inspect_part *part)
{
    const inspect_message *request = part->exchange->request;
    const inspect_message *response = part->exchange->response;
    const bool is_told = request != NULL && !request->bare;
    json_t *steps = json_array();

    for (size_t i = 0; i < part->count; i++)
        (void)json_array_append_new(steps,
            write_step(report, &part->steps[i]));
    return json_pack("{s:o, s:o, s:o, s:o}", "method",
        is_told ? text_of(report, request->method) : json_null(), "target",
        is_told ? text_of(report, request->target) : json_null(), "status",
        response == NULL || response->status == 0
            ? json_null()
            : json_integer((json_int_t)response->status),
        "steps", steps);
}

bool
inspect_write_json(const inspect_report *report, FILE *stream)
{
    json_t *exchanges = json_array();
    json_t *root;
    bool done;

    for (size_t i = 0; i < report->count; i++)
        (void)json_array_append_new(exchanges,
            write_part(report, &report->parts[i]));
    root = json_pack("{s:i, s:o, s:{s:I, s:I, s:I, s:I}}", "version",
        SCHEMA_VERSION, "exchanges", exchanges, "totals", "right",
        (json_int_t)report->totals[INSPECT_RIGHT], "note",
        (json_int_t)report->totals[INSPECT_NOTE], "odd",
        (json_int_t)report->totals[INSPECT_ODD], "wrong",
        (json_int_t)report->totals[INSPECT_WRONG]);
    if (root == NULL)
        return false;
    /* A failed write is found when standard output is flushed. */
    done = json_dumpf(root, stream, JSON_INDENT(2)) == 0 || ferror(stream);
    fputc('\n', stream);
    json_decref(root);
    return done;
}
