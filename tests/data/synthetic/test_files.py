"""The synthetic videos as files, read back as UCF-101's are."""

import json
import subprocess
import sys
from dataclasses import replace
from hashlib import sha256

import filelock
import numpy as np
import pytest

from keras_i3d.data import VideoFile
from keras_i3d.data.lists.annotations import read_annotations
from keras_i3d.data.synthetic.files import VideoSet, plan_videos, write_videos

LEAVE_HALF = """
import os, sys
from keras_i3d.files.whole import whole_file
with whole_file(sys.argv[1] + "/v_Still_g01_c01.mp4") as file:
    os._exit(3)
"""
SMALL = VideoSet(
    motions=("MoveLeft", "Still"),
    appearances=("Cat", "Gravel"),
    videos_per_class=3,
    num_frames=5,
    size=(32, 48),
)


def contents(folder):
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(p.relative_to(folder)): sha256(p.read_bytes()).hexdigest() for p in files}


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("synthetic") / "set"
    return folder, write_videos(folder, SMALL, processes=1)


def test_every_video_is_there_and_shows_what_was_drawn(written):
    folder, paths = written
    plans = plan_videos(SMALL)
    assert [p.relative_to(folder / "videos").as_posix() for p in paths] == [p.name for p in plans]
    assert len(plans) == 6
    for path, plan in zip(paths, plans, strict=True):
        with VideoFile(path) as video:
            frames = np.stack([frame for frame, _, _ in video])
        wanted = SMALL.source(plan.quarter).read(plan.index, 0, 5)["rgb"]
        assert video.fps == 25
        assert np.abs(frames.astype(int) - wanted).mean() < 4, "what H.264 loses"


@pytest.mark.parametrize("number", [1, 2, 3])
def test_the_reader_of_ucf101_reads_it(written, number):
    folder, paths = written
    found = read_annotations(
        "ucf101", folder / "videos", [folder / "ucfTrainTestlist"], split_number=number
    )
    assert found.classes == ("MoveLeft", "Still")
    assert not found.problems
    train, test = ({v.path for v in found.splits[s]} for s in ("train", "test"))
    assert not train & test
    assert train | test == {str(path) for path in paths}
    for videos in found.splits.values():
        for video in videos:
            assert found.classes[video.labels[0]] in video.path


def test_groups_of_the_official_lists():
    """g01 to g07, g08 to g14, g15 to g21, and quarters that no two of them share."""
    plans = plan_videos(replace(SMALL, videos_per_class=50))
    groups = {quarter: {p.group + 1 for p in plans if p.quarter == quarter} for quarter in range(4)}
    assert groups == {
        0: set(range(1, 8)),
        1: set(range(8, 15)),
        2: set(range(15, 22)),
        3: set(range(22, 26)),
    }
    assert len({plan.name for plan in plans}) == len(plans) == 100
    assert {plan.name[-7:-4] for plan in plans} == {"c01", "c02"}
    assert len({(plan.quarter, plan.index) for plan in plans}) == 100


def test_a_run_that_was_broken_off_goes_on_with_the_same_bytes(written, tmp_path):
    whole, _ = written
    folder = tmp_path / "set"

    def stop(outcomes, total):
        for number, outcome in enumerate(outcomes):
            if number == 2:
                raise KeyboardInterrupt
            yield outcome

    with pytest.raises(KeyboardInterrupt):
        write_videos(folder, SMALL, processes=1, watch=stop)
    assert not (folder / "ucfTrainTestlist").exists()
    gone = subprocess.run([sys.executable, "-c", LEAVE_HALF, folder / "videos" / "Still"])
    assert (gone.returncode, len(list(folder.rglob(".v_*.part")))) == (3, 1)
    totals = []
    write_videos(
        folder, SMALL, processes=1, watch=lambda outcomes, total: totals.append(total) or outcomes
    )
    assert 0 < totals[0] < 6
    assert contents(folder) == contents(whole)


def test_a_folder_that_holds_something_else(written, tmp_path):
    folder, _ = written
    before = contents(folder)
    with pytest.raises(ValueError, match="holds videos made with other num_frames, seed: choose"):
        write_videos(folder, replace(SMALL, seed=1, num_frames=6))
    assert contents(folder) == before
    (tmp_path / "thesis.tex").write_text("")
    with pytest.raises(ValueError, match="is not empty, and no synthetic.json says"):
        write_videos(tmp_path, SMALL)
    (tmp_path / "synthetic.json").write_text("[")
    with pytest.raises(ValueError, match="holds videos made with other"):
        write_videos(tmp_path, SMALL)


def test_two_at_once(written):
    folder, _ = written
    with (
        filelock.FileLock(folder / ".lock"),
        pytest.raises(BlockingIOError, match="another process is at work there"),
    ):
        write_videos(folder, SMALL)


def test_its_record_says_how_it_was_made(written):
    record = json.loads((written[0] / "synthetic.json").read_text())
    assert (record["task"], record["seed"], record["size"]) == ("motion", 0, [32, 48])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"videos_per_class": 1}, "videos_per_class should be 2 or more"),
        ({"motions": ("Fly",)}, "Received: 'Fly'"),
    ],
)
def test_sets_that_cannot_be(changes, message):
    with pytest.raises(ValueError, match=message):
        replace(SMALL, **changes)
