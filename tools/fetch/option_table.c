// SPDX-License-Identifier: MIT
#include "option_table.h"

#include "options.h"

const char fetch_option_doc[] =
    "Fetch URLs by HTTP and HTTPS, log in with Digest, and see to it that the "
    "server, and the proxy, prove themselves in return."
    "\v"
    "POLICY is one of:\n"
    "  require  a response without a right proof is an error and its body is\n"
    "           not delivered\n"
    "  expect   (default) a wrong proof is an error; so is silence of a\n"
    "           server that proved itself before\n"
    "  off      proofs are looked at, and only reported\n"
    "\n"
    "INTEGRITY is one of:\n"
    "  off      (default) protect method and URL; the contents too (qop\n"
    "           auth-int) only where nothing else is offered\n"
    "  prefer   the contents too, wherever it is offered\n"
    "  require  never log in with less\n"
    "\n"
    "Without -u, COUNTERSIGN_USER=USER:PASSWORD is used if set, and "
    "COUNTERSIGN_PROXY_USER for the proxy.\n"
    "\n"
    "Exit: 0 done; 2 usage; 22 HTTP error with --fail; 67 login refused; 90 "
    "proof missing or wrong; otherwise what curl would say.";

enum {
    GROUP_REQUEST = 1,
    GROUP_OUTPUT,
    GROUP_LOGIN,
    GROUP_PROOF,
    GROUP_CONNECTION
};

#define AT(member) offsetof(fetch_options, member)

static const fetch_option_row rows[] = {
    { "request", 'X', ROW_TEXT, AT(method), "METHOD", "Use this method",
        GROUP_REQUEST },
    { "header", 'H', ROW_LINES, AT(headers), "LINE", "Send this header",
        GROUP_REQUEST },
    { "proxy-header", 0, ROW_LINES, AT(proxy_headers), "LINE",
        "Send this header to the proxy only", GROUP_REQUEST },
    { "upload-file", 'T', ROW_LIST, AT(uploads), "FILE",
        "PUT this file (- for standard input)", GROUP_REQUEST },
    { "get", 'G', ROW_FLAG, AT(as_get), NULL,
        "Put the data of -d into the URL", GROUP_REQUEST },
    { "head", 'I', ROW_FLAG, AT(head), NULL, "Ask for the header only",
        GROUP_REQUEST },
    { "range", 'r', ROW_TEXT, AT(range), "RANGE", "Ask for these octets",
        GROUP_REQUEST },
    { "user-agent", 'A', ROW_TEXT, AT(agent), "NAME", "Send this User-Agent",
        GROUP_REQUEST },
    { "referer", 'e', ROW_TEXT, AT(referer), "URL", "Send this Referer",
        GROUP_REQUEST },
    { "cookie", 'b', ROW_TEXT, AT(cookie), "NAME=VALUE", "Send this Cookie",
        GROUP_REQUEST },
    { "compressed", 0, ROW_FLAG, AT(compressed), NULL,
        "Ask for a compressed response and unpack it", GROUP_REQUEST },
    { "request-target", 0, ROW_TEXT, AT(target), "TARGET",
        "Send this in the request line instead of the URL's path",
        GROUP_REQUEST },
    { "path-as-is", 0, ROW_FLAG, AT(path_as_is), NULL,
        "Keep /../ and /./ in paths", GROUP_REQUEST },
    { "location", 'L', ROW_FLAG, AT(follow), NULL,
        "Follow redirects; logins stay with their origin", GROUP_REQUEST },
    { "max-redirs", 0, ROW_NUMBER, AT(max_redirs), "COUNT",
        "Follow at most so many (50)", GROUP_REQUEST },
    { "url", 0, ROW_LIST, AT(urls), "URL", "Fetch this URL too",
        GROUP_REQUEST },

    { "output", 'o', ROW_LIST, AT(outputs), "FILE",
        "Write the next URL's body to this file", GROUP_OUTPUT },
    { "remote-name-all", 0, ROW_FLAG, AT(remote_name_all), NULL,
        "Use -O for every URL without an output", GROUP_OUTPUT },
    { "output-dir", 0, ROW_TEXT, AT(output_dir), "DIR",
        "Put the files of -o and -O there", GROUP_OUTPUT },
    { "create-dirs", 0, ROW_FLAG, AT(create_dirs), NULL,
        "Make missing directories for -o", GROUP_OUTPUT },
    { "include", 'i', ROW_FLAG, AT(include), NULL,
        "Write the response's header before its body", GROUP_OUTPUT },
    { "fail", 'f', ROW_FLAG, AT(fail), NULL,
        "Exit with 22 on HTTP errors, without their body", GROUP_OUTPUT },
    { "silent", 's', ROW_FLAG, AT(silent), NULL,
        "No progress meter, no error messages", GROUP_OUTPUT },
    { "show-error", 'S', ROW_FLAG, AT(show_error), NULL,
        "Error messages also with -s", GROUP_OUTPUT },
    { "no-progress-meter", 0, ROW_FLAG, AT(no_progress), NULL,
        "No progress meter", GROUP_OUTPUT },
    { "verbose", 'v', ROW_FLAG, AT(verbose), NULL,
        "Tell in plain words what was asked, sent and proved", GROUP_OUTPUT },
    { "report", 0, ROW_TEXT, AT(report), "FILE",
        "Write what happened as JSON (- for standard output)", GROUP_OUTPUT },

    { "digest", 0, ROW_NOTHING, 0, NULL, "Taken for curl's sake: always on",
        GROUP_LOGIN },
    { "proxy-digest", 0, ROW_NOTHING, 0, NULL, "Taken for curl's sake too",
        GROUP_LOGIN },
    { "allow-md5", 0, ROW_FLAG, AT(allow_md5), NULL,
        "Answer MD5 challenges, after all others", GROUP_LOGIN },
    { "allow-step-down", 0, ROW_FLAG, AT(allow_step_down), NULL,
        "With --allow-md5: also where SHA-2 was offered before", GROUP_LOGIN },
    { "allow-no-qop", 0, ROW_FLAG, AT(allow_no_qop), NULL,
        "With --allow-md5: also without qop, which proves nothing",
        GROUP_LOGIN },
    { "raw-username", 0, ROW_FLAG, AT(raw_username), NULL,
        "Send a name that is not ASCII as it is, for old servers",
        GROUP_LOGIN },
    { "nfc-only", 0, ROW_FLAG, AT(nfc_only), NULL,
        "Leave full-width letters in names, and unusual spaces in passwords",
        GROUP_LOGIN },
    { "allow-plain-secrets", 0, ROW_FLAG, AT(allow_plain_secrets), NULL,
        "Let one login serve https and http", GROUP_LOGIN },

    { "proof", 0, ROW_POLICY, AT(proof), "POLICY",
        "What the origin's proof is worth", GROUP_PROOF },
    { "proxy-proof", 0, ROW_POLICY, AT(proxy_proof), "POLICY",
        "What the proxy's proof is worth", GROUP_PROOF },
    { "integrity", 0, ROW_INTEGRITY, AT(integrity), "INTEGRITY",
        "Whether the origin's login and proof cover the contents",
        GROUP_PROOF },
    { "proxy-integrity", 0, ROW_INTEGRITY, AT(proxy_integrity), "INTEGRITY",
        "Whether the proxy's login and proof cover the contents",
        GROUP_PROOF },
    { "max-held", 0, ROW_OCTETS, AT(max_held), "SIZE",
        "Most octets of a response that wait for their proof (1G)",
        GROUP_PROOF },
    { "proof-store", 0, ROW_TEXT, AT(proof_store), "FILE",
        "Remember there who proved himself", GROUP_PROOF },

    { "proxy", 'x', ROW_TEXT, AT(proxy), "[PROTOCOL://]HOST[:PORT]",
        "Use this proxy instead of the environment's", GROUP_CONNECTION },
    { "noproxy", 0, ROW_TEXT, AT(no_proxy), "HOSTS",
        "No proxy for these hosts", GROUP_CONNECTION },
    { "proxytunnel", 'p', ROW_FLAG, AT(tunnel), NULL,
        "Use CONNECT for http too", GROUP_CONNECTION },
    { "parallel", 'Z', ROW_FLAG, AT(parallel), NULL,
        "Fetch several URLs at once", GROUP_CONNECTION },
    { "parallel-max", 0, ROW_NUMBER, AT(parallel_max), "COUNT",
        "At most so many at once (50)", GROUP_CONNECTION },
    { "max-time", 'm', ROW_SECONDS, AT(max_time_ms), "SECONDS",
        "Longest time for one URL with all its repeats", GROUP_CONNECTION },
    { "connect-timeout", 0, ROW_SECONDS, AT(connect_timeout_ms), "SECONDS",
        "Longest time for a connection to stand", GROUP_CONNECTION },
    { "cacert", 0, ROW_TEXT, AT(cacert), "FILE", "Trust these certificates",
        GROUP_CONNECTION },
    { "insecure", 'k', ROW_FLAG, AT(insecure), NULL,
        "Do not check the server's certificate", GROUP_CONNECTION },
    { "proxy-cacert", 0, ROW_TEXT, AT(proxy_cacert), "FILE",
        "Trust these certificates of an https proxy", GROUP_CONNECTION },
    { "proxy-insecure", 0, ROW_FLAG, AT(proxy_insecure), NULL,
        "Do not check an https proxy's certificate", GROUP_CONNECTION },
    { "cert", 'E', ROW_TEXT, AT(cert), "FILE",
        "Client certificate and key (PEM)", GROUP_CONNECTION },
    { "key", 0, ROW_TEXT, AT(key), "FILE",
        "Key of the client certificate, when apart", GROUP_CONNECTION },
    { "resolve", 0, ROW_LINES, AT(resolve), "HOST:PORT:ADDRESS",
        "Use this address for that host", GROUP_CONNECTION },
    { "connect-to", 0, ROW_LINES, AT(connect_to), "HOST1:PORT1:HOST2:PORT2",
        "Connect to HOST2 when HOST1 is asked for", GROUP_CONNECTION },
    { "http1.1", 0, ROW_FLAG, AT(http_1_1), NULL, "HTTP/1.1 only",
        GROUP_CONNECTION },
    { "http2", 0, ROW_FLAG, AT(http_2), NULL, "HTTP/2 where possible",
        GROUP_CONNECTION },
    { "ipv4", '4', ROW_FLAG, AT(ipv4), NULL, "IPv4 only", GROUP_CONNECTION },
    { "ipv6", '6', ROW_FLAG, AT(ipv6), NULL, "IPv6 only", GROUP_CONNECTION },
};

/* Options that do more than keep an argument: see options.c. */
static const struct argp_option specials[] = {
    { NULL, 0, NULL, 0, "The request:", GROUP_REQUEST },
    { "data", 'd', "DATA", 0, "POST this; @FILE takes it from a file",
        GROUP_REQUEST },
    { "data-ascii", 'd', NULL, OPTION_ALIAS, NULL, GROUP_REQUEST },
    { "data-binary", KEY_DATA_BINARY, "DATA", 0,
        "POST this; @FILE is sent as it is", GROUP_REQUEST },
    { "data-raw", KEY_DATA_RAW, "DATA", 0, "POST this; @ means nothing",
        GROUP_REQUEST },
    { "json", KEY_JSON, "DATA", 0,
        "POST this as application/json; @FILE takes it from a file",
        GROUP_REQUEST },
    { NULL, 0, NULL, 0, "The response:", GROUP_OUTPUT },
    { "remote-name", 'O', NULL, 0,
        "Write the next URL's body to a file named as in the URL",
        GROUP_OUTPUT },
    { NULL, 0, NULL, 0, "Logging in:", GROUP_LOGIN },
    { "user", 'u', "USER[:PASSWORD]", 0,
        "Log in to the origin; asks for a password that is not given",
        GROUP_LOGIN },
    { "user-file", KEY_USER_FILE, "FILE", 0,
        "Read USER:PASSWORD from a file (- for standard input)", GROUP_LOGIN },
    { "proxy-user", 'U', "USER[:PASSWORD]", 0, "Log in to the proxy",
        GROUP_LOGIN },
    { "proxy-user-file", KEY_PROXY_USER_FILE, "FILE", 0,
        "Read USER:PASSWORD for the proxy from a file", GROUP_LOGIN },
    { NULL, 0, NULL, 0, "Proofs:", GROUP_PROOF },
    { NULL, 0, NULL, 0, "The connection:", GROUP_CONNECTION },
};

enum {
    ROW_COUNT = sizeof(rows) / sizeof(rows[0]),
    SPECIAL_COUNT = sizeof(specials) / sizeof(specials[0])
};

static int
key_of(size_t row)
{
    return rows[row].letter != 0 ? rows[row].letter : KEY_ROWS + (int)row;
}

const struct argp_option *
fetch_option_table(void)
{
    static struct argp_option table[SPECIAL_COUNT + ROW_COUNT + 1];

    for (size_t i = 0; i < SPECIAL_COUNT; i++)
        table[i] = specials[i];
    for (size_t i = 0; i < ROW_COUNT; i++)
        table[SPECIAL_COUNT + i] = (struct argp_option){
            .name = rows[i].name,
            .key = key_of(i),
            .arg = rows[i].argument,
            .doc = rows[i].help,
            .group = rows[i].group,
        };
    return table;
}

const fetch_option_row *
fetch_option_find(int key)
{
    for (size_t i = 0; i < ROW_COUNT; i++)
        if (key_of(i) == key)
            return &rows[i];
    return NULL;
}
