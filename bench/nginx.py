#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The nginx module beside plain nginx, Basic, and other servers' Digest.

    COUNTERSIGN_BUILD=build /usr/bin/python3 bench/nginx.py

Each server has one worker (httpd: one process), one processor of its own and
the same page of 1 KiB; the load (bench/load: 32 connections that stay open,
all on one nonce) has another processor and judges every response. All are
asked in turns, so that what else the machine does falls on all. Told are the
medians: requests per second, processor time of the server for each request,
what that is above plain nginx in the same round, and how many were refused
and proved. `load` says how busy the load was: below 1, or it was the limit.
Ends with 1 when a right request was refused or one was not proved.
Needs nginx, apache2-bin and lighttpd, and two processors.
"""
import argparse
import base64
import hashlib
import json
import os
import pathlib
import statistics
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP / "tests" / "interop"))

from support.digest import ha1  # noqa: E402
from support.engines import (HTTPD_BASE, LOGIN,  # noqa: E402
                             PASSWORD, REALM, USER, Engine)
from support.nginx import BUILD, MODULE, NGINX  # noqa: E402

LOAD = BUILD / "bench" / "load"
PAGE = b"x" * 1023 + b"\n"

NGINX_CONF = """
{load}
daemon off;
worker_processes 1;
{user}
pid {folder}/pid;
error_log {folder}/error crit;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    open_file_cache max=16;
    keepalive_requests 1000000000;
    client_body_temp_path {folder}/a;
    proxy_temp_path {folder}/b;
    fastcgi_temp_path {folder}/c;
    uwsgi_temp_path {folder}/d;
    scgi_temp_path {folder}/e;
    server {{
        listen 127.0.0.1:{port};
        root {folder}/www;
        {login}
    }}
}}
"""

HTTPD_CONF = HTTPD_BASE + """
Listen 127.0.0.1:{port}
LogLevel crit
DocumentRoot "{folder}/www"
KeepAlive On
MaxKeepAliveRequests 0
KeepAliveTimeout 60
ThreadsPerChild 64
MaxRequestWorkers 64
<Directory "{folder}/www">
    AllowOverride None
    {login}
</Directory>
"""

HTTPD_DIGEST = """
    AuthType Digest
    AuthName "{realm}"
    AuthDigestProvider file
    AuthUserFile "{folder}/www/.users"
    Require valid-user
"""

LIGHTTPD_CONF = """
server.modules = ("mod_auth", "mod_authn_file")
server.document-root = "{folder}/www"
server.bind = "127.0.0.1"
server.port = {port}
server.max-keep-alive-requests = 1000000000
server.max-keep-alive-idle = 60
auth.backend = "htdigest"
auth.backend.htdigest.userfile = "{folder}/www/.users"
{login}
"""

LIGHTTPD_DIGEST = """
auth.require = ("/" => ("method" => "digest", "algorithm" => "SHA-256",
                        "realm" => "{realm}", "require" => "valid-user"))
"""




def htdigest(name):
    """Rows of an htdigest file with that hash."""
    return lambda user, password: \
        f"{user}:{REALM}:{ha1(user, REALM, password, name)}\n"


def htpasswd(user, password):
    """A row of an htpasswd file, with the hash that costs least."""
    digest = base64.b64encode(hashlib.sha1(password.encode()).digest())
    return f"{user}:{{SHA}}{digest.decode()}\n"


NGINX_COMMAND = [NGINX, "-c", "{conf}", "-p", "{folder}", "-e",
                 "{folder}/error"]
HTTPD_COMMAND = ["/usr/sbin/apache2", "-X", "-f", "{conf}"]
LIGHTTPD_COMMAND = ["/usr/sbin/lighttpd", "-D", "-f", "{conf}"]
BASIC = f'auth_basic "{REALM}"; auth_basic_user_file {{folder}}/www/.users;'
OURS = (f'countersign "{REALM}"; countersign_users {{folder}}/www/.users; '
        "countersign_nonce_life 1h;")

# name, command, configuration, its login, how the load logs in, user rows
SERVERS = [
    ("nginx", NGINX_COMMAND, NGINX_CONF, "", "none", htdigest("SHA-256")),
    ("nginx, auth_basic", NGINX_COMMAND, NGINX_CONF, BASIC, "basic",
     htpasswd),
    ("nginx, countersign", NGINX_COMMAND, NGINX_CONF, OURS, "digest",
     htdigest("SHA-256")),
    ("httpd", HTTPD_COMMAND, HTTPD_CONF, "Require all granted", "none",
     htdigest("MD5")),
    ("httpd, mod_auth_digest", HTTPD_COMMAND, HTTPD_CONF, HTTPD_DIGEST,
     "digest", htdigest("MD5")),
    ("lighttpd", LIGHTTPD_COMMAND, LIGHTTPD_CONF, "", "none",
     htdigest("SHA-256")),
    ("lighttpd, Digest", LIGHTTPD_COMMAND, LIGHTTPD_CONF, LIGHTTPD_DIGEST,
     "digest", htdigest("SHA-256")),
]
PLAIN, OURS_NAME = SERVERS[0][0], SERVERS[2][0]


def identity(engine):
    """Who serves, when root starts it."""
    if os.geteuid() != 0:
        return ""
    return {NGINX_CONF: "user root;",
            HTTPD_CONF: "User www-data\nGroup www-data"}.get(engine, "")


class Server(Engine):
    """One of them, and what was measured of it."""

    def __init__(self, users, name, command, conf, login, way, row):
        self.name = name
        self.way = way
        self.rounds = []
        rows = [row(f"other{n}", "x") for n in range(users - 1)]
        rows.insert(users // 2, row(USER, PASSWORD))
        super().__init__(
            command, conf.replace("{login}", login), page=PAGE,
            users="".join(rows), user=identity(conf),
            load=f"load_module {MODULE};" if login == OURS else "")

    def processes(self):
        found = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(self.process.pid)],
            capture_output=True, text=True, check=False).stdout.split()
        return [self.process.pid, *map(int, found)]

    def used_s(self):
        """Processor time of all its threads."""
        total = 0
        for pid in self.processes():
            for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
                total += int((task / "schedstat").read_text().split()[0])
        return total / 1e9

    def measure(self, seconds):
        before = self.used_s()
        done = subprocess.run(
            [LOAD, "-a", self.way, "-u", LOGIN, "-s", str(seconds),
             self.url + "/page"], capture_output=True, text=True, check=False)
        used = self.used_s() - before
        if done.returncode != 0:
            raise SystemExit(f"{self.name}: {done.stderr}")
        told = json.loads(done.stdout)
        told["rate"] = told["requests"] / told["seconds"]
        told["cpu"] = used / max(told["requests"], 1) * 1e6
        self.rounds.append(told)

    def median(self, what):
        return statistics.median(one[what] for one in self.rounds)

    def total(self, what):
        return sum(one[what] for one in self.rounds)


def added(server, plain):
    return statistics.median(
        one["cpu"] - other["cpu"]
        for one, other in zip(server.rounds, plain.rounds))


def report(users, servers):
    """Print the table; false when ours refused or failed to prove."""
    by_name = {server.name: server for server in servers}
    print(f"\n{users} users{'':17} requests/s  us each  added  load  "
          "refused   proved")
    for name, server in by_name.items():
        plain = by_name[name.split(",")[0]]
        print(f"{name:25} {server.median('rate'):10.0f} "
              f"{server.median('cpu'):8.2f} {added(server, plain):6.2f} "
              f"{server.median('busy'):5.2f} {server.total('refused'):8} "
              f"{server.total('proved') / server.total('requests'):7.0%}")
    ours = by_name[OURS_NAME]
    return ours.total("refused") + ours.total("other") == 0 and \
        ours.total("proved") == ours.total("requests")


def compare(users, options):
    servers = []
    try:
        os.sched_setaffinity(0, {options.cpus[0]})
        for kind in SERVERS:
            servers.append(Server(users, *kind))
        os.sched_setaffinity(0, {options.cpus[1]})
        for number in range(options.runs + 1):
            for server in servers:
                server.measure(options.seconds if number else 0.3)
                if number == 0:
                    server.rounds.clear()  # that warmed it up
        return report(users, servers)
    finally:
        for server in servers:
            server.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--users", type=int, nargs="+", default=[1, 1000])
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=1.5)
    options = parser.parse_args()
    options.cpus = sorted(os.sched_getaffinity(0))[:2]
    if len(options.cpus) < 2:
        raise SystemExit("two processors are needed")
    if not all([compare(users, options) for users in options.users]):
        raise SystemExit("a right request was refused or not proved")


if __name__ == "__main__":
    main()
