// SPDX-License-Identifier: MIT
#include "report.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "common/exit.h"
#include "common/note.h"

/* Rises when a name changes its meaning or goes; new names do not count. */
enum { REPORT_VERSION = 1 };

json_t *
fetch_report_new(void)
{
    return json_pack("{s:s, s:i, s:[]}", "schema", "countersign-fetch-report",
        "version", REPORT_VERSION, "transfers");
}

static const char *
end_word(csn_curl_end end)
{
    switch (end) {
    case CSN_CURL_DELIVERED:
        return "delivered";
    case CSN_CURL_UNPROVED:
        return "unproved";
    case CSN_CURL_LOGIN:
        return "login-refused";
    case CSN_CURL_TRANSFER:
        return "transfer-error";
    }
    return "";
}

/* Text that is not UTF-8 has no place in JSON: null says so. */
static json_t *
text_or_null(const char *text)
{
    json_t *value = text ? json_string(text) : NULL;

    return value ? value : json_null();
}

/* NULL for none: no credentials, or the old form without qop. */
static const char *
qop_word(csn_qop qop)
{
    switch (qop) {
    case CSN_QOP_NONE:
        return NULL;
    case CSN_QOP_AUTH:
        return "auth";
    case CSN_QOP_AUTH_INT:
        return "auth-int";
    }
    return NULL;
}

static json_t *
layer_or_null(const csn_curl_layer_outcome *layer)
{
    if (!layer->used)
        return json_null();
    return json_pack("{s:b, s:s?, s:s, s:s, s:b, s:b}", "credentials_sent",
        layer->sent, "qop", qop_word(layer->qop), "proof",
        csn_proof_name(layer->proof), "reason", csn_reason_name(layer->reason),
        "content_proved", layer->content, "nextnonce", layer->nextnonce);
}

static json_t *
failure_or_null(const csn_curl_result *result)
{
    if (result->end == CSN_CURL_TRANSFER)
        return json_pack("{s:i, s:s, s:s}", "curl_code", (int)result->code,
            "reason", csn_reason_name(result->reason), "text",
            curl_easy_strerror(result->code));
    if (result->end == CSN_CURL_DELIVERED)
        return json_null();
    return json_pack("{s:s, s:s, s:s}", "layer",
        result->failed == CSN_LAYER_PROXY ? "proxy" : "origin", "reason",
        csn_reason_name(result->reason), "text",
        csn_reason_text(result->reason));
}

bool
fetch_report_add(json_t *report, const fetch_job *job)
{
    const csn_curl_result *result = &job->result;
    json_t *entry = json_pack("{s:o, s:s, s:i, s:i, s:o, s:i, s:i, s:I, s:o, "
                              "s:o, s:o}",
        "url", text_or_null(result->url), "result", end_word(result->end),
        "exit_code", job->exit_code, "status", (int)result->status, "output",
        text_or_null(job->output.path), "redirects", (int)result->redirects,
        "requests", (int)result->requests, "octets",
        (json_int_t)job->output.octets, "origin",
        layer_or_null(&result->origin), "proxy", layer_or_null(&result->proxy),
        "failure", failure_or_null(result));

    return entry != NULL &&
        json_array_append_new(json_object_get(report, "transfers"), entry) ==
        0;
}

static bool
write_file(const json_t *report, const char *path)
{
    const size_t flags = JSON_INDENT(2) | JSON_PRESERVE_ORDER;
    FILE *file = strcmp(path, "-") == 0 ? stdout : fopen(path, "we");
    bool done = file != NULL;

    if (done) {
        done = json_dumpf(report, file, flags) == 0 &&
            fputc('\n', file) != EOF;
        if (file != stdout)
            done = fclose(file) == 0 && done;
    }
    if (!done)
        csn_note("%s: %s", path, strerror(errno));
    return done;
}

int
fetch_report_write(json_t *report, const char *path, int code)
{
    bool done = json_object_set_new(report, "exit_code", json_integer(code)) ==
            0 &&
        write_file(report, path);

    json_decref(report);
    return !done && code == CSN_EXIT_OK ? (int)CSN_EXIT_WRITE : code;
}
