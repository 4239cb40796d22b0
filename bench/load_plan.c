// SPDX-License-Identifier: MIT
#include "load_plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

load_plan_t load_plan = { .way = LOAD_DIGEST, .seconds = 3, .peers = 32 };

_Noreturn void
load_die(const char *what)
{
    fprintf(stderr, "load: %s\n", what);
    exit(1);
}

static load_way
read_way(const char *text)
{
    static const char *const names[] = { "none", "basic", "digest" };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(text, names[i]) == 0)
            return (load_way)i;
    }
    load_die("-a needs none, basic or digest");
}

static void
read_login(char *text)
{
    char *colon = strchr(text, ':');

    if (colon == NULL)
        load_die("-u needs USER:PASSWORD");
    load_plan.user = (csn_span){ (uint8_t *)text, (size_t)(colon - text) };
    load_plan.password = (csn_span){ (uint8_t *)colon + 1, strlen(colon + 1) };
}

static void
read_proxy(const char *text)
{
    char *url = malloc(strlen(text) + sizeof("http://"));

    if (url == NULL)
        load_die("no memory");
    sprintf(url, "http://%s", text);
    if (!load_url_read(url, &load_plan.to))
        load_die("-x needs HOST:PORT");
    load_plan.layer = CSN_LAYER_PROXY;
}

void
load_plan_read(int argc, char **argv)
{
    int option;

    while ((option = getopt(argc, argv, "c:s:a:u:x:")) != -1) {
        if (option == 'c')
            load_plan.peers = strtoul(optarg, NULL, 10);
        else if (option == 's')
            load_plan.seconds = strtod(optarg, NULL);
        else if (option == 'a')
            load_plan.way = read_way(optarg);
        else if (option == 'u')
            read_login(optarg);
        else if (option == 'x')
            read_proxy(optarg);
        else
            exit(2);
    }
    if (optind + 1 != argc || !load_url_read(argv[optind], &load_plan.url))
        load_die("needs http://HOST:PORT/PATH");
    if (load_plan.peers == 0 || load_plan.peers > LOAD_PEERS)
        load_die("-c needs 1 to 1024");
    if (load_plan.to.port == 0)
        load_plan.to = load_plan.url;
    if (load_plan.way != LOAD_NONE && load_plan.user.len == 0)
        load_die("a login needs -u");
    load_plan.target = load_plan.layer == CSN_LAYER_PROXY
        ? (csn_span){ (uint8_t *)argv[optind], strlen(argv[optind]) }
        : load_plan.url.path;
}
