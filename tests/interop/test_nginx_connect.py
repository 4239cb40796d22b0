# SPDX-License-Identifier: MIT
"""The nginx module where nginx is a proxy, for CONNECT, as it can be since
1.31: COUNTERSIGN_NGINX and COUNTERSIGN_NGINX_MODULE name such a one
(docs/nginx.md); without that nothing is tested here."""
import pathlib
import subprocess

import pytest

from support import digest_whole
from support.engines import LOGIN, PASSWORD, USER, free_port
from support.fetching import LOGIN as LOGIN_REFUSED
from support.fetching import OK, fetch
from support.int_nginx import Whole
from support.nginx import MODULE, NGINX
from support.verifying import verify

if not MODULE.exists():
    pytest.skip("this build has no nginx module", allow_module_level=True)
if b"tunnel_pass" not in pathlib.Path(NGINX).read_bytes():
    pytest.skip("this nginx is no proxy", allow_module_level=True)

INFO, CHALLENGE = "Proxy-Authentication-Info", "Proxy-Authenticate"
CREDENTIALS = "Proxy-Authorization"


@pytest.fixture(scope="module")
def nginx():
    server = Whole("""countersign "test.example";
                      countersign_qop auth auth-int;
                      error_page 502 /sorry; tunnel_pass;
                      location = /sorry { try_files /page =404; }""")
    yield server
    assert "[alert]" not in server.said()
    server.close()


@pytest.fixture
def origin(module_origin):
    module_origin.forget()
    return module_origin


class Login:
    """A session at the proxy for tunnels to `port`."""

    def __init__(self, server, port, qop="auth", **how):
        self.server = server
        self.target = f"127.0.0.1:{port}"
        got = self.connect(None)
        assert got.status == 407, got
        assert got.all("WWW-Authenticate") == [] and got.all(INFO) == []
        self.session = digest_whole.Session(
            got.all(CHALLENGE), USER, PASSWORD, qop=qop, **how)

    def credentials(self, uri=None, **how):
        return self.session.credentials("CONNECT", uri or self.target, **how)

    def connect(self, sent, connection=None):
        fields = [(CREDENTIALS, sent)] if sent else []
        made = connection or self.server.connection()
        try:
            return made.exchange("CONNECT", self.target, fields,
                                 host=self.target)
        finally:
            if connection is None:
                made.close()

    def proves(self, got, sent):
        return self.session.proves(got.one(INFO), sent, self.target)


@pytest.mark.parametrize("qop", ["auth", "auth-int"])
def test_e_12_a_tunnel(nginx, origin, qop):
    """E-02 E-07 E-12 C-49 C-55: 407 before, and the proof in the header of the
    200; then octets go both ways, whatever they are."""
    login = Login(nginx, origin.port, qop)
    with nginx.connection() as connection:
        sent = login.credentials()
        got = login.connect(sent, connection)
        assert got.status == 200 and login.proves(got, sent), nginx.said()
        assert got.all("Cache-Control") == []
        origin.fields = [(INFO, "nc=1"), ("Authentication-Info", "nc=2")]
        got = connection.exchange(target="/inside")
        assert got.status == 200 and got.body == b"GET /inside HTTP/1.1\n"
        assert got.one(INFO) == "nc=1"
    assert [seen.target for seen in origin.seen] == ["/inside"]
    assert origin.seen[0].all(CREDENTIALS) == []


def test_e_04_refused(nginx, origin):
    """E-04 D-23 D-34: a count used, a wrong password, another host: no tunnel,
    no proof, and one challenge at most, which is the proxy's."""
    login = Login(nginx, origin.port)
    used = login.credentials()
    assert login.connect(used).status == 200
    elsewhere = login.credentials("127.0.0.2:80")
    login.session.ha1 = "0" * 64
    for sent, status, stale in [(used, 407, True), (elsewhere, 400, None),
                                (login.credentials(), 407, False)]:
        got = login.connect(sent)
        assert got.status == status, got
        assert got.all(INFO) == [] and got.all("WWW-Authenticate") == []
        assert len(got.all(CHALLENGE)) == (status == 407)
        if status == 407:
            assert ("stale=true" in got.one(CHALLENGE)) == stale
        assert got.one("Connection") == "close"  # nginx's way with CONNECT
    assert origin.seen == []


def test_credentials_of_the_other_layer(nginx, origin):
    """Authorization opens no tunnel, and Proxy-Authorization no location."""
    login = Login(nginx, origin.port)
    with nginx.connection() as connection:
        got = connection.exchange(
            "CONNECT", login.target, [("Authorization", login.credentials())],
            host=login.target)
        assert got.status == 407
    sent = login.session.credentials("GET", "/page")
    got = nginx.send(target="/page", fields=[(CREDENTIALS, sent)])
    assert got.status == 401 and got.all(CHALLENGE) == []
    got, proved = nginx.get()
    assert got.status == 405 and proved and got.all(INFO) == []


def test_e_05_proof_of_a_failure(nginx):
    """E-05 E-06: a tunnel that leads nowhere, told by a page under the same
    lock."""
    login = Login(nginx, free_port(), "auth-int")
    sent = login.credentials()
    got = login.connect(sent)
    assert got.status == 502 and got.body == b"inside\n"
    assert login.session.proves(got.one(INFO), sent, login.target, got.body)


def test_real_clients(nginx, origin):
    """curl, and our own that demands the proof."""
    url = f"http://127.0.0.1:{origin.port}/x"
    for login, status in ((LOGIN, "200"), (f"{USER}:guess", "000")):
        done = subprocess.run(
            ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}",
             "--noproxy", "", "-p", "-x", nginx.url, "--proxy-digest", "-U",
             login, url], capture_output=True, text=True, timeout=30,
            check=False)
        assert done.stdout == status, nginx.said()
    for login, code in ((LOGIN, OK), (f"{USER}:guess", LOGIN_REFUSED)):
        fetch("-p", "-x", nginx.url, "-U", login, "--proxy-proof", "require",
              url, check=code)
    assert len(origin.seen) == 2


def test_verify_strict(nginx, origin):
    report = verify("--strict", "--basic", "-p", "-x", nginx.url,
                    f"http://127.0.0.1:{origin.port}/", proxy_user=LOGIN)
    assert report.json["layer"] == "proxy"
    assert report.named("fail", "warn") == set(), report.said("fail", "warn")
    assert {"proof-connect", "connect-host", "connect-port"} <= report.named(
        "pass"), report.said("skipped")
    assert report.code == OK
