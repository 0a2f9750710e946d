"""How well decoders tell the flow of held-out videos: errors by video, and examples to look at."""

import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from keras_i3d.data.pixels.preprocessing import Input, unscale
from keras_i3d.files.whole import whole_file
from keras_i3d.models.flow_grid import coarser, finer
from keras_i3d.training.flow_forward import ZEROS, by_stream, decoded, mean_error, true_flow

EXAMPLES = 4  # clips of which flows are kept for pictures
ABOUT = "about"
# {end point: {kind of decoder, or "zeros": values}}
ByDecoder = Mapping[str, Mapping[str, np.ndarray]]


@dataclass(frozen=True)
class Example:
    """One moment of a video, for pictures: that in the middle of the clip.

    video: its id.
    frame: (height, width, 3) uint8; None where the network sees no RGB.
    true: {end point: (height, width, 2)} in pixels, the mean over its step of time.
    decoded: {end point: {kind: (rows, columns, 2)}}, in pixels of the input.
    """

    video: str
    frame: np.ndarray | None
    true: Mapping[str, np.ndarray]
    decoded: ByDecoder


@dataclass(frozen=True)
class FlowErrors:
    """End-point errors of decoders on held-out videos, in pixels of the network's input.

    The true flow is the mean over the frames of the end point's step of time.

    videos: their ids.
    cells: {end point: {kind: (videos,)}}, against the mean flow of each cell of the end point.
    pixels: the same at every pixel of the input, the decoded flow made finer by bilinear
        interpolation: here a coarse end point pays for its grid.
    grids: {end point: its (time, height, width)}.
    left_out: ids of videos, to learn from or held out, that could not be read.
    """

    videos: tuple[str, ...]
    cells: ByDecoder
    pixels: ByDecoder
    grids: Mapping[str, tuple[int, int, int]]
    left_out: tuple[str, ...] = ()

    def save(self, path: str | os.PathLike) -> None:
        """Write them whole, as .npz."""
        parts = {"cells": self.cells, "pixels": self.pixels}
        arrays = {
            f"{part}/{name}/{kind}": values
            for part, of in parts.items()
            for name, kinds in of.items()
            for kind, values in kinds.items()
        }
        about = {"videos": self.videos, "grids": self.grids, "left_out": self.left_out}
        about = json.dumps(about).encode()
        with whole_file(path) as file:
            np.savez(file, **arrays, **{ABOUT: np.frombuffer(about, np.uint8)})

    @classmethod
    def load(cls, path: str | os.PathLike) -> "FlowErrors":
        """Return what `save` wrote."""
        parts: dict = {"cells": {}, "pixels": {}}
        with open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
            about = json.loads(file[ABOUT].tobytes())
            for key in (name for name in file.files if name != ABOUT):  # in their order
                part, name, kind = key.split("/")
                parts[part].setdefault(name, {})[kind] = file[key]
        grids = {name: tuple(grid) for name, grid in about["grids"].items()}
        left_out = tuple(about.get("left_out", ()))
        return cls(tuple(about["videos"]), **parts, grids=grids, left_out=left_out)


def measure_flow(
    frozen: keras.Model,
    decoders: keras.Model,
    inputs: Mapping[str, Input],
    batches: Iterable,
    name_of: Callable[[int], str],
    examples: int = EXAMPLES,
) -> tuple[FlowErrors, list[Example]]:
    """Return the errors of each video, the mean of its clips', and the first videos as examples.

    Args:
        frozen, decoders: of `flow_forward.decoded`.
        inputs: what each stream sees, flow too.
        batches: (inputs, labels, videos, ...), of `evaluation_batches`.
        name_of: from a video's number to its id.
        examples: how many are kept, of a video each.

    Raises:
        ValueError: when there is no clip.
    """
    spec = inputs["flow"].preprocessing

    @tf.function(reduce_retracing=True)
    def at_once(clips):
        true = true_flow(clips, spec)
        flows = decoded(frozen, decoders, by_stream(clips), training=False)
        steps, cells, pixels = {}, {}, {}
        for name, own in flows.items():
            grid = own[ZEROS].shape[1:4]
            steps[name] = coarser(true, (grid[0], *true.shape[2:4]))
            wanted = coarser(steps[name], grid)
            cells[name] = {kind: mean_error(flow, wanted) for kind, flow in own.items()}
            pixels[name] = {
                kind: mean_error(finer(flow, steps[name].shape[1:4]), steps[name])
                for kind, flow in own.items()
            }
        return cells, pixels, steps, flows

    numbers, found, kept = [], [], []
    for clips, _, videos, *_ in batches:
        outputs = keras.tree.map_structure(lambda t: t.numpy(), at_once(clips))
        found.append(outputs[:2])
        for place, number in enumerate(videos.numpy()):
            if len(kept) < examples and number not in numbers:
                name = name_of(int(number))
                kept.append(_example(name, place, clips, outputs[2], outputs[3], inputs))
            numbers.append(number)
    if not found:
        raise ValueError("no held-out video could be read")
    videos, clip_video = np.unique(numbers, return_inverse=True)
    cells, pixels = (_by_video([parts[which] for parts in found], clip_video) for which in (0, 1))
    grids = {name: own[ZEROS].shape[1:4] for name, own in outputs[3].items()}
    return FlowErrors(tuple(name_of(int(v)) for v in videos), cells, pixels, grids), kept


def _by_video(parts: list[ByDecoder], clip_video: np.ndarray) -> ByDecoder:
    """The mean over each video's clips; `clip_video` counts the videos from 0, clip by clip."""

    def mean(*errors):
        return np.bincount(clip_video, np.concatenate(errors)) / np.bincount(clip_video)

    return keras.tree.map_structure(mean, *parts)


def _example(video: str, place: int, clips, steps, flows, inputs) -> Example:
    """The middle of one clip of a batch."""
    frame = None
    if "rgb" in inputs:
        frames = by_stream(clips)["rgb"][place].numpy()
        seen = unscale(frames[len(frames) // 2], inputs["rgb"].preprocessing)
        frame = np.clip(np.rint(seen), 0, 255).astype(np.uint8)

    def middle(flow):
        return flow[place, flow.shape[1] // 2]

    return Example(video, frame, *(keras.tree.map_structure(middle, f) for f in (steps, flows)))
