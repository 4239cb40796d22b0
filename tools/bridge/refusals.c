// SPDX-License-Identifier: MIT
#include "bridge.h"

#include "common/note.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_REASONS = 16 };

/* One reason, and the last request it was given for. */
typedef struct refusal {
    char reason[48];
    char what[320];
    unsigned count;
} refusal;

static void
take_line(refusal list[MAX_REASONS], const char *line)
{
    json_t *entry = json_loads(line, 0, NULL);
    const char *reason = json_string_value(json_object_get(entry, "reason"));
    const char *method = json_string_value(json_object_get(entry, "method"));
    const char *target = json_string_value(json_object_get(entry, "target"));

    for (size_t i = 0; reason != NULL && i < MAX_REASONS; i++) {
        refusal *at = &list[i];

        if (at->count > 0 && strcmp(at->reason, reason) != 0)
            continue;
        at->count++;
        snprintf(at->reason, sizeof(at->reason), "%s", reason);
        snprintf(at->what, sizeof(at->what), "%s %s",
            method != NULL ? method : "", target != NULL ? target : "");
        break;
    }
    json_decref(entry);
}

void
csn_bridge_say_refusals(const char *path)
{
    refusal list[MAX_REASONS] = { 0 };
    FILE *log = fopen(path, "re");
    char *line = NULL;
    size_t size = 0;

    if (log == NULL)
        return;
    while (getline(&line, &size, log) > 0)
        take_line(list, line);
    free(line);
    fclose(log);
    for (size_t i = 0; i < MAX_REASONS && list[i].count > 0; i++)
        csn_note("%u %s refused: %s; the last: %s", list[i].count,
            list[i].count == 1 ? "request was" : "requests were",
            list[i].reason, list[i].what);
}
