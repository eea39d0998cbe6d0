"""Targets as they are asked for."""

import pytest

from dslt.core.errors import DsltError
from dslt.demo.targets import COLOURS, parse_targets, rgb


def test_names_and_colours():
    targets = parse_targets(["1,2,3,4", "red-car=5.5,6,7,8", "9,9,9,9"])
    assert [target.name for target in targets] == ["1", "red-car", "3"]
    assert targets[1].box.tolist() == [5.5, 6, 7, 8]
    assert [target.colour for target in targets] == [rgb(colour) for colour in COLOURS[:3]]
    many = parse_targets(["1,2,3,4"] * (len(COLOURS) + 1))
    assert many[-1].colour == many[0].colour
    assert rgb("#D55E00") == (213, 94, 0)


@pytest.mark.parametrize(
    ("texts", "error"),
    [
        (["car=1,2,3"], "--box car="),
        (["a/b=1,2,3,4"], "--box a/b=.*expected a name of letters"),
        (["é=1,2,3,4"], "expected a name of letters"),
        (["-x=1,2,3,4"], "expected a name of letters"),
        (["a=1,2,3,4", "a=5,6,7,8"], "two targets are called 'a'"),
        (["2=1,2,3,4", "1,2,3,4"], "two targets are called '2'"),
    ],
)
def test_targets_that_are_none(texts, error):
    with pytest.raises(DsltError, match=error):
        parse_targets(texts)
