// SPDX-License-Identifier: MIT
#include "report.h"
#include "start.h"

#include "common/exit.h"
#include "common/note.h"
#include "verbs.h"

#include <countersign/crypto_openssl.h>
#include <countersign/prepare.h>

#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static const verify_check *const tables[] = {
    verify_checks_challenge,
    verify_checks_nonce,
    verify_checks_info,
    verify_checks_session,
    verify_checks_accept,
    verify_checks_content,
    verify_checks_proxy,
    verify_checks_replay,
    verify_checks_form,
    verify_checks_target,
    verify_checks_user,
};

static void
gather(verify_report *report)
{
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        for (const verify_check *check = tables[i]; check->name != NULL;
             check++) {
            report->chosen[report->count] = true;
            report->checks[report->count++] = check;
        }
    }
}

/* Whether a list joined by blanks has this word. */
static bool
has_word(const char *list, const char *word)
{
    size_t len = strlen(word);

    for (const char *at = list; (at = strstr(at, word)) != NULL; at += len) {
        if ((at == list || at[-1] == ' ') && (at[len] == ' ' || !at[len]))
            return true;
    }
    return false;
}

/* Take what --only names; false for a name that nothing has. */
static bool
choose(verify_report *report, const verify_options *options)
{
    for (size_t i = 0; options->only_count != 0 && i < report->count; i++)
        report->chosen[i] = false;
    for (size_t i = 0; i < options->only_count; i++) {
        const char *only = options->only[i];
        bool found = false;

        for (size_t j = 0; j < report->count; j++) {
            const verify_check *check = report->checks[j];

            if (strcmp(check->name, only) == 0 || has_word(check->ids, only))
                report->chosen[j] = found = true;
        }
        if (!found) {
            csn_note("no check '%s'; --list names them all", only);
            return false;
        }
    }
    return true;
}

static bool
has_session(const verify_run *run)
{
    for (size_t i = 0; i < run->offer.count; i++) {
        if (verify_challenge_is_session(&run->offer.items[i]))
            return true;
    }
    return false;
}

static bool
offers_md5(const verify_run *run)
{
    for (size_t i = 0; i < run->offer.count; i++) {
        if (run->offer.items[i].is_digest &&
            run->offer.items[i].digest.algorithm == CSN_ALG_MD5)
            return true;
    }
    return false;
}

/* Why a check cannot be made; NULL when it can. */
static const char *
missing(const verify_run *run, unsigned needs)
{
    const csn_digest_challenge *base = &run->base.digest;
    const struct {
        unsigned need;
        bool is_there;
        const char *text;
    } rows[] = {
        { VERIFY_NEEDS_LOGIN, run->user.len != 0, "no user was given (-u)" },
        { VERIFY_NEEDS_LOGIN, run->is_in, "a right login is refused" },
        { VERIFY_NEEDS_QOP, base->qops != 0, "qop is not offered" },
        { VERIFY_NEEDS_PATH, run->mode != VERIFY_TUNNEL,
            "CONNECT has no path" },
        { VERIFY_NEEDS_POST, !run->options->safe, "--safe" },
        { VERIFY_NEEDS_ORIGIN, run->layer == CSN_LAYER_ORIGIN,
            "only for origins" },
        { VERIFY_NEEDS_PROXY, run->layer == CSN_LAYER_PROXY,
            "only for proxies" },
        { VERIFY_NEEDS_CONNECT, run->can_connect,
            "CONNECT to the URL's port is not let through" },
        { VERIFY_NEEDS_OPAQUE, base->opaque.present, "opaque is not given" },
        { VERIFY_NEEDS_AUTH_INT, (base->qops & CSN_QOP_AUTH_INT) != 0,
            "auth-int is not offered" },
        { VERIFY_NEEDS_SESSION, has_session(run), "-sess is not offered" },
        { VERIFY_NEEDS_USERHASH, base->userhash, "userhash is not offered" },
        { VERIFY_NEEDS_STRONG, !offers_md5(run), "MD5 is offered" },
        { VERIFY_NEEDS_WAIT, run->options->wait_ms != 0, "--wait" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if ((needs & rows[i].need) != 0 && !rows[i].is_there)
            return rows[i].text;
    }
    return NULL;
}

static void
run_check(verify_run *run, const verify_check *check, verify_result *result)
{
    const bool is_first = strcmp(check->name, "challenge") == 0 ||
        strcmp(check->name, "digest") == 0;
    const char *why = missing(run, check->needs);

    if (!is_first && run->base.nonce.len == 0)
        why = "there is no Digest challenge";
    if (!is_first && verify_is_over(run))
        why = "the server answers no more, or time is up";
    if (why != NULL) {
        verify_skip(run, result, "%s", why);
        return;
    }
    if (check->run != NULL)
        check->run(run, check, result);
    else
        verify_run_tries(run, check, result);
    csn_pool_reset(&run->scratch);
}

/* Those that wait for a nonce's end come last. */
static void
run_all(verify_run *run, verify_report *report, int64_t since_ms)
{
    const unsigned late = VERIFY_NEEDS_WAIT | VERIFY_AFTER_WAIT;
    bool waits = false;

    for (size_t i = 0; i < report->count; i++) {
        if (!report->chosen[i])
            continue;
        if ((report->checks[i]->needs & late) == 0)
            run_check(run, report->checks[i], &report->results[i]);
        else
            waits = true;
    }
    if (waits && run->is_in && run->options->wait_ms != 0)
        verify_wait(run, since_ms);
    for (size_t i = 0; i < report->count; i++) {
        if (report->chosen[i] && (report->checks[i]->needs & late) != 0)
            run_check(run, report->checks[i], &report->results[i]);
    }
    for (size_t i = 0; i < report->count; i++)
        report->totals[report->results[i].verdict] += report->chosen[i];
}

static int
exit_code(const verify_run *run, const verify_report *report, int code)
{
    if (code != CSN_EXIT_OK)
        return code;
    if (report->totals[VERIFY_FAIL] != 0)
        return CSN_EXIT_NO;
    if (!verify_is_over(run))
        return CSN_EXIT_OK;
    return run->place.code != CURLE_OK ? (int)run->place.code
                                       : CSN_EXIT_TIMEOUT;
}

static bool
use_colour(void)
{
    const char *no = getenv("NO_COLOR");

    return isatty(STDOUT_FILENO) && (no == NULL || *no == '\0');
}

static int
write_report(verify_run *run, verify_report *report)
{
    if (!run->options->json) {
        verify_report_text(run, report, stdout, use_colour());
    } else if (!verify_report_json(run, report, stdout)) {
        csn_note("no memory");
        return CSN_EXIT_MEMORY;
    }
    return report->exit_code;
}

static int
verify(verify_run *run, verify_report *report)
{
    const int64_t since_ms = verify_now_ms();
    int code;

    if (!verify_start_urls(run))
        return CSN_EXIT_USAGE;
    run->place.end_ms = since_ms + run->options->max_time_ms;
    code = verify_start(run);
    if (code != CSN_EXIT_OK && code != CSN_EXIT_LOGIN)
        return code;
    run_all(run, report, since_ms);
    report->exit_code = exit_code(run, report, code);
    return write_report(run, report);
}

/* One text of the login, as it is hashed (C-40 to C-45). */
static bool
prepare(verify_run *run, const char *what, csn_span text,
    csn_status (*how)(csn_span, csn_writer *, csn_prepare_fault *),
    csn_span *prepared)
{
    uint8_t *octets = csn_pool_alloc(&run->pool, CSN_MAX_VALUE);
    csn_writer out = csn_writer_init(octets, CSN_MAX_VALUE);
    csn_prepare_fault fault = CSN_PREPARE_FINE;

    if (how(text, &out, &fault) != CSN_OK) {
        csn_note("the %s %s", what, csn_prepare_fault_text(fault));
        return false;
    }
    *prepared = csn_writer_span(&out);
    return true;
}

/* The login of the layer that is looked at; false after a note. */
static bool
take_login(verify_run *run)
{
    const verify_options *options = run->options;
    const csn_login *login = options->proxy != NULL ? &options->proxy_user
                                                    : &options->user;

    return !login->given ||
        (prepare(run, "user name", csn_text_of(login->user),
             csn_prepare_typed_user, &run->user) &&
            prepare(run, "password", csn_secret_span(&login->password),
                csn_prepare_typed_password, &run->password));
}

static int
run_verb(verify_options *options, verify_report *report)
{
    verify_run run = { .options = options,
        .crypto = csn_crypto_openssl(),
        .place = { .cacert = options->cacert,
            .insecure = options->insecure,
            .timeout_ms = options->timeout_ms,
            .verbose = options->verbose } };
    int code = CSN_EXIT_USAGE;

    if (run.crypto == NULL)
        csn_note("OpenSSL has neither SHA-256 nor SHA-512/256 here");
    else if (verify_options_complete(options) && take_login(&run))
        code = verify(&run, report);
    verify_hang_up(&run, 0);
    verify_hang_up(&run, 1);
    csn_pool_free(&run.scratch);
    csn_pool_free(&run.pool);
    return code;
}

int
csn_cmd_verify(int argc, char **argv)
{
    static verify_report report;
    verify_options options;
    int code = CSN_EXIT_USAGE;

    /* Host names come in the terminal's own encoding. */
    setlocale(LC_CTYPE, "");
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return CURLE_FAILED_INIT;
    /* A connection that is gone is an answer too. */
    (void)signal(SIGPIPE, SIG_IGN);
    verify_options_parse(&options, argc, argv);
    gather(&report);
    /* No core file and no debugger while passwords are in memory. */
    (void)prctl(PR_SET_DUMPABLE, 0);
    if (options.list && options.json)
        code = verify_list_json(&report, stdout) ? CSN_EXIT_OK
                                                 : CSN_EXIT_MEMORY;
    else if (options.list) {
        verify_list_text(&report, stdout);
        code = CSN_EXIT_OK;
    } else if (choose(&report, &options)) {
        code = run_verb(&options, &report);
    }
    verify_options_free(&options);
    (void)prctl(PR_SET_DUMPABLE, 1);
    curl_global_cleanup();
    return code;
}
