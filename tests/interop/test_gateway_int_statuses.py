# SPDX-License-Identifier: MIT
"""The gateway under auth-int: the proof on every status, in front of every
coding and range, and on pages of the engine's own."""
import gzip

import pytest

from support import wire
from support.fixtures import authority  # pylint: disable=unused-import
from support.int_responses import (  # pylint: disable=unused-import
    log_in, open_to, served, shared)
from support.origin import Last, Origin, response
from support.whole import ask, content, login

STATUSES = [200, 201, 206, 302, 404, 412, 416, 500, 503]


@pytest.mark.parametrize("method,body", [
    ("GET", b""), ("HEAD", b""), ("POST", b"hello")])
@pytest.mark.parametrize("status", [*STATUSES, 204, 304])
def test_e_05_every_status(served, method, body, status):
    """C-55 E-05 E-07 E-11: with every status and method, with content, or
    with the hash of nothing."""
    gate, origin = served
    page = b"" if status in (204, 304) else b"page"
    origin.answer = lambda seen: response(status, page, (), seen.method)
    with open_to(gate) as connection:
        session = log_in(gate)
        for _ in range(2):
            got = ask(connection, session, method, "/", body)
            assert (got.status, got.header) == (status, True), got.got
            assert got.body == (b"" if method == "HEAD" else page)
            if "close" in got.got.all("Connection"):
                break


def test_e_06_application_401(served):
    """E-04 E-06: a 401 of the application has no proof of ours."""
    gate, origin = served
    origin.answer = lambda seen: response(401, b"no", [
        ("WWW-Authenticate", "Basic realm=x")])
    with open_to(gate) as connection:
        for method, body in (("GET", b""), ("POST", b"hello")):
            got = ask(connection, log_in(gate), method, "/", body)
            assert (got.status, got.header, got.body) == (401, None, b"no")


def test_e_26_coding_and_range(served):
    """C-53 C-56 E-26: coded as sent, and of a range that range."""
    gate, origin = served
    page = content(1000)
    coded = gzip.compress(page)
    parts = (b"--b\r\nContent-Range: bytes 0-1/1000\r\n\r\n01\r\n"
             b"--b\r\nContent-Range: bytes 5-5/1000\r\n\r\n5\r\n--b--\r\n")
    for fields, body, status in (
            ([("Content-Encoding", "gzip")], coded, 200),
            ([("Content-Range", "bytes 10-19/1000")], page[10:20], 206),
            ([("Content-Type", "multipart/byteranges; boundary=b")], parts,
             206)):
        origin.answer = lambda _, f=fields, b=body, s=status: response(s, b, f)
        with open_to(gate) as connection:
            got = ask(connection, log_in(gate), fields=[
                ("Range", "bytes=10-19"), ("Accept-Encoding", "gzip")])
            assert (got.status, got.body, got.header) == (status, body, True)
            assert got.got.one(fields[0][0]) == fields[0][1]
        assert origin.seen[-1].all("Range") == ["bytes=10-19"]


def test_e_28_no_transform(served):
    """E-28 G-26: intermediaries are told to leave the content as it is; under
    auth they are not, and what is said already stays."""
    gate, origin = served
    for given, want in ((None, "private, no-transform"),
                        ("no-transform, max-age=9",
                         "no-transform, max-age=9, private")):
        fields = [("Cache-Control", given)] if given else []
        origin.answer = lambda _, f=fields: response(200, b"x", f)
        with open_to(gate) as connection:
            got = ask(connection, log_in(gate))
            assert got.got.one("Cache-Control") == want
    origin.answer = None
    with open_to(gate) as connection:
        got = ask(connection, log_in(gate, qop="auth"))
        assert got.got.one("Cache-Control") == "private"


def test_e_06_pages_of_the_engine(gateway):
    """C-55 E-06 E-15: an error page the gateway makes is proved too."""
    gone = Origin()
    gate = gateway("--qop", "auth-int", origin=gone.url)
    gone.close()
    session = login(gate.origin)
    with wire.Connection(gate.origin) as connection:
        for method, body in (("GET", b""), ("HEAD", b""), ("POST", b"hello")):
            got = ask(connection, session, method, "/", body)
            assert (got.status, got.header) == (502, True)
            assert got.body == (
                b"" if method == "HEAD" else b"502 Bad Gateway\n")


@pytest.mark.parametrize("method,body", [("GET", b""), ("POST", b"hello")])
@pytest.mark.parametrize("octets,status", [
    (b"", 502), (b"garbage\r\n\r\n", 502),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nokx",
     502)], ids=["nothing", "garbage", "two lengths"])
def test_e_05_upstream_without_an_answer(served, octets, status, method, body):
    """E-05 E-15: what the gateway says where the application said nothing
    that can be read is proved as well."""
    gate, origin = served
    origin.answer = lambda seen: Last(octets)
    with open_to(gate) as connection:
        got = ask(connection, log_in(gate), method, "/", body)
    assert (got.status, got.header) == (status, True)


@pytest.mark.parametrize("qop,body", [
    ("auth", b""), ("auth-int", b""), ("auth-int", b"hello")])
def test_unknown_host(served, qop, body):
    """A name nobody knows is 502, proved, at the forward proxy."""
    gate, _ = served
    session = login(gate.proxy, "proxy", qop=qop)
    with wire.Connection(gate.proxy) as connection:
        got = ask(connection, session, "POST" if body else "GET",
                  "http://nowhere.invalid/", body, layer="proxy")
    assert (got.status, got.header) == (502, True)
    assert got.body == b"502 Bad Gateway\n"
    said = gate.wait_log("unknown-host")
    assert (said["status"], said["target"]) == (502, "http://nowhere.invalid/")
