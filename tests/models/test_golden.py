"""Logits and end points of DeepMind's own code, on its real weights and on rule-made ones."""

import json

import keras
import numpy as np
import pytest

from keras_i3d.models.i3d import PREFIXES, build_i3d, build_two_stream_i3d
from keras_i3d.weights.assignment import assign
from keras_i3d.weights.sources import deepmind

# The smallest planted mistake moves the logits by 0.06, rounding by 1e-4.
TOLERANCE = 1e-3


@pytest.fixture(scope="module")
def rule_cases(shared):
    cases = json.loads((shared / "golden" / "rule_weights.json").read_text())["cases"]
    return cases, np.load(shared / "golden" / "rule_weights.npz")


@pytest.fixture(scope="module")
def real_cases(shared):
    return np.load(shared / "golden" / "real_weights.npz")


def rule_arrays(rules, kind):
    names = rules.variables(kind).items()
    return deepmind.convert({n: rules.fill(n, s) for n, s in names if deepmind.wanted(n)})


@pytest.fixture(scope="module")
def rule_models(golden_rules):
    rules, _ = golden_rules
    models = {}
    for kind, stream, classes in (
        ("rgb", "rgb", 400),
        ("flow", "flow", 400),
        ("rgb600", "rgb", 600),
    ):
        models[kind] = build_i3d(stream, classes=classes, classifier_activation=None)
        assign(models[kind], rule_arrays(rules, kind), kind)
    return models


def test_every_recorded_case_of_rule_made_weights(rule_cases, rule_models, golden_rules):
    cases, golden = rule_cases
    compared = []
    for name, case in cases.items():
        if case.get("weights") not in rule_models or name == "rgb_train":
            continue
        clip = golden_rules[1].clip(case["clip"], case["input_shape"])
        logits = rule_models[case["weights"]].predict_on_batch(clip)
        wanted = golden[f"{name}/logits"].reshape(len(clip), -1, logits.shape[-1]).mean(axis=1)
        assert np.abs(logits - wanted).max() < TOLERANCE, name
        compared.append(name)
    assert sorted({*cases} - {*compared}) == ["rgb_train"]  # tested below


@pytest.mark.parametrize("case", ["rgb_noise", "rgb_odd_200x210", "flow_noise"])
def test_every_end_point_of_rule_made_weights(case, rule_cases, rule_models, golden_rules):
    cases, golden = rule_cases
    model = rule_models[cases[case]["weights"]]
    points = [k.rsplit("/", 1)[1] for k in golden.files if k.startswith(f"{case}/channel_mean/")]
    points = [p for p in points if p in {layer.name for layer in model.layers}]
    assert len(points) >= 16
    features = keras.Model(model.input, [model.get_layer(p).output for p in points])
    clip = golden_rules[1].clip(cases[case]["clip"], cases[case]["input_shape"])
    for point, came in zip(points, features.predict_on_batch(clip), strict=True):
        means = came.mean(axis=tuple(range(came.ndim - 1)))
        np.testing.assert_allclose(means, golden[f"{case}/channel_mean/{point}"], atol=1e-3)
        if came.ndim == 5:
            corner, far = came[0, 0, 0, 0], came[0, -1, -1, -1]
            np.testing.assert_allclose(corner, golden[f"{case}/corner/{point}"], atol=1e-3)
            np.testing.assert_allclose(far, golden[f"{case}/far_corner/{point}"], atol=1e-3)


def test_two_streams_add_their_logits(rule_cases, golden_rules):
    rules, clips = golden_rules
    cases, golden = rule_cases
    model = build_two_stream_i3d()
    arrays = {}
    for stream in ("rgb", "flow"):
        one = rule_arrays(rules, stream).items()
        arrays |= {PREFIXES[stream] + path: array for path, array in one}
    assign(model, arrays, "rules")
    inputs = {s: clips.clip("smooth", cases[f"{s}_smooth"]["input_shape"]) for s in ("rgb", "flow")}
    joint = model.predict_on_batch(inputs)
    np.testing.assert_allclose(joint, golden["joint_smooth/predictions"], atol=1e-5)


def test_training_mode_updates_the_moving_statistics_as_sonnet_does(golden_rules, rule_cases):
    rules, clips = golden_rules
    cases, golden = rule_cases
    model = build_i3d(dropout=0, classifier_activation=None)
    assign(model, rule_arrays(rules, "rgb"), "rgb")
    case = cases["rgb_train"]
    logits = model(clips.clip(case["clip"], case["input_shape"]), training=True)
    logits = keras.ops.convert_to_numpy(logits)
    np.testing.assert_allclose(logits, golden["rgb_train/logits"], atol=TOLERANCE)
    after = {k.removeprefix("rgb_train/after/"): k for k in golden.files if "/after/" in k}
    assert after
    values = {v.path: keras.ops.convert_to_numpy(v.value) for v in model.weights}
    for name, key in after.items():
        name = name if name.startswith("RGB/") else f"RGB/inception_i3d/{name}"
        np.testing.assert_allclose(
            values[deepmind.rename(name)], golden[key].reshape(-1), atol=1e-5, err_msg=name
        )


@pytest.mark.parametrize(
    ("case", "kind", "shape"),
    [
        ("noise0", "noise0", (1, 16, 224, 224, 3)),
        ("smooth", "smooth", (1, 16, 224, 224, 3)),
        ("smooth_t33", "smooth", (1, 33, 224, 224, 3)),
        ("smooth_t25_200x210", "smooth", (1, 25, 200, 210, 3)),
        ("smooth_t17_256x320_nosqueeze", "smooth", (1, 17, 256, 320, 3)),
    ],
)
def test_real_weights(case, kind, shape, real_cases, kinetics_rgb, golden_rules):
    logits = kinetics_rgb.predict_on_batch(golden_rules[1].clip(kind, shape))
    # Beyond 224 the original gives (1, 2, 4, 400) without its squeeze: averaged over space.
    wanted = real_cases[f"{case}/logits"].reshape(-1, 400).mean(axis=0)
    assert np.abs(logits[0] - wanted).max() < TOLERANCE
