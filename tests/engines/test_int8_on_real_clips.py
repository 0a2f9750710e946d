"""int8 on real videos: those it was calibrated on, and others."""

import json

import numpy as np
import pytest

import keras_i3d
from keras_i3d import engines, read_clip

pytest.importorskip("openvino", reason="the openvino engine needs the extra [openvino]")
pytestmark = [pytest.mark.long, pytest.mark.timeout(1200)]


OUTPUTS = ("logits", "features")


@pytest.fixture(scope="module")
def network(shared):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS_I3D_WEIGHTS", str(shared / "checkpoints"))
        return keras_i3d.load("kinetics")


@pytest.fixture(scope="module")
def wanted(shared, network):
    """The first 64 frames of each video at 25 a second, and what float32 makes of them."""
    names = json.loads((shared / "golden" / "real_clips.json").read_text())
    assert len(names) == 16
    clips = {shared / "clips" / name: read_clip(shared / "clips" / name, 64) for name in names}
    with engines.open(network, outputs=OUTPUTS) as exact:
        return {path: (clip, exact.run(clip[None])) for path, clip in sorted(clips.items())}


@pytest.mark.parametrize("calibrated", ["on these", "on every other one"])
def test_top_class_and_features_are_kept(calibrated, network, wanted):
    paths = list(wanted)[:: 1 if calibrated == "on these" else 2]
    clips = engines.calibration_clips(network, paths)
    with engines.open(
        network, outputs=OUTPUTS, engine="openvino", precision="int8", calibration=clips
    ) as low:
        for path, (clip, exact) in wanted.items():
            found = low.run(clip[None])
            assert found["logits"].argmax() == exact["logits"].argmax(), path.name
            assert cosine(found["features"][0], exact["features"][0]) >= 0.995, path.name


def cosine(one, other):
    return np.dot(one, other) / np.linalg.norm(one) / np.linalg.norm(other)
