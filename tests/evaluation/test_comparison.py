"""The table of several runs, and which of the papers' figures stand beside a run."""

import json

import numpy as np
import pytest

from keras_i3d.evaluation.comparison import compare, table, write_comparison
from keras_i3d.evaluation.published import published_for
from keras_i3d.evaluation.scores import Scores, ScoresError, fuse
from keras_i3d.evaluation.trials import BOTH, Trial, trial_of
from keras_i3d.models.catalogue import NETWORKS
from tests.evaluation.test_scores import made


def about(stream="rgb", division=1, **changes):
    """What `provenance` says of a run on UCF-101."""
    recipe = {
        "model": "i3d",
        "weights": "imagenet+kinetics",
        "transfer": "full",
        "format": "ucf101",
        "split_number": division,
    }
    recipe |= {k: v for k, v in changes.items() if k in recipe}
    views = {"num_clips": changes.get("num_clips"), "num_crops": changes.get("num_crops", 1)}
    split = changes.get("split", "test")
    return {"data": "d", "stream": stream, "split": split, **views, "recipe": recipe}


RIGHT = ((2, 0), (0, 1), (0, 3))  # all of a, b, c: 100 %
WRONG = ((2, 0), (0, 1), (3, 0))  # c is not: 66.7 %


def test_a_trial_is_read_from_what_scores_were_made_from():
    whole = Trial("UCF-101", "rgb", "full", "imagenet+kinetics", "i3d", "whole videos", "test", 2)
    assert trial_of(about(division=2), 101) == whole
    assert trial_of(about(), 3).data == "ucf101 form, 3 classes"
    assert trial_of(about(format="csv"), 3).data == "d"
    assert trial_of(about(weights="/a/b/mine.keras"), 3).start == "mine.keras"
    assert trial_of(about(weights="/a/b/final.keras"), 101).start == "b/final.keras"
    assert trial_of(about(num_clips=10, num_crops=3), 101).views == "10 x 3"
    assert trial_of(about(format="kinetics"), 400).division == 0
    parts = {"r.npz": about(), "f.npz": about("flow")}
    assert trial_of({"fused": parts}, 101).stream == BOTH
    parts["f.npz"] = about("flow", weights="mine.keras")
    assert trial_of({"fused": parts}, 101).start == "imagenet+kinetics + mine.keras"
    parts["f.npz"] = about("flow", transfer="fixed")
    assert trial_of({"fused": parts}, 101).transfer == "full + fixed"
    assert published_for(trial_of({"fused": parts}, 101)) is None
    parts = {"d3d.npz": about(model="d3d"), "r.npz": about()}
    found = trial_of({"fused": parts}, 101)
    assert (found.stream, found.model) == ("rgb + rgb", "d3d + i3d")
    parts["r.npz"] = about(division=2)
    assert trial_of({"fused": parts}, 101) is None


def test_a_distilled_network_is_another_than_one_of_labels_alone():
    made = about()
    made["recipe"] |= {"teacher": "d3d/teacher", "distil": ["Logits", "Mixed_5c"]}
    assert trial_of(made, 101).transfer == "full, Logits, Mixed_5c distilled from teacher"
    made = about()
    made["recipe"] |= {"teacher": None, "distil": [], "flow_loss": ["Mixed_4f=pwc"]}
    assert trial_of(made, 101).transfer == "full, flow decoded at Mixed_4f=pwc"


def test_a_title_names_data_network_and_split():
    made = about()
    made["recipe"] |= {"teacher": "d3d/teacher", "distil": ["Logits"]}
    assert trial_of(made, 101).title.endswith(
        "i3d, rgb, full from imagenet+kinetics, Logits distilled from teacher"
    )
    trial = trial_of(about(division=2), 101)
    assert trial.title == "UCF-101, split 2 (test): i3d, rgb, full from imagenet+kinetics"
    trial = trial_of(about(format="kinetics", transfer="original", weights=None), 400)
    assert trial.title == "Kinetics-400 (test): i3d, rgb, original from random weights"


@pytest.mark.parametrize(
    "broken", [{}, {"recipe": 3}, {"fused": 3}, {"fused": {}}, {"fused": {"a": None}}]
)
def test_other_files_say_nothing(broken):
    assert trial_of(broken, 101) is None


@pytest.mark.parametrize(
    "made_from, classes, top_1, where",
    [
        (about(), 101, 95.6, "table 5"),
        (about("flow", weights="kinetics", format="hmdb51"), 51, 77.3, "table 5"),
        (about(transfer="original", weights="imagenet"), 101, 84.5, "table 2"),
        (about(transfer="original", weights=None, format="kinetics"), 400, 68.4, "table 3"),
        (
            about(transfer="original", weights="imagenet", format="kinetics", model="s3d"),
            400,
            72.2,
            "",
        ),
        ({"fused": {"r": about(), "f": about("flow")}}, 101, 98.0, "table 5"),
        (
            about("both", model="two_stream", transfer="original", weights="imagenet"),
            101,
            91.2,
            "2",
        ),
        (about("both", model="fused_3d", transfer="full"), 101, 94.2, "table 4"),
        (
            {"fused": {"r": about(transfer="fixed"), "f": about("flow", transfer="fixed")}},
            101,
            97.7,
            "4",
        ),
        (about(transfer="original", weights=None, model="convnet_lstm"), 101, 54.2, "table 4"),
        (about(weights="kinetics", model="convnet_3d", format="hmdb51"), 51, 49.4, "table 4"),
        (about("both", model="fused_3d"), 101, 94.2, "table 4"),
        (
            {
                "fused": {
                    stream: about(
                        stream, transfer="original", weights="imagenet", model="convnet_2d"
                    )
                    for stream in ("rgb", "flow")
                }
            },
            101,
            91.2,
            "table 2",
        ),
    ],
)
def test_the_papers_figures(made_from, classes, top_1, where):
    found = published_for(trial_of(made_from, classes))
    assert found.figures["top_1"] == top_1
    assert where in found.source


@pytest.mark.parametrize(
    "made_from, classes",
    [
        (about(), 10),
        (about(split="train"), 101),
        (about(model="i3d_resnet50"), 101),
        (about(weights="mine.keras"), 101),
        (about(transfer="fixed"), 101),  # the paper has it for both streams only
        (about(weights="imagenet"), 101),  # fine-tuned without Kinetics: in no table
        ({}, 101),
    ],
)
def test_nothing_stands_beside_what_no_paper_has(made_from, classes):
    assert published_for(trial_of(made_from, classes)) is None


def test_both_streams_are_best_in_every_published_row():
    seen = 0
    for row in [row for of in NETWORKS.values() for row in of.published]:
        rgb, flow, both = row.top_1
        if both is not None:
            assert both > max(rgb or 0, flow or 0)
            seen += 1
        for first, fifth in zip(row.top_1, row.top_5, strict=True):
            assert fifth is None or fifth > first
    # Fifteen of I3D, fourteen of Two-Stream, of each in one network, and of 3D-Fused.
    assert seen == 2 * 15 + 3 * 14


def test_divisions_stand_side_by_side_with_their_mean(tmp_path):
    rgb = [made(logits=WRONG, made=about(division=1)), made(logits=RIGHT, made=about(division=3))]
    flow = made(logits=RIGHT, made=about("flow", 1))
    files = {
        "r1": rgb[0],
        "f1": flow,
        "both": fuse({"r1": rgb[0], "f1": flow}),
        "r3": rgb[1],
        "old": made(made={}),
    }
    rows = compare(files)
    assert [row.trial and row.trial.stream for row in rows] == ["rgb", "flow", BOTH, None]
    assert rows[0].values == {1: pytest.approx(200 / 3), 3: 100}
    assert rows[0].mean == pytest.approx(250 / 3)
    what = "| ucf101 form, 2 classes | rgb | full | imagenet+kinetics | i3d | whole videos |"
    assert f"{what} 66.7 | 100.0 | 83.3 |" in table(files)
    page = write_comparison(tmp_path / "t", files, "all <of> it")
    assert "all &lt;of&gt; it" in page.read_text("utf-8")
    rows = json.loads((tmp_path / "t/figures.json").read_text())["rows"]
    assert [row["mean"] for row in rows] == ["83.3", "100.0", rows[2]["mean"], rows[3]["mean"]]
    assert rows[3]["data"] == "old"
    assert "r1: 1 of 4 listed videos could not be scored." in (tmp_path / "t/report.md").read_text()


def test_the_published_figure_is_the_one_that_is_asked_for():
    """Kinetics-400, RGB from ImageNet: 71.1 % top-1, 89.3 % top-5."""
    chances = np.full((1, 400), 1 / 400, np.float32)
    names = tuple(map(str, range(400)))
    kinetics = about(format="kinetics", transfer="original", weights="imagenet")
    one = Scores(np.array(["v"]), chances, chances, np.array([0]), names, {}, kinetics)
    assert "| 71.1 [1] |" in table({"a": one}, "top_1")
    assert "| 89.3 [1] |" in table({"a": one}, "top_5")


def test_the_same_network_twice_is_refused():
    files = {"a": made(made=about()), "b": made(made=about())}
    with pytest.raises(ScoresError, match="a and b are of the same network, data set and division"):
        compare(files)
    with pytest.raises(ScoresError, match="a: there is no mean_average_precision; it has top_1"):
        compare({"a": files["a"]}, "mean_average_precision")
