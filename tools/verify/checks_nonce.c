// SPDX-License-Identifier: MIT
#include "check.h"

#include <string.h>

/* Nonces: unique, plain, long, and what happens at the end of their life. */

enum { SAMPLES = 8 };

static bool
take_nonces(verify_run *run, csn_span nonces[SAMPLES], verify_result *result)
{
    for (size_t i = 0; i < SAMPLES; i++) {
        verify_challenge challenge;

        if (!verify_ask(run, i % 2, run->mode, &challenge)) {
            verify_skip(run, result, "no challenge came");
            return false;
        }
        nonces[i] = challenge.nonce;
    }
    return true;
}

static void
check_unique(verify_run *run, const verify_check *check, verify_result *result)
{
    csn_span nonces[SAMPLES];
    size_t same = 0;

    if (!take_nonces(run, nonces, result))
        return;
    for (size_t i = 0; i < SAMPLES; i++) {
        for (size_t j = 0; j < i; j++)
            same += csn_text_same(nonces[i], nonces[j]);
    }
    if (same != 0)
        verify_miss(run, check, result, "of %d nonces some are the same",
            SAMPLES);
    else
        verify_pass(run, check, result, "%d nonces, all different", SAMPLES);
}

/* Bits that one octet can stand for in this text: 4, 6 or 0. */
static unsigned
bits_of(csn_span text)
{
    bool is_hex = true;

    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        bool is_digit = c >= '0' && c <= '9';
        bool is_letter = csn_octet_lower(c) >= 'a' &&
            csn_octet_lower(c) <= 'z';

        if (!is_digit && !is_letter &&
            (c == 0 || strchr("+/=-_.~:", c) == NULL))
            return 0;
        is_hex = is_hex && (is_digit || (c >= 'a' && c <= 'f'));
    }
    return is_hex ? 4 : 6;
}

static void
check_octets(verify_run *run, const verify_check *check, verify_result *result)
{
    const unsigned bits = bits_of(run->base.nonce);

    if (bits == 0)
        verify_miss(run, check, result, "octets that need care in a field");
    else
        verify_pass(run, check, result, "%zu octets of %s",
            run->base.nonce.len, bits == 4 ? "hex digits" : "base64");
}

/* Places that differ from nonce to nonce carry what cannot be foreseen. */
static void
check_length(verify_run *run, const verify_check *check, verify_result *result)
{
    csn_span nonces[SAMPLES];
    size_t places = 0;
    size_t room;

    if (!take_nonces(run, nonces, result))
        return;
    for (size_t at = 0; at < nonces[0].len; at++) {
        bool differs = false;

        for (size_t i = 1; i < SAMPLES; i++)
            differs = differs || at >= nonces[i].len ||
                nonces[i].ptr[at] != nonces[0].ptr[at];
        places += differs;
    }
    room = places * (bits_of(nonces[0]) == 4 ? 4 : 6);
    if (room < 128)
        verify_miss(run, check, result,
            "room for %zu bits in what changes from nonce to nonce", room);
    else
        verify_pass(run, check, result,
            "room for %zu bits in what changes from nonce to nonce", room);
}

/* One login on `challenge` with a right or wrong response. */
static verify_response
answer(verify_run *run, const verify_challenge *challenge, bool right,
    uint32_t count)
{
    const verify_change wrong = VERIFY_LATE(RESPONSE, TURN_FIRST, NULL);
    verify_request request = verify_request_new(run);
    verify_form form = verify_form_new(run, challenge, &request, count);

    verify_form_sign(run, &form);
    if (!right)
        verify_change_apply(run, &form, &wrong);
    request.lines[0] = verify_form_write(run, &form);
    request.line_count = 1;
    return verify_exchange(run, 0, &request);
}

/* Whether a refusal calls the nonce stale. */
static bool
is_stale(verify_run *run, const verify_response *response)
{
    verify_offer offer = verify_offer_read(&run->scratch, &response->fields,
        run->layer);
    const verify_challenge *found = verify_offer_like(&offer, &run->base);

    return found != NULL && found->digest.stale;
}

static void
check_wrong(verify_run *run, const verify_check *check, verify_result *result)
{
    verify_challenge challenge;
    verify_response response;

    if (!verify_ask(run, 0, run->mode, &challenge)) {
        verify_skip(run, result, "no challenge came");
        return;
    }
    response = answer(run, &challenge, false, 1);
    if (verify_outcome_of(run, verify_request_new(run).method, &response) !=
        VERIFY_ASKED)
        verify_skip(run, result, "a wrong response got %s",
            verify_describe(run, &response));
    else if (is_stale(run, &response))
        verify_miss(run, check, result,
            "stale=true for a wrong response: clients try for ever");
    else
        verify_pass(run, check, result, "not called stale");
}

/* Both nonces are as old as the run is told that they live. */
static void
check_old(verify_run *run, const verify_check *check, verify_result *result,
    bool right)
{
    const csn_span method = verify_request_new(run).method;
    verify_response response = answer(run, &run->old[right ? 0 : 1], right, 1);
    verify_outcome outcome = verify_outcome_of(run, method, &response);

    if (outcome == VERIFY_LET_IN)
        verify_miss(run, check, result, "the nonce is still good");
    else if (outcome != VERIFY_ASKED)
        verify_miss(run, check, result, "it gives %s",
            verify_describe(run, &response));
    else if (is_stale(run, &response) != right)
        verify_miss(run, check, result,
            right ? "no stale=true: a browser asks its user again"
                  : "stale=true: it does not tell who knows the password");
    else
        verify_pass(run, check, result, right ? "stale=true" : "no stale");
}

static void
check_old_right(verify_run *run, const verify_check *check,
    verify_result *result)
{
    check_old(run, check, result, true);
}

static void
check_old_wrong(verify_run *run, const verify_check *check,
    verify_result *result)
{
    check_old(run, check, result, false);
}

#define ROW(key, id, why, what, must, need, says, function)                   \
    {                                                                         \
        .name = (key), .ids = (id), .reason = CSN_R_##why,                    \
        .part = VERIFY_##what, .level = VERIFY_##must, .needs = (need),       \
        .sentence = (says), .run = (function)                                 \
    }

const verify_check verify_checks_nonce[] = {
    ROW("nonce-unique", "B-05", NONE, OFFERS, SHOULD, 0,
        "every challenge has another nonce", check_unique),
    ROW("nonce-octets", "B-06", NONE, OFFERS, SHOULD, 0,
        "nonces are hex or base64", check_octets),
    ROW("nonce-room", "B-07", NONE, OFFERS, PROFILE, 0,
        "nonces have room for 128 bits that nobody can foresee", check_length),
    ROW("stale-unearned", "D-21", WRONG_RESPONSE, LETS_THROUGH, MUST,
        VERIFY_NEEDS_LOGIN,
        "a wrong response under a live nonce is not called stale",
        check_wrong),
    ROW("stale-when-old", "D-14 D-19", STALE, OFFERS, MUST,
        VERIFY_NEEDS_LOGIN | VERIFY_NEEDS_WAIT,
        "a right response under an old nonce gets stale=true",
        check_old_right),
    ROW("stale-when-wrong", "D-20", WRONG_RESPONSE, OFFERS, SHOULD,
        VERIFY_NEEDS_LOGIN | VERIFY_NEEDS_WAIT,
        "a wrong response under an old nonce does not", check_old_wrong),
    { .name = NULL },
};
