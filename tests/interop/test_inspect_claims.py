# SPDX-License-Identifier: MIT
"""`countersign inspect` says what does not fit together in an exchange."""
import hashlib

import pytest

from support.inspecting import (PASSWORD, REALM, USER, Login, exchange,
                                inspect, message, proved, quote, refusal,
                                render, request, sent)

# name -> (about, what it is done to: a whole exchange's keywords)
CLAIMS = {
    "opaque-dropped": ("opaque", {"credentials": {"opaque": None}}),
    "opaque-changed": ("opaque", {"credentials": {"opaque": '"no"'}}),
    "opaque-invented": ("opaque", {"challenge": {"opaque": None}}),
    "other-realm": ("realm", {"challenge": {"realm": '"x"'}}),
    "realm-in-other-case": ("realm", {"challenge": {
        "realm": quote(REALM.upper())}}),
    "nonce-not-given": ("nonce", {"challenge": {"nonce": '"other"'}}),
    "other-algorithm": ("algorithm", {"challenge": {"algorithm": "MD5"}}),
    "algorithm-dropped": ("algorithm", {"credentials": {
        "algorithm": None}}),
    "qop-not-offered": ("qop", {"challenge": {"qop": '"auth-int"'}}),
    "userhash-unasked": ("userhash", {"credentials": {"userhash": "true"}}),
    "cnonce-not-echoed": ("cnonce", {"info": {"cnonce": '"x"'}}),
    "nc-not-echoed": ("nc", {"info": {"nc": "00000002"}}),
    "qop-changed": ("qop", {"info": {"qop": "auth-int"}}),
    "uri-without-query": ("uri", {"target": "/a?b=c?more"}),
    "other-uri": ("uri", {"target": "/b"}),
}


@pytest.mark.parametrize("name", CLAIMS)
def test_what_does_not_fit_what_was_asked(name):
    about, keywords = CLAIMS[name]
    found = inspect(exchange(Login(), **keywords))
    assert found.code == 1
    assert (about, name) in found.mistakes("wrong")


ONE_NONCE = ["SHA-256", "SHA-512-256", "MD5"]


@pytest.mark.parametrize("algorithm", ONE_NONCE)
def test_one_nonce_for_several_algorithms(algorithm):
    """Each is held against its own challenge, and counts are the nonce's."""
    first, *others = [Login(name) for name in ONE_NONCE]
    login = Login(algorithm)
    again = Login("SHA-256" if algorithm == "MD5" else "MD5")
    asked = request(login) + refusal(first, *(
        f"WWW-Authenticate: {other.challenge()}" for other in others))
    found = inspect(asked + sent(login) + proved(login), password=PASSWORD)
    assert found.mistakes() == []
    assert {"response", "rspauth"} <= set(found.right())
    found = inspect(asked + sent(login) + proved(login) + sent(again) +
                    proved(again), password=PASSWORD)
    assert found.mistakes() == [("nc", "count-repeated")]


def test_one_nonce_and_an_algorithm_that_was_not_with_it():
    """The same, with an algorithm that no challenge has."""
    login = Login("SHA-256-sess")
    text = request(login) + refusal(
        Login("SHA-256"),
        f"WWW-Authenticate: {Login('MD5').challenge()}") + sent(login)
    found = inspect(text)
    assert ("algorithm", "other-algorithm") in found.mistakes("wrong")


def test_qop_left_out_is_a_downgrade():
    """with everything else right."""
    login = Login(qop="")
    text = (request(login) + refusal(login, qop='"auth"') +
            sent(login, qop=None, nc=None, cnonce=None))
    found = inspect(text, password=PASSWORD)
    assert found.mistakes() == [("qop", "qop-dropped")]
    assert found.findings("wrong")[0]["reason"] == "qop-missing"
    assert "response" in found.right()


@pytest.mark.parametrize("missing", ["username", "realm", "nonce", "uri",
                                     "response", "cnonce", "nc"])
def test_credentials_that_lack_something(missing):
    """With the password: what can be tried without it is."""
    login = Login()
    found = inspect(exchange(login, credentials={
        missing: None, "response": quote("0" * 64)
        if missing != "response" else None}), password=PASSWORD)
    assert found.code == 1
    assert (missing, "missing-parameter") in [
        (f["about"], f["reason"]) for f in found.findings("wrong")]


@pytest.mark.parametrize("nc", ["1", "000000001", "0000000g", "00000000"])
def test_an_nc_that_is_no_count(nc):
    """The field does not read, and yet its value is what was hashed."""
    login = Login(nc=nc)
    found = inspect(exchange(login), password=PASSWORD)
    assert ("credentials", "malformed") in found.mistakes("wrong")
    assert "response" in found.right()


def test_two_lines_of_credentials():
    login = Login()
    line = f"Authorization: {login.credentials()}"
    text = request(login) + refusal(login) + request(login, line, line)
    found = inspect(text, password=PASSWORD)
    assert found.mistakes() == [("credentials", "repeated-field")]


def test_an_info_field_with_a_qop_that_no_one_sent():
    login = Login(qop="")
    text = (request(login) + refusal(login, qop=None) +
            sent(login, qop=None, nc=None, cnonce=None) +
            proved(login, qop="auth"))
    found = inspect(text, password=PASSWORD)
    assert found.mistakes() == [("qop", "info-with-qop")]


@pytest.mark.parametrize("missing", ["rspauth", "cnonce", "nc", "qop"])
def test_an_incomplete_info_field(missing):
    """qop, rspauth, cnonce and nc go together."""
    found = inspect(exchange(Login(), info={missing: None}))
    assert found.code == 1
    assert (missing, "info-incomplete") in found.mistakes()


def test_an_info_field_that_is_not_there():
    """no proof, and nothing wrong by that alone."""
    login = Login()
    text = request(login) + refusal(login) + sent(login) + message(
        "HTTP/1.1 200 OK")
    found = inspect(text, password=PASSWORD)
    assert found.code == 0
    assert found.findings(step="info")[0]["reason"] == "no-info"


def test_a_parameter_that_stands_twice():
    """and where the second one is."""
    login = Login()
    line = login.info()
    text = request(login) + refusal(login) + sent(login) + message(
        "HTTP/1.1 200 OK", f"Authentication-Info: {line}, nc=00000001")
    found = inspect(text)
    wrong = found.findings("wrong")[0]
    assert (wrong["reason"], wrong["mistakes"]) == (
        "info-malformed", ["repeated-parameter"])
    assert wrong["place"]["offset"] == len(line) + 2
    lines = text.split(b"\r\n")
    at = [i for i, one in enumerate(lines, 1)
          if one.startswith(b"Authentication-Info")]
    assert wrong["place"]["line"] == at[0]


def test_a_challenge_that_does_not_parse():
    """the octet where the grammar ends."""
    text = ('HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm="x", '
            'nonce="y\r\n\r\n')
    wrong = inspect(text).findings("wrong")[0]
    assert wrong["reason"] == "malformed"
    assert wrong["place"] == {"line": 2, "offset": 24}


def counted(*counts):
    login = Login()
    text = request(login) + refusal(login)
    for count in counts:
        one = Login(nc=f"{count:08x}")
        text += sent(one) + proved(one)
    return inspect(text, password=PASSWORD)


@pytest.mark.parametrize("counts, code, name", [
    ((1, 2, 2), 1, "count-repeated"), ((1, 2, 1), 1, "count-repeated"),
    ((1, 3, 2), 1, "count-back"),
    ((1, 5), 0, "count-skipped"), ((2,), 0, "count-skipped"),
])
def test_counts_on_one_nonce(counts, code, name):
    """one more each time, none twice."""
    found = counted(*counts)
    assert found.code == code
    assert found.mistakes()[-1] == ("nc", name)


def test_counts_that_go_up_are_right():
    """nothing is said of them."""
    assert counted(1, 2, 3).mistakes() == []


@pytest.mark.parametrize("mistake, text", [
    ("stale-unasked", request(Login()) + refusal(Login(), stale="true")),
    ("stale-same-nonce", request(Login()) + refusal(Login()) +
     sent(Login()) + refusal(Login(), stale="true")),
    ("stale-ignored", request(Login()) + refusal(Login()) + sent(Login()) +
     refusal(Login(nonce="new"), stale="true") + sent(Login(nc="00000002"))),
    ("stale-for-wrong-response", request(Login()) + refusal(Login()) +
     sent(Login(), response=quote("0" * 64)) +
     refusal(Login(nonce="new"), stale="true")),
], ids=lambda value: value if isinstance(value, str) else "")
def test_stale_is_misused(mistake, text):
    """and the client that goes on regardless."""
    found = inspect(text, password=PASSWORD)
    assert mistake in [name for _, name in found.mistakes()]


def test_stale_as_it_should_be():
    """the same password on a new nonce."""
    new = Login(nonce="new")
    text = (request(new) + refusal(Login()) + sent(Login()) +
            refusal(new, stale="true") + sent(new) + proved(new))
    found = inspect(text, password=PASSWORD)
    assert (found.code, found.mistakes()) == (0, [])


def test_proxy_and_origin_swapped():
    """the nonce tells where the credentials belong."""
    proxy, origin = Login(nonce="p"), Login(nonce="o")
    text = (request(origin) + refusal(proxy, proxy=True) +
            sent(proxy, proxy=True) + refusal(origin) +
            sent(proxy))
    found = inspect(text)
    assert ("nonce", "layers-swapped") in found.mistakes("wrong")


def test_a_challenge_that_got_weaker():
    """only MD5 where SHA-256 was offered before."""
    text = (request(Login()) + refusal(Login()) + request(Login()) +
            refusal(Login("MD5", nonce="n2")))
    assert inspect(text).mistakes("wrong") == [("challenge", "downgrade")]


def test_two_hosts_need_not_be_as_strong():
    weak = refusal(Login("MD5", nonce="n2"))
    text = (request(Login()) + refusal(Login()) +
            message("GET / HTTP/1.1", "Host: other.example") + weak)
    assert inspect(text).mistakes("wrong") == []


def test_an_info_field_in_a_refusal():
    """It cannot speak for credentials that were just refused."""
    login = Login()
    text = (request(login) + refusal(login) + sent(login) +
            refusal(Login(nonce="n2"), f"Authentication-Info: {login.info()}"))
    found = inspect(text, password=PASSWORD)
    assert "is passed over" in found.findings("odd", step="info")[0]["text"]
    assert "rspauth" not in found.right()


def test_one_password_is_not_both_layers():
    """The proxy's values wait for a login of the proxy's."""
    proxy, login = Login(password="other", nonce="p"), Login()
    text = (request(login) + refusal(proxy, proxy=True) +
            request(login, f"Proxy-Authorization: {proxy.credentials()}",
                    f"Authorization: {login.credentials()}"))
    found = inspect(text, password=PASSWORD)
    assert found.code == 0
    assert found.right() == ["challenge", "response"]


def test_quoting_is_odd_where_peers_take_it():
    """both forms are read."""
    found = inspect(exchange(
        Login(), challenge={"algorithm": '"SHA-256"'},
        credentials={"qop": '"auth"', "nc": '"00000001"'},
        info={"qop": '"auth"'}), password=PASSWORD)
    assert found.code == 0
    assert found.mistakes() == [(name, "quoting") for name in
                                ("algorithm", "qop", "nc", "qop")]
    assert found.right() == ["response", "rspauth"]


def test_a_hashed_user():
    """the name behind the hash is the caller's to tell."""
    login = Login()
    name = login.hash(USER, REALM)
    keywords = {"challenge": {"userhash": "true"},
                "credentials": {"userhash": "true", "username": quote(name)}}
    text = exchange(login, **keywords)
    assert "--user tells" in inspect(text, password=PASSWORD).text
    found = inspect(text, "--user", USER, password=PASSWORD)
    assert found.right() == ["challenge", "response", "rspauth"]
    found = inspect(text, "--user", "Scar", password=PASSWORD)
    assert ("username", "userhash-wrong") in found.mistakes()
    ha1 = hashlib.sha256(f"{name}:{REALM}:{PASSWORD}".encode()).hexdigest()
    keywords["credentials"]["response"] = quote(login.response(ha1=ha1))
    found = inspect(exchange(login, **keywords), "--user", USER,
                    password=PASSWORD)
    assert found.mistakes() == [("response", "hashed-user-in-a1")]


def test_a_401_to_connect():
    """an origin cannot speak before there is a tunnel."""
    text = ("CONNECT a.example:443 HTTP/1.1\n\nHTTP/1.1 401 No\n"
            'WWW-Authenticate: Digest realm="x", nonce="y", qop="auth"\n\n')
    found = inspect(text)
    assert "wrong-layer" in [f["reason"] for f in found.findings("wrong")]


def test_a_407_from_within_a_tunnel():
    """No proxy is asked there."""
    proxy = Login()
    tunnel = (message("CONNECT example.org:443 HTTP/1.1") +
              message("HTTP/1.1 200 OK"))
    text = request(proxy) + refusal(proxy, proxy=True)
    assert inspect(text).code == 0
    found = inspect(tunnel + text)
    assert "wrong-layer" in [f["reason"] for f in found.findings("wrong")]


def test_a_401_without_a_challenge():
    found = inspect("GET / HTTP/1.1\n\nHTTP/1.1 401 No\n\n")
    assert [f["reason"] for f in found.findings("wrong")] == ["no-challenge"]


def test_header_and_trailer_that_differ():
    login = Login()
    text = request(login) + refusal(login) + sent(login) + (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
        b"Authentication-Info: " + login.info().encode() + b"\r\n\r\n"
        b"2\r\nok\r\n0\r\nAuthentication-Info: " +
        render({"nc": "00000009"}).encode() + b"\r\n\r\n")
    found = inspect(text, password=PASSWORD)
    assert "sections-differ" in [f["reason"] for f in found.findings("wrong")]
