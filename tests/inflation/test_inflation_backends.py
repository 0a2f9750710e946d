"""Inflation on Keras' other backends, each in a process of its own."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import slow_or_long

# The slow ones take minutes where other work runs beside them.
pytestmark = pytest.mark.timeout(1200)

PROGRAM = """
import sys, keras
from keras_i3d.inflation import boring_video_check, inflate
from tests.inflation.conftest import inputs_for, randomise
from tests.inflation.networks import USERS_NETWORKS

assert keras.backend.backend() == sys.argv[1], keras.backend.backend()
for name in ("u_net_transposed", "u_net_bilinear", "attention", "sequential", "channel_shuffle"):
    model = randomise(USERS_NETWORKS[name]())
    images = inputs_for(model)
    for padding, frames in (("zero", 24), ("replicate", 8)):
        inflated = inflate(model, temporal_padding=padding)
        check = boring_video_check(model, inflated, images, frames)
        assert check.difference < 1e-4, (name, padding, check)
"""


@pytest.mark.parametrize("backend", slow_or_long(["jax", "torch"], "torch"))
def test_still_clips_on_other_backends(backend):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed: pip install 'keras-i3d[{backend}]'")
    project = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, backend],
        env={**os.environ, "KERAS_BACKEND": backend, "PYTHONPATH": project},
        capture_output=True,
        text=True,
        cwd=project,
    )
    assert done.returncode == 0, done.stderr
