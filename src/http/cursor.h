// SPDX-License-Identifier: MIT
#ifndef CSN_HTTP_CURSOR_H
#define CSN_HTTP_CURSOR_H

#include <countersign/field.h>

/*
 * For the scheme readers. The next parameter of the challenge, credentials
 * or Info field the cursor is in; CSN_END when there is none left: the next
 * csn_field_next then gives the next SCHEME or END. A token68 in place of
 * parameters is CSN_E_SYNTAX; no scheme before them, CSN_E_STATE.
 * After a failure `*event` is of no use.
 */
CSN_NODISCARD csn_status csn_field_next_param(csn_field_cursor *cursor,
    csn_field_event *event);

/*
 * Make the cursor fail, as if the grammar had, at the octet `at` of the line
 * it is in. Returns `status`.
 */
csn_status csn_field_fail(csn_field_cursor *cursor, csn_status status,
    const uint8_t *at);

#endif
