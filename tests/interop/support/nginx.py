# SPDX-License-Identifier: MIT
"""nginx with our module, by default two workers, private to a test."""
import os
import pathlib
import signal
import subprocess
import time

from support import digest, wire
from support.engines import PASSWORD, REALM, USER, Engine

TOP = pathlib.Path(__file__).resolve().parents[3]
BUILD = pathlib.Path(os.environ.get("COUNTERSIGN_BUILD", TOP / "build/plain"))
# Another nginx than Debian's, and its module: the same path where it is built
# in.
NGINX = os.environ.get("COUNTERSIGN_NGINX", "/usr/sbin/nginx")
MODULE = pathlib.Path(os.environ.get(
    "COUNTERSIGN_NGINX_MODULE",
    BUILD / "modules" / "nginx" / "ngx_http_countersign_module.so"))

# reuseport: connections spread over the workers by their ports, not by who is
# awake first.
CONF = """
load_module {module};
daemon off;
master_process on;
worker_processes {workers};
{user}
pid {folder}/pid;
error_log {folder}/error info;
events {{}}
http {{
    log_format found '$remote_user|$countersign_user|$countersign_result|'
        '$countersign_algorithm|$countersign_nonce_age|$countersign_nc|'
        '$status|$request';
    access_log {folder}/access found;
    client_body_temp_path {folder}/a;
    proxy_temp_path {folder}/b;
    fastcgi_temp_path {folder}/c;
    uwsgi_temp_path {folder}/d;
    scgi_temp_path {folder}/e;
    add_header X-Worker $pid always;
    countersign_users {folder}/www/.users;
    countersign_zone logins:1m;
    root {folder}/www;
    {http}
    server {{
        listen 127.0.0.1:{port} {listen} reuseport;
        {server}
    }}
}}
"""

if str(MODULE) == NGINX:
    CONF = CONF.replace("load_module {module};\n", "")


class Nginx(Engine):
    """`server`: what stands in its server block; by default one realm
    everywhere."""

    def __init__(self, server=None, http="", listen="", workers=2,
                 throttled=False, **keywords):
        self.address = None
        if not throttled:  # tests fail to log in more often than people
            http = "countersign_throttle off; " + http
        self.count = workers
        keywords.setdefault("user", "user root;" if os.geteuid() == 0 else "")
        super().__init__(
            [NGINX, "-c", "{conf}", "-p", "{folder}", "-e", "{folder}/error"],
            CONF, hash_name="SHA-256", module=MODULE, http=http,
            listen=listen, workers=workers,
            server=server or f'countersign "{REALM}";', **keywords)
        self.address = ("127.0.0.1", self.port)

    def wait(self):
        try:
            super().wait()
        except AssertionError as error:
            raise AssertionError(self.said()) from error

    def connection(self):
        return wire.Connection(self.address)

    def send(self, *arguments, credentials=None, fields=(), **keywords):
        """One exchange on a connection of its own."""
        fields = list(fields)
        if credentials is not None:
            fields.append(("Authorization", credentials))
        with self.connection() as connection:
            return connection.exchange(*arguments, fields=fields, **keywords)

    def login(self, target="/page", user=USER, password=PASSWORD):
        """A session from a fresh challenge."""
        got = self.send(target=target)
        assert got.status == 401, got
        return digest.Session(got.all("WWW-Authenticate"), user, password)

    def get(self, target="/page", method="GET", session=None, **keywords):
        """A whole login, or the next request of one: response and proof."""
        session = session or self.login(target)
        sent = session.credentials(method, target)
        got = self.send(method, target, credentials=sent, **keywords)
        info = got.all("Authentication-Info")
        return got, len(info) == 1 and session.proves(info[0], sent, target)

    def workers(self):
        """The ids of the workers of now."""
        found = subprocess.run(
            ["ps", "-o", "pid=,args=", "--ppid", str(self.process.pid)],
            capture_output=True, text=True, check=False).stdout.splitlines()
        return {line.split()[0] for line in found
                if "worker process" in line and "shutting" not in line}

    def reload(self):
        """Until there are new workers, and none of the old ones."""
        before = self.workers()
        self.process.send_signal(signal.SIGHUP)
        self.until(lambda: len(self.workers() - before) == self.count
                   and not self.workers() & before)

    def until(self, holds, within=10):
        end = time.monotonic() + within
        while not holds():
            assert time.monotonic() < end, self.said()
            time.sleep(0.01)

    def said(self):
        return (self.folder / "error").read_text(errors="replace")

    def logged(self):
        """The access log's lines, cut into fields."""
        return [line.split("|") for line in
                (self.folder / "access").read_text().splitlines()]

    def write_users(self, *rows):
        """(user, password) each; replaced as a whole."""
        path = self.folder / "www" / ".users"
        new = path.with_suffix(".new")
        new.write_text("".join(
            f"{user}:{REALM}:{digest.ha1(user, REALM, password)}\n"
            for user, password in rows))
        new.rename(path)
