# SPDX-License-Identifier: MIT
"""nginx under auth-int, before an origin that answers in every way, for the
tests of a module."""
import pathlib

import pytest

from support import wire
from support.engines import PASSWORD, USER
from support.int_responses import answer
from support.nginx import NGINX, Nginx
from support.whole import KIB, ask, content, login

LIMIT = 64 * KIB
# A new nginx can send on an application's trailers.
TRAILERS = "proxy_pass_trailers on;" \
    if b"proxy_pass_trailers" in pathlib.Path(NGINX).read_bytes() else ""

SERVER = """
    countersign "test.example";
    countersign_qop auth auth-int;
    countersign_proof_limit 64k;
    client_max_body_size 3m;
    location / { }
    location = /zipped { gzip on; gzip_types *; gzip_min_length 1; }
    location = /empty { }
    location /app/ { trailers proxy_pass %s/; proxy_http_version 1.1;
                     proxy_set_header X-File $request_body_file;
                     proxy_set_header Connection ""; }
    location /now/ { proxy_pass %s/; proxy_http_version 1.1;
                     proxy_set_header Connection ""; proxy_buffering off;
                     proxy_request_buffering off; }
    location /small/ { client_max_body_size 1k; error_page 413 /sorry;
                       proxy_pass %s/; }
    location = /sorry { }
    location = /gone { error_page 404 /page; }
    location /errors/ { proxy_pass %s/; proxy_intercept_errors on;
                        error_page 500 /again; }
    location /unlocked/ { countersign off; proxy_pass %s/;
                          proxy_intercept_errors on; error_page 500 /again; }
    location = /again { countersign_algorithms SHA-512-256 SHA-256;
                        proxy_pass %s; }
    location /none/ { countersign_proof_limit 0; alias %s/; }
    location /dav/ { dav_methods PUT DELETE; client_max_body_size 3m; }
    location /include { ssi on; ssi_types *; }
    location /plain/ { chunked_transfer_encoding off; alias %s/; }
    location /threads/ { aio threads; alias %s/; }
    location /direct/ { directio 4k; alias %s/; }
    location = /return { try_files /nowhere @return; }
    location @return { return 302 /page; }
    location /any/ { satisfy any; deny all; proxy_pass %s/; }
    location /open/ { countersign off; proxy_pass %s/; }
"""


class Whole(Nginx):
    """It, with sessions under auth-int."""

    def whole(self, target="/page", **how):
        return login(self.address, target=target, user=USER,
                     password=PASSWORD, **how)

    def ask(self, *arguments, session=None, **keywords):
        """One exchange on a connection of its own."""
        with self.connection() as connection:
            return ask(connection, session or self.whole(), *arguments,
                       **keywords)


@pytest.fixture(scope="module")
def shared(module_origin, tmp_path_factory):
    place = tmp_path_factory.mktemp("nginx")
    for name, size in (("long", 300 * KIB), ("limit", LIMIT),
                       ("over", LIMIT + 1)):
        (place / name).write_bytes(content(size))
    url = module_origin.url
    conf = SERVER.replace("trailers", TRAILERS) % (
        *[url] * 6, *[place] * 4, url, url)
    server = Whole(conf, http="sendfile on;")
    www = server.folder / "www"
    for path in place.iterdir():
        (www / path.name).write_bytes(path.read_bytes())
    (www / "zipped").write_bytes(b"squeeze me " * 2000)
    (www / "empty").write_bytes(b"")
    (www / "sorry").write_bytes(b"sorry\n")
    (www / "dav").mkdir()
    (www / "dav").chmod(0o777)
    (www / "include").write_text(
        '<!--#include virtual="/page" -->+<!--#include virtual="/long" -->')
    yield server, module_origin
    # A worker that died would be an alert.
    assert "[alert]" not in server.said() and "[crit]" not in server.said()
    server.close()


@pytest.fixture
def served(shared):
    shared[1].forget()
    shared[1].answer = answer
    return shared


@pytest.fixture
def connection(shared):
    with wire.Connection(shared[0].address) as made:
        yield made
