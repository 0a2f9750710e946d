"""Parts of files, and flow that compute_flow has stored: the same as by hand."""

import dataclasses
import json

import numpy as np
import pytest

import keras_i3d
from keras_i3d.data.flow.data_sets import compute_flows
from keras_i3d.data.flow.flow_files import FlowFile, FlowFileError
from keras_i3d.data.flow.methods import decode
from keras_i3d.data.lists.annotations import Annotations, Video
from keras_i3d.features.jobs import (
    WHOLE,
    Job,
    check_flow_names,
    jobs_of_data_set,
    jobs_of_videos,
)
from keras_i3d.features.layouts import LAYOUTS, write_layout
from keras_i3d.features.many_videos import extract_many
from keras_i3d.features.output_folder import OutputFolder
from keras_i3d.features.seen_frames import watch
from keras_i3d.features.stored_flow import without_flow
from keras_i3d.features.writers import write_features
from keras_i3d.prediction_inputs import NamedVideo
from tests.conftest import write_video
from tests.features.conftest import tiny_network
from tests.features.test_extraction import value

SIDE = 24


def made(extractor, jobs, folder, write=write_features):
    """Each job's outcome by its name."""
    with OutputFolder(folder, extractor.metadata) as out:
        return {one.job.name: one for one in extract_many(extractor, jobs, out, write, processes=1)}


# === Parts ===


def test_a_part_has_its_own_frames_on_the_files_clock(rising, tmp_path):
    """Frames 3 to 6 of a file at 25 a second; a part that begins after the end is told."""
    extractor = keras_i3d.FeatureExtractor(tiny_network("rgb"), window=4)
    jobs = [
        Job(str(rising), "middle", part=(0.12, 0.28)),
        Job(str(rising), "end", part=(0.32, None)),
        Job(str(rising), "after", part=(2.0, 3.0)),
    ]
    outcomes = made(extractor, jobs, tmp_path / "out")
    assert outcomes["after"].record["cause"] == "it ends before 2 s, where the part begins"
    for name, numbers, times in (
        ("middle", (3, 4, 5, 6), (0.12, 0.28)),
        ("end", (8, 9, 8, 9), (0.32, 0.40)),
    ):
        with np.load(tmp_path / "out" / f"{name}.npz") as file:
            np.testing.assert_allclose(file["rgb"], [[value(*numbers)] * 3], atol=0.01)
            assert (file["start"][0], file["end"][0]) == pytest.approx(times)
            assert json.loads(str(file["metadata"]))["video"]["begin"] == 0  # the file's own


def test_a_native_part_takes_the_frames_that_are_shown_in_it(rising, tmp_path):
    extractor = keras_i3d.FeatureExtractor(tiny_network("rgb"), window=4, fps="native")
    made(extractor, [Job(str(rising), "middle", part=(0.12, 0.28))], tmp_path)
    with np.load(tmp_path / "middle.npz") as file:
        np.testing.assert_allclose(file["rgb"], [[value(3, 4, 5, 6)] * 3], atol=0.01)
        assert file["start"].tolist() == pytest.approx([0.12])


def test_parts_in_a_list_are_jobs_of_their_own(tmp_path):
    """Kinetics: the whole file is there, and the list names ten seconds of it, twice."""
    from keras_i3d.data.lists.annotations import read_annotations

    frames = [np.zeros((12, 16, 3), np.uint8)] * 2
    write_video(tmp_path / "abcdefghijk.mp4", frames, codec="mpeg4", pix_fmt="yuv420p")
    lines = ["label,youtube_id,time_start,time_end,split", "run,abcdefghijk,0,10,train",
             "jump,abcdefghijk,10,20,train"]  # fmt: skip
    (tmp_path / "list.csv").write_text("\n".join(lines))
    annotations = read_annotations(
        "kinetics", tmp_path, [tmp_path / "list.csv"], classes=("run", "jump")
    )
    jobs, skipped = jobs_of_data_set(annotations, str(tmp_path), labels=True)
    assert [(job.part, job.labels) for job in jobs] == [((0, 10), ("run",)), ((10, 20), ("jump",))]
    assert len({job.name for job in jobs}) == 2 and not skipped
    assert {job.flow_name for job in jobs} == {"abcdefghijk.mp4"}


def test_no_two_parts_have_one_name(tmp_path):
    """Ids are unique within a split alone; one of a list need not stay below --out."""
    listed = {
        "train": [Video("a/x.mp4", (), "1", 0.0, 5.0), Video("b/x.mp4", (), "own")],
        "test": [Video("a/x.mp4", (), "1", 5.0, None), Video("a/x.mp4", (), "../2", 0.0, 1.5)],
    }
    jobs, _ = jobs_of_data_set(Annotations((), listed), "/")
    assert {(job.part, job.name, job.cause is None) for job in jobs} == {
        ((0.0, 5.0), "a/x_0_5", True), ((None, None), "b/x", True),
        ((5.0, None), "a/x_5_end", True), ((0.0, 1.5), "../2", False),
    }  # fmt: skip


# === Stored flow ===


@pytest.fixture(scope="module")
def moving(tmp_path_factory):
    """videos/below/moves.mkv, a texture that goes to the right, and its flow below flow/."""
    pytest.importorskip("numba", reason="TV-L1 needs the extra flow")
    pytest.importorskip("pebble", reason="compute_flow needs the extra flow")
    picture = np.random.default_rng(0).integers(0, 256, (SIDE // 4, SIDE // 4, 3), np.uint8)
    picture = picture.repeat(4, axis=0).repeat(4, axis=1)
    folder = tmp_path_factory.mktemp("moving")
    path = folder / "videos" / "below" / "moves.mkv"
    path.parent.mkdir(parents=True)
    write_video(path, [np.roll(picture, i, axis=1) for i in range(9)])
    compute_flows([(str(path), "below/moves.mkv")], folder / "flow", "tvl1", flow_spec())
    return path


def flow_spec():
    return tiny_network("flow", crop=SIDE).record.inputs["flow"].preprocessing


def test_stored_flow_is_what_the_network_sees(moving, tmp_path):
    stored, root = moving.parents[2] / "flow", moving.parents[1]
    how = {"window": 4, "flows": str(stored)}
    extractor = keras_i3d.FeatureExtractor(tiny_network("flow", crop=SIDE), **how)
    outcomes = made(
        extractor, jobs_of_videos([NamedVideo(str(moving))], str(root)), tmp_path / "out"
    )
    assert outcomes["moves"].status == "done", outcomes["moves"].record
    with FlowFile(stored / "below" / "moves.mkv.flow.zip") as file:
        flow = np.stack([decode(file[i]) for i in range(len(file))])
    flow = np.concatenate([flow, flow[-1:]])  # the last frame has the flow of the one before it
    means = [flow[numbers].mean((0, 1, 2)) / 20 for numbers in ([0, 1, 2, 3], [4, 5, 6, 7], [8])]
    with np.load(tmp_path / "out" / "moves.npz") as features:
        np.testing.assert_allclose(features["flow"], means, atol=1e-5)
        assert json.loads(str(features["metadata"]))["flow"]["coding"] != "float32"
    alone = extractor.features(moving, name="below/moves.mkv")
    np.testing.assert_array_equal(alone.arrays["flow"]["Mixed_5c"][0], features_of(tmp_path)[0])


def features_of(folder):
    with np.load(folder / "out" / "moves.npz") as file:
        return file["flow"]


def test_where_none_is_stored_it_is_computed_and_rounded_alike(moving, tmp_path):
    stored = moving.parents[2] / "flow"
    network = tiny_network("flow", crop=SIDE)
    found = [
        keras_i3d.FeatureExtractor(network, window=4, flows=str(folder))
        .features(moving, name="below/moves.mkv")
        .arrays["flow"]["Mixed_5c"]
        for folder in (stored, tmp_path / "empty")
    ]
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize("part", [WHOLE, (0.16, 0.24), (0.28, None)])
def test_flow_of_a_part_is_the_same_wherever_it_comes_from(moving, tmp_path, part):
    """Also that of its last frame, which goes to the frame after the part."""
    network = tiny_network("flow", crop=SIDE)

    def flow(**how):
        sight = keras_i3d.FeatureExtractor(network, window=2, **how).sight
        found = list(watch(str(moving), sight, part, "below/moves.mkv"))
        return np.stack([one.frame["flow"] for one in found[:-1]])

    stored = flow(flows=str(moving.parents[2] / "flow"))
    assert len(stored) == {WHOLE: 9, (0.16, 0.24): 2, (0.28, None): 2}[part]
    np.testing.assert_array_equal(flow(flows=str(tmp_path / "empty")), stored)
    for how in ({}, {"fps": "native"}):
        np.testing.assert_allclose(
            flow(**how), stored, atol=0.51 * 40 / 254
        )  # half a step of the coding


@pytest.mark.parametrize(("count", "part"), [(8, WHOLE), (8, (0.04, None)), (10, WHOLE)])
def test_flow_of_a_longer_or_shorter_video_is_refused(moving, tmp_path, count, part):
    frames = [np.zeros((SIDE, SIDE, 3), np.uint8)] * count
    other = write_video(tmp_path / "moves.mkv", frames)
    how = {"window": 2, "flows": str(moving.parents[2] / "flow")}
    sight = keras_i3d.FeatureExtractor(tiny_network("flow", crop=SIDE), **how).sight
    with pytest.raises(FlowFileError, match="the flow of another video: it has 9 frames"):
        list(watch(str(other), sight, part, "below/moves.mkv"))


def test_two_videos_may_not_have_one_flow():
    videos = [NamedVideo("a/run.mp4"), NamedVideo("b/run.mp4"), NamedVideo("b/jump.mp4")]
    with pytest.raises(ValueError, match=r"a/run.mp4 and b/run.mp4, both with run.mp4.flow.zip"):
        check_flow_names(jobs_of_videos(videos))
    check_flow_names(jobs_of_videos(videos, "."))
    check_flow_names([Job("a", "1", part=(0, 1), flow_name="a"), Job("a", "2", flow_name="a")])


def test_which_videos_have_no_flow(tmp_path):
    (tmp_path / "a.mp4.flow.zip").touch()
    assert without_flow(str(tmp_path), ["b.mp4", "a.mp4", "a/a.mp4"]) == ["a/a.mp4", "b.mp4"]


@pytest.mark.slow
def test_flow_made_in_another_way_or_of_another_video_is_refused(moving, tmp_path):
    rough = dataclasses.replace(flow_spec(), fps=5)
    network = tiny_network("flow", crop=SIDE)
    compute_flows([(str(moving), "rough.mkv")], tmp_path, "tvl1", rough)
    short = write_video(tmp_path / "short.mkv", [np.zeros((SIDE, SIDE, 3), np.uint8)] * 3)
    compute_flows([(str(short), "other.mkv")], tmp_path / "other", "tvl1", flow_spec())
    for folder, name, says in (
        (tmp_path, "rough.mkv", "compute it again with --fps=25 --short_side="),
        (tmp_path / "other", "other.mkv", "the flow of another video: it has 3 frames"),
    ):
        extractor = keras_i3d.FeatureExtractor(network, window=4, flows=str(folder))
        outcome = made(extractor, [Job(str(moving), "moves", flow_name=name)], folder / "out")
        assert outcome["moves"].status == "failed" and says in outcome["moves"].record["cause"]


def test_a_parts_flow_is_that_of_its_frames(moving, tmp_path):
    stored = moving.parents[2] / "flow"
    network = tiny_network("flow", crop=SIDE)
    extractor = keras_i3d.FeatureExtractor(network, window=2, flows=str(stored))
    job = Job(str(moving), "moves", part=(0.16, 0.24), flow_name="below/moves.mkv")
    assert made(extractor, [job], tmp_path / "out")["moves"].status == "done"
    with FlowFile(stored / "below" / "moves.mkv.flow.zip") as file:
        wanted = np.stack([decode(file[i]) for i in (4, 5)]).mean((0, 1, 2)) / 20
    np.testing.assert_allclose(features_of(tmp_path), [wanted], atol=1e-5)


# === Layouts, from a video to the numbers in the file ===


def test_actionformers_file_of_twenty_frames(tmp_path):
    """Two windows, RGB then flow, which is zero where nothing moves."""
    pytest.importorskip("numba", reason="TV-L1 needs the extra flow")
    frames = [np.full((SIDE, SIDE, 3), 10 * i, np.uint8) for i in range(20)]
    path = write_video(tmp_path / "clip.mkv", frames, fps=30)
    layout = LAYOUTS["actionformer"]
    network = tiny_network("rgb", "flow", crop=SIDE)
    features = keras_i3d.extract_features(path, network=network, **layout.settings)
    write_layout(features, tmp_path / "out" / "clip", layout)
    array = np.load(tmp_path / "out" / "clip.npy")
    rgb = [value(*(i / 2 for i in range(first, first + 16))) for first in (0, 4)]
    assert (array.shape, array.dtype) == ((2, 5), np.float32)
    np.testing.assert_allclose(array[:, :3], np.repeat(rgb, 3).reshape(2, 3), atol=0.01)
    np.testing.assert_allclose(array[:, 3:], 0, atol=0.02)


def test_rtfms_file_of_seventeen_frames(tmp_path):
    """The second snippet is the seventeenth frame alone, repeated; ten crops of it."""
    frames = [np.full((12, 16, 3), 10 * i, np.uint8) for i in range(17)]
    path = write_video(tmp_path / "clip.mkv", frames)
    layout = LAYOUTS["rtfm"]
    features = keras_i3d.extract_features(path, network=tiny_network("rgb"), **layout.settings)
    write_layout(features, tmp_path / "out" / "clip", layout)
    array = np.load(tmp_path / "out" / "clip_i3d.npy")
    assert (array.shape, array.dtype) == ((2, 10, 3), np.float32)
    np.testing.assert_allclose(array[0], value(*(i / 2 for i in range(16))), atol=0.01)
    np.testing.assert_allclose(array[1], value(8), atol=0.01)
