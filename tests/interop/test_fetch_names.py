# SPDX-License-Identifier: MIT
"""How fetch names its user, and keeps a `-sess` session: userhash, username*,
names of every script, one session key for one challenge."""
import re
import unicodedata

import pytest

from support import raw
from support.fetching import LOGIN, OK, fetch
from support.fixtures import peers  # pylint: disable=unused-import

REQUIRE = ["--proof", "require"]
PAIR = f"{raw.USER}:{raw.PASSWORD}"

NAMES = {
    "Latin": ("J\u00e4s\u00f8n Doe", "p\u00e4ss \u20ac"),
    "Arabic": ("\u0645\u0633\u062a\u062e\u062f\u0645",
               "\u0643\u0644\u0645\u0629 \u0633\u0631"),
    "Han": ("\u7528\u6237\u540d", "\u5bc6\u7801"),
    "combining marks": ("n\u0303o\u0302m", "a\u0327\u0301"),
    "emoji in the password": ("Mufasa", "\U0001f981 of life"),
}


def sent_name(peer):
    """The parameters that name the user, as they stand in the field."""
    line = peer.requests[-1].get("Authorization")
    return re.findall(r'(username\*?|userhash)=("(?:[^"\\]|\\.)*"|[^,]*)',
                      line)


@pytest.mark.parametrize("how", ["plain", "hashed", "raw"])
@pytest.mark.parametrize("user,password", NAMES.values(), ids=NAMES.keys())
def test_names_of_every_script(peers, tmp_path, how, user, password):
    """C-40, C-41: typed composed or apart, from the command line or a file,
    a name is one name, however it travels."""
    nfc = unicodedata.normalize("NFC", user)
    digest = raw.Digest(user=nfc, password=unicodedata.normalize(
        "NFC", password), userhash=how == "hashed")
    peer = peers(raw.guard(digest))
    args = ["--raw-username"] if how == "raw" else []
    for form in ("NFC", "NFD"):
        pair = unicodedata.normalize(form, f"{user}:{password}")
        (tmp_path / "pair").write_text(pair + "\n", "utf-8")
        fetch("-u", pair, *args, *REQUIRE, peer.url, check=OK)
        fetch("--user-file", tmp_path / "pair", *args, *REQUIRE, peer.url,
              check=OK)
    assert len(digest.seen) == 4
    names = [name for name, _ in sent_name(peer)]
    assert names == (["username", "userhash"] if how == "hashed" else
                     ["username*"] if how == "plain" and not nfc.isascii()
                     else ["username"])


@pytest.mark.parametrize("user,value", [
    pytest.param("J\u00e4s\u00f8n", "UTF-8''J%C3%A4s%C3%B8n", id="letters"),
    pytest.param("\u00e9 %*'()", "UTF-8''%C3%A9%20%25%2A%27%28%29",
                 id="what is no attr-char"),
    pytest.param("\u00e9!#$&+-.^_`|~", "UTF-8''%C3%A9!#$&+-.^_`|~",
                 id="what is one")])
def test_C_37_the_extended_form(peers, user, value):
    """C-36, C-37, A-66, C-35: without quotes, and without username."""
    peer = peers(raw.guard(raw.Digest(user=user)))
    fetch("-u", f"{user}:{raw.PASSWORD}", *REQUIRE, peer.url, check=OK)
    assert sent_name(peer) == [("username*", value)]


def test_C_34_a_hashed_name_is_sent_only_where_it_was_asked_for(peers):
    """C-34 a hashed name is sent only where it was asked for, in the same
    run: the answer to each challenge is its own."""
    plain = raw.Digest(realm="plain")
    hashed = raw.Digest(realm="hashed", userhash=True)
    peer = peers(lambda request: raw.guard(
        hashed if request.target == "/h" else plain)(request))
    fetch("-u", PAIR, *REQUIRE, peer.url + "/p", peer.url + "/h",
          peer.url + "/p", check=OK)
    named = [r.get("Authorization") for r in peer.requests
             if r.get("Authorization")]
    assert ["userhash" in line for line in named] == [
        False, False, True, True, False]
    assert [raw.USER in line for line in named] == [
        True, True, False, False, True]


@pytest.mark.parametrize("algorithm", ["SHA-256-sess", "SHA-512-256-sess"])
def test_C_33_a_hashed_name_has_no_session_part(peers, algorithm):
    """C-33 a hashed name has no session part; H(A1) has the plain one
    (C-32)."""
    digest = raw.Digest(algorithm=algorithm, userhash=True)
    url = peers(raw.guard(digest)).url
    fetch("-u", PAIR, *REQUIRE, url, url, check=OK)
    assert len(digest.seen) == 2


def cnonces(peer, digest):
    return [digest.credentials(r)["cnonce"] for r in peer.requests
            if r.get("Authorization")]


def test_C_06_one_key_for_the_whole_session(peers):
    """C-06 one key for the whole session, and C-09: one cnonce."""
    digest = raw.Digest(algorithm="SHA-256-sess")
    peer = peers(raw.guard(digest))
    fetch("-u", PAIR, *REQUIRE, *[peer.url] * 4, check=OK)
    assert len(digest.sessions) == 1 and len(digest.seen) == 4
    assert len(set(cnonces(peer, digest))) == 1


class Rebuilding(raw.Digest):
    """A server that makes the key anew of every request's values (K-14)."""

    def key(self, c):
        return self.hash(f"{self.ha1()}:{c['nonce']}:{c['cnonce']}")


def test_C_09_a_server_that_makes_the_key_anew_agrees(peers):
    """C-09 a server that makes the key anew agrees as long as it names no new
    nonce."""
    digest = Rebuilding(algorithm="SHA-256-sess")
    url = peers(raw.guard(digest)).url
    fetch("-u", PAIR, *REQUIRE, *[url] * 4, check=OK)
    assert len(digest.seen) == 4


def test_C_07_a_new_challenge_makes_a_new_key(peers):
    """C-07 a new challenge makes a new key, stale=true too."""
    digest = raw.Digest(algorithm="SHA-256-sess")
    aged = iter([True])

    def handle(request):
        if request.target == "/2" and next(aged, False):
            digest.retire()
            return raw.response(401, [("WWW-Authenticate",
                                       digest.challenge(stale=True))])
        return raw.guard(digest)(request)

    peer = peers(handle)
    fetch("-u", PAIR, *REQUIRE, peer.url + "/1", peer.url + "/2",
          peer.url + "/3", check=OK)
    assert len(digest.sessions) == 2 and len(digest.seen) == 3
    sent = cnonces(peer, digest)
    assert sent[0] == sent[1] != sent[2] == sent[3]


def test_C_08_a_nextnonce_keeps_the_key(peers):
    """C-08 a nextnonce keeps the key: it is no challenge (F-11)."""
    digest = raw.Digest(algorithm="SHA-256-sess", qop="auth-int")
    url = peers(raw.guard(digest, nextnonce=digest.new_nonce)).url
    fetch("-u", PAIR, *REQUIRE, "-d", "a=b", *[url] * 4, check=OK)
    assert {nc for _, nc in digest.seen} == {"00000001"}
    assert len(set(digest.sessions.values())) == 1


def test_C_10_sess_without_qop_is_not_answered(peers):
    """C-10 sess without qop is not answered, with every leniency there is;
    beside it the old form without session is."""
    for algorithm, code in (("MD5-sess", LOGIN), ("MD5", OK)):
        digest = raw.Digest(algorithm=algorithm)
        peer = peers(lambda request, digest=digest: raw.response(
            200, [], b"in\n") if request.get("Authorization") else
            raw.response(401, [("WWW-Authenticate",
                                digest.challenge(qop=None))]))
        done = fetch("-u", PAIR, "--allow-md5", "--allow-no-qop", peer.url)
        assert done.code == code, done
