# SPDX-License-Identifier: MIT
"""Other people's servers and proxies, each private to a test: a folder of its
own, a loopback port of the system's, no service."""
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from support.digest import ha1

USER, PASSWORD, REALM = "tester", "open sesame", "test.example"
LOGIN = f"{USER}:{PASSWORD}"
START_S = 30


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Engine:
    """One of them, running; `url` is where it listens. `users`: the text of
    its user file, where that is not the one user in htdigest's form;
    `environment`: what it is to find there besides."""

    def __init__(self, command, conf, hash_name="MD5", page=b"inside\n",
                 users=None, environment=None, **values):
        # Not below pytest's folder: servers that give up root must read it.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="csn-engine-"))
        self.folder.chmod(0o777)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        (self.folder / "www").mkdir()
        (self.folder / "www" / "page").write_bytes(page)
        (self.folder / "www" / ".users").write_text(
            users or f"{USER}:{REALM}:"
            f"{ha1(USER, REALM, PASSWORD, hash_name)}\n")
        path = self.folder / "conf"
        path.write_text(conf.format(folder=self.folder, port=self.port,
                                    realm=REALM, **values))
        self.environment = {**os.environ, **(environment or {})}
        self.command = [part.format(conf=path, folder=self.folder)
                        for part in command]
        self.start()

    def start(self):
        with open(self.folder / "output", "ab") as log:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, env=self.environment)
        try:
            self.wait()
        except BaseException:
            self.close()  # nobody else has it yet
            raise

    def wait(self):
        end = time.monotonic() + START_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                said = (self.folder / "output").read_text(errors="replace")
                assert self.process.poll() is None, said
                assert time.monotonic() < end, said
                time.sleep(0.05)

    def stop(self, how=signal.SIGTERM):
        """End it; its exit status."""
        self.process.send_signal(how)
        try:
            return self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()

    def close(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


HTTPD_BASE = """
ServerRoot "{folder}"
ServerName localhost
PidFile "{folder}/pid"
DefaultRuntimeDir "{folder}"
Mutex file:{folder} default
ErrorLog "{folder}/error"
{user}
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authn_core_module /usr/lib/apache2/modules/mod_authn_core.so
LoadModule authn_file_module /usr/lib/apache2/modules/mod_authn_file.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule authz_user_module /usr/lib/apache2/modules/mod_authz_user.so
LoadModule auth_digest_module /usr/lib/apache2/modules/mod_auth_digest.so
StartServers 1
ServerLimit 1
"""

HTTPD = HTTPD_BASE + """
Listen 127.0.0.1:{port}
DocumentRoot "{folder}/www"
ThreadsPerChild 8
MaxRequestWorkers 8
<Directory "{folder}/www">
    AuthType Digest
    AuthName "{realm}"
    AuthDigestProvider file
    AuthUserFile "{folder}/www/.users"
    Require valid-user
    {more}
</Directory>
"""

LIGHTTPD = """
server.modules = ("mod_auth", "mod_authn_file")
server.document-root = "{folder}/www"
server.bind = "127.0.0.1"
server.port = {port}
auth.backend = "htdigest"
auth.backend.htdigest.userfile = "{folder}/www/.users"
auth.require = ("/" => ("method" => "digest", "algorithm" => "{algorithm}",
                        "realm" => "{realm}", {more}
                        "require" => "valid-user"))
"""

NGINX = """
daemon off;
master_process off;
pid {folder}/pid;
error_log {folder}/error;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/a;
    proxy_temp_path {folder}/b;
    fastcgi_temp_path {folder}/c;
    uwsgi_temp_path {folder}/d;
    scgi_temp_path {folder}/e;
    server {{
        listen 127.0.0.1:{port};
        location / {{ {more} }}
    }}
}}
"""

SQUID = """
http_port 127.0.0.1:{port}
pid_filename {folder}/pid
cache_log {folder}/error
access_log none
cache deny all
coredump_dir {folder}
pinger_enable off
shutdown_lifetime 0 seconds
visible_hostname localhost
auth_param digest program /usr/lib/squid/digest_file_auth -c {folder}/www/.users
auth_param digest children 1
auth_param digest realm {realm}
{more}
acl known proxy_auth REQUIRED
http_access allow known
http_access deny all
"""


def httpd(more=""):
    user = "User www-data\nGroup www-data" if os.geteuid() == 0 else ""
    return Engine(["/usr/sbin/apache2", "-X", "-f", "{conf}"], HTTPD,
                  user=user, more=more)


def lighttpd(algorithm, more=""):
    return Engine(["/usr/sbin/lighttpd", "-D", "-f", "{conf}"], LIGHTTPD,
                  hash_name=algorithm, algorithm=algorithm, more=more)


def nginx(more):
    return Engine(["/usr/sbin/nginx", "-c", "{conf}", "-p", "{folder}", "-e",
                   "{folder}/error"], NGINX, more=more)


def squid(more=""):
    return Engine(["/usr/sbin/squid", "-N", "-f", "{conf}"], SQUID, more=more)
