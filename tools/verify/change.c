// SPDX-License-Identifier: MIT
#include "check.h"

#include <string.h>

/* What rows of the tables do to credentials. */

enum { LONG_VALUE = 16 * 1024 };

static const csn_span none = { NULL, 0 };

/* Another octet of the same kind: of letters, digits, hex digits, or what
 * base64 has besides. */
static uint8_t
turned(uint8_t octet)
{
    if (octet >= '0' && octet <= '9')
        return octet == '9' ? '0' : (uint8_t)(octet + 1);
    if (octet >= 'a' && octet <= 'f')
        return octet == 'f' ? 'a' : (uint8_t)(octet + 1);
    if (octet >= 'g' && octet <= 'z')
        return octet == 'z' ? 'g' : (uint8_t)(octet + 1);
    if (octet >= 'A' && octet <= 'Z')
        return octet == 'Z' ? 'A' : (uint8_t)(octet + 1);
    switch (octet) {
    case '-':
        return '_';
    case '_':
        return '-';
    case '+':
        return '/';
    case '/':
        return '+';
    default:
        return octet;
    }
}

static uint8_t
swap_case(uint8_t octet)
{
    return csn_octet_upper(octet) == octet ? csn_octet_lower(octet)
                                           : csn_octet_upper(octet);
}

/* With the octet at `at` turned, or the next one behind it that can be. */
static csn_span
turn_at(verify_run *run, csn_span text, size_t at)
{
    csn_span copy = csn_pool_join(&run->scratch, text, none, none, none);
    uint8_t *octets = (uint8_t *)copy.ptr;

    for (size_t i = 0; i < copy.len; i++) {
        uint8_t *octet = &octets[(at + i) % copy.len];

        if (turned(*octet) != *octet) {
            *octet = turned(*octet);
            break;
        }
    }
    return copy;
}

static csn_span
given(const verify_change *change)
{
    if (change->text == NULL)
        return none;
    return (csn_span){ (const uint8_t *)change->text,
        change->len != 0 ? change->len : strlen(change->text) };
}

static csn_span
repeat(verify_run *run, size_t len)
{
    uint8_t *text = csn_pool_alloc(&run->scratch, len);

    memset(text, 'x', len);
    return (csn_span){ text, len };
}

static void
change_text(verify_run *run, verify_entry *entry, const verify_change *change)
{
    csn_span text = entry->text;

    switch (change->how) {
    case VERIFY_APPEND:
        text = csn_pool_join(&run->scratch, text, given(change), none, none);
        break;
    case VERIFY_CUT:
        text.len -= text.len != 0;
        break;
    case VERIFY_HALVE:
        text.len /= 2;
        break;
    case VERIFY_UPPER:
        text = csn_pool_map(&run->scratch, text, csn_octet_upper);
        break;
    case VERIFY_SWAP_CASE:
        text = csn_pool_map(&run->scratch, text, swap_case);
        break;
    case VERIFY_TURN_FIRST:
        text = turn_at(run, text, 0);
        break;
    case VERIFY_TURN_MIDDLE:
        text = turn_at(run, text, text.len / 2);
        break;
    case VERIFY_TURN_LAST:
        text = turn_at(run, text, text.len == 0 ? 0 : text.len - 1);
        break;
    case VERIFY_INVENT:
        text = csn_pool_map(&run->scratch, text, turned);
        break;
    case VERIFY_ABSOLUTE:
        text = verify_target(run, VERIFY_FORWARD, run->path);
        break;
    case VERIFY_OTHER_HOST:
        text = csn_pool_join(&run->scratch, run->scheme,
            CSN_SPAN("://countersign-verify.invalid"), run->path, none);
        break;
    case VERIFY_PATH_ONLY:
        text = run->path;
        break;
    case VERIFY_LONG:
        entry->shape = VERIFY_QUOTED;
        text = repeat(run, LONG_VALUE);
        break;
    case VERIFY_NOTHING:
    case VERIFY_SET:
    case VERIFY_SET_TOKEN:
    case VERIFY_SET_RAW:
    case VERIFY_DROP:
    case VERIFY_UNQUOTE:
    case VERIFY_ENQUOTE:
    case VERIFY_REPEAT:
    case VERIFY_REPEAT_OTHER:
    case VERIFY_OTHER_REPEAT:
        break;
    }
    entry->text = text;
}

void
verify_change_apply(verify_run *run, verify_form *form,
    const verify_change *change)
{
    verify_entry *entry = &form->entries[change->name];

    switch (change->how) {
    case VERIFY_NOTHING:
        break;
    case VERIFY_SET:
        entry->text = given(change);
        entry->shape = VERIFY_QUOTED;
        break;
    case VERIFY_SET_TOKEN:
        entry->text = given(change);
        entry->shape = VERIFY_TOKEN;
        break;
    case VERIFY_SET_RAW:
        entry->text = given(change);
        entry->shape = VERIFY_RAW;
        break;
    case VERIFY_DROP:
        entry->shape = VERIFY_ABSENT;
        break;
    case VERIFY_UNQUOTE:
        if (entry->shape == VERIFY_QUOTED && csn_is_token(entry->text))
            entry->shape = VERIFY_TOKEN;
        break;
    case VERIFY_ENQUOTE:
        if (entry->shape == VERIFY_TOKEN)
            entry->shape = VERIFY_QUOTED;
        break;
    case VERIFY_REPEAT:
        entry->twice = true;
        entry->again = entry->text;
        break;
    case VERIFY_REPEAT_OTHER:
        entry->twice = true;
        entry->again = given(change);
        break;
    case VERIFY_OTHER_REPEAT:
        entry->twice = true;
        entry->again = entry->text;
        entry->text = given(change);
        break;
    case VERIFY_APPEND:
    case VERIFY_CUT:
    case VERIFY_HALVE:
    case VERIFY_UPPER:
    case VERIFY_SWAP_CASE:
    case VERIFY_TURN_FIRST:
    case VERIFY_TURN_MIDDLE:
    case VERIFY_TURN_LAST:
    case VERIFY_INVENT:
    case VERIFY_ABSOLUTE:
    case VERIFY_OTHER_HOST:
    case VERIFY_PATH_ONLY:
    case VERIFY_LONG:
        change_text(run, entry, change);
        break;
    }
}

static void
apply_all(verify_run *run, const verify_try *one, verify_form *form, bool late)
{
    for (size_t i = 0; i < sizeof(one->changes) / sizeof(one->changes[0]);
         i++) {
        if (one->changes[i].late == late)
            verify_change_apply(run, form, &one->changes[i]);
    }
}

static void
run_try(verify_run *run, const verify_check *check, const verify_try *one,
    verify_result *result)
{
    verify_request request;
    verify_challenge challenge;
    verify_response response;
    verify_form form;

    if (!verify_prepare(run, 0, &request, &challenge, &form, 1, result))
        return;
    apply_all(run, one, &form, false);
    if (one->before != NULL)
        one->before(run, &form, &request);
    verify_form_sign(run, &form);
    apply_all(run, one, &form, true);
    if (one->after != NULL)
        one->after(run, &form, &request);
    if (request.line_count == 0)
        request.lines[request.line_count++] = verify_form_write(run, &form);
    response = verify_exchange(run, 0, &request);
    verify_judge(run, check, result, one->name, request.method, &response);
}

void
verify_run_tries(verify_run *run, const verify_check *check,
    verify_result *result)
{
    for (size_t i = 0; i < check->try_count; i++) {
        run_try(run, check, &check->tries[i], result);
        if (result->verdict == VERIFY_SKIPPED)
            return;
    }
}
