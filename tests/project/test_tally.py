# SPDX-License-Identifier: MIT
"""The counting of ./test: nothing that failed may be lost."""
import json
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "scripts"))
import tally  # noqa: E402

OK = "1..2\nok 1 - a\nok 2 - b\n"
BAD = "1..2\nok 1 - a\nnot ok 2 - b\n# 0x1 != 0x2\n# x.c:3: error: Failure!\n"
CUT = "1..3\nok 1 - a\n"
SKIP = "1..2\nok 1 - a\nnot ok 2 # SKIP b\n"


@pytest.mark.parametrize("text, counts", [
    (OK, (2, 0, 0)),
    (BAD, (1, 1, 0)),
    (CUT, (1, 2, 0)),
    (SKIP, (1, 0, 1)),
    (OK + BAD, (3, 1, 0)),
    ("noise\nok\nnot ok - group\n", (0, 0, 0)),
])
def test_tap_rows_are_counted(text, counts):
    outcomes = [row.outcome for row in tally.read_tap(text)]
    assert tuple(map(outcomes.count, (tally.PASSED, tally.FAILED,
                                      tally.SKIPPED))) == counts


def test_a_failed_row_keeps_what_it_said():
    row = tally.read_tap(BAD)[1]
    assert row.name == "b" and "0x1 != 0x2" in row.detail


def meson_rows(tmp_path, **test):
    path = tmp_path / "testlog.json"
    base = {"name": "countersign:unit / nc", "result": "OK", "stdout": "",
            "stderr": ""}
    path.write_text(json.dumps({**base, **test}) + "\n", encoding="utf-8")
    return tally.read_meson(path)


def test_rows_are_named_by_suite_and_program(tmp_path):
    rows = meson_rows(tmp_path, stdout=OK)
    assert [r.name for r in rows] == ["unit / nc: a", "unit / nc: b"]


def test_a_program_that_fails_after_its_rows_fails(tmp_path):
    rows = meson_rows(tmp_path, stdout=OK, result="FAIL", stderr="leak")
    assert [r.outcome for r in rows] == ["passed", "passed", "failed"]
    assert "leak" in rows[2].detail


def test_a_program_that_ends_too_early_says_how(tmp_path):
    rows = meson_rows(tmp_path, stdout=CUT, result="TIMEOUT")
    assert [r.outcome for r in rows] == ["passed", "failed", "failed",
                                         "failed"]
    assert "TIMEOUT" in rows[3].name


@pytest.mark.parametrize("result", ["TIMEOUT", "ERROR", "INTERRUPT", "FAIL",
                                    "UNEXPECTEDPASS"])
def test_a_program_without_rows_counts_by_its_end(tmp_path, result):
    assert [r.outcome for r in meson_rows(tmp_path)] == ["passed"]
    assert [r.outcome for r in meson_rows(tmp_path, result=result)] == [
        "failed"]


def test_equal_names_stay_two_tests(tmp_path):
    names = [r.name for r in meson_rows(tmp_path, stdout=OK + OK)]
    assert len(set(names)) == 4


def test_pytest_errors_and_failures_count(tmp_path):
    path = tmp_path / "out.xml"
    path.write_text(
        "<testsuites><testsuite>"
        "<testcase classname='c' name='good'/>"
        "<testcase classname='c' name='bad'><failure message='m'/></testcase>"
        "<testcase classname='c' name='err'><error message='e'/></testcase>"
        "<testcase classname='c' name='skip'><skipped message='s'/></testcase>"
        "</testsuite></testsuites>", encoding="utf-8")
    outcomes = {r.name: r.outcome for r in tally.read_junit(path)}
    assert outcomes == {"c: good": "passed", "c: bad": "failed",
                        "c: err": "failed", "c: skip": "skipped"}


def test_one_failure_in_any_build_is_the_result():
    said = []
    results = tally.Results(said.append)
    row = tally.Row("x", tally.PASSED, "")
    results.add("plain", [row, row._replace(name="y")])
    results.add("asan", [row._replace(outcome=tally.FAILED, detail="boom")])
    results.add("clang", [row])
    assert results.finish() == 1
    assert said[-1] == "1 passed, 1 failed"


def test_nothing_at_all_is_no_success():
    assert tally.Results(lambda text: None).finish() == 1


def test_skipped_rows_are_counted_by_program():
    said = []
    results = tally.Results(said.append)
    results.add("plain", [tally.Row("x", tally.PASSED, ""),
                          tally.Row("s: 1", tally.SKIPPED, ""),
                          tally.Row("s: 2", tally.SKIPPED, "")])
    assert results.finish() == 0
    assert said == ["skipped  2 in s", "1 passed, 0 failed, 2 skipped"]
