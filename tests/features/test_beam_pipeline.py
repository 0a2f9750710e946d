"""Features on Beam's local runner with several workers: the files that one process makes."""

import numpy as np
import pytest

pytest.importorskip("apache_beam", reason="Beam has an environment of its own: make test-beam")

from keras_i3d.features.beam_pipeline import extract_with_beam
from keras_i3d.features.jobs import Job
from keras_i3d.features.to_folder import Order, extract_to_folder
from keras_i3d.training.checkpoints import save_network
from tests.conftest import write_video
from tests.features.conftest import tiny_network

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]


def test_equal_to_one_process(tmp_path):
    network = tiny_network("rgb")
    save_network(network.model, tmp_path / "tiny.keras", network.record)
    jobs = []
    for number in range(12):
        frames = [np.full((12, 16, 3), 9 * number + i, np.uint8) for i in range(9)]
        jobs.append(Job(str(write_video(tmp_path / f"{number}.mkv", frames)), str(number)))
    jobs.append(Job(str(tmp_path / "gone.mkv"), "gone"))
    order = Order(weights=str(tmp_path / "tiny.keras"), how={"window": 4})
    here = list(extract_to_folder(order, jobs, tmp_path / "here", {}, processes=1))
    local = ["--direct_num_workers=2", "--direct_running_mode=multi_threading"]
    beam = list(
        extract_with_beam(
            order, jobs, tmp_path / "beam", "DirectRunner", {}, arguments=local, processes=1
        )
    )
    assert {(one.job.name, one.status) for one in beam} == {
        (one.job.name, one.status) for one in here
    }
    names = sorted(path.name for path in (tmp_path / "here").glob("*.npz"))
    assert len(names) == 12
    for name in [*names, "manifest.jsonl"]:
        assert (tmp_path / "beam" / name).read_bytes() == (tmp_path / "here" / name).read_bytes()
    again = list(extract_with_beam(order, jobs, tmp_path / "beam", "DirectRunner", {}, local))
    assert [one.job.name for one in again if one.fresh] == ["gone"]
