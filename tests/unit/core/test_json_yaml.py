"""JSON and YAML that libraries trip over: refused in the user's words, never by a traceback."""

import pytest

from dslt.core.definitions import changed_definitions, parse_yaml, read_definitions
from dslt.core.errors import DsltError
from dslt.core.jsonfile import parse_json, read_json

DEEP = '{"a":' * 20_000 + "1" + "}" * 20_000
DIGITS = "1" * 5000  # more than Python makes a number of


@pytest.mark.parametrize("text", [DEEP, DIGITS, "{", "nan nan", "\ufeff{"], ids=repr)
def test_no_json(tmp_path, text):
    path = tmp_path / "a.json"
    path.write_text(text)
    if not text.startswith("\ufeff"):
        with pytest.raises(DsltError, match=r"the option: not JSON"):
            parse_json(text, "the option")
    with pytest.raises(DsltError, match=r"a\.json: not a readable JSON file"):
        read_json(path)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 2000,
        DIGITS,
        "0x" + "f" * 5000,
        "2020-99-99",
        "!!int _",
        "!!bool x",
        "!!timestamp x",
        "? {a: 1}",
        "a: b: c",
    ],
    ids=lambda text: text[:20],
)
def test_no_yaml(tmp_path, text):
    path = tmp_path / "a.yaml"
    path.write_text(f"a: {text}\n")
    with pytest.raises(DsltError, match=r"a\.yaml: not readable as YAML"):
        read_definitions(path)
    with pytest.raises(DsltError, match=r"the option: not readable as YAML"):
        parse_yaml(f"a: {text}\n", "the option")


@pytest.mark.parametrize("bracket", ["[", "{", "{a: ", "[{"])
def test_deep_yaml_is_refused_before_it_takes_long(bracket):
    assert parse_yaml("[" * 40 + "]" * 40, "the option")
    with pytest.raises(DsltError, match="more than 50 brackets in each other"):
        parse_yaml(bracket * 100_000, "the option")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\xff\xfea\0:\0", "not a readable file of definitions"),
        (b"", "expected a mapping"),
        (b"- otb\n", "expected a mapping"),
        (b"2013: {}\n", "the name 2013 is no text; write it in quotes"),
    ],
)
def test_no_definitions(tmp_path, data, words):
    path = tmp_path / "a.yaml"
    path.write_bytes(data)
    with pytest.raises(DsltError, match=words):
        read_definitions(path)


@pytest.mark.parametrize(
    ("known", "changes", "words"),
    [
        ({}, ["a"], r"definitions \['a'\]; expected a mapping"),
        ({}, {"a": "kind"}, "definition of 'a': 'kind'; expected a mapping"),
        ({"a": None}, {"a": {"b": 1}}, "definition of 'a': None; expected a mapping"),
    ],
)
def test_changes_of_definitions_that_are_none(known, changes, words):
    with pytest.raises(DsltError, match=words):
        changed_definitions(known, changes)
