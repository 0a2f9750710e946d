"""What a run says before its first step, and which folders it goes on in."""

from dataclasses import replace

import pytest

from keras_i3d.data.batches.clip_sources import Skipped
from keras_i3d.training.devices import Devices
from keras_i3d.training.inputs import Inputs
from keras_i3d.training.networks import resolved
from keras_i3d.training.recipes import SYNTHETIC_SMALL, UCF101_FINE_TUNE, to_json
from keras_i3d.training.run import check_run, is_finished
from keras_i3d.training.run_summary import run_summary
from tests.training import tiny


def test_all_that_was_found_is_said(tmp_path):
    """The tiny network: 3 x 3 x 3 x 3 x 4 and 3 x 3 x 4 x 6 kernels, shifts and statistics of batch
    norm (3 each of 4 and 6), and 6 x 5 + 5 of the logits; its second unit is held.
    """
    recipe = replace(UCF101_FINE_TUNE, data="ucf101/shards_1", steps=5_000)
    found = Inputs(tuple(map(str, range(101))), None, None, Skipped(), learnt=9537, validated=3783)
    model = tiny.network()
    model.get_layer("second").trainable = False
    total, learnt = 324 + 216 + 3 * (4 + 6) + 35, 324 + 4 + 35
    assert list(run_summary(recipe, found, model, Devices(), tmp_path, 1200)) == [
        f"network  i3d, rgb, from imagenet+kinetics: {total} parameters, {learnt} of them trained",
        "data     ucf101/shards_1: 9,537 training videos (train), 3,783 validation videos "
        "(test), 101 classes",
        "run      5,000 steps of 96 clips (64 x 224 x 224), on 1 CPU, float32; 1,200 steps are "
        "done",
        f"output   {tmp_path}: history.csv, tensorboard/, checkpoints/, best.keras, final.keras",
    ]


STEPPED = replace(SYNTHETIC_SMALL, schedule="step", boundaries=(100,), factors=(1.0, 0.1))


def folder_of(recipe, folder):
    (folder / "recipe.json").write_text(to_json(resolved(recipe)))
    (folder / "final.keras").touch()
    return folder


@pytest.mark.parametrize("schedule", [STEPPED, replace(SYNTHETIC_SMALL, schedule="plateau")])
def test_more_steps_go_on(tmp_path, schedule):
    folder = folder_of(schedule, tmp_path)
    longer = replace(schedule, steps=900)
    check_run(longer, folder, Devices())
    assert is_finished(schedule, folder)
    assert not is_finished(longer, folder)


@pytest.mark.parametrize(
    ("before", "now", "wanted"),
    [
        (STEPPED, replace(STEPPED, steps=300), "another recipe: steps: was 500, now 300"),
        (STEPPED, replace(STEPPED, steps=900, seed=1), "steps: was 500, now 900; seed: was 0"),
        (
            STEPPED,
            replace(STEPPED, steps=900, boundaries=(100, 600), factors=(1.0, 0.1, 0.01)),
            "boundaries: was",
        ),
        (
            SYNTHETIC_SMALL,
            replace(SYNTHETIC_SMALL, steps=900),
            "Finish it with steps=500, then start another folder from weights=.*final.keras",
        ),
    ],
)
def test_another_run_does_not(tmp_path, before, now, wanted):
    with pytest.raises(ValueError, match=wanted) as caught:
        check_run(now, folder_of(before, tmp_path), Devices())
    assert "\n" not in str(caught.value)
