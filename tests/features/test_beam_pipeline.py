"""Features on Beam's local runner with several workers: the files that one process makes."""

import time

import numpy as np
import pytest

pytest.importorskip("apache_beam", reason="Beam has an environment of its own: make test-beam")

from keras_i3d.features import beam_pipeline
from keras_i3d.features.beam_pipeline import extract_with_beam
from keras_i3d.features.jobs import Job
from keras_i3d.features.to_folder import Order, extract_to_folder
from keras_i3d.training.checkpoints import save_network
from tests.conftest import write_video
from tests.features.conftest import tiny_network

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]


THREADS = ["--direct_num_workers=2", "--direct_running_mode=multi_threading"]


@pytest.fixture
def order(tmp_path):
    network = tiny_network("rgb")
    save_network(network.model, tmp_path / "tiny.keras", network.record)
    return Order(weights=str(tmp_path / "tiny.keras"), how={"window": 4})


def video(folder, name, grey=0):
    """The job of nine frames."""
    frames = [np.full((12, 16, 3), grey + i, np.uint8) for i in range(9)]
    return Job(str(write_video(folder / f"{name}.mkv", frames)), name)


def test_equal_to_one_process(order, tmp_path):
    jobs = [video(tmp_path, str(number), 9 * number) for number in range(12)]
    jobs.append(Job(str(tmp_path / "gone.mkv"), "gone"))
    here = list(extract_to_folder(order, jobs, tmp_path / "here", {}, processes=1))
    out = tmp_path / "beam"
    beam = list(extract_with_beam(order, jobs, out, "DirectRunner", {}, THREADS, processes=1))
    assert {(one.job.name, one.status) for one in beam} == {
        (one.job.name, one.status) for one in here
    }
    names = sorted(path.name for path in (tmp_path / "here").glob("*.npz"))
    assert len(names) == 12
    for name in [*names, "manifest.jsonl"]:
        assert (out / name).read_bytes() == (tmp_path / "here" / name).read_bytes()
    again = list(extract_with_beam(order, jobs, out, "DirectRunner", {}, THREADS))
    assert [one.job.name for one in again if one.fresh] == ["gone"]


def test_threads_of_a_process_take_turns_at_its_network(order, tmp_path, monkeypatch):
    """An engine is of one thread; Beam has several in a process."""
    begun, ended = [], []

    def extract(order, jobs, *_, **__):
        begun.append(len(begun) == len(ended))
        time.sleep(0.05)  # another thread would come in between
        ended.append(order)
        return ()

    monkeypatch.setattr(beam_pipeline, "extract_to_folder", extract)
    jobs = [Job(f"{number}.mkv", str(number)) for number in range(80)]
    list(extract_with_beam(order, jobs, tmp_path / "out", "DirectRunner", {}, THREADS))
    assert len(begun) > 1 and all(begun)
    assert len(set(map(id, ended))) == 1


def test_a_name_that_is_anothers_fails_that_video_alone(order, tmp_path):
    out = tmp_path / "out"
    list(extract_to_folder(order, [video(tmp_path, "a")], out, {}, processes=1))
    jobs = [Job(video(tmp_path, "other", 9).path, "a"), video(tmp_path, "b")]
    found = list(extract_with_beam(order, jobs, out, "DirectRunner", {}, processes=1))
    assert [(one.job.name, one.status) for one in found] == [("a", "failed"), ("b", "done")]
    assert "under the name a" in found[0].record["cause"]


def test_a_video_that_changed_after_it_was_read_has_failed(order, tmp_path, monkeypatch):
    def extract_and_change(order, jobs, *arguments, **options):
        yield from extract_to_folder(order, jobs, *arguments, **options)
        video(tmp_path, "a", 90)

    monkeypatch.setattr(beam_pipeline, "extract_to_folder", extract_and_change)
    jobs = [video(tmp_path, "a")]
    (found,) = extract_with_beam(order, jobs, tmp_path / "out", "DirectRunner", {}, processes=1)
    assert found.status == "failed" and "changed" in found.record["cause"]
