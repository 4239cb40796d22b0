# SPDX-License-Identifier: MIT
"""The nginx module among nginx's own ways: satisfy, error pages, redirects,
proxying, HTTP/2, inheritance, mistakes in its configuration."""
import subprocess
import time

import pytest

from support import digest, http2
from support.engines import LOGIN, PASSWORD, REALM, USER
from support.fastcgi import FastCgi
from support.fetching import OK, PROOF, fetch
from support.nginx import CONF, MODULE, NGINX, Nginx

if not MODULE.exists():
    pytest.skip("this build has no nginx module", allow_module_level=True)

OURS = f'countersign "{REALM}";'
INFO = "Authentication-Info"

SERVER = """
    location / { countersign "test.example"; }
    location = /open { return 200 "open"; }
    location = /early { set $early "$remote_user$countersign_user";
                        countersign "test.example";
                        add_header X-User "$remote_user,$countersign_user";
                        try_files /page =404; }
    location = /gone { countersign "test.example"; error_page 404 /sorry; }
    location = /sorry { return 200 "sorry"; }
    location = /moved { countersign "test.example"; try_files /none @moved; }
    location @moved { return 302 /page; }
    location = /out { countersign "test.example"; error_page 401 /please; }
    location = /please { return 200 "log in"; }
    location = /mine { countersign "test.example";
                       error_page 401 /mine-too; }
    location = /mine-too { countersign "test.example";
                           try_files /secret =404; }
    location = /twice { countersign "test.example"; try_files /none /other; }
    location = /other { countersign "test.example"; countersign_nonce_life 9m;
                        try_files /page =404; }
    location = /posted { error_page 405 /other; try_files /page =404; }
    location = /else { countersign "test.example"; try_files /none /strange; }
    location = /strange { countersign "stranger";
                          countersign_users %s/strangers;
                          try_files /secret =404; }
    location /ip/ { countersign "test.example"; satisfy any;
                    allow 127.0.0.1; deny all; try_files /page =404; }
    location /ip-on/ { countersign "test.example"; satisfy any;
                       allow 127.0.0.1; deny all; try_files /none /page; }
    location /ip-no/ { countersign "test.example"; satisfy any;
                       deny all; try_files /page =404; }
    location /ip-all/ { countersign "test.example"; deny all;
                        try_files /page =404; }
    location /slow/ { countersign "test.example"; auth_delay 400ms; }
    location = /except { limit_except GET { countersign "test.example"; }
                         return 200 "free"; }
    location = /writes { limit_except GET { countersign "test.example"; }
                         proxy_pass %s; }
    location = /parts { countersign "test.example"; ssi on; ssi_types *;
                        try_files /parts.html =404; }
    location = /asks { countersign "test.example"; auth_request /part;
                       try_files /page =404; }
    location = /part { countersign "test.example"; internal;
                       return 200 "part"; }
    location /app/ { countersign "test.example"; proxy_pass %s; }
    location /app-ip/ { countersign "test.example"; satisfy any;
                        allow all; proxy_pass %s; }
    location /app-pass/ { countersign "test.example"; proxy_pass %s;
                          countersign_pass_authorization on; }
"""


@pytest.fixture(scope="module")
def nginx(module_origin, tmp_path_factory):
    place = tmp_path_factory.mktemp("nginx")
    (place / "strangers").write_text(
        f"eve:stranger:{digest.ha1('eve', 'stranger', 'x')}\n")
    url = module_origin.url
    server = Nginx(SERVER % (place, url, url, url, url))
    (server.folder / "www" / "secret").write_text("secret")
    (server.folder / "www" / "parts.html").write_text(
        '<!--#include virtual="/part" -->+<!--#include virtual="/part" -->')
    yield server
    server.close()


@pytest.fixture
def origin(module_origin):
    module_origin.forget()
    return module_origin


def test_e_05_proof_on_every_status(nginx):
    """E-05 E-07: not found, an error page, a redirect, 304, 206, 416, HEAD."""
    modified = nginx.get()[0].one("Last-Modified")
    for target, method, fields, status in [
            ("/none", "GET", [], 404), ("/gone", "GET", [], 404),
            ("/moved", "GET", [], 302), ("/page", "HEAD", [], 200),
            ("/page", "GET", [("If-Modified-Since", modified)], 304),
            ("/page", "GET", [("Range", "bytes=1-2")], 206),
            ("/page", "GET", [("Range", "bytes=99-")], 416),
            ("/page", "DELETE", [], 405)]:
        got, proved = nginx.get(target, method, fields=fields)
        assert got.status == status, (target, got)
        assert proved, (target, method, got)
        assert got.all("Cache-Control") == ["private"], got


def test_e_04_no_proof_on_our_refusal(nginx):
    """E-04: nor on what is open."""
    for got in (nginx.send(target="/page"), nginx.send(target="/open")):
        assert got.all(INFO) == []
    assert got.status == 200 and got.all("WWW-Authenticate") == []


def test_an_error_page_for_a_challenge(nginx):
    got = nginx.send(target="/out")
    assert got.status == 401 and got.body == b"log in"
    assert len(got.all("WWW-Authenticate")) == 1
    assert nginx.get("/out")[1]


def test_an_error_page_under_the_same_lock(nginx):
    """What the lock guards is not shown to those whom it refused, and there is
    one challenge."""
    got = nginx.send(target="/mine")
    assert got.status == 401 and b"secret" not in got.body
    assert len(got.all("WWW-Authenticate")) == 1


@pytest.mark.parametrize("target", ["/twice", "/"])
def test_one_count_over_a_redirect(nginx, target):
    """Other settings behind a redirect judge anew, and mark nothing twice."""
    (nginx.folder / "www" / "index.html").write_text("index\n")
    session = nginx.login(target)
    for _ in range(3):
        got, proved = nginx.get(target, session=session)
        assert got.status == 200 and proved, nginx.said()
    sent = session.credentials("GET", target, nc=2)
    assert nginx.send(target=target, credentials=sent).status == 401


def test_a_method_changed_by_an_error_page(nginx):
    """nginx makes a GET of it; the credentials were made for the POST."""
    assert nginx.send("POST", "/posted").status == 401
    got, proved = nginx.get("/posted", "POST", session=nginx.login())
    assert got.status == 405 and proved, nginx.said()


def test_another_realm_behind_a_redirect(nginx):
    got, proved = nginx.get("/else")
    assert got.status == 401 and not proved and b"secret" not in got.body
    lines = got.all("WWW-Authenticate")
    assert [digest.challenge(line)["realm"] for line in lines] == ["stranger"]


def test_satisfy(nginx):
    got = nginx.send(target="/ip/")
    assert got.status == 200 and got.all("WWW-Authenticate") == []
    assert nginx.send(target="/ip-no/").status == 401
    got, proved = nginx.get("/ip-no/")
    assert got.status == 200 and proved


def test_an_address_that_suffices_until_a_redirect(nginx):
    """The credentials are judged where they are asked for, and once."""
    assert nginx.send(target="/ip-on/").status == 401
    session = nginx.login("/ip-on/")
    sent = session.credentials("GET", "/ip-on/")
    for status in (200, 401):
        got = nginx.send(target="/ip-on/", credentials=sent)
        assert got.status == status, nginx.said()
        assert (got.body == b"inside\n") == (status == 200)
    wrong = digest.Session(got.all("WWW-Authenticate"), USER, "wrong")
    assert nginx.get("/ip-on/", session=wrong)[0].status == 401
    got, proved = nginx.get("/ip-on/", session=session)
    assert got.status == 200 and proved
    sent = session.credentials("GET", "/ip/")
    got = nginx.send(target="/ip/", credentials=sent)
    assert got.status == 200 and got.all(INFO) == []
    assert got.all("Cache-Control") == []
    user, _, result = nginx.logged()[-1][:3]
    assert (user, result) == ("-", "-")


def test_satisfy_all_spends_no_count(nginx):
    """Addresses are looked at first: who is not let in there spends none."""
    session = nginx.login()
    sent = session.credentials("GET", "/ip-all/", nc=1)
    assert nginx.send(target="/ip-all/", credentials=sent).status == 403
    sent = session.credentials("GET", "/page", nc=1)
    assert nginx.send(target="/page", credentials=sent).status == 200


def test_auth_delay(nginx):
    start = time.monotonic()
    assert nginx.send(target="/slow/").status == 401
    assert time.monotonic() - start >= 0.35


def test_limit_except(nginx, origin):
    assert nginx.send(target="/writes").status == 200
    assert len(origin.seen) == 1
    assert nginx.send("POST", target="/writes", body=b"x").status == 401
    assert len(origin.seen) == 1
    got = nginx.send("POST", target="/writes", body=b"x")
    session = digest.Session(got.all("WWW-Authenticate"), USER, PASSWORD)
    got, proved = nginx.get("/writes", "POST", session=session, body=b"x")
    assert got.status == 200 and proved and origin.seen[-1].body == b"x"


@pytest.mark.parametrize("target, body", [("/parts", b"part+part"),
                                          ("/asks", b"inside\n")])
def test_subrequests_are_not_asked(nginx, target, body):
    got, proved = nginx.get(target)
    assert got.status == 200 and got.body == body and proved
    assert nginx.send(target=target).status == 401


def test_a_user_asked_for_before_the_login(nginx):
    """Nobody yet then; whoever was let in afterwards."""
    got, proved = nginx.get("/early")
    assert got.status == 200 and proved
    assert got.one("X-User") == f"{USER},{USER}"
    assert nginx.logged()[-1][:2] == [USER, USER]


def test_credentials_stay_here(nginx, origin):
    """With the fields around them whole; also where the address sufficed."""
    around = [("Accept", "a/b"), ("Cookie", "c=d"), ("X-Last", "e")]
    for target in ("/app/", "/app-ip/", "/app-pass/"):
        session = nginx.login("/page")
        got = nginx.send(target=target, fields=around[:1] + [
            ("Authorization", session.credentials("GET", target))]
            + around[1:])
        assert got.status == 200
        seen = origin.seen[-1]
        assert len(seen.all("Authorization")) == (target == "/app-pass/")
        for name, value in around:
            assert seen.all(name) == [value], seen.fields


def test_other_schemes_go_on(nginx, origin):
    """Not ours to judge where the address sufficed."""
    assert nginx.send(target="/app-ip/",
                      credentials="Bearer abc").status == 200
    assert origin.seen[-1].all("Authorization") == ["Bearer abc"]


def test_g_28_one_info_field(nginx, origin):
    """G-28: the application's own does not reach the client; nor without a
    login."""
    origin.fields = [(INFO, 'rspauth="00"'), (INFO.lower(), "nc=1"),
                     ("Cache-Control", "no-store")]
    got, proved = nginx.get("/app/status/500")
    assert got.status == 500 and proved
    assert got.all("Cache-Control") == ["no-store"]
    assert nginx.send(target="/app-ip/").all(INFO) == []


def test_d_29_absolute_form(nginx):
    """D-29: the target as it came, not as nginx took it apart."""
    target = nginx.url + "/page"
    session = nginx.login()
    for uri, status in [(target, 200), ("/page", 200),
                        (nginx.url + "/pagf", 400)]:
        got = nginx.send(target=target,
                         credentials=session.credentials("GET", uri))
        assert got.status == status, (uri, got)


def test_http2(tmp_path):
    """One login, then 20 streams at once on its nonce; a count comes back."""
    made = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days",
         "2", "-subj", "/CN=localhost", "-keyout", tmp_path / "key",
         "-out", tmp_path / "cert"], capture_output=True, check=False)
    assert made.returncode == 0, made.stderr
    server = Nginx(f"{OURS} ssl_certificate {tmp_path}/cert; "
                   f"ssl_certificate_key {tmp_path}/key;", listen="ssl http2")
    try:
        with http2.Connection(server.address) as connection:
            got = connection.exchange(path="/page?a=b")
            assert got.status == 401
            session = digest.Session(got.all("WWW-Authenticate"), USER,
                                     PASSWORD)
            sent = [session.credentials("GET", "/page?a=b")
                    for _ in range(20)]
            streams = [connection.send(path="/page?a=b", fields=[
                ("Authorization", credentials)]) for credentials in sent]
            answers = connection.receive(streams)
            for stream, credentials in zip(streams, sent):
                got = answers[stream]
                assert got.status == 200 and got.body == b"inside\n"
                assert session.proves(got.one(INFO), credentials, "/page?a=b")
            assert connection.exchange(path="/page?a=b", fields=[
                ("Authorization", sent[7])]).status == 401
            assert connection.exchange(path="/page", fields=[
                ("Authorization", session.credentials("GET", "/page?a=b"))
            ]).status == 400
    finally:
        server.close()


def test_fastcgi():
    """E-05: an application over FastCGI learns who it is and gets no
    credentials; what it answers is proved, its errors too."""
    application = FastCgi()
    server = Nginx(f"""location / {{ {OURS}
        fastcgi_pass {application.address};
        fastcgi_param REQUEST_URI $request_uri;
        fastcgi_param REQUEST_METHOD $request_method;
        fastcgi_param CONTENT_LENGTH $content_length;
        fastcgi_param REMOTE_USER $remote_user; }}""")
    try:
        assert server.send(target="/in").status == 401
        assert application.seen == []
        for target, method, body, status in [
                ("/in?a=b", "GET", b"", 200), ("/status/404", "GET", b"", 404),
                ("/in", "POST", b"content", 200)]:
            got, proved = server.get(target, method, body=body)
            assert got.status == status and proved, (got, server.said())
            assert got.body == b"from the application\n"
            given, content = application.seen[-1]
            assert given["REMOTE_USER"] == USER and content == body
            assert "HTTP_AUTHORIZATION" not in given
            assert "HTTP_HOST" in given
        assert len(application.seen) == 3
    finally:
        server.close()
        application.close()


def test_inheritance():
    server = Nginx("countersign off; location /in { countersign other; "
                   "try_files /page =404; } location /out { return 200; }",
                   http=f"{OURS} countersign_algorithms SHA-256-sess;")
    try:
        assert server.send(target="/out").status == 200
        line = server.send(target="/in").one("WWW-Authenticate")
        assert digest.challenge(line)["algorithm"] == "SHA-256-sess"
        assert digest.challenge(line)["realm"] == "other"
    finally:
        server.close()


def test_settings_keep_apart():
    """Two locations of one realm, each with its own nonce life."""
    server = Nginx(f"{OURS} location /long {{ try_files /page =404; }} "
                   "location /short { countersign_nonce_life 1s; "
                   "try_files /page =404; }")
    try:
        sessions = {path: server.login(path) for path in ("/long", "/short")}
        time.sleep(1.2)
        for path, status in [("/long", 200), ("/short", 401)]:
            got = server.get(path, session=sessions[path])[0]
            assert got.status == status, server.said()
    finally:
        server.close()


MISTAKES = {
    "countersign a; countersign b;": "is duplicate",
    'countersign "";': "needs a realm",
    "countersign_users /nowhere/users;": "/nowhere/users",
    "countersign_keys /nowhere/keys;": '"/nowhere/keys": No such file',
    "countersign_keys /nowhere/keys create;": "No such file",
    "countersign_keys www;": "not a plain file",
    "countersign_keys www/.users;": "chmod 600",
    "countersign_keys a b;": 'takes a file, and "create"',
    "countersign_keys off; countersign_keys off;": "is duplicate",
    "countersign_throttle;": "invalid number of arguments",
    "countersign_throttle 5;": "takes failures=, window= and delay=",
    "countersign_throttle off failures=5;": "takes failures=",
    "countersign_throttle failures=0;": "needs failures=1 to 100000",
    "countersign_throttle failures=;": "needs failures=1 to 100000",
    "countersign_throttle failures=100001;": "needs failures=1 to 100000",
    "countersign_throttle window=999ms;": "needs window=1s to 1h",
    "countersign_throttle window=3601s;": "needs window=1s to 1h",
    "countersign_throttle window=x;": "needs window=1s to 1h",
    "countersign_throttle delay=61s;": "needs delay=0 to 60s",
    "countersign_throttle delay=;": "needs delay=0 to 60s",
    "countersign_throttle off; countersign_throttle off;": "is duplicate",
    "countersign_algorithms SHA-1;": '"SHA-1" is no algorithm',
    "countersign_qop none;": "takes auth, auth-int, or both",
    "countersign_qop auth; countersign_qop auth-int;": "is duplicate",
    "countersign_proof_limit much;": "invalid value",
    "countersign_proof_memory 1m;": "is not allowed here",
    "countersign_zone x:0;": "needs NAME:SIZE",
    "countersign_zone x:many;": "needs NAME:SIZE",
    "countersign_zone x:8k;": "too small",
    "countersign_nonce_life soon;": "invalid value",
    "countersign_one_time maybe;": "invalid value",
    "location /a { countersign a; countersign_algorithms MD5; }":
        'MD5 needs "countersign_allow_md5 on"',
    "location /a { countersign a; countersign_nonce_life 25d; }":
        "contradicts itself",
    "location /a { countersign a; countersign_nonce_life 0; }":
        "is too short",
    "location /a { countersign a; countersign_nonce_life 60d; }":
        "too long",
    "location /a { countersign a; countersign_nonce_life 60s; } "
    "location /b { countersign a; countersign_nonce_life 4295027296ms; }":
        "too long",
}


@pytest.mark.parametrize("mistake, words", MISTAKES.items(), ids=MISTAKES)
def test_mistakes_name_file_and_line(tmp_path, mistake, words):
    (tmp_path / "www").mkdir()
    (tmp_path / "www" / ".users").write_text("")
    path = tmp_path / "conf"
    text = CONF.format(folder=tmp_path, port=9, module=MODULE, user="",
                       http="", listen="", workers=1, server="MISTAKE")
    if "zone" in mistake:
        text = text.replace("countersign_zone logins:1m;", "")
    path.write_text(text.replace("MISTAKE", mistake))
    line = path.read_text()[:path.read_text().index(mistake)].count("\n") + 1
    done = subprocess.run(
        [NGINX, "-t", "-c", path, "-p", tmp_path, "-e", tmp_path / "error"],
        capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode != 0 and words in done.stderr, done.stderr
    assert f"{path}:{line}" in done.stderr, done.stderr


def test_an_impostor_is_noticed(nginx):
    """Without the module there is no proof, and fetch says so."""
    done = fetch("--user", LOGIN, "--proof", "require", nginx.url + "/open",
                 check=PROOF)
    assert done.out == b""
    fetch("--user", LOGIN, "--proof", "require", nginx.url + "/page",
          check=OK)
