"""Learning rates against numbers worked out by hand and against kinetics-i3d's README."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_i3d.training.learning_rate_schedules import CosineSchedule, PlateauSchedule, StepSchedule
from keras_i3d.training.recipes import RECIPES, build_schedule


def test_steps_by_hand():
    schedule = StepSchedule(1.0, (4, 6), (1, 0.1, 0.01))
    assert [schedule.rate(n) for n in range(8)] == [1, 1, 1, 1, 0.1, 0.1, 0.01, 0.01]


def test_warm_up_by_hand():
    schedule = StepSchedule(2.0, warm_up=4)
    assert [schedule.rate(n) for n in range(6)] == [0.5, 1, 1.5, 2, 2, 2]


def test_cosine_at_its_ends_and_in_the_middle():
    schedule = CosineSchedule(3.0, steps=110, warm_up=10)
    assert schedule.rate(9) == 3
    assert schedule.rate(60) == pytest.approx(1.5)
    assert schedule.rate(35) == pytest.approx(3 * (1 + math.sqrt(0.5)) / 2)
    assert schedule.rate(110) == schedule.rate(1000) == 0


def test_a_plateau_is_patience_epochs_without_a_smaller_loss():
    schedule = PlateauSchedule(1.0, patience=2)
    rates = []
    for loss in (3, 2, 2, 2.5, 1, 1, 0.9, 1, 1, 1, 1):
        schedule.observe(loss)
        rates.append(schedule.rate(0))
    assert rates == pytest.approx([1, 1, 1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.01, 0.01, 0.001])


@given(st.lists(st.floats(0, 10)), st.integers(0, 20), st.integers(1, 4))
def test_a_plateau_goes_on_from_its_state_as_if_nothing_had_been(losses, cut, patience):
    whole, before, after = (PlateauSchedule(1.0, patience) for _ in range(3))
    for loss in losses:
        whole.observe(loss)
    for loss in losses[:cut]:
        before.observe(loss)
    after.restore(json.loads(json.dumps(before.state())))
    for loss in losses[cut:]:
        after.observe(loss)
    assert after.state() == whole.state()


@pytest.mark.parametrize(
    ("recipe", "rates"),
    [
        ("kinetics_rgb", {0: 1e-1, 96_999: 1e-1, 97_000: 1e-2, 108_000: 1e-3, 114_999: 1e-3}),
        (
            "kinetics_flow",
            {
                96_999: 1e-1,
                104_499: 1e-2,
                104_500: 1e-3,
                115_000: 1e-1,
                140_000: 1e-2,
                154_999: 1e-3,
            },
        ),
    ],
)
def test_published_rates(recipe, rates):
    schedule = build_schedule(RECIPES[recipe])
    assert {n: schedule.rate(n) for n in rates} == pytest.approx(rates)
