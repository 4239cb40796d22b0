# SPDX-License-Identifier: MIT
"""`countersign verify` against other people's servers and proxies, and what
docs/verify.md says about them."""
import concurrent.futures
import pathlib

import pytest

from support import engines
from support.gateway import TOP
from support.verifying import FAILED, OK, run, verify

PAGE = TOP / "docs" / "verify.md"
START, END = "<!-- measured -->\n", "<!-- end -->\n"
MARKS = {"pass": "", "warn": "warn", "fail": "**fail**", "skipped": "–"}
HTTPD, HTTPD_NC, LIGHTTPD, SQUID, SQUID_NC, NGINX, GATEWAY = NAMES = [
    "httpd", "httpd, counts", "lighttpd", "Squid", "Squid, counts",
    "nginx before the gateway", "the gateway"]


def look_at_origin(engine):
    return verify("--basic", engine.url + "/page", user=engines.LOGIN,
                  timeout=120)


def look_at_proxy(engine, target):
    return verify("--basic", "-x", engine.url, target + "/page",
                  proxy_user=engines.LOGIN, timeout=120)


@pytest.fixture(scope="module")
def reports(module_gateway, module_origin):
    """{name: Report} of all, looked at side by side: one of them waits a
    second after every wrong password."""
    gate = module_gateway("--max-failures", "0", origin=module_origin.url)
    there = "http://%s:%d" % gate.origin
    made = {
        HTTPD: engines.httpd(),
        HTTPD_NC: engines.httpd("AuthDigestNcCheck On"),
        LIGHTTPD: engines.lighttpd("SHA-256"),
        SQUID: engines.squid(),
        SQUID_NC: engines.squid("auth_param digest check_nonce_count on\n"
                                "auth_param digest nonce_strictness on"),
        NGINX: engines.nginx(f"proxy_pass {there}; proxy_set_header Host "
                             "$http_host; proxy_http_version 1.1;"),
    }
    try:
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            jobs = {}
            for name, engine in made.items():
                if name in (SQUID, SQUID_NC):
                    jobs[name] = pool.submit(look_at_proxy, engine,
                                             module_origin.url)
                elif name == NGINX:
                    jobs[name] = pool.submit(verify, "--basic", engine.url +
                                             "/page", user="alice:secret")
                else:
                    jobs[name] = pool.submit(look_at_origin, engine)
            jobs[GATEWAY] = pool.submit(verify, "--basic", there + "/page",
                                        user="alice:secret")
            found = {name: job.result() for name, job in jobs.items()}
    finally:
        for engine in made.values():
            engine.close()
    return {name: found[name] for name in NAMES}


def table(reports):
    """Checks that are not passed, or not made, by everybody."""
    rows = ["| check | " + " | ".join(reports) + " |",
            "| --- |" + " --- |" * len(reports)]
    for name in next(iter(reports.values())).checks:
        marks = [MARKS[report.checks[name]["verdict"]]
                 for report in reports.values()]
        if "warn" in marks or "**fail**" in marks:
            rows.append(f"| {name} | " + " | ".join(marks) + " |")
    rows.append("| *passed, warnings, failed* | " + " | ".join(
        "{pass}, {warn}, {fail}".format(**report.json["totals"])
        for report in reports.values()) + " |")
    return "\n".join(rows) + "\n"


def test_the_manual_says_what_was_measured(reports):
    measured = table(reports)
    text = pathlib.Path(PAGE).read_text("utf-8")
    assert text.count(START) == text.count(END) == 1
    said = text.split(START)[1].split(END)[0]
    assert said.strip() == measured.strip(), measured


@pytest.mark.parametrize("name", NAMES)
def test_a_report_is_made(reports, name):
    report = reports[name]
    assert report.code == (OK if name in (GATEWAY, NGINX) else FAILED), report
    assert not report.err
    assert {"challenge", "digest", "every-algorithm", "nonce-invented",
            "empty-secret", "state-carried-over"} <= report.named("pass")


def test_what_is_well_known_of_them(reports):
    """Faults that were found by reading their source, or in their trackers."""
    for name in (HTTPD, LIGHTTPD, SQUID):
        assert {"replay", "replay-elsewhere", "replay-later"} <= \
            reports[name].named("fail")
    assert "replay" in reports[HTTPD_NC].named("pass")
    assert "counts-any-order" in reports[HTTPD_NC].named("warn")
    assert {"proof", "proof-head"} <= reports[HTTPD].named("pass")
    assert "proof" in reports[LIGHTTPD].named("warn")
    assert "takes-absolute-uri" in reports[LIGHTTPD].named("fail")
    assert {"uri-other", "connect-host"} <= reports[SQUID].named("fail")
    assert "no Info field" in reports[SQUID].checks["proof-connect"]["text"]


def test_no_digest_is_told_clearly():
    """Debian's nginx has no Digest; Basic is what it can ask for."""
    engine = engines.nginx("auth_basic x; auth_basic_user_file www/.users;")
    try:
        report = run(engine.url + "/page", user=engines.LOGIN)
    finally:
        engine.close()
    assert report.code == FAILED
    assert "pass     challenge             Basic\n" in report.text
    assert "no Digest challenge that could be answered" in report.text
    assert "there is no Digest challenge:" in report.text
    assert "1 passed, 1 failed, 0 warnings" in report.text
