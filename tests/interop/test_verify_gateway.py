# SPDX-License-Identifier: MIT
"""The gateway passes `countersign verify --strict`, in every way it can be
set up."""
import pytest

from support.verifying import OK, listed, verify

ORIGIN, PROXY = "alice:secret", "alice:proxy-secret"
# What verify does beyond this is judged by limits on guessing.
FREE = ["--max-failures", "0"]

# Checks that cannot be made, by what the gateway does not offer.
NEVER = {"opaque-changed", "opaque-missing"}
WAIT = {"stale-when-old", "stale-when-wrong", "old-nonce", "nextnonce"}
SESSION = {"session-key", "session-rebuilt"}
INT = {"auth-int-proof", "auth-int-content", "auth-int-changed"}
AT_PROXY = {"domain-at-proxy", "proof-connect", "connect-host",
            "connect-port", "connect-no-port", "connect-path",
            "origin-form-uri"}
AT_ORIGIN = {"takes-absolute-uri", "host-other"}
ONE_TIME = {"replay-later", "counts-once", "counts-any-order"}


def check_clean(report, skipped):
    assert report.named("fail", "warn") == set(), report.said("fail", "warn")
    assert report.named("skipped") == skipped, report.said("skipped")
    assert report.code == OK


@pytest.mark.parametrize("options, skipped", [
    ([], INT | SESSION | {"userhash"} | WAIT),
    (["--qop", "auth,auth-int"], SESSION | {"userhash"} | WAIT),
    (["--qop", "auth-int"], SESSION | {"userhash"} | WAIT),
    (["--userhash"], INT | SESSION | WAIT),
    (["--algorithm", "SHA-256-sess"], INT | {"userhash"} | WAIT),
    (["--algorithm", "SHA-256", "--algorithm", "SHA-256-sess", "--qop",
      "auth,auth-int", "--userhash"], WAIT),
    (["--one-time"], INT | SESSION | {"userhash"} | ONE_TIME |
     WAIT - {"nextnonce"}),
], ids=lambda v: " ".join(v) if isinstance(v, list) else "")
def test_before_an_application(gateway, origin, options, skipped):
    gate = gateway(*options, *FREE, origin=origin.url)
    report = verify("--strict", "--basic", "http://%s:%d/a?b=c" % gate.origin,
                    user=ORIGIN)
    check_clean(report, skipped | NEVER | AT_PROXY)


def test_the_end_of_a_nonce(gateway, origin):
    gate = gateway("--nonce-life", "2s", *FREE, origin=origin.url)
    report = verify("--strict", "--basic", "--wait", "2",
                    "http://%s:%d/a" % gate.origin, user=ORIGIN)
    check_clean(report, INT | SESSION | {"userhash"} | NEVER | AT_PROXY)


@pytest.mark.parametrize("options, skipped", [
    ([], INT | SESSION | {"userhash"} | WAIT),
    (["--strict-uri"], INT | SESSION | {"userhash"} | WAIT),
    (["--qop", "auth,auth-int", "--userhash"], SESSION | WAIT),
], ids=lambda v: " ".join(v) if isinstance(v, list) else "")
def test_as_a_proxy(gateway, origin, options, skipped):
    gate = gateway("--allow-dest", "127.0.0.0/8", "--connect-ports",
                   origin.port, *options, *FREE, forward=True)
    report = verify("--strict", "--basic", "-x", "http://%s:%d" % gate.proxy,
                    f"http://127.0.0.1:{origin.port}/a?b=c",
                    proxy_user=PROXY)
    check_clean(report, skipped | NEVER | AT_ORIGIN)
    assert report.json["layer"] == "proxy"
    text = report.checks["origin-form-uri"]["text"]
    assert ("400" if options == ["--strict-uri"] else "200") in text


def test_as_a_tunnel(gateway, origin):
    gate = gateway("--allow-dest", "127.0.0.0/8", "--connect-ports",
                   origin.port, *FREE, forward=True)
    for how in ([f"https://127.0.0.1:{origin.port}/"],
                ["--proxytunnel", f"http://127.0.0.1:{origin.port}/"]):
        report = verify("--strict", "-x", "http://%s:%d" % gate.proxy, *how,
                        proxy_user=PROXY)
        assert report.code == OK
        assert report.named("fail", "warn") == set()
        assert {"proof", "proof-connect", "connect-port", "replay",
                "uri-other"} <= report.named("pass")


def test_limits_on_guessing_leave_checks_open(gateway, origin):
    gate = gateway("--max-failures", "2", origin=origin.url)
    report = verify("--strict", "http://%s:%d/a" % gate.origin, user=ORIGIN)
    assert report.code == OK
    assert report.named("fail", "warn") == set(), report.said("fail", "warn")
    assert any("429" in text for text in report.said("skipped").values())


# Refused by the engine, which tells no target.
ENGINE = {"control-octets", "nul-octet"}
# What another step of D-42 says of some forms of a check.
BESIDE = {
    "response-length": {"too-large"}, "qop-unknown": {"malformed"},
    "empty-secret": {"wrong-response"},
    "unknown-user-alike": {"wrong-response"},
}


def test_the_log_has_the_same_words(gateway, origin):
    """`reason` of a check is what the gateway logs when it refuses that."""
    gate = gateway("--qop", "auth,auth-int", *FREE, origin=origin.url)
    checks = [check for check in listed() if check["reason"] is not None
              and check["part"] == "lets-through"
              and check["name"] not in NEVER | AT_PROXY | ENGINE]
    assert len(checks) > 30
    for check in checks:
        report = verify("--strict", "--basic", "--only", check["name"],
                        "http://%s:%d/" % gate.origin + check["name"],
                        user=ORIGIN)
        assert report.named("pass") == {check["name"]}, report
    gate.wait_log("scheme-not-offered")  # the last one's
    words = {}
    for entry in gate.log():
        words.setdefault(entry["target"][1:], set()).add(entry["reason"])
    wrong = {}
    for check in checks:
        said = words.get(check["name"], set()) - {"no-credentials"}
        if check["reason"] == "no-credentials":
            said = words[check["name"]]
        known = {check["reason"]} | BESIDE.get(check["name"], set())
        if not said or said - known:
            wrong[check["name"]] = said
    assert not wrong
