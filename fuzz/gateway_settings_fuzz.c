// SPDX-License-Identifier: MIT
#include "fuzz.h"

#include "settings/address.h"

#include <sys/mman.h>
#include <unistd.h>

/*
 * The gateway's settings. What a line of the command line or of a file may
 * say is taken or refused with a reason; what was taken is the same when it
 * is handed to the plugin and written again; an address that reads is the
 * same when it is printed and read again.
 */

enum { MAX_TEXT = 1 << 16 };

/* A file of this content, by a path. */
static int
make_file(const void *text, size_t len, char path[64])
{
    int fd = memfd_create("settings", MFD_CLOEXEC);

    FUZZ_HOLDS(fd >= 0);
    for (size_t done = 0; done < len;) {
        ssize_t more = write(fd, (const char *)text + done, len - done);

        FUZZ_HOLDS(more > 0);
        done += (size_t)more;
    }
    snprintf(path, 64, "/proc/self/fd/%d", fd);
    return fd;
}

static char *
saved(const csn_gw_settings *settings, size_t *len)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, len);

    FUZZ_HOLDS(out != NULL);
    csn_gw_settings_save(settings, out);
    FUZZ_HOLDS(fclose(out) == 0);
    return text;
}

/* What the launcher hands to the plugin arrives as it was. */
static void
check_handover(const csn_gw_settings *settings)
{
    static csn_gw_settings again;
    csn_gw_error error = { "" };
    char path[64];
    size_t len;
    size_t len_again;
    char *text = saved(settings, &len);
    char *text_again;
    int fd = make_file(text, len, path);

    csn_gw_settings_init(&again);
    FUZZ_HOLDS(csn_gw_settings_load(&again, path, &error));
    close(fd);
    text_again = saved(&again, &len_again);
    FUZZ_HOLDS(len == len_again && memcmp(text, text_again, len) == 0);
    free(text);
    free(text_again);
}

static void
check_net(const char *text)
{
    csn_gw_net net;
    csn_gw_net again;
    csn_gw_error error = { "" };
    char printed[80];

    memset(&net, 0, sizeof(net));
    memset(&again, 0, sizeof(again));
    if (!csn_gw_net_parse(text, &net, &error)) {
        FUZZ_HOLDS(error.text[0] != '\0');
        return;
    }
    FUZZ_HOLDS(csn_gw_net_holds(&net, net.address, net.port));
    csn_gw_net_print(&net, printed);
    FUZZ_HOLDS(csn_gw_net_parse(printed, &again, &error));
    FUZZ_HOLDS(memcmp(net.address, again.address, 16) == 0);
    FUZZ_HOLDS(net.prefix == again.prefix && net.port == again.port);
}

static void
check_listen(const char *text)
{
    csn_gw_listen listen = { .fd = -1 };
    csn_gw_listen again = { .fd = -1 };
    csn_gw_error error = { "" };

    if (!csn_gw_listen_parse(text, &listen, &error)) {
        FUZZ_HOLDS(error.text[0] != '\0');
        return;
    }
    FUZZ_HOLDS(csn_gw_listen_parse(listen.text, &again, &error));
    FUZZ_HOLDS(
        memcmp(&listen.address, &again.address, sizeof(again.address)) == 0);
    FUZZ_HOLDS(strcmp(listen.text, again.text) == 0);
}

static void
check_origin(const char *text)
{
    csn_gw_origin origin;
    csn_gw_error error = { "" };

    if (!csn_gw_origin_parse(text, &origin, &error)) {
        FUZZ_HOLDS(error.text[0] != '\0');
        return;
    }
    FUZZ_HOLDS(origin.present && origin.port != 0);
    FUZZ_HOLDS(origin.host[0] != '\0');
    FUZZ_HOLDS(strpbrk(origin.host, "/?#@ \t\r\n\"") == NULL);
}

/* Each line as a setting of the command line; a value may be missing. */
static void
set_lines(csn_gw_settings *settings, char *text)
{
    char *save = NULL;

    for (char *line = strtok_r(text, "\n", &save); line != NULL;
         line = strtok_r(NULL, "\n", &save)) {
        csn_gw_error error = { "" };
        char *value = strchr(line, '=');

        if (value != NULL)
            *value++ = '\0';
        if (!csn_gw_settings_set(settings, line, value, &error))
            FUZZ_HOLDS(error.text[0] != '\0');
        if (value == NULL)
            continue;
        check_net(value);
        check_listen(value);
        check_origin(value);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static csn_gw_settings settings;
    static char text[MAX_TEXT];
    csn_gw_error error = { "" };
    char path[64];
    int fd;

    if (size >= sizeof(text))
        return 0;
    fd = make_file(data, size, path);
    csn_gw_settings_init(&settings);
    if (!csn_gw_settings_read(&settings, path, &error))
        FUZZ_HOLDS(strstr(error.text, path) != NULL);
    close(fd);

    memcpy(text, data, size);
    text[size] = '\0';
    csn_gw_settings_init(&settings);
    set_lines(&settings, text);
    if (csn_gw_settings_finish(&settings, &error))
        check_handover(&settings);
    else
        FUZZ_HOLDS(error.text[0] != '\0');
    return 0;
}
