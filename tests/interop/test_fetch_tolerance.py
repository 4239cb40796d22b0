# SPDX-License-Identifier: MIT
"""What real servers do wrong and fetch takes all the same, what it takes when
a switch says so, and what never (docs/tolerance.md)."""
import pytest

from support import raw
from support.fetching import LOGIN, OK, PROOF, fetch
from support.fixtures import peers  # pylint: disable=unused-import

LOGIN_ARGS = ["-u", f"{raw.USER}:{raw.PASSWORD}"]
REQUIRE = [*LOGIN_ARGS, "--proof", "require"]


def served(peers, digest, challenge=None, info=None):
    """A peer that proves itself; `challenge` and `info` edit what it says."""
    def handle(request):
        if not digest.accepts(request):
            line = digest.challenge()
            return raw.response(401, [("WWW-Authenticate", challenge(line)
                                       if challenge else line)], b"no\n")
        name, value = digest.info_line(request, content=b"in\n")
        return raw.response(200, [(name, info(value) if info else value)],
                            b"in\n")
    return peers(handle)


def quote_token(name):
    def edit(line):
        head, tail = line.split(f"{name}=", 1)
        value, comma, rest = tail.partition(",")
        assert not value.startswith('"')
        return f'{head}{name}="{value}"{comma}{rest}'
    return edit


def upper(name):
    def edit(line):
        head, tail = line.split(f'{name}="', 1)
        value, rest = tail.split('"', 1)
        assert value != value.upper()
        return f'{head}{name}="{value.upper()}"{rest}'
    return edit


@pytest.mark.parametrize("challenge,info", [
    pytest.param(None, quote_token("qop"), id="F-08 quoted qop in the proof"),
    pytest.param(None, quote_token("nc"), id="F-08 quoted nc in the proof"),
    pytest.param(quote_token("algorithm"), None, id="A-12 quoted algorithm"),
    pytest.param(lambda line: line.replace("SHA-256", "sha-256"), None,
                 id="A-55 algorithm in lower case"),
    pytest.param(lambda line: line.replace(
        'qop="auth', 'qop=" , other ,auth'), None, id="A-56 qop in a list"),
    pytest.param(lambda line: line + ', stale="false", x=1', None,
                 id="A-54 quoted stale"),
    pytest.param(lambda line: line.replace("realm", "REALM"), None,
                 id="A-08 names in upper case"),
    pytest.param(None, upper("rspauth"), id="A-52 proof in upper case"),
    pytest.param(None, lambda value: value.replace(", ", " , , "),
                 id="A-22 empty elements"),
])
@pytest.mark.parametrize("qop", ["auth", "auth-int"])
def test_taken_without_a_word(peers, challenge, info, qop):
    digest = raw.Digest(qop=qop)
    peer = served(peers, digest, challenge, info)
    fetch(*REQUIRE, peer.url, peer.url, check=OK)
    assert len(digest.seen) == 2


@pytest.mark.parametrize("opaque,sent", [
    pytest.param('""', "", id="F-32 empty"),
    pytest.param(None, None, id="F-32 absent"),
    pytest.param('"a\\\\b\\"c"', 'a\\b"c', id="F-32 with escapes")])
def test_opaque_goes_back_as_it_came(peers, opaque, sent):
    """An empty one is not the same as none."""
    digest = raw.Digest()
    peer = served(peers, digest, lambda line: line + (
        f", opaque={opaque}" if opaque else ""))
    fetch(*REQUIRE, peer.url, check=OK)
    line = peer.requests[-1].get("Authorization")
    assert ("opaque=" in line) == (sent is not None)
    assert digest.credentials(peer.requests[-1]).get("opaque") == sent


def old_server(peers):
    """RFC 2069: no qop, MD5."""
    digest = raw.Digest(algorithm="MD5")

    def handle(request):
        c = digest.credentials(request)
        if c and c["response"] == digest.hash(":".join([
                digest.ha1(), c["nonce"], digest.hash(f"GET:{c['uri']}")])):
            assert "qop" not in c and "nc" not in c and "cnonce" not in c
            return raw.response(200, [], b"in\n")
        return raw.response(401, [(
            "WWW-Authenticate", digest.challenge(qop=None, algorithm=None))])

    return peers(handle).url


@pytest.mark.parametrize("switches,code", [
    pytest.param([], LOGIN, id="C-23 none"),
    pytest.param(["--allow-no-qop"], LOGIN, id="C-23 without MD5"),
    pytest.param(["--allow-md5"], LOGIN, id="C-23 without the switch"),
    pytest.param(["--allow-md5", "--allow-no-qop"], OK, id="C-24 both"),
    pytest.param(["--allow-md5", "--allow-no-qop", "--proof", "require"],
                 PROOF, id="F-23 but proves nothing"),
    pytest.param(["--allow-md5", "--allow-no-qop", "--integrity", "require"],
                 LOGIN, id="C-21 and is no auth-int"),
])
def test_rfc_2069(peers, switches, code):
    assert fetch(*LOGIN_ARGS, *switches, old_server(peers)).code == code


@pytest.mark.parametrize("policy", ["require", "expect"])
def test_F_18_a_count_that_starts_anew_is_no_proof(peers, policy):
    """F-18 a count that starts anew is no proof: no switch makes it one."""
    digest = raw.Digest()
    peer = served(peers, digest, info=lambda value: value.replace(
        "nc=00000002", "nc=00000001"))
    done = fetch(*LOGIN_ARGS, "--proof", policy, peer.url, peer.url)
    assert (done.code, done.out) == (PROOF, b"in\n")
    assert "nc-wrong" in done.err


def test_F_44_two_realms_of_one_origin_go_on_side_by_side(peers):
    """F-44, F-45: two realms of one origin go on side by side, where domain
    tells them apart; each is asked once, whatever the order of the URLs."""
    one, two = raw.Digest(realm="one"), raw.Digest(realm="two")

    def handle(request):
        second = request.target.startswith("/two")
        digest = two if second else one
        if digest.accepts(request):
            return raw.response(200, [digest.info_line(request)], b"in\n")
        return raw.response(401, [("WWW-Authenticate", digest.challenge(
            domain='"/two"' if second else '"/one"'))])

    peer = peers(handle)
    fetch(*REQUIRE, *[f"{peer.url}/{p}/{i}" for i in range(4)
                      for p in ("one", "two")], check=OK)
    assert len(one.seen) == len(two.seen) == 4
    assert len(peer.requests) == 10
    assert [nc for _, nc in one.seen] == [f"{i:08x}" for i in range(1, 5)]
