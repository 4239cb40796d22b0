// SPDX-License-Identifier: MIT
#include "report.h"

#include <stdio.h>
#include <string.h>

/* The report for a person. */

static const char *const titles[VERIFY_PARTS] = { "Offers", "Proves",
    "Lets through" };

static const char *const colours[VERIFY_VERDICTS] = {
    [VERIFY_PASS] = "\033[32m",
    [VERIFY_WARN] = "\033[33m",
    [VERIFY_FAIL] = "\033[1;31m",
    [VERIFY_SKIPPED] = "\033[36m",
};

static void
write_title(verify_run *run, FILE *stream)
{
    csn_pool *pool = &run->scratch;

    fprintf(stream, "%s",
        inspect_visible(pool, csn_text_of(run->options->url)));
    if (run->options->proxy != NULL)
        fprintf(stream, " through the proxy %s",
            inspect_visible(pool, csn_text_of(run->options->proxy)));
    if (run->user.len != 0)
        fprintf(stream, ", as %s", inspect_visible(pool, run->user));
    fprintf(stream, "%s\n", run->options->strict ? ", strictly" : "");
}

static void
write_check(const verify_check *check, const verify_result *result,
    FILE *stream, bool colour)
{
    const char *reason = verify_reason_name(check, result);

    fprintf(stream, "  %s%-7s%s  %-20s  %s\n",
        colour ? colours[result->verdict] : "",
        verify_verdict_name(result->verdict), colour ? "\033[0m" : "",
        check->name, result->text == NULL ? "" : result->text);
    if (result->verdict == VERIFY_WARN || result->verdict == VERIFY_FAIL)
        fprintf(stream, "  %-7s  %-20s  %s: %s (%s%s%s)\n", "", "",
            verify_level_name(result->level), check->sentence, check->ids,
            reason == NULL ? "" : "; ", reason == NULL ? "" : reason);
}

/* Names of the part's checks that were skipped for the same reason as the one
 * at `first`, in lines of a terminal's width. */
static void
write_skipped(const verify_report *report, size_t first, verify_part part,
    FILE *stream, bool colour)
{
    enum { WIDTH = 78, INDENT = 11 };
    const char *why = report->results[first].text;
    int column = WIDTH;

    fprintf(stream,
        "  %sskipped%s  %s:", colour ? colours[VERIFY_SKIPPED] : "",
        colour ? "\033[0m" : "", why);
    for (size_t i = first; i < report->count; i++) {
        const char *name = report->checks[i]->name;

        if (!report->chosen[i] || report->checks[i]->part != part ||
            report->results[i].verdict != VERIFY_SKIPPED ||
            strcmp(report->results[i].text, why) != 0)
            continue;
        column += (int)strlen(name) + 1;
        if (column > WIDTH) {
            fprintf(stream, "\n%*s%s", INDENT, "", name);
            column = INDENT + (int)strlen(name);
        } else {
            fprintf(stream, " %s", name);
        }
    }
    fputc('\n', stream);
}

/* Whether an earlier check of the part was skipped for the same reason. */
static bool
was_written(const verify_report *report, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (report->chosen[i] &&
            report->checks[i]->part == report->checks[at]->part &&
            report->results[i].verdict == VERIFY_SKIPPED &&
            strcmp(report->results[i].text, report->results[at].text) == 0)
            return true;
    }
    return false;
}

static void
write_part(const verify_report *report, verify_part part, FILE *stream,
    bool colour)
{
    bool is_first = true;

    for (size_t i = 0; i < report->count; i++) {
        if (!report->chosen[i] || report->checks[i]->part != part)
            continue;
        if (is_first)
            fprintf(stream, "%s\n", titles[part]);
        is_first = false;
        if (report->results[i].verdict != VERIFY_SKIPPED)
            write_check(report->checks[i], &report->results[i], stream,
                colour);
    }
    for (size_t i = 0; i < report->count; i++) {
        if (report->chosen[i] && report->checks[i]->part == part &&
            report->results[i].verdict == VERIFY_SKIPPED &&
            !was_written(report, i))
            write_skipped(report, i, part, stream, colour);
    }
}

void
verify_report_text(verify_run *run, const verify_report *report, FILE *stream,
    bool colour)
{
    write_title(run, stream);
    for (int part = 0; part < VERIFY_PARTS; part++)
        write_part(report, (verify_part)part, stream, colour);
    fprintf(stream, "%zu passed, %zu failed, %zu warnings, %zu skipped\n",
        report->totals[VERIFY_PASS], report->totals[VERIFY_FAIL],
        report->totals[VERIFY_WARN], report->totals[VERIFY_SKIPPED]);
}

void
verify_list_text(const verify_report *report, FILE *stream)
{
    for (int part = 0; part < VERIFY_PARTS; part++) {
        fprintf(stream, "%s\n", titles[part]);
        for (size_t i = 0; i < report->count; i++) {
            const verify_check *check = report->checks[i];

            if (check->part == (verify_part)part)
                fprintf(stream, "  %-20s  %-7s  %s (%s)\n", check->name,
                    verify_level_name(check->level), check->sentence,
                    check->ids);
        }
    }
}
