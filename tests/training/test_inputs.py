"""What a run says of its data before the first step."""

from dataclasses import replace

import pytest

from keras_i3d.data.batches.augmentation import Augmentation
from keras_i3d.data.batches.data_source import open_source
from keras_i3d.data.lists.annotations import read_annotations
from keras_i3d.data.lists.auto_split import AutoSplit
from keras_i3d.data.lists.data_set import DataSet
from keras_i3d.data.pixels.preprocessing import TORCHVISION_RGB, Input
from keras_i3d.training.devices import Devices
from keras_i3d.training.inputs import open_inputs
from keras_i3d.training.recipe_checks import change
from keras_i3d.training.recipes import Recipe
from tests.data.seen import seen


def opened(videos):
    return open_inputs(videos, seen(), Devices(), batch_size=1, augmentation=Augmentation())


@pytest.fixture
def folder(tmp_path):
    """Five videos of each of two classes, without splits; nothing is decoded."""
    for name in ("talk", "tea"):
        (tmp_path / name).mkdir()
        for number in range(5):
            (tmp_path / name / f"v{number}.mp4").touch()
    return tmp_path


def test_training_is_told_what_check_dataset_says(folder):
    text = "path,label,split\ntea/v0.mp4,1,train\ntea/v1.mp4,2,train\ntalk/v0.mp4,3,test\n"
    (folder / "list.csv").write_text(text)
    inputs = opened(DataSet(data=str(folder / "list.csv"), validation_split="test"))
    assert inputs.concerns == read_annotations("csv", folder, [folder / "list.csv"]).concerns
    assert len(inputs.concerns) == 2
    learnt = opened(DataSet(data=str(folder / "list.csv"), validation_split=None))
    assert "no video of class '0', '3'" in learnt.concerns[0]


def test_missing_videos_stop_a_training_or_are_left_out_and_named(folder):
    (folder / "list.csv").write_text(
        "path,label,split\ntea/v0.mp4,0,train\ntalk/v1.mp4,1,train\ngone.mp4,1,train\n"
    )
    videos = DataSet(data=str(folder / "list.csv"), validation_split=None)
    with pytest.raises(ValueError, match="--allow_missing"):
        opened(videos)
    inputs = opened(replace(videos, allow_missing=True))
    assert inputs.learnt == 2
    note = inputs.notes[-1]
    assert "1 of 3 listed videos are left out" in note
    assert "gone.mp4" in note


def test_what_the_lists_reader_chose_is_said(folder):
    videos = DataSet(data=str(folder), auto_split=0.8, seed=5)
    assert (
        opened(videos).notes
        == read_annotations("folders", folder, auto_split=AutoSplit(0.8, 5, ("train", "val"))).notes
    )
    assert "divided by auto_split=0.8 with seed 5" in " ".join(opened(videos).notes)


def test_data_made_by_rule_is_of_no_concern():
    assert opened(DataSet(training_videos=3, validation_videos=2)).concerns == ()


def test_a_folder_without_splits_is_divided_for_training_and_evaluation(folder):
    videos = DataSet(data=str(folder), auto_split=0.8, seed=5)
    with pytest.raises(ValueError, match="--auto_split=0.8"):
        opened(replace(videos, auto_split=None))
    assert opened(videos).concerns == ()
    train, val = (open_source(videos, split, seen()) for split in ("train", "val"))
    assert (train.num_videos, val.num_videos) == (8, 2)
    ids = [{source.id(i) for i in range(source.num_videos)} for source in (train, val)]
    assert not ids[0] & ids[1]
    again = open_source(replace(videos, validation_split="test"), "test", seen())
    assert {again.id(i) for i in range(2)} == ids[1]


@pytest.mark.parametrize("changes", [{"auto_split": 1.5}, {"auto_split": 0.8}])
def test_recipes_that_cannot_be(changes):
    with pytest.raises(ValueError, match="auto_split"):
        change(Recipe(), changes)


def test_videos_made_by_rule_are_of_the_rate_that_the_network_sees():
    """Of torchvision's S3D, whose 15 frames a second no source else would have."""
    inputs = {"rgb": Input(frames=4, preprocessing=TORCHVISION_RGB).changed(short_side=36, crop=32)}
    videos = DataSet(training_videos=4, validation_videos=2)
    assert open_source(videos, "train", inputs).fps == 15
    devices, augmentation = Devices(), Augmentation()
    made = open_inputs(videos, inputs, devices, batch_size=2, augmentation=augmentation)
    clips, labels = next(iter(made.training(0, (0, 1))))
    assert clips.shape == (2, 4, 32, 32, 3)
    assert labels.shape == (2, 10)
