"""The network that is trained: its trunk with the start's weights, and a new head."""

import dataclasses
from collections.abc import Collection, Mapping

import keras
import numpy as np
from keras import layers

from keras_i3d.applications.from_file import find_network
from keras_i3d.applications.registry import APPLICATIONS, list_weights
from keras_i3d.data.pixels.preprocessing import Input
from keras_i3d.layers.keras_internals import all_layers
from keras_i3d.models.catalogue import Network
from keras_i3d.models.i3d import mean_logits
from keras_i3d.training.recipes import Recipe
from keras_i3d.weights.s3d_layouts import layout_of_file


def check_network(recipe: Recipe) -> None:
    """Refuse an unknown network, and a stream, clip or weights that it does not take.

    Raises:
        ValueError: one line.
    """
    record = find_network(recipe.model)
    inputs_of(recipe)
    if recipe.weights is not None and recipe.model not in APPLICATIONS:
        raise ValueError(
            f"weights should be none for model={recipe.model}, which takes none. Received: "
            f"weights={recipe.weights!r}"
        )
    if recipe.weights == "imagenet" and not record.image_weights:
        known = "".join(f"{w.weights}, " for w in list_weights(recipe.model))
        instead = f". {record.for_image_weights}" if record.for_image_weights else ""
        raise ValueError(
            f"weights should be {known}none or a file for model={recipe.model}. "
            f"Received: weights='imagenet'{instead}"
        )
    if recipe.width != 1 and not (record.any_width and not _published(recipe)):
        raise ValueError(
            f"width should be 1 for model={recipe.model} with weights={recipe.weights}; others "
            f"need a network that takes width, and random weights or a file of that width. "
            f"Received: width={recipe.width}"
        )
    # A head that is one dense layer has no form for less than the trunk itself takes.
    fixed = record.joint or record.logits in record.head
    if fixed and takes_small_clips(record, inputs_of(recipe)):
        raise ValueError(
            f"a clip should have at least {record.least_clip} frames, rows and columns for "
            f"model={recipe.model}. Received: {inputs_of(recipe)}"
        )


def _published(recipe: Recipe) -> bool:
    return recipe.weights in {one.weights for one in list_weights(recipe.model)}


def inputs_of(recipe: Recipe) -> dict[str, Input]:
    """Return what each stream of the recipe's network sees: its own, in the recipe's sizes."""
    layout = layout_of_file(recipe.model, recipe.weights)
    seen = find_network(recipe.model).seen(recipe.stream, layout)
    return with_sizes(seen, recipe.num_frames, recipe.stride, recipe.resize, recipe.crop)


def with_sizes(
    inputs: Mapping[str, Input],
    frames: int | None = None,
    every: int | None = None,
    short_side: int | None = None,
    crop: int | None = None,
) -> dict[str, Input]:
    """Return inputs of other sizes; None leaves one as it is.

    Of streams that see different frames, `frames` are those of the first, and the others' stay in
    proportion: two pictures, each with its ten of flow.

    Raises:
        ValueError: for another `every` of such streams, or frames that are in no proportion.
    """
    first, *others = inputs.values()
    alike = all((one.frames, one.every) == (first.frames, first.every) for one in others)
    if every is not None and not alike:
        raise ValueError(
            f"stride should be none if streams see different frames, to keep them together. "
            f"Received: stride={every}"
        )
    wanted = first.frames if frames is None else frames
    if wanted % first.stack or any(wanted * one.frames % first.frames for one in others):
        raise ValueError(
            f"num_frames should be a multiple of {first.frames} for this network. "
            f"Received: num_frames={frames}"
        )
    return {
        stream: one.changed(wanted * one.frames // first.frames, every, short_side, crop)
        for stream, one in inputs.items()
    }


def resolved(recipe: Recipe) -> Recipe:
    """Fill in the recipe's sizes that are left to the network, where all streams have the same."""
    inputs = inputs_of(recipe).values()
    sizes = {
        "num_frames": {one.frames for one in inputs},
        "stride": {one.every for one in inputs},
        "resize": {one.short_side for one in inputs},
        "crop": {one.crop for one in inputs},
    }
    same = {name: values.pop() for name, values in sizes.items() if len(values) == 1}
    return dataclasses.replace(recipe, **same)


def build_network(
    network: Network,
    inputs: Mapping[str, Input],
    classes: int,
    *,
    stream: str = "rgb",
    weights: str | None = None,
    dropout: float = 0.5,
    width: float = 1.0,
    centred: bool = False,
) -> keras.Model:
    """Build the network that a run trains: its trunk with the start's weights, and a new head.

    From (batch, time, height, width, channels), or such a clip by stream, to logits (batch,
    classes), of any clip size. Of clips too small for the network's own head, I3D's 2 x 7 x 7 of
    the trunk's output, the head takes the mean over all of it; its variables are the same.

    Args:
        network: of the catalogue, or of a file.
        inputs: what each stream sees.
        classes: how many the new head tells.
        stream: "rgb", "flow" or "both".
        weights: the start; as the network's application takes them. None: random.
        dropout: its rate before the head.
        width: factor of its channels; 1 for what the weights are of.
        centred: without weights: how the trunk starts, see `_centre`.

    Raises:
        ValueError, OSError: as the network's application does; for clips of other sizes than the
            network's input has.
    """
    small = takes_small_clips(network, inputs)
    options = {} if network.joint else {"stream": stream}
    if width != 1:
        options["width"] = width
    if not small:
        options |= {"classes": classes, "dropout": dropout, "classifier_activation": None}
    if not network.any_size:
        shapes = {s: (None, one.crop, one.crop, one.channels) for s, one in inputs.items()}
        options["input_shape"] = shapes if network.joint else shapes[stream]
    if weights is None:
        model = network.build(include_top=not small, **options)
    else:
        model = APPLICATIONS[network.name](
            weights, include_top=not small, new_head=not small, **options
        )
    if small:
        logits = mean_logits(model.output, classes, dropout, network.head[0])
        model = keras.Model(model.input, logits, name=model.name)
    _check_shapes(model, inputs)
    if centred:
        _centre(model, network.head, {one.channels * one.stack for one in inputs.values()})
    return model


def _check_shapes(model: keras.Model, inputs: Mapping[str, Input]) -> None:
    """Refuse clips of other sizes than the network's input has, if that is not free."""
    for stream, one in inputs.items():
        tensor = model.input[stream] if isinstance(model.input, dict) else model.input
        wanted, clip = tensor.shape[1:4], (one.frames, one.crop, one.crop)
        if any(w not in (None, n) for w, n in zip(wanted, clip, strict=True)):
            raise ValueError(
                f"num_frames and crop should give clips of {tuple(wanted)} for {model.name}, None "
                f"where any will do. Received: {clip}"
            )


def takes_small_clips(network: Network, inputs: Mapping[str, Input]) -> bool:
    """Return whether clips are too small for the network's own head."""
    clips = [(one.steps, one.crop, one.crop) for one in inputs.values()]
    return any(n < m for clip in clips for n, m in zip(clip, network.least_clip, strict=True))


def _centre(model: keras.Model, head: tuple[str, ...], channels: Collection[int]) -> None:
    """Start the trunk such that little of what its first layer sees is lost on the way to the head.

    Every filter loses its mean, and the kernel keeps its norm: drawn filters have a mean by chance,
    which is what smooth pictures, and all that has been through a ReLU, answer to most. Behind the
    first layer batch norm's shift starts at 1, not 0, so that ReLUs pass five of six values on. Of
    untrained I3D's Mixed_5c a linear probe then tells four motions in 65 % of unseen videos, not in
    25 %.

    Source: of the mean, Qiao et al., "Weight Standardization", equation 5; here of the start alone.
    """
    parts = all_layers(model)
    norms = [part for part in parts if isinstance(part, layers.BatchNormalization) and part.center]
    for norm in norms[1:]:
        norm.beta.assign(np.ones(norm.beta.shape))
    for part in parts:
        if not isinstance(part, layers.Conv3D) or part.kernel.path.startswith(head):
            continue
        kernel = part.kernel.numpy()
        # Each channel that a stream's first layer sees has a mean of its own.
        axes = (0, 1, 2) if kernel.shape[-2] in channels else (0, 1, 2, 3)
        centred = kernel - kernel.mean(axes, keepdims=True)
        part.kernel.assign(centred * (np.linalg.norm(kernel) / np.linalg.norm(centred)))
