"""Requests that TF Serving answers before it serves, so that no client pays for the first call."""

import io
from pathlib import Path

import numpy as np
import tensorflow as tf
from keras_i3d.export.signatures import EXAMPLE_FRAMES, ServedNetwork
from PIL import Image

WARM_UP = "tf_serving_warmup_requests"


def write_warm_up(folder: Path, served: ServedNetwork) -> list[str]:
    """One PredictionLog for each signature, of black frames; returns notes on what could not be.

    Source: tensorflow/serving, g3doc/saved_model_warmup.md.
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
                files.extend([_black_jpeg()] * _frames(served))
            else:
                request = log.predict_log.request
                for spec in signature.inputs:
                    request.inputs[spec.name].CopyFrom(tf.make_tensor_proto(_black(spec, served)))
            request.model_spec.signature_name = name
            writer.write(log.SerializeToString(deterministic=True))
    return []


def _frames(served: ServedNetwork) -> int:
    return served.frame_shape[0] or max(served.least_frames, 64)


def _black(spec: tf.TensorSpec, served: ServedNetwork) -> np.ndarray:
    """One clip of zeros for an input, free sizes filled: 64 frames of the short side's square."""
    if spec.dtype == tf.string:
        return np.full((1, spec.shape[1] or _frames(served)), _black_jpeg(), object)
    side = next(iter(served.preprocessing.values())).short_side
    free = (1, _frames(served), side, side)
    shape = [n or f for n, f in zip(spec.shape, (*free, None), strict=True)]
    return np.zeros(shape, spec.dtype.as_numpy_dtype)


def _black_jpeg() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (320, 256)).save(file, "JPEG")
    return file.getvalue()
