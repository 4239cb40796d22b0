// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_LAYER_H
#define COUNTERSIGN_LAYER_H

#include <countersign/span.h>

CSN_BEGIN_C

/** Which layer asks (RFC 9110, 11.6 and 11.7). */
typedef enum csn_layer {
    CSN_LAYER_ORIGIN, /* 401, WWW-Authenticate, Authorization */
    CSN_LAYER_PROXY   /* 407, Proxy-Authenticate, Proxy-Authorization */
} csn_layer;

/** Field names of a layer, in the RFC's spelling. */
CSN_API csn_span csn_layer_challenge_field(csn_layer layer);
CSN_API csn_span csn_layer_credentials_field(csn_layer layer);
CSN_API csn_span csn_layer_info_field(csn_layer layer);

CSN_END_C

#endif
