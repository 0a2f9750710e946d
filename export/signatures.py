"""What an exported model can be asked: signatures, from raw input to named outputs, in a graph."""

from collections.abc import Callable
from dataclasses import dataclass

import keras
import tensorflow as tf

from keras_i3d.data.pixels import graph_preprocessing
from keras_i3d.data.pixels.pace import Pace
from keras_i3d.export.encoded_frames import decoded_frame
from keras_i3d.export.served_record import (
    CLASSIFY_CLASSES,
    CLASSIFY_INPUT,
    CLASSIFY_SCORES,
    CLIP_INPUTS,
    EXAMPLE_FRAMES,
    RAW_INPUTS,
)
from keras_i3d.weights.trained import TrainedRecord


@dataclass(frozen=True)
class Signature:
    """One way to ask: a function of tensors, what it takes, and what for."""

    function: Callable
    inputs: tuple[tf.TensorSpec, ...]
    purpose: str


class ServedNetwork:
    """A network with all that stands between a client's bytes and its answer.

    Args:
        model: a functional model from one clip, or from {stream: clip}, to logits.
        record: what it sees, the names of its classes, which layers give features, and whether a
            video may show several classes: the probabilities are then sigmoids.
        top: how many of the best classes the answer names.
        frame_shape: (time, height, width) of all clips, each None if it is free.
        jit_compile: compile the network by XLA. Decoding, resizing and labels stay outside, which
            XLA cannot do.

    Raises:
        ValueError: when model and record do not belong together.
    """

    def __init__(
        self,
        model: keras.Model,
        record: TrainedRecord,
        top: int = 5,
        frame_shape: tuple = (None, None, None),
        jit_compile: bool = False,
    ):
        self.inputs, self.streams = record.inputs, tuple(record.inputs)
        self.labels, self.multi_label = record.labels, record.multi_label
        self.least_frames = record.least_clip[0]
        self.frame_shape = tuple(frame_shape)
        # Frames that clients must send of each stream; None if they are free.
        self.times = {stream: self._time(model, stream) for stream in self.streams}
        classes = model.output.shape[-1]
        if len(self.labels) != classes:
            raise ValueError(f"{len(self.labels)} labels for a network of {classes} classes")
        if len(self.streams) != len(model.inputs):
            raise ValueError(
                f"{model.name} has {len(model.inputs)} inputs, its record those of "
                f"{', '.join(self.streams)}"
            )
        names = {layer.name for layer in model.layers}
        self._feature_keys = {
            stream: _feature_key(stream, layer) if len(self.streams) > 1 else layer
            for stream, layer in record.features.items()
            if layer in names
        }
        outputs = {
            key: model.get_layer(record.features[stream]).output
            for stream, key in self._feature_keys.items()
        }
        outputs["logits"] = model.output
        self.network = keras.Model(model.input, outputs, name=model.name)
        self._called = tf.function(self.network, jit_compile=True) if jit_compile else self.network
        self.top = min(top, classes)

    def _time(self, model: keras.Model, stream: str) -> int | None:
        tensor = model.input[stream] if isinstance(model.input, dict) else model.input
        return self.frame_shape[0] or tensor.shape[1]

    def signatures(self) -> dict[str, Signature]:
        """Return all signatures of this network, by name."""
        raw = self._specs(raw=True)
        found = {
            "serving_default": Signature(
                self._classified, raw, "frames of any size to classes and their scores"
            ),
            "preprocessed": Signature(
                lambda *clips: {"logits": self._run(self._finite_clips(clips))["logits"]},
                self._specs(raw=False),
                "clips as the network takes them to logits",
            ),
        }
        if self._feature_keys:
            found["features"] = Signature(
                self._features, raw, "frames to features: the end point and its mean"
            )
        if self.streams == ("rgb",):
            found["jpeg_frames"] = Signature(
                lambda frames: self._answer(self._run([self._decoded_clips(frames)])["logits"]),
                (tf.TensorSpec([None, self.times["rgb"]], tf.string, "frames"),),
                "JPEG or PNG files, one per frame, to classes and their scores",
            )
            found["classify"] = Signature(
                self._classify,
                (tf.TensorSpec([None], tf.string, CLASSIFY_INPUT),),
                f"TF Serving's classification API: one tf.Example per clip, with files in "
                f"{EXAMPLE_FRAMES}",
            )
        return found

    # === The steps ===

    def _classified(self, *frames):
        return self._answer(self._run(self._preprocessed(frames))["logits"])

    def _features(self, *frames):
        outputs = self._run(self._preprocessed(frames))
        found = {}
        for stream, key in self._feature_keys.items():
            pooled = f"{stream}_pooled" if len(self.streams) > 1 else "pooled"
            found[key] = outputs[key]
            found[pooled] = tf.reduce_mean(outputs[key], [1, 2, 3])
        return found

    def _classify(self, serialized):
        spec = {
            EXAMPLE_FRAMES: tf.io.FixedLenSequenceFeature([], tf.string, allow_missing=True),
        }

        def one(example):
            frames = tf.io.parse_single_example(example, spec)[EXAMPLE_FRAMES]
            return self._run([self._decoded_clips(frames[None])])["logits"][0]

        # Clips of one request may differ in length, so they go through one by one.
        logits = tf.map_fn(one, serialized, fn_output_signature=tf.float32, parallel_iterations=1)
        answer = self._answer(tf.reshape(logits, [-1, len(self.labels)]))
        return {CLASSIFY_CLASSES: answer["labels"], CLASSIFY_SCORES: answer["scores"]}

    def _together(self, frames):
        """The streams' frames, or the graph stops where they are not of one stretch of a video."""
        wanted = Pace(self.inputs).frames(1)
        if len(set(wanted.values())) == 1:
            return frames
        steps = [tf.shape(f)[1] / wanted[s] for s, f in zip(self.streams, frames, strict=True)]
        words = " with ".join(f"{count} of {stream}" for stream, count in wanted.items())
        cause = f"clips have {words} frames, or so many times as many. Received, in such steps:"
        alike = tf.debugging.Assert(tf.reduce_all(tf.equal(steps, steps[0])), [cause, steps])
        with tf.control_dependencies([alike]):
            return [tf.identity(one) for one in frames]

    def _preprocessed(self, frames):
        frames = self._together(frames)
        steps = {
            "rgb": graph_preprocessing.preprocess,
            "flow": graph_preprocessing.preprocess_flow,
        }
        return [
            steps[stream](self._checked(value, stream), self.inputs[stream].preprocessing)
            for stream, value in zip(self.streams, frames, strict=True)
        ]

    def _decoded_clips(self, files):
        """(batch, time) of encoded files to (batch, time, crop, crop, 3) float32."""
        spec = self.inputs["rgb"].preprocessing
        size = tf.shape(files)
        frames = tf.map_fn(
            lambda file: graph_preprocessing.resize_and_crop(decoded_frame(file), spec),
            tf.reshape(files, [-1]),
            fn_output_signature=tf.TensorSpec([spec.crop, spec.crop, 3], tf.uint8),
        )
        clips = tf.reshape(frames, [size[0], size[1], spec.crop, spec.crop, 3])
        return graph_preprocessing.scale(self._checked(clips, "rgb"), spec)

    def _checked(self, frames, stream: str):
        """The frames, or the graph stops with what was wanted and what came."""
        frames = tf.convert_to_tensor(frames)
        size, stack = tf.shape(frames), self.inputs[stream].stack
        least = self.least_frames * stack
        checks = [
            tf.debugging.Assert(
                size[0] > 0, ["the batch is empty; send at least one clip. Received:", size]
            ),
            tf.debugging.Assert(
                size[1] >= least,
                [
                    f"a clip has at least {least} frames of {stream} for this network; loop a "
                    f"shorter one. Received (batch, time, height, width, channels) of {stream}:",
                    size,
                ],
            ),
            tf.debugging.Assert(
                tf.minimum(size[2], size[3]) > 0,
                [f"frames of {stream} have no pixels. Received:", size],
            ),
        ]
        if frames.dtype.is_floating:
            checks.append(_finite(frames, stream))
        with tf.control_dependencies(checks):
            return tf.identity(frames)

    def _finite_clips(self, clips):
        clips = self._together(clips)
        checks = [_finite(clip, stream) for stream, clip in zip(self.streams, clips, strict=True)]
        with tf.control_dependencies(checks):
            return [tf.identity(clip) for clip in clips]

    def _run(self, clips):
        outputs = self._called(
            clips[0] if len(clips) == 1 else dict(zip(self.streams, clips, strict=True))
        )
        outputs = {key: tf.cast(value, tf.float32) for key, value in outputs.items()}
        finite = [tf.reduce_all(tf.math.is_finite(value)) for value in outputs.values()]
        told = tf.cond(tf.reduce_all(finite), tf.no_op, lambda: _too_large(clips))
        with tf.control_dependencies([told]):
            return {key: tf.identity(value) for key, value in outputs.items()}

    def _answer(self, logits):
        probabilities = (tf.math.sigmoid if self.multi_label else tf.nn.softmax)(logits)
        scores, best = tf.math.top_k(probabilities, self.top)
        return {
            "logits": logits,
            "probabilities": probabilities,
            "labels": tf.gather(tf.constant(self.labels), best),
            "scores": scores,
        }

    def _specs(self, raw: bool) -> tuple[tf.TensorSpec, ...]:
        _, height, width = self.frame_shape
        specs = []
        for stream, one in self.inputs.items():
            size = (height, width) if raw else (one.crop, one.crop)
            kind = tf.uint8 if raw and stream == "rgb" else tf.float32
            name = (RAW_INPUTS if raw else CLIP_INPUTS)[stream]
            specs.append(tf.TensorSpec([None, self.times[stream], *size, one.channels], kind, name))
        return tuple(specs)


def _too_large(clips) -> tf.Operation:
    """Refuse clips whose answer is no number; what they have is looked for only then."""
    largest = tf.reduce_max([tf.reduce_max(tf.abs(clip)) for clip in clips])
    cause = "clips should have values such as their preprocessing gives. Received values so large"
    return tf.debugging.Assert(
        False, [f"{cause} that the answer is NaN or infinite, up to", largest]
    )


def _finite(values, stream: str):
    """Stop the graph at NaN and infinity, which would come out as scores."""
    wrong = tf.math.count_nonzero(tf.logical_not(tf.math.is_finite(values)))
    return tf.debugging.Assert(
        tf.equal(wrong, 0),
        [f"{stream} should be finite numbers. Received values that are NaN or infinite:", wrong],
    )


def _feature_key(stream: str, layer: str) -> str:
    """What a stream's features are called among others': "rgb", "RGB_Mixed_5c" to "rgb_Mixed_5c".

    The layers of a network of several streams carry the stream's name; others get it here.
    """
    prefixed = layer.lower().startswith(f"{stream}_")
    return f"{stream}_{layer[len(stream) + 1 :] if prefixed else layer}"
