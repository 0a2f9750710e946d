"""Verdicts: an expectation came true, or not, only where its whole interval says so."""

from dataclasses import replace

import pytest

from keras_i3d.experiments.expectations import Beats, Reaches, StaysNearChance
from keras_i3d.experiments.runs import Run
from keras_i3d.training.recipes import SYNTHETIC_SMALL
from tests.experiments.made_results import scores

A, B = (Run(name, f"network {name}", SYNTHETIC_SMALL) for name in "ab")


@pytest.mark.parametrize(
    "right, interval, verdict",
    [
        (100, (96.3, 100.0), "yes"),
        (96, (90.2, 98.4), "not shown"),  # above 95 here, but 95 is inside
        (80, (71.1, 86.7), "no"),
    ],
)
def test_a_network_reaches_an_accuracy(right, interval, verdict):
    """Wilson's intervals of so many of 100, as published calculators give them."""
    found = Reaches(A, 95).judge({"a": scores(right)})
    assert found.value == pytest.approx(right)
    assert (round(found.low, 1), round(found.high, 1)) == interval
    assert (found.expected, found.verdict) == ("network a: above 95 %", verdict)


@pytest.mark.parametrize("right, verdict", [(25, "yes"), (30, "not shown"), (50, "no")])
def test_a_network_stays_near_chance(right, verdict):
    """Of four classes: below 35 %. Their intervals end at 34.3, end at 39.6, begin at 40.4."""
    found = StaysNearChance(A, 10).judge({"a": scores(right)})
    assert found.verdict == verdict
    assert found.expected == "network a: below 35.0 %, chance + 10 points"


@pytest.mark.parametrize(
    "better, worse, verdict",
    [
        (66, 60, "yes"),  # six of six videos won: p = 2 / 64
        (65, 60, "not shown"),  # five of five: p = 2 / 32
        (60, 60, "not shown"),
        (60, 65, "not shown"),
        (60, 66, "no"),
    ],
)
def test_a_network_beats_another_on_the_same_videos(better, worse, verdict):
    found = Beats(A, B).judge({"a": scores(better), "b": scores(worse)})
    assert found.value == pytest.approx(better - worse)
    assert found.verdict == verdict
    assert found.expected == "network a: above network b"


def test_videos_are_compared_by_their_names():
    """The other file in another order, and without the last of the videos."""
    first, second = scores(66), scores(60)
    order = list(reversed(range(99)))
    second = replace(
        second,
        **{n: getattr(second, n)[order] for n in ("ids", "logits", "probabilities", "labels")},
    )
    found = Beats(A, B).judge({"a": first, "b": second})
    assert found.value == pytest.approx(100 * 6 / 99)
    assert found.verdict == "yes"
