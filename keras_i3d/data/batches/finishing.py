"""Both ends of a chain of batches: what is checked before it starts, and what the network gets."""

import re
from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from keras_i3d.data.batches.clip_sources import Source
from keras_i3d.data.batches.video_files import VideoFiles
from keras_i3d.data.pixels.graph_preprocessing import scale
from keras_i3d.data.pixels.preprocessing import CHANNELS, DEEPMIND_INPUTS, Input
from keras_i3d.data.shards.source import Shards

RGB = {"rgb": DEEPMIND_INPUTS["rgb"]}


def check(source: Source, inputs: Mapping[str, Input]) -> None:
    """Raise ValueError unless there are videos, with the streams that are asked for.

    Of stored flow this is the only check before a video is read: rate and size must be the frames'.
    """
    if not inputs or set(inputs) - set(CHANNELS):
        raise ValueError(f"inputs should be for 'rgb', 'flow' or both. Received: {tuple(inputs)}")
    if source.num_videos < 1:
        raise ValueError("the data should have at least one video. Received: none")
    for stream, one in inputs.items():
        if one.preprocessing.fps != source.fps:
            raise ValueError(
                f"{stream} should be read at {one.preprocessing.fps} frames a second, and this "
                f"source has {source.fps}: give it fps={one.preprocessing.fps}, or make the shards "
                f"anew with --fps={one.preprocessing.fps}"
            )
    if "flow" in inputs and not inputs["flow"].keep_aspect:
        raise ValueError("flow cannot be resized: its keep_aspect should be True. Received: False")
    if isinstance(source, Shards) and "flow" in inputs:
        if source.flow is None:
            raise ValueError("these shards have no flow: make them with --flow")
        if source.short_side != inputs["flow"].short_side:
            raise ValueError(
                f"flow cannot be resized: short_side should be {source.short_side}, as in these "
                f"shards. Received: {inputs['flow'].short_side}"
            )
    if isinstance(source, VideoFiles) and "flow" in inputs:
        source.check_flow(inputs["flow"].preprocessing)


def multi_hot(source: Source, video: int) -> np.ndarray:
    """Return (classes,) float32: 1 for each class of a video."""
    labels = np.zeros(len(source.class_names), np.float32)
    labels[list(source.labels(video))] = 1
    return labels


def scaled(clips: Mapping[str, tf.Tensor], inputs: Mapping[str, Input]) -> dict[str, tf.Tensor]:
    """Return each stream's pixels or flow in the range of the network, float32."""
    return {stream: scale(clips[stream], one.preprocessing) for stream, one in inputs.items()}


def as_model_input(clips: dict[str, tf.Tensor]):
    """Return a single stream as a tensor, two as a dictionary."""
    return clips if len(clips) > 1 else next(iter(clips.values()))


def settled(batches: tf.data.Dataset, prefetch: int = tf.data.AUTOTUNE) -> tf.data.Dataset:
    """Return it prefetched, in a fixed order, and left as it is by tf.distribute."""
    options = tf.data.Options()
    options.deterministic = True
    # The workers' parts are cut here, by example; tf.distribute must not cut them again.
    policy = tf.data.experimental.AutoShardPolicy.OFF
    options.experimental_distribute.auto_shard_policy = policy
    return batches.prefetch(prefetch).with_options(options)


def cause(error: tf.errors.OpError) -> str:
    """Return what a source said of a video, in one line, from TensorFlow's error about it."""
    found = re.search(r"(?:^|\s)\w*Error: (.+)$", error.message, re.MULTILINE)
    return found[1] if found else error.message.splitlines()[0]
