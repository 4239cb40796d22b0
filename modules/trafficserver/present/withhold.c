// SPDX-License-Identifier: MIT
#include "present/present.h"

#include "content/content.h"
#include "content/transform.h"

#include <countersign/crypto_openssl.h>

#include <stdlib.h>
#include <string.h>

/*
 * After auth-int a hop's proof covers its content too: a transform holds all
 * of it back until it is proved (up to --proof-limit), and gives the client
 * 502 in its place where it is not. The engine makes the header when the
 * first octet is given on.
 */

typedef struct csn_gw_withheld {
    csn_gw_present *present; /* NULL once the transaction closed */
    bool refused;
    csn_openssl_hash *sums[CSN_GW_LEGS];
    TSIOBuffer buffer;
    TSIOBufferReader reader;
    TSVIO out;    /* NULL while it is held back */
    size_t taken; /* octets held */
} withheld;

static void
drop(withheld *self)
{
    csn_gw_content_give(self->taken);
    for (unsigned i = 0; i < CSN_GW_LEGS; i++)
        csn_openssl_hash_free(self->sums[i]);
    TSIOBufferDestroy(self->buffer);
    free(self);
}

static void
give(withheld *self, TSVConn transform)
{
    self->out = TSVConnWrite(TSTransformOutputVConnGet(transform), transform,
        self->reader, TSIOBufferReaderAvail(self->reader));
}

/* What was held is not shown, and what comes yet neither. */
static void
refuse(withheld *self, TSVConn transform, const csn_gw_leg *leg,
    csn_reason reason)
{
    static const char page[] = "502 Bad Gateway\n";

    self->refused = true;
    if (self->present != NULL)
        csn_gw_present_refuse(self->present, leg, reason);
    TSIOBufferReaderConsume(self->reader, TSIOBufferReaderAvail(self->reader));
    (void)TSIOBufferWrite(self->buffer, page, (int64_t)strlen(page));
    give(self, transform);
}

static void
judge(withheld *self, TSVConn transform)
{
    uint8_t digest[CSN_MAX_DIGEST];

    for (unsigned i = 0; self->present != NULL && i < CSN_GW_LEGS; i++) {
        csn_gw_leg *leg = &self->present->legs[i];
        csn_reason reason;

        if (self->sums[i] == NULL)
            continue;
        if (csn_openssl_hash_digest(self->sums[i], digest) != CSN_OK) {
            refuse(self, transform, leg, CSN_R_INTERNAL);
            return;
        }
        if (!csn_gw_leg_is_proved(leg, digest, &reason)) {
            refuse(self, transform, leg, reason);
            return;
        }
    }
    give(self, transform);
}

static bool
keep(withheld *self, csn_span data)
{
    if (self->taken + data.len > csn_gateway.settings.proof_limit ||
        !csn_gw_content_take(data.len))
        return false;
    self->taken += data.len;
    for (unsigned i = 0; i < CSN_GW_LEGS; i++) {
        if (self->sums[i] != NULL &&
            csn_openssl_hash_update(self->sums[i], data) != CSN_OK)
            return false;
    }
    (void)TSIOBufferWrite(self->buffer, data.ptr, (int64_t)data.len);
    return true;
}

/* Take in what there is; returns how many octets. */
static int64_t
take_in(withheld *self, TSVConn transform, TSVIO in)
{
    TSIOBufferReader reader = TSVIOReaderGet(in);
    int64_t done = 0;

    while (TSIOBufferReaderAvail(reader) > 0 && TSVIONTodoGet(in) > 0) {
        int64_t len;
        const char *octets = TSIOBufferBlockReadStart(
            TSIOBufferReaderStart(reader), reader, &len);

        if (len > TSVIONTodoGet(in))
            len = TSVIONTodoGet(in);
        if (self->out == NULL &&
            !keep(self, (csn_span){ (const uint8_t *)octets, (size_t)len }))
            refuse(self, transform, &self->present->legs[0],
                CSN_R_CONTENT_TOO_LARGE);
        TSIOBufferReaderConsume(reader, len);
        TSVIONDoneSet(in, TSVIONDoneGet(in) + len);
        done += len;
    }
    return done;
}

static void
work(withheld *self, TSVConn transform)
{
    TSVIO in = TSVConnWriteVIOGet(transform);
    int64_t done;

    if (TSVIOBufferGet(in) == NULL) /* see hold_response.c: none comes */
        return;
    done = take_in(self, transform, in);
    if (TSVIONTodoGet(in) > 0) {
        if (done > 0)
            (void)TSContCall(TSVIOContGet(in), TS_EVENT_VCONN_WRITE_READY, in);
        return;
    }
    if (self->out == NULL)
        judge(self, transform);
    (void)TSContCall(TSVIOContGet(in), TS_EVENT_VCONN_WRITE_COMPLETE, in);
}

static int
on_event(TSCont transform, TSEvent event, void *data)
{
    withheld *self = TSContDataGet(transform);

    (void)data;
    if (TSVConnClosedGet(transform)) {
        if (self->present != NULL)
            self->present->withheld = NULL;
        drop(self);
        TSContDestroy(transform);
        return 0;
    }
    if (csn_gw_transform_has_work(transform, event))
        work(self, transform);
    return 0;
}

bool
csn_gw_withhold(csn_gw_present *present)
{
    withheld *self = calloc(1, sizeof(*self));
    TSVConn transform;

    if (self == NULL)
        return false;
    self->present = present;
    self->buffer = TSIOBufferCreate();
    self->reader = TSIOBufferReaderAlloc(self->buffer);
    for (unsigned i = 0; i < CSN_GW_LEGS; i++) {
        csn_gw_leg *leg = &present->legs[i];

        if (leg->hop == NULL || !leg->pending)
            continue;
        self->sums[i] = csn_openssl_hash_new(
            csn_algorithm_hash(csn_client_attempt_algorithm(&leg->attempt)));
        if (self->sums[i] == NULL) {
            drop(self);
            return false;
        }
    }
    present->withheld = self;
    transform = TSTransformCreate(on_event, present->txn);
    TSContDataSet(transform, self);
    TSHttpTxnHookAdd(present->txn, TS_HTTP_RESPONSE_TRANSFORM_HOOK, transform);
    return true;
}

void
csn_gw_withheld_close(csn_gw_present *present)
{
    if (present->withheld != NULL)
        present->withheld->present = NULL;
}

bool
csn_gw_withheld_is_refused(const csn_gw_present *present)
{
    return present->withheld != NULL && present->withheld->refused;
}
