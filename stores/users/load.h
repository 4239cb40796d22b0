// SPDX-License-Identifier: MIT
#ifndef CSN_STORES_USERS_LOAD_H
#define CSN_STORES_USERS_LOAD_H

#include "row.h"

/* What a user file is, by its content. */
typedef enum csn_users_form {
    CSN_USERS_EMPTY, /* nothing in it: becomes either */
    CSN_USERS_SQLITE,
    CSN_USERS_TEXT
} csn_users_form;

/* Look at an open file; its position stays. CSN_OK; CSN_E_STORE. */
CSN_NODISCARD csn_status csn_users_recognise(int fd, csn_users_form *form,
    csn_users_error *error);

#endif
