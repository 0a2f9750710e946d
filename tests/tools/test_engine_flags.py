"""--engine, --precision and --calibrate in the tools that run a network."""

import importlib.util
import json
import subprocess
import sys

import keras
import numpy as np
import pytest

from keras_i3d.applications.loaded import LoadedNetwork
from keras_i3d.models.catalogue import network
from keras_i3d.training.checkpoints import save_network
from keras_i3d.weights.trained import record_of
from tests.conftest import write_video
from tests.tools.test_extract_features import tool

OPENVINO = pytest.mark.skipif(
    importlib.util.find_spec("openvino") is None,
    reason="the openvino engine needs the extra [openvino]",
)


@pytest.fixture
def weights(tmp_path):
    """A network with something to quantise; it tells bright from dark."""
    keras.utils.set_random_seed(0)
    inputs = {
        stream: one.changed(frames=4, short_side=16, crop=16)
        for stream, one in network("i3d").seen("rgb").items()
    }
    clip = keras.Input((None, 16, 16, 3))
    x = keras.layers.Conv3D(8, 3, padding="same", activation="relu", name="Mixed_5c")(clip)
    x = keras.layers.GlobalAveragePooling3D()(x)
    model = keras.Model(clip, keras.layers.Dense(2, name="Logits")(x))
    record = record_of(
        network("i3d"), "rgb", inputs, ("one", "two"), output="logits", least_clip=(1, 16, 16)
    )
    save_network(model, tmp_path / "small.keras", LoadedNetwork(model, record, "small").record)
    return f"--weights={tmp_path / 'small.keras'}"


@OPENVINO
@pytest.mark.slow
def test_features_in_int8(weights, tmp_path):
    draw = np.random.default_rng(0)
    videos = tmp_path / "videos"
    videos.mkdir()
    for number in range(3):
        frames = draw.integers(0, 256, (16, 16, 20, 3), np.uint8)
        write_video(videos / f"{number}.mkv", frames)
    found = {}
    for precision in ("float32", "int8"):
        out = tmp_path / precision
        command = (f"--out={out}", f"--root={videos}", weights, "--engine=openvino")
        status, printed, error = tool(*command, f"--precision={precision}")
        assert status == 0, error
        told = "int8 beside float32, on 8 other windows: 8 of 8 keep their top class"
        assert (told in error) == (precision == "int8")
        with np.load(out / "1.npz") as file:
            found[precision] = file["rgb"]
            check = json.loads(str(file["metadata"]))["engine"].get("check")
    assert check["clips"] == 8 and check["least_cosine"] >= 0.99
    exact, low = found["float32"], found["int8"]
    assert exact.shape == low.shape == (4, 8) and not np.array_equal(exact, low)
    np.testing.assert_allclose(low, exact, atol=0.02)
    # An index in int8 can be asked, though one video is no calibration.
    status, printed, error = tool(
        f"--index={tmp_path / 'int8'}", f"--video={videos / '1.mkv'}", name="similar"
    )
    assert status == 0, error
    assert {line.split("/")[-1] for line in printed.splitlines()[1:]} == {"0.mkv", "2.mkv"}


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (("--precision=int8",), "--precision=int8 needs --engine=openvino"),
        (("--calibrate=.",), "--calibrate needs --engine=openvino --precision=int8"),
        (("--beam_option=--x=1",), "--beam_option is for a --runner; give one"),
    ],
)
def test_flags_that_do_not_go_together(flags, says, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, printed, error = tool("--out=x", *flags, "a.mp4")
    assert (status, printed) == (2, "") and says in error


@OPENVINO
@pytest.mark.slow
def test_an_evaluation_in_int8_is_calibrated_on_its_own_split(weights, tmp_path):
    """A list in a CSV file, which names files that no folder walk would find for it."""
    lines = ["path,label"]
    for number in range(4):
        frames = np.random.default_rng(number).integers(0, 256, (16, 16, 20, 3), np.uint8)
        write_video(tmp_path / f"{number}.mkv", frames)
        lines.append(f"{number}.mkv,{('one', 'two')[number % 2]}")
    (tmp_path / "list.csv").write_text("\n".join(lines))
    data = f"--data={tmp_path / 'list.csv'}"
    command = (weights, data, "--split=list", f"--out={tmp_path / 'scores.npz'}")
    status, printed, error = tool(
        *command, "--engine=openvino", "--precision=int8", name="evaluate"
    )
    assert status == 0, error
    assert "int8 beside float32, on 8 other windows: 8 of 8 keep their top class" in error
    assert printed.startswith("4 of 4 listed videos")


KERAS_ALONE = """
import sys
from absl import flags
import keras_i3d
from keras_i3d.tools import engine_flags

flags.FLAGS(sys.argv[:1])
network = keras_i3d.load(sys.argv[1])
engine_flags.open_engine("test", network, ["logits"]).close()
print({"keras_i3d.engines.quantisation", "openvino", "nncf"} & set(sys.modules))
"""


def test_the_keras_engine_loads_nothing_of_the_others(weights):
    path = weights.removeprefix("--weights=")
    done = subprocess.run(
        [sys.executable, "-c", KERAS_ALONE, path], capture_output=True, text=True, timeout=120
    )
    assert done.stdout == "set()\n", done.stderr
