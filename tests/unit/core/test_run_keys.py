"""How runs and parts of cells are named on the command line."""

import pytest

from dslt.core.errors import DsltError
from dslt.core.names import split_part, split_seed


def test_a_key_is_split():
    assert split_part("dslt", "F") == ("dslt", "")
    assert split_part("dslt@clips", "F") == ("dslt", "clips")
    assert split_seed("dslt@12", "F") == ("dslt", 12)
    assert split_seed("my@home@0", "F") == ("my@home", 0)


@pytest.mark.parametrize("key", ["", "@", "@clips", "dslt@"])
def test_an_empty_side_is_refused(key):
    with pytest.raises(DsltError, match=f"{key}': expected CELL=DIR"):
        split_part(key, "CELL=DIR")


@pytest.mark.parametrize("key", ["dslt", "@0", "dslt@", "dslt@x", "dslt@-1", "dslt@\u00b2"])
def test_a_seed_is_a_number(key):
    with pytest.raises(DsltError, match=f"{key}': expected CELL@SEED=DIR, the seed a number"):
        split_seed(key, "CELL@SEED=DIR")
