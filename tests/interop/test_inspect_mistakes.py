# SPDX-License-Identifier: MIT
"""`countersign inspect` names the mistake behind a wrong value."""
import json
import re
import unicodedata

import pytest

from support.inspecting import (NONCE, PASSWORD, Login, exchange, inspect,
                                message, quote, refusal, request, sent)
from support.passwd import TOP

VECTORS = json.loads((TOP / "tests/vectors/vectors.json").read_text("utf-8"))
MISTAKES = VECTORS["digest_mistakes"]

# The mistakes of the vectors, in the words of the program.
NAMES = {
    "method left in A2 (equals the request response: reflection)":
        "method-in-rspauth",
    "A2 without the leading colon": "a2-without-colon",
    "A2 built from '::uri'": "a2-two-colons",
    "nc, cnonce and qop left out": "counts-left-out",
    "HA1 in place of the session key": "session-key-missing",
    "inner hash entered as raw octets (RFC 2617 sample code, erratum 1649)":
        "raw-hash",
    "upper-case HA1 hex": "upper-case-hex",
    "values hashed with their quotation marks": "quotes-hashed",
    "fragment or query dropped from uri": "uri-without-query",
    "SHA-512 cut to 256 bits (the print of RFC 7616 s3.9.2)": "sha-512-cut",
    "SHA-256 (seen from a deployed client that accepts "
    "algorithm=SHA-512-256)": "sha-256-used",
}


def vector_login(inputs):
    return Login(inputs["algorithm"], user=inputs["username"],
                 realm=inputs["realm"], password=inputs["password"],
                 nonce=inputs["nonce"], nc=inputs["nc"],
                 cnonce=inputs["cnonce"], method=inputs["method"],
                 uri=inputs["uri"])


@pytest.mark.parametrize("row", MISTAKES["wrong"],
                         ids=lambda row: row["mistake"])
def test_a_mistake_of_the_vectors(row):
    login = vector_login(MISTAKES["base"]["inputs"])
    changes = {row["of"]: quote(row["value"])}
    kind = "info" if row["of"] == "rspauth" else "credentials"
    found = inspect(exchange(login, **{kind: changes}), password=PASSWORD)
    assert found.code == 1
    assert found.mistakes() == [(row["of"], NAMES[row["mistake"]])]
    wrong = found.findings("wrong")[0]
    assert wrong["is"] == row["value"]
    assert wrong["right"] == MISTAKES["base"]["computed"][row["of"]]


@pytest.mark.parametrize(
    "row", MISTAKES["sha_512_256_impostors"]["wrong"],
    ids=lambda row: row["mistake"])
def test_an_impostor_of_sha_512_256(row):
    """which of the three readings of the field it is."""
    login = vector_login(MISTAKES["sha_512_256_impostors"]["base_inputs"])
    found = inspect(
        exchange(login, credentials={"response": quote(row["value"])}),
        password=PASSWORD)
    assert found.mistakes() == [("response", NAMES[row["mistake"]])]


def test_every_mistake_of_the_vectors_has_a_name():
    rows = MISTAKES["wrong"] + MISTAKES["sha_512_256_impostors"]["wrong"]
    assert {row["mistake"] for row in rows} == set(NAMES)


def chain(algorithm, response=None):
    steps = next(c for c in VECTORS["digest_chains"]
                 if c["id"] == f"chain-{algorithm.lower()}")["steps"]
    text = "".join(
        [f"GET / HTTP/1.1\n\nHTTP/1.1 401 No\n"
         f"{steps[0]['lines']['challenge']}\n\n"] +
        [f"GET {s['inputs']['uri']} HTTP/1.1\n{s['lines']['credentials']}\n\n"
         f"HTTP/1.1 200 OK\n{s['lines']['info']}\n\n" for s in steps])
    return text.replace(steps[1]["computed"]["response"],
                        response or steps[1]["computed"]["response"])


@pytest.mark.parametrize("algorithm", ["SHA-256", "SHA-256-sess"])
def test_a_chain_with_nextnonce_is_right(algorithm):
    """the session key goes on, the count begins anew."""
    found = inspect(chain(algorithm), password=PASSWORD)
    assert (found.code, found.mistakes()) == (0, [])
    assert found.right() == ["challenge"] + ["response", "rspauth"] * 3


def test_the_other_reading_of_session_keys_is_named_and_passes():
    """a key made anew: odd, not wrong."""
    rebuilt = next(c for c in VECTORS["digest_chains"]
                   if c["id"] == "chain-sha-256-sess")[
                       "step2_response_if_A1_rebuilt"]
    found = inspect(chain("SHA-256-sess", rebuilt), password=PASSWORD)
    assert found.code == 0
    assert found.mistakes("odd") == [("response", "session-key-rebuilt")]


def wrong_response(login, response, **keywords):
    """What is named for one wrong response."""
    found = inspect(exchange(login,
                             credentials={"response": quote(response)},
                             **keywords), password=PASSWORD)
    assert found.code == 1
    return [name for about, name in found.mistakes()
            if about in ("response", "rspauth")]


def test_spaces_mapped_as_rfc_8265_has_it_are_another_reading():
    """C-43 spaces mapped as RFC 8265 has it are another reading; mapped to
    nothing they are wrong."""
    login = Login(password="a\u00a0\u3000b")
    for other, code, odd in (("a  b", 0, True), ("ab", 1, False)):
        found = inspect(exchange(login, credentials={
            "response": quote(login.response(password=other))}),
            password="a\u00a0\u3000b")
        assert found.code == code
        assert (("response", "spaces-mapped") in found.mistakes("odd")) == odd


# name -> (algorithm, what the login is, what was hashed in its place)
HASHED = {
    "other-method": ("SHA-256", {}, {"method": "POST"}),
    "method-missing": ("SHA-256", {}, {"method": ""}),
    "nc-in-other-case": ("SHA-256", {"nc": "0000000a"}, {"nc": "0000000A"}),
    "nc-as-number": ("SHA-256", {}, {"nc": "1"}),
    "nc-of-other-request": ("SHA-256", {}, {"nc": "00000002"}),
    "realm-in-other-case": ("SHA-256", {"realm": "Realm"},
                            {"realm": "realm"}),
    "user-in-other-case": ("SHA-256", {}, {"user": "mufasa"}),
    "other-realm": ("SHA-256", {}, {"realm": ""}),
    "user-without-domain": ("SHA-256", {"user": "d\\Mufasa"},
                            {"user": "Mufasa"}),
    "uri-in-other-form": ("MD5", {},
                          {"uri": "http://example.org/a?b=c"}),
    "escapes-hashed": ("SHA-256", {"user": 'a"b'}, {"user": 'a\\"b'}),
    "escapes-twice": ("SHA-256", {"user": 'a\\"b'}, {"user": 'a"b'}),
    "password-end": ("SHA-256", {}, {"password": PASSWORD + "\n"}),
    "password-missing": ("SHA-256", {}, {"password": ""}),
    "not-normalized": ("SHA-256", {"user": "Jäsøn"},
                       {"user": unicodedata.normalize("NFD", "Jäsøn")}),
    "latin-1": ("SHA-256", {"user": "Jäsøn"},
                {"user": "Jäsøn".encode("latin-1")}),
    "utf-8-twice": ("SHA-256", {"user": "Jäsøn"},
                    {"user": "Jäsøn".encode().decode("latin-1")}),
    "cnonce-of-other-request": ("SHA-256", {}, {"cnonce": ""}),
    "session-key-missing": ("SHA-512-256-sess", {}, {
        "ha1": Login("SHA-512-256").ha1()}),
    "session-key-unasked": ("SHA-256", {}, {
        "ha1": Login("SHA-256-sess").ha1()}),
    "wrong-password": ("SHA-256", {}, {"password": "nothing of this"}),
}


@pytest.mark.parametrize("name", HASHED)
def test_what_was_hashed_in_place_of_the_right_thing(name):
    algorithm, login, changes = HASHED[name]
    login = Login(algorithm, **login)
    assert wrong_response(login, login.response(**changes)) == [name]


@pytest.mark.parametrize("algorithm, other, name", [
    ("SHA-256", "SHA-512-256", "sha-512-256-used"),
    ("SHA-512-256", "SHA-256", "sha-256-used"),
    ("MD5", "SHA-256", "sha-256-used"), ("SHA-256", "MD5", "md5-used"),
])
def test_another_hash_under_the_name(algorithm, other, name):
    """also where the number of digits tells it."""
    assert name in wrong_response(Login(algorithm),
                                  Login(other).response())


@pytest.mark.parametrize("parts, name", [
    (["nonce"], "counts-left-out"),
    (["nonce", "nc", "cnonce"], "counts-partly-left-out"),
])
def test_parameters_left_out_of_the_last_hash(parts, name):
    login = Login()
    ha2 = login.hash("GET", "/a?b=c")
    value = login.hash(login.ha1(), *(login.values[p] for p in parts), ha2)
    assert wrong_response(login, value) == [name]


def test_the_string_cut_short_after_the_nonce():
    """what a server makes that joins values which are not there."""
    login = Login()
    value = login.hash(login.ha1(), NONCE)
    found = inspect(exchange(login, info={"rspauth": quote(value)}),
                    password=PASSWORD)
    assert found.mistakes() == [("rspauth", "cut-after-nonce")]


def test_the_whole_list_of_qop_hashed():
    login = Login()
    value = login.response(qop="auth,auth-int")
    assert wrong_response(login, value, challenge={
        "qop": '"auth,auth-int"'}) == ["other-qop"]


def test_the_target_hashed_in_place_of_uri():
    login = Login(uri="http://example.org/a?b=c")
    text = (request(login) + refusal(login) +
            sent(login, target="/a?b=c",
                 response=quote(login.response(uri="/a?b=c"))))
    found = inspect(text, password=PASSWORD)
    assert found.mistakes() == [("response", "target-hashed")]


def test_the_nonce_of_another_challenge():
    old, new = Login(nonce="old"), Login(nonce="new")
    text = (request(old) + refusal(old) + refusal(new) +
            sent(new, response=quote(old.response())))
    found = inspect(text, password=PASSWORD)
    assert found.mistakes() == [("response", "nonce-of-other-challenge")]


def test_the_session_key_of_another_challenge():
    old = Login("SHA-256-sess", nonce="old")
    new = Login("SHA-256-sess", nonce="new")
    text = (request(old) + refusal(old) + sent(old) +
            refusal(new, stale="true") +
            sent(new, response=quote(new.response(ha1=old.ha1()))))
    found = inspect(text, password=PASSWORD)
    assert found.mistakes() == [("response", "session-key-old")]


def test_content_hashed_that_no_one_asked_for():
    login = Login(method="POST")
    content = b"a=1"
    ha2 = login.hash("POST", "/a?b=c", login.hash(content))
    value = login.hash(login.ha1(), NONCE, "00000001", "abcdef", "auth", ha2)
    text = (request(login) + refusal(login) +
            sent(login, content=content, response=quote(value)))
    found = inspect(text, password=PASSWORD)
    assert found.mistakes() == [("response", "content-unasked")]


def test_counts_hashed_without_qop():
    login = Login()
    found = inspect(exchange(login, challenge={"qop": None},
                             credentials={"qop": None}, info={"qop": None,
                                                              "nc": None,
                                                              "cnonce": None}),
                    password=PASSWORD)
    assert found.mistakes() == [("response", "counts-hashed"),
                                ("rspauth", "counts-hashed")]


def test_two_mistakes_at_once():
    login = Login(realm="Realm")
    value = login.response(method="POST", realm="realm")
    assert wrong_response(login, value) == ["other-method+"
                                            "realm-in-other-case"]


def test_a_value_cut_short():
    login = Login()
    found = inspect(exchange(login, credentials={
        "response": quote(login.response()[:40])}), password=PASSWORD)
    assert ("response", "value-cut") in found.mistakes()
    assert ("credentials", "malformed") in found.mistakes()


def test_upper_case_digits_are_odd_not_wrong():
    """accepted, and said."""
    login = Login()
    found = inspect(exchange(login, credentials={
        "response": quote(login.response().upper())}), password=PASSWORD)
    assert found.code == 0
    assert found.mistakes() == [("response", "upper-case-digits")]
    assert "response" in found.right()


CONTENT = [
    ("content-missing", lambda l, c: l.hash(
        l.ha1(), NONCE, "00000001", "abcdef", "auth-int",
        l.hash("POST", "/a?b=c"))),
    ("content-empty", lambda l, c: l.response(content=b"")),
    ("content-line-ends", lambda l, c: l.response(
        content=c.replace(b"\n", b"\r\n"))),
    ("content-of-other-side", lambda l, c: l.response(content=b"answer")),
]


@pytest.mark.parametrize("name, value", CONTENT, ids=[n for n, _ in CONTENT])
def test_the_content_under_auth_int(name, value):
    """what else was taken for the content."""
    content = b"a=1\nb=2"
    login = Login(qop="auth-int", method="POST", content=content)
    text = (request(login) + refusal(login) +
            sent(login, content=content,
                 response=quote(value(login, content))) +
            message("HTTP/1.1 200 OK", "Authentication-Info: " + login.info(
                rspauth=quote(login.rspauth(content=b"answer"))),
                content=b"answer"))
    found = inspect(text, password=PASSWORD)
    assert found.mistakes() == [("response", name)]
    assert "rspauth" in found.right()


def test_content_that_is_not_there_is_not_judged():
    """a wrong value and an unknown content are two things."""
    login = Login(qop="auth-int", content=b"unknown")
    text = (request(login) + refusal(login) +
            message("GET /a?b=c HTTP/1.1", "Host: example.org",
                    "Content-Length: 700",
                    "Authorization: " + login.credentials()))
    found = inspect(text, password=PASSWORD)
    assert (found.code, found.mistakes()) == (0, [])
    assert "cannot be checked" in found.findings(about="response")[0]["text"]


def test_reflection_is_seen_without_a_password():
    """rspauth that is the response itself."""
    login = Login()
    found = inspect(exchange(login,
                             info={"rspauth": quote(login.response())}))
    assert found.code == 1
    assert found.mistakes() == [("rspauth", "method-in-rspauth")]


def test_a_server_without_the_secret():
    login = Login()
    found = inspect(exchange(login, info={"rspauth": quote("0" * 64)}),
                    password=PASSWORD)
    assert found.mistakes() == [("rspauth", "other-secret")]
    assert found.findings("wrong")[0]["reason"] == "rspauth-wrong"


def test_the_login_of_the_other_layer():
    login, other = Login(), Login(password="proxy secret")
    text = exchange(login, credentials={"response": quote(other.response())})
    found = inspect(text, password=PASSWORD, proxy_password="proxy secret")
    assert found.mistakes() == [("response", "login-of-other-layer")]


def test_the_manual_names_every_mistake():
    """Each name in the source stands in docs/inspect.md, and back."""
    sources = "".join(path.read_text("utf-8") for path in
                      (TOP / "tools/inspect").glob("*.c"))
    rows = set(re.findall(r'ROW\("([a-z0-9-]+)"', sources))
    rows |= set(re.findall(r'\{ "([a-z0-9]+(?:-[a-z0-9]+)+)",\s+"the', sources))
    blamed = " ".join(re.findall(r"inspect_blame\((.*?)\);", sources, re.S))
    rows |= {word for word in re.findall(r'"([a-z0-9]+(?:-[a-z0-9]+)+)"',
                                         blamed)}
    page = (TOP / "docs/inspect.md").read_text("utf-8")
    tables = page[page.index("## Mistakes"):page.index("## JSON")]
    told = {name for line in re.findall(r"^\| ([a-z0-9, -]+) \|", tables, re.M)
            for name in line.split(", ")} - {"name", "---"}
    rows.discard("auth-int")
    assert rows <= told
    assert {n for n in told if "-" in n} <= rows
