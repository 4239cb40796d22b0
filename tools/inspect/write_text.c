// SPDX-License-Identifier: MIT
#include "report.h"

#include <string.h>

/* For a person: exchange, layer and field, what it says, what was found. */

typedef struct writer {
    const inspect_report *report;
    FILE *stream;
    bool colour;
} writer;

static const char *const colours[INSPECT_LEVELS] = {
    [INSPECT_RIGHT] = "\033[32m",
    [INSPECT_NOTE] = "\033[36m",
    [INSPECT_ODD] = "\033[33m",
    [INSPECT_WRONG] = "\033[1;31m",
};

static void
paint(const writer *w, const char *start, const char *text, int width)
{
    if (w->colour)
        fputs(start, w->stream);
    fprintf(w->stream, "%-*s", width, text);
    if (w->colour)
        fputs("\033[0m", w->stream);
}

static const char *
visible(const writer *w, csn_span text)
{
    return inspect_visible(w->report->pool, text);
}

static void
write_title(const writer *w, const inspect_part *part, size_t number)
{
    const inspect_message *request = part->exchange->request;
    const inspect_message *response = part->exchange->response;

    fprintf(w->stream, "%zu. ", number);
    if (request == NULL)
        fputs("(a response alone)", w->stream);
    else if (request->bare)
        fputs("(header lines)", w->stream);
    else
        fprintf(w->stream, "%s %s", visible(w, request->method),
            visible(w, request->target));
    if (response == NULL)
        fputs(" -> (no response)", w->stream);
    else if (response->status != 0)
        fprintf(w->stream, " -> %u", response->status);
    fputc('\n', w->stream);
}

/* All parameters as they were sent; other schemes' may be a password. */
static void
write_claims(const writer *w, const inspect_params *params)
{
    const char *comma = "";

    fputs("      says   ", w->stream);
    if (params->scheme.len != 0)
        fprintf(w->stream, "%s ", visible(w, params->scheme));
    if (params->scheme.len != 0 && !params->is_digest)
        fputs("(not shown)", w->stream);
    else {
        for (size_t i = 0; i < params->count; i++) {
            const inspect_param *param = &params->items[i];
            const char *quote = param->value.quoted ? "\"" : "";

            fprintf(w->stream, "%s%s=%s%s%s", comma, visible(w, param->name),
                quote, visible(w, param->text), quote);
            comma = ", ";
        }
    }
    fputc('\n', w->stream);
}

static void
write_finding(const writer *w, const inspect_finding *finding)
{
    const char *reason = csn_reason_name(finding->reason);

    fputs("      ", w->stream);
    paint(w, colours[finding->level], inspect_level_name(finding->level), 6);
    fprintf(w->stream, " %s %s", finding->about, finding->text);
    if (finding->has_place && finding->line != 0)
        fprintf(w->stream, ", line %zu, octet %zu of the value", finding->line,
            finding->offset + 1);
    else if (finding->has_place)
        fprintf(w->stream, ", octet %zu of the value", finding->offset + 1);
    fputc('\n', w->stream);
    if (finding->is != NULL)
        fprintf(w->stream, "             it is     %s\n", finding->is);
    if (finding->right != NULL)
        fprintf(w->stream, "             right is  %s\n", finding->right);
    if (finding->mistake[0] != NULL) {
        fputs("             mistake   ", w->stream);
        paint(w, "\033[1m", finding->mistake[0], 0);
        if (finding->mistake[1] != NULL) {
            fputs(" + ", w->stream);
            paint(w, "\033[1m", finding->mistake[1], 0);
        }
        fputc('\n', w->stream);
    }
    if (finding->reason != CSN_R_NONE)
        fprintf(w->stream, "             reason    %s\n", reason);
}

static void
write_step(const writer *w, const inspect_step *step)
{
    static const char *const sides[][2] = {
        { "challenge", "asks" },
        { "credentials", "is answered" },
        { "info", "proves itself" },
        { "response", "responds" },
    };
    const char *side = step->what;

    for (size_t i = 0; i < sizeof(sides) / sizeof(sides[0]); i++) {
        if (strcmp(step->what, sides[i][0]) == 0)
            side = sides[i][1];
    }
    fprintf(w->stream, "   %s %s (%s%s)\n", inspect_layer_name(step->layer),
        side, step->what,
        step->params != NULL && step->params->trailer ? ", trailer" : "");
    if (step->params != NULL)
        write_claims(w, step->params);
    for (size_t i = 0; i < step->count; i++)
        write_finding(w, &step->findings[i]);
}

void
inspect_write_text(const inspect_report *report, FILE *stream, bool colour)
{
    const writer w = { report, stream, colour };

    for (size_t i = 0; i < report->count; i++) {
        write_title(&w, &report->parts[i], i + 1);
        for (size_t j = 0; j < report->parts[i].count; j++)
            write_step(&w, &report->parts[i].steps[j]);
        if (report->parts[i].count == 0)
            fputs("   no authentication fields\n", stream);
    }
    fprintf(stream, "%zu exchange%s: %zu right, %zu wrong, %zu odd\n",
        report->count, report->count == 1 ? "" : "s",
        report->totals[INSPECT_RIGHT], report->totals[INSPECT_WRONG],
        report->totals[INSPECT_ODD]);
}
