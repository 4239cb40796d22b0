# SPDX-License-Identifier: MIT
"""`countersign inspect` on what people paste: curl -v, messages, HAR, lines."""
import base64
import json

import pytest

from support import peers as clients
from support import raw
from support.fixtures import peers  # noqa: F401
from support.inspecting import (PASSWORD, USER, Login, exchange, ha1_of,
                                inspect, message, proved, quote, refusal,
                                request, run, sent)
from support.passwd import TOP

VECTORS = json.loads((TOP / "tests/vectors/vectors.json").read_text("utf-8"))
ROWS = [row for kind in ("digest_published", "digest_matrix",
                         "digest_special") for row in VECTORS[kind]
        if "lines" in row and row["legality"] in ("ok", "legacy",
                                                  "legacy-extension")]


def vector_text(row):
    """A vector as a whole conversation."""
    inputs, lines = row["inputs"], row["lines"]
    asked = inputs.get("request_content", "").encode()
    answered = (bytes.fromhex(inputs["response_content_hex"])
                if "response_content_hex" in inputs
                else inputs.get("response_content", "").encode())
    start = f"{inputs['method']} {inputs['uri']} HTTP/1.1"
    status = 407 if inputs["proxy"] else 401
    text = message(start) + message(f"HTTP/1.1 {status} No",
                                    lines["challenge"], "Content-Length: 0")
    text += message(start, lines["credentials"], content=asked)
    if "info" in lines:
        text += message("HTTP/1.1 200 OK", lines["info"], content=answered)
    return text


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_a_vector_is_right(row):
    """every algorithm, qop and form, by the password."""
    inputs = row["inputs"]
    # What the vectors leave without a conversation before it.
    unasked = {"stale-unasked", "count-skipped"}
    found = inspect(vector_text(row), "--user", inputs["username"],
                    password=inputs["password"])
    values = [a for a in found.right() if a in ("response", "rspauth")]
    assert values == (["response", "rspauth"] if "info" in row["lines"]
                      else ["response"])
    assert {name for _, name in found.mistakes()} <= unasked


@pytest.mark.parametrize("row", [row for row in ROWS
                                 if row["inputs"]["password"]],
                         ids=lambda row: row["id"])
def test_another_password_is_wrong_everywhere(row):
    found = inspect(vector_text(row), "--user", row["inputs"]["username"],
                    password="another password")
    assert found.code == 1
    assert found.mistakes("wrong", about="response") == [
        ("response", "wrong-password")]


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256", "SHA-512-256",
                                       "SHA-256-sess"])
def test_h_of_a1_in_place_of_the_password(algorithm, tmp_path):
    """no password is needed."""
    login = Login(algorithm)
    text = exchange(login)
    for given in (ha1_of(login), ha1_of(login).upper(),
                  f"{algorithm.removesuffix('-sess')}:{ha1_of(login)}"):
        assert inspect(text, "--ha1", given).right() == [
            "challenge", "response", "rspauth"] or algorithm == "MD5"
    path = tmp_path / "ha1"
    path.write_text(ha1_of(login) + "\n")
    path.chmod(0o600)
    found = inspect(text, "--ha1-file", path)
    assert {"response", "rspauth"} <= set(found.right())
    assert "warning" not in found.stderr
    wrong = inspect(text, "--ha1", "0" * len(ha1_of(login)))
    assert wrong.code == 1


@pytest.mark.parametrize("change", [
    lambda text: text, lambda text: text.replace(b"\r\n", b"\n"),
    lambda text: b"\n".join(b"    " + line for line in text.split(b"\r\n")),
    lambda text: b"\xef\xbb\xbf\r\n\r\nsome words\r\n" + text,
], ids=["CRLF", "LF", "indented", "words in front"])
def test_raw_messages_however_they_were_pasted(change):
    found = inspect(change(exchange(Login())), password=PASSWORD)
    assert found.right() == ["challenge", "response", "rspauth"]
    assert len(found.json["exchanges"]) == 2


def test_a_file_and_standard_input_are_the_same(tmp_path):
    path = tmp_path / "exchange"
    path.write_bytes(exchange(Login()))
    named = run(b"", "--json", path).stdout
    assert named == run(exchange(Login()), "--json").stdout
    assert named == run(exchange(Login()), "--json", "-").stdout


def test_a_folded_field_is_read():
    login = Login()
    text = exchange(login).replace(b", nonce=", b",\r\n  nonce=")
    assert inspect(text, password=PASSWORD).right() == [
        "challenge", "response", "rspauth"]


def test_pipelined_requests_get_their_responses_in_order():
    one, two = Login(uri="/1"), Login(uri="/2", nc="00000002")
    text = (request(one) + refusal(one) + sent(one) + sent(two) +
            proved(one) + proved(two))
    found = inspect(text, password=PASSWORD)
    assert found.right() == ["challenge"] + ["response", "rspauth"] * 2


def test_interim_responses_are_left_out():
    """Digest has no business in them; the final one is still paired."""
    login = Login()
    text = (request(login) + refusal(login) + sent(login) +
            message("HTTP/1.1 100 Continue") +
            message("HTTP/1.1 103 Early",
                    "Authentication-Info: rspauth=\"00\"") + proved(login))
    found = inspect(text, password=PASSWORD)
    assert found.right() == ["challenge", "response", "rspauth"]
    assert len(found.json["exchanges"]) == 2


def test_a_length_that_does_not_fit_the_paste():
    """Line ends got lost: what follows is found all the same."""
    login = Login()
    text = (b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\na\nb\n" +
            exchange(login))
    found = inspect(text, password=PASSWORD)
    assert found.right() == ["challenge", "response", "rspauth"]
    assert [e["method"] for e in found.json["exchanges"]] == [None, "GET",
                                                              "GET"]


def test_challenges_in_several_lines():
    login = Login()
    text = (request(login) + refusal(
        Login("SHA-512-256"),
        f"WWW-Authenticate: {login.challenge()}, Basic realm=\"x\"") +
        sent(login) + proved(login))
    found = inspect(text, password=PASSWORD)
    assert found.right() == ["challenge", "challenge", "response", "rspauth"]
    assert [one["scheme"] for one in found.json["exchanges"][0]["steps"]] == [
        "Digest", "Digest", "Basic"]


OWN = bytes([1, 7, 0x05, 1 << 2]) + bytes(range(8)) + (
    1700000000123).to_bytes(6, "big") + bytes(24)


def test_a_nonce_of_our_own_is_taken_apart():
    nonce = base64.urlsafe_b64encode(OWN).decode()
    found = inspect(f'WWW-Authenticate: Digest realm="x", nonce="{nonce}", '
                    'qop="auth", algorithm=SHA-256\n')
    assert found.findings(about="nonce")[0]["text"] == (
        "has the form of Countersign's: version 1, key 7, for SHA-256, "
        "qop auth, one-time, count domain 0001020304050607, minted "
        "2023-11-14 22:13:20.123 UTC")
    found = inspect(f'WWW-Authenticate: Digest realm="x", nonce="{nonce}", '
                    'qop="auth", algorithm=SHA-512-256\n')
    assert found.findings("wrong")[0]["reason"] == "algorithm-not-offered"


def test_lines_alone():
    """no request and no response around them."""
    login = Login(method="POST")
    text = (f"WWW-Authenticate: {login.challenge()}\n"
            f"Authorization: {login.credentials()}\n"
            f"Authentication-Info: {login.info()}\n")
    found = inspect(text, password=PASSWORD)
    assert found.right() == ["challenge", "response", "rspauth"]
    assert "for the method POST" in found.text
    found = inspect(text, "--method", "PUT", password=PASSWORD)
    assert ("response", "other-method") in found.mistakes("wrong")


def har(*pairs):
    """A HAR of (login or None, fields of the response, content)."""
    entries = []
    for login, status, name, value in pairs:
        headers = [] if login is None else [
            {"name": "Authorization", "value": login.credentials()}]
        entries.append({
            "request": {"method": "GET", "httpVersion": "HTTP/1.1",
                        "url": "https://example.org/a?b=c#part",
                        "headers": headers},
            "response": {"status": status,
                         "headers": [{"name": name, "value": value}],
                         "content": {"encoding": "base64", "text":
                                     base64.b64encode(b"hello").decode()}}})
    return json.dumps({"log": {"version": "1.2", "entries": entries}})


def test_a_har():
    """the url's path and query are the target."""
    login = Login()
    text = har((None, 401, "www-authenticate", login.challenge()),
               (login, 200, "authentication-info", login.info()))
    found = inspect(text, password=PASSWORD)
    assert found.right() == ["challenge", "response", "rspauth"]
    assert found.json["exchanges"][1]["target"] == "/a?b=c"


def test_content_of_a_har_under_auth_int():
    login = Login(qop="auth-int")
    info = login.info(rspauth=quote(login.rspauth(content=b"hello")))
    text = har((None, 401, "www-authenticate", login.challenge()),
               (login, 200, "authentication-info", info))
    assert inspect(text, password=PASSWORD).right() == [
        "challenge", "response", "rspauth"]


def test_a_har_whose_credentials_were_left_out():
    text = har((None, 200, "authentication-info", Login().info()))
    found = inspect(text, password=PASSWORD)
    assert found.code == 0
    assert "an export may have left them out" in found.text


# ------------------------------------------------------------------- curl -v

def recorded(peer, cwd, *options, path="/page?a=b"):
    """What `curl -v` wrote on both its outputs."""
    done = clients.run("curl", "-q", "-sS", "--max-time", "30", "-v",
                       *options, f"http://127.0.0.1:{peer.port}{path}",
                       cwd=cwd)
    return done.stderr + done.stdout


@pytest.mark.parametrize("algorithm", ["SHA-256", "MD5"])
def test_curl_at_an_origin(peers, algorithm, tmp_path):  # noqa: F811
    """real curl, a right server: nothing is odd or wrong."""
    digest = raw.Digest(algorithm=algorithm)
    peer = peers(raw.guard(digest))
    text = recorded(peer, tmp_path, "--digest", "-u", f"{USER}:{PASSWORD}")
    found = inspect(text, password=PASSWORD)
    assert found.code == 0, found.text
    assert {"response", "rspauth"} <= set(found.right())
    assert found.mistakes() == []
    assert [e["status"] for e in found.json["exchanges"]] == [401, 200]


def test_curl_with_the_wrong_password(peers, tmp_path):  # noqa: F811
    """the response is not what the password would give."""
    peer = peers(raw.guard(raw.Digest()))
    text = recorded(peer, tmp_path, "--digest", "-u", f"{USER}:wrong")
    found = inspect(text, password=PASSWORD)
    assert found.code == 1
    assert ("response", "wrong-password") in found.mistakes("wrong")


@pytest.mark.parametrize("hurt, reason", [
    ("rspauth-changed", "rspauth-wrong"), ("rspauth-removed",
                                           "info-incomplete"),
    ("cnonce-swapped", "cnonce-wrong"), ("nc-swapped", "nc-wrong"),
    ("nc-removed", "info-incomplete"), ("qop-swapped", "qop-wrong"),
    ("rspauth-twice", "info-malformed"), ("rspauth-cut", "info-malformed"),
    ("unclosed-quote", "info-malformed"),
])
def test_a_server_that_proves_itself_wrongly(peers, hurt,  # noqa: F811
                                             reason, tmp_path):
    """each in the word that fetch uses too."""
    peer = peers(raw.guard(raw.Digest(), hurt=hurt))
    text = recorded(peer, tmp_path, "--digest", "-u", f"{USER}:{PASSWORD}")
    found = inspect(text, password=PASSWORD)
    assert found.code == 1
    assert reason in [f["reason"] for f in found.findings("wrong")]


def test_the_sha_512_256_of_this_curl(peers, tmp_path):  # noqa: F811
    """curl 7.88 hashes SHA-256 under that name; a later one may not."""
    peer = peers(raw.guard(raw.Digest(algorithm="SHA-512-256")))
    text = recorded(peer, tmp_path, "--digest", "-u", f"{USER}:{PASSWORD}")
    found = inspect(text, password=PASSWORD)
    if "response" not in found.right():
        assert ("response", "sha-256-used") in found.mistakes("wrong")


def test_curl_at_a_proxy_and_an_origin(peers, tmp_path):  # noqa: F811
    """two layers, each with its own password. This curl puts path and
    query into uri, at the proxy too."""
    target = "/page?a=b"
    proxy = raw.Digest(realm="proxy", proxy=True, password="proxy secret")
    origin = raw.Digest(realm="origin")
    inner = raw.guard(origin, uri=lambda _request: target)

    def handle(request):
        if not proxy.accepts(request, target):
            return raw.response(407, [(proxy.challenge_name,
                                       proxy.challenge())], b"")
        answer = inner(request)
        line = ": ".join(proxy.info_line(request)).encode("latin-1")
        return answer.replace(b"\r\n", b"\r\n" + line + b"\r\n", 1)

    peer = peers(handle)
    text = recorded(peer, tmp_path, "--digest", "-u", f"{USER}:{PASSWORD}",
                    "--proxy-digest", "-U", f"{USER}:proxy secret", "-x",
                    f"127.0.0.1:{peer.port}")
    found = inspect(text, password=PASSWORD, proxy_password="proxy secret")
    assert found.code == 0, found.text
    layers = {step["layer"] for e in found.json["exchanges"]
              for step in e["steps"]}
    assert layers == {"proxy", "origin"}
    assert found.right().count("response") == 3
    assert found.right().count("rspauth") == 3
    swapped = inspect(text, password="proxy secret", proxy_password=PASSWORD)
    assert ("response", "login-of-other-layer") in swapped.mistakes("wrong")


def written(text):
    """Lines as curl -v has them."""
    return "".join(line + "\n" for line in text).encode()


def test_curl_that_tried_again_on_a_new_connection():
    """A response answers the newest request there."""
    login = Login()
    ask = ["> GET /a?b=c HTTP/1.1", "> Host: example.org", "> "]
    found = inspect(written([*ask, "* Connection died, retrying", *ask,
                             "< HTTP/1.1 401 No",
                             f"< WWW-Authenticate: {login.challenge()}",
                             "< "]))
    assert [e["status"] for e in found.json["exchanges"]] == [None, 401]


def answered(login, *lines, sent_content=()):
    """What `curl -v` shows of one answered request."""
    return written(["> GET /a?b=c HTTP/1.1",
                    f"> Authorization: {login.credentials()}", *sent_content,
                    "> ", "0:0", "< HTTP/1.1 200 OK", *lines])


def test_content_that_curl_showed():
    """It writes no line end of its own behind it."""
    login = Login(qop="auth-int")
    info = login.info(rspauth=quote(login.rspauth(content=b"hello")))
    text = answered(login, f"< Authentication-Info: {info}", "< ",
                    "hello* Connection #0 to host x left intact")
    assert inspect(text, password=PASSWORD).right() == ["response", "rspauth"]


def test_content_that_curl_did_not_show():
    login = Login(qop="auth-int", content=b"abc")
    text = answered(login, "< ", sent_content=["> Content-Length: 3"])
    found = inspect(text, password=PASSWORD)
    assert found.code == 0
    assert "cannot be checked" in found.findings(about="response")[0]["text"]


def test_a_trailer_that_curl_showed():
    login = Login()
    text = answered(login, "< Transfer-Encoding: chunked", "< ", "hello",
                    f"< Authentication-Info: {login.info()}")
    found = inspect(text, password=PASSWORD)
    assert found.right() == ["response", "rspauth"]
    assert found.json["exchanges"][0]["steps"][1]["trailer"] is True


def test_curl_at_the_gateway(origin, gateway, tmp_path):
    """our own nonces are taken apart."""
    gw = gateway(origin=origin.url)
    done = clients.run("curl", "-q", "-sS", "--max-time", "30", "-v",
                       "--digest", "-u", "alice:secret",
                       clients.url(gw.origin, "/x"), cwd=tmp_path)
    found = inspect(done.stderr + done.stdout, password="secret")
    assert found.code == 0, found.text
    assert {"challenge", "response", "rspauth"} <= set(found.right())
    nonce = found.findings(step="challenge", about="nonce")[0]["text"]
    assert "version 1, key " in nonce and "for SHA-256" in nonce
    assert "count domain " in nonce and "minted 20" in nonce


def test_nonces_of_the_conversation_are_known():
    """a nonce that came by nextnonce is one that was given."""
    old, new = Login(), Login(nonce="next")
    text = (request(old) + refusal(old) + sent(old) +
            proved(old, nextnonce='"next"') + sent(new) + proved(new))
    found = inspect(text, password=PASSWORD)
    assert (found.code, found.mistakes()) == (0, [])
