"""One rule for every network: which classes a network with given weights has, and whose head."""

from collections.abc import Callable, Sequence

import keras
import numpy as np

from keras_i3d.weights.assignment import assign
from keras_i3d.weights.keras_files import in_head

Arrays = dict[str, np.ndarray]
# Of random weights: those of Kinetics-400.
DEFAULT_CLASSES = 400


def chosen_classes(
    weights, found: int | None, classes: int | None, include_top: bool, new_head: bool
) -> int:
    """Return how many classes the network is to have.

    Args:
        weights: what they were asked for as; None for random ones.
        found: how many the weights have a head for; None for none.
        classes, include_top, new_head: the arguments of the application.

    Raises:
        ValueError: when weights have another head, or none, and `new_head` does not ask for a
            fresh one; it says what to do.
    """
    if weights is None or not include_top:
        return classes or found or DEFAULT_CLASSES
    if new_head:
        if classes is None:
            raise ValueError("new_head=True should come with classes=n. Received: classes=None")
        return classes
    if found is None:
        raise ValueError(
            f"weights={weights!r} should have a head, or new_head=True ask for a fresh one of "
            f"classes=n. Received: weights without a head; include_top=False takes the trunk alone"
        )
    if classes not in (None, found):
        raise ValueError(
            f"classes should be {found}, as weights={weights!r} have. Received: classes={classes}. "
            f"For a fresh head of {classes} classes on these weights take new_head=True"
        )
    return found


def head_classes(arrays: Arrays, head: Sequence[str]) -> int | None:
    """How many classes arrays have a head for: the length of its bias; None without a head."""
    biases = [a for path, a in arrays.items() if in_head(path, head) and path.endswith("/bias")]
    return len(biases[0]) if biases else None


def assign_with_head(
    model: keras.Model, arrays: Arrays, head: Sequence[str], new_head: bool, source: str
) -> None:
    """Give the model the arrays; its head keeps its own values if `new_head`.

    Arrays of a head that the model does not have are left out.

    Raises:
        ValueError: as `assign` does, and then nothing is assigned.
    """
    own = {v.path: v for v in model.weights if in_head(v.path, head)}
    if new_head or not own:
        arrays = {path: array for path, array in arrays.items() if not in_head(path, head)}
        arrays |= {path: keras.ops.convert_to_numpy(v.value) for path, v in own.items()}
    assign(model, arrays, source)


def built_with(
    build: Callable[[int], keras.Model],
    arrays: Arrays,
    head: Sequence[str],
    *,
    weights,
    classes: int | None,
    include_top: bool,
    new_head: bool,
) -> keras.Model:
    """Return `build(classes)` with the arrays, under the rule of `chosen_classes`."""
    found = head_classes(arrays, head)
    if found is None and include_top and not new_head:
        # Of another network altogether: the error should say that, and not ask for a head.
        plain = build(1)
        if not arrays.keys() <= {v.path for v in plain.weights}:
            assign(plain, arrays, f"weights={weights!r}")
    model = build(chosen_classes(weights, found, classes, include_top, new_head))
    assign_with_head(model, arrays, head, new_head, f"weights={weights!r}")
    return model
