"""A process ends after an error in its data, though other videos are still being read."""

import subprocess
import sys

import pytest

SCRIPT = """
import sys, time
from keras_i3d.data.batches.training import training_batches
from keras_i3d.data.pixels.preprocessing import DEEPMIND_INPUTS
from keras_i3d.data.synthetic.videos import SyntheticVideos
from keras_i3d.data.video.decoding import VideoError

class Broken(SyntheticVideos):
    def read(self, number, start, count, streams=("rgb",)):
        if number == 3:
            raise VideoError("video 3", "broken")
        end = time.monotonic() + 1
        while time.monotonic() < end:  # in Python: it wants Python's lock again and again
            pass
        return super().read(number, start, count, streams)

source = Broken("train", num_videos=8, num_frames=4, size=(16, 16))
inputs = {"rgb": DEEPMIND_INPUTS["rgb"].changed(4, 1, 16, 16)}

def first():
    batches = iter(training_batches(source, 8, inputs, parallel=8))
    try:
        next(batches)
    except Exception as error:
        if sys.argv[1] == "uncaught":
            raise RuntimeError("no first batch") from error
        ring = [error]
        ring.append(ring)  # only the collector of garbage ends it

first()
"""


@pytest.mark.slow
@pytest.mark.parametrize("how, status", [("uncaught", 1), ("caught", 0)])
def test_an_error_in_the_data_does_not_keep_the_process(how, status):
    # 300 s is no measure of anything: without the mend it never ends.
    done = subprocess.run([sys.executable, "-c", SCRIPT, how], capture_output=True, timeout=300)
    assert done.returncode == status, done.stderr.decode()
