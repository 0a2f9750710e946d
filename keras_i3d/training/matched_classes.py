"""Whether the scores that a student matches mean the same as its teacher's."""

from collections.abc import Sequence
from itertools import zip_longest

import keras

from keras_i3d.applications.from_file import find_network
from keras_i3d.applications.loaded import LoadedNetwork
from keras_i3d.training.distillation import Matching, output_of
from keras_i3d.training.recipes import Recipe


def check_classes(
    recipe: Recipe,
    student: keras.Model,
    class_names: Sequence[str],
    teacher: LoadedNetwork,
    terms: Sequence[Matching],
) -> None:
    """Refuse to match the student's scores with those of other classes.

    Features before the head may be matched whatever the classes are; so may scores with features,
    between which a projection is learnt.

    Args:
        recipe: of the student.
        student: from its clip to logits.
        class_names: of the data.
        teacher: as `open_teacher` gives it.
        terms: what is matched.

    Raises:
        ValueError: for other classes, another order, or another multi_label; or when student or
            teacher lack an end point.
    """
    head, record = find_network(recipe.model).head, teacher.record
    both = (
        _is_scores(student, one.end_point, head)
        and _is_scores(teacher.model, one.taught, record.head)
        for one in terms
    )
    if not any(both):
        return
    instead = (
        f"match an end point before the scores instead, such as "
        f"distil={next(iter(record.features.values()))}"
    )
    if found := _first_difference(class_names, record.labels):
        raise ValueError(
            f"teacher {teacher.source} should have the classes of the data, in the same order, to "
            f"match its scores. Received: {found}; {instead}"
        )
    if record.multi_label != recipe.multi_label:
        raise ValueError(
            f"teacher {teacher.source} should have multi_label={recipe.multi_label}, as the "
            f"student, to match its scores. Received: multi_label={record.multi_label}; {instead}"
        )


def _is_scores(model: keras.Model, end_point: str, head: Sequence[str]) -> bool:
    """Whether an end point is a layer of the head or comes after one: its channels are classes."""
    part = keras.Model(model.input, output_of(model, end_point))
    return any(layer.name in head for layer in part.layers)


def _first_difference(ours: Sequence[str], theirs: Sequence[str]) -> str:
    """Where two lists of classes part, in words; empty if nowhere."""
    for number, (one, other) in enumerate(zip_longest(ours, theirs), 1):
        if one != other:
            return (
                f"{len(theirs)} classes, the data {len(ours)}; class {number} is "
                f"{other or 'none'}, the data's {one or 'none'}"
            )
    return ""
