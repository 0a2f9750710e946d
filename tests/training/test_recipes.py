"""What a recipe may say, and what it may not."""

import dataclasses
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_i3d.training.recipe_checks import change, check, parse
from keras_i3d.training.recipe_entries import matched, pattern_and_factor
from keras_i3d.training.recipes import (
    KINETICS_RGB,
    RECIPES,
    SYNTHETIC_SMALL,
    Recipe,
    build_schedule,
    differences,
    to_json,
)

# Steps, clips of a step, learning rate when warm and of the last step. The first two are of
# kinetics-i3d's README, the fine-tuning's steps of "Quo Vadis", section 5; the rest are ours.
SHIPPED = {
    "kinetics_rgb": (115_000, 384, 0.1, 0.001),
    "kinetics_flow": (155_000, 384, 0.1, 0.001),
    # "Quo Vadis", section 3.5: 32 GPUs, of 3D-ConvNet 64; plateau lowers the rate when it does.
    "convnet_lstm": (110_000, 32 * 6, 0.1, 0.1),
    "convnet_3d": (110_000, 64 * 6, 0.1, 0.1),
    "two_stream": (110_000, 32 * 6, 0.1, 0.1),
    "fused_3d": (110_000, 32 * 6, 0.1, 0.1),
    # The paper's: 56 GPUs of 6 clips.
    "s3d": (80_000, 56 * 6, 0.1, 0.001),
    "s3d_g": (80_000, 56 * 6, 0.1, 0.001),
    # The paper's: 8 GPUs of 8 clips.
    "non_local": (400_000, 8 * 8, 0.01, 0.0001),
    "ucf101_fine_tune": (5_000, 96, 0.01, 0.0001),
    "hmdb51_fine_tune": (5_000, 96, 0.01, 0.0001),
    # Cosine: the last step is one of `steps - warm_up` from its end.
    "few_clips": (40, 8, 0.1, 0.1 * math.sin(math.pi / 80) ** 2),
    # S3D-G's.
    "d3d": (80_000, 56 * 6, 0.1, 0.001),
    "d3d_reverse": (80_000, 56 * 6, 0.1, 0.001),
    "d3d_motion_only": (80_000, 56 * 6, 0.1, 0.001),
    "d3d_flow_loss": (80_000, 56 * 6, 0.1, 0.001),
    # Ours.
    "learnt_flow_first": (20_000, 64, 1e-4, 1e-5),
    "learnt_flow": (80_000, 56 * 6, 0.01, 0.0001),
    # The published code's batch and rate; the steps are ours.
    "mars": (400_000, 16, 0.1, 0.1),
    "mers": (400_000, 16, 0.1, 0.1),
    "synthetic_small": (500, 16, 5e-4, 5e-4 * math.sin(math.pi / 960) ** 2),
}


def test_the_recipes_are_those_that_are_told_here():
    assert RECIPES.keys() == SHIPPED.keys()


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_every_recipe_runs_as_it_is_told(name):
    """Its numbers, and the same recipe again from the fields that a user would give as flags."""
    recipe = RECIPES[name]
    rate = build_schedule(recipe).rate
    came = (recipe.steps, recipe.batch_size, rate(recipe.warm_up), rate(recipe.steps - 1))
    assert came == pytest.approx(SHIPPED[name])
    assert change(Recipe(), dataclasses.asdict(recipe)) == recipe
    with pytest.raises(ValueError, match="steps=0"):
        check(dataclasses.replace(recipe, steps=0))


def test_mars_and_mers_as_published():
    """Features times 50; MERS has no action loss."""
    mars, mers = RECIPES["mars"], RECIPES["mers"]
    assert (mars.distil_weight, mars.distil_pooled, mars.action_weight) == (50, True, 1)
    assert (mars.num_frames, mars.crop, mars.weight_decay, mars.patience) == (16, 112, 1e-3, 10)
    assert dataclasses.replace(mars, action_weight=0.0) == mers


def test_the_published_batch_is_64_replicas_of_6():
    assert KINETICS_RGB.batch_size == 64 * 6
    assert (KINETICS_RGB.weight_decay, KINETICS_RGB.momentum) == (1e-7, 0.9)


def test_every_field_has_a_help():
    assert all(field.metadata["help"] for field in dataclasses.fields(Recipe))


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"stepz": 3, "lr": 1}, "unknown recipe fields ['lr', 'stepz']"),
        ({"steps": 0}, "steps=0 is not at least 1"),
        ({"steps": 1.5}, "steps should be a whole number. Received: steps=1.5"),
        ({"steps": True}, "steps should be a whole number. Received: steps=True"),
        ({"nesterov": 1}, "nesterov should be true or false. Received: nesterov=1"),
        ({"boundaries": (1, "2")}, "boundaries should be a list of whole numbers"),
        ({"learning_rate": 0}, "learning_rate=0.0 is not above 0"),
        ({"learning_rate": float("nan")}, "learning_rate=nan is not above 0"),
        ({"dropout": 1.0}, "dropout=1.0 is not in [0, 1)"),
        (
            {"schedule": "linear"},
            "schedule should be one of step, cosine, plateau. Received: schedule='linear'",
        ),
        ({"batch_size": 10, "accumulate": 4}, "batch_size=10 does not divide into accumulate=4"),
        ({"optimizer": "lamb"}, "optimizer should be one of sgd, adam. Received: optimizer='lamb'"),
        ({"optimizer": "adam", "rates": ("a=2",)}, "nesterov and rates are for optimizer=sgd"),
        ({"training_videos": 0}, "training_videos=0 is not at least 1"),
        ({"crop": 300, "resize": 256}, "crop=300 is larger than resize=256"),
        ({"boundaries": (5, 3), "factors": (1, 1, 1)}, "boundaries=[5, 3] do not rise"),
        ({"boundaries": (3,)}, "1 boundaries want 2 factors"),
        ({"boundaries": (3,), "factors": (1, 0.1), "schedule": "cosine"}, "for schedule=step"),
        ({"transfer": "full"}, "transfer=full needs weights"),
        ({"transfer": "original", "weights": "kinetics"}, "without video pretraining"),
        ({"batch_norm": "frozen"}, "batch_norm=frozen needs weights"),
        ({"multi_label": True}, "multi_label does not go with it"),
        ({"warm_up": 2000}, "warm_up=2000 is longer than steps=1000"),
        ({"rates": ("Mixed",)}, "should be PATTERN=FACTOR. Received: 'Mixed'"),
        ({"rates": ("(=2",)}, "should be PATTERN=FACTOR. Received: '(=2'"),
        ({"rates": ("Mixed=0",)}, "a factor above 0"),
        ({"seed": -1}, "seed=-1 is less than 0"),
        ({"distil": ("Logits:0",)}, "with :WEIGHT, a number above 0, behind. Received: 'Logits:0'"),
        ({"distil": ("Logits:nan",)}, "a number above 0, behind. Received: 'Logits:nan'"),
        ({"distil": ("Logits:",)}, "a number above 0, behind. Received: 'Logits:'"),
        ({"distil": ("A:1:2",)}, "a number above 0, behind. Received: 'A:1:2'"),
        ({"distil": ("A:ten",)}, "a number above 0, behind. Received: 'A:ten'"),
        ({"distil": ("A=",)}, "OURS=ITS, or with :WEIGHT"),
        ({"distil": ("=A:1",)}, "OURS=ITS, or with :WEIGHT"),
        ({"distil": ("A:1", "A=B:2")}, "distil should name each end point once. Received: ['A:1'"),
        ({"distil_weight": float("inf")}, "distil_weight=inf is not above 0"),
        ({"teacher_model": "s3d_g"}, "teacher_model=s3d_g is for a teacher. Received: teacher=No"),
    ],
)
def test_impossible_recipes_are_refused(changes, wanted):
    with pytest.raises(ValueError) as caught:
        change(Recipe(), changes)
    assert wanted in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_an_end_point_to_match_has_a_name_at_the_teacher_and_a_weight():
    assert matched("Logits", 2.0) == ("Logits", "Logits", 2.0)
    assert matched("Logits:1", 2.0) == ("Logits", "Logits", 1.0)
    assert matched("Mixed_5c=top:1e1", 2.0) == ("Mixed_5c", "top", 10.0)


def test_all_that_is_wrong_is_said_at_once():
    with pytest.raises(ValueError, match=r"steps=0.*; dropout=2.*; crop=300"):
        change(Recipe(), {"steps": 0, "dropout": 2, "crop": 300, "resize": 256})


def test_what_flags_say():
    assert parse("steps", "12") == 12
    assert parse("boundaries", "97000,108000") == (97_000, 108_000)
    assert parse("boundaries", "") == ()
    assert parse("weights", "none") is None
    assert parse("weights", "kinetics") == "kinetics"
    assert parse("clip_norm", "0.5") == 0.5
    assert parse("model", "none") == "none"
    with pytest.raises(ValueError, match="clip_norm should be a number or none.*'much'"):
        parse("clip_norm", "much")


@given(st.text(), st.floats(min_value=1e-6, max_value=1e6))
def test_patterns_may_have_equals_signs(pattern, factor):
    try:
        came = pattern_and_factor(f"{pattern}={factor}")
    except ValueError:
        return
    assert came == (pattern, factor)


def test_differences_name_the_fields():
    text = to_json(SYNTHETIC_SMALL)
    assert differences(SYNTHETIC_SMALL, text) == []
    other = change(SYNTHETIC_SMALL, {"steps": 70, "clip_norm": None})
    assert differences(other, text) == ["steps: was 500, now 70", "clip_norm: was 5.0, now None"]
    older = json.loads(text)
    del older["ema"]
    older["colour"] = 1
    # An older version had no ema, and so none; of what is not known any more nothing is sure.
    assert differences(SYNTHETIC_SMALL, json.dumps(older)) == ["colour: was 1, now 'unknown'"]
    averaged = change(SYNTHETIC_SMALL, {"ema": 0.9})
    assert differences(averaged, json.dumps(older))[0] == "ema: was None, now 0.9"
