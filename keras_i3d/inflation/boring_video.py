"""The proof of an inflation: a still image, repeated, must give the 2D network's activations."""

from collections import Counter
from dataclasses import dataclass

import keras
import numpy as np
from keras import layers, ops

from keras_i3d import layers as ours
from keras_i3d.inflation.geometry import branches, frames_seen, gates, pools_globally, window
from keras_i3d.inflation.traversal import arguments, functional_graph, is_model, walk


@dataclass(frozen=True)
class LayerDifference:
    """How far one layer of the 3D network is from that of the 2D one, on a still clip.

    Differences are relative: the largest one, by the largest activation of the 2D layer.

    Args:
        name: of both layers; "backbone.conv1" in a nested model, "conv1 (call 2)" when shared.
        frames: of the layer's output; 1 where it has no time.
        untouched: how many of them depend on no padding of time.
        difference: in the untouched frames; None when there are none.
        border_effect: in the other frames; None when there are none.
    """

    name: str
    frames: int
    untouched: int
    difference: float | None
    border_effect: float | None


@dataclass(frozen=True)
class BoringVideo:
    """The rows of a check, in the order of the graph."""

    rows: tuple[LayerDifference, ...]

    @property
    def difference(self) -> float:
        """The largest difference of all layers in untouched frames; NaN counts as infinite."""
        return _largest(row.difference for row in self.rows)

    @property
    def border_effect(self) -> float:
        """The largest effect of padding time; 0 when no frame is touched."""
        return _largest(row.border_effect for row in self.rows)

    @property
    def unchecked(self) -> tuple[str, ...]:
        """Layers of which every frame is touched by the borders: nothing is proven about them.

        Give more frames, or inflate with temporal_padding="replicate".
        """
        return tuple(row.name for row in self.rows if not row.untouched)


def boring_video_check(
    model_2d: keras.Model, model_3d: keras.Model, image, frames: int | None = None
) -> BoringVideo:
    """Compare every layer that the two networks both have, on an image and on its still clip.

    Args:
        model_2d: the image network.
        model_3d: what `inflate` made of it.
        image: (height, width, channels) or (batch, height, width, channels), for a network of
            several inputs in their structure; inputs without time come with their batch.
        frames: length of the clip; by default that of the 3D network's input, or 16.

    Returns:
        The differences, layer by layer. In exact arithmetic those in untouched frames are 0; in
        float32 they should stay below 1e-4.

    Raises:
        ValueError: when the networks have no layer in common, or their layers' shapes differ.
    """
    graph_2d, graph_3d = functional_graph(model_2d), functional_graph(model_3d)
    images = _images(graph_2d, image)
    activations: dict[str, list] = {}

    def keep(name, values, _):
        activations[name] = [ops.convert_to_numpy(value) for value in values]

    _run(graph_2d, [_Value(x) for x in images], keep)
    rows = []

    def compare(name, values, untouched):
        if name in activations:
            arrays = [ops.convert_to_numpy(value) for value in values]
            rows.append(_difference(name, activations.pop(name), arrays, untouched))

    clips = _clips(graph_2d, graph_3d, images, frames)
    _run(graph_3d, clips, compare)
    if not rows:
        raise ValueError(f"{model_2d.name} and {model_3d.name} have no layer of the same name")
    return BoringVideo(tuple(rows))


@dataclass(frozen=True)
class _Value:
    """An activation, and which of its frames depend on no padding of time."""

    tensor: object
    untouched: np.ndarray | None = None


def _images(graph, image) -> list[np.ndarray]:
    """A batch for each input."""
    given = keras.tree.flatten(image)
    if len(given) != len(graph.inputs):
        raise ValueError(
            f"{graph.name} should get {len(graph.inputs)} images. Received: {len(given)}"
        )
    images = []
    for tensor, array in zip(graph.inputs, map(np.asarray, given), strict=True):
        array = array[None] if array.ndim == len(tensor.shape) - 1 else array
        if array.ndim != len(tensor.shape):
            raise ValueError(
                f"the input {tensor.name} of {graph.name} should be an array of shape "
                f"{tuple(tensor.shape)}. Received: {array.shape}"
            )
        images.append(array.astype(tensor.dtype))
    return images


def _clips(graph_2d, graph_3d, images: list, frames: int | None) -> list[_Value]:
    """The images, repeated where the 3D network has time."""
    clips = []
    for flat, tensor, image in zip(graph_2d.inputs, graph_3d.inputs, images, strict=True):
        if len(tensor.shape) == len(flat.shape):
            clips.append(_Value(image, np.ones(1, bool)))
            continue
        length = frames or tensor.shape[1] or 16
        clips.append(_Value(np.repeat(image[:, None], length, axis=1), np.ones(length, bool)))
    return clips


def _run(graph, inputs: list[_Value], report) -> None:
    """Call a network operation by operation; `report` gets name, outputs, untouched frames."""
    calls = Counter()

    def run(model, inputs, prefix):
        def apply(node, values):
            operation = node.operation
            if is_model(operation):
                return run(functional_graph(operation), values, f"{prefix}{operation.name}.")
            args, kwargs = arguments(node, [value.tensor for value in values])
            outputs = keras.tree.flatten(operation(*args, **kwargs))
            name = prefix + operation.name
            calls[name] += 1
            untouched = None
            if values[0].untouched is not None:
                untouched = _untouched_after(operation, values, outputs[0].shape)
            call = "" if calls[name] == 1 else f" (call {calls[name]})"
            report(name + call, outputs, untouched)
            return [_Value(output, untouched) for output in outputs]

        return walk(model, inputs, apply)

    run(graph, inputs, "")


def _untouched_after(operation, values: list[_Value], shape) -> np.ndarray:
    """Which frames of an operation's output depend on no padding of time."""
    frames = shape[1] if len(shape) > 2 else 1
    masks = [value.untouched for value in values]
    longest = max(len(mask) for mask in masks)
    mask = np.logical_and.reduce([np.broadcast_to(m, longest) if len(m) == 1 else m for m in masks])
    if pools_globally(operation):
        return np.array([mask.all()])
    if isinstance(operation, layers.Cropping3D):
        first, last = operation.cropping[0]
        return mask[first : len(mask) - last]
    if isinstance(operation, layers.ZeroPadding3D):
        return np.pad(mask, operation.padding[0], constant_values=False)
    if isinstance(operation, ours.RepeatInTime):
        return np.repeat(values[0].untouched, frames)
    ends = []
    for chain in branches(operation):
        end = mask
        for part in chain:
            alike = np.full(len(end), end.all())
            end = alike if gates(part) else _untouched_through(window(part), end)
        ends.append(end)
    mask = np.logical_and.reduce(ends)
    # An operation that is unknown here may mix frames: none of them is surely untouched.
    return mask if len(mask) == frames else np.full(frames, mask.all())


def _untouched_through(window, mask: np.ndarray) -> np.ndarray:
    if window is None or window.extent[0] == window.strides[0] == 1:
        return mask
    seen = frames_seen(window, len(mask))
    inside = (seen >= 0) & (seen < len(mask))
    clean = mask[seen.clip(0, len(mask) - 1)]
    return (clean & (inside if window.border == "zero" else True)).all(axis=1)


def _difference(name: str, wanted: list, came: list, untouched: np.ndarray) -> LayerDifference:
    scale = max(float(np.abs(array).max(initial=0)) for array in wanted) or 1.0
    by_frame = np.zeros(len(untouched))
    for image, clip in zip(wanted, came, strict=True):
        if clip.ndim == image.ndim + 1:
            image = image[:, None]
        if clip.ndim != image.ndim or clip.shape[2:] != image.shape[2:]:
            raise ValueError(
                f"{name}: the 3D network gives {clip.shape} where the 2D one gives {image.shape}; "
                f"was the 3D network inflated from this 2D network?"
            )
        apart = np.abs(clip.astype("float64") - image)
        if len(untouched) == clip.shape[1] and clip.ndim > 2:
            apart = apart.swapaxes(0, 1)
        by_frame = np.maximum(by_frame, apart.reshape(len(untouched), -1).max(axis=1) / scale)
    clean, touched = by_frame[untouched], by_frame[~untouched]
    return LayerDifference(
        name,
        len(untouched),
        int(untouched.sum()),
        float(clean.max()) if clean.size else None,
        float(touched.max()) if touched.size else None,
    )


def _largest(values) -> float:
    known = [value for value in values if value is not None]
    return float("inf") if np.isnan(known).any() else max(known, default=0.0)
