"""C3D: mmaction2's logits and end points on rule-made weights, its files, and Caffe's pool5."""

import json

import keras
import numpy as np
import pytest

import keras_i3d
from keras_i3d.models.c3d import build_c3d
from keras_i3d.weights.assignment import assign
from keras_i3d.weights.sources import mmaction2_c3d

# golden2's check.py leaves files to be closed by themselves.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
# The smallest planted mistake moves the logits by 0.2, rounding by 6e-6.
TOLERANCE = 1e-4
VARIABLES = {400: "c3d_400", 101: "c3d_101", 487: "c3d_487"}
CASES = [
    "c3d_noise",
    pytest.param("c3d_smooth", marks=pytest.mark.slow),
    pytest.param("c3d_487", marks=pytest.mark.slow),
    pytest.param("c3d_batch2_101", marks=pytest.mark.slow),
]


@pytest.mark.parametrize("case", CASES)
def test_logits_and_end_points_are_those_of_the_original(case, shared, rules):
    rule, check, clips = rules
    about = json.loads((shared / "golden2" / "c3d.json").read_text())["cases"][case]
    golden = np.load(shared / "golden2" / "c3d.npz")
    model = build_c3d(classes=about["classes"], classifier_activation=None)
    shapes = check.inventory(VARIABLES[about["classes"]])
    assign(model, mmaction2_c3d.convert({n: rule.fill(n, s) for n, s in shapes.items()}), case)
    assert sum(np.prod(v.shape) for v in model.weights) == about["parameters"]
    clip = clips.clip(about["clip"], tuple(about["shape_NTHWC"]))
    outputs = {point: model.get_layer(point).output for point in about.get("endpoints", ())}
    came = keras.Model(model.input, {**outputs, "Logits": model.output}).predict_on_batch(clip)
    assert np.abs(came.pop("Logits") - golden[f"{case}/logits"]).max() < TOLERANCE
    for point, values in came.items():
        if point.startswith("fc"):  # before the ReLU
            wanted = np.maximum(np.squeeze(golden[f"{case}/value/{point}"]), 0)
            values = values[..., : len(wanted)]
        else:
            wanted, values = golden[f"{case}/channel_mean/{point}"], values.mean((0, 1, 2, 3))
        np.testing.assert_allclose(np.squeeze(values), np.squeeze(wanted), atol=1e-4, err_msg=point)


def test_the_windows_of_pool5_begin_where_each_has_them():
    """Of rows 0 to 6: Caffe's are 01 23 45 6, mmaction2's 0 12 34 56."""
    rows = np.arange(7, dtype=np.float32)
    clip = np.zeros((1, 2, 7, 7, 512), np.float32) + rows[:, None, None]
    for variant, wanted in {"caffe": [1, 3, 5, 6], "mmaction2": [0, 2, 4, 6]}.items():
        model = build_c3d(include_top=False, variant=variant)
        conv5b = model.get_layer("conv5b").output
        tail = keras.Model(conv5b, model.output)
        assert tail.predict_on_batch(clip)[0, 0, :, 0, 0].tolist() == wanted


def state_dict(width, classes):
    """{mmaction2's name: array} of a narrow C3D, and what it is in NumPy's terms."""
    rng = np.random.default_rng(0)
    shapes, before = {}, 3
    for name, filters in zip(CONVS, (64, 128, 256, 256, 512, 512, 512, 512), strict=True):
        shapes[f"backbone.{name}.conv"] = (filters * width // 64, before, 3, 3, 3)
        before = filters * width // 64
    shapes["backbone.fc6"] = (64 * width, before * 16)
    shapes["backbone.fc7"] = (64 * width, 64 * width)
    if classes:
        shapes["cls_head.fc_cls"] = (classes, 64 * width)
    arrays = {}
    for name, shape in shapes.items():
        arrays[f"{name}.weight"] = rng.normal(0, 0.05, shape).astype(np.float32)
        arrays[f"{name}.bias"] = rng.normal(0, 0.1, shape[0]).astype(np.float32)
    return arrays


CONVS = ("conv1a", "conv2a", "conv3a", "conv3b", "conv4a", "conv4b", "conv5a", "conv5b")


@pytest.fixture
def saved(tmp_path):
    torch = pytest.importorskip("torch")

    def save(arrays):
        path = tmp_path / "c3d.pth"
        torch.save({"state_dict": {k: torch.from_numpy(a) for k, a in arrays.items()}}, path)
        return str(path)

    return save


def test_a_file_of_mmaction2_fills_every_variable(saved):
    """fc6 reads channels, then rows, then columns of pool5."""
    arrays = state_dict(1, 5)
    model = keras_i3d.C3D(saved(arrays), width=1 / 64, classifier_activation=None)
    assert model.output_shape == (None, 5)
    pool5 = np.random.default_rng(1).normal(size=(1, 1, 4, 4, 8)).astype(np.float32)
    tail = keras.Model(model.get_layer("pool5").output, model.output)
    x = pool5[0, 0].transpose(2, 0, 1).reshape(-1)  # C, H, W
    for name in ("backbone.fc6", "backbone.fc7"):
        x = np.maximum(arrays[f"{name}.weight"] @ x + arrays[f"{name}.bias"], 0)
    wanted = arrays["cls_head.fc_cls.weight"] @ x + arrays["cls_head.fc_cls.bias"]
    np.testing.assert_allclose(tail.predict_on_batch(pool5)[0], wanted, rtol=1e-4, atol=1e-5)
    kernel = model.get_layer("conv3b").kernel
    np.testing.assert_array_equal(
        kernel[1, 0, 2, 1, 3], arrays["backbone.conv3b.conv.weight"][3, 1, 1, 0, 2]
    )


def test_a_file_without_class_scores_is_a_start(saved):
    """mmaction2's Sports-1M: the backbone alone, without its prefix."""
    arrays = {k.removeprefix("backbone."): a for k, a in state_dict(1, 0).items()}
    path = saved(arrays)
    with pytest.raises(ValueError, match="should have a head. .* new_head=True"):
        keras_i3d.C3D(path, width=1 / 64)
    model = keras_i3d.C3D(path, width=1 / 64, classes=3, new_head=True)
    np.testing.assert_array_equal(model.get_layer("fc7").bias, arrays["fc7.bias"])
    trunk = keras_i3d.C3D(path, width=1 / 64, include_top=False, pooling="avg")
    np.testing.assert_array_equal(trunk.get_layer("conv1a").bias, arrays["conv1a.conv.bias"])


def test_arguments_of_c3d(tmp_path):
    with pytest.raises(ValueError, match="variant should be one of .*'caffe', 'mmaction2'.*'c4d'"):
        keras_i3d.C3D(variant="c4d")
    with pytest.raises(ValueError, match="neither a name nor a file. mmaction2's configs"):
        keras_i3d.C3D(str(tmp_path / "none.pth"))
