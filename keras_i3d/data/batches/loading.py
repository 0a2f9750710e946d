"""From requests (which video, which frames, which crops) to tensors of pixels, inside tf.data."""

import atexit
import gc
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import tensorflow as tf

from keras_i3d.data.batches.clip_sources import Choice, Skipped, Source, read_crops
from keras_i3d.data.flow.flow_files import FlowFileError
from keras_i3d.data.flow.methods import STEPS, ZERO
from keras_i3d.data.pixels.cropping import Cropper, crop_corner
from keras_i3d.data.pixels.preprocessing import CHANNELS, Input
from keras_i3d.data.shards.sequence_example import FLOW
from keras_i3d.data.shards.source import Shards
from keras_i3d.data.video.decoding import VideoError

TYPES = {"rgb": tf.uint8, "flow": tf.float32}
# What a broken file raises; anything else is a mistake in the request.
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

    source: where the videos are.
    inputs: what each stream sees.
    request: from a number and an attempt, from 0 on, to a Request; None if no further attempt
        is wanted.
    num_crops, others: how many crops each request has, and what its `others` are like.
    fixed: whether every clip of a stream has its input's `frames`, or as many as it happens to.
    skipped: takes the videos that cannot be read; None to raise instead.
    parallel: how many are loaded at a time; None to let TensorFlow find out.
    """

    source: Source
    inputs: Mapping[str, Input]
    request: Callable[[int, int], Request | None]
    num_crops: int
    others: Sequence[tf.TensorSpec]
    fixed: bool
    skipped: Skipped | None = None
    parallel: int | None = None

    def load(self, numbers: tf.data.Dataset) -> tf.data.Dataset:
        """Load numbers as (clip, *others) in order; clip["rgb"] is (crops, time, crop, crop, 3).

        A request that cannot be met, and has no further attempt, gives a clip of 0 crops.
        """
        load = self._from_shards if isinstance(self.source, Shards) else self._from_python
        parallel = self.parallel or tf.data.AUTOTUNE
        return numbers.map(load, num_parallel_calls=parallel, deterministic=True)

    # === Sources in Python: what they do in threads must not hold Python's lock ===

    def _from_python(self, number: tf.Tensor) -> tuple:
        types = [TYPES[stream] for stream in self.inputs]
        read = self._numpy(self._read, number, [*types, *(other.dtype for other in self.others)])
        clip = dict(zip(self.inputs, read, strict=False))
        return self._shaped(clip), *self._others(read[len(clip) :])

    def _read(self, number: int) -> tuple[np.ndarray, ...]:
        for attempt in range(MOST_ATTEMPTS):
            request = self.request(int(number), attempt)
            if request is None:
                break
            others = request.others
            try:
                clip = read_crops(
                    self.source, request.video, request.choose, request.crops, self.inputs
                )
                if clip is None:
                    break
                _check_finite(clip, self.source.id(request.video))
                return *(np.ascontiguousarray(clip[s]) for s in self.inputs), *others
            except BROKEN as error:
                last = error
                if self.skipped is None:
                    raise
                self.skipped.add(self.source.id(request.video), str(error))
        else:
            raise last
        nothing = [
            np.zeros((0, one.frames, one.crop, one.crop, CHANNELS[s]), TYPES[s].as_numpy_dtype)
            for s, one in self.inputs.items()
        ]
        return *nothing, *others

    # === Shards: pictures are decoded in the graph ===

    def _from_shards(self, number: tf.Tensor) -> tuple:
        count = len(self.inputs)
        types = [tf.string, *[tf.int64] * (2 * count), *(other.dtype for other in self.others)]
        record, *read = self._numpy(self._read_record, number, types)
        record.set_shape(())
        frames = dict(zip(self.inputs, read[:count], strict=True))
        corners = dict(zip(self.inputs, read[count : 2 * count], strict=True))
        for stream, one in self.inputs.items():
            frames[stream].set_shape((one.frames if self.fixed else None,))
            corners[stream].set_shape((self.num_crops, 2))
        keys = {"rgb": "image/encoded", "flow": f"{FLOW}image/encoded"}
        _, lists, _ = tf.io.parse_sequence_example(
            record[None],
            sequence_features={keys[s]: tf.io.RaggedFeature(tf.string) for s in self.inputs},
        )
        bound = self.source.flow.bound if self.source.flow else 0.0
        clip = {}
        for stream in self.inputs:
            encoded, chosen = lists[keys[stream]].flat_values, frames[stream]
            if stream == "rgb":
                clip[stream] = self._jpegs(tf.gather(encoded, chosen), corners[stream], number)
            else:
                clip[stream] = self._flow_pngs(encoded, chosen, corners[stream], bound)
        return self._shaped(clip), *self._others(read[2 * count :])

    def _read_record(self, number: int) -> tuple[np.ndarray, ...]:
        request = self.request(int(number), 0)
        video = self.source.videos[request.video]
        frames = request.choose(video.frames)
        corners = [
            [crop_corner(video.height, video.width, one.crop, place) for place in request.crops]
            for one in self.inputs.values()
        ]
        # As an object, since NumPy's own bytes end at the last byte that is not zero.
        record = np.array(self.source.record(request.video), object)
        chosen = (frames[stream].astype(np.int64) for stream in self.inputs)
        return record, *chosen, *np.array(corners, np.int64), *request.others

    def _jpegs(self, encoded: tf.Tensor, corners: tf.Tensor, number: tf.Tensor) -> tf.Tensor:
        # Decoded as Pillow does it; TensorFlow's default is coarser, and hardly quicker.
        decode = partial(tf.io.decode_jpeg, channels=3, dct_method="INTEGER_ACCURATE")
        rgb = self.inputs["rgb"]
        crop = rgb.crop
        if self.source.short_side != rgb.short_side or not rgb.keep_aspect:
            frames = tf.map_fn(decode, encoded, fn_output_signature=tf.uint8)
            return self._numpy_resized(frames, number)
        if self.num_crops > 1:
            cut = tf.map_fn(
                lambda jpeg: self._cut(decode(jpeg), corners, crop),
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
            rgb = self.inputs["rgb"]
            size = frames.shape[1:3]
            cropper = Cropper(*size, rgb.short_side, rgb.crop, crops, rgb.keep_aspect)
            return np.stack([cropper(frame) for frame in frames], axis=1)

        return tf.numpy_function(resize, [frames, number], tf.uint8, stateful=False)

    def _flow_pngs(self, encoded, frames, corners, bound: float) -> tf.Tensor:
        crop = self.inputs["flow"].crop
        last = tf.size(encoded, tf.int64) - 1

        def decode(png):
            picture = tf.io.decode_png(png, channels=0)
            coded = self._cut(picture, corners, crop)
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

    def _cut(self, picture: tf.Tensor, corners: tf.Tensor, crop: int) -> tf.Tensor:
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
        for stream, frames in clip.items():
            one = self.inputs[stream]
            length = one.frames if self.fixed else None
            frames.set_shape((None, length, one.crop, one.crop, CHANNELS[stream]))
        return clip

    def _others(self, others: Sequence[tf.Tensor]) -> Sequence[tf.Tensor]:
        for other, spec in zip(others, self.others, strict=True):
            other.set_shape(spec.shape)
        return others


def _check_finite(clip: Mapping[str, np.ndarray], where: str) -> None:
    """Refuse flow that has NaN or infinity: one such frame would spoil the weights for good."""
    flow = clip.get("flow")
    if flow is not None and not np.isfinite(flow).all():
        frames = np.unique(np.nonzero(~np.isfinite(flow))[1])
        cause = f"{len(frames)} frames of its flow are not finite (NaN or infinity)"
        raise FlowFileError(where, f"{cause}: compute it again")


@atexit.register
def _let_go_of_iterators() -> None:
    """Have tf.data's iterators end while Python still runs.

    One that lives on in the traceback of an error would be deleted when Python has stopped all
    other threads, and would wait for ever for those of its own that were reading a video.
    """
    error = getattr(sys, "last_value", None)
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__
    gc.collect()
