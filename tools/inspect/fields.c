// SPDX-License-Identifier: MIT
#include "walk.h"

/* What can be wrong with any of the six fields as such. */

static csn_reason
reason_of(csn_status status, csn_field_kind kind)
{
    if (kind == CSN_FIELD_INFO)
        return CSN_R_INFO_MALFORMED;
    if (status == CSN_E_DUPLICATE)
        return CSN_R_REPEATED_PARAMETER;
    return status == CSN_E_LIMIT ? CSN_R_TOO_LARGE : CSN_R_MALFORMED;
}

/* What was read before the failure: that is easier to find than an octet. */
static const char *
find_place(inspect_walk *walk, const inspect_params *params)
{
    const inspect_param *last;

    if (params->count == 0)
        return "at the beginning";
    last = &params->items[params->count - 1];
    return csn_pool_format(walk->pool, "the parameters before it end with %s",
        inspect_visible(walk->pool, last->name));
}

void
inspect_say_unreadable(inspect_walk *walk, const inspect_params *params,
    csn_field_kind kind)
{
    static const char *const fields[] = { "challenge", "credentials", "info" };
    inspect_finding *finding;

    if (params->status == CSN_OK)
        return;
    if (params->is_digest &&
        inspect_params_algorithm(params) == CSN_ALG_UNKNOWN &&
        params->status == CSN_E_LENGTH)
        return;
    finding = inspect_say(&walk->report, INSPECT_WRONG, fields[kind],
        reason_of(params->status, kind), "does not read: %s (%s)",
        csn_status_text(params->status), find_place(walk, params));
    (void)inspect_blame(finding,
        params->status == CSN_E_DUPLICATE ? "repeated-parameter"
                                          : "malformed");
    finding->has_place = true;
    finding->line = params->line;
    finding->offset = params->offset;
}

/* How senders write a parameter (the table A.6 of RFC 7616, 3.3 to 3.5). */
typedef enum form { FORM_ANY, FORM_QUOTED, FORM_TOKEN } form;

static const struct {
    csn_span name;
    form of[CSN_FIELD_INFO + 1];
} forms[] = {
    { CSN_LIT("realm"), { FORM_QUOTED, FORM_QUOTED, FORM_ANY } },
    { CSN_LIT("domain"), { FORM_QUOTED, FORM_ANY, FORM_ANY } },
    { CSN_LIT("nonce"), { FORM_QUOTED, FORM_QUOTED, FORM_ANY } },
    { CSN_LIT("opaque"), { FORM_QUOTED, FORM_QUOTED, FORM_ANY } },
    { CSN_LIT("qop"), { FORM_QUOTED, FORM_TOKEN, FORM_TOKEN } },
    { CSN_LIT("algorithm"), { FORM_TOKEN, FORM_TOKEN, FORM_ANY } },
    { CSN_LIT("stale"), { FORM_TOKEN, FORM_ANY, FORM_ANY } },
    { CSN_LIT("username"), { FORM_ANY, FORM_QUOTED, FORM_ANY } },
    { CSN_LIT("username*"), { FORM_ANY, FORM_TOKEN, FORM_ANY } },
    { CSN_LIT("uri"), { FORM_ANY, FORM_QUOTED, FORM_ANY } },
    { CSN_LIT("response"), { FORM_ANY, FORM_QUOTED, FORM_ANY } },
    { CSN_LIT("cnonce"), { FORM_ANY, FORM_QUOTED, FORM_QUOTED } },
    { CSN_LIT("nc"), { FORM_ANY, FORM_TOKEN, FORM_TOKEN } },
    { CSN_LIT("nextnonce"), { FORM_ANY, FORM_ANY, FORM_QUOTED } },
    { CSN_LIT("rspauth"), { FORM_ANY, FORM_ANY, FORM_QUOTED } },
};

void
inspect_check_quoting(inspect_walk *walk, const inspect_params *params,
    csn_field_kind kind)
{
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        const inspect_param *param = inspect_param_find(params, forms[i].name);
        const form want = forms[i].of[kind];

        if (param == NULL || want == FORM_ANY ||
            param->value.quoted == (want == FORM_QUOTED))
            continue;
        (void)inspect_blame(
            inspect_say(&walk->report, INSPECT_ODD,
                (const char *)forms[i].name.ptr, CSN_R_NONE,
                want == FORM_QUOTED
                    ? "stands without quotation marks; senders write them"
                    : "stands in quotation marks; senders write none"),
            "quoting");
    }
}
