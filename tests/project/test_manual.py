# SPDX-License-Identifier: MIT
"""The manual pages: they render, and they and --help agree."""
import os
import pathlib
import re
import subprocess

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("COUNTERSIGN_BUILD", TOP / "build/plain"))
PROGRAM = BUILD / "tools" / "countersign"
PAGES = TOP / "docs" / "man"

# GNU argp gives every program these; the pages speak of them once, in
# countersign(1).
COMMON = {"--help", "--usage", "--version"}


def out(*command):
    return subprocess.run([str(c) for c in command], check=True, text=True,
                          capture_output=True).stdout


def verbs():
    """The verbs, from the source: the program may not be built yet."""
    found = set()
    for build in (TOP / "tools").glob("*/meson.build"):
        found |= set(re.findall(r"tool_verbs \+= \{\s*'([a-z]+)'",
                                build.read_text(encoding="utf-8")))
    return sorted(found)


def long_options(text):
    return set(re.findall(r"(?<![\w-])--[a-z][a-z0-9.-]*[a-z0-9]", text))


def short_options(text):
    return set(re.findall(r"(?<![\w-])-[A-Za-z0-9](?![\w-])", text))


def offered(verb):
    """Options of --help: the column of options, not the prose beside it."""
    lines = [line for line in out(PROGRAM, verb, "--help").splitlines()
             if re.match(r" {2,6}-", line)]
    column = "\n".join(re.split(r"(?<=\S)   +", line.strip())[0]
                       for line in lines)
    return long_options(column) - COMMON, short_options(column) - {"-?", "-V"}


def documented(verb):
    """Options that the page has an entry of its own for."""
    page = (PAGES / f"countersign-{verb}.1").read_text(encoding="utf-8")
    entries = re.findall(r"^\.T[PQ].*\n(.*)", page, re.M)
    text = "\n".join(entries).replace("\\-", "-").replace("\\fB", " ")
    text = re.sub(r"\\f[A-Z]|\"", " ", text)
    return long_options(text) - COMMON, short_options(text) - {"-V"}


def test_there_are_verbs():
    assert {"fetch", "gateway", "passwd"} <= set(verbs())


@pytest.mark.parametrize("verb", verbs())
def test_every_option_of_help_has_an_entry(verb):
    for helps, pages in zip(offered(verb), documented(verb)):
        assert helps - pages == set(), "missing in the page"
        assert pages - helps == set(), "no longer an option"
    assert offered(verb)[0]


@pytest.mark.parametrize("name", ["countersign.1", *(
    f"countersign-{verb}.1" for verb in verbs())])
def test_a_page_renders_without_a_warning(name):
    done = subprocess.run(
        ["groff", "-man", "-Tutf8", "-ww", "-rCHECKSTYLE=0", PAGES / name],
        capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    plain = re.sub(r".\x08", "", done.stdout)
    assert "NAME\n" in plain and "SEE ALSO\n" in plain


def test_the_main_page_names_every_verb():
    page = (PAGES / "countersign.1").read_text(encoding="utf-8")
    for verb in verbs():
        assert f"countersign\\-{verb}" in page or f"countersign-{verb}" in page


@pytest.mark.parametrize("verb", verbs())
def test_help_and_usage_go_to_standard_output(verb):
    assert verb in out(PROGRAM, verb, "--help")
    assert out(PROGRAM, "help", verb) == out(PROGRAM, verb, "--help")
