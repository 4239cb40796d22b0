// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <string.h>

#include "common/note.h"
#include "job.h"

/*
 * -v: both layers in plain words, on standard error. `>` is what went out,
 * `<` what came back, `*` what was concluded. Texts from the network are
 * written with their control characters visible; of a user name, which may
 * be a mistyped password, only the beginning is shown (H-18).
 */

static const char *
layer_word(csn_layer layer)
{
    return layer == CSN_LAYER_PROXY ? "proxy" : "origin";
}

static void
put(const char *text)
{
    csn_print_visible(stderr, text ? text : "");
}

/* Two characters, if it has more than that; never half a UTF-8 sequence. */
static void
put_masked(const char *user)
{
    char start[16] = "";
    size_t len = 0;
    size_t shown = 0;

    if (strlen(user) > 2)
        while (user[len] != '\0' && shown < 2 && len + 4 < sizeof(start)) {
            start[len] = user[len];
            len++;
            while (((unsigned char)user[len] & 0xc0u) == 0x80u &&
                len + 1 < sizeof(start)) {
                start[len] = user[len];
                len++;
            }
            shown++;
        }
    start[len] = '\0';
    put(start);
    fputs("***", stderr);
}

static void
put_peer(const csn_curl_note *note, char mark)
{
    fprintf(stderr, "%c %s ", mark, layer_word(note->layer));
    put(note->peer);
    if (mark == '<')
        fprintf(stderr, " (%u)", note->status);
    fputs(": ", stderr);
}

static void
put_realm(const csn_curl_note *note)
{
    csn_span algorithm = csn_algorithm_name(note->algorithm);

    fputs("realm \"", stderr);
    put(note->realm);
    fprintf(stderr, "\", %.*s", (int)algorithm.len,
        (const char *)algorithm.ptr);
}

static void
say_sent(const csn_curl_note *note)
{
    put_peer(note, '>');
    put(note->method);
    fputc(' ', stderr);
    put(note->uri);
    fputs(", logged in as ", stderr);
    put_masked(note->user ? note->user : "");
    fputs(", ", stderr);
    put_realm(note);
    fprintf(stderr, "%s, count %lu",
        note->qop == CSN_QOP_AUTH_INT ? ", auth-int" : "",
        (unsigned long)note->count);
}

static void
say_challenged(const csn_curl_note *note)
{
    put_peer(note, '<');
    fputs(note->stale ? "right password, old nonce, asks again: "
                      : "asks for a login: ",
        stderr);
    put_realm(note);
}

static const char *
proof_words(csn_proof proof)
{
    switch (proof) {
    case CSN_PROOF_PROVED:
        return "proved itself";
    case CSN_PROOF_ABSENT:
        return "not proved";
    case CSN_PROOF_MISMATCH:
        return "WRONG PROOF";
    case CSN_PROOF_UNUSABLE:
        return "UNUSABLE PROOF";
    }
    return "";
}

static void
put_proof(const csn_curl_note *note)
{
    fputs(proof_words(note->proof), stderr);
    if (note->content)
        fputs(", and the content", stderr);
    if (note->proof != CSN_PROOF_PROVED)
        fprintf(stderr, ": %s (%s)", csn_reason_name(note->reason),
            csn_reason_text(note->reason));
}

static void
say_judged(const csn_curl_note *note)
{
    put_peer(note, '<');
    put_proof(note);
    if (note->nextnonce)
        fputs("; a new nonce came along", stderr);
}

static void
say_tunnel(const csn_curl_note *note)
{
    put_peer(note, '*');
    fputs("an open tunnel is used again; when it was opened: ", stderr);
    put_proof(note);
}

static void
say_refused(const csn_curl_note *note)
{
    put_peer(note, '<');
    fprintf(stderr, "no way in: %s (%s)", csn_reason_name(note->reason),
        csn_reason_text(note->reason));
}

void
fetch_words_note(void *job, const csn_curl_note *note)
{
    (void)job;
    switch (note->kind) {
    case CSN_CURL_SENT:
        say_sent(note);
        break;
    case CSN_CURL_CHALLENGED:
        say_challenged(note);
        break;
    case CSN_CURL_REFUSED:
        say_refused(note);
        break;
    case CSN_CURL_JUDGED:
        say_judged(note);
        break;
    case CSN_CURL_TUNNEL:
        say_tunnel(note);
        break;
    case CSN_CURL_RECONNECT:
        put_peer(note, '*');
        fputs("an open tunnel is not ours, or not proved: a new one", stderr);
        break;
    case CSN_CURL_REDIRECT:
        fputs("* redirect to ", stderr);
        put(note->uri);
        break;
    }
    fputc('\n', stderr);
}

static void
end_unproved(const csn_curl_result *result)
{
    const char *peer = result->failed == CSN_LAYER_PROXY ? "proxy" : "server";
    char status[16] = "";

    /* Often the status is the cause: 413 and 429 come before any proof. */
    if (result->status != 0)
        (void)snprintf(status, sizeof(status), " (%u)", result->status);
    csn_note("%s: the %s did not prove itself%s: %s (%s); nothing of its "
             "response was delivered",
        result->url, peer, status, csn_reason_name(result->reason),
        csn_reason_text(result->reason));
}

static bool
wants_int(const fetch_job *job, bool proxy)
{
    return (proxy ? job->options->proxy_integrity : job->options->integrity) ==
        CSN_CURL_INTEGRITY_REQUIRE;
}

static void
end_login(const fetch_job *job)
{
    const csn_curl_result *result = &job->result;
    bool proxy = result->failed == CSN_LAYER_PROXY;
    const char *peer = proxy ? "proxy" : "server";

    if (result->reason == CSN_R_NO_CREDENTIALS)
        csn_note("%s: the %s asks for a login: see %s", result->url, peer,
            proxy ? "-U" : "-u");
    else if (result->reason == CSN_R_CREDENTIALS_REFUSED)
        csn_note("%s: the %s refused user and password", result->url, peer);
    else if (result->reason == CSN_R_NO_ACCEPTABLE)
        csn_note("%s: the %s offers no login that is answered here: Digest "
                 "with SHA-256 or SHA-512-256, MD5 with --allow-md5, Basic "
                 "never%s",
            result->url, peer,
            wants_int(job, proxy)
                ? "; and with auth-int alone, as --integrity says"
                : "");
    else
        csn_note("%s: login refused by the %s: %s (%s)", result->url, peer,
            csn_reason_name(result->reason), csn_reason_text(result->reason));
}

void
fetch_words_end(const fetch_job *job)
{
    const csn_curl_result *result = &job->result;

    switch (result->end) {
    case CSN_CURL_UNPROVED:
        end_unproved(result);
        break;
    case CSN_CURL_LOGIN:
        end_login(job);
        break;
    case CSN_CURL_TRANSFER:
        if (result->reason == CSN_R_CONTENT_CHANGED)
            csn_note("%s: %s: %s", result->url,
                csn_reason_name(result->reason),
                csn_reason_text(result->reason));
        else if (!job->output.failed)
            csn_note("%s: %s", result->url,
                job->error[0] ? job->error : curl_easy_strerror(result->code));
        break;
    case CSN_CURL_DELIVERED:
        if (job->exit_code == 22)
            csn_note("%s: HTTP status %u", result->url, result->status);
        break;
    }
}
