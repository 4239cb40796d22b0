# SPDX-License-Identifier: MIT
"""The nginx module in nested blocks, and with requests that nginx makes of one:
one login, one challenge, one count."""
import pytest

from support import digest
from support.engines import PASSWORD, USER
from support.nginx import MODULE, Nginx
from support.origin import response

if not MODULE.exists():
    pytest.skip("this build has no nginx module", allow_module_level=True)

INFO = "Authentication-Info"

# The lock stands in http; blocks within say what is other for them.
HTTP = 'countersign "test.example"; countersign_nonce_life 100s;'

SERVER = """
    recursive_error_pages on;
    location /deep/ {
        countersign_qop auth-int;
        location /deep/er/ {
            countersign_algorithms SHA-256-sess;
            location /deep/er/still/ { countersign off; }
            limit_except GET { countersign_qop auth; }
        }
    }
    location /when/ { if ($arg_a) { set $b 1; } }
    location /when-not/ { countersign off; if ($arg_a) { set $b 1; } }
    location /mirrored/ { mirror /copy; try_files /page =404; }
    location = /copy { internal; proxy_pass %s/copied; }
    location /sent/ { proxy_pass %s; }
    location /kept/ { internal; alias %s/; }
    location /named/ { try_files /none @first; }
    location @first { error_page 404 = @second; try_files /none =404; }
    location @second { proxy_pass %s; }
    location = /added { add_before_body /part; add_after_body /part;
                        addition_types *; try_files /page =404; }
    location = /part { try_files /small =404; }
    location = /sliced { slice 4; proxy_pass %s/sliced;
                         proxy_set_header Range $slice_range; }
    location /either/ { satisfy any; auth_request /asked;
                        try_files /page =404; }
    location = /asked { internal; countersign off; proxy_pass %s/asked; }
    location /both/ { satisfy all; auth_request /asked;
                      try_files /page =404; }
    location = /pages { error_page 401 /explain; error_page 404 /explain;
                        try_files /none =404; }
    location = /explain { error_page 401 =401 @explained; countersign other; }
    location @explained { countersign off; try_files /small =404; }
"""


@pytest.fixture(scope="module")
def nginx(module_origin, tmp_path_factory):
    url = module_origin.url
    kept = tmp_path_factory.mktemp("kept")
    (kept / "file").write_bytes(b"kept\n")
    server = Nginx(SERVER % (url, url, kept, url, url, url), http=HTTP)
    www = server.folder / "www"
    (www / "small").write_bytes(b"small\n")
    for path in ("deep/er/still", "when", "when-not"):
        (www / path).mkdir(parents=True)
        (www / path / "page").write_bytes(b"inside\n")
    (www / "deep" / "er" / "page").write_bytes(b"inside\n")
    (www / "deep" / "page").write_bytes(b"inside\n")
    yield server
    assert "[alert]" not in server.said()
    server.close()


@pytest.fixture
def origin(module_origin):
    module_origin.forget()
    return module_origin


def offered(nginx, target, method="GET"):
    """What is asked for there; None: nothing."""
    got = nginx.send(method, target)
    if got.status != 401:
        return None
    found = digest.challenge(got.one("WWW-Authenticate"))
    return found["realm"], found["algorithm"], found["qop"]


def test_what_is_inherited(nginx):
    """From http to server, location, nested location and limit_except; each
    says for itself what is other."""
    assert offered(nginx, "/page") == ("test.example", "SHA-256", "auth")
    assert offered(nginx, "/deep/page") == (
        "test.example", "SHA-256", "auth-int")
    assert offered(nginx, "/deep/er/page") == (
        "test.example", "SHA-256-sess", "auth-int")
    assert offered(nginx, "/deep/er/page", "POST") == (
        "test.example", "SHA-256-sess", "auth")
    assert offered(nginx, "/deep/er/still/page") is None


def test_if(nginx):
    """The nameless block of an `if` has what stands around it."""
    for target in ("/when/page", "/when/page?a=1"):
        assert offered(nginx, target) == ("test.example", "SHA-256", "auth")
        got, proved = nginx.get(target)
        assert got.status == 200 and proved
    for target in ("/when-not/page", "/when-not/page?a=1"):
        assert offered(nginx, target) is None


def once(nginx, target, method="GET", **keywords):
    """A request that is answered and proved, and whose count is spent then;
    its response."""
    session = nginx.login(target)
    sent = session.credentials(method, target, nc=1)
    got = nginx.send(method, target, credentials=sent, **keywords)
    lines = got.all(INFO)
    assert len(lines) == 1 and session.proves(lines[0], sent, target), (
        got, nginx.said())
    assert nginx.send(method, target, credentials=sent,
                      **keywords).status == 401
    assert nginx.send(method, target, credentials=session.credentials(
        method, target, nc=2), **keywords).status == got.status
    return got


def test_mirror(nginx, origin):
    """The copy goes out for those let in alone, without credentials."""
    assert nginx.send(target="/mirrored/").status == 401
    assert origin.seen == []
    got = once(nginx, "/mirrored/", "POST", body=b"content")
    assert got.status == 405
    nginx.until(lambda: len(origin.seen) == 2)
    for seen in origin.seen:
        assert seen.target == "/copied" and seen.body == b"content"
        assert seen.all("Authorization") == []


def test_accel_redirect(nginx, origin):
    """An application that sends nginx to another location, under the same
    lock."""
    origin.answer = lambda seen: response(
        200, b"", [("X-Accel-Redirect", "/kept/file")])
    got = once(nginx, "/sent/x")
    assert got.status == 200 and got.body == b"kept\n"
    assert nginx.send(target="/kept/file").status in (401, 404)


def test_named_locations(nginx, origin):
    got = once(nginx, "/named/x")
    assert got.status == 200 and origin.seen[0].target == "/named/x"
    assert origin.seen[0].all("Authorization") == []


@pytest.mark.parametrize("target, body", [
    ("/added", b"small\ninside\nsmall\n"), ("/sliced", b"012345678")])
def test_subrequests(nginx, origin, target, body):
    """Parts that nginx asks itself for are not asked for a login each."""
    def slices(seen):
        first, last = map(int, seen.all("Range")[0][6:].split("-"))
        part = b"012345678"[first:last + 1]
        end = first + len(part) - 1
        return response(206, part, [
            ("ETag", '"1"'), ("Content-Range", f"bytes {first}-{end}/9")])

    origin.answer = slices
    got = once(nginx, target)
    assert got.status == 200 and got.body == body


def test_satisfy_with_auth_request(nginx, origin):
    """Either of them is enough, or both are needed; with both, whoever is
    refused there too gets one challenge."""
    status = 403
    origin.answer = lambda seen: response(status)
    for target in ("/either/", "/both/"):
        got = nginx.send(target=target)
        assert got.status == 401 and len(got.all("WWW-Authenticate")) == 1
    got, proved = nginx.get("/either/")
    assert got.status == 200 and proved
    assert nginx.get("/both/", session=nginx.login("/both/"))[0].status == 403
    status = 204
    got = nginx.send(target="/either/")
    assert got.status == 200 and got.all(INFO) == []
    assert got.all("WWW-Authenticate") == []
    assert nginx.send(target="/both/").status == 401
    assert once(nginx, "/both/").status == 200


def test_an_error_page_of_an_error_page(nginx):
    """The page for a refusal is under another lock, which refuses too: one
    challenge, the last one's."""
    got = nginx.send(target="/pages")
    assert got.status == 401 and got.body == b"small\n"
    lines = got.all("WWW-Authenticate")
    assert [digest.challenge(line)["realm"] for line in lines] == ["other"]
    session = digest.Session(
        nginx.send(target="/page").all("WWW-Authenticate"), USER, PASSWORD)
    got = nginx.send(target="/pages",
                     credentials=session.credentials("GET", "/pages"))
    assert got.status == 401 and got.all(INFO) == []
