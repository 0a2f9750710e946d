"""Class names of the data sets that published weights were trained on."""

import numpy as np

from keras_i3d.classes import best_classes, class_names, numbered

BY_CLASSES = {400: "kinetics_400", 600: "kinetics_600"}


def labels_of_file(path: str, classes: int) -> tuple[str, ...]:
    """The names of a weights file's classes: Kinetics' of its publishers' files, else numbers.

    Our own files without a record may be of any data; others' with Kinetics' number of classes
    are of Kinetics.
    """
    known = None if str(path).endswith((".keras", ".weights.h5")) else BY_CLASSES.get(classes)
    return class_names(known) if known else numbered(classes)


def decode_predictions(
    scores, top: int = 5, labels: tuple[str, ...] | list[str] | None = None
) -> list[list[tuple[str, float]]]:
    """The `top` best classes of each clip, as (label, score), best first.

    Args:
        scores: (batch, classes), probabilities or logits.
        top: how many; all of them if there are fewer.
        labels: the classes' names; by default those of Kinetics-400 or Kinetics-600, by their
            number.

    Raises:
        ValueError: when the scores have another shape, or no labels are known for their number.
    """
    scores = np.asarray(scores)
    if scores.ndim != 2:
        raise ValueError(f"scores should be (batch, classes). Received: shape {scores.shape}")
    if top < 1:
        raise ValueError(f"top should be at least 1. Received: top={top}")
    classes = scores.shape[1]
    if labels is None:
        if classes not in BY_CLASSES:
            raise ValueError(
                f"Labels are known for {sorted(BY_CLASSES)} classes; for others give labels=. "
                f"Received: scores of {classes} classes"
            )
        labels = class_names(BY_CLASSES[classes])
    if len(labels) != classes:
        raise ValueError(f"Received {len(labels)} labels for scores of {classes} classes")
    return [best_classes(row, labels, top) for row in scores]
