"""Requests that TF Serving answers before it serves, so that no client pays for the first call."""

import io
from pathlib import Path

import tensorflow as tf
from PIL import Image

from keras_i3d.export.served_record import CLIP_INPUTS, EXAMPLE_FRAMES, RAW_INPUTS
from keras_i3d.export.signatures import ServedNetwork

WARM_UP = "tf_serving_warmup_requests"


def write_warm_up(folder: Path, served: ServedNetwork) -> list[str]:
    """Write one PredictionLog of black frames a signature; return notes on what could not be.

    The clips are as large as real ones, because kernels are chosen and memory is taken by shape;
    the file is small, because a TensorProto of one value stands for a tensor full of it.

    Source: tensorflow/serving, g3doc/saved_model_warmup.md; tensorflow, framework/tensor.proto.
    """
    try:
        from tensorflow_serving.apis import prediction_log_pb2
    except ImportError:
        return ["no warm-up requests: they need pip install 'keras-i3d[serving]'"]
    extra = folder / "assets.extra"
    extra.mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(str(extra / WARM_UP)) as writer:
        for name, signature in served.signatures().items():
            log = prediction_log_pb2.PredictionLog()
            if name == "classify":
                request = log.classify_log.request
                example = request.input.example_list.examples.add()
                files = example.features.feature[EXAMPLE_FRAMES].bytes_list.value
                files.extend([_black_jpeg()] * _frames(served, "rgb"))
            else:
                request = log.predict_log.request
                for spec in signature.inputs:
                    _fill_black(request.inputs[spec.name], spec, served)
            request.model_spec.signature_name = name
            writer.write(log.SerializeToString(deterministic=True))
    return []


def _frames(served: ServedNetwork, stream: str) -> int:
    one = served.inputs[stream]
    return served.times[stream] or max(served.least_frames * one.stack, one.frames)


def _fill_black(proto, spec: tf.TensorSpec, served: ServedNetwork) -> None:
    """One clip of zeros for an input, free sizes filled: its frames of the short side's square."""
    proto.dtype = spec.dtype.as_datatype_enum
    names = {name: s for named in (RAW_INPUTS, CLIP_INPUTS) for s, name in named.items()}
    stream = names.get(spec.name, "rgb")
    side = served.inputs[stream].short_side
    free = (1, _frames(served, stream), side, side)
    for size, otherwise in zip(spec.shape, (*free, None), strict=False):
        proto.tensor_shape.dim.add(size=size or otherwise)
    if spec.dtype == tf.string:
        proto.string_val.append(_black_jpeg())
    elif spec.dtype == tf.uint8:
        proto.int_val.append(0)
    else:
        proto.float_val.append(0)


def _black_jpeg() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (320, 256)).save(file, "JPEG")
    return file.getvalue()
