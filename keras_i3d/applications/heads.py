"""One rule for every network: where its weights come from, its classes, and whose head it has."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import keras
import numpy as np

from keras_i3d.models import catalogue
from keras_i3d.weights import formats
from keras_i3d.weights.assignment import assign
from keras_i3d.weights.keras_files import in_head
from keras_i3d.weights.reading import read_published
from keras_i3d.weights.records import names, published

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
            fresh one; it says what to do. When `classes` is no number of classes.
    """
    if classes is not None and classes < 1:
        raise ValueError(f"classes should be at least 1. Received: classes={classes}")
    if weights is None or not include_top:
        return classes or found or DEFAULT_CLASSES
    if new_head:
        if classes is None:
            raise ValueError("new_head=True should come with classes=n. Received: classes=None")
        return classes
    if found is None:
        raise ValueError(
            f"weights={weights!r} should have a head. Received: weights without one; pass "
            f"new_head=True and classes=n for a fresh head, or include_top=False for the trunk only"
        )
    if classes not in (None, found):
        raise ValueError(
            f"classes should be {found}, as weights={weights!r} have. Received: classes={classes}. "
            f"For a fresh head of {classes} classes on these weights pass new_head=True"
        )
    return found


def read_arrays(
    network: str,
    weights: str,
    stream: str,
    plain: Callable[[int], keras.Model],
    head: Sequence[str],
    others: Sequence[str] = (),
) -> Arrays:
    """Return {path in the model: array} of a published file or of a file of the user's.

    Args:
        network: its name in the catalogue.
        weights: one of its published names, or a path.
        stream: "rgb" or "flow", of a published file.
        plain: the network with that many classes, without its head for 0.
        head: the layers that hold the class scores.
        others: names that the application has besides the published ones.

    Raises:
        ValueError: there is neither such a name nor such a file, or the file cannot be used.
        OSError: a published file cannot be fetched.
    """
    if weights in names(network):
        return read_published(published(network, weights, stream))
    foreign = formats.FOREIGN.get(network, formats.OUR_FILES)
    if weights == "imagenet" and (instead := catalogue.network(network).for_image_weights):
        foreign = replace(foreign, by_hand=instead)
    return read_file(weights, plain, head, foreign, (*names(network), *others))


def read_file(
    path: str,
    plain: Callable[[int], keras.Model],
    head: Sequence[str],
    foreign: formats.Foreign,
    known: Sequence[str],
) -> Arrays:
    """Return {path in the model: array} of a file; an error that is not there lists `known` names.

    Args:
        plain, head, foreign: as `formats.read_weights` takes them.
    """
    try:
        return formats.read_weights(path, plain, head, foreign)
    except FileNotFoundError as error:
        listed = "".join(f"{name!r}, " for name in known)
        by_hand = f". {foreign.by_hand}" if foreign.by_hand else ""
        raise ValueError(
            f"weights should be {'one of ' * (len(known) > 1)}{listed}None, or the path of a file. "
            f"Received: weights={path!r}, which is neither a name nor a file{by_hand}"
        ) from error


def head_classes(arrays: Arrays, head: Sequence[str]) -> int | None:
    """Count the classes that arrays have a head for: the length of its bias; None without."""
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
