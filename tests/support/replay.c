// SPDX-License-Identifier: MIT

/*
 * Runs a fuzz target over the files of its corpus, so that what was found
 * once is looked at by every ordinary test run. Each input is an exact heap
 * copy. A missing or an empty folder is a failure: then nothing was looked at.
 */

#include "../../fuzz/fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LARGEST_INPUT = 1 << 20 };

static void
run(const uint8_t *octets, size_t len)
{
    uint8_t *exact = malloc(len);

    if (exact == NULL && len > 0)
        abort();
    if (len > 0)
        memcpy(exact, octets, len);
    (void)LLVMFuzzerTestOneInput(exact, len);
    free(exact);
}

static int
run_file(const char *folder, const char *name)
{
    static uint8_t octets[LARGEST_INPUT];
    char path[4096];
    FILE *file;
    size_t len;

    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        return 1;
    }
    len = fread(octets, 1, sizeof(octets), file);
    (void)fclose(file);
    fprintf(stderr, "%s\n", name);
    run(octets, len);
    return 0;
}

int
main(int argc, char **argv)
{
    int inputs = 0, failed = 0;

    for (int i = 1; i < argc; i++) {
        DIR *folder = opendir(argv[i]);
        const struct dirent *entry;

        if (folder == NULL) {
            perror(argv[i]);
            return 1;
        }
        while ((entry = readdir(folder)) != NULL) {
            if (entry->d_name[0] == '.')
                continue;
            failed += run_file(argv[i], entry->d_name);
            inputs++;
        }
        (void)closedir(folder);
    }
    run(NULL, 0);
    printf("%d inputs\n", inputs);
    return failed > 0 || inputs == 0;
}
