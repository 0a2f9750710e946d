"""A run evaluated: what its score file says that it rests on."""

import hashlib
from dataclasses import asdict, replace

import numpy as np
import pytest

import keras_i3d
from keras_i3d import engines
from keras_i3d.applications.loaded import LoadedNetwork
from keras_i3d.data.lists.data_set import DataSet
from keras_i3d.evaluation.provenance import provenance
from keras_i3d.evaluation.published import published_for
from keras_i3d.evaluation.run_evaluation import (
    check_classes,
    evaluate_network,
    evaluate_run,
    report_evaluation,
)
from keras_i3d.evaluation.trials import AS_IT_IS, trial_of
from keras_i3d.models.catalogue import network
from keras_i3d.training.networks import inputs_of
from keras_i3d.training.recipes import SYNTHETIC_SMALL, UCF101_FINE_TUNE, to_json
from keras_i3d.training.run_folder import RunFolderError, read_run
from keras_i3d.weights.trained import record_of
from tests.conftest import write_video
from tests.training.test_run_folder import tiny

SMALL = replace(
    SYNTHETIC_SMALL, num_frames=4, motions=("MoveLeft", "Still"), validation_videos=3, stream="rgb"
)
KERNEL = np.arange(6, dtype=np.float32).reshape(3, 2)
# By hand: the one array of the network, and what Scores.made says of it.
SHA256 = hashlib.sha256(KERNEL.tobytes()).hexdigest()


def loaded(recipe):
    """The network of three pixels' means, as of a run with this recipe."""
    model = tiny()
    model.set_weights([KERNEL])
    made = {"recipe": asdict(recipe)}
    names = ("MoveLeft", "Still")
    record = record_of(network(recipe.model), "rgb", inputs_of(recipe), names, made=made)
    return LoadedNetwork(model, record, "final.keras")


@pytest.fixture
def run(tmp_path):
    (tmp_path / "recipe.json").write_text(to_json(SMALL))
    (tmp_path / "labels.txt").write_text("MoveLeft\nStill\n")
    loaded(SMALL).model.save(tmp_path / "final.keras")
    return read_run(tmp_path)


def test_a_runs_scores_say_what_they_rest_on(run):
    seen = []

    def watch(numbers, split, total):
        seen.append((split, total))
        return numbers

    scores = evaluate_run(run, num_clips=2, watch=watch)
    assert seen == [("val", 6)]  # the recipe's split; 3 videos, 2 clips of each
    assert scores.made == provenance(loaded(SMALL), SMALL.data_set, "val", num_clips=2)
    assert scores.made["weights_sha256"] == SHA256
    assert (scores.listed, scores.classes) == (3, ("MoveLeft", "Still"))


def test_another_engine_gives_the_same_scores_and_says_so(run):
    pytest.importorskip("openvino", reason="the openvino engine needs the extra [openvino]")
    wanted = evaluate_run(run, num_clips=2)
    scores = evaluate_run(run, num_clips=2, open_engine=in_openvino)
    np.testing.assert_allclose(scores.logits, wanted.logits, atol=1e-4)
    engine = scores.made.pop("engine")
    assert (engine["engine"], engine["precision"]) == ("openvino", "float32")
    assert scores.made == wanted.made


def in_openvino(network, source):
    return engines.open(network, outputs=["logits"], engine="openvino")


def test_the_record_of_scores(run):
    videos = UCF101_FINE_TUNE.data_set
    made = provenance(loaded(UCF101_FINE_TUNE), videos, "test", network="best", num_crops=3)
    assert made["keras_i3d"] == keras_i3d.__version__
    assert (made["network"], made["split"], made["stream"]) == ("best", "test", "rgb")
    assert (made["num_clips"], made["num_crops"]) == (None, 3)
    assert made["recipe"]["weights"] == "imagenet+kinetics"
    pixels = made["inputs"]["rgb"]["preprocessing"]
    assert (pixels["short_side"], pixels["crop"]) == (256, 224)
    trial = trial_of(made, 101)
    assert (trial.data, trial.division, trial.views) == ("UCF-101", 1, "whole videos x 3")


def test_videos_made_by_rule_are_named_by_what_they_show():
    """Two tasks on them are two data sets, which one table may show."""
    names = {
        provenance(loaded(SMALL), replace(SMALL.data_set, **changes), "test")["data"]
        for changes in ({}, {"motions": ("Shake",)}, {"task": "joint"}, {"motions": ()})
    }
    assert names == {
        "synthetic motion: MoveLeft, Still",
        "synthetic motion: Shake",
        "synthetic joint: MoveLeft, Still",
        "synthetic motion",
    }


def test_other_classes_than_the_learnt_ones_are_refused(run):
    (run.path / "labels.txt").write_text("MoveLeft\nShake\n")
    with pytest.raises(ValueError, match="class 1 .* should be 'Shake', as in .*labels.txt"):
        evaluate_run(read_run(run.path))
    with pytest.raises(ValueError, match="class 1 .* should be 'run', .* x.keras. Received: 'sit'"):
        check_classes(("jump", "sit"), ("jump", "run"), "x.keras")
    with pytest.raises(ValueError, match="should have the 1 classes of x.keras. Received: 2"):
        check_classes(("jump", "sit"), ("jump",), "x.keras")


def test_a_network_that_gives_no_numbers_is_named(run):
    model = tiny()
    model.set_weights([KERNEL * np.nan])
    model.save(run.path / "final.keras")
    with pytest.raises(RunFolderError, match=r"final\.keras: a logit .* not a finite number"):
        evaluate_run(run)


def test_a_runs_report_shows_the_mistakes(run, tmp_path):
    scores = evaluate_run(run)
    page = report_evaluation(
        tmp_path / "report", scores, run.recipe.data_set, inputs_of(run.recipe)
    )
    wrong = int((scores.probabilities.argmax(1) != scores.labels).sum())
    assert wrong > 0
    assert page.read_text("utf-8").count("data:image/png") == wrong + 1  # and the confusion matrix


def test_any_network_is_evaluated_on_any_data(tmp_path):
    """A published network's videos, in folders named as its classes, of which not all are there."""
    labels = ("jump", "run", "sit")
    record = record_of(
        network("i3d"),
        "rgb",
        inputs_of(SMALL),
        labels,
        made={"weights": "imagenet+kinetics", "files": {}},
    )
    kernel = np.zeros((3, 3), np.float32)
    kernel[:, 2] = 1  # what is bright sits
    model = tiny(3)
    model.set_weights([kernel])
    for name, grey in (("jump", 10), ("sit", 250)):
        (tmp_path / "test" / name).mkdir(parents=True)
        frames = np.full((8, 40, 48, 3), grey, np.uint8)
        write_video(tmp_path / "test" / name / f"{name}.mp4", frames, 25)
    videos = DataSet(data=str(tmp_path), validation_split=None)
    scores = evaluate_network(LoadedNetwork(model, record, "weights='kinetics'"), videos, "test")
    assert scores.classes == labels
    assert scores.labels.tolist() == [0, 2]
    assert scores.probabilities.argmax(1)[1] == 2
    trial = trial_of(scores.made, 3)
    assert (trial.model, trial.start, trial.transfer) == ("i3d", "imagenet+kinetics", AS_IT_IS)
    assert trial.title == f"{tmp_path} (test): i3d, rgb, imagenet+kinetics"
    # Table 3 has it on Kinetics-400, and on nothing else.
    assert published_for(trial) is None
    kinetics = published_for(replace(trial, data="Kinetics-400"))
    assert kinetics.figures == {"top_1": 71.1, "top_5": 89.3}
    (tmp_path / "test" / "sing").mkdir()
    (tmp_path / "test" / "jump" / "jump.mp4").rename(tmp_path / "test" / "sing" / "sing.mp4")
    with pytest.raises(ValueError, match="'sing'"):
        evaluate_network(LoadedNetwork(model, record, "x"), videos, "test")
