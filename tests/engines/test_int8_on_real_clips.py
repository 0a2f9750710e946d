"""int8 on real videos: those it was calibrated on, and others."""

import json

import numpy as np
import pytest

import keras_i3d
from keras_i3d import engines, read_clip

pytest.importorskip("openvino", reason="the openvino engine needs the extra [openvino]")
pytestmark = pytest.mark.slow


@pytest.mark.parametrize("calibrated", ["on these", "on every other one"])
def test_top_class_and_features_are_kept(calibrated, shared, real_weights):
    """The first 64 frames of each at 25 a second, beside float32."""
    names = json.loads((shared / "golden" / "real_clips.json").read_text())
    paths = [shared / "clips" / name for name in sorted(names)]
    assert len(paths) == 16
    network = keras_i3d.load("kinetics")
    clips = engines.calibration_clips(network, paths if calibrated == "on these" else paths[::2])
    outputs = ("logits", "features")
    with (
        engines.open(
            network, outputs=outputs, engine="openvino", precision="int8", calibration=clips
        ) as low,
        engines.open(network, outputs=outputs) as exact,
    ):
        for path in paths:
            clip = read_clip(path, 64)[None]
            found, wanted = low.run(clip), exact.run(clip)
            assert found["logits"].argmax() == wanted["logits"].argmax(), path.name
            assert cosine(found["features"][0], wanted["features"][0]) >= 0.995, path.name


def cosine(one, other):
    return np.dot(one, other) / np.linalg.norm(one) / np.linalg.norm(other)
