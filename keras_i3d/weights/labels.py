"""Class names of the data sets that published weights were trained on."""

from collections.abc import Sequence

import numpy as np

from keras_i3d.classes import SHIPPED, best_classes, class_names, numbered

BY_CLASSES = {400: "kinetics_400", 600: "kinetics_600", 700: "kinetics_700"}


def labels_of_file(path: str, classes: int) -> tuple[str, ...]:
    """Return the names of a weights file's classes: Kinetics', or else numbers.

    Our own files without a record may be of any data; others' with Kinetics' number of classes
    are of Kinetics.
    """
    known = None if str(path).endswith((".keras", ".weights.h5")) else BY_CLASSES.get(classes)
    return class_names(known) if known else numbered(classes)


def decode_predictions(
    scores, top: int = 5, labels: str | Sequence[str] = "kinetics_400"
) -> list[list[tuple[str, float]]]:
    """Return the `top` best classes of each clip, as (label, score), best first.

    Args:
        scores: (batch, classes), probabilities or logits.
        top: how many; all of them if there are fewer.
        labels: the classes' names, or one of SHIPPED: "kinetics_400" …

    Raises:
        ValueError: when the scores have another shape, or there is not one label a class.
    """
    scores = np.asarray(scores)
    if scores.ndim != 2:
        raise ValueError(f"scores should be (batch, classes). Received: shape {scores.shape}")
    if top < 1:
        raise ValueError(f"top should be at least 1. Received: top={top}")
    classes, given = scores.shape[1], labels
    if isinstance(labels, str):
        if labels not in SHIPPED:
            raise ValueError(
                f"labels should be names, or one of {', '.join(SHIPPED)}. Received: {labels!r}"
            )
        labels = class_names(labels)
    if len(labels) != classes:
        said = f"labels={given!r}, " if isinstance(given, str) else ""
        raise ValueError(
            f"labels should be {classes} names, one for each class of the scores. Received: "
            f"{said}{len(labels)} names"
        )
    return [best_classes(row, labels, top) for row in scores]
