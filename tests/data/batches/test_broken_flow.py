"""Flow with NaN or infinity: its video is left out by name and counted, never fed."""

import json

import numpy as np
import pytest

from keras_i3d.data.batches.augmentation import Augmentation
from keras_i3d.data.batches.clip_sources import Skipped
from keras_i3d.data.batches.evaluation import evaluation_batches, whole_video_batches
from keras_i3d.data.batches.training import training_batches
from keras_i3d.data.flow.flow_files import FlowFile, FlowFileError, write_flow_file
from keras_i3d.data.flow.methods import FlowFingerprint
from tests.data.counting import CountingVideos
from tests.data.seen import seen

FLOW = seen(frames=4, short_side=12, crop=8, streams=("flow",))


class BrokenFlow(CountingVideos):
    """As CountingVideos, but some values of video 2's flow are none."""

    def __init__(self, value):
        super().__init__()
        self.value = value

    def read(self, index, start, count, streams):
        clip = super().read(index, start, count, streams)
        if index == 2:
            clip["flow"][:, 5, 5, 0] = self.value
        return clip


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_neither_training_nor_evaluation_is_fed_with_it(value):
    source = BrokenFlow(value)

    def fed(batches, count):
        for batch, _ in zip(batches, range(count), strict=False):
            assert np.isfinite(batch[0]).all()
            yield batch

    for made in (evaluation_batches, whole_video_batches):
        skipped = Skipped()
        options = {"batch_size": 1} if made is evaluation_batches else {}
        found = fed(made(source, inputs=FLOW, skipped=skipped, **options), 99)
        assert {int(v) for _, _, videos, _ in found for v in videos} == {0, 1, 3, 4, 5}
        assert list(skipped.causes) == ["video 2"]
        assert "not finite (NaN or infinity)" in skipped.report()
    skipped = Skipped()
    batches = training_batches(source, 6, FLOW, skipped=skipped, augmentation=Augmentation(flip=0))
    assert len(list(fed(batches, 3))) == 3
    assert list(skipped.causes) == ["video 2"]


def test_without_a_list_of_what_is_left_out_it_is_an_error():
    with pytest.raises(Exception, match="video 2: 4 frames of its flow are not finite"):
        list(evaluation_batches(BrokenFlow(np.nan), 1, FLOW))


@pytest.mark.parametrize("bound", ["NaN", "Infinity", "1e39", "1e400", "0"])
def test_a_flow_file_whose_bound_makes_flow_infinite_is_refused(bound, tmp_path, monkeypatch):
    how = FlowFingerprint("tvl1", {}, "1", 25, 24, 20.0)
    text = how.to_json()
    monkeypatch.setattr(FlowFingerprint, "to_json", lambda _: text.replace("20.0", bound))
    write_flow_file(tmp_path / "v.flow.zip", np.zeros((2, 4, 4, 2), np.float32), how)
    assert json.loads(how.to_json())["method"] == "tvl1"
    with pytest.raises(FlowFileError, match="v.flow.zip: .*bound should be"):
        FlowFile(tmp_path / "v.flow.zip")
