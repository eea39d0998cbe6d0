"""Entries whose kind is not even a text."""

import pytest

from dslt.core.errors import DsltError
from dslt.data.benchmarks.definitions import parse_benchmark
from dslt.settings.protocols import parse_protocol
from dslt.settings.registry import parse_tracker, parse_training

ODD = [None, 1, ["folder"], {"kind": "folder"}]


@pytest.mark.parametrize("kind", ODD, ids=str)
def test_kinds_that_are_no_text(kind):
    for parse in (parse_benchmark, lambda where, values: parse_protocol(values, where)):
        with pytest.raises(DsltError, match="unknown kind"):
            parse("mine", {"kind": kind})
    for parse in (parse_tracker, parse_training):
        with pytest.raises(DsltError, match="mine: unknown tracker"):
            parse({"tracker": kind, "training": {}}, "mine")
