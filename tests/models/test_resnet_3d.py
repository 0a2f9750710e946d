"""The 3D ResNets against SlowFast's own code, with rule-made weights."""

import importlib.util
import json
import os
import re
import subprocess
import sys

import keras
import numpy as np
import pytest

from keras_i3d.models.resnet_3d import DESIGNS, Design, build_resnet_3d, least_clip
from keras_i3d.weights.assignment import assign
from keras_i3d.weights.sources import slowfast
from tests.conftest import slow_or_long

# The smallest planted mistake moves the logits by 0.28, rounding by 1.4e-4. Of ResNet-101's twice
# as many layers two runs in float32 differ by 1.6e-3, and each from float64 by as much.
TOLERANCE, TOLERANCE_101 = 1e-3, 2e-3

CASES = [
    # golden file, case, our network, what else
    ("i3d_r50", "i3d_noise", "i3d_r50"),
    ("i3d_r50", "i3d_smooth", "i3d_r50"),
    ("i3d_r50", "i3d_flow2ch", "i3d_r50"),
    ("i3d_r50", "i3d_r101", "i3d_r101"),
    ("i3d_r50", "c2d", "c2d_r50"),
    ("i3d_r50", "c2d_nln", "nl_c2d_r50"),
    ("nl_r50", "nln_smooth", "nl_i3d_r50"),
    ("nl_r50", "nln_batch2", "nl_i3d_r50"),
    ("nl_r50", "nln_test_256", "nl_i3d_r50"),
    ("nl_r50", "nln_dot_product", "nl_i3d_r50"),
    ("nl_r50", "nln_dot_product_odd", "nl_i3d_r50"),
    ("nl_r50", "nln_no_pool", "nl_i3d_r50"),
    ("nl_r50", "nln_group2", "nl_i3d_r50"),
]
# The others are of the same code with one of these things more or less.
SLOW = ("i3d_flow2ch", "c2d_nln", "nln_dot_product_odd", "nln_group2")
ATTENTION = {
    "nln_dot_product": {"form": "dot_product"},
    "nln_dot_product_odd": {"form": "dot_product"},
    "nln_no_pool": {"sub_sample": None},
    "nln_group2": {"groups": 2},
}


@pytest.fixture(scope="module")
def golden2(shared):
    """The shared folder's golden2, its rules and its inventories."""
    folder = shared / "golden2"
    sys.path[:0] = [str(folder), str(shared / "golden")]
    try:
        import clips
        import rules2
    finally:
        del sys.path[:2]
    lines = (folder / "inventories.tsv").read_text().splitlines()
    rows = [line.split("\t") for line in lines]
    return folder, rules2.fill, lambda network: inventory_in(rows, network), clips.clip


def inventory_in(rows, network):
    """{key: shape} of non-local I3D; of I3D without what its rows say is absent."""
    shapes = {}
    for name, key, shape, _ in rows:
        if name == "I3D_NLN_8x8_R50":
            shapes[key] = tuple(map(int, shape.split("x"))) if shape != "scalar" else ()
        if name == network and shape == "absent":
            del shapes[key]
    return shapes


def inventory_of(network, inventory, flow=False):
    """{SlowFast's key: shape}; of ResNet-101 and C2D from ResNet-50's, as golden2 says."""
    non_local = network.startswith("nl_")
    shapes = inventory("I3D_NLN_8x8_R50" if non_local else "I3D_8x8_R50")
    if network == "i3d_r101":
        for block in range(6, 23):
            like = re.compile(rf"s4\.pathway0_res{1 + (block + 1) % 2}\.")
            for key in [key for key in shapes if like.match(key)]:
                shapes[like.sub(f"s4.pathway0_res{block}.", key)] = shapes[key]
    if "c2d" in network:
        shapes = {k: (*s[:2], 1, *s[3:]) if len(s) == 5 else s for k, s in shapes.items()}
    if flow:
        shapes["s1.pathway0_stem.conv.weight"] = (64, 2, 5, 7, 7)
    return shapes


def filled(case, network, fill, inventory):
    """The arrays of a case, under our paths."""
    arrays = {k: fill(k, s) for k, s in inventory_of(network, inventory, "flow" in case).items()}
    if "dot_product" in case:
        for key in [key for key in arrays if "conv_theta" in key]:
            inner = len(arrays[key.replace("weight", "bias")])
            arrays[key] = arrays[key] / np.float32(inner)
    return slowfast.convert(arrays)


def built(case, network, monkeypatch, **options):
    if case in ATTENTION:
        design = Design(non_local=(2, 2), attention=ATTENTION[case])
        monkeypatch.setitem(DESIGNS, network, design)
    stream = "flow" if "flow" in case else "rgb"
    return build_resnet_3d(network, stream, classifier_activation=None, **options)


@pytest.mark.parametrize(("file", "case", "network"), slow_or_long(CASES, *SLOW))
def test_logits(file, case, network, golden2, monkeypatch):
    folder, fill, inventory, clip = golden2
    about = json.loads((folder / f"{file}.json").read_text())["cases"][case]
    model = built(case, network, monkeypatch)
    counted = sum(int(np.prod(v.shape)) for v in model.trainable_weights)
    assert counted == about["parameters"]
    assign(model, filled(case, network, fill, inventory), case)
    logits = model.predict_on_batch(clip(about["clip"], tuple(about["shape_NTHWC"])))
    wanted = np.load(folder / f"{file}.npz")[f"{case}/logits"].reshape(logits.shape)
    tolerance = TOLERANCE_101 if network == "i3d_r101" else TOLERANCE
    assert np.abs(logits - wanted).max() < tolerance


def layer_of(point):
    """Our layer of SlowFast's end point; None for what lies inside of a layer of ours."""
    named = {"s1.pathway0_stem.relu": "conv1", "s1.pathway0_stem": "pool1"}
    named |= {"pathway0_pool": "pool2", "head.pathway0_avgpool": "head_mean"}
    if point in named:
        return named[point]
    parts = re.fullmatch(r"s(\d)\.pathway0_(res|nonlocal)(\d+)", point)
    return parts and f"{parts[2]}{parts[1]}_{parts[3]}"


def test_logits_and_every_end_point_of_non_local_i3d(golden2):
    folder, fill, inventory, clip = golden2
    golden = np.load(folder / "nl_r50.npz")
    model = build_resnet_3d("nl_i3d_r50", classifier_activation=None)
    assign(model, filled("nln_noise", "nl_i3d_r50", fill, inventory), "golden2")
    names = [key.split("/", 2)[2] for key in golden.files if key.startswith("nln_noise/channel")]
    points = {point: layer_of(point) for point in names if layer_of(point)}
    assert len(points) == 25
    outputs = {point: model.get_layer(layer).output for point, layer in points.items()}
    features = keras.Model(model.input, {**outputs, "logits": model.output})
    came = features.predict_on_batch(clip("noise0", (1, 8, 224, 224, 3)))
    assert np.abs(came.pop("logits") - golden["nln_noise/logits"]).max() < TOLERANCE
    for point, values in came.items():
        means = values.mean(axis=tuple(range(values.ndim - 1)))
        wanted = golden[f"nln_noise/channel_mean/{point}"]
        np.testing.assert_allclose(means, wanted, atol=1e-4, err_msg=point)
        for corner, at in (("corner", 0), ("far_corner", -1)):
            if f"nln_noise/{corner}/{point}" in golden.files:
                values_at = values[0, at, at, at] if at else values[0, 0, 0, 0]
                wanted = golden[f"nln_noise/{corner}/{point}"]
                np.testing.assert_allclose(values_at, wanted, atol=1e-3, err_msg=point)


@pytest.mark.slow
def test_training_mode(golden2):
    """Logits of a batch's own statistics, and the moving averages after one step."""
    folder, fill, inventory, clip = golden2
    golden = np.load(folder / "nl_r50.npz")
    model = build_resnet_3d("nl_i3d_r50", classifier_activation=None, dropout=0)
    assign(model, filled("nln_train", "nl_i3d_r50", fill, inventory), "golden2")
    logits = model(clip("noise4", (2, 8, 224, 224, 3)), training=True)
    logits = keras.ops.convert_to_numpy(logits)
    np.testing.assert_allclose(logits, golden["nln_train/logits"], atol=2e-2)
    after = {k.split("/", 2)[2]: golden[k] for k in golden.files if "/after/" in k}
    after = slowfast.convert({k: a for k, a in after.items() if a.ndim == 1})
    values = {v.path: keras.ops.convert_to_numpy(v.value) for v in model.weights}
    assert len(after) >= 10
    for path, wanted in after.items():
        # PyTorch's moving variance is of n - 1: of res5's 392 positions 0.26 % more.
        np.testing.assert_allclose(values[path], wanted, rtol=3e-4, atol=1e-3, err_msg=path)


PROGRAM = """
import sys, numpy as np, keras
sys.path[:0] = sys.argv[3:]
import check, clips, rules2
from keras_i3d.models.resnet_3d import build_resnet_3d
from keras_i3d.weights.assignment import assign
from keras_i3d.weights.sources import slowfast
assert keras.backend.backend() == sys.argv[1]
model = build_resnet_3d("nl_i3d_r50", classifier_activation=None)
names = check.inventory("I3D_NLN_8x8_R50").items()
assign(model, slowfast.convert({k: rules2.fill(k, s) for k, s in names}), "golden2")
golden = np.load(sys.argv[2])
for case, kind, shape in (
    ("nln_noise", "noise0", (1, 8, 224, 224, 3)), ("nln_test_256", "smooth", (1, 8, 256, 256, 3)),
):
    logits = np.array(model.predict_on_batch(clips.clip(kind, shape)))
    print(float(np.abs(logits - golden[case + "/logits"]).max()))
assert ("tensorflow" in sys.modules) == (sys.argv[1] == "tensorflow") or sys.argv[1] == "torch"
"""


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_logits_on_other_backends(backend, golden2, shared, tmp_path):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed: pip install 'keras-i3d[{backend}]'")
    folder = golden2[0]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, backend, folder / "nl_r50.npz", folder, shared / "golden"],
        env={**os.environ, "KERAS_BACKEND": backend},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert max(map(float, done.stdout.split())) < 2e-3


# One of each kind; the others differ in depth and in the form of their blocks.
KINDS = ("i3d_r50", "nl_i3d_r50", "c2d_nopool_r50", "mm_nl_dot_i3d_r50")


@pytest.mark.parametrize(
    "network",
    [pytest.param(n, marks=[] if n in KINDS else [pytest.mark.long]) for n in DESIGNS],
)
def test_the_least_clip_is_the_least(network):
    """Of a tiny width; one frame or one row less is refused before anything is computed."""
    frames, *side = least = least_clip(network)
    options = {"classes": 3, "width": 1 / 32}
    model = build_resnet_3d(network, input_shape=(*least, 3), **options)
    scores = model.predict_on_batch(np.ones((1, *least, 3), np.float32))
    assert scores.shape == (1, 3) and np.isfinite(scores).all()
    for smaller in [(frames - 1, *side), (frames, side[0] - 1, side[1])]:
        if min(smaller) > 0:
            with pytest.raises(ValueError, match=f"at least {frames} frames of {side[0]} x"):
                build_resnet_3d(network, input_shape=(*smaller, 3), **options)


@pytest.mark.slow
def test_published_counts():
    """mmaction2's README and metafile: 35,397,840 with no bias in the blocks' last convolution."""
    out_biases = 2 * 512 + 3 * 1024
    counted = {}
    for network in ("mm_nl_i3d_r50", "mm_nl_gaussian_i3d_r50", "mm_i3d_r50_heavy"):
        variables = build_resnet_3d(network).trainable_weights
        counted[network] = sum(int(np.prod(v.shape)) for v in variables)
    assert counted["mm_nl_i3d_r50"] - out_biases == 35_397_840
    assert counted["mm_nl_gaussian_i3d_r50"] - out_biases == 31_723_728
    assert round(counted["mm_i3d_r50_heavy"] / 1e6, 1) == 33.0
