// SPDX-License-Identifier: MIT
#ifndef CSN_GW_TRANSFORM_H
#define CSN_GW_TRANSFORM_H

#include "plugin.h"

/**
 * What all transforms of a response do alike: pass on that its source failed,
 * and end when its taker has all. True: there is content to look at.
 */
bool csn_gw_transform_has_work(TSVConn transform, TSEvent event);

#endif
