// SPDX-License-Identifier: MIT
#include <countersign/crypto_openssl.h>

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "common/exit.h"
#include "common/note.h"
#include "job.h"
#include "logins.h"
#include "report.h"
#include "verbs.h"

/*
 * `countersign fetch`: all URLs over one session and one pool of connections,
 * one behind the other or, with -Z, side by side.
 */

enum { POLL_MS = 1000 };

typedef struct fetch_run {
    const fetch_options *options;
    csn_curl_session *session;
    fetch_content content;
    CURLM *multi;
    json_t *report;
    size_t started;
    size_t running;
    const fetch_job *first; /* while it runs and nothing was delivered */
    int exit_code;
} fetch_run;

/* Of several failures the gravest is told: a missing proof, a refused login,
 * then whatever came first. */
static void
settle(fetch_run *run, int code)
{
    if (run->exit_code == CSN_EXIT_PROOF || code == CSN_EXIT_OK)
        return;
    if (code == CSN_EXIT_PROOF || run->exit_code == CSN_EXIT_OK ||
        (code == CSN_EXIT_LOGIN && run->exit_code != CSN_EXIT_LOGIN))
        run->exit_code = code;
}

static void
end_job(fetch_run *run, fetch_job *job)
{
    settle(run, job->exit_code);
    if (run->report != NULL && job->finished &&
        !fetch_report_add(run->report, job))
        settle(run, CSN_EXIT_MEMORY);
    fetch_job_close(job);
    free(job);
}

static void
start_job(fetch_run *run)
{
    fetch_job *job = calloc(1, sizeof(*job));

    if (job == NULL) {
        settle(run, CSN_EXIT_MEMORY);
        run->started = run->options->urls.count;
        return;
    }
    job->exit_code = fetch_job_open(job, run->options, run->started++,
        &run->content, run->session);
    if (job->exit_code != CSN_EXIT_OK ||
        curl_easy_setopt(job->easy, CURLOPT_PRIVATE, job) != CURLE_OK ||
        curl_multi_add_handle(run->multi, job->easy) != CURLM_OK) {
        if (job->exit_code == CSN_EXIT_OK)
            job->exit_code = CSN_EXIT_MEMORY;
        end_job(run, job);
        return;
    }
    if (run->running++ == 0 && run->started == 1)
        run->first = job;
}

/*
 * The first transfer goes alone until its response is there, so that one
 * challenge, and not one for each URL, begins the session.
 */
static size_t
room(fetch_run *run)
{
    if (run->first != NULL && run->first->answered)
        run->first = NULL;
    if (!run->options->parallel || run->first != NULL || run->started == 0)
        return 1;
    return (size_t)run->options->parallel_max;
}

static void
step_job(fetch_run *run, fetch_job *job, CURLcode code)
{
    (void)curl_multi_remove_handle(run->multi, job->easy);
    if (fetch_job_step(job, code)) {
        if (curl_multi_add_handle(run->multi, job->easy) == CURLM_OK)
            return;
        job->exit_code = CSN_EXIT_MEMORY;
    }
    run->running--;
    if (run->first == job)
        run->first = NULL;
    end_job(run, job);
}

static void
collect(fetch_run *run)
{
    CURLMsg *message;
    int left = 0;

    while ((message = curl_multi_info_read(run->multi, &left)) != NULL) {
        fetch_job *job = NULL;
        CURLcode code = message->data.result;

        if (message->msg != CURLMSG_DONE)
            continue;
        /* The message is gone with the handle's removal: copied above. */
        if (curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &job) ==
                CURLE_OK &&
            job != NULL)
            step_job(run, job, code);
    }
}

static bool
turn(fetch_run *run)
{
    int handles = 0;

    while (run->running < room(run) && run->started < run->options->urls.count)
        start_job(run);
    if (run->running == 0)
        return run->started < run->options->urls.count;
    if (curl_multi_perform(run->multi, &handles) != CURLM_OK)
        return false;
    collect(run);
    if (handles != 0 &&
        curl_multi_poll(run->multi, NULL, 0, POLL_MS, NULL) != CURLM_OK)
        return false;
    return true;
}

static int
check_outputs(const fetch_options *options)
{
    if (options->report == NULL || strcmp(options->report, "-") != 0 ||
        options->remote_name_all)
        return CSN_EXIT_OK;
    for (size_t i = 0; i < options->urls.count; i++)
        if (i >= options->outputs.count ||
            strcmp(options->outputs.items[i], "-") == 0) {
            csn_note("--report - and a body on standard output would mix: "
                     "give each URL an output (-o)");
            return CSN_EXIT_USAGE;
        }
    return CSN_EXIT_OK;
}

static int
open_session(const fetch_options *options, csn_curl_session **session)
{
    csn_curl_settings settings = {
        .version = CSN_CURL_SETTINGS_VERSION,
        .crypto = csn_crypto_openssl(),
        .policy = {
            .version = CSN_CLIENT_POLICY_VERSION,
            .allow_md5 = options->allow_md5,
            .allow_step_down = options->allow_step_down,
            .legacy_no_qop = options->allow_no_qop,
            .raw_username = options->raw_username,
        },
        .plain_secrets = options->allow_plain_secrets,
        .proof_store = options->proof_store,
        .nfc_only = options->nfc_only,
    };
    csn_status status = csn_curl_session_open(&settings, session);

    if (status == CSN_OK)
        return CSN_EXIT_OK;
    if (status == CSN_E_STORE || status == CSN_E_SYNTAX ||
        status == CSN_E_LIMIT) {
        csn_note("%s: %s", options->proof_store,
            status == CSN_E_STORE ? "cannot be read" : "is not a proof store");
        return CSN_EXIT_READ;
    }
    csn_note("session: %s", csn_status_text(status));
    return CSN_EXIT_MEMORY;
}

static int
prepare(fetch_run *run, fetch_options *options)
{
    int code = check_outputs(options);

    if (code != CSN_EXIT_OK)
        return code;
    if (!csn_login_complete(&options->user, "COUNTERSIGN_USER", "server") ||
        !csn_login_complete(&options->proxy_user, "COUNTERSIGN_PROXY_USER",
            "proxy"))
        return CSN_EXIT_USAGE;
    code = open_session(options, &run->session);
    if (code == CSN_EXIT_OK)
        code = fetch_login_all(options, run->session);
    if (code != CSN_EXIT_OK)
        return code;
    if (options->part_count != 0 &&
        !fetch_content_of_parts(&run->content, options->parts,
            options->part_count))
        return CSN_EXIT_READ;
    run->multi = curl_multi_init();
    if (options->report != NULL)
        run->report = fetch_report_new();
    if (run->multi == NULL || (options->report && run->report == NULL))
        return CSN_EXIT_MEMORY;
    return CSN_EXIT_OK;
}

static int
run_all(fetch_run *run)
{
    while (turn(run))
        continue;
    if (csn_curl_session_save(run->session) != CSN_OK) {
        csn_note("%s: the proof store could not be written",
            run->options->proof_store);
        settle(run, CSN_EXIT_WRITE);
    }
    if (run->report != NULL)
        run->exit_code = fetch_report_write(run->report, run->options->report,
            run->exit_code);
    return run->exit_code;
}

int
csn_cmd_fetch(int argc, char **argv)
{
    fetch_options options;
    fetch_run run = { .options = &options, .content = { .fd = -1 } };
    int code;

    /* Host names and file names come in the terminal's own encoding. */
    setlocale(LC_CTYPE, "");
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return CURLE_FAILED_INIT;
    code = fetch_options_read(&options, argc, argv);
    if (code == CSN_EXIT_OK)
        code = prepare(&run, &options);
    if (code == CSN_EXIT_OK)
        code = run_all(&run);
    if (run.multi != NULL)
        curl_multi_cleanup(run.multi);
    csn_curl_session_close(run.session);
    fetch_content_free(&run.content);
    fetch_options_free(&options);
    curl_global_cleanup();
    return code;
}
