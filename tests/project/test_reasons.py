# SPDX-License-Identifier: MIT
"""docs/reasons.md says what the sources say, of every reason."""
import pathlib
import re

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
PAGE = TOP / "docs" / "reasons.md"
CLIENT = "What a client says"


def macro(path, name):
    """The rows X(...) of a map, each a list of its arguments."""
    text = (TOP / path).read_text(encoding="utf-8")
    body = re.search(r"#define %s\(X\)((?:.*\\\n)*.*)" % name, text)[1]
    body = re.sub(r"/\*.*?\*/|\\\n", " ", body)
    return [[re.sub(r'^"|"$', "", part.strip())
             for part in re.split(r',(?=(?:[^"]*"[^"]*")*[^"]*$)', row)]
            for row in re.findall(r'X\(((?:[^()"]|"[^"]*")*)\)', body)]


def engine():
    return macro("include/countersign/status.h", "CSN_REASON_MAP")


def gateway():
    return macro("modules/trafficserver/plugin.h", "CSN_GW_REASON_MAP")


def page():
    """{section: {word: the other cells}}, in order."""
    found, section = {}, None
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            section = found.setdefault(line[3:], {})
        match = re.match(r"\| `([a-z-]+)` \| (.*) \|$", line)
        if match:
            assert match[1] not in section, f"{match[1]} stands twice"
            section[match[1]] = match[2].split(" | ")
    return found


def statuses():
    """What the server engine answers, by the name of the constant."""
    text = (TOP / "src/server/exchange.c").read_text(encoding="utf-8")
    return {code: int(status) for code, status in re.findall(
        r"\[(CSN_R_\w+)\] = (\d+),", text)}


def test_the_maps_are_found():
    assert len(engine()) > 45 and len(gateway()) > 6 and len(statuses()) > 10
    assert ["CSN_R_REPLAY", "replay",
            "right response, count already used"] in engine()


def test_every_reason_has_one_row():
    words = [word for rows in page().values() for word in rows]
    assert len(words) == len(set(words))
    assert sorted(words) == sorted(
        [row[1] for row in engine() + gateway()])


@pytest.mark.parametrize("row", engine(), ids=lambda row: row[1])
def test_a_reason_of_the_engine(row):
    code, word, sentence = row
    section, cells = next((name, rows[word]) for name, rows in page().items()
                          if word in rows)
    assert cells[0] == sentence
    assert cells[-1].strip(), "what to do"
    server_part = engine().index(row) <= [
        r[0] for r in engine()].index("CSN_R_INTERNAL")
    if section == CLIENT:
        assert not server_part and code not in statuses()
    elif code in statuses():
        assert cells[1] == str(statuses()[code])
    elif code == "CSN_R_NONE" or not server_part:
        assert cells[1] == "-"
    else:
        assert re.fullmatch("401, 407(, stale)?", cells[1])


def test_stale_marks_what_says_stale():
    """The engine's `stale` follows a right response, and nothing else."""
    for rows in page().values():
        for word, cells in rows.items():
            assert cells[0].startswith("right response") == (
                len(cells) == 3 and cells[1].endswith("stale")), word


@pytest.mark.parametrize("row", gateway(), ids=lambda row: row[1])
def test_a_reason_of_the_gateway(row):
    cells = page()["What the gateway says besides"][row[1]]
    assert len(cells) == 3 and all(cells)
    assert re.match(r"(4\d\d|50[2348]|its own)\b", cells[1])


@pytest.mark.parametrize("path", [
    path for folder in ("tools", "adapters", "modules")
    for path in sorted((TOP / folder).rglob("*.c"))
    if re.search(r'[^\\]"reason"', path.read_text(encoding="utf-8"))
    and "json_loads(" not in path.read_text(encoding="utf-8")],
    ids=lambda path: str(path.relative_to(TOP)))
def test_who_shows_a_reason_shows_these_words(path):
    """A member or label `reason` is filled by the maps' own functions, if
    not in that file then in another of the same program; who reads JSON
    shows what stands there."""
    call = re.compile(r"\b([a-z]+(?:_gw)?_reason_name)\(")
    names = set(call.findall(path.read_text(encoding="utf-8")))
    assert names, "where do its words come from?"
    if not names & {"csn_reason_name", "csn_gw_reason_name"}:
        assert any("csn_reason_name(" in other.read_text(encoding="utf-8")
                   for other in path.parent.glob("*.c"))


def test_a_mistake_named_like_a_reason_leads_to_it():
    """Where `inspect` calls a mistake by a word that is a reason too, it
    gives that reason."""
    words = {row[1]: row[0] for row in engine()}
    seen = set()
    for path in (TOP / "tools/inspect").glob("*.c"):
        text = path.read_text(encoding="utf-8")
        for call in re.findall(r"inspect_blame\(.*?\);", text, re.S):
            mistake = re.search(r'"([a-z-]+)"\);$', call)
            if mistake and mistake[1] in words and "inspect_tell" in call:
                assert words[mistake[1]] in call, (path.name, call)
                seen.add(mistake[1])
    assert seen >= {"downgrade", "info-incomplete", "qop-not-offered"}
