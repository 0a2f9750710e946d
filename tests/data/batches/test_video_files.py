"""Video files as a source: pixels and numbers of decoding by hand."""

import numpy as np
import pytest

from keras_i3d.data.batches.clip_sources import Skipped, read_crops
from keras_i3d.data.batches.evaluation import evaluation_batches
from keras_i3d.data.batches.sampling import evaluation_crops
from keras_i3d.data.batches.training import training_batches
from keras_i3d.data.batches.video_files import VideoFiles
from keras_i3d.data.flow import methods as flow
from keras_i3d.data.flow.flow_files import FlowFileError, write_flow_file
from keras_i3d.data.lists.annotations import Video
from keras_i3d.data.pixels.cropping import CENTRE
from keras_i3d.data.pixels.preprocessing import Preprocessing, resize_and_crop
from keras_i3d.data.video.decoding import VideoError, VideoFile
from keras_i3d.data.video.timelines import Timelines
from keras_i3d.data.video.timing import resample, spans
from tests.conftest import write_video
from tests.data.seen import seen

SPEC = seen(4, 1, 24, 16)
FLOW = seen(4, 1, 24, 16, ("flow",))
MIDDLE = [(CENTRE, CENTRE)]


def take(*numbers):
    return lambda total: dict.fromkeys(("rgb", "flow"), np.array(numbers))


@pytest.fixture
def frames():
    return np.random.default_rng(0).integers(0, 256, (12, 30, 40, 3), np.uint8)


@pytest.fixture
def path(tmp_path, frames):
    return str(write_video(tmp_path / "noise.mkv", frames))


def test_pixels_are_those_of_preprocessing(path, frames):
    source = VideoFiles([Video(path, (0,), "v")], ["a"])
    clip = source.read_crops(0, take(7, 8, 0, 7), evaluation_crops(3), SPEC)["rgb"]
    assert (clip.shape, clip.dtype) == ((3, 4, 16, 16, 3), np.uint8)
    wanted = resize_and_crop(frames[[7, 8, 0, 7]], Preprocessing(25, 24, 16))
    np.testing.assert_array_equal(clip[1], wanted)
    whole = source.read(0, 2, 3)["rgb"]
    assert whole.shape == (3, 256, 341, 3)


def test_a_part_of_a_file(path, frames):
    source = VideoFiles([Video(path, (0,), "v", start=0.12, end=0.32)], ["a"])
    assert source.num_frames(0) == 5
    clip = source.read_crops(0, take(0, 4), MIDDLE, SPEC)["rgb"]
    wanted = resize_and_crop(frames[[3, 7]], Preprocessing(25, 24, 16))
    np.testing.assert_array_equal(clip[0], wanted)
    late = VideoFiles([Video(path, (0,), "v", start=10.0)], ["a"])
    with pytest.raises(VideoError, match="it ends before 10.0 s"):
        late.num_frames(0)
    with pytest.raises(ValueError, match="should have frames 3 to 5. Received: 5 frames"):
        source.read_crops(0, take(3, 5), MIDDLE, SPEC)


def test_an_index_that_lies_is_not_believed(path, frames, monkeypatch):
    honest = Timelines.indexed

    def lying(self, path):
        timeline = honest(self, path)
        shifted = timeline.stamps + 1
        return type(timeline)(timeline.frames[:-3], shifted)

    monkeypatch.setattr(Timelines, "indexed", lying)
    source = VideoFiles([Video(path, (0,), "v")], ["a"])
    totals = []

    def last(total):
        totals.append(total)
        return {"rgb": np.array([total - 1])}

    clip = source.read_crops(0, last, MIDDLE, SPEC)["rgb"]
    assert totals == [9, 12]
    wanted = resize_and_crop(frames[[11]], Preprocessing(25, 24, 16))
    np.testing.assert_array_equal(clip[0], wanted)


def test_flow_from_its_folder(path, tmp_path):
    stored = np.random.default_rng(1).uniform(-15, 15, (11, 24, 32, 2)).astype(np.float32)
    how = flow.FlowFingerprint("tvl1", {}, "1", 25, 24, 20.0)
    write_flow_file(tmp_path / "noise.mkv.flow.zip", stored, how)
    source = VideoFiles([Video(path, (0,), "v", start=0.08)], ["a"], tmp_path, tmp_path)
    clip = source.read_crops(0, take(0, 3, 8, 9), MIDDLE, seen(4, 1, 24, 16, ("flow", "rgb")))
    # Frame 0 is the file's frame 2; the last frame, 11, has no flow of its own: that of 10.
    wanted = stored[[2, 5, 10, 10], 4:20, 8:24]
    np.testing.assert_allclose(clip["flow"][0], wanted, atol=20 / 254 + 1e-4)
    assert clip["rgb"].shape == (1, 4, 16, 16, 3)
    with pytest.raises(
        ValueError, match="shorter side of 30. Received: 32 x 24. Flow cannot be resized"
    ):
        source.read_crops(0, take(0), MIDDLE, seen(1, 1, 30, 16, ("flow",)))


def test_flow_of_another_rate_is_refused(path, tmp_path):
    """It would be read at the wrong moments: frame 30 of a second's 25 is none."""
    how = flow.FlowFingerprint("tvl1", {}, "1", 25, 24, 20.0)
    write_flow_file(tmp_path / "noise.mkv.flow.zip", np.zeros((11, 24, 32, 2), np.float32), how)
    source = VideoFiles([Video(path, (0,), "v")], ["a"], tmp_path, tmp_path, fps=30)
    with pytest.raises(flow.FingerprintError, match="with --fps=30. Received: --fps=25; compute"):
        source.read(0, 0, 4, ("flow",))
    with pytest.raises(flow.FingerprintError, match="with --fps=30. Received: --fps=25; compute"):
        source.read_crops(0, take(0), MIDDLE, FLOW)
    larger = seen(4, 1, 30, 16, ("flow",))
    source = VideoFiles([Video(path, (0,), "v")], ["a"], tmp_path, tmp_path)
    for batches in (training_batches, evaluation_batches):
        with pytest.raises(flow.FingerprintError, match="--short_side=30. Received: .*side=24"):
            batches(source, 1, larger)


def test_flow_of_two_kinds_is_not_mixed(path, tmp_path):
    (tmp_path / "b").mkdir()
    frames = np.zeros((3, 24, 32, 2), np.float32)
    for name, method in (("noise.mkv", "tvl1"), ("b/noise.mkv", "dis")):
        how = flow.FlowFingerprint(method, {}, "1", 25, 24, 20.0)
        write_flow_file(tmp_path / f"{name}.flow.zip", frames, how)
    other = str(tmp_path / "b" / "noise.mkv")
    (tmp_path / "b" / "noise.mkv").write_bytes((tmp_path / "noise.mkv").read_bytes())
    videos = [Video(path, (0,), "v"), Video(other, (0,), "w")]
    source = VideoFiles(videos, ["a"], tmp_path, tmp_path)
    source.read_crops(0, take(0), MIDDLE, FLOW)
    with pytest.raises(flow.FingerprintError, match="expected tvl1 .* received dis"):
        source.read_crops(1, take(0), MIDDLE, FLOW)
    with pytest.raises(ValueError, match="flow_folder should name the folder"):
        VideoFiles(videos, ["a"]).read_crops(0, take(0), MIDDLE, FLOW)
    with pytest.raises(FlowFileError, match="no such file"):
        VideoFiles(videos, ["a"], tmp_path / "b", tmp_path).read(1, 0, 1, ("flow",))
    with pytest.raises(ValueError, match="root should be the folder"):
        VideoFiles(videos, ["a"], tmp_path)


def test_a_real_clip_equals_decoding_by_hand(shared):
    path = str(shared / "clips" / "playing_guitar.mp4")  # 30 frames per second
    spec = Preprocessing()
    with VideoFile(path) as file:
        cut = ((resize_and_crop(image, spec), stamp, length) for image, stamp, length in file)
        by_hand = list(resample(spans(cut, file.frame_duration), 25))
    source = VideoFiles([Video(path, (0,), "v")], ["a"])
    assert source.num_frames(0) == len(by_hand) == 250
    for start in (0, 101, 186):
        numbers = np.arange(start, start + 64)
        clip = read_crops(source, 0, lambda total: {"rgb": numbers}, MIDDLE, seen())  # noqa: B023
        np.testing.assert_array_equal(clip["rgb"][0], by_hand[start : start + 64])


def test_what_was_left_out_is_told():
    skipped = Skipped()
    assert (len(skipped), skipped.report()) == (0, "")
    skipped.add("a", "x/a.mp4: torn")
    skipped.add("b", "worn")
    skipped.add("b", "worn")
    assert skipped.report() == "2 videos were left out:\n  x/a.mp4: torn\n  b: worn"
    assert skipped.report(most=1).endswith("and 1 more")
