// SPDX-License-Identifier: MIT
#include "content/transform.h"

bool
csn_gw_transform_has_work(TSVConn transform, TSEvent event)
{
    if (event == TS_EVENT_ERROR) {
        TSVIO in = TSVConnWriteVIOGet(transform);

        (void)TSContCall(TSVIOContGet(in), TS_EVENT_ERROR, in);
        return false;
    }
    if (event == TS_EVENT_VCONN_WRITE_COMPLETE) {
        TSVConnShutdown(TSTransformOutputVConnGet(transform), 0, 1);
        return false;
    }
    return true;
}
