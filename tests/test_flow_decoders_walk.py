"""Every command and example of docs/flow_decoders.md, on small videos and narrow networks."""

import re
import shlex
import subprocess

import pytest

from keras_i3d.training.flow_errors import FlowErrors
from tests.conftest import EAGER_COMMAND, PROJECT
from tests.test_docs import examples

PAGE = "docs/flow_decoders.md"
# What is not on the page, and has to be there before: videos as shards, and a trained network.
BEFORE = """
keras-i3d make_synthetic --out=made --videos=2 --frames=12 --size=48x36 --motions=MoveLeft,ZoomIn
keras-i3d make_tfrecords --format=ucf101 --root=made/videos --annotations=made/ucfTrainTestlist
 --out=shards --flow=farneback --short_side=32 --workers=1
keras-i3d train --recipe=synthetic_small --output_dir=runs/rgb
"""
SIZES = ["--num_frames=8", "--resize=32", "--crop=32", "--batch_size=2", "--steps=1"]
SMALLER = {
    "train": [*SIZES, "--warm_up=0", "--boundaries=", "--factors=1"]
    + ["--validate_every=1", "--validation_videos=2"],
    "decode_flow": [*SIZES, "--validation_videos=2"],
}


def commands():
    text = (PROJECT / PAGE).read_text("utf-8")
    return re.findall(r"^\$ keras-i3d (.*)$", text, re.MULTILINE)


def run(command, folder):
    name, *given = shlex.split(command)
    flags = [*given, *SMALLER.get(name, [])]
    if name == "train":
        narrow = "--model=learnt_flow_five_units" if "learnt_flow" in command else "--width=0.1"
        flags += [narrow] if "--weights=" in command else [narrow, "--weights=none"]
    if "--data=shards" in given:
        flags.append("--validation_split=test")  # UCF-101's lists have no other
    done = subprocess.run(
        [*EAGER_COMMAND, name, *flags],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, f"{command}\n{done.stderr[-3000:]}"


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_every_command_in_its_order(tmp_path):
    for command in re.findall(r"keras-i3d ((?:.|\n )*)\n", BEFORE):
        run(command, tmp_path)
    for command in commands():
        run(command, tmp_path)
    errors = FlowErrors.load(tmp_path / "decoded/errors.npz")
    assert list(errors.cells) == ["Conv3d_2c_3x3", "Mixed_3c", "Mixed_5c"]
    assert set(errors.cells["Mixed_3c"]) == {"zeros", "simple", "spatial", "pwc"}
    for name in ("report/report.html", "Mixed_3c_pwc.keras", "history.csv"):
        assert (tmp_path / "decoded" / name).is_file()
    for name in ("flow_loss", "small", "first", "tuned"):
        assert (tmp_path / "runs" / name / "final.keras").is_file()


def test_the_page_names_every_way():
    """The test above runs whatever stands there; these must stand there."""
    found = " ".join(commands())
    for part in ("decode_flow", "d3d_flow_loss", "--flow_loss=", "learnt_flow_first"):
        assert part in found
    assert "decode_flow(settings" in examples(PAGE)[0]
