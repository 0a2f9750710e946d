"""keras-i3d extract_features, as a user runs it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from keras_i3d.training.checkpoints import save_network
from tests.conftest import write_video
from tests.features.conftest import tiny_network


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """A tiny network, as a training leaves it."""
    path = tmp_path_factory.mktemp("network") / "tiny.keras"
    network = tiny_network("rgb")
    save_network(network.model, path, network.record)
    return f"--weights={path}"


@pytest.fixture
def videos(tmp_path):
    """a/run.mkv, b/run.mkv, b/jump.mkv of 10 frames each."""
    for name in ("a/run", "b/run", "b/jump"):
        path = tmp_path / "videos" / f"{name}.mkv"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_video(path, [np.full((12, 16, 3), 20 * i, np.uint8) for i in range(10)])
    return tmp_path / "videos"


def tool(*arguments, name="extract_features"):
    """(exit status, standard output, standard error)."""
    done = subprocess.run(
        [Path(sys.executable).parent / "keras-i3d", name, *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout, done.stderr


def files(folder):
    return sorted(
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and ".features" not in path.parts
    )


def test_a_folder_twice(videos, weights, tmp_path):
    out = tmp_path / "out"
    command = (f"--out={out}", f"--root={videos}", weights, "--window=4")
    status, printed, error = tool(*command)
    assert status == 0, error
    assert "3 videos: 0 had their features, 3 made (30 frames" in printed
    assert files(out) == ["a/run.npz", "b/run.npz", "jump.npz", "manifest.jsonl"]
    with np.load(out / "jump.npz") as file:
        assert sorted(file) == ["centre", "end", "metadata", "rgb", "start"]
        assert file["rgb"].shape == (3, 3)
        assert file["end"].tolist() == pytest.approx([0.16, 0.32, 0.4])
        assert json.loads(str(file["metadata"]))["video"]["frames"] == 10
    status, printed, _ = tool(*command)
    assert status == 0 and "3 videos: 3 had their features, 0 made" in printed
    status, _, error = tool(*command, "--stride=2")
    assert status == 2
    assert "features that were made in another way: features.stride was 4, is 2" in error


def test_files_good_and_bad_and_a_layout(videos, weights, tmp_path):
    broken = tmp_path / "-dash & 100%.mp4"
    broken.write_bytes(b"no video")
    gone = tmp_path / "gone.mp4"
    out = tmp_path / "out"
    status, printed, error = tool(
        f"--out={out}", weights, "--layout=vslnet", "--window=4", f"--video={broken}", gone,
        videos / "a" / "run.mkv",
    )  # fmt: skip
    assert status == 1
    assert "3 videos: 0 had their features, 1 made" in printed and "2 failed" in printed
    assert f"extract_features: {broken}: not a video" in error
    assert f"extract_features: {gone}: no such file" in error
    assert files(out) == ["manifest.jsonl", "metadata/run.json", "run.npy"]
    lines = [json.loads(line) for line in (out / "manifest.jsonl").read_text().splitlines()]
    assert [line["status"] for line in lines] == ["failed", "failed", "done"]


def test_a_data_set_with_its_labels(videos, weights, tmp_path):
    (videos / "c").symlink_to("nowhere")
    out = tmp_path / "out"
    status, printed, error = tool(
        f"--out={out}", weights, f"--root={videos}", "--format=folders", "--labels",
        "--allow_missing", "--write=hdf5",
    )  # fmt: skip
    assert status == 0, error
    lines = [json.loads(line) for line in (out / "manifest.jsonl").read_text().splitlines()]
    assert [(line.get("name"), line["status"], line.get("labels")) for line in lines] == [
        ("a/run", "done", ["a"]), ("jump", "done", ["b"]), ("b/run", "done", ["b"]),
        (None, "skipped", None),
    ]  # fmt: skip
    assert "1 listed lines were skipped" in printed


@pytest.mark.slow
def test_every_nasty_file_has_its_outcome(nasty, shared, weights, tmp_path):
    """Broken ones fail, each in one line that names it; all others have features."""
    told = json.loads((shared / "nasty" / "nasty.json").read_text())
    paths = sorted(nasty.iterdir())
    assert {path.name for path in paths} == told.keys()
    out = tmp_path / "out"
    status, printed, error = tool(f"--out={out}", weights, "--window=16", "--", *paths)
    assert status == 1
    lines = [json.loads(line) for line in (out / "manifest.jsonl").read_text().splitlines()]
    outcomes = {line["video"].rpartition("/")[2]: line for line in lines}
    assert outcomes.keys() == told.keys()
    failed = {name for name, line in outcomes.items() if line["status"] == "failed"}
    broken = {name for name, one in told.items() if one["decodable"] is False}
    # Of what may be read or refused: a picture named as a video, and WebP where FFmpeg has none.
    assert broken <= failed <= broken | {"jpeg_renamed.mp4", "animated.webp"}
    for name in failed:
        cause = outcomes[name]["cause"]
        assert "\n" not in cause and error.count(f"{nasty / name}: {cause}\n") == 1
    assert f"{len(told)} videos: 0 had their features, {len(told) - len(failed)} made" in printed
    for name in told.keys() - failed:
        (output,) = outcomes[name]["outputs"]
        with np.load(out / output["file"]) as file:
            assert len(file["rgb"]) == outcomes[name]["windows"] >= 1
            assert np.isfinite(file["rgb"]).all(), name


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        ((), "--out is missing: give --out=FOLDER"),
        (("--out=x",), "no videos: give --video=FILE, --root=FOLDER or --list=FILE"),
        (("--out=x", "--root=.", "a.mp4"), "give files or a --list, or a data set by --root"),
        (("--out=x", "--layout=bmt", "--write=npy", "a.mp4"), "leave out --write"),
        (("--out=x", "--labels", "a.mp4"), "--labels are those of a data set"),
        (("--out=x", "--fps=fast", "a.mp4"), "fps should be a number of frames a second"),
        (("--out=x", "--layers=Mixed_9z", "a.mp4"), "layers should be of i3d: "),
        (("--out=x", "--list=gone.txt"), "--list=gone.txt: No such file"),
        (("--out=x", "--tail=cut", "a.mp4"), "flag --tail=cut"),
        (("--out=x", "--root=.", "--split=test"), "--split is for a data set: give --root and --f"),
        (("--out=x", "--format=csv", "a.mp4"), "--format is for a data set: give --root and --f"),
        (("--out=x", "--flow=typo", "a.mp4"), "there is no such folder: typo"),
        (("--out=x", "--flow=.", "a/1.mp4", "b/1.mp4"), "stored flow should be of one video each"),
    ],
)
def test_wrong_flags(flags, says, weights, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, printed, error = tool(weights, *flags)
    assert (status, printed) == (2, "")
    assert says in error and not (tmp_path / "x").exists()
