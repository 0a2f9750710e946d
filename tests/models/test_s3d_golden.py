"""Logits and end points of slim's, torchvision's and kylemin's own codes, on rule-made weights."""

import json
from dataclasses import replace

import keras
import numpy as np
import pytest

from keras_i3d.models.s3d import GATED_LAYOUTS, LAYOUTS, build_s3d
from keras_i3d.weights.assignment import assign
from keras_i3d.weights.sources import s3d_slim, s3d_torch

# golden2's check.py leaves files to be closed by themselves.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")

# The smallest planted mistake moves the logits by 0.12, rounding by 9e-4.
TOLERANCE = 1e-3
S3D, S3D_G = LAYOUTS["slim"], GATED_LAYOUTS["slim"]
TORCHVISION, KYLEMIN = LAYOUTS["torchvision"], LAYOUTS["kylemin"]
# Case: (file, list of variables, layout).
QUICK = {
    "s3dg_rgb_odd_209x210": ("s3dg", "s3dg_rgb400", S3D_G),
    "s3d_rgb_odd_200x210": ("s3d_slim", "s3d_rgb400", S3D),
    "torchvision_noise": ("s3d_torchvision", "torchvision_s3d_400", TORCHVISION),
    "kylemin_small_batch2": ("s3d_kylemin", "kylemin_s3d_400", KYLEMIN),
}
TOP_HEAVY = {"temporal_from": "Mixed_4b"}
LONG = {
    "s3dg_rgb_noise": ("s3dg", "s3dg_rgb400", S3D_G),
    "s3dg_rgb_smooth": ("s3dg", "s3dg_rgb400", S3D_G),
    "s3dg_rgb_193": ("s3dg", "s3dg_rgb400", S3D_G),
    "s3dg_rgb_256_nosqueeze": ("s3dg", "s3dg_rgb400", S3D_G),
    "s3dg_rgb_small_batch2": ("s3dg", "s3dg_rgb400", S3D_G),
    "s3dg_rgb600_noise": ("s3dg", "s3dg_rgb600", S3D_G),
    "s3dg_flow_noise": ("s3dg", "s3dg_flow400", S3D_G),
    "s3dg_rgb_stem7": ("s3dg", "s3dg_rgb400_stem7", replace(S3D_G, stem_frames=7)),
    "s3dg_rgb_top_heavy_4b": (
        "s3dg",
        "s3dg_rgb400_top_heavy_4b",
        replace(S3D_G, **TOP_HEAVY, gating_from="Mixed_4b"),
    ),
    "d3d_400_unit_noise16": ("d3d", "s3dg_rgb400", S3D_G),
    "d3d_600_unit_noise16": ("d3d", "s3dg_rgb600", S3D_G),
    "d3d_400_unit_64f": ("d3d", "s3dg_rgb400", S3D_G),
    "s3d_rgb_noise": ("s3d_slim", "s3d_rgb400", S3D),
    "s3d_rgb_smooth": ("s3d_slim", "s3d_rgb400", S3D),
    "s3d_flow_noise": ("s3d_slim", "s3d_flow400", S3D),
    "s3d_rgb_top_heavy_4b": (
        "s3d_slim",
        "s3d_rgb400_top_heavy_4b",
        replace(S3D, **TOP_HEAVY),
    ),
    "torchvision_smooth": ("s3d_torchvision", "torchvision_s3d_400", TORCHVISION),
    "kylemin_noise": ("s3d_kylemin", "kylemin_s3d_400", KYLEMIN),
    "kylemin_smooth": ("s3d_kylemin", "kylemin_s3d_400", KYLEMIN),
    "kylemin_odd_200x210": ("s3d_kylemin", "kylemin_s3d_400", KYLEMIN),
    "kylemin_odd_t33_225x250": ("s3d_kylemin", "kylemin_s3d_400", KYLEMIN),
}
CASES = [*QUICK, *(pytest.param(case, marks=pytest.mark.long) for case in LONG)]


def arrays_of(rules, variables):
    """The original's arrays under our paths."""
    rule, check, _ = rules
    source = s3d_torch if variables.startswith(("torchvision", "kylemin")) else s3d_slim
    return source.convert({n: rule.fill(n, s) for n, s in check.inventory(variables).items()})


def network(rules, variables, layout, **options):
    stream = "flow" if "flow" in variables else "rgb"
    classes = 600 if "600" in variables else 400
    options = {"classes": classes, "classifier_activation": None, **options}
    model = build_s3d(stream, layout=layout, **options)
    assign(model, arrays_of(rules, variables), variables)
    return model


def clip_of(rules, case):
    shape = tuple(case.get("shape") or case["shape_NTHWC"])
    clip = rules[2].clip(case["clip"], shape)
    if case.get("range", "").startswith("[0,1]"):
        clip = ((clip.astype(np.float64) + 1) / 2).astype(np.float32)
    return clip


def recorded(shared, file, case):
    about = json.loads((shared / "golden2" / f"{file}.json").read_text())["cases"][case]
    golden = np.load(shared / "golden2" / f"{file}.npz")
    return about, {k.removeprefix(f"{case}/"): golden[k] for k in golden if k.startswith(case)}


@pytest.mark.parametrize("case", CASES)
def test_logits_are_those_of_the_original(case, shared, rules):
    file, variables, layout = (QUICK | LONG)[case]
    about, golden = recorded(shared, file, case)
    clip = clip_of(rules, about)
    logits = network(rules, variables, layout).predict_on_batch(clip)
    # Beyond 224 slim gives (1, 2, 2, 400) without its squeeze: averaged over space.
    wanted = golden["logits"].reshape(len(clip), -1, logits.shape[-1]).mean(axis=1)
    assert np.abs(logits - wanted).max() < TOLERANCE


def end_point(model, point):
    """Our tensor of an end point: slim's name, or the PyTorch goldens' 'Conv_1a', 'MaxPool_4a'."""
    kind, _, place = point.partition("_")
    begins = {"Conv": f"Conv2d_{place}_"}.get(kind, f"{point}_")
    names = [layer.name for layer in model.layers if not layer.name.endswith("_pad")]
    [name] = [name for name in names if name == point or name.startswith(begins)]
    return model.get_layer(name).output


@pytest.mark.slow
@pytest.mark.parametrize("case", ["s3dg_rgb_noise", "s3d_rgb_odd_200x210", "kylemin_noise"])
def test_every_end_point_is_that_of_the_original(case, shared, rules):
    file, variables, layout = (QUICK | LONG)[case]
    about, golden = recorded(shared, file, case)
    model = network(rules, variables, layout)
    points = [k.removeprefix("channel_mean/") for k in golden if k.startswith("channel_mean/")]
    points = [point for point in points if "/" not in point]
    assert len(points) == 16
    model = keras.Model(model.input, [end_point(model, point) for point in points])
    for point, came in zip(points, model.predict_on_batch(clip_of(rules, about)), strict=True):
        found = {
            "channel_mean": came.mean(axis=(0, 1, 2, 3)),
            "corner": came[0, 0, 0, 0],
            "far_corner": came[0, -1, -1, -1],
        }
        for what, values in found.items():
            wanted = golden[f"{what}/{point}"]
            # S3D without gates ends at values of 10.
            np.testing.assert_allclose(values, wanted, atol=1e-3, rtol=1e-3, err_msg=point)


@pytest.mark.slow
def test_the_halves_of_a_unit_and_its_gate_are_those_of_the_original(shared, rules):
    """Of S3D-G's first separable unit, and of the gates of its first block."""
    about, golden = recorded(shared, "s3dg", "s3dg_rgb_noise")
    model = network(rules, "s3dg_rgb400", S3D_G)
    unit, block = model.get_layer("Conv2d_2c_3x3"), model.get_layer("Mixed_3b")
    before = keras.Model(model.input, [unit.input, block.input])
    into_unit, into_block = before.predict_on_batch(clip_of(rules, about))
    spatial = unit.spatial(into_unit)
    temporal = unit.temporal(spatial)
    found = {
        "Conv2d_2c_3x3/spatial": spatial,
        "Conv2d_2c_3x3/temporal": temporal,
        "Conv2d_2c_3x3/gate": unit.self_gating.gate(temporal),
    }
    for number, branch in enumerate(block.branches):
        x = into_block
        for part in branch.parts[:-1]:
            x = part(x)
        last = branch.parts[-1]
        x = last.spatial(x)
        if last.temporal is not None:
            found[f"Mixed_3b/Branch_{number}/Conv2d_0b_3x3/spatial"] = x
            x = last.temporal(x)
            found[f"Mixed_3b/Branch_{number}/Conv2d_0b_3x3/temporal"] = x
        found[f"Mixed_3b/Branch_{number}/gate"] = last.self_gating.gate(x)
    compared = [name for name in found if f"channel_mean/{name}" in golden]
    assert len(compared) == 9
    for name in compared:
        means = keras.ops.convert_to_numpy(found[name]).mean(axis=(0, 1, 2, 3))
        np.testing.assert_allclose(means, golden[f"channel_mean/{name}"], atol=1e-3, err_msg=name)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("case", "file", "variables", "layout", "tolerance"),
    [
        ("s3dg_train", "s3dg", "s3dg_rgb400", S3D_G, 5e-3),
        ("torchvision_train", "s3d_torchvision", "torchvision_s3d_400", TORCHVISION, 5e-3),
    ],
)
def test_training_mode_updates_the_moving_statistics(
    case, file, variables, layout, tolerance, shared, rules
):
    about, golden = recorded(shared, file, case)
    model = network(rules, variables, layout, dropout=0)
    clip = clip_of(rules, about)
    logits = keras.ops.convert_to_numpy(model(clip, training=True))
    np.testing.assert_allclose(logits, golden["logits"], atol=tolerance)
    values = {v.path: keras.ops.convert_to_numpy(v.value) for v in model.weights}
    rename = s3d_slim.rename if file == "s3dg" else s3d_torch.rename
    after = [name for name in golden if name.startswith("after/")]
    assert len(after) >= 8
    for name in after:
        came, wanted = values[rename(name.removeprefix("after/"))], golden[name]
        # PyTorch puts the unbiased variance into the average, n / (n - 1) of Keras' biased one:
        # of the least map here, 2 x 2 x 7 x 7 positions, half a percent of a thousandth.
        np.testing.assert_allclose(came, wanted, atol=1e-5, rtol=1e-5, err_msg=name)


@pytest.mark.parametrize(
    ("parameters", "layout", "options"),
    [
        (8_320_048, TORCHVISION, {}),  # torchvision's num_params
        (9_098_000, GATED_LAYOUTS["torchvision"], {"include_top": False}),  # 9.098 M
        (9_518_848, S3D_G, {}),
        pytest.param(7_910_048, TORCHVISION, {"include_top": False}, marks=pytest.mark.long),
        pytest.param(9_509_440, S3D_G, {"stream": "flow"}, marks=pytest.mark.long),
        pytest.param(9_723_848, S3D_G, {"classes": 600}, marks=pytest.mark.long),
        pytest.param(8_299_520, S3D, {}, marks=pytest.mark.long),
        pytest.param(7_997_824, replace(S3D, **TOP_HEAVY), {}, marks=pytest.mark.long),
    ],
)
def test_parameters_are_the_published_ones_or_counted_by_the_originals(parameters, layout, options):
    model = build_s3d(layout=layout, **options)
    assert sum(np.prod(v.shape) for v in model.trainable_weights) == parameters
