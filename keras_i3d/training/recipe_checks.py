"""What a recipe may say: names, types, values, and what contradicts what."""

# Not pydantic: it would take over the types alone, some forty lines. Its errors, several lines
# each, would have to be worded anew, and what contradicts what would stay here.

import types
from collections.abc import Collection
from dataclasses import replace
from typing import get_args, get_origin, get_type_hints

from keras_i3d.data.batches.augmentation import COLOUR_OPERATIONS, OPERATIONS, Augmentation
from keras_i3d.data.lists.annotations import FORMATS
from keras_i3d.data.pixels.preprocessing import STREAMS
from keras_i3d.data.synthetic.videos import TASKS
from keras_i3d.training.flow_settings import DECODERS, ITSELF
from keras_i3d.training.recipe_entries import INFINITY, matched, pattern_and_factor
from keras_i3d.training.recipes import Recipe

CHOICES = {
    "stream": STREAMS,
    "transfer": ("original", "fixed", "full"),
    "optimizer": ("sgd", "adam"),
    "schedule": ("step", "cosine", "plateau"),
    "precision": ("float32", "mixed_float16", "mixed_bfloat16"),
    "batch_norm": ("synchronised", "plain", "frozen"),
    "format": FORMATS,
    "task": TASKS,
}


def change(recipe: Recipe, changes: dict) -> Recipe:
    """Return the recipe with other values, checked.

    Raises:
        ValueError: names every unknown field, every wrong type, and what `check` finds.
    """
    types_of = get_type_hints(Recipe)
    if unknown := sorted(changes.keys() - types_of.keys()):
        raise ValueError(f"unknown recipe fields {unknown}; known are {sorted(types_of)}")
    values = {}
    for name, value in changes.items():
        value = tuple(value) if isinstance(value, list) else value
        if type(value) is int and float in _types(types_of[name]):
            value = float(value)
        if not _fits(value, types_of[name]):
            raise ValueError(
                f"{name} should be {_words(types_of[name])}. Received: {name}={value!r}"
            )
        values[name] = value
    changed = replace(recipe, **values)
    check(changed)
    return changed


def parse(name: str, text: str | bool):
    """Return a field's value from its flag's text: 'none', '0.1', '97000,108000'.

    Raises:
        ValueError: says what was wanted.
    """
    hint = get_type_hints(Recipe)[name]
    if isinstance(text, bool):
        return text
    if text.lower() == "none" and type(None) in _types(hint):
        return None
    kind = next(t for t in _types(hint) if t is not type(None))
    try:
        if get_origin(kind) is tuple:
            return tuple(get_args(kind)[0](part) for part in text.split(",") if part)
        return kind(text)
    except ValueError:
        raise ValueError(f"{name} should be {_words(hint)}. Received: {name}={text!r}") from None


def check(recipe: Recipe) -> None:
    """Refuse what cannot be, whatever the network, data and devices.

    Raises:
        ValueError: one line that names every impossible or contradictory field.
    """
    r, wrong = recipe, []

    def want(holds: bool, text: str):
        if not holds:
            wrong.append(text)

    for name, known in CHOICES.items():
        value = getattr(r, name)
        want(
            value in known,
            f"{name} should be one of {', '.join(known)}. Received: {name}={value!r}",
        )
    for name in ("num_frames", "stride", "resize", "crop"):
        value = getattr(r, name)
        want(value is None or value >= 1, f"{name}={value} is not at least 1")
    for name in ("steps", "batch_size", "accumulate"):
        want(getattr(r, name) >= 1, f"{name}={getattr(r, name)} is not at least 1")
    for name in ("patience", "validate_every", "split_number"):
        want(getattr(r, name) >= 1, f"{name}={getattr(r, name)} is not at least 1")
    for name in ("training_videos", "validation_videos"):
        want(getattr(r, name) >= 1, f"{name}={getattr(r, name)} is not at least 1")
    for name in ("weight_decay", "warm_up", "rand_augment", "seed", "batch_norm_batches"):
        want(getattr(r, name) >= 0, f"{name}={getattr(r, name)} is less than 0")
    want(r.seed < 1 << 32, f"seed={r.seed} is not less than 2 ** 32")
    for name in ("dropout", "momentum", "label_smoothing", "ema", "batch_norm_momentum"):
        value = getattr(r, name)
        want(value is None or 0 <= value < 1, f"{name}={value} is not in [0, 1)")
    want(
        r.auto_split is None or 0 < r.auto_split < 1,
        f"auto_split={r.auto_split} is not between 0 and 1",
    )
    want(
        r.auto_split is None or r.data != "synthetic",
        "the synthetic data has its splits; auto_split does not go with it",
    )
    want(0 < r.width <= 1, f"width={r.width} is not above 0 and at most 1")
    want(0 < r.learning_rate < INFINITY, f"learning_rate={r.learning_rate} is not above 0")
    want(r.clip_norm is None or r.clip_norm > 0, f"clip_norm={r.clip_norm} is not above 0")
    want(
        None in (r.crop, r.resize) or r.crop <= r.resize,
        f"crop={r.crop} is larger than resize={r.resize}",
    )
    want(
        r.accumulate < 1 or r.batch_size % r.accumulate == 0,
        f"batch_size={r.batch_size} does not divide into accumulate={r.accumulate} parts",
    )
    want(
        list(r.boundaries) == sorted({b for b in r.boundaries if b > 0}),
        f"boundaries={list(r.boundaries)} do not rise from above 0",
    )
    want(
        len(r.factors) == len(r.boundaries) + 1 and all(f > 0 for f in r.factors),
        f"{len(r.boundaries)} boundaries want {len(r.boundaries) + 1} factors above 0; came "
        f"{list(r.factors)}",
    )
    want(
        r.schedule == "step" or not r.boundaries,
        f"boundaries are for schedule=step; schedule={r.schedule}",
    )
    want(r.warm_up <= r.steps, f"warm_up={r.warm_up} is longer than steps={r.steps}")
    want(r.momentum > 0 or not r.nesterov, "nesterov needs momentum")
    want(
        r.optimizer == "sgd" or not (r.nesterov or r.rates),
        f"nesterov and rates are for optimizer=sgd; optimizer={r.optimizer}",
    )
    _check_transfer(r, want)
    _check_teacher(r, want)
    _check_flow_loss(r, want)
    try:
        augmentation(r)
    except ValueError as error:
        wrong.append(str(error))
    for entry in r.rates:
        pattern_and_factor(entry)
    if wrong:
        raise ValueError("; ".join(wrong))


def _check_transfer(r: Recipe, want) -> None:
    if r.transfer == "original":
        want(
            r.weights in (None, "imagenet"),
            f"transfer=original starts without video pretraining; weights={r.weights!r}: take "
            f"transfer=full or fixed",
        )
    else:
        want(_has_weights(r), f"transfer={r.transfer} needs weights to start from")
    want(
        not (r.batch_norm == "frozen" and not _has_weights(r)),
        "batch_norm=frozen needs weights, which have statistics",
    )
    want(
        not (r.multi_label and r.data == "synthetic"),
        "the synthetic data has one label a video; multi_label does not go with it",
    )


def _check_teacher(r: Recipe, want) -> None:
    want(0 < r.distil_weight < INFINITY, f"distil_weight={r.distil_weight} is not above 0")
    want(0 <= r.action_weight < INFINITY, f"action_weight={r.action_weight} is less than 0")
    want(
        r.teacher_model is None or r.teacher is not None,
        f"teacher_model={r.teacher_model} is for a teacher. Received: teacher=None",
    )
    want(
        r.teacher is None or r.distil,
        f"distil should name what is learnt of teacher={r.teacher}, such as Logits or Mixed_5c",
    )
    try:
        ours = [matched(entry, r.distil_weight)[0] for entry in r.distil]
        want(
            len(set(ours)) == len(ours),
            f"distil should name each end point once. Received: {list(r.distil)}",
        )
    except ValueError as error:
        want(False, str(error))


def _check_flow_loss(r: Recipe, want) -> None:
    known = (*DECODERS, ITSELF)
    parts = [entry.partition("=") for entry in r.flow_loss]
    want(
        all(end_point and kind in known for end_point, _, kind in parts)
        and len({end_point for end_point, *_ in parts}) == len(parts),
        f"flow_loss should name each end point once, ENDPOINT=DECODER with a decoder of "
        f"{', '.join(known)}. Received: {list(r.flow_loss)}",
    )
    want(0 < r.flow_weight < INFINITY, f"flow_weight={r.flow_weight} is not above 0")
    want(
        not (r.flow_loss and (r.stream != "rgb" or r.mixup or r.cutmix)),
        "flow_loss is for stream=rgb, without mixup and cutmix: mixed clips have no flow",
    )


def _has_weights(r: Recipe) -> bool:
    """Whether the start is trained: by `weights`, or because the network is a file that has its."""
    return r.weights is not None or r.model.endswith(".keras")


def augmentation(r: Recipe, streams: Collection[str] = ("rgb",)) -> Augmentation:
    """Return what the recipe has vary; ValueError for what cannot be.

    Args:
        r: the recipe.
        streams: all that is read of a clip, a teacher's too. With "flow" among them RandAugment
            takes its operations of colours alone, since stored flow cannot follow the others.
    """
    return Augmentation(
        flip=r.flip,
        brightness=r.jitter,
        contrast=r.jitter,
        saturation=r.jitter,
        num_operations=r.rand_augment,
        magnitude=r.magnitude,
        operations=COLOUR_OPERATIONS if "flow" in streams else OPERATIONS,
        mixup=r.mixup,
        cutmix=r.cutmix,
    )


def _types(hint) -> tuple:
    return get_args(hint) if get_origin(hint) in (types.UnionType,) else (hint,)


def _fits(value, hint) -> bool:
    for one in _types(hint):
        if get_origin(one) is tuple:
            inner = get_args(one)[0]
            if isinstance(value, tuple) and all(
                type(v) is inner or (inner is float and type(v) is int) for v in value
            ):
                return True
        elif type(value) is one:
            return True
    return False


def _words(hint) -> str:
    names = {int: "a whole number", float: "a number", str: "text", bool: "true or false"}
    one = next(t for t in _types(hint) if t is not type(None))
    many = {int: "whole numbers", float: "numbers", str: "texts"}
    text = f"a list of {many[get_args(one)[0]]}" if get_origin(one) is tuple else names[one]
    return text + (" or none" if len(_types(hint)) > 1 else "")
