// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_LIMITS_H
#define COUNTERSIGN_LIMITS_H

/*
 * Named limits and defaults (project). Every one bounds what a peer can cause;
 * none can be raised at run time. Lengths are octets after unquoting.
 */

#define CSN_MAX_FIELD 8192    /* one authentication field, lines combined */
#define CSN_MAX_CHALLENGES 16 /* challenges looked at in one field */
#define CSN_MAX_PARAMS 32     /* parameters of one challenge or field */
#define CSN_MAX_EMPTY 64      /* empty list elements in one field */
#define CSN_MAX_NAME 64       /* a parameter or scheme name */
#define CSN_MAX_VALUE 4096    /* a parameter value */
#define CSN_MAX_NONCE 512
#define CSN_MAX_CNONCE 256
#define CSN_MAX_USER 1024
#define CSN_MAX_REALM 256  /* of our own realms, and of those answered */
#define CSN_MAX_OPAQUE 512 /* a client answers no longer one */
#define CSN_MAX_SITE 256   /* site label covered by the nonce's MAC */
#define CSN_MAX_HOST 255   /* RFC 1035, 2.3.4 */

#define CSN_NONCE_LIFE_MS 300000u
#define CSN_NEXT_BEFORE_MS 30000u
#define CSN_OLD_GRACE_MS 30000u
#define CSN_ONE_TIME_LIFE_MS 60000u
#define CSN_RETRY_MAX 2

#endif
