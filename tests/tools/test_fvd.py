"""keras-i3d fvd, as a user runs it."""

import json

import numpy as np
import pytest

from keras_i3d.training.checkpoints import save_network
from tests.conftest import write_video
from tests.fvd.conftest import mean_network
from tests.tools.test_extract_features import tool


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """A network whose logits are a clip's means, as a training leaves it."""
    path = tmp_path_factory.mktemp("network") / "means.keras"
    network = mean_network()
    save_network(network.model, path, network.record)
    return f"--weights={path}"


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Real 0 51 102 204, fake 51 102 153 153, sixteen frames each; faulty: good, broken, short."""
    root = tmp_path_factory.mktemp("videos")
    for side, levels in (("real", [0, 51, 102, 204]), ("fake", [51, 102, 153, 153])):
        (root / side).mkdir()
        for place, level in enumerate(levels):
            frames = [np.full((16, 16, 3), level, np.uint8)] * 16
            write_video(root / side / f"{place}.mkv", frames)
    (root / "faulty").mkdir()
    (root / "faulty" / "good.mkv").symlink_to(root / "real" / "1.mkv")
    (root / "faulty" / "broken.mp4").write_bytes(b"nothing")
    write_video(root / "faulty" / "short.mkv", [np.zeros((16, 16, 3), np.uint8)] * 3)
    return root


def fvd(*arguments):
    return tool(*arguments, name="fvd")


def by_hand(real, fake):
    x, y = (np.sqrt(3) * (np.array(one) / 127.5 - 1) for one in (real, fake))
    return (x.mean() - y.mean()) ** 2 + (x.std(ddof=1) - y.std(ddof=1)) ** 2


def test_two_folders(folders, weights, tmp_path):
    out, report, side = tmp_path / "fvd.json", tmp_path / "fvd.html", tmp_path / "real.npz"
    outputs = (f"--out={out}", f"--report={report}", f"--save_real={side}")
    status, printed, error = fvd(folders / "real", folders / "fake", weights, *outputs)
    assert status == 0, error
    details = json.loads(out.read_text())
    expected = by_hand([0, 51, 102, 204], [51, 102, 153, 153])
    assert details["fvd"] == pytest.approx(expected, rel=0.02)
    assert printed.splitlines()[-1] == details["line"]
    assert details["protocol"]["name"] == "google"
    page = report.read_text()
    assert page.count("<svg") == 1 and details["line"].split(";")[0] in page
    again, _, error = fvd(side, folders / "fake", weights, f"--out={out}", "--nocache")
    assert again == 0, error
    assert json.loads(out.read_text())["fvd"] == details["fvd"]


def test_what_cannot_be_used_is_named(folders, weights):
    status, printed, error = fvd(f"--real={folders}/real", f"--fake={folders}/faulty", weights)
    assert status == 1
    assert f"fvd: {folders}/faulty/broken.mp4: not a video" in error
    assert f"fvd: {folders}/faulty/short.mkv: too short: 3 frames of the 16" in error
    assert "4 real and 1 fake videos" in printed


@pytest.mark.slow
def test_several_sides(folders, weights, tmp_path):
    report = tmp_path / "fvd.html"
    sides = [folders / "real", folders / "fake", folders / "real"]
    status, printed, error = fvd("--compare", *sides, weights, f"--report={report}")
    assert status == 0, error
    rows = printed.splitlines()
    assert rows[0].startswith("fake") and len(rows) == 1 + 2 * 2
    assert f"{folders}/real" in report.read_text()


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ((), "give the real and the generated videos"),
        (("real",), "give the real and the generated videos"),
        (("real", "fake", "faulty"), "2 generated sides: give --compare"),
        (("real", "gone"), "there is no such file or folder"),
        (("real", "fake", "--protocol=goggle"), "protocol should be one of google, styleganv"),
        (("real", "fake", "--value_range=0,inf"), "--value_range should be such as 0,1"),
        (("real", "fake", "--value_range=1"), "--value_range should be such as 0,1"),
        (("real", "fake", "--engine=openvino", "--precision=int8"), "add --allow_approximate"),
        (("real", "fake", "--weights=gone"), "--weights should be"),
    ],
)
def test_wrong_flags(folders, flags, expected):
    given = [flag if flag.startswith("--") else folders / flag for flag in flags]
    status, printed, error = fvd(*given)
    assert (status, printed) == (2, "")
    assert expected in error and error.count("\n") == 1
