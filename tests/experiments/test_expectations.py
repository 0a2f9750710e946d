"""Verdicts: an expectation came true, or not, only where its whole interval says so."""

from dataclasses import replace

import pytest

from keras_i3d.experiments.expectations import Beats, Reaches, StaysBelow
from keras_i3d.experiments.runs import Run
from keras_i3d.training.recipes import SYNTHETIC_SMALL
from tests.experiments.made_results import scores

A, B = (Run(name, f"network {name}", SYNTHETIC_SMALL) for name in "ab")


@pytest.mark.parametrize(
    "right, interval, verdict",
    [
        (100, (96.3, 100.0), "agrees"),
        (96, (90.2, 98.4), "not shown"),  # above 95 here, but 95 is inside
        (80, (71.1, 86.7), "disagrees"),
    ],
)
def test_a_network_reaches_an_accuracy(right, interval, verdict):
    """Wilson's intervals of so many of 100, as published calculators give them."""
    found = Reaches(A, 95, "it sees").judge({"a": [scores(right)]})
    assert found.value == pytest.approx(right)
    assert (round(found.low, 1), round(found.high, 1)) == interval
    assert (found.expected, found.verdict) == ("network a: above 95 %", verdict)
    assert found.why == "it sees"


@pytest.mark.parametrize("right, verdict", [(25, "agrees"), (30, "not shown"), (50, "disagrees")])
def test_a_network_stays_below(right, verdict):
    """Their intervals end at 34.3, end at 39.6, begin at 40.4."""
    found = StaysBelow(A, 35, "it sees nothing").judge({"a": [scores(right)]})
    assert found.verdict == verdict
    assert found.value == pytest.approx(right)
    assert found.low < right < found.high
    assert found.expected == "network a: below 35 %"


@pytest.mark.parametrize(
    "better, worse, verdict",
    [
        (66, 60, "agrees"),  # six of six videos won: p = 2 / 64
        (65, 60, "not shown"),  # five of five: p = 2 / 32
        (60, 60, "not shown"),
        (60, 65, "not shown"),
        (60, 66, "disagrees"),
    ],
)
def test_a_network_beats_another_on_the_same_videos(better, worse, verdict):
    found = Beats(A, B, "").judge({"a": [scores(better)], "b": [scores(worse)]})
    assert found.value == pytest.approx(better - worse)
    assert found.low < found.value < found.high
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
    found = Beats(A, B, "").judge({"a": [first], "b": [second]})
    assert found.value == pytest.approx(100 * 6 / 99)
    assert found.verdict == "agrees"


def test_every_repetition_must_be_on_the_same_side():
    """All together are well above; where one alone is below, that is not shown."""
    assert Reaches(A, 60, "").judge({"a": [scores(99), scores(90)]}).verdict == "agrees"
    found = Reaches(A, 60, "").judge({"a": [scores(99), scores(59)]})
    assert (found.value, found.verdict) == (79.0, "not shown")
    assert found.low > 60
    pair = {"a": [scores(90), scores(60)], "b": [scores(60), scores(61)]}
    assert Beats(A, B, "").judge(pair).verdict == "not shown"
    pair["b"][1] = scores(59)
    assert Beats(A, B, "").judge(pair).verdict == "agrees"
