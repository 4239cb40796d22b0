// SPDX-License-Identifier: MIT
#ifndef CSN_STORES_COMMON_REPLACE_H
#define CSN_STORES_COMMON_REPLACE_H

#include <countersign/span.h>
#include <countersign/status.h>

#include <sys/stat.h>

/*
 * Give a file new content, all or nothing: whoever opens it, also after a
 * crash or a power cut, finds the old content or the new. The content is
 * written beside it (`PATH.XXXXXX`, mode 0600 from its first octet on),
 * brought to disk and then given the name.
 *
 * In:      `like`, whose mode and owner the file keeps; NULL: the file must
 *          be new, and gets 0600.
 * Returns: CSN_OK; CSN_E_STATE, `like` is NULL and there is such a file;
 *          CSN_E_STORE, errno says why. Nothing changed then, unless the
 *          last step alone failed, which brings the folder to disk.
 */
CSN_NODISCARD csn_status csn_file_replace(const char *path, csn_span content,
    const struct stat *like);

#endif
