"""Flow decoders on a frozen network: the end points, the decoders, and their losses."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import keras
import tensorflow as tf

from keras_i3d.data.pixels.preprocessing import CHANNELS, DEEPMIND_FLOW, Input, Preprocessing
from keras_i3d.models.flow_decoder import DECODERS, decode_clip
from keras_i3d.models.flow_grid import coarser, end_point_error
from keras_i3d.training.forward import Forward

ZEROS = "zeros"


def with_flow(inputs: Mapping[str, Input]) -> dict[str, Input]:
    """Return what the network sees, and the flow of the same frames beside it.

    Frames keep their aspect here, whatever the network's record says: flow cannot be resized.

    Raises:
        ValueError: where the streams do not see the same frames.
    """
    kept = {
        stream: replace(one, preprocessing=replace(one.preprocessing, keep_aspect=True))
        for stream, one in inputs.items()
    }
    first = next(iter(kept.values()))
    for stream, one in kept.items():
        if (one.frames, one.every, one.crop) != (first.frames, first.every, first.crop):
            raise ValueError(
                f"all streams should see the same frames to decode their flow. Received: {stream} "
                f"sees {one}, another stream {first}"
            )
    return {"flow": flow_beside(first)} | kept


def flow_beside(one: Input) -> Input:
    """Return the flow of the same frames as a stream sees, in DeepMind's range."""
    same = one.preprocessing
    sizes = {"fps": same.fps, "short_side": same.short_side, "crop": same.crop}
    return replace(one, channels=CHANNELS["flow"], preprocessing=replace(DEEPMIND_FLOW, **sizes))


def frozen_end_points(model: keras.Model, end_points: Sequence[str]) -> keras.Model:
    """Return the part of a network that gives these end points, from clips to {name: output}.

    Its layers are the network's own. Nothing here trains them: call it with training=False.

    Raises:
        ValueError: when it has no such layer, or the layer gives no (batch, time, height, width,
            channels).
    """
    known = {layer.name: layer for layer in model.layers}
    for name in end_points:
        if name not in known:
            clips = [other for other, layer in known.items() if _gives_clips(layer)]
            raise ValueError(
                f"end_point should be a layer of {model.name}: {', '.join(clips)}. "
                f"Received: {name!r}"
            )
        if not _gives_clips(known[name]):
            raise ValueError(
                f"end_point should give (batch, time, height, width, channels). Received: "
                f"{name!r}, which gives {known[name].output.shape}"
            )
    return keras.Model(
        model.input, {name: known[name].output for name in end_points}, name="end_points"
    )


def _gives_clips(layer: keras.Layer) -> bool:
    return len(getattr(layer.output, "shape", ())) == 5


def decoder_name(end_point: str, kind: str) -> str:
    """Return the name of an end point's decoder, in losses, histories and files."""
    return f"{end_point}_{kind}"


def build_decoders(
    frozen: keras.Model, inputs: Mapping[str, Input], kinds: Sequence[str]
) -> keras.Model:
    """Build a decoder of each kind for each end point, in one model that learns nothing else.

    From {end point: features} to {decoder_name: flow}. Each has its own variables, so under Adam
    they learn as they would one by one, and from the same batches.

    Args:
        frozen: of `frozen_end_points`.
        inputs: what each stream of the network sees, for the sizes.
        kinds: "simple", "spatial", "pwc".
    """
    clips = {s: keras.Input((i.frames, i.crop, i.crop, i.channels)) for s, i in inputs.items()}
    shown = frozen(_as_seen(clips, frozen))
    features = {name: keras.Input(f.shape[1:], name=name) for name, f in shown.items()}
    flows = {
        decoder_name(name, kind): decode_clip(kind, f, decoder_name(name, kind))
        for name, f in features.items()
        for kind in kinds
    }
    return keras.Model(features, flows, name="flow_decoders")


def decoded(frozen: keras.Model, decoders: keras.Model, clips: Mapping, training: bool) -> dict:
    """Return {end point: {kind: flow (batch, time, height, width, 2)}}, at its own resolution.

    "zeros" is a kind too: that nothing moves.

    Args:
        clips: {stream: scaled clip}; streams that the network does not take are left aside.
        training: of the decoders; the network is never in training.
    """
    features = frozen(_as_seen(clips, frozen), training=False)
    features = {name: tf.stop_gradient(tf.cast(f, tf.float32)) for name, f in features.items()}
    flows, found = decoders(features, training=training), {}
    for name in features:
        names = {kind: decoder_name(name, kind) for kind in DECODERS}
        own = {kind: tf.cast(flows[n], tf.float32) for kind, n in names.items() if n in flows}
        found[name] = {**own, ZEROS: tf.zeros_like(next(iter(own.values())))}
    return found


def true_flow(inputs, spec: Preprocessing) -> tf.Tensor:
    """Return the flow of a batch's inputs, which are scaled, in pixels."""
    return (tf.cast(by_stream(inputs)["flow"], tf.float32) - spec.offset) * spec.scale


def flow_forward(frozen: keras.Model, spec: Preprocessing) -> Forward:
    """Return the forward whose losses are each decoder's end-point error, in pixels of the input.

    The error is against the mean flow of each cell of the end point, in time and space. Beside each
    end point's decoders stands `decoder_name(end point, "zeros")`: the error of no motion at all.

    Args:
        frozen: of `frozen_end_points`.
        spec: of the flow stream.
    """

    def forward(decoders, inputs, labels, training):
        true, losses = true_flow(inputs, spec), {}
        for name, flows in decoded(frozen, decoders, by_stream(inputs), training).items():
            wanted = coarser(true, flows[ZEROS].shape[1:4])
            for kind, flow in flows.items():
                losses[decoder_name(name, kind)] = mean_error(flow, wanted)
        return losses, tf.zeros([tf.shape(true)[0], 1])

    return forward


def mean_error(flow, true) -> tf.Tensor:
    """Return (batch,): the mean end-point error of each clip."""
    return tf.reduce_mean(end_point_error(flow, true), axis=[1, 2, 3])


def by_stream(inputs) -> Mapping:
    """Return {stream: clip} of a batch's inputs; a clip alone is flow."""
    return inputs if isinstance(inputs, Mapping) else {"flow": inputs}


def _as_seen(clips: Mapping, frozen: keras.Model):
    """The clips as the network takes them: several streams by name, or one alone."""
    if isinstance(frozen.input, Mapping):
        return {stream: clips[stream] for stream in frozen.input}
    channels = frozen.input.shape[-1]
    return next(clip for clip in clips.values() if clip.shape[-1] == channels)
