# SPDX-License-Identifier: MIT
"""The nginx module's directives: each documented, inherited and merged, and
none documented that is not there."""
import pathlib
import re

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
MODULE = TOP / "modules" / "nginx"
# Not inherited: made by merging; said where `countersign` was; told apart by
# `throttle`, with which it is copied.
NOT_MERGED = {"guard", "file", "line", "limits", "throttle"}


def read(name):
    return (MODULE / f"ngx_http_countersign{name}").read_text(
        encoding="utf-8")


DIRECTIVES = re.findall(r'\{ ngx_string\("(countersign\w*)"\)',
                        read("_module.c"))


def rows():
    """{directive: row} of the manual's table."""
    text = (TOP / "docs" / "nginx.md").read_text(encoding="utf-8")
    return {line.split("`")[1].split()[0]: line for line in text.splitlines()
            if line.startswith("| `countersign")}


def fields():
    """What a location's settings are made of."""
    body = re.search(r"typedef struct ngx_http_csn_loc_conf \{(.*?)\n\}",
                     read(".h"), re.S)[1]
    return re.findall(r"(\w+);", re.sub(r"/\*.*?\*/", "", body, flags=re.S))


def test_there_are_directives():
    assert len(DIRECTIVES) == len(set(DIRECTIVES)) >= 14
    assert len(fields()) >= 14


@pytest.mark.parametrize("name", DIRECTIVES)
def test_a_directive_has_its_row(name):
    cells = rows()[name].split("|")
    assert len(cells) >= 5 and cells[-2].strip() + cells[-3].strip(), cells


def test_no_row_is_of_another():
    assert set(rows()) == set(DIRECTIVES)


@pytest.mark.parametrize("name", fields())
def test_a_setting_is_unset_at_first_and_inherited(name):
    text = read("_conf.c")
    merged = re.search(rf"ngx_conf_merge_\w+\(conf->{name}, prev->{name}\b",
                       text)
    if name in NOT_MERGED:
        assert not merged
    else:
        assert merged
        assert re.search(rf"conf->{name} = NGX_CONF_UNSET", text) or \
            "_str_value" in merged[0]
