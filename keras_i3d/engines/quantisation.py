"""A network in int8: calibrated on clips, and checked on others against float32.

The only file that imports nncf.
"""

import contextlib
import gc
import io
import logging
import os
from collections.abc import Callable, Sequence

import numpy as np

from keras_i3d.engines.interface import EngineError, Outputs
from keras_i3d.engines.network_outputs import FEATURES, LOGITS

# Of pooled features against float32's, on every clip of the check.
LEAST_COSINE = 0.99
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
        clips, same_top_class: how many; and of the pooled features the cosines, least_cosine and
        median_cosine.
    """
    cosines = [_cosine(a[FEATURES][0], b[FEATURES][0]) for a, b in zip(exact, low, strict=True)]
    same = [
        LOGITS not in a or a[LOGITS].argmax() == b[LOGITS].argmax()
        for a, b in zip(exact, low, strict=True)
    ]
    return {
        "clips": len(exact),
        "same_top_class": sum(map(bool, same)),
        "least_cosine": round(min(cosines), 5),
        "median_cosine": round(float(np.median(cosines)), 5),
    }


def refuse_unlike(found: dict) -> None:
    """Raise EngineError unless `agreement` found every top class and every cosine kept."""
    kept = found["same_top_class"] == found["clips"]
    if not (kept and found["least_cosine"] >= LEAST_COSINE):  # NaN is no agreement
        raise EngineError(
            f"the network in int8 is not what it is in float32, on clips that it was not "
            f"calibrated on: {described(found)}; all, and {LEAST_COSINE} at least, are wanted. "
            f"Calibrate on more clips like yours, or take bfloat16"
        )


def described(found: dict) -> str:
    """Return in words what `agreement` found."""
    return (
        f"{found['same_top_class']} of {found['clips']} keep their top class, the features' cosine "
        f"is {found['least_cosine']:.4f} at least, {found['median_cosine']:.4f} in the median"
    )


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
