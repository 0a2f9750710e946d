"""The same golden logits on Keras' three backends, each in a process of its own."""

import importlib.util
import json
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from keras_i3d.evaluation.scores import load_scores
from keras_i3d.training.recipes import SYNTHETIC_SMALL
from keras_i3d.training.run import train
from tests.conftest import PROJECT
from tests.tools.test_predict import keras_i3d

# The slow ones take minutes where other work runs beside them.
pytestmark = pytest.mark.timeout(1200)

TOLERANCES = {"tensorflow": 1e-3, "jax": 2e-3, "torch": 2e-3}
PROGRAM = """
import sys, json, numpy as np, keras, keras_i3d
assert keras.backend.backend() == sys.argv[1], keras.backend.backend()
model = keras_i3d.I3D(sys.argv[2], classifier_activation=None)
sys.path.insert(0, sys.argv[3])
import clips

golden = np.load(sys.argv[3] + "/real_weights.npz")
found = {}
for case, kind, shape in json.loads(sys.argv[4]):
    logits = model.predict_on_batch(clips.clip(kind, shape))
    wanted = golden[case + "/logits"].reshape(-1, 400).mean(axis=0)
    found[case] = float(np.abs(np.array(logits)[0] - wanted).max())
try:
    model(np.zeros((1, 8, 224, 224, 3), "float32"))
    found["short"] = "no error"
except ValueError as error:
    found["short"] = str(error)
found["tensorflow loaded"] = "tensorflow" in sys.modules
print(json.dumps(found))
"""
# Odd sizes at every stride, long, and larger than 224: what tells one SAME padding from another.
CASES = [
    ("noise0", "noise0", (1, 16, 224, 224, 3)),
    ("smooth_t33", "smooth", (1, 33, 224, 224, 3)),
    ("smooth_t25_200x210", "smooth", (1, 25, 200, 210, 3)),
    ("smooth_t17_256x320_nosqueeze", "smooth", (1, 17, 256, 320, 3)),
]


@pytest.mark.slow
@pytest.mark.parametrize("backend", sorted(TOLERANCES))
def test_golden_logits_on_every_backend(backend, shared, tmp_path):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed: pip install 'keras-i3d[{backend}]'")
    weights = shared / "checkpoints" / "rgb_scratch" / "model.ckpt"
    command = [
        sys.executable,
        "-c",
        PROGRAM,
        backend,
        weights,
        shared / "golden",
        json.dumps(CASES),
    ]
    done = subprocess.run(
        command,
        env={**os.environ, "KERAS_BACKEND": backend},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    for case, _, _ in CASES:
        assert found[case] < TOLERANCES[backend], case
    assert "at least 9 frames of 193 x 193 pixels" in found["short"]
    assert found["tensorflow loaded"] == (backend == "tensorflow") or backend == "torch"
    assert np.isfinite([found[case] for case, _, _ in CASES]).all()


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_logits_of_s3d_on_every_backend(backend, shared):
    """The quick golden cases of slim's, torchvision's and kylemin's codes, as on TensorFlow."""
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed: pip install 'keras-i3d[{backend}]'")
    page = PROJECT / "tests" / "models" / "test_s3d_golden.py"
    command = [sys.executable, "-m", "pytest", "-q", "-k", "logits", page]
    environment = {**os.environ, "KERAS_BACKEND": backend}
    done = subprocess.run(command, env=environment, cwd=PROJECT, capture_output=True, text=True)
    assert "4 passed" in done.stdout, done.stdout


ZEROS_AGAINST_ONES = """
import sys, json, keras
from dataclasses import replace
import keras_i3d
from keras_i3d.fvd import FVDNetwork, protocol, self_testing

assert keras.backend.backend() == sys.argv[1], keras.backend.backend()
google = protocol("google")
with FVDNetwork.opened(google, weights=keras_i3d.load(sys.argv[2])) as network:
    found = {n: self_testing.zeros_against_ones(network, n) for n in json.loads(sys.argv[3])}
print(json.dumps({"found": found, "tensorflow loaded": "tensorflow" in sys.modules}))
"""


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("backend", sorted(TOLERANCES))
def test_zeros_against_ones_on_every_backend(backend, shared, tmp_path):
    """JAX compiles for half a minute for each number of frames."""
    from keras_i3d.fvd.self_testing import TABLE

    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed: pip install 'keras-i3d[{backend}]'")
    weights = shared / "checkpoints" / "rgb_scratch" / "model.ckpt"
    frames = json.dumps([10, 13, 16, 30])
    done = subprocess.run(
        [sys.executable, "-c", ZEROS_AGAINST_ONES, backend, weights, frames],
        env={**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=1100,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    for count, value in told["found"].items():
        assert value == pytest.approx(TABLE[int(count)], rel=1e-4)
    assert told["tensorflow loaded"] is (backend == "tensorflow") or backend == "torch"


TOOLS = {
    "train": ["--output_dir=out", "--strategy=multi_worker"],
    "decode_flow": ["--network=a.keras", "--end_point=a", "--out=out"],
    "experiments": ["--out=out"],
    "export_saved_model": ["--weights=a.keras", "--out=out/1"],
}


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["jax", "torch"])
@pytest.mark.parametrize("tool", sorted(TOOLS))
def test_tools_of_tensorflow_say_so_on_other_backends(tool, backend, tmp_path, monkeypatch):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed: pip install 'keras-i3d[{backend}]'")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.keras").touch()
    status, out, err = keras_i3d(tool, *TOOLS[tool], KERAS_BACKEND=backend)
    assert (status, out, len(err.splitlines())) == (2, "", 1), err
    assert "should be tensorflow to train or export: set KERAS_BACKEND=tensorflow. R" in err
    assert err.endswith(f": {backend}\n")
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_evaluation_on_every_backend(backend, tmp_path):
    """Of a run that TensorFlow has trained; the scores are TensorFlow's."""
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed: pip install 'keras-i3d[{backend}]'")
    small = {"num_frames": 4, "resize": 18, "crop": 16, "steps": 1, "warm_up": 0, "batch_size": 2}
    small |= {"model": "five_units", "validation_videos": 3}
    train(replace(SYNTHETIC_SMALL, **small), tmp_path)
    scores = []
    for name in ("tensorflow", backend):
        out = tmp_path / f"{name}.npz"
        flags = f"--run={tmp_path}", f"--out={out}"
        status, _, err = keras_i3d("evaluate", *flags, KERAS_BACKEND=name)
        assert status == 0, err
        scores.append(load_scores(out))
    assert len(scores[0].ids) == 3
    np.testing.assert_allclose(scores[1].logits, scores[0].logits, atol=1e-4)
