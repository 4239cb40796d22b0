# SPDX-License-Identifier: MIT
"""docs/attacks.md: each test that it names exists under that name, and each
file of the attack suite is on it."""
import pathlib
import re

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
PAGE = TOP / "docs" / "attacks.md"
SUITE = TOP / "tests" / "attack"

STRING = r'"(?:[^"\\]|\\.)*"'


def rows():
    """(attack, fault, [(file, [test names])]) of every table row."""
    found = []
    for line in PAGE.read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("|") and cells[0] not in ("attack", "---"):
            assert len(cells) == 3, line
            tests = re.findall(r"\[[^]]+\]\(([^)]+)\)((?: `[^`]+`)*)",
                               cells[2])
            found.append((cells[0], cells[1], [
                (PAGE.parent / name, re.findall("`([^`]+)`", names))
                for name, names in tests]))
    return found


def names_in_c(text):
    """Patterns of all texts in a C source: adjacent strings joined, and what
    printf fills in left open."""
    found = []
    text = re.sub(r"/\*.*?\*/|'(?:[^'\\]|\\.)'", "0", text, flags=re.S)
    for group in re.findall(rf"{STRING}(?:\s*{STRING})*", text):
        joined = "".join(s[1:-1] for s in re.findall(STRING, group))
        found.append("(.+)".join(re.escape(part)
                                 for part in joined.split("%s")))
    return found


def has_test(path, name):
    text = path.read_text("utf-8")
    if path.suffix == ".py":
        return re.search(rf"^def {re.escape(name)}\(", text, re.M) is not None
    for pattern in names_in_c(text):
        match = re.fullmatch(pattern, name)
        # What was filled in must stand in the same table.
        if match and all(f'"{part}"' in text for part in match.groups()):
            return True
    return False


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_each_attack_has_its_fault_and_its_tests(row):
    attack, fault, tests = row
    assert len(fault) > 20, attack
    assert tests
    for path, names in tests:
        assert names, (attack, path.name)
        for name in names:
            assert has_test(path, name), (path.name, name)


def test_a_name_that_is_no_test_is_noticed(tmp_path):
    assert has_test(SUITE / "store_rows_test.c",
                    "rows of MD5 with wrong length or non-hex digests")
    assert not has_test(SUITE / "store_rows_test.c",
                        "rows of MD5 with wrong length")
    made = tmp_path / "made_test.c"
    made.write_text('char quote = \'"\'; /* "a comment" */\n'
                    '{ "one", 1 }, { "in two "\n    "parts", 2 },\n'
                    'snprintf(name, size, "all of %s, here", row->name);\n')
    for name in ("one", "in two parts", "all of one, here"):
        assert has_test(made, name), name
    for name in ("on", "in two", "a comment", "all of two, here"):
        assert not has_test(made, name), name
    assert has_test(pathlib.Path(__file__),
                    "test_a_name_that_is_no_test_is_noticed")
    assert not has_test(pathlib.Path(__file__), "test_a_name")


def test_each_file_of_the_suite_is_on_the_page():
    named = {path.resolve() for _, _, tests in rows() for path, _ in tests}
    suite = {path.resolve() for path in SUITE.glob("*_test.c")}
    assert suite and suite <= named
