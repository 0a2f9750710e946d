"""A network in int8: calibrated on clips, and checked on others against float32.

The only file that imports nncf.
"""

import contextlib
import gc
import io
import logging
import math
import os
from collections.abc import Callable, Sequence

import numpy as np

from keras_i3d.engines.interface import EngineError, Outputs
from keras_i3d.engines.network_outputs import FEATURES, LOGITS

# Of pooled features against float32's, on every clip of the check.
LEAST_COSINE = 0.99
# Where float32 finds two classes so nearly alike, in logits, either may come out on top: the second
# is at least four fifths as likely as the first.
NEAR_TIE = math.log(5 / 4)
# One clip in so many is kept for the check.
CHECKED_EVERY = 3


def split(count: int) -> tuple[list[int], list[int]]:
    """Return the numbers of the clips to calibrate on, and of those to check on: every third.

    Raises:
        ValueError: when there are fewer than three.
    """
    if count < CHECKED_EVERY:
        raise ValueError(
            f"int8 should be calibrated on {CHECKED_EVERY} clips at least, of which some are kept "
            f"for its check. Received: {count}"
        )
    checked = range(CHECKED_EVERY - 1, count, CHECKED_EVERY)
    return [number for number in range(count) if number not in checked], list(checked)


def quantised(graph, numbers: Sequence[int], given: Callable[[int], dict]):
    """Return OpenVINO's graph in int8, its ranges taken from clips.

    Args:
        graph: in float32.
        numbers: of the clips.
        given: from a clip's number to the graph's inputs by name.

    Raises:
        ImportError: nncf is not installed.
    """
    # Its progress bars and notes would come among what a tool prints.
    with contextlib.redirect_stdout(io.StringIO()):
        nncf = _nncf()
        ranges = nncf.quantization.range_estimator.RangeEstimatorParametersSet.MINMAX
        low = nncf.quantize(
            graph,
            nncf.Dataset(numbers, given),
            subset_size=len(numbers),
            preset=nncf.QuantizationPreset.MIXED,
            # The default takes the mean of the clips' maxima, and cuts off what is rare: one of 14
            # unseen clips then had a logit off by 13.7.
            advanced_parameters=nncf.AdvancedQuantizationParameters(
                activations_range_estimator_params=ranges
            ),
        )
    # The cores that it made are freed in this thread, as `openvino_core` says why.
    gc.collect()
    return low


def agreement(exact: Sequence[Outputs], low: Sequence[Outputs]) -> dict:
    """Return how far outputs in int8 are from those in float32, of the same clips.

    Returns:
        clips, same_top_class, near_ties: how many; those of near_ties have another top class, which
        float32 finds at least four fifths as likely as its own. And of the pooled features the
        cosines, least_cosine and median_cosine.
    """
    pairs = list(zip(exact, low, strict=True))
    cosines = [_cosine(a[FEATURES][0], b[FEATURES][0]) for a, b in pairs]
    behind = [_behind(a[LOGITS][0], b[LOGITS][0]) for a, b in pairs if LOGITS in a]
    missed = [one for one in behind if one > 0]
    ties = sum(one <= NEAR_TIE for one in missed)
    return {
        "clips": len(pairs),
        "same_top_class": len(pairs) - len(missed),
        "near_ties": ties,
        "least_cosine": round(min(cosines), 5),
        "median_cosine": round(float(np.median(cosines)), 5),
    }


def refuse_unlike(found: dict) -> None:
    """Raise EngineError unless `agreement` found every top class and every cosine kept.

    A near tie counts as kept: no computation but the very same one would settle it alike.
    """
    kept = found["same_top_class"] + found["near_ties"] == found["clips"]
    if not (kept and found["least_cosine"] >= LEAST_COSINE):  # NaN is no agreement
        raise EngineError(
            f"the network in int8 should agree with float32 on clips that it was not calibrated "
            f"on: in every top class, with a cosine of at least {LEAST_COSINE}. Received: "
            f"{described(found)}. Calibrate on more clips like yours, or use bfloat16"
        )


def described(found: dict) -> str:
    """Return in words what `agreement` found."""
    ties = f" ({found['near_ties']} more: a near tie in float32)" if found["near_ties"] else ""
    least, median = found["least_cosine"], found["median_cosine"]
    return (
        f"{found['same_top_class']} of {found['clips']} keep their top class{ties}, the features' "
        f"cosine is {least:.4f} at least, {median:.4f} in the median"
    )


def _behind(exact: np.ndarray, low: np.ndarray) -> float:
    """By how many logits of float32 int8's top class is behind; 0 for the same class."""
    chosen = exact[low.argmax()]
    behind = float(exact.max() - chosen)
    return behind if np.isfinite(low).all() and np.isfinite(behind) else np.inf


def _cosine(first: np.ndarray, second: np.ndarray) -> float:
    first, second = np.float64(first).ravel(), np.float64(second).ravel()
    if not (first.any() or second.any()):
        return 1.0
    lengths = np.linalg.norm(first) * np.linalg.norm(second)
    return float(first @ second / lengths) if lengths else 0.0


def _nncf():
    os.environ.setdefault("NNCF_CI", "1")  # it reports its use to its makers otherwise
    try:
        import nncf
    except ImportError as error:
        raise ImportError(
            f"precision='int8' needs nncf: pip install 'keras-i3d[openvino]' ({error})"
        ) from error
    logging.getLogger("nncf").setLevel(logging.ERROR)
    return nncf
