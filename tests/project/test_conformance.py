# SPDX-License-Identifier: MIT
"""The list of requirements and the page made from it."""
import pathlib
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]


def run(*args, cwd=TOP):
    return subprocess.run([sys.executable, "scripts/conformance", *args],
                          cwd=cwd, capture_output=True, text=True,
                          check=False)


def copy_of_tree(tmp_path):
    """What the script reads, where it may be changed."""
    (tmp_path / "tests").mkdir()
    for name in ("scripts/conformance", "docs/requirements.txt",
                 "docs/conformance-notes.txt", "docs/conformance.md"):
        target = tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((TOP / name).read_bytes())
    return tmp_path


def test_the_page_is_up_to_date():
    done = run("--check")
    assert done.returncode == 0, done.stderr


def test_an_old_page_is_noticed(tmp_path):
    top = copy_of_tree(tmp_path)
    assert run(cwd=top).returncode == 0
    assert run("--check", cwd=top).returncode == 0
    (top / "tests/new_test.c").write_text('{ "A-01 a bare list" },')
    done = run("--check", cwd=top)
    assert done.returncode == 1
    assert "out of date" in done.stderr


def test_a_test_that_names_no_requirement_is_noticed(tmp_path):
    top = copy_of_tree(tmp_path)
    (top / "tests/new_test.c").write_text('{ "A-99 nothing" },')
    done = run(cwd=top)
    assert done.returncode == 1
    assert "A-99" in done.stderr


def test_names_of_tests_are_found_and_nothing_else(tmp_path):
    top = copy_of_tree(tmp_path)
    (top / "tests/new_test.c").write_text(
        '/* A-01 */ { "A-02 A-03 two" }, { "x A-04" },')
    missing = {line[:4] for line in run("--missing", cwd=top)
               .stdout.splitlines()}
    assert {"A-01", "A-04"} <= missing
    assert not {"A-02", "A-03"} & missing


def test_the_list_is_whole():
    lines = [line.split("\t") for line in
             (TOP / "docs/requirements.txt").read_text("utf-8").splitlines()
             if not line.startswith("#")]
    assert all(len(line) == 5 for line in lines)
    ids = [line[0] for line in lines]
    assert ids == sorted(set(ids))
    assert {line[1] for line in lines} == {
        "MUST", "MUST NOT", "SHOULD", "SHOULD NOT", "MAY"}
    assert {line[2] for line in lines} == {"now", "later"}
    # Sections are numbered without a gap.
    for letter in "ABCDEFGHIJ":
        numbers = [int(i[2:]) for i in ids if i[0] == letter]
        assert numbers == list(range(1, len(numbers) + 1)), letter
