"""The peak is that of the whole up-sampled response, whatever is up-sampled."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from dslt.losses.labels import gaussian_map
from dslt.trackers import peak as module
from dslt.trackers.peak import Prior, find_peaks


def plainly(response, stride, prior):
    fine = F.interpolate(
        response[None, None], scale_factor=stride, mode="bicubic", align_corners=False
    )[0, 0]
    fine = fine if prior is None else fine * prior
    row, column = divmod(int(fine.argmax()), fine.shape[1])
    return float(fine[row, column]), row, column


@settings(deadline=None, max_examples=150)
@given(
    seed=st.integers(0, 10**6),
    rows=st.integers(1, 40),
    columns=st.integers(1, 40),
    stride=st.sampled_from([4, 8]),
    noise=st.sampled_from([0.0, 0.05, 0.5, 3.0]),
    level=st.sampled_from([0.0, -3.0, 2.0]),
    with_prior=st.booleans(),
)
def test_equals_upsampling_everything(seed, rows, columns, stride, noise, level, with_prior):
    random = torch.Generator().manual_seed(seed)
    where = torch.rand(4, generator=random) * torch.tensor([columns, rows, columns, rows])
    label = gaussian_map((rows, columns), where[:2].tolist(), (1.5, 1.2), normalise=False)
    response = level + label + noise * torch.randn(rows, columns, generator=random)
    prior = None
    if with_prior:
        middle = (where[2:] * stride).tolist()
        shape = (rows * stride, columns * stride)
        prior = gaussian_map(shape, middle, (5.0 * stride, 4.0 * stride), normalise=False)
    given = None if prior is None else Prior.of(prior, stride)
    assert find_peaks(response[None], stride, given) == [plainly(response, stride, prior)]


@pytest.mark.parametrize("value", [0.0, -1.0])
def test_a_flat_response(value):
    response = torch.full((12, 30), value)
    assert find_peaks(response[None], 8)[0].value == pytest.approx(value)


def test_other_strides_agree_to_rounding():
    response = torch.randn(9, 14, generator=torch.Generator().manual_seed(1))
    [found] = find_peaks(response[None], 10)
    value, row, column = plainly(response, 10, None)
    assert found[1:] == (row, column)
    assert found.value == pytest.approx(value, abs=1e-5)


@pytest.mark.parametrize("level", [0.0, -3.0, 5.0])
def test_a_clear_peak_needs_no_more_than_its_surroundings(level, monkeypatch):
    seen = []
    within = module._within
    monkeypatch.setattr(module, "_within", lambda *a: seen.append(a[3:]) or within(*a))
    response = level + gaussian_map((30, 40), (20.0, 11.0), (1.5, 1.5), normalise=False)
    assert find_peaks(response[None], 8)[0][1:] == plainly(response, 8, None)[1:]
    assert seen == [((7, 16), (16, 25))]
