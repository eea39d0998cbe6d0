"""Learning rates, and which pairs go into which micro-batch."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dslt.core.errors import DsltError
from dslt.train.processes import Processes
from dslt.train.schedule import KeyBatches, Plan, learning_rates
from training_case import schedule


def rates(epochs, **sgd):
    return learning_rates(schedule(sgd=sgd).sgd, epochs)


def test_warm_up_of_siamrpn_pp():
    found = rates(20, warmup=5, warmup_from=0.001, start=0.005, end=0.0005)
    assert len(found) == 20
    np.testing.assert_allclose(found[1:6] / found[:5], 5 ** (1 / 5))
    assert found[0] == pytest.approx(0.001)
    assert found[5] == pytest.approx(0.005)
    assert found[-1] == pytest.approx(0.0005)
    np.testing.assert_allclose(found[6:] / found[5:-1], 0.1 ** (1 / 14))


def test_siamfc_falls_by_the_published_factor():
    found = rates(50, warmup=0, warmup_from=1, start=1e-2, end=1e-5)
    np.testing.assert_allclose(found, np.logspace(-2, -5, 50))
    np.testing.assert_allclose(found[1:] / found[:-1], 0.8685, atol=1e-4)


def test_one_epoch_and_warm_up_only():
    assert rates(1, warmup=0, start=0.3, end=0.3).tolist() == pytest.approx([0.3])
    assert rates(2, warmup=2, warmup_from=1, start=4).tolist() == pytest.approx([1, 2])


def test_longer_warm_up_than_training_is_an_error():
    with pytest.raises(DsltError, match=r"warmup: 3 epochs; expected no more than the 2"):
        rates(2, warmup=3)


@given(
    epochs=st.integers(1, 4),
    batch=st.integers(1, 4),
    per_process=st.integers(1, 3),
    processes=st.integers(1, 3),
    left_over=st.integers(0, 20),
)
def test_processes_share_each_pair_once(epochs, batch, per_process, processes, left_over):
    micro_batches = per_process * processes
    plan = Plan(epochs, batch * micro_batches + left_over, batch, micro_batches)
    whole = list(KeyBatches(plan, 0, range(micro_batches)))
    shares = [Processes(rank, processes).share(micro_batches) for rank in range(processes)]
    apart = [list(KeyBatches(plan, 0, share)) for share in shares]
    steps = plan.total
    joined = [
        keys
        for step in range(steps)
        for part in apart
        for keys in part[step * per_process : (step + 1) * per_process]
    ]
    assert joined == whole
    flat = [key for keys in whole for key in keys]
    assert len(flat) == len(set(flat)) == steps * plan.per_step
    for epoch in range(epochs):
        samples = [sample for when, sample in flat if when == epoch]
        assert samples == list(range(plan.steps * plan.per_step))


@given(first=st.integers(0, 6))
def test_going_on_gives_the_rest(first):
    plan = Plan(3, 9, 2, 2)
    whole = list(KeyBatches(plan, 0, range(2)))
    rest = KeyBatches(plan, first, range(2))
    assert list(rest) == whole[2 * first :]
    assert len(rest) == len(whole) - 2 * first


def test_epoch_without_a_step_is_an_error():
    with pytest.raises(DsltError, match=r"per_epoch: 7; expected at least the 8 pairs"):
        Plan(1, 7, 2, 4)


def test_uneven_shares_are_an_error():
    with pytest.raises(DsltError, match="micro_batches: 4 for 3 processes"):
        Processes(0, 3).share(4)
