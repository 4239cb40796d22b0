// SPDX-License-Identifier: MIT
#ifndef COUNTERSIGN_H
#define COUNTERSIGN_H

/*
 * libcountersign: HTTP authentication in which both ends prove themselves.
 * Start with server.h or client.h; examples/ has the smallest complete
 * program of each kind.
 */

#include <countersign/algorithm.h>
#include <countersign/client.h>
#include <countersign/counts.h>
#include <countersign/crypto.h>
#include <countersign/digest.h>
#include <countersign/field.h>
#include <countersign/key.h>
#include <countersign/layer.h>
#include <countersign/limits.h>
#include <countersign/server.h>
#include <countersign/span.h>
#include <countersign/status.h>

#endif
