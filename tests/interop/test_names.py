# SPDX-License-Identifier: MIT
"""Names and passwords of all scripts, from `countersign passwd` through the
gateway: who gets in, with which client, however it was typed; and who does
not."""
import unicodedata
import urllib.parse

import pytest

from support import digest, wire
from support.digest_whole import Session
from support.fetching import LOGIN, OK, fetch
from support.gateway import ORIGIN_REALM
from support.passwd import passwd, set_password
from support.peers import run, url

# As they are kept: what was typed is another matter.
ENROLLED = {
    "RFC 7616": ("J\u00e4s\u00f8n Doe", "Secret, or not?"),
    "Arabic": ("\u0645\u062d\u0645\u062f",
               "\u0643\u0644\u0645\u0629 \u0627\u0644\u0633\u0631"),
    "Han": ("\u674e\u660e", "\u5bc6\u7801"),
    "combining marks": ("Nguy\u1ec5n q\u0323\u0307",
                        "p\u1eadssw\u00f6\u0331\u1e5bd"),
    "Devanagari": ("\u0915\u094d\u200d\u0937", "\u0939\u093f\u0928\u094d"),
    "Hebrew": ("\u05d3\u05d5\u05d3", "\u05e1\u05d5\u05d3 1"),
    "Katakana": ("\u30ac\u30c3\u30c4", "\u30d1\u30b9 \u30ef\u30fc\u30c9"),
    "emoji in the password": ("alice", "\U0001f511\U0001f44d\U0001f3fd"),
}
PAIRS = pytest.mark.parametrize("user, password", ENROLLED.values(),
                                ids=ENROLLED)

# Names that no profile has, as another program enrolled them, in NFC.
FOREIGN = {
    "an emoji": ("\U0001f600", "\U0001f468\u200d\U0001f469"),
    "a ligature and width": ("\ufb01\uff21", "\u2764\ufe0f \u00e9"),
}

REQUIRE = ["--proof", "require"]


def nfd(text):
    return unicodedata.normalize("NFD", text)


def enrol(path):
    """Half of them typed apart; one file, two algorithms."""
    for number, (user, password) in enumerate(ENROLLED.values()):
        form = nfd if number % 2 else str
        set_password(path, form(user), form(password), realm=ORIGIN_REALM)
    lines = [f"{user}:{ORIGIN_REALM}:"
             f"{digest.ha1(user, ORIGIN_REALM, password, name)}{end}\n"
             for user, password in FOREIGN.values()
             for name, end in (("SHA-256", ""),
                               ("SHA-512-256", ":SHA-512-256"))]
    other = path.parent / "other.htdigest"
    other.write_text("".join(lines), encoding="utf-8")
    assert passwd("--import", other, path).returncode == 0


@pytest.fixture(scope="module", params=["plain", "hashed"])
def gate(request, module_origin, module_gateway, tmp_path_factory):
    """A gateway that asks for hashed names, and one that does not."""
    where = tmp_path_factory.mktemp(request.param)
    enrol(where / "users")
    made = module_gateway(
        *(["--userhash"] if request.param == "hashed" else []),
        directory=where, origin=module_origin.url)
    made.names = request.param
    return made


def seen_user(module_origin):
    """Whom the application was told of: percent-coded, as octets may not
    stand in a field."""
    value, = module_origin.seen[-1].all("X-Remote-User")
    return urllib.parse.unquote(value)


def curl(gate, user, password):
    done = run("curl", "-q", "-sS", "--max-time", "30", "--digest", "-u",
               f"{user}:{password}", "-o", "/dev/null", "-w", "%{http_code}",
               url(gate.origin))
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@PAIRS
def test_curl_logs_in_with_raw_utf_8(gate, module_origin, user, password):
    """C-42 K-18: Debian's curl sends the name's octets as they are."""
    assert curl(gate, user, password) == 200
    assert seen_user(module_origin) == user
    assert curl(gate, user, password + "x") == 401


@pytest.mark.parametrize("user, password", [
    pair for pair in ENROLLED.values() if nfd(pair[0]) != pair[0]])
def test_C_45_octets_are_compared(gate, user, password):
    """C-45 octets are compared: a client that prepares nothing and types the
    name apart is another user."""
    assert curl(gate, nfd(user), password) == 401


@PAIRS
def test_fetch_logs_in_however_it_is_typed(gate, module_origin, user,
                                           password):
    """C-40 C-41 D-40 composed and apart, and the server proves itself."""
    for form in (str, nfd):
        fetch(*REQUIRE, "-u", form(f"{user}:{password}"), url(gate.origin),
              check=OK)
        assert seen_user(module_origin) == user
    done = fetch("-u", f"{user}:{password}x", url(gate.origin))
    assert done.code == LOGIN


@pytest.mark.parametrize("typed, kept", [
    # full-width letters; half-width katakana with marks of their own
    ("\uff41\uff4c\uff49\uff43\uff45:\U0001f511\U0001f44d\U0001f3fd",
     "alice"),
    ("\uff76\uff9e\uff6f\uff82:\u30d1\u30b9 \u30ef\u30fc\u30c9",
     "\u30ac\u30c3\u30c4"),
    # an ideographic space, and one that breaks no line, in the password
    ("\u30ac\u30c3\u30c4:\u30d1\u30b9\u3000\u30ef\u30fc\u30c9",
     "\u30ac\u30c3\u30c4"),
    ("J\u00e4s\u00f8n\u3000Doe:Secret,\u00a0or\u2003not?",
     "J\u00e4s\u00f8n Doe"),
])
def test_fetch_meets_what_was_enrolled(gate, module_origin, typed, kept):
    """C-40 C-43 widths and spaces; NFC alone does not get in."""
    fetch(*REQUIRE, "-u", typed, url(gate.origin), check=OK)
    assert seen_user(module_origin) == kept
    done = fetch("--nfc-only", "-u", typed, url(gate.origin))
    assert done.code == LOGIN


@pytest.mark.parametrize("typed", [
    "j\u00e4s\u00f8n Doe:Secret, or not?",        # another case
    "J\u00e4s\u00f8n Doe:secret, or not?",
    "J\u00e4s\u00f6n Doe:Secret, or not?",        # another letter
    "Jas\u00f8n Doe:Secret, or not?",             # without its mark
    "J\u00e4s\u00f8n  Doe:Secret, or not?",       # one space more
    "\u0645\u062d\u0645\u062f\u064f:\u0643\u0644\u0645\u0629 "
    "\u0627\u0644\u0633\u0631",                   # with a vowel
    "\u674e\u660e:\uff11",                        # no such password
    "\u30ac\u30c3\u30c4:\uff8a\uff9f\uff7d \uff9c\uff70\uff84\uff9e",
])
def test_C_45_nothing_is_folded(gate, typed):
    """C-45 neither case nor marks are folded, nor width in a password."""
    assert fetch("-u", typed, url(gate.origin)).code == LOGIN


@pytest.mark.parametrize("user, password", FOREIGN.values(), ids=FOREIGN)
def test_what_no_profile_has(gate, module_origin, user, password):
    """C-40 a name and password that RFC 8265 refuses, enrolled elsewhere:
    sent in NFC, and let in."""
    for form in (str, nfd):
        fetch(*REQUIRE, "-u", form(f"{user}:{password}"), url(gate.origin),
              check=OK)
        assert seen_user(module_origin) == user
    assert curl(gate, user, password) == 200
    done = fetch("-u", f"{user}\ufe0f:{password}", url(gate.origin))
    assert done.code == LOGIN


def ask(gate, name, user, password, edit=None):
    """A fresh challenge answered by hand; the status and the challenge."""
    with wire.Connection(gate.origin) as connection:
        lines = connection.exchange().all("WWW-Authenticate")
        session = Session(lines, user, password, qop="auth", name=name)
        fields = session.fields("GET", "/")
        if edit is not None:
            edit(fields)
        got = connection.exchange(
            fields=[("Authorization", digest.render(fields))])
    return got.status, digest.challenge(lines[0])


@PAIRS
def test_D_40_every_way_to_name_a_user(gate, module_origin, user, password):
    """D-40 a hashed name is found where the challenge asked for it, each
    other form everywhere."""
    for name in ("plain", "extended", "hashed"):
        status, challenge = ask(gate, name, user, password)
        asked = challenge.get("userhash") == "true"
        assert asked == (gate.names == "hashed")
        if name == "hashed" and not asked:
            assert status == 400
            continue
        assert status == 200
        assert seen_user(module_origin) == user
        assert ask(gate, name, user, password + "x")[0] == 401


def test_D_40_hashes_that_are_nobody_s(gate):
    """D-40 the hash of another realm, of no user, or one digit off is
    nobody's, as an unknown user is; what is no hash at all is malformed, and
    so is every one that was not asked for."""
    user, password = ENROLLED["Han"]
    own = digest.digest("SHA-256", f"{user}:{ORIGIN_REALM}")

    def status_of(value):
        def edit(fields):
            octets = value.encode().decode("latin-1")
            fields["username"] = digest.quote(octets)
            fields["userhash"] = "true"
        return ask(gate, "plain", user, password, edit)[0]

    asked = gate.names == "hashed"
    for value in (own, own.upper()):
        assert status_of(value) == (200 if asked else 400)
    for value in (digest.digest("SHA-256", f"{user}:elsewhere"),
                  digest.digest("SHA-256", f"nobody:{ORIGIN_REALM}"),
                  ("0" if own[0] != "0" else "1") + own[1:]):
        assert status_of(value) == (401 if asked else 400)
    for value in (own[:-2], own + "00", "", user, "g" * 64,
                  digest.digest("MD5", f"{user}:{ORIGIN_REALM}")):
        assert status_of(value) == 400
