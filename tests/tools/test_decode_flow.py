"""keras-i3d decode_flow, as a user has it: a run, the same again, Ctrl-C, wrong flags."""

import signal
import subprocess
import sys

import keras
import pytest

from keras_i3d.training.checkpoints import save_network
from tests.tools.test_predict import keras_i3d
from tests.training.test_flow_decoding import network

SMALL = ("--num_frames=4", "--resize=16", "--crop=16", "--batch_size=4", "--decoder=simple")
SMALL += ("--motions=MoveLeft,MoveRight", "--training_videos=20", "--validation_videos=6")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The .keras file of a tiny flow network."""
    path = tmp_path_factory.mktemp("run") / "tiny.keras"
    of = network()
    save_network(of.model, path, of.record)
    yield path
    keras.backend.clear_session()


@pytest.mark.slow
def test_a_run_and_the_same_again(trained, tmp_path):
    flags = (f"--network={trained}", "--end_point=half,quarter", f"--out={tmp_path}/out", *SMALL)
    status, out, err = keras_i3d("decode_flow", *flags, "--steps=8")
    assert status == 0, err
    assert "0:00:00 left" in err
    table, page = out.splitlines()[:-1], out.splitlines()[-1]
    rows = [[cell.strip() for cell in line.split("|")[1:4]] for line in table[2:]]
    assert rows == [
        [end, kind, grid]
        for end, grid in (("half", "4 x 8 x 8"), ("quarter", "2 x 4 x 4"))
        for kind in ("zeros", "simple")
    ]
    assert page == f"wrote {tmp_path}/out/report/report.html"
    assert len(list((tmp_path / "out/report").glob("flow_*.png"))) == 4
    report = (tmp_path / "out/report/report.md").read_text()
    status, again, err = keras_i3d("decode_flow", *flags, "--steps=8")
    assert (status, again) == (0, out), err
    assert (tmp_path / "out/report/report.md").read_text() == report
    status, _, err = keras_i3d("decode_flow", *flags, "--steps=9")
    assert (status, len(err.splitlines())) == (2, 1)
    assert "steps (was 8, now 9); give another folder" in err


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--network=x", "--out=y"], "--end_point is missing: give --end_point=..."),
        (["--network=nowhere", "--out=y", "--end_point=a"], "--network should be a name from"),
        (
            ["--network=x", "--out=y", "--end_point=a", "--decoder=dense"],
            "decoder should be one of simple, spatial, pwc. Received: dense",
        ),
    ],
)
def test_wrong_flags_cost_one_line(flags, says, tmp_path):
    status, _, err = keras_i3d("decode_flow", *flags)
    assert (status, len(err.splitlines())) == (2, 1), err
    assert says in err


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_ctrl_c_keeps_what_was_learnt(trained, tmp_path):
    arguments = [sys.executable, "-c", "from keras_i3d.tools.command import main; main()"]
    arguments += ["decode_flow", f"--network={trained}", "--end_point=half", *SMALL]
    arguments += [f"--out={tmp_path}", "--steps=100000"]
    running = subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True)
    try:
        while not list((tmp_path / "checkpoints").glob("*.npz")):
            assert running.poll() is None
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=120)
    finally:
        running.kill()
    assert running.returncode == 130
    assert "run the same command to continue" in err and "Traceback" not in err
