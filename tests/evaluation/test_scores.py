"""Score files: kept, believed only where they are whole, fused only where they match."""

import json

import numpy as np
import pytest

from keras_i3d.evaluation.scores import (
    Scores,
    ScoresError,
    fuse,
    load_scores,
    save_scores,
    summary,
)


def made(ids=("a", "b", "c"), logits=((2, 0), (0, 1), (3, 0)), labels=(0, 1, 1), **changes):
    logits = np.array(logits, np.float32)
    probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    values = {
        "ids": np.array(ids),
        "logits": logits,
        "probabilities": probabilities,
        "labels": np.array(labels),
        "classes": ("run", "jump"),
        "failed": {"d": "no frame of it can be decoded"},
        "made": {"weights_sha256": "00ff"},
    }
    return Scores(**{**values, **changes})


def test_what_is_saved_is_read_back(tmp_path):
    save_scores(tmp_path / "new" / "scores.npz", made())
    back = load_scores(tmp_path / "new" / "scores.npz")
    for name in ("ids", "logits", "probabilities", "labels"):
        assert np.array_equal(getattr(back, name), getattr(made(), name))
    assert back.classes == ("run", "jump")
    assert back.failed == {"d": "no frame of it can be decoded"}
    assert back.made == {"weights_sha256": "00ff"}
    assert back.listed == 4
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["scores.npz"]


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x05\x06" + b"\0" * 18])
def test_other_files_are_refused(tmp_path, content):
    (tmp_path / "scores.npz").write_bytes(content)
    with pytest.raises(ScoresError, match="scores.npz"):
        load_scores(tmp_path / "scores.npz")


def test_a_torn_file_is_refused(tmp_path):
    save_scores(tmp_path / "scores.npz", made())
    whole = (tmp_path / "scores.npz").read_bytes()
    for length in range(0, len(whole), 97):
        (tmp_path / "torn.npz").write_bytes(whole[:length])
        with pytest.raises(ScoresError):
            load_scores(tmp_path / "torn.npz")


def test_pickles_are_never_opened(tmp_path):
    said = np.array(json.dumps({"version": 1, "classes": ["run"], "failed": {}, "made": {}}))
    arrays = {"logits": np.zeros((1, 1)), "probabilities": np.zeros((1, 1)), "labels": np.zeros(1)}
    np.savez(tmp_path / "s.npz", said=said, ids=np.array([{}], dtype=object), **arrays)
    with pytest.raises(ScoresError, match="pickle"):
        load_scores(tmp_path / "s.npz")


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"ids": ("a", "a", "c")}, "twice"),
        ({"labels": (0, 1)}, "do not fit"),
        ({"classes": ("run",)}, "do not fit"),
        ({"logits": ((2, 0), (0, np.nan), (3, 0))}, "finite"),
        ({"labels": (0, 1, 2)}, "not a whole number from 0 to 1"),
        ({"labels": (0, 0.5, 1)}, "not a whole number"),
        ({"classes": ("run", 3)}, "is not text"),
        ({"failed": {"d": None}}, "is not text"),
    ],
)
def test_scores_that_cannot_be(changes, message):
    with pytest.raises(ScoresError, match=message):
        made(**changes)


def test_fusion_adds_logits_of_the_same_video():
    rgb = made()
    flow = made(ids=("c", "a", "b"), logits=((-4, 0), (1, 1), (1, 0)), labels=(1, 0, 1))
    both = fuse({"rgb.npz": rgb, "flow.npz": flow})
    assert both.ids.tolist() == ["a", "b", "c"]
    assert both.logits.tolist() == [[3, 1], [1, 1], [-1, 0]]
    assert np.allclose(both.probabilities.sum(1), 1)
    assert both.made["fused"]["flow.npz"] == {"weights_sha256": "00ff"}
    assert summary(both)["top_1"] == pytest.approx(100 * 2 / 3)  # b is a tie: the first class


@pytest.mark.parametrize("multi_label", [False, True])
def test_fusion_may_average_probabilities(multi_label):
    """By hand: 0.9 and 0.3 for running make 0.6, whose odds are 3 to 2."""
    several = {"labels": np.array([(1, 0)])} if multi_label else {"labels": np.array([0])}
    parts = {
        name: made(
            ids=("a",),
            logits=np.zeros((1, 2)),
            probabilities=np.array([(p, 1 - p)], np.float32),
            **several,
        )
        for name, p in (("rgb.npz", 0.9), ("flow.npz", 0.3))
    }
    both = fuse(parts, average=True)
    np.testing.assert_allclose(both.probabilities, [(0.6, 0.4)], atol=1e-6)
    ours, other = both.logits[0]
    assert (ours if multi_label else ours - other) == pytest.approx(np.log(1.5), abs=1e-6)


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"ids": ("a", "b", "x")}, r"in the first 1 \(c\), only in the other 1 \(x\)"),
        ({"labels": (0, 1, 0)}, r"different labels for 1 \(c\)"),
        ({"classes": ("run", "fly")}, "different classes"),
    ],
)
def test_what_does_not_match_is_not_fused(changes, message):
    with pytest.raises(ScoresError, match=message):
        fuse({"rgb.npz": made(), "flow.npz": made(**changes)})


def test_summary_of_single_labels():
    figures = summary(made())
    assert figures["top_1"] == pytest.approx(100 * 2 / 3)
    assert figures["mean_class"] == 75  # run 1 of 1, jump 1 of 2


@pytest.mark.parametrize("classes, has", [(5, False), (6, True)])
def test_five_guesses_say_nothing_of_five_classes(classes, has):
    logits = np.eye(classes)
    names = tuple(map(str, range(classes)))
    ids = tuple(map(str, range(classes)))
    figures = summary(made(ids=ids, logits=logits, labels=range(classes), classes=names))
    assert ("top_5" in figures) == has


def test_summary_of_several_labels():
    several = made(labels=((1, 0), (0, 1), (1, 1)))
    # run: a and c are scored highest: 1. jump: b is first, c tied with a: (1 + 2/3) / 2.
    assert summary(several) == {"mean_average_precision": pytest.approx(100 * (1 + 5 / 6) / 2)}
