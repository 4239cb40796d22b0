# SPDX-License-Identifier: MIT
"""Somebody on the way changes what a server sent under auth-int: every way to
do it, under each policy, in the header and in the trailer."""
import gzip

import pytest

from support import raw
from support.fetching import OK, PROOF, fetch
from support.fixtures import peers  # pylint: disable=unused-import

LOGIN_ARGS = ["-u", f"{raw.USER}:{raw.PASSWORD}"]
BODY = b"transfer 100 to Mufasa\n" * 40
PARTIAL, BAD_CODING = 18, 61


def whole(fields, body, trailer=()):
    return raw.response(200, fields, body, trailer=trailer)


def in_header(change):
    """`change(body) -> body`: between the proof and us."""
    def answer(digest, request):
        return whole([digest.info_line(request, content=BODY)], change(BODY))
    return answer


def in_trailer(change):
    def answer(digest, request):
        return whole([], change(BODY),
                     [digest.info_line(request, content=BODY)])
    return answer


def info(hurt=None, trailer=False, **how):
    """The content is right, the field is not."""
    def answer(digest, request):
        how.setdefault("content", BODY)
        line = digest.info_line(request, hurt, **how)
        return whole([], BODY, [line]) if trailer else whole([line], BODY)
    return answer


def both_sections(header, trailer):
    def answer(digest, request):
        return whole([digest.info_line(request, header, content=BODY)], BODY,
                     [digest.info_line(request, trailer, content=BODY)])
    return answer


def silent(trailer):
    def answer(_digest, _request):
        return whole([], BODY, [("X-Else", "1")] if trailer else ())
    return answer


def of_another_request(digest, request):
    """A right proof, recorded when the same content was sent before."""
    line = digest.info_line(request, content=BODY)
    if not hasattr(digest, "recorded"):
        digest.recorded = line
    return whole([digest.recorded], BODY)


def packed(digest, request):
    """The server packed and proved; it was unpacked on the way."""
    del request  # the content alone is another
    return gzip.compress(BODY, mtime=0)


def unpacked_on_the_way(digest, request):
    content = packed(digest, request)
    return whole([digest.info_line(request, content=content)], BODY)


def packed_on_the_way(digest, request):
    return whole([digest.info_line(request, content=BODY),
                  ("Content-Encoding", "gzip")], packed(digest, request))


def named_otherwise(digest, request):
    """The octets are those proved: which coding they have is not covered."""
    return whole([digest.info_line(request, content=BODY),
                  ("Content-Encoding", "x-other")], BODY)


def cut_off(digest, request):
    return raw.Last(whole([digest.info_line(request, content=BODY)],
                          BODY)[:-5])


def cut_before_the_trailer(digest, request):
    octets = in_trailer(lambda body: body)(digest, request)
    return raw.Last(octets[:octets.index(b"\r\n0\r\n") + 2])


def cut_in_the_trailer(digest, request):
    return raw.Last(in_trailer(lambda body: body)(digest, request)[:-12])


def cut_without_length(digest, request):
    """No length was promised: where it ends is for the hash to tell."""
    octets = whole([digest.info_line(request, content=BODY),
                    ("Content-Length", "X")], BODY)
    return raw.Last(octets.replace(b"Content-Length: X\r\n", b"")[:-1])


def flip(body):
    return body[:500] + bytes([body[500] ^ 1]) + body[501:]


# name -> answer, proof, reason, code whatever the policy (None: by proof).
ROWS = {
    "F-17 right in the header": (info(), "proved", "none"),
    "F-07 right in the trailer": (info(trailer=True), "proved", "none"),
    "F-07 right in both": (both_sections(None, None), "proved", "none"),
    "F-07 split over both": (both_sections("only-nextnonce", None),
                             "proved", "none"),
    "C-53 another name for the coding": (named_otherwise, "proved", "none"),
    "F-24 one octet changed": (in_header(flip), "mismatch", "rspauth-wrong"),
    "F-24 first octet changed": (
        in_header(lambda b: b"T" + b[1:]), "mismatch", "rspauth-wrong"),
    "F-24 last octet changed": (
        in_header(lambda b: b[:-1] + b"\r"), "mismatch", "rspauth-wrong"),
    "F-24 one octet changed, trailer": (
        in_trailer(flip), "mismatch", "rspauth-wrong"),
    "F-24 cut short": (in_header(lambda b: b[:-1]), "mismatch",
                       "rspauth-wrong"),
    "F-24 cut short, trailer": (in_trailer(lambda b: b[:-23]), "mismatch",
                                "rspauth-wrong"),
    "F-24 nothing left": (in_header(lambda b: b""), "mismatch",
                          "rspauth-wrong"),
    "F-24 extended": (in_header(lambda b: b + b"\n"), "mismatch",
                      "rspauth-wrong"),
    "F-24 extended, trailer": (in_trailer(lambda b: b + b), "mismatch",
                               "rspauth-wrong"),
    "F-24 ends early without a length": (cut_without_length, "mismatch",
                                         "rspauth-wrong"),
    "C-53 unpacked on the way": (unpacked_on_the_way, "mismatch",
                                 "rspauth-wrong"),
    "C-53 packed on the way": (packed_on_the_way, "mismatch",
                               "rspauth-wrong"),
    "F-18 wrong in the trailer": (info("rspauth-changed", trailer=True),
                                  "mismatch", "rspauth-wrong"),
    "F-18 of another request": (of_another_request, "mismatch",
                                "cnonce-wrong"),
    "F-18 of no content": (info(content=b""), "mismatch", "rspauth-wrong"),
    "F-18 of the unhashed content": (info(content=BODY.decode()), "mismatch",
                                     "rspauth-wrong"),
    "F-07 header right, trailer wrong": (
        both_sections(None, "rspauth-changed"), "mismatch", "sections-differ"),
    "F-07 header wrong, trailer right": (
        both_sections("cnonce-swapped", None), "mismatch", "sections-differ"),
    "A-44 malformed in the trailer": (info("unclosed-quote", trailer=True),
                                      "unusable", "info-malformed"),
    "F-25 qop=auth and right for that": (info(qop="auth"), "absent",
                                         "content-unproved"),
    "F-25 qop=auth in the trailer": (info(qop="auth", trailer=True), "absent",
                                     "content-unproved"),
    "F-18 qop=auth and wrong": (info("rspauth-changed", qop="auth"),
                                "mismatch", "rspauth-wrong"),
    "F-18 auth-int named auth": (info("qop-swapped"), "mismatch",
                                 "rspauth-wrong"),
    "F-21 no field": (silent(False), "absent", "no-info"),
    "F-21 no field, another trailer": (silent(True), "absent", "no-info"),
    "F-20 nextnonce alone": (info("only-nextnonce"), "absent", "no-rspauth"),
    "F-24 cut off": (cut_off, "absent", "content-incomplete", PARTIAL),
    "F-24 cut before the trailer": (cut_before_the_trailer, "absent",
                                    "no-info", PARTIAL),
    "F-24 cut in the trailer": (cut_in_the_trailer, "absent",
                                None, PARTIAL),
}


def ends_well(proof, policy):
    return policy == "off" or proof == "proved" or (
        policy == "expect" and proof == "absent")


def matrix():
    for name, row in ROWS.items():
        for policy in ("require", "expect", "off"):
            yield pytest.param(policy, *row, *[None] * (4 - len(row)),
                               id=f"{name}, {policy}")


@pytest.mark.parametrize("policy,answer,proof,reason,code", matrix())
def test_tampered(peers, tmp_path, policy, answer, proof, reason, code):
    digest = raw.Digest(qop="auth-int")
    kept = tmp_path / "kept"
    kept.write_bytes(b"from before")

    def handle(request):
        if not digest.accepts(request):
            return raw.response(401, [("WWW-Authenticate",
                                       digest.challenge())], b"no\n")
        return answer(digest, request)

    peer = peers(handle)
    urls = [peer.url + "/1"]
    if answer is of_another_request:
        fetch(*LOGIN_ARGS, "--proof", policy, peer.url + "/0", check=OK)
    done = fetch(*LOGIN_ARGS, "--proof", policy, "-o", kept, *urls,
                 report=tmp_path / "report")
    good = ends_well(proof, policy)
    assert done.code == (code or (OK if good else PROOF)), done
    got = kept.read_bytes()
    if code:
        # What is off the record may be shown as it comes, and is no success.
        assert got == b"from before" or policy == "off"
    elif proof == "proved":
        assert got == BODY
    else:
        assert (got != b"from before") == good
    layer = done.first["origin"]
    assert (layer["proof"], layer["qop"]) == (proof, "auth-int")
    assert reason is None or layer["reason"] == reason
    assert layer["content_proved"] == (proof == "proved")


@pytest.mark.parametrize("policy", ["require", "expect", "off"])
@pytest.mark.parametrize("name", [
    "F-17 right in the header", "F-07 right in the trailer",
    "F-24 one octet changed", "F-24 one octet changed, trailer",
    "F-25 qop=auth and right for that", "F-21 no field"])
def test_tampered_behind_a_proxy(peers, tmp_path, policy, name):
    """The same at the proxy's layer, of a plain request."""
    answer, proof, reason = ROWS[name]
    digest = raw.Digest(qop="auth-int", proxy=True)
    peer = peers(lambda request: answer(digest, request)
                 if digest.accepts(request) else raw.response(
                     407, [("Proxy-Authenticate", digest.challenge())]))
    done = fetch("-U", LOGIN_ARGS[1], "-x", peer.url, "--proxy-proof", policy,
                 "http://a.example/", report=tmp_path / "report")
    good = ends_well(proof, policy)
    assert done.code == (OK if good else PROOF), done
    assert bool(done.out) == good
    layer = done.first["proxy"]
    assert (layer["proof"], layer["reason"]) == (proof, reason)
    assert peer.requests[-1].all("TE") == ["trailers"]


@pytest.mark.parametrize("policy", ["require", "expect"])
@pytest.mark.parametrize("how", ["-o", "-O", "standard output"])
def test_F_19_nothing_of_a_wrong_response_is_left(peers, tmp_path, policy,
                                                  how):
    """F-19 nothing of a wrong response is left: no file, no octet, no header
    line, also of a content that does not fit into memory."""
    digest = raw.Digest(qop="auth-int")
    body = b"x" * 3_000_000
    peer = peers(raw.guard(digest, lambda request: (200, [], body),
                           hurt="rspauth-changed"))
    place = tmp_path / "place"
    place.mkdir()
    args = {"-o": ["-o", place / "a/b", "--create-dirs"],
            "-O": ["-O", "--output-dir", place],
            "standard output": []}[how]
    done = fetch(*LOGIN_ARGS, "--proof", policy, "-i", *args,
                 peer.url + "/file")
    assert (done.code, done.out) == (PROOF, b"")
    assert not list(place.iterdir())


def test_F_19_a_wrong_content_brings_no_nonce_and_ends_the_session(peers):
    """F-19 a wrong content brings no nonce and ends the session: the next
    request goes out without credentials."""
    digest = raw.Digest(qop="auth-int")

    def handle(request):
        if not digest.accepts(request):
            return raw.response(401, [("WWW-Authenticate",
                                       digest.challenge())])
        line = digest.info_line(request, nextnonce=digest.new_nonce(),
                                content=BODY)
        return whole([line], flip(BODY) if request.target == "/1" else BODY)

    peer = peers(handle)
    done = fetch(*LOGIN_ARGS, *[f"{peer.url}/{i}" for i in range(4)])
    assert (done.code, done.out) == (PROOF, BODY * 3)
    sent = [(r.target, digest.credentials(r) or {}) for r in peer.requests]
    assert [t for t, c in sent if not c] == ["/0", "/2"]
    assert [c["nc"] for _, c in sent if c] == ["00000001"] * 4
    assert len({c["nonce"] for _, c in sent if c}) == 4
