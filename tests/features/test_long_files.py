"""A file of any length takes no more memory than a short one."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from keras_i3d.training.checkpoints import save_network
from tests.conftest import write_video
from tests.features.conftest import tiny_network

# Prints the most memory in MB that a command or any process it started has had.
MEASURED = """
import resource, subprocess, sys

done = subprocess.run(sys.argv[1:], capture_output=True, text=True)
assert done.returncode == 0, done.stderr
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
"""


def one_a_second(path, seconds):
    """A video of one frame a second, of which the network sees 25."""
    frames = [np.full((48, 64, 3), i % 256, np.uint8) for i in range(seconds)]
    return write_video(path, frames, fps=1, codec="mpeg4", pix_fmt="yuv420p")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is counted in other units")
def test_half_an_hour_takes_the_memory_of_a_minute(tmp_path):
    """Of the frames the network sees, 56 x 56 here, all would take 400 MB."""
    network = tiny_network("rgb", crop=56)
    save_network(network.model, tmp_path / "tiny.keras", network.record)
    peaks = {}
    for seconds in (60, 1800):
        video = one_a_second(tmp_path / f"{seconds}.mp4", seconds)
        command = [Path(sys.executable).parent / "keras-i3d", "extract_features", video,
                   f"--out={tmp_path / 'out'}", f"--weights={tmp_path / 'tiny.keras'}",
                   "--window=64"]  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-c", MEASURED, *command], capture_output=True, text=True, timeout=500
        )
        assert done.returncode == 0, done.stderr
        peaks[seconds] = int(done.stdout)
        with np.load(tmp_path / "out" / f"{seconds}.npz") as file:
            assert len(file["rgb"]) == -(-25 * seconds // 64)
            assert file["end"][-1] == pytest.approx(seconds)
    assert peaks[1800] < peaks[60] + 60, peaks
