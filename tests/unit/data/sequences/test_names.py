"""Names of sequences as other toolkits spell them."""

from __future__ import annotations

import pytest

from dslt.core.names import same_name
from dslt.data.sequences.names import match_names

JOGGING = ["Jogging-1", "Jogging-2", "Girl"]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (["Jogging", "Jogging(2)", "girl"], ["Jogging", "Jogging(2)", "girl"]),
        (["jogging", "Jogging.2", "Girl"], ["jogging", "Jogging.2", "Girl"]),
        (["Jogging.1", "Jogging_2", "Girl"], ["Jogging.1", "Jogging_2", "Girl"]),
        (["Jogging", "Girl"], ["Girl"]),  # which of the two it is, nobody says
        (["Jogging", "Jogging-1", "Girl"], ["Jogging-1", "Girl"]),
    ],
)
def test_a_first_target_may_have_no_number_where_the_second_has_one(found, expected):
    assert list(match_names(JOGGING, found).values()) == expected


@pytest.mark.parametrize("found", ["person2-1", "Person2.1", "PERSON 2 (1)"])
def test_two_numbers_stay_apart(found):
    assert match_names(["person2_1"], [found, "person21"]) == {"person2_1": found}
    assert match_names(["person2_1"], ["person21", "person_21"]) == {}
    assert match_names(["person21"], [found]) == {}
    assert match_names(["Jogging-1", "Girl"], ["jogging1", "gi_rl"]) == {
        "Jogging-1": "jogging1",
        "Girl": "gi_rl",
    }


def test_a_single_target_may_have_no_number():
    assert match_names(["Human4-2", "Girl"], ["human4", "Girl"]) == {
        "Human4-2": "human4",
        "Girl": "Girl",
    }


def test_names_of_any_script_are_told_apart():
    assert match_names(["\u72d7", "Deer"], ["\u732b", "Deer"]) == {"Deer": "Deer"}
    composed, apart = "Z\u00fcrich", "Zu\u0308rich"  # as macOS writes it
    assert match_names([composed], [apart]) == {composed: apart}
    assert match_names(["--"], ["++"]) == {}
    assert not same_name("\u72d7", "\u732b")
    vowels = "\u0926\u093f\u0928", "\u0926\u0940\u0928"  # differ in a combining sign
    assert not same_name(*vowels)
    assert match_names(vowels[:1], vowels[1:]) == {}
    assert same_name("OTB-2015", "otb 2015")
