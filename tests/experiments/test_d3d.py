"""The D3D experiments: their recipes, and answers from figures that are known."""

import re

import numpy as np
import pytest

from keras_i3d.evaluation.scores import Scores
from keras_i3d.experiments import d3d_networks
from keras_i3d.experiments.d3d_findings import (
    by_class,
    decoded_from_rgb,
    motion_by_end_point,
    premise,
    without_flow,
)
from keras_i3d.experiments.d3d_measurement import OfSeed
from keras_i3d.experiments.runs import Result, in_order
from keras_i3d.experiments.tasks import WAYS
from keras_i3d.training.networks import check_network
from keras_i3d.training.recipe_checks import check

VIDEOS = 40


def test_all_recipes_are_possible_and_paired(tmp_path):
    runs = d3d_networks.networks(1)
    assert [run.name for run in in_order(runs.values())] == list(runs)
    for run in runs.values():
        recipe = run.recipe_at(tmp_path, 1, 0.5)
        check(recipe)
        check_network(recipe)
        assert recipe.seed == 1
        if run.teacher:
            assert recipe.teacher == str(tmp_path / run.teacher.name / "final.keras")


def test_every_motion_has_every_share_once_in_four_seeds():
    found = {way: [d3d_networks.shares(seed)[way] for seed in range(4)] for way in WAYS}
    assert all(sorted(shares) == sorted(d3d_networks.SHARES) for shares in found.values())


def scores(right, seed):
    """Of these videos the right ones are right; ten of each class, in turn."""
    labels = np.arange(VIDEOS) % 4
    chosen = np.where(right, labels, (labels + 1) % 4)
    logits = np.eye(4, dtype=np.float32)[chosen]
    ids = np.array([f"{seed}_{number:03d}" for number in range(VIDEOS)])
    return Scores(ids, logits, logits, labels, WAYS)


def made(seed, less=0.5):
    """D3D is right where RGB is, and in as many more videos of a class as its share of motion."""
    first = np.arange(VIDEOS) < 20
    own = d3d_networks.shares(seed)
    gained = np.zeros(VIDEOS, bool)
    for number, way in enumerate(WAYS):
        count = round(10 * (1 - own[way]))  # of the ten of its class, the first five are right
        gained[np.flatnonzero((np.arange(VIDEOS) % 4 == number) & ~first)[:count]] = True
    right = dict.fromkeys(d3d_networks.networks(seed), first)
    right |= {"d3d": first | gained, "flow": np.ones(VIDEOS, bool)}
    results = {name: Result(scores(r, seed), 1.0) for name, r in right.items()}
    fused = {
        name: scores(right["flow"], seed)
        for name in d3d_networks.fusions(d3d_networks.networks(seed))
    }
    noise = 0.01 * np.random.default_rng(seed).standard_normal(VIDEOS)
    errors = {
        network: {point: {"spatial": mean + noise} for point in d3d_networks.END_POINTS}
        for network, mean in (("rgb", 2.0), ("d3d", 2.0 - less), ("flow", 0.2))
    }
    return OfSeed(seed, results, fused, errors, {})


def test_what_is_decoded_from_rgb_is_compared_with_zeros_of_its_end_point():
    """Zeros at Unit_1 are the least error of all, and no decoder; and the first seed alone is
    shown, of which alone all decoders are.
    """
    one, other = made(0), made(1)
    for of, error in ((one, 1.5), (other, 0.1)):
        for number, point in enumerate(d3d_networks.END_POINTS):
            of.errors["rgb"][point]["zeros"] = np.full(VIDEOS, 0.5 + number)
        of.errors["rgb"]["Unit_3"]["pwc"] = np.full(VIDEOS, error)
    found = decoded_from_rgb([one, other])
    assert "RGB's best is 1.50 px, pwc at Unit_3, for 2.50 of no motion there" in found.answer
    assert len(found.rows) == 5 * 3 + 1
    assert ("rgb", "Unit_3", "pwc", "1.500", "1.500 to 1.500") in found.rows
    assert "of seed 0" in found.text


def test_less_error_is_shown_where_intervals_are_apart_and_seeds_agree():
    points = ", ".join(d3d_networks.END_POINTS)
    assert motion_by_end_point([made(0), made(1)]).answer == f"Shown at {points}."
    assert motion_by_end_point([made(0), made(1, -0.1)]).answer == "Not shown at any end point."
    assert motion_by_end_point([made(0, 0.001)]).answer == "Not shown at any end point."
    row = motion_by_end_point([made(0), made(1)]).rows[0]
    assert (row[0], row[5], row[7]) == ("Unit_1", "+0.500", "+0.50, +0.50")


def test_gain_that_follows_the_share_of_motion_is_said_to():
    """The gains are 10 points for each 10 of motion, as far as whole videos go: ranks agree."""
    found = by_class([made(seed) for seed in range(3)])
    assert "follows the share of motion: rank correlation +" in found.answer
    gains = [float(row[-1]) for row in found.rows]
    assert gains == sorted(gains, reverse=True)


def test_accuracies_times_and_differences():
    found = premise([made(0), made(1)])
    what, percent, interval, each, _ = found.rows[1]
    assert (percent, each) == ("50.0", "50.0, 50.0")
    assert found.answer.startswith("Without the short cut RGB is right +0.0 points")
    times = {"rgb": 1.0, "d3d": 1.0, "flow": 1.0, "TV-L1": 8.0}
    assert "in 0.10 of the time" in without_flow([made(0)], times).answer


@pytest.mark.long
@pytest.mark.filterwarnings("ignore:.*run_functions_eagerly")
def test_the_study_in_small_twice(tmp_path, eagerly):
    from keras_i3d.experiments.d3d_study import run_d3d

    page = run_d3d(tmp_path, scale=0.003, videos=4)
    report = (tmp_path / "report.md").read_text()
    assert page.exists() and (tmp_path / "flow.png").exists()
    assert re.search(r"3 of 3 seeds\. 33 trainings, \d+ s, not counting", report)
    assert [f"({letter})" in report for letter in "abcdefgh"] == [True] * 8
    run_d3d(tmp_path, scale=0.003, videos=4)
    assert (tmp_path / "report.md").read_text() == report
