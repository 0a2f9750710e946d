"""The teacher that a recipe names: loaded, checked against the student, and what it teaches."""

from collections.abc import Sequence
from pathlib import Path

import keras

from keras_i3d.applications.from_file import find_network
from keras_i3d.applications.loaded import LoadedNetwork, load
from keras_i3d.applications.registry import APPLICATIONS
from keras_i3d.data.pixels.preprocessing import Input
from keras_i3d.models.catalogue import NETWORKS
from keras_i3d.training.distillation import Action, Distillation, Matching, Teacher
from keras_i3d.training.flow_forward import flow_beside
from keras_i3d.training.flow_reconstruction import FlowReconstruction
from keras_i3d.training.matched_classes import check_classes
from keras_i3d.training.networks import inputs_of
from keras_i3d.training.recipe_entries import matched
from keras_i3d.training.recipes import Recipe
from keras_i3d.weights.run_network import network_of_run


def open_teacher(recipe: Recipe) -> LoadedNetwork | None:
    """Load the recipe's teacher; below the strategy's scope. None where it names none.

    A training's folder or .keras file knows what it is; other weights are taken for teacher_model,
    of the stream that the student does not see, and of the size of the student's clips.

    Raises:
        ValueError: for the folder of a training that has not finished: its best network so far
            would be another one later; for a teacher_model that it is not.
        ValueError, OSError: as `load` does.
    """
    if recipe.teacher is None:
        return None
    source, model, stream = recipe.teacher, recipe.teacher_network, recipe.teacher_stream
    if model.endswith(".keras"):
        model = find_network(model).name
    crop = next(iter(inputs_of(recipe).values())).crop
    try:
        if (folder := Path(source).expanduser()).is_dir():
            source = network_of_run(folder, finished=True)
        teacher = load(source, model=model, stream=stream, crop=crop)
    except ValueError as error:
        remedy = ""
        of_weights = model in APPLICATIONS and stream in NETWORKS[model].inputs
        if not of_weights and not folder.is_dir():
            remedy = f"; teacher_model should be the network of these weights, which sees {stream}"
        raise ValueError(f"teacher={recipe.teacher}: {error}{remedy}") from error
    if recipe.teacher_model not in (None, teacher.record.network):
        raise ValueError(
            f"teacher={recipe.teacher} should be of teacher_model={recipe.teacher_model}. "
            f"Received: {teacher.record.network}; what a training wrote needs no teacher_model"
        )
    return teacher


def seen_with_teacher(recipe: Recipe, teacher: LoadedNetwork | None) -> dict[str, Input]:
    """Return what is read of a clip, by stream: for the student, its teacher and its flow loss.

    A trained teacher sees what it was trained on, which must be clips of the student's size; a
    published one, which takes clips of any size, sees the student's.

    Raises:
        ValueError: when they do not see the same clips.
    """
    seen = inputs_of(recipe)
    first = next(iter(seen.values()))
    if recipe.flow_loss and not first.keep_aspect:
        raise ValueError(
            f"flow_loss is for networks whose frames keep their aspect; those of {recipe.model} do "
            f"not, and flow cannot be resized"
        )
    if teacher is None:
        return seen | ({"flow": flow_beside(first)} if recipe.flow_loss else {})
    trained = "recipe" in teacher.record.made
    for stream, one in teacher.record.inputs.items():
        if not trained:
            one = one.changed(first.frames, first.every, first.short_side, first.crop)
        if stream in seen and one != seen[stream]:
            raise ValueError(
                f"teacher {teacher.source} should see {stream} as the student does. Received: "
                f"{one}, and for the student {seen[stream]}"
            )
        if _clip(one) != _clip(first):
            raise ValueError(
                f"teacher {teacher.source} should see the student's clips, {_clip(first)}. "
                f"Received: {_clip(one)}"
            )
        seen[stream] = one
    if recipe.flow_loss:
        seen.setdefault("flow", flow_beside(first))
    return seen


def build_distillation(
    recipe: Recipe,
    student: keras.Model,
    loss: keras.losses.Loss,
    class_names: Sequence[str],
    teacher: LoadedNetwork | None = None,
) -> Distillation:
    """Return the recipe's losses on its student; below the strategy's scope.

    Args:
        recipe: with a teacher, and what to learn of it, or with a flow loss.
        student: from its clip to logits.
        loss: the action loss, between logits and labels.
        class_names: of the data.
        teacher: as `open_teacher` gives it.

    Raises:
        ValueError: when an end point is missing in student or teacher, when what is matched has
            not the same shape in both, or the teacher's scores are of other classes.
    """
    terms = [Action(loss, recipe.action_weight)]
    for entry in recipe.distil:
        terms.append(Matching(*matched(entry, recipe.distil_weight), recipe.distil_pooled))
    if teacher:
        check_classes(recipe, student, class_names, teacher, terms[1:])
    seen = seen_with_teacher(recipe, teacher)
    for entry in recipe.flow_loss:
        end_point, _, kind = entry.partition("=")
        spec = seen["flow"].preprocessing
        terms.append(FlowReconstruction(end_point, spec, kind, recipe.flow_weight))
    streams = tuple(inputs_of(recipe))
    network = None
    if teacher:
        network = Teacher(teacher.model, tuple(teacher.record.inputs), teacher.source)
    synchronised = recipe.batch_norm != "plain"
    distillation = Distillation(student, streams, terms, network, synchronised)
    distillation.check({stream: _shape(one) for stream, one in seen.items()})
    return distillation


def _clip(one: Input) -> str:
    fps = one.preprocessing.fps
    return (
        f"{one.frames} frames, every {one.every} at {fps} a second, {one.crop} x {one.crop} of a "
        f"shorter side of {one.short_side}"
    )


def _shape(one: Input) -> tuple[int, ...]:
    return one.frames, one.crop, one.crop, one.channels
