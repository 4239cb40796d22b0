// SPDX-License-Identifier: MIT
#include "info.h"

#include "core/ct.h"

#include <countersign/field.h>

csn_span
verify_info_text(const verify_info *info, const char *name)
{
    const verify_param *param = verify_param_find(&info->params,
        csn_text_of(name));

    return param == NULL ? (csn_span){ NULL, 0 } : param->text;
}

static bool
has(const verify_info *info, const char *name)
{
    return verify_param_find(&info->params, csn_text_of(name)) != NULL;
}

/* F-18: everything that makes a proof of nothing. */
static void
judge(verify_run *run, const verify_form *form,
    const verify_response *response, verify_info *info)
{
    const csn_span qop = form->entries[VERIFY_QOP].text;
    const csn_span said = verify_info_text(info, "qop");
    csn_span right, rspauth;
    uint8_t wrong = 0;

    info->proof = VERIFY_WRONG;
    if (info->status != CSN_OK || info->lines != 1) {
        info->reason = CSN_R_INFO_MALFORMED;
        info->text = "the Info field cannot be used";
        return;
    }
    if (!has(info, "rspauth")) {
        info->proof = has(info, "qop") ? VERIFY_WRONG : VERIFY_NO_PROOF;
        info->reason = CSN_R_NO_RSPAUTH;
        info->text = has(info, "nextnonce") ? "nextnonce, but no rspauth"
                                            : "no rspauth";
        return;
    }
    if (said.len != 0 && !csn_text_same(said, qop) &&
        csn_text_same(qop, CSN_SPAN("auth-int"))) {
        info->reason = CSN_R_QOP_WRONG;
        info->text = "qop is not the one sent";
        return;
    }
    if (csn_text_same(qop, CSN_SPAN("auth-int")) && !response->body_whole) {
        info->proof = VERIFY_NO_PROOF;
        info->reason = CSN_R_CONTENT_TOO_LARGE;
        info->text = "content that is too long to be hashed here";
        return;
    }
    right = verify_form_rspauth(run, form, response->body);
    rspauth = csn_pool_map(&run->scratch, verify_info_text(info, "rspauth"),
        csn_octet_lower);
    for (size_t i = 0; i < right.len && right.len == rspauth.len; i++)
        wrong |= right.ptr[i] ^ rspauth.ptr[i];
    info->proof = wrong == 0 && right.len == rspauth.len ? VERIFY_PROVED
                                                         : VERIFY_WRONG;
    info->reason = info->proof == VERIFY_PROVED ? CSN_R_NONE
                                                : CSN_R_RSPAUTH_WRONG;
    info->text = info->proof == VERIFY_PROVED ? "rspauth is right"
                                              : "rspauth is wrong";
}

verify_info
verify_info_read(verify_run *run, const verify_form *form,
    const verify_response *response)
{
    const csn_span name = csn_layer_info_field(run->layer);
    const csn_span *line = verify_field_find(&response->fields, name);
    verify_info info = { .text = "no Info field", .reason = CSN_R_NO_INFO };

    info.lines = verify_field_count(&response->fields, name) +
        verify_field_count(&response->trailer, name);
    if (line == NULL) {
        line = verify_field_find(&response->trailer, name);
        info.trailer = line != NULL;
    }
    if (line == NULL)
        return info;
    info.status = verify_params_read(&run->scratch, CSN_FIELD_INFO, *line,
        &info.params);
    judge(run, form, response, &info);
    return info;
}

void
verify_info_judge(verify_run *run, const verify_check *check,
    const verify_info *info, const verify_response *response,
    verify_result *result)
{
    result->reason = info->reason;
    switch (info->proof) {
    case VERIFY_PROVED:
        verify_pass(run, check, result, "%s in %u%s", info->text,
            response->status, info->trailer ? ", in the trailer" : "");
        break;
    case VERIFY_WRONG:
        verify_miss_at(run, VERIFY_MUST, result, "%s in %u", info->text,
            response->status);
        break;
    case VERIFY_NO_INFO:
    case VERIFY_NO_PROOF:
        verify_miss_at(run, VERIFY_PROFILE, result, "%s in %u", info->text,
            response->status);
        break;
    }
}
