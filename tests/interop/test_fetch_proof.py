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


def proxy_handler(digest, hurt=None, origin=None):
    """A proxy for plain requests; `origin(request)` answers them."""
    def handle(request):
        if not digest.accepts(request):
            return raw.response(407, [(digest.challenge_name,
                                       digest.challenge())], b"no\n")
        status, fields, body = origin(request) if origin else (
            200, [], b"secret\n")
        fields = list(fields)
        if hurt != "gone":
            fields.append(digest.info_line(request, hurt))
        return raw.response(status, fields, body)
    return handle


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
    peer = peers(proxy_handler(digest, hurt))
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


@pytest.mark.parametrize("origin,proxy,body", [
    ("require", "expect", b""), ("expect", "require", b""),
    ("expect", "expect", b"no\n"), ("off", "off", b"no\n")])
def test_F_21_a_proxy_refusal_shows_its_body_as_both_policies_say(
        peers, origin, proxy, body):
    """F-21 a proxy's refusal shows its body as both policies say."""
    peer = peers(proxy_handler(raw.Digest(proxy=True, password="another")))
    done = fetch(*PROXY_LOGIN, "--proof", origin, "--proxy-proof", proxy, "-x",
                 peer.url, "http://a.example/")
    assert (done.code, done.out) == (LOGIN, body)


@pytest.mark.parametrize("policy,body", [("require", b""), ("expect", b"no\n"),
                                         ("off", b"no\n")])
def test_F_34_refused_password_is_sent_once(peers, policy, body):
    """F-34 refused password is sent once."""
    digest = raw.Digest(password="another")
    peer = peers(raw.guard(digest))
    done = fetch(*LOGIN_ARGS, "--proof", policy, peer.url)
    assert (done.code, done.out) == (LOGIN, body)
    assert len(peer.requests) == 2


def test_F_38_refusal_without_challenge_is_final(peers):
    """F-38 refusal without challenge is final."""
    peer = peers(lambda request: raw.response(401, [], b"no\n"))
    done = fetch(*LOGIN_ARGS, peer.url)
    assert done.code == LOGIN and "no-challenge" in done.err
    assert len(peer.requests) == 1


def test_F_39_challenge_on_another_status_is_no_refusal(peers):
    """F-39 challenge on another status is no refusal."""
    digest = raw.Digest()
    peer = peers(lambda request: raw.response(
        200, [("WWW-Authenticate", digest.challenge())], b"open\n"))
    assert fetch(*LOGIN_ARGS, peer.url, check=OK).out == b"open\n"
    assert len(peer.requests) == 1


def test_F_41_basic_is_never_answered(peers):
    """F-41 basic is never answered."""
    peer = peers(lambda request: raw.response(
        401, [("WWW-Authenticate", 'Basic realm="test@host"')], b"no\n"))
    done = fetch(*LOGIN_ARGS, "--proof", "require", peer.url)
    assert (done.code, done.out) == (LOGIN, b"")
    assert [r.get("Authorization") for r in peer.requests] == [None]


def test_F_28_digest_is_chosen_beside_basic(peers):
    """F-28 digest is chosen beside basic."""
    digest = raw.Digest()
    inner = raw.guard(digest)

    def handle(request):
        if request.get("Authorization"):
            return inner(request)
        return raw.response(401, [
            ("WWW-Authenticate", 'Basic realm="test@host"'),
            ("WWW-Authenticate", "Negotiate"),
            ("WWW-Authenticate", digest.challenge())])

    done = fetch(*LOGIN_ARGS, "--proof", "require", peers(handle).url,
                 check=OK)
    assert done.out == b"secret\n"


def test_F_41_basic_in_place_of_digest_is_noticed(peers):
    """F-41 basic in place of digest is noticed.

    A middle that swaps the challenge gets no password, and no body of its
    is delivered."""
    digest = raw.Digest()
    inner = raw.guard(digest)

    def handle(request):
        if request.target == "/2":
            return raw.response(401, [
                ("WWW-Authenticate", 'Basic realm="test@host"')], b"fake\n")
        return inner(request)

    peer = peers(handle)
    done = fetch(*LOGIN_ARGS, "--proof", "require", peer.url + "/1",
                 peer.url + "/2")
    assert (done.code, done.out) == (LOGIN, b"secret\n")
    assert all((r.get("Authorization") or "Digest").startswith("Digest")
               for r in peer.requests)


def test_H_11_md5_only_when_allowed(peers):
    """H-11 md5 only when allowed."""
    digest = raw.Digest(algorithm="MD5")
    peer = peers(raw.guard(digest))
    done = fetch(*LOGIN_ARGS, peer.url)
    assert done.code == LOGIN and not digest.seen
    assert len(peer.requests) == 1
    done = fetch(*LOGIN_ARGS, "--allow-md5", "--proof", "require", peer.url,
                 check=OK)
    assert done.out == b"secret\n"


def test_F_42_no_step_down_to_md5(peers):
    """F-42 no step down to md5."""
    strong = raw.Digest()
    weak = raw.Digest(algorithm="MD5")
    inner = {"/1": raw.guard(strong), "/2": raw.guard(weak)}
    peer = peers(lambda request: inner[request.target](request))
    urls = [peer.url + "/1", peer.url + "/2"]
    done = fetch(*LOGIN_ARGS, "--allow-md5", *urls)
    assert done.code == LOGIN and done.out == b"secret\nno\n"
    assert not weak.seen
    # The same peer from the other end: allowed, it is answered at once.
    done = fetch(*LOGIN_ARGS, "--allow-md5", "--allow-step-down",
                 *reversed(urls))
    assert weak.seen


@pytest.mark.parametrize("algorithm", ["SHA-256", "SHA-512-256"])
def test_C_02_algorithms(peers, algorithm):
    """C-02 algorithms."""
    digest = raw.Digest(algorithm=algorithm)
    done = fetch(*LOGIN_ARGS, "--proof", "require",
                 peers(raw.guard(digest)).url, check=OK)
    assert done.out == b"secret\n"


def test_F_36_stale_for_ever_ends(peers):
    """F-36 stale for ever ends."""
    digest = raw.Digest()
    peer = peers(lambda request: raw.response(
        401, [("WWW-Authenticate", digest.challenge(stale=True))], b"no\n"))
    done = fetch(*LOGIN_ARGS, peer.url)
    assert done.code == LOGIN and "retries-used" in done.err
    assert len(peer.requests) == 3


def test_F_33_stale_once_is_retried(peers):
    """F-33 stale once is retried."""
    digest = raw.Digest()
    inner = raw.guard(digest)
    stale = iter([True])

    def handle(request):
        if request.get("Authorization") and next(stale, False):
            return raw.response(401, [
                ("WWW-Authenticate", digest.challenge(stale=True))])
        return inner(request)

    peer = peers(handle)
    done = fetch(*LOGIN_ARGS, "-v", "--proof", "require", peer.url, check=OK)
    assert "right password, old nonce" in done.err
    assert len(peer.requests) == 3


def test_F_35_stale_without_credentials_is_a_first_challenge(peers):
    """F-35 stale without credentials is a first challenge."""
    digest = raw.Digest()
    inner = raw.guard(digest)

    def handle(request):
        if request.get("Authorization"):
            return inner(request)
        return raw.response(401, [
            ("WWW-Authenticate", digest.challenge(stale=True))])

    done = fetch(*LOGIN_ARGS, "-v", "--proof", "require", peers(handle).url,
                 check=OK)
    assert "old nonce" not in done.err


def test_F_35_stale_with_another_algorithm_is_a_refusal(peers):
    """F-35 stale with another algorithm is a refusal."""
    digest = raw.Digest()
    other = raw.Digest(algorithm="SHA-512-256")

    def handle(request):
        chosen = other if request.get("Authorization") else digest
        return raw.response(401, [
            ("WWW-Authenticate", chosen.challenge(stale=True))])

    peer = peers(handle)
    assert fetch(*LOGIN_ARGS, peer.url).code == LOGIN
    assert len(peer.requests) == 2


def test_F_43_another_realm_is_another_space(peers):
    """F-43 another realm is another space."""
    spaces = {"/a": raw.Digest(realm="A"), "/b": raw.Digest(realm="B")}
    inner = {path: raw.guard(d) for path, d in spaces.items()}
    peer = peers(lambda request: inner[request.target](request))
    urls = [peer.url + path for path in ("/a", "/b", "/a", "/b")]
    done = fetch(*LOGIN_ARGS, "--proof", "require", *urls, check=OK)
    assert done.out == b"secret\n" * 4
    assert not spaces["/a"].replays and not spaces["/b"].replays


def test_F_36_realms_without_end_end(peers):
    """F-36 realms without end end."""
    numbers = iter(range(1000))
    peer = peers(lambda request: raw.response(401, [
        ("WWW-Authenticate",
         raw.Digest(realm=f"realm {next(numbers)}").challenge())]))
    done = fetch(*LOGIN_ARGS, peer.url)
    assert done.code == LOGIN and len(peer.requests) == 3


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


def test_F_53_each_layer_proves_itself(peers, tmp_path):
    """F-53 each layer proves itself.

    One layer's right proof does not make up for the other's."""
    for bad in ("origin", "proxy"):
        origin, proxy = raw.Digest(), raw.Digest(proxy=True)

        def answer(request):
            if not origin.accepts(request):
                return 401, [("WWW-Authenticate", origin.challenge())], b""
            hurt = "rspauth-changed" if bad == "origin" else None
            return 200, [origin.info_line(request, hurt)], b"secret\n"

        hurt = "rspauth-changed" if bad == "proxy" else None
        peer = peers(proxy_handler(proxy, hurt, answer))
        done = fetch(*LOGIN_ARGS, *PROXY_LOGIN, "-x", peer.url,
                     "http://a.example/", report=tmp_path / bad)
        assert (done.code, done.out) == (PROOF, b"")
        assert done.first["failure"]["layer"] == bad


def test_F_52_both_layers_in_one_request(peers, tmp_path):
    """E-08: the proxy proves itself on the origin's 401 too."""
    origin, proxy = raw.Digest(), raw.Digest(proxy=True)

    def answer(request):
        if not origin.accepts(request):
            return 401, [("WWW-Authenticate", origin.challenge())], b"no\n"
        return 200, [origin.info_line(request)], b"secret\n"

    peer = peers(proxy_handler(proxy, None, answer))
    done = fetch(*LOGIN_ARGS, *PROXY_LOGIN, "-x", peer.url, "--proof",
                 "require", "--proxy-proof", "require", "http://a.example/x",
                 report=tmp_path / "report", check=OK)
    assert done.out == b"secret\n"
    assert done.first["proxy"]["proof"] == done.first["origin"]["proof"] == \
        "proved"
    last = peer.requests[-1]
    a, p = origin.credentials(last), proxy.credentials(last)
    assert a["uri"] == p["uri"] == "http://a.example/x"
    assert a["cnonce"] != p["cnonce"] and a["nonce"] != p["nonce"]


def test_G_30_a_proxy_that_is_silent_on_a_401_is_not_answered_through(peers):
    """G-30 a proxy that is silent on a 401 is not answered through.

    Under require the origin's challenge is not answered by way of a proxy
    that did not prove itself."""
    origin, proxy = raw.Digest(), raw.Digest(proxy=True)

    def answer(request):
        return 401, [("WWW-Authenticate", origin.challenge())], b"no\n"

    peer = peers(proxy_handler(proxy, "gone", answer))
    done = fetch(*LOGIN_ARGS, *PROXY_LOGIN, "-x", peer.url, "--proxy-proof",
                 "require", "http://a.example/")
    assert (done.code, done.out) == (PROOF, b"")
    assert all(not r.all("Authorization") for r in peer.requests)


def test_H_30_a_407_from_an_origin_is_not_answered(peers):
    """H-30 a 407 from an origin is not answered."""
    proxy = raw.Digest(proxy=True)
    peer = peers(lambda request: raw.response(
        407, [("Proxy-Authenticate", proxy.challenge())], b"give\n"))
    done = fetch(*LOGIN_ARGS, *PROXY_LOGIN, peer.url)
    assert done.code == LOGIN and "wrong-layer" in done.err
    assert len(peer.requests) == 1


def test_H_30_a_401_to_connect_is_not_answered(peers):
    """H-30 a 401 to connect is not answered."""
    origin = raw.Digest()
    peer = peers(lambda request: raw.response(
        401, [("WWW-Authenticate", origin.challenge())], b"give\n"))
    done = fetch(*LOGIN_ARGS, *PROXY_LOGIN, "-x", peer.url, "-p",
                 "http://a.example/")
    assert done.code not in (OK, LOGIN, PROOF) and done.out == b""
    assert len(peer.requests) == 1


def test_F_54_proxy_fields_inside_a_tunnel_count_for_nothing(peers, tmp_path):
    """F-54 proxy fields inside a tunnel count for nothing.

    A 407 inside is no question of the proxy's; Proxy-Authentication-Info
    of the origin is no answer of the proxy's."""
    proxy = raw.Digest(proxy=True)
    inner = {
        "/info": lambda: raw.response(200, [
            ("Proxy-Authentication-Info", 'rspauth="00", nextnonce="evil", '
             'cnonce="x", nc=00000001, qop=auth')], b"inside\n"),
        "/ask": lambda: raw.response(407, [
            ("Proxy-Authenticate", proxy.challenge())], b"give\n"),
    }
    origin = peers(lambda request: inner[request.target]())

    def handle(request):
        if not proxy.accepts(request):
            return raw.response(407, [("Proxy-Authenticate",
                                       proxy.challenge())])
        return raw.Tunnel(raw.response(200, [proxy.info_line(request)]),
                          origin.address)

    peer = peers(handle)
    done = fetch(*PROXY_LOGIN, "-x", peer.url, "-p", "--proxy-proof",
                 "require", "http://a.example/info", check=OK,
                 report=tmp_path / "report")
    assert done.out == b"inside\n"
    assert done.first["proxy"]["proof"] == "proved"
    done = fetch(*PROXY_LOGIN, "-x", peer.url, "-p", "http://a.example/ask")
    assert done.code == LOGIN and "wrong-layer" in done.err
    assert all(not r.all("Proxy-Authorization") for r in origin.requests)


@pytest.mark.parametrize("status", [403, 502, 407])
def test_F_21_a_refused_connect_is_judged_too(peers, status):
    """F-21 a refused connect is judged too."""
    proxy = raw.Digest(proxy=True)
    wrong = raw.Digest(proxy=True, password="another")

    def handle(request, digest, hurt):
        if not digest.accepts(request):
            return raw.response(407, [("Proxy-Authenticate",
                                       digest.challenge())], b"no\n")
        fields = [] if hurt else [digest.info_line(request)]
        return raw.response(status, fields, b"no\n")

    url = "https://a.example/"
    args = [*PROXY_LOGIN, "--proxy-proof", "require", url]
    if status == 407:
        peer = peers(lambda request: handle(request, wrong, None))
        assert fetch("-x", peer.url, *args).code == LOGIN
        return
    proved = peers(lambda request: handle(request, proxy, None))
    done = fetch("-x", proved.url, *args)
    assert done.code == 56 and str(status) in done.err
    silent = peers(lambda request: handle(request, proxy, True))
    assert fetch("-x", silent.url, *args).code == PROOF


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
