"""S3D, S3D-G and a non-local ResNet, narrow: features by OpenVINO beside the Keras model's."""

import keras
import numpy as np
import pytest
from keras import layers, ops

import keras_i3d
from keras_i3d.applications.loaded import LoadedNetwork
from keras_i3d.engines import EngineError
from keras_i3d.engines.openvino_graphs import processor_capabilities
from keras_i3d.layers import ConvUnit3D
from keras_i3d.layers.keras_internals import all_layers
from keras_i3d.models.catalogue import network
from keras_i3d.models.s3d import LAYOUTS
from keras_i3d.weights.trained import record_of
from tests.conftest import write_video

pytest.importorskip("openvino", reason="the openvino engine needs the extra [openvino]")
pytestmark = pytest.mark.slow
FRAMES, SIDE = 16, 64
NETWORKS = {
    "s3d": {"width": 0.25, "layout": LAYOUTS["kylemin"]},
    "s3d_g": {"width": 0.25},
    "nl_i3d_r50": {"width": 0.125},
}


def moving(number):
    """Frames of smooth patterns that move, a pattern a colour."""
    draw = np.random.default_rng(number)
    place = np.ogrid[: 2 * FRAMES, :SIDE, :SIDE]
    waves = [sum(f * p for f, p in zip(draw.uniform(-0.3, 0.3, 3), place, strict=True))
             for _ in range(3)]  # fmt: skip
    return np.uint8(127.5 + 127.5 * np.sin(np.stack(waves, axis=-1)))


def settle(model, clips):
    """Give batch norm these clips' statistics, so that values keep their size at any depth.

    As drawn, S3D-G's features are of 1e-14: constants, which pass for equal to anything. Filters
    lose their mean, so that what all clips have in common does not grow either.
    """
    parts = all_layers(model)
    for unit in parts:
        if isinstance(unit, ConvUnit3D) and unit.batch_norm is not None:
            kernel = unit.conv_3d.kernel
            kernel.assign(kernel - ops.mean(kernel, axis=(0, 1, 2, 3), keepdims=True))
    norms = [part for part in parts if isinstance(part, layers.BatchNormalization)]
    draw = np.random.default_rng(0)
    for norm in norms:
        norm.momentum = 0.0
        if norm.gamma is not None:  # a non-local block's is 0 at first
            norm.gamma.assign(draw.uniform(0.8, 1.2, norm.gamma.shape))
        norm.beta.assign(draw.normal(0, 0.1, norm.beta.shape))
    model(clips, training=True)
    for norm in norms:  # the channels' mean: of few positions some hardly vary
        variance = norm.moving_variance
        variance.assign(ops.full_like(variance, ops.mean(variance)))


def deep(name):
    keras.utils.set_random_seed(0)
    record, options = network(name), NETWORKS[name]
    model = record.model("rgb", classes=5, classifier_activation=None, **options)
    settle(model, np.float32([moving(number)[:FRAMES] for number in range(4)]) / 127.5 - 1)
    sees = record.seen("rgb")["rgb"].changed(frames=FRAMES, every=1, short_side=SIDE, crop=SIDE)
    least = {"least_clip": (FRAMES, SIDE, SIDE)}
    made = record_of(record, "rgb", {"rgb": sees}, "abcde", output="logits", **least)
    return LoadedNetwork(model, made, name)


def cosines(some, others):
    some, others = (
        np.float64(a) / np.linalg.norm(a, axis=-1, keepdims=True) for a in (some, others)
    )
    return some @ others.T


@pytest.mark.parametrize("name", NETWORKS)
def test_features_are_the_keras_models(name, tmp_path):
    """In float32; near in bfloat16; int8 is near on windows it has not seen, or not given out."""
    loaded, videos = deep(name), [moving(number) for number in range(10, 14)]
    calibrate = tuple(
        str(write_video(tmp_path / f"{n}.mkv", moving(n), fps=25)) for n in range(20, 26)
    )

    def features(**how):
        how |= {"window": FRAMES, "stride": FRAMES, "fps": "native"}
        extractor = keras_i3d.FeatureExtractor(loaded, **how)
        point = loaded.record.features["rgb"]
        return np.concatenate([extractor.features(v).arrays["rgb"][point] for v in videos])

    wanted = features()
    among = cosines(wanted, wanted)
    assert np.median(among[~np.eye(len(among), dtype=bool)]) < 0.99  # they tell windows apart
    exact = features(engine="openvino")
    np.testing.assert_allclose(exact, wanted, atol=1e-4 * np.abs(wanted).max())
    near = features(engine="openvino", precision="bfloat16")
    assert np.array_equal(near, exact) != ("BF16" in processor_capabilities())
    found = [near]
    try:
        found.append(features(engine="openvino", precision="int8", calibrate=calibrate))
    except EngineError as error:
        assert "cosine is 0." in str(error)
    # Filters as drawn magnify what is rounded; still each window is nearest to itself, and near.
    for low in found:
        alike = cosines(low, wanted)
        assert (alike.argmax(1) == np.arange(len(wanted))).all()
        assert alike.diagonal().min() > 0.9
