"""Many videos: all accounted for, nothing twice, whatever is killed meanwhile."""

import json
import os
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

import keras_i3d
from keras_i3d.features.jobs import Job
from keras_i3d.features.many_videos import decoding_processes, extract_many, windows_waiting
from keras_i3d.features.output_folder import OtherFeaturesError, OutputFolder
from keras_i3d.features.seen_frames import Sight
from keras_i3d.features.to_folder import Order
from keras_i3d.features.writers import write_features
from keras_i3d.files import producers
from keras_i3d.files.spawning import QuietlySpawned
from keras_i3d.models.catalogue import network
from tests.conftest import PROJECT, write_video
from tests.features.conftest import tiny_network


@pytest.fixture
def videos(tmp_path):
    """Four videos of 5, 10, 15 and 20 frames, one broken, one missing."""
    folder = tmp_path / "videos"
    folder.mkdir()
    for number in range(4):
        frames = [np.full((12, 16, 3), 10 * i, np.uint8) for i in range(5 * (number + 1))]
        write_video(folder / f"{number}.mkv", frames)
    (folder / "broken.mkv").write_bytes(b"nothing")
    return folder


@pytest.fixture(scope="module")
def extractor():
    return keras_i3d.FeatureExtractor(tiny_network("rgb"), window=4, tail="partial", batch=3)


def jobs(videos):
    paths = [*sorted(videos.iterdir()), videos / "gone.mkv"]
    return [Job(str(path), path.stem) for path in paths]


def run(extractor, videos, out, **options):
    with OutputFolder(out, extractor.metadata, **options) as folder:
        finished = list(extract_many(extractor, jobs(videos), folder, write_features, processes=2))
        folder.write_manifest(jobs(videos), {"line 7": "no such class"})
    return {one.job.name: one for one in finished}


def test_every_video_has_its_outcome(videos, tmp_path, extractor, monkeypatch):
    out, started = tmp_path / "out", []
    monkeypatch.setattr(producers, "QuietlySpawned", lambda: started.append(1) or QuietlySpawned())
    finished = run(extractor, videos, out)
    assert len(started) <= 2  # a process reads one video after the other
    assert {n: f.status for n, f in finished.items()} == {
        "0": "done", "1": "done", "2": "done", "3": "done", "broken": "failed", "gone": "failed"
    }  # fmt: skip
    assert finished["broken"].record["cause"].startswith("not a video")
    assert finished["gone"].record["cause"] == "no such file"
    for number in range(4):
        alone = extractor.features(videos / f"{number}.mkv")
        with np.load(out / f"{number}.npz") as file:
            np.testing.assert_array_equal(file["rgb"], alone.arrays["rgb"]["Mixed_5c"])
            np.testing.assert_array_equal(file["start"], alone.start)
            assert json.loads(str(file["metadata"])) == json.loads(alone.metadata_json())
    lines = [json.loads(line) for line in (out / "manifest.jsonl").read_text().splitlines()]
    assert [(line["video"].rpartition("/")[2], line["status"]) for line in lines] == [
        ("0.mkv", "done"), ("1.mkv", "done"), ("2.mkv", "done"), ("3.mkv", "done"),
        ("broken.mkv", "failed"), ("gone.mkv", "failed"), ("line 7", "skipped"),
    ]  # fmt: skip
    assert (lines[1]["windows"], lines[1]["outputs"][0]["file"]) == (3, "1.npz")


def test_again_only_what_is_missing_damaged_or_changed(videos, tmp_path, extractor):
    out = tmp_path / "out"
    run(extractor, videos, out)
    before = {path.name: path.read_bytes() for path in out.glob("*.npz")}
    (out / "0.npz").unlink()
    data = bytearray(before["1.npz"])
    data[100] ^= 1  # of the same size: only its hash tells
    (out / "1.npz").write_bytes(data)
    (out / "2.npz").write_bytes(b"cut off")
    again = run(extractor, videos, out)
    assert {n for n, f in again.items() if f.fresh} == {"0", "2", "broken", "gone"}
    verified = run(extractor, videos, out, verify=True)
    assert {n for n, f in verified.items() if f.fresh} == {"1", "broken", "gone"}
    assert {path.name: path.read_bytes() for path in out.glob("*.npz")} == before
    write_video(videos / "broken.mkv", [np.zeros((12, 16, 3), np.uint8)] * 4)
    mended = run(extractor, videos, out)
    assert {n for n, f in mended.items() if f.fresh} == {"broken", "gone"}
    assert mended["broken"].status == "done"


def test_features_made_in_two_ways_are_not_mixed(videos, tmp_path, extractor):
    run(extractor, videos, tmp_path / "out")
    other = keras_i3d.FeatureExtractor(extractor.network, window=4, stride=2)
    with pytest.raises(OtherFeaturesError, match="features.stride was 4, is 2"):
        OutputFolder(tmp_path / "out", other.metadata)


def test_a_folder_takes_int8_that_did_a_little_better_in_its_check(tmp_path):
    """Two machines that share a folder each check; processors differ in the last digits."""
    for cosine in (0.99871, 0.99872):
        engine = {"precision": "int8", "check": {"least_cosine": cosine}}
        order = Order()
        vars(order)["extractor"] = SimpleNamespace(metadata={"engine": engine})
        OutputFolder(tmp_path, order.made())
        assert order.extractor.metadata["engine"] == engine


def test_what_may_not_become_features(videos, tmp_path, extractor):
    """Another video of the same name, another part of one, a name outside, a video half copied."""
    out = tmp_path / "out"
    run(extractor, videos, out)
    growing = videos / "3.mkv"
    wrong = [
        Job(str(videos / "1.mkv"), "0"), Job(str(videos / "2.mkv"), "2", part=(0.1, 0.2)),
        Job(str(videos / "1.mkv"), "../1"), Job(str(growing), "growing"),
    ]  # fmt: skip
    with OutputFolder(out, extractor.metadata) as folder:
        found = list(
            extract_many(
                extractor, wrong, folder, write_features, processes=1,
                seen=lambda frames: os.utime(growing, (1, 1)),
            )
        )  # fmt: skip
        folder.write_manifest(wrong, {})
    assert {one.status for one in found} == {"failed"}
    causes = {one.job.name: one.record["cause"] for one in found}
    assert f"has features of {videos / '0.mkv'} under the name 0" in causes["0"]
    assert f"has features of {videos / '2.mkv'} under the name 2" in causes["2"]
    assert causes["../1"].startswith("its name should be that of a place below --out")
    assert causes["growing"].startswith("it changed while it was read")
    assert not (tmp_path / "1.npz").exists() and not (out / "growing.npz").exists()
    lines = [json.loads(line) for line in (out / "manifest.jsonl").read_text().splitlines()]
    assert [(line["name"], line["status"]) for line in lines[:4]] == [
        ("0", "failed"), ("2", "failed"), ("../1", "failed"), ("growing", "failed")
    ]  # fmt: skip
    assert {line["name"] for line in lines[4:] if line["status"] == "done"} == set("0123")


def test_windows_that_wait_are_bounded_in_bytes():
    """Ten crops of both streams, on sixteen cores: 353 MB a window."""
    inputs = network("two_stream_i3d").seen("both")
    size = Sight(inputs, crops=10).window_bytes(64)
    assert size == 64 * 10 * 224 * 224 * (3 + 2 * 4)
    assert windows_waiting(size, 16) == 3
    assert windows_waiting(4 * 8 * 8 * 3, 2) == 8
    assert windows_waiting(1 << 40, 2) == decoding_processes(1 << 40) == 1


WORKER = """
import sys
from pathlib import Path

if __name__ == "__main__":
    import keras_i3d
    from keras_i3d.features.many_videos import extract_many
    from keras_i3d.features.output_folder import OutputFolder
    from keras_i3d.features.writers import write_features
    from tests.features.conftest import tiny_network
    from tests.features.test_many_videos import jobs

    extractor = keras_i3d.FeatureExtractor(tiny_network("rgb"), window=4, tail="partial", batch=3)
    videos, out = map(Path, sys.argv[1:])
    with OutputFolder(out, extractor.metadata) as folder:
        for one in extract_many(extractor, jobs(videos), folder, write_features, processes=1):
            print(one.job.name, one.status, one.fresh, flush=True)
        folder.write_manifest(jobs(videos), {})
"""


def worker(videos, out, tmp_path):
    program = tmp_path / "worker.py"
    program.write_text(WORKER)
    return subprocess.Popen(
        [sys.executable, program, videos, out],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(PROJECT), "TF_CPP_MIN_LOG_LEVEL": "3"},
    )


@pytest.mark.slow
def test_killed_three_times_on_two_processes_at_once(tmp_path, extractor):
    """200 videos, five of them broken: each is made once, all are accounted for, equal bytes."""
    videos, out = tmp_path / "videos", tmp_path / "out"
    videos.mkdir()
    for number in range(195):
        frames = [np.full((12, 16, 3), (number + 9 * i) % 256, np.uint8) for i in range(9)]
        write_video(videos / f"{number}.mkv", frames)
    for number in range(5):
        (videos / f"broken{number}.mkv").write_bytes(b"no video" * number)
    made = []
    for _ in range(3):
        processes = [worker(videos, out, tmp_path) for _ in range(2)]
        for line in processes[0].stdout:
            made.append(line)
            if len(made) % 20 == 0:
                break
        for process in processes:
            process.kill()
            made += process.communicate()[0].splitlines(keepends=True)
    last = [worker(videos, out, tmp_path) for _ in range(2)]
    for process in last:
        made += process.communicate()[0].splitlines(keepends=True)
        assert process.returncode == 0
    fresh = [line.split()[0] for line in made if line.endswith("done True\n")]
    assert len(fresh) == len(set(fresh))  # a line that a kill kept back is no second making
    lines = [json.loads(line) for line in (out / "manifest.jsonl").read_text().splitlines()]
    status = {line["name"]: line["status"] for line in lines}
    assert status == {
        **{str(number): "done" for number in range(195)},
        **{f"broken{number}": "failed" for number in range(5)},
        "gone": "failed",
    }
    assert len(list(out.glob("*.npz"))) == 195
    assert not list(out.rglob("*.part")) and not list((out / ".features/leases").iterdir())
    alone = tmp_path / "alone"
    run(extractor, videos, alone)
    for number in range(195):
        assert (out / f"{number}.npz").read_bytes() == (alone / f"{number}.npz").read_bytes()
