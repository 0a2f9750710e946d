"""From requests (which video, which frames, which crops) to tensors of pixels, inside tf.data."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import tensorflow as tf

from keras_i3d.data.batches.clip_sources import Choice, Skipped, Source, read_crops
from keras_i3d.data.batches.sampling import ClipSpec
from keras_i3d.data.flow.flow_files import FlowFileError
from keras_i3d.data.flow.methods import STEPS, ZERO
from keras_i3d.data.pixels.cropping import Cropper, crop_corner
from keras_i3d.data.pixels.graph_preprocessing import scale
from keras_i3d.data.pixels.preprocessing import BY_STREAM
from keras_i3d.data.shards.sequence_example import FLOW
from keras_i3d.data.shards.source import Shards
from keras_i3d.data.video.decoding import VideoError

CHANNELS = {"rgb": 3, "flow": 2}
TYPES = {"rgb": tf.uint8, "flow": tf.float32}
# What a broken file raises; all else is a mistake in what was asked for.
BROKEN = (VideoError, FlowFileError)
# After so many other videos that cannot be read either, something else is wrong.
MOST_ATTEMPTS = 20


@dataclass(frozen=True)
class Request:
    """What is wanted for one number of a data set: see clip_sources.read_crops.

    others: arrays that go along with the clip.
    """

    video: int
    choose: Choice
    crops: Sequence[tuple[float, float]]
    others: Sequence[np.ndarray]


@dataclass(frozen=True)
class Loader:
    """Loads what is asked for.

    source, spec, streams: whence, of which size, and which of "rgb" and "flow".
    request: from a number and an attempt, from 0 on, to a Request; None where no further attempt
        is wanted.
    num_crops, others: how many crops each request has, and what its `others` are like.
    num_frames: of each clip, where all are of one length.
    skipped: takes the videos that cannot be read; None to raise instead.
    parallel: how many are loaded at a time; None to let TensorFlow find out.
    """

    source: Source
    spec: ClipSpec
    streams: Sequence[str]
    request: Callable[[int, int], Request | None]
    num_crops: int
    others: Sequence[tf.TensorSpec]
    num_frames: int | None
    skipped: Skipped | None = None
    parallel: int | None = None

    def load(self, numbers: tf.data.Dataset) -> tf.data.Dataset:
        """Numbers to (clip, *others) in their order; clip["rgb"] is (crops, time, crop, crop, 3).

        A request that cannot be met, and has no further attempt, gives a clip of 0 crops.
        """
        load = self._from_shards if isinstance(self.source, Shards) else self._from_python
        parallel = self.parallel or tf.data.AUTOTUNE
        return numbers.map(load, num_parallel_calls=parallel, deterministic=True)

    # === Sources in Python: what they do in threads must not hold Python's lock ===

    def _from_python(self, number: tf.Tensor) -> tuple:
        types = [TYPES[stream] for stream in self.streams]
        read = self._numpy(self._read, number, [*types, *(other.dtype for other in self.others)])
        clip = dict(zip(self.streams, read, strict=False))
        return self._shaped(clip), *self._others(read[len(clip) :])

    def _read(self, number: int) -> tuple[np.ndarray, ...]:
        for attempt in range(MOST_ATTEMPTS):
            request = self.request(int(number), attempt)
            if request is None:
                break
            others = request.others
            try:
                clip = read_crops(
                    self.source,
                    request.video,
                    request.choose,
                    request.crops,
                    self.spec,
                    self.streams,
                )
                if clip is None:
                    break
                return *(np.ascontiguousarray(clip[s]) for s in self.streams), *others
            except BROKEN as error:
                last = error
                if self.skipped is None:
                    raise
                self.skipped.add(self.source.id(request.video), str(error))
        else:
            raise last
        shape = (0, self.num_frames or 1, self.spec.crop, self.spec.crop)
        nothing = [np.zeros((*shape, CHANNELS[s]), TYPES[s].as_numpy_dtype) for s in self.streams]
        return *nothing, *others

    # === Shards: pictures are decoded in the graph ===

    def _from_shards(self, number: tf.Tensor) -> tuple:
        types = [tf.string, tf.int64, tf.int64, *(other.dtype for other in self.others)]
        record, frames, corners, *others = self._numpy(self._read_record, number, types)
        record.set_shape(())
        frames.set_shape((self.num_frames,))
        corners.set_shape((self.num_crops, 2))
        keys = {"rgb": "image/encoded", "flow": f"{FLOW}image/encoded"}
        _, lists, _ = tf.io.parse_sequence_example(
            record[None],
            sequence_features={keys[s]: tf.io.RaggedFeature(tf.string) for s in self.streams},
        )
        bound = (self.source.flow or {}).get("bound", 0.0)
        clip = {}
        for stream in self.streams:
            encoded = lists[keys[stream]].flat_values
            if stream == "rgb":
                clip[stream] = self._jpegs(tf.gather(encoded, frames), corners, number)
            else:
                clip[stream] = self._flow_pngs(encoded, frames, corners, bound)
        return self._shaped(clip), *self._others(others)

    def _read_record(self, number: int) -> tuple[np.ndarray, ...]:
        request = self.request(int(number), 0)
        video = self.source.videos[request.video]
        frames = request.choose(video.frames)
        corners = [
            crop_corner(video.height, video.width, self.spec.crop, place) for place in request.crops
        ]
        # As an object, since NumPy's own bytes end at the last byte that is not zero.
        record = np.array(self.source.record(request.video), object)
        return record, frames.astype(np.int64), np.array(corners, np.int64), *request.others

    def _jpegs(self, encoded: tf.Tensor, corners: tf.Tensor, number: tf.Tensor) -> tf.Tensor:
        # The decoding that Pillow has; the default is coarser, and hardly quicker.
        decode = partial(tf.io.decode_jpeg, channels=3, dct_method="INTEGER_ACCURATE")
        crop = self.spec.crop
        if self.source.short_side != self.spec.short_side:
            frames = tf.map_fn(decode, encoded, fn_output_signature=tf.uint8)
            return self._numpy_resized(frames, number)
        if self.num_crops > 1:
            cut = tf.map_fn(
                lambda jpeg: self._cut(decode(jpeg), corners),
                encoded,
                fn_output_signature=tf.TensorSpec((self.num_crops, crop, crop, 3), tf.uint8),
            )
            return tf.transpose(cut, [1, 0, 2, 3, 4])
        # A seventh quicker; the same pixels, since colour is stored at full resolution.
        window = tf.cast(tf.concat([corners[0], [crop, crop]], 0), tf.int32)
        decode = partial(
            tf.io.decode_and_crop_jpeg,
            crop_window=window,
            channels=3,
            dct_method="INTEGER_ACCURATE",
        )
        signature = tf.TensorSpec((crop, crop, 3), tf.uint8)
        return tf.map_fn(decode, encoded, fn_output_signature=signature)[None]

    def _numpy_resized(self, frames: tf.Tensor, number: tf.Tensor) -> tf.Tensor:
        def resize(frames, number):
            crops = self.request(int(number), 0).crops
            cropper = Cropper(*frames.shape[1:3], self.spec.short_side, self.spec.crop, crops)
            return np.stack([cropper(frame) for frame in frames], axis=1)

        return tf.numpy_function(resize, [frames, number], tf.uint8, stateful=False)

    def _flow_pngs(self, encoded, frames, corners, bound: float) -> tf.Tensor:
        crop = self.spec.crop
        last = tf.size(encoded, tf.int64) - 1

        def decode(png):
            picture = tf.io.decode_png(png, channels=0)
            coded = self._cut(picture, corners)
            levels = tf.cast(tf.maximum(coded, ZERO - STEPS), tf.float32) - float(ZERO)
            return levels * (bound / STEPS)

        shape = (self.num_crops, crop, crop, 2)
        cut = tf.cond(
            last < 0,  # of a video of one frame
            lambda: tf.zeros([tf.size(frames), *shape]),
            lambda: tf.map_fn(
                decode,
                tf.gather(encoded, tf.minimum(frames, last)),
                fn_output_signature=tf.TensorSpec(shape, tf.float32),
            ),
        )
        return tf.transpose(cut, [1, 0, 2, 3, 4])

    def _cut(self, picture: tf.Tensor, corners: tf.Tensor) -> tf.Tensor:
        crop = self.spec.crop
        return tf.stack(
            [
                picture[corners[i, 0] : corners[i, 0] + crop, corners[i, 1] : corners[i, 1] + crop]
                for i in range(self.num_crops)
            ]
        )

    # === Both ===

    def _numpy(self, function: Callable, number: tf.Tensor, types: Sequence) -> list[tf.Tensor]:
        return tf.numpy_function(function, [number], types, stateful=False)

    def _shaped(self, clip: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        crop = self.spec.crop
        for stream, frames in clip.items():
            frames.set_shape((None, self.num_frames, crop, crop, CHANNELS[stream]))
        return clip

    def _others(self, others: Sequence[tf.Tensor]) -> Sequence[tf.Tensor]:
        for other, spec in zip(others, self.others, strict=True):
            other.set_shape(spec.shape)
        return others


# === The ends of a chain ===


def check(source: Source, streams: Sequence[str], spec: ClipSpec) -> None:
    """ValueError unless there are videos, and the streams that are asked for."""
    if not streams or set(streams) - set(CHANNELS) or len(set(streams)) < len(streams):
        raise ValueError(f"streams should be of 'rgb' and 'flow'. Received: {tuple(streams)}")
    if source.num_videos < 1:
        raise ValueError("there is no video in this source")
    if isinstance(source, Shards) and "flow" in streams:
        if source.flow is None:
            raise ValueError("these shards hold no flow: make them with --flow")
        if source.short_side != spec.short_side:
            raise ValueError(
                f"flow cannot be resized: short_side should be {source.short_side}, as in these "
                f"shards. Received: {spec.short_side}"
            )


def multi_hot(source: Source, video: int) -> np.ndarray:
    """(classes,) float32: 1 for each class of a video."""
    labels = np.zeros(len(source.class_names), np.float32)
    labels[list(source.labels(video))] = 1
    return labels


def scaled(clips: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """Each stream's pixels or flow in the range of the network, float32."""
    return {stream: scale(frames, BY_STREAM[stream]) for stream, frames in clips.items()}


def inputs(clips: dict[str, tf.Tensor]):
    """A stream alone as a tensor, two as a dictionary."""
    return clips if len(clips) > 1 else next(iter(clips.values()))


def settled(batches: tf.data.Dataset, prefetch: int = tf.data.AUTOTUNE) -> tf.data.Dataset:
    """Prefetched, in a fixed order, and left as it is by tf.distribute."""
    options = tf.data.Options()
    options.deterministic = True
    # The workers' parts are cut here, by example; tf.distribute must not cut them again.
    policy = tf.data.experimental.AutoShardPolicy.OFF
    options.experimental_distribute.auto_shard_policy = policy
    return batches.prefetch(prefetch).with_options(options)


def cause(error: tf.errors.OpError) -> str:
    """What a source said of a video, in one line, out of the error that TensorFlow made of it."""
    found = re.search(r"(?:^|\s)\w*Error: (.+)$", error.message, re.MULTILINE)
    return found[1] if found else error.message.splitlines()[0]
