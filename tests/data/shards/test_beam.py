"""The Beam pipeline on one machine: the bytes of the plain run, also after a break."""

import sys

import numpy as np
import pytest

from keras_i3d.data.lists.annotations import Video
from keras_i3d.data.shards import assembly, beam
from keras_i3d.data.shards.examples import write_record
from keras_i3d.data.shards.plan import ShardOptions, plan_shards
from keras_i3d.files import storage
from tests.conftest import write_video


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("videos")
    for number in range(6):
        frames = [np.full((24, 32, 3), 20 * number + t, np.uint8) for t in range(3)]
        write_video(folder / f"{number}.mkv", frames)
    (folder / "6.mkv").write_bytes(b"nothing")
    return folder, [Video(str(folder / f"{n}.mkv"), (n % 2,), f"v{n}") for n in range(7)]


def plan(out, videos):
    root, listed = videos
    return plan_shards(out, "train", "ab", listed, ShardOptions(3, short_side=24), root)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # Beam's own
def test_the_direct_runner_gives_the_same_bytes(tmp_path, videos):
    pytest.importorskip("apache_beam", reason="needs Apache Beam: pip install 'keras-i3d[beam]'")
    assembly.write_shards(plan(tmp_path / "plain", videos), 2)
    made = plan(tmp_path / "beam", videos)
    with assembly.working(made):  # a run that was broken off after one video
        write_record(made.jobs[1][0])
    manifest = beam.write_shards_with_beam(made)
    assert (manifest.listed, manifest.written, len(manifest.failed)) == (7, 6, 1)
    assert contents(tmp_path / "beam") == contents(tmp_path / "plain")


def test_without_beam_it_says_what_to_install(tmp_path, videos, monkeypatch):
    monkeypatch.setitem(sys.modules, "apache_beam", None)
    with pytest.raises(ImportError, match=r"pip install 'keras-i3d\[beam\]'"):
        beam.write_shards_with_beam(plan(tmp_path, videos))
    assert not storage.exists(str(tmp_path / ".train.work"))


def test_an_unknown_runner_is_refused(tmp_path, videos):
    with pytest.raises(ValueError, match="runner should be one of DirectRunner, FlinkRunner"):
        beam.write_shards_with_beam(plan(tmp_path, videos), "Nowhere")
