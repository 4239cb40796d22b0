// SPDX-License-Identifier: MIT
#include "passwd.h"

#include "common/exit.h"
#include "verbs.h"

#include <sys/prctl.h>

int
csn_cmd_passwd(int argc, char **argv)
{
    static int (*const actions[])(const passwd_options *options) = {
        [PASSWD_SET] = passwd_set,
        [PASSWD_LIST] = passwd_list,
        [PASSWD_REMOVE] = passwd_remove,
        [PASSWD_VERIFY] = passwd_verify,
        [PASSWD_IMPORT] = passwd_import,
        [PASSWD_EXPORT] = passwd_export,
    };
    passwd_options options;
    int code;

    passwd_options_parse(&options, argc, argv);
    /* No core file and no debugger while passwords are in memory. */
    (void)prctl(PR_SET_DUMPABLE, 0);
    code = actions[options.action](&options);
    (void)prctl(PR_SET_DUMPABLE, 1);
    return code;
}
