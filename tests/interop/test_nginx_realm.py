# SPDX-License-Identifier: MIT
"""The nginx module's realms with variables: one for each host, none, and those
that cannot be."""
import pytest

from support import digest
from support.engines import PASSWORD, USER
from support.nginx import MODULE, Nginx

if not MODULE.exists():
    pytest.skip("this build has no nginx module", allow_module_level=True)

INFO = "Authentication-Info"
LOCKS = 32  # servers that a guard keeps

HTTP = """
    map $http_x_realm $wanted {
        default $http_x_realm;
        none off;
        long %s;
    }
    map $remote_addr $nobody { default off; }
""" % ("x" * 257)

SERVER = """
    location / { countersign "$wanted"; }
    location = /host { countersign "in $host"; try_files /page =404; }
    location = /nobody { countersign "$nobody"; try_files /page =404; }
    location = /from { countersign "$wanted"; error_page 404 /to; }
    location = /to { countersign "$wanted"; try_files /page =404; }
    location = /turn { set $turned one; countersign "$turned";
                       error_page 404 /turned; }
    location = /turned { set $turned two; countersign "$turned";
                         try_files /page =404; }
    location = /app { proxy_pass %s; countersign "$wanted"; }
"""


def users(*realms):
    return "".join(
        f"{USER}:{realm}:{digest.ha1(USER, realm, PASSWORD)}\n"
        for realm in realms)


@pytest.fixture(scope="module")
def nginx(module_origin):
    server = Nginx(SERVER % module_origin.url, http=HTTP, workers=1,
                   users=users("a", "b", "in a.example", "in b.example", "one",
                               *(f"r{i}" for i in range(2 * LOCKS))))
    yield server
    assert "[alert]" not in server.said() and "[crit]" not in server.said()
    server.close()


@pytest.fixture
def origin(module_origin):
    module_origin.forget()
    return module_origin


def login(nginx, target="/page", password=PASSWORD, **keywords):
    got = nginx.send(target=target, **keywords)
    assert got.status == 401, (got, nginx.said())
    return digest.Session(got.all("WWW-Authenticate"), USER, password)


def wants(realm):
    return [("X-Realm", realm)]


def test_a_realm_for_each_host(nginx):
    """D-10: a nonce of one realm is no good in another."""
    sessions = {}
    for host in ("a.example", "b.example"):
        session = login(nginx, "/host", host=host)
        assert session.realm == f"in {host}"
        sent = session.credentials("GET", "/host")
        got = nginx.send(target="/host", credentials=sent, host=host)
        assert got.status == 200, nginx.said()
        assert session.proves(got.one(INFO), sent, "/host")
        sessions[host] = session
    mixed = sessions["a.example"]
    for host, nonce in (("b.example", mixed.nonce),
                        ("a.example", sessions["b.example"].nonce)):
        mixed.take_nonce(nonce)
        sent = mixed.credentials("GET", "/host", nc=9)
        got = nginx.send(target="/host", credentials=sent, host=host)
        assert got.status == 401
        line = got.one("WWW-Authenticate")
        assert digest.challenge(line)["realm"] == f"in {host}"
        assert "stale=true" not in line


def test_many_realms(nginx):
    """More than are kept: nonces and counts of those that are not any more
    are as good, and as spent, as before."""
    sessions = [login(nginx, fields=wants(f"r{i}")) for i in range(2 * LOCKS)]
    for turn in (200, 401):
        for i, session in enumerate(sessions):
            sent = session.credentials("GET", "/page", nc=1)
            got = nginx.send(target="/page", credentials=sent,
                             fields=wants(f"r{i}"))
            assert got.status == turn, (i, got, nginx.said())
            if turn == 200:
                assert session.proves(got.one(INFO), sent, "/page")


def test_off(nginx, origin):
    """A realm "off" asks for nothing, and leaves other people's credentials
    and proofs alone."""
    origin.fields = [(INFO, "nc=1")]
    assert nginx.send(target="/nobody").status == 200
    got = nginx.send(target="/app", fields=wants("none"),
                     credentials='Digest username="x"')
    assert got.status == 200 and got.all(INFO) == ["nc=1"]
    assert origin.seen[-1].all("Authorization") == ['Digest username="x"']
    session = login(nginx, "/app", fields=wants("a"))
    sent = session.credentials("GET", "/app")
    got = nginx.send(target="/app", fields=wants("a"), credentials=sent)
    assert got.status == 200 and session.proves(got.one(INFO), sent, "/app")
    assert origin.seen[-1].all("Authorization") == []


@pytest.mark.parametrize("realm", ["", "long"])
def test_a_realm_that_cannot_be(nginx, realm):
    """500 and a line in the log; nobody is let in."""
    before = nginx.said().count("cannot be used")
    got = nginx.send(target="/page", fields=wants(realm))
    assert got.status == 500 and got.all("WWW-Authenticate") == []
    nginx.until(lambda: nginx.said().count("cannot be used") == before + 1)
    assert 'made of "$wanted"' in nginx.said()
    session = login(nginx, fields=wants("b"))
    sent = session.credentials("GET", "/page")
    assert nginx.send(target="/page", fields=wants("b"),
                      credentials=sent).status == 200


def test_redirects(nginx):
    """Behind an error page an equal realm does not ask again, and an equal
    text that means another realm now does."""
    session = login(nginx, "/from", fields=wants("a"))
    sent = session.credentials("GET", "/from")
    got = nginx.send(target="/from", fields=wants("a"), credentials=sent)
    assert got.status == 404 and got.body == b"inside\n"
    assert session.proves(got.one(INFO), sent, "/from")
    session = login(nginx, "/turn")
    assert session.realm == "one"
    got = nginx.send(target="/turn",
                     credentials=session.credentials("GET", "/turn"))
    lines = got.all("WWW-Authenticate")
    assert got.status == 401 and got.body != b"inside\n"
    assert [digest.challenge(line)["realm"] for line in lines] == ["two"]
