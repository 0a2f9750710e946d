"""The D3D experiments' questions, answered out of what was measured: a section each."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import spearmanr

from keras_i3d.evaluation import metrics
from keras_i3d.evaluation.intervals import mean_interval
from keras_i3d.evaluation.scores import Scores
from keras_i3d.experiments import d3d_networks
from keras_i3d.experiments.d3d_measurement import OfSeed
from keras_i3d.experiments.expectations import accuracy, difference, each_accuracy

# Draws of the bootstrap of a rank correlation.
DRAWS = 2000


@dataclass(frozen=True)
class Section:
    """One question of the report.

    title, text: what is asked, what the paper says.
    header, rows: the table.
    answer: what is found here, in a sentence.
    """

    title: str
    text: str
    header: tuple[str, ...]
    rows: Sequence[tuple]
    answer: str


def sections(seeds: Sequence[OfSeed], times: dict[str, float]) -> list[Section]:
    """Return the report's sections, (a) to (h) but (c), which is pictures."""
    return [
        premise(seeds),
        decoded_from_rgb(seeds),
        motion_by_end_point(seeds),
        where_to_distil(seeds),
        other_ways(seeds),
        by_class(seeds),
        without_flow(seeds, times),
        alternatives(seeds),
    ]


def premise(seeds: Sequence[OfSeed]) -> Section:
    """Tell whether RGB leans on appearance where that tells the motion in what is learnt from."""
    rows = _accuracies(seeds, ("rgb_no_short_cut", "rgb", "flow"))
    verdict = _difference(seeds, "rgb_no_short_cut", "rgb")
    return Section(
        "The premise: RGB leans on appearance",
        "Each motion has an appearance of its own, in training alone; shares in (f). The same "
        "network, and the same number of steps, learns from videos without that too.",
        ACCURACY,
        rows,
        f"Without the short cut RGB is right {verdict} more often.",
    )


def decoded_from_rgb(seeds: Sequence[OfSeed]) -> Section:
    """(a): zeros, simple, spatial and PWC decoders on RGB, and those on flow; of one seed alone."""
    first = seeds[:1]
    wanted = {"rgb": ("zeros", "simple", "spatial", "pwc"), "flow": ("spatial", "pwc")}
    found = {
        (network, point, kind): _errors(first, network, point, kind)
        for network, kinds in wanted.items()
        for point in d3d_networks.END_POINTS
        for kind in kinds
        if kind in first[0].errors[network][point]
    }
    means = {cell: float(errors.mean()) for cell, errors in found.items()}
    _, point, kind = best = min(
        (cell for cell in means if cell[0] == "rgb" and cell[2] != "zeros"), key=means.get
    )
    return Section(
        "(a) Can RGB's features be decoded into flow?",
        "Mean end-point error in pixels of the input against the mean flow of each cell, with "
        f"Student's 95 % interval over the test videos of seed {first[0].seed}. The paper, "
        "Kinetics: zeros 2.92, PWC on a network on flow 0.63, RGB far above that.",
        ("network", "end point", "decoder", "error, px", "95 % interval"),
        [(*cell, *_pixels(errors)) for cell, errors in found.items()],
        f"RGB's best is {means[best]:.2f} px, {kind} at {point}, for "
        f"{means['rgb', point, 'zeros']:.2f} of no motion there and "
        f"{means['flow', 'Unit_5', 'spatial']:.2f} at the top of the network on flow.",
    )


def motion_by_end_point(seeds: Sequence[OfSeed]) -> Section:
    """(b): the same decoder on RGB and on D3D, at every end point."""
    rows, shown = [], []
    for point in d3d_networks.END_POINTS:
        ours, theirs = (_errors(seeds, n, point, "spatial") for n in ("d3d", "rgb"))
        less, low, high = mean_interval(theirs - ours)
        each = [
            float((s.errors["rgb"][point]["spatial"] - s.errors["d3d"][point]["spatial"]).mean())
            for s in seeds
        ]
        apart = mean_interval(ours)[2] < mean_interval(theirs)[1]
        if apart and min(each) > 0:
            shown.append(point)
        rows.append(
            (
                point,
                *_pixels(theirs),
                *_pixels(ours),
                f"{less:+.3f}",
                f"{low:+.3f} to {high:+.3f}",
                ", ".join(f"{value:+.2f}" for value in each),
            )
        )
    return Section(
        "(b) Do D3D's features hold more motion?",
        "The spatial decoder. The paper: D3D's error is below S3D-G's at every layer, most in the "
        "lower ones. Shown only where the intervals of the two do not overlap and every seed has "
        "the same sign.",
        ("end point", "RGB, px", "95 %", "D3D, px", "95 %", "less", "95 %, paired", "by seed"),
        rows,
        f"Shown at {', '.join(shown)}." if shown else "Not shown at any end point.",
    )


def where_to_distil(seeds: Sequence[OfSeed]) -> Section:
    """(d): the end point that is matched."""
    return Section(
        "(d) At which layer to distil?",
        "The paper: later layers distil better, by little.",
        ACCURACY,
        _accuracies(seeds, ("rgb", "d3d_Unit_3", "d3d", "d3d_Logits")),
        f"Unit_5 above Unit_3 by {_difference(seeds, 'd3d', 'd3d_Unit_3')}, above the scores by "
        f"{_difference(seeds, 'd3d', 'd3d_Logits')}.",
    )


def other_ways(seeds: Sequence[OfSeed]) -> Section:
    """(e): the other way round, and without the action loss."""
    return Section(
        "(e) The other way round, and without the action loss",
        "The paper: a student on flow gains less of a teacher on RGB; without the action loss a "
        "student is far worse.",
        ACCURACY,
        _accuracies(seeds, ("flow", "reverse", "d3d_Logits", "motion_only")),
        f"Flow gains {_difference(seeds, 'reverse', 'flow')} of RGB; leaving the action loss out "
        f"changes {_difference(seeds, 'motion_only', 'd3d_Logits')}.",
    )


def by_class(seeds: Sequence[OfSeed]) -> Section:
    """(f): gain by class, beside how much of each class is motion by construction."""
    rows, points = [], []
    for one in seeds:
        gains = _by_class(one.scores["d3d"]) - _by_class(one.scores["rgb"])
        for way, gain in zip(one.scores["rgb"].classes, gains, strict=True):
            motion = 1 - d3d_networks.shares(one.seed)[way]
            points.append((motion, gain))
            rows.append((way, one.seed, f"{100 * motion:.0f}", f"{100 * gain:+.1f}"))
    rows.sort(key=lambda row: -float(row[-1]))
    rank, low, high = _rank(np.array(points))
    if low > 0:
        verdict = "The gain follows"
    else:
        verdict = "The gain goes against" if high < 0 else "It is not shown that the gain follows"
    return Section(
        "(f) Which classes gain?",
        "Gain of D3D over RGB, sorted. The share of motion: how many of a class's training videos "
        "have an appearance drawn from all. The paper: some classes gain, some lose.",
        ("class", "seed", "share of motion, %", "gain, points"),
        rows,
        f"{verdict} the share of motion: rank correlation {rank:+.2f}, {low:+.2f} to "
        f"{high:+.2f} (bootstrap over the {len(points)} classes of all seeds).",
    )


def without_flow(seeds: Sequence[OfSeed], times: dict[str, float]) -> Section:
    """(g): D3D without flow at test against two streams with it; ensembles."""
    costs = {
        "rgb": times["rgb"],
        "d3d": times["d3d"],
        "flow": times["flow"] + times["TV-L1"],
        "two_stream": times["rgb"] + times["flow"] + times["TV-L1"],
        "d3d_and_rgb": times["d3d"] + times["rgb"],
        "d3d_and_flow": times["d3d"] + times["flow"] + times["TV-L1"],
    }
    rows = [
        (*row, f"{cost:.1f}")
        for row, cost in zip(_accuracies(seeds, tuple(costs)), costs.values(), strict=True)
    ]
    return Section(
        "(g) D3D without flow at test, two streams with it",
        "Milliseconds of one clip, medians, flow by TV-L1 included; accuracy here is with the true "
        "flow. The paper: D3D is as good as two streams, at a fraction of the time.",
        (*ACCURACY, "ms"),
        rows,
        f"D3D's difference to two streams: {_difference(seeds, 'd3d', 'two_stream')}, in "
        f"{costs['d3d'] / costs['two_stream']:.2f} of the time.",
    )


def alternatives(seeds: Sequence[OfSeed]) -> Section:
    """(h): a decoder with a flow loss beside the action loss, and two streams on RGB alone."""
    return Section(
        "(h) A flow loss, or a flow network inside, in place of the teacher",
        "The paper: a decoder with a loss on flow, beside the action loss, is not as good. Two "
        "streams whose flow comes from a network inside, which learns flow first and is then tuned "
        "with the rest, are between two streams with TV-L1 and D3D.",
        ACCURACY,
        _accuracies(seeds, ("rgb", "flow_beside", "learnt_flow", "two_stream", "d3d")),
        f"Against RGB the flow loss gains {_difference(seeds, 'flow_beside', 'rgb')}, the network "
        f"inside {_difference(seeds, 'learnt_flow', 'rgb')}; D3D's differences to them are "
        f"{_difference(seeds, 'd3d', 'flow_beside')} and "
        f"{_difference(seeds, 'd3d', 'learnt_flow')}.",
    )


ACCURACY = ("network", "top-1, %", "95 % interval", "by seed", "difference to RGB, 95 %")


def _accuracies(seeds: Sequence[OfSeed], names: Sequence[str]) -> list[tuple]:
    """A row for each network; Wilson's interval over the videos of all seeds."""
    rows = []
    runs = d3d_networks.networks(0)
    whats = {name: one.what for name, one in {**runs, **d3d_networks.fusions(runs)}.items()}
    for name in names:
        found = [one.scores[name] for one in seeds if name in one.scores]
        value, low, high = accuracy(found)
        rows.append(
            (
                whats[name],
                f"{value:.1f}",
                f"{low:.1f} to {high:.1f}",
                ", ".join(f"{one:.1f}" for one in each_accuracy(found)),
                "" if name == "rgb" else _difference(seeds, name, "rgb"),
            )
        )
    return rows


def _difference(seeds: Sequence[OfSeed], first: str, second: str) -> str:
    """Newcombe's, on the videos of all seeds that have both: "+3.2 points (+1.0 to +5.4)"."""
    both = [one.scores for one in seeds if {first, second} <= one.scores.keys()]
    value, low, high = difference(*([of[name] for of in both] for name in (first, second)))
    return f"{value:+.1f} points ({low:+.1f} to {high:+.1f})"


def _by_class(scores: Scores) -> np.ndarray:
    right = metrics.top_k(scores.probabilities, scores.labels)
    return np.array([right[scores.labels == n].mean() for n in range(len(scores.classes))])


def _errors(seeds: Sequence[OfSeed], network: str, point: str, kind: str) -> np.ndarray:
    found = [one.errors.get(network, {}).get(point, {}).get(kind) for one in seeds]
    return np.concatenate([errors for errors in found if errors is not None])


def _pixels(errors: np.ndarray) -> tuple[str, str]:
    mean, low, high = mean_interval(errors)
    return f"{mean:.3f}", f"{low:.3f} to {high:.3f}"


def _rank(points: np.ndarray) -> tuple[float, float, float]:
    """Spearman's rank correlation of (points, 2), and the bootstrap's 95 % interval."""
    rng = np.random.default_rng(0)
    drawn = []
    for _ in range(DRAWS):
        some = points[rng.integers(len(points), size=len(points))]
        if (np.ptp(some, axis=0) > 0).all():
            drawn.append(spearmanr(*some.T).statistic)
    if not drawn:
        return float("nan"), float("nan"), float("nan")
    low, high = np.quantile(drawn, (0.025, 0.975))
    return float(spearmanr(*points.T).statistic), float(low), float(high)
