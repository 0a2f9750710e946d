"""Where tools write: a full disk and a folder that cannot be written, each told in one line."""

import os
import subprocess
import sys

import numpy as np
import pytest

from tests.conftest import write_video
from tests.tools.test_command import answers

COMMAND = [sys.executable, "-c", "from keras_i3d.tools.command import main; main()"]


@pytest.fixture
def disk(tmp_path):
    """A function of mount's options that gives a command: what it starts has a disk of its own."""

    def with_disk(folder, options):
        mount = f"mount -t tmpfs -o {options} tmpfs '{folder}' && exec \"$@\""
        return ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount, "sh"]

    (tmp_path / "disk").mkdir()
    try:
        subprocess.run([*with_disk(tmp_path / "disk", "size=4k"), "true"], check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no file system can be mounted here")
    return lambda options: with_disk(tmp_path / "disk", options)


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    """Six videos, whose flow or shard is larger than 200 kB."""
    folder = tmp_path_factory.mktemp("videos")
    noise = np.random.default_rng(0).integers(0, 255, (20, 120, 160, 3), np.uint8)
    for number in range(6):
        write_video(folder / f"{number}.mkv", noise)
    return folder


SMALL_RUN = "--num_frames=8 --resize=32 --crop=32 --batch_size=2 --warm_up=2 --steps=2"
FULL = [
    ("4k", "serving_config --out=DISK/new", "new/batching.config"),
    ("64k", "make_synthetic --out=DISK/new --videos=2", "new/videos/"),
    (
        "64k",
        "make_tfrecords --root=VIDEOS --format=files --out=DISK/new",
        "new/.all.work/00000-00000",
    ),
    ("4k", "check_dataset --root=VIDEOS --format=files --out=DISK/new", "new/manifest.jsonl"),
]
SLOW = [
    ("200k", "compute_flow --root=VIDEOS --format=files --out=DISK/new", ".mkv.flow.zip"),
    ("4k", f"train --output_dir=DISK/new {SMALL_RUN}", "new/labels.txt"),
    ("30m", f"train --output_dir=DISK/new {SMALL_RUN} --validation_videos=3", "new/best.keras"),
    (
        "4m",
        "inflate_weights --source=inception_v1 --weights=none --check_frames=8 --out=DISK/x.keras",
        "x.keras",
    ),
    (
        "4m",
        "inflate_weights --source=inception_v1 --weights=none --check_frames=8 "
        "--out=DISK/x.weights.h5",
        "x.weights.h5",
    ),
]


@pytest.mark.parametrize(
    ("size", "call", "named"),
    [*FULL, *(pytest.param(*case, marks=pytest.mark.slow) for case in SLOW)],
)
def test_a_full_disk_ends_the_work_in_one_line(size, call, named, disk, videos, tmp_path):
    call = call.replace("DISK", str(tmp_path / "disk")).replace("VIDEOS", str(videos))
    look = ["sh", "-c", f"\"$@\"; status=$?; find '{tmp_path}/disk'; exit $status", "sh"]
    done = subprocess.run(
        [*disk(f"size={size}"), *look, *COMMAND, *call.split()], capture_output=True, text=True
    )
    assert done.returncode == 1
    *bars, told = done.stderr.replace("\r", "\n").splitlines()
    assert "Traceback" not in done.stderr and sum("No space left" in line for line in bars) == 0
    assert told.lstrip().startswith(f"{call.split()[0]}: {tmp_path}/disk/")
    assert named in told
    assert told.endswith("No space left on device; make room, and run the same command again")
    assert ".part" not in done.stdout


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="only Linux has /dev/full")
@pytest.mark.parametrize("call", ["--version", "list --help"])
def test_what_is_printed_onto_a_full_disk(call):
    with open("/dev/full", "w") as full:
        done = subprocess.run([*COMMAND, *call.split()], stdout=full, stderr=-1, text=True)
    name = "list" if "list" in call else "keras-i3d"
    cure = "No space left on device; make room, and run the same command again"
    assert (done.returncode, done.stderr) == (1, f"{name}: {cure}\n")


def test_a_folder_that_cannot_be_written_is_told_before_the_work(disk, tmp_path):
    """A disk that is read only; as is told of a folder of somebody else, and before any import."""
    out = tmp_path / "disk"
    for name in ("a.npz", "b.npz", "x.mp4"):
        (tmp_path / name).touch()
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos" / "x.mp4").touch()
    calls = [
        ["predict", str(tmp_path / "x.mp4"), f"--csv={out}/x.csv"],
        ["inflate_weights", "--source=inception_v1", f"--out={out}/x.keras"],
        ["visualise", f"--out={out}/x.png"],
        ["make_synthetic", f"--out={out}/new"],
        ["check_dataset", f"--root={tmp_path}/videos", "--format=files", f"--out={out}/new"],
        ["compute_flow", str(tmp_path / "x.mp4"), f"--out={out}/new"],
        ["train", f"--output_dir={out}/new"],
        ["evaluate", f"--run={tmp_path}", f"--out={out}/x.npz"],
        ["fuse", str(tmp_path / "a.npz"), str(tmp_path / "b.npz"), f"--out={out}/x.npz"],
        ["report", str(tmp_path / "a.npz"), f"--report={out}/new"],
        ["experiments", f"--out={out}/new"],
        ["export_saved_model", f"--out={out}/new/1"],
        ["serving_config", f"--out={out}/new"],
    ]
    found = answers(*calls, within=disk("ro,size=4k"))
    for tool, (status, heavy, printed) in found.items():
        assert (status, "tensorflow" in heavy, "keras" in heavy) == (1, False, False), tool
        assert printed.startswith(f"{tool}: {out}"), tool
        assert printed.endswith("Read-only file system; choose another place\n"), tool
        assert printed.count("\n") == 1, tool
    calls = [[tool, *(flag.replace(f"={out}", f"={tmp_path}/a.npz") for flag in flags)]
             for tool, *flags in calls if any(flag.endswith("new") for flag in flags)]  # fmt: skip
    for tool, (status, _, printed) in answers(*calls).items():
        assert (status, printed.count("\n")) == (1, 1), tool
        assert f"{tmp_path}/a.npz: Not a directory; choose another place" in printed, tool


def test_a_folder_where_a_file_should_be(tmp_path):
    (tmp_path / "x.csv").mkdir()
    (tmp_path / "x.mp4").touch()
    call = ["predict", str(tmp_path / "x.mp4"), f"--csv={tmp_path}/x.csv"]
    ((status, heavy, printed),) = answers(call).values()
    assert (status, heavy) == (1, "[]")
    assert printed.endswith(f"{tmp_path}/x.csv: Is a directory; choose another place\n")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_of_somebody_else(tmp_path):
    (tmp_path / "closed").mkdir(mode=0o500)
    ((status, _, printed),) = answers(["serving_config", f"--out={tmp_path}/closed/new"]).values()
    assert (status, "Permission denied; choose another place" in printed) == (1, True)
