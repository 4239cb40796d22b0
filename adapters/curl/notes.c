// SPDX-License-Identifier: MIT
#include "transfer.h"

void
csn_curl_note_leg(const csn_curl_transfer *transfer, const curl_leg *leg,
    csn_curl_note note)
{
    if (transfer->request.note == NULL)
        return;
    note.layer = leg->layer;
    note.peer = leg->peer_name;
    if (leg->space != NULL) { /* held by this leg, so both stay */
        note.user = leg->space->user;
        note.realm = leg->space->realm;
    }
    transfer->request.note(transfer->request.note_data, &note);
}
