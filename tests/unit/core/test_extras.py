"""The error of a missing extra: it names the extra, and the table is that of the package."""

import re
import tomllib
from importlib import metadata

from dslt.core.extras import EXTRAS, how_to_get
from places import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
# What some environments lack.
NOT_EVERYWHERE = {"trax": "vot-trax", "h5py": "h5py", "openvino": "openvino"}


def distributions(requirements: list[str]) -> set[str]:
    names = {re.match(r"[\w-]+", text)[0].lower() for text in requirements}
    return names - {"dslt"}


def test_every_module_is_of_the_extra_that_brings_it():
    extras, owners = PROJECT["optional-dependencies"], metadata.packages_distributions()
    assert set(extras) - {"browser", "dev", "s3"} == set(EXTRAS)
    for extra, modules in EXTRAS.items():
        wanted = distributions(extras[extra])
        found = {owners.get(name, [NOT_EVERYWHERE.get(name)])[0].lower() for name in modules}
        assert found == wanted, extra


def test_a_module_of_no_extra_is_no_hint():
    assert how_to_get("nothing_of_ours") is None
    assert how_to_get(None) is None
    assert "'dslt[torch]'" in how_to_get("torch.nn")
