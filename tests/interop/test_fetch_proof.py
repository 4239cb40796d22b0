# SPDX-License-Identifier: MIT
"""fetch against peers that prove themselves, or not, or wrongly."""
import pytest

from support import raw
from support.fetching import HTTP, LOGIN, OK, PROOF, fetch
from support.fixtures import authority, peers  # pylint: disable=unused-import

LOGIN_ARGS = ["-u", f"{raw.USER}:{raw.PASSWORD}"]
PROXY_LOGIN = ["-U", f"{raw.USER}:{raw.PASSWORD}"]

# What is wrong with the Info field -> the verdict.
VERDICTS = {
    None: ("proved", "none"),
    "rspauth-changed": ("mismatch", "rspauth-wrong"),
    "rspauth-cut": ("unusable", "info-malformed"),
    "rspauth-removed": ("mismatch", "info-incomplete"),
    "cnonce-swapped": ("mismatch", "cnonce-wrong"),
    "cnonce-removed": ("mismatch", "info-incomplete"),
    "nc-swapped": ("mismatch", "nc-wrong"),
    "nc-removed": ("mismatch", "info-incomplete"),
    "qop-swapped": ("mismatch", "qop-wrong"),
    "nextnonce-under-wrong-rspauth": ("mismatch", "rspauth-wrong"),
    "rspauth-twice": ("unusable", "info-malformed"),
    "unclosed-quote": ("unusable", "info-malformed"),
    "only-nextnonce": ("absent", "no-rspauth"),
    "gone": ("absent", "no-info"),
}

REQUIREMENT = {"proved": "F-17", "mismatch": "F-18", "unusable": "A-44",
               "absent": "F-21"}


def ends_well(proof, policy):
    if policy == "off":
        return True
    if policy == "expect":
        return proof in ("proved", "absent")
    return proof == "proved"


def matrix():
    for hurt, (proof, reason) in VERDICTS.items():
        for policy in ("require", "expect", "off"):
            yield pytest.param(
                hurt, policy, proof, reason,
                id=f"{REQUIREMENT[proof]} {hurt or 'right'} under {policy}")


@pytest.mark.parametrize("hurt,policy,proof,reason", matrix())
def test_origin(peers, tmp_path, hurt, policy, proof, reason):
    digest = raw.Digest()
    peer = peers(raw.guard(digest, hurt=hurt))
    kept = tmp_path / "kept"
    kept.write_bytes(b"from before")
    done = fetch(*LOGIN_ARGS, "--proof", policy, "-o", kept, peer.url,
                 report=tmp_path / "report")
    good = ends_well(proof, policy)
    assert done.code == (OK if good else PROOF), done
    assert kept.read_bytes() == (b"secret\n" if good else b"from before")
    assert done.first["origin"]["proof"] == proof
    assert done.first["origin"]["reason"] == reason
    assert len(digest.seen) == 1 and not digest.replays


@pytest.mark.parametrize("hurt,policy,proof,reason", matrix())
def test_proxy_plain(peers, tmp_path, hurt, policy, proof, reason):
    digest = raw.Digest(proxy=True)
    peer = peers(raw.plain_proxy(digest, hurt))
    done = fetch(*PROXY_LOGIN, "-x", peer.url, "--proxy-proof", policy,
                 "http://a.example/", report=tmp_path / "report")
    good = ends_well(proof, policy)
    assert done.code == (OK if good else PROOF), done
    assert done.out == (b"secret\n" if good else b"")
    assert done.first["proxy"]["proof"] == proof
    assert done.first["proxy"]["reason"] == reason


@pytest.mark.parametrize("hurt,policy,proof,reason", matrix())
def test_connect(peers, tmp_path, authority, hurt, policy, proof, reason):
    """F-55, F-56: after a CONNECT whose proof does not do, not one octet
    enters the tunnel."""
    origin = peers(lambda request: raw.response(200, [], b"inside\n"),
                   tls=authority.server())
    digest = raw.Digest(proxy=True)

    def handle(request):
        if not digest.accepts(request):
            return raw.response(407, [(digest.challenge_name,
                                       digest.challenge())], b"no\n")
        fields = []
        if hurt != "gone":
            fields.append(digest.info_line(request, hurt))
        return raw.Tunnel(
            raw.response(200, fields + [("Content-Length", "0")]),
            origin.address)

    peer = peers(handle)
    done = fetch(*PROXY_LOGIN, "-x", peer.url, "--cacert", authority.ca,
                 "--proxy-proof", policy, origin.url + "/",
                 report=tmp_path / "report")
    good = ends_well(proof, policy)
    assert done.code == (OK if good else PROOF), done
    assert done.out == (b"inside\n" if good else b"")
    assert done.first["proxy"]["proof"] == proof
    assert done.first["proxy"]["reason"] == reason
    assert [bool(t.received) for t in peer.tunnels] == [good]
    assert len(origin.requests) == (1 if good else 0)


STATUSES = [200, 204, 206, 302, 304, 403, 404, 500]


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize("status", STATUSES)
def test_F_04_every_status_is_proved_and_judged(peers, tmp_path, status,
                                                method):
    """F-04 every status is proved and judged."""
    digest = raw.Digest()
    answer = (status, [("Location", "/elsewhere")] if status == 302 else [],
              b"" if status in (204, 304) else b"content\n")
    good = peers(raw.guard(digest, lambda request: answer))
    bad = peers(raw.guard(digest, lambda request: answer, hurt="gone"))
    how = {"GET": [], "HEAD": ["-I"], "POST": ["-d", "x=1"]}[method]
    done = fetch(*LOGIN_ARGS, *how, "--proof", "require", good.url,
                 report=tmp_path / "report", check=OK)
    assert done.first["origin"]["proof"] == "proved"
    assert done.first["status"] == status
    if method == "HEAD":
        assert f" {status} ".encode() in done.out
    else:
        assert done.out == answer[2]
    done = fetch(*LOGIN_ARGS, *how, "--proof", "require", bad.url)
    assert (done.code, done.out) == (PROOF, b"")
    done = fetch(*LOGIN_ARGS, *how, "--fail", "--proof", "require", good.url)
    assert done.code == (HTTP if status >= 400 else OK)
    if status >= 400 and method != "HEAD":
        assert done.out == b""


@pytest.mark.parametrize("policy,code", [
    pytest.param("require", PROOF, id="F-21 require"),
    pytest.param("expect", OK, id="F-20 expect"),
    pytest.param("off", OK, id="F-20 off")])
def test_never_challenged(peers, policy, code):
    peer = peers(lambda request: raw.response(200, [], b"open\n"))
    done = fetch(*LOGIN_ARGS, "--proof", policy, peer.url)
    assert done.code == code
    assert done.out == (b"open\n" if code == OK else b"")


def test_F_03_info_without_credentials_is_no_proof(peers):
    """F-03 info without credentials is no proof."""
    peer = peers(lambda request: raw.response(200, [
        ("Authentication-Info",
         'rspauth="00", cnonce="x", nc=00000001, qop=auth'),
        ("Proxy-Authentication-Info", 'nextnonce="x"')], b"open\n"))
    fetch(*LOGIN_ARGS, "--proof", "expect", peer.url, check=OK)
    done = fetch(*LOGIN_ARGS, "--proof", "require", peer.url)
    assert (done.code, done.out) == (PROOF, b"")


def test_F_06_info_in_an_interim_response_counts_for_nothing(peers):
    """F-06 info in an interim response counts for nothing."""
    digest = raw.Digest()

    def handle(request):
        if not digest.accepts(request):
            return raw.response(401, [("WWW-Authenticate",
                                       digest.challenge())])
        name, value = digest.info_line(request)
        hint = f"HTTP/1.1 103 Hints\r\n{name}: {value}\r\n\r\n".encode()
        return hint + raw.response(200, [], b"secret\n")

    url = peers(handle).url
    done = fetch(*LOGIN_ARGS, "--proof", "require", url)
    assert (done.code, done.out) == (PROOF, b"")
    assert fetch(*LOGIN_ARGS, url, check=OK).out == b"secret\n"


def test_F_05_info_on_a_401_counts_for_nothing(peers):
    """F-05 info on a 401 counts for nothing."""
    digest = raw.Digest()

    def handle(request):
        fields = [("WWW-Authenticate", digest.challenge())]
        if digest.accepts(request):
            fields.append(digest.info_line(request, nextnonce="taken"))
        return raw.response(401, fields, b"no\n")

    done = fetch(*LOGIN_ARGS, "--proof", "require", peers(handle).url)
    assert (done.code, done.out) == (LOGIN, b"")


def test_A_44_info_on_two_lines_repeats_parameters(peers):
    """A-44 info on two lines repeats parameters."""
    digest = raw.Digest()

    def twice(request):
        return 200, [digest.info_line(request)], b"secret\n"

    done = fetch(*LOGIN_ARGS, peers(raw.guard(digest, twice)).url)
    assert (done.code, done.out) == (PROOF, b"")


def test_A_28_a_folded_info_field_is_read(peers):
    """A-28 a folded info field is read."""
    digest = raw.Digest()

    def folded(request):
        name, value = digest.info_line(request)
        return 200, [(name, value.replace(", ", ",\r\n\t", 1))], b"secret\n"

    fetch(*LOGIN_ARGS, "--proof", "require",
          peers(raw.guard(digest, folded, hurt="gone")).url, check=OK)


def test_F_07_a_trailer_that_disagrees_is_noticed(peers):
    """F-07 a trailer that disagrees is noticed."""
    digest = raw.Digest()

    def handle(request, hurt):
        if not digest.accepts(request):
            return raw.response(401, [("WWW-Authenticate",
                                       digest.challenge())])
        return raw.response(200, [digest.info_line(request)], b"secret\n",
                            trailer=[digest.info_line(request, hurt)])

    same = peers(lambda request: handle(request, None))
    fetch(*LOGIN_ARGS, "--proof", "require", same.url, check=OK)
    other = peers(lambda request: handle(request, "rspauth-changed"))
    done = fetch(*LOGIN_ARGS, "--proof", "require", other.url)
    assert done.code == PROOF and "sections-differ" in done.err


def test_F_17_every_octet_of_a_proof_counts(peers, tmp_path):
    """F-17, F-18: whichever octet of the Info field is changed, the body is
    withheld. All that may be missing is the name `qop`: rspauth covers it."""
    digest = raw.Digest()
    harmless = set()

    def answer(request):
        name, value = digest.info_line(request)
        place = int(request.target[1:])
        if place >= len(value):
            return 200, [(name, value)], b"whole\n"
        if value[place:].startswith(("qop", "op=", "p=", " qop")):
            harmless.add(place)
        changed = chr(ord(value[place]) ^ 1)
        return 200, [(name, value[:place] + changed + value[place + 1:])], \
            f"{place}\n".encode()

    peer = peers(raw.guard(digest, answer, hurt="gone"))
    done = fetch(*LOGIN_ARGS, "--proof", "require", "-s",
                 *[f"{peer.url}/{i}" for i in range(160)])
    assert done.code == PROOF
    shown = {int(n) for n in done.out.split() if n != b"whole"}
    assert shown <= harmless and len(harmless) == 4
    assert done.out.count(b"whole") > 5


def test_F_21_every_cut_of_a_response(peers):
    """F-21: wherever the connection ends inside the header section, nothing
    is delivered and the exit code is no success."""
    digest = raw.Digest()
    whole = []

    def handle(request):
        if not digest.accepts(request):
            return raw.response(401, [("WWW-Authenticate",
                                       digest.challenge())])
        octets = raw.response(200, [digest.info_line(request)], b"secret\n")
        whole.append(octets.index(b"\r\n\r\n") + 4)
        return raw.Last(octets[:int(request.target[1:])])

    peer = peers(handle)
    fetch(*LOGIN_ARGS, peer.url + "/1000", check=OK)
    for policy in ("require", "off"):
        done = fetch(*LOGIN_ARGS, "--proof", policy, "-s", "-Z",
                     *[f"{peer.url}/{i}" for i in range(whole[0])])
        assert done.code != OK and done.out == b""
