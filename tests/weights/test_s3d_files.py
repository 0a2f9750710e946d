"""Files of S3D and S3D-G: by value from the foreign arrays; others are refused whole."""

import re
import sys
from dataclasses import replace

import h5py
import keras
import numpy as np
import pytest

import keras_i3d
from keras_i3d.data.pixels.preprocessing import scale
from keras_i3d.files.hashes import sha256
from keras_i3d.models.inception_v1 import build_inception_v1
from keras_i3d.models.s3d import GATED_LAYOUTS, LAYOUTS, build_s3d
from keras_i3d.weights import imagenet, records
from keras_i3d.weights.s3d_layouts import layout_of_file
from keras_i3d.weights.s3d_records import S3D_TORCHVISION
from keras_i3d.weights.sources import s3d_slim, s3d_torch
from keras_i3d.weights.tf_checkpoint import write_checkpoint

# golden2's check.py leaves files to be closed by themselves.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
CLASSES = 5


@pytest.fixture(scope="module")
def inventory(shared):
    """From a list of golden2 to {name in the foreign file: shape}, of five classes."""
    sys.path.insert(0, str(shared / "golden2"))
    try:
        import check
    finally:
        sys.path.pop(0)

    def shapes(name):
        found = check.inventory(name)
        return {k: tuple(CLASSES if n == 400 else n for n in s) for k, s in found.items()}

    return shapes


def drawn(shapes):
    rng = np.random.default_rng(0)
    return {k: rng.uniform(0.5, 1.5, s).astype(np.float32) for k, s in shapes.items()}


def values(model):
    return {v.path: keras.ops.convert_to_numpy(v) for v in model.weights}


def save_torch(path, arrays, prefix=""):
    torch = pytest.importorskip("torch", reason="needs PyTorch: pip install 'keras-i3d[torch]'")
    torch.save({prefix + k: torch.from_numpy(a) for k, a in arrays.items()}, path)
    return str(path)


@pytest.mark.parametrize(
    ("name", "layout", "prefix"),
    [("torchvision_s3d_400", "torchvision", ""), ("kylemin_s3d_400", "kylemin", "module.")],
)
def test_state_dicts_give_the_network_and_its_layout(name, layout, prefix, inventory, tmp_path):
    arrays = drawn(inventory(name))
    path = save_torch(tmp_path / "s3d.pth", arrays, prefix)
    assert layout_of_file("s3d", path) == layout
    model = keras_i3d.S3D(path)
    assert model.output_shape == (None, CLASSES)
    assert model.get_layer("AvgPool_0a_7x7").pool_size == LAYOUTS[layout].head_pool
    came = values(model)
    names = {
        "torchvision": ("features.0.1.0", "classifier.1"),
        "kylemin": ("base.0.conv_t", "fc.0"),
    }
    stem, head = names[layout]
    wanted = arrays[f"{stem}.weight"].transpose(2, 3, 4, 1, 0)
    np.testing.assert_array_equal(came["Conv2d_1a_7x7/temporal/conv_3d/kernel"], wanted)
    np.testing.assert_array_equal(came["Conv2d_0c_1x1/conv_3d/bias"], arrays[f"{head}.bias"])
    # Every array has its place: no two paths got one array.
    kept = [a for k, a in arrays.items() if not k.endswith("num_batches_tracked")]
    assert sorted(float(a.sum()) for a in kept) == pytest.approx(
        sorted(float(a.sum()) for a in came.values())
    )


def test_torchvisions_and_kylemins_names_are_one_network(inventory):
    """Both list the same tensors in the same order."""
    kinds = [inventory("torchvision_s3d_400"), inventory("kylemin_s3d_400")]
    paths = [
        [s3d_torch.rename(k) for k in kind if not k.endswith("num_batches_tracked")]
        for kind in kinds
    ]
    assert paths[0] == paths[1]
    assert set(paths[0]) == {v.path for v in build_s3d().weights}


def test_a_checkpoint_of_d3dhelper_with_moving_averages_beside_it(inventory, tmp_path):
    arrays = drawn(inventory("s3dg_rgb400"))
    averages = {f"{k}/ExponentialMovingAverage": np.zeros_like(a) for k, a in arrays.items()}
    write_checkpoint(tmp_path / "model", {**arrays, **averages, "global_step": np.array(7)})
    model = keras_i3d.S3DG(str(tmp_path / "model"))
    came = values(model)
    gate = arrays["InceptionV1/Mixed_3b/Branch_1/Conv2d_0b_3x3/self_gating/transformer_W/weights"]
    path = "Mixed_3b/Branch_1/Conv2d_0b_3x3/self_gating/transformer_W/kernel"
    np.testing.assert_array_equal(came[path], gate[0, 0, 0])
    bias = arrays["InceptionV1/Conv2d_2c_3x3/temporal/biases"]
    np.testing.assert_array_equal(came["Conv2d_2c_3x3/temporal/conv_3d/bias"], bias)
    beta = arrays["InceptionV1/Conv2d_1a_7x7/BatchNorm/beta"]
    np.testing.assert_array_equal(came["Conv2d_1a_7x7/batch_norm/beta"], beta)
    assert len(came) == len(arrays) == 305


def test_d3d_takes_the_files_of_d3dhelper_and_sees_what_its_record_says(inventory, tmp_path):
    """[-1, 1]; by the notebook [0, 1]: a white pixel is 1 and a black one 0."""
    arrays = drawn(inventory("s3dg_rgb400"))
    write_checkpoint(tmp_path / "model", arrays)
    path = str(tmp_path / "model")
    for came, wanted in zip(keras_i3d.D3D(path).weights, keras_i3d.S3DG(path).weights, strict=True):
        np.testing.assert_array_equal(came, wanted)
    pixels = np.array([0, 255], np.uint8)
    for layout, ends in ((None, [-1, 1]), ("notebook", [0, 1])):
        record = keras_i3d.load(path, model="d3d", layout=layout).record
        [(stream, one)] = record.inputs.items()
        assert (record.network, stream, one.frames, one.crop) == ("d3d", "rgb", 64, 224)
        np.testing.assert_allclose(scale(pixels, one.preprocessing), ends)
    with pytest.raises(ValueError, match=r"one of \('notebook',\) for d3d. Received: layout"):
        keras_i3d.load(path, model="d3d", layout="slim")
    with pytest.raises(ValueError, match=r"stream should be one of \('rgb',\) for d3d"):
        keras_i3d.D3D(stream="flow")
    with pytest.raises(ValueError, match="imagenet"):
        keras_i3d.D3D("imagenet")


def test_a_checkpoint_of_slims_s3d_is_its_layout(inventory, tmp_path):
    write_checkpoint(tmp_path / "model", drawn(inventory("s3d_rgb400")))
    model = keras_i3d.S3D(str(tmp_path / "model"))
    assert model.count_params() == 8_299_520 + 14_560 - 395 * 1025
    assert keras_i3d.load(tmp_path / "model", model="s3d").record.inputs["rgb"].frames == 64
    with pytest.raises(ValueError, match="missing .*self_gating/transformer_W/kernel"):
        keras_i3d.S3DG(str(tmp_path / "model"))


def danideniz_name(slim):
    """The layer and leaf of DaniDeniz' s3dg_keras.py of a variable of slim's."""
    *unit, leaf = slim.removeprefix("InceptionV1/").removeprefix("Logits/").split("/")
    kind, inner = "conv", ""
    if unit[-1] == "BatchNorm":
        kind = "bn"
    elif unit[-1] == "temporal":
        inner = "/t"
    elif unit[-1] == "transformer_W":
        inner = "/self_gating/transformer_W"
    place = next(part for part in unit if part.startswith("Conv2d"))
    if place == "Conv2d_0c_1x1":
        layer = "Conv3d_6a_1x1"
    elif unit[0].startswith("Mixed"):
        block, branch = unit[0].removeprefix("Mixed_"), unit[1].removeprefix("Branch_")
        _, which, size = place.split("_")
        layer = f"Conv3d_{block}_{branch}{which[1]}_{size}_{kind}{inner}"
    else:
        layer = f"{place.replace('Conv2d', 'Conv3d')}_{kind}{inner}"
    return layer, {"weights": "kernel", "biases": "bias"}.get(leaf, leaf)


def test_danidenizs_keras_2_file(inventory, tmp_path):
    arrays = drawn(inventory("s3dg_rgb400"))
    with h5py.File(tmp_path / "s3dg.hdf5", "w") as file:
        for key, array in arrays.items():
            layer, leaf = danideniz_name(key)
            file[f"model_weights/{layer}/{layer}/{leaf}:0"] = array
    came = values(keras_i3d.D3D(str(tmp_path / "s3dg.hdf5")))
    wanted = s3d_slim.convert(arrays)
    assert came.keys() == wanted.keys()
    for path, array in came.items():
        np.testing.assert_array_equal(array, wanted[path], err_msg=path)


def test_our_own_files_come_back(tmp_path):
    layout = GATED_LAYOUTS["torchvision"]
    ours = keras_i3d.S3DG(classes=3, layout=layout)
    ours.save_weights(tmp_path / "s3dg.weights.h5")
    again = keras_i3d.S3DG(str(tmp_path / "s3dg.weights.h5"), layout="torchvision")
    assert again.output_shape == (None, 3)
    for came, wanted in zip(again.get_weights(), ours.get_weights(), strict=True):
        np.testing.assert_array_equal(came, wanted)


def test_weights_of_another_network_are_refused_whole(inventory, tmp_path):
    path = save_torch(tmp_path / "other.pth", {"conv1.weight": np.ones((3, 3), np.float32)})
    with pytest.raises(ValueError, match=r"unexpected conv1\.weight"):
        keras_i3d.S3D(path)
    arrays = drawn(inventory("torchvision_s3d_400"))
    arrays["features.3.0.0.weight"][0, 0, 0, 0, 0] = np.nan
    with pytest.raises(ValueError, match="values .*Conv2d_2c_3x3/spatial.*1 of 110592 are not fin"):
        keras_i3d.S3D(save_torch(tmp_path / "nan.pth", arrays))
    content = (tmp_path / "nan.pth").read_bytes()
    (tmp_path / "cut.pth").write_bytes(content[: len(content) // 2])
    with pytest.raises(ValueError, match=r"cut\.pth cannot be read"):
        keras_i3d.S3D(str(tmp_path / "cut.pth"))


def test_files_without_a_hash_are_not_fetched_and_the_error_says_where_they_are():
    with pytest.raises(ValueError, match=r"drive\.google\.com/drive/folders/1Yb.* cannot be verif"):
        keras_i3d.S3DG("kinetics")
    with pytest.raises(ValueError, match="'kinetics'.* for s3d's flow stream"):
        keras_i3d.S3D(stream="flow")
    with pytest.raises(ValueError, match=r"neither a name nor a file.*kylemin/S3D's file"):
        keras_i3d.S3D("kinetics600")


def test_arguments_that_do_not_go_together():
    with pytest.raises(ValueError, match=r"layout should be one of \('torchvision', 'kylemin'"):
        keras_i3d.S3D(None, layout="caffe")
    with pytest.raises(ValueError, match="at least 13 frames of 209 x 209 pixels"):
        keras_i3d.S3D(None, input_shape=(64, 200, 224, 3))
    with pytest.raises(ValueError, match="stream should be one of"):
        keras_i3d.S3DG(stream="depth")
    with pytest.raises(ValueError, match="new_head=True"):
        keras_i3d.S3D("kinetics", classes=7)  # before anything is fetched


def slim_path(path):
    """'Mixed_3b_Branch_0_Conv2d_0a_1x1_conv_2d/kernel' with slim's slashes."""
    return re.sub("_(Branch_|conv_2d|batch_norm|(?<=Branch_._)Conv2d)", r"/\1", path)


def test_from_imagenet_a_still_clip_is_the_image(monkeypatch):
    """Kernels in time are the identity: every frame of Mixed_5c is the image network's."""
    images = build_inception_v1(classes=4, classifier_activation=None)
    rng = np.random.default_rng(0)
    for variable in images.weights:
        drawn = rng.normal(size=variable.shape)
        if variable.path.endswith("kernel"):
            drawn *= (3 / np.prod(variable.shape[:-1])) ** 0.5
        variable.assign(np.abs(drawn) + 1 if variable.path.endswith("variance") else drawn / 3)
    arrays = {slim_path(v.path): keras.ops.convert_to_numpy(v) for v in images.weights}
    monkeypatch.setattr(imagenet, "published_inception_v1", lambda: arrays)
    model = keras_i3d.S3D("imagenet", layout="slim", include_top=False)
    image = rng.uniform(-1, 1, (1, 64, 64, 3)).astype(np.float32)
    features = keras.Model(images.input, images.get_layer("Mixed_5c").output)
    wanted = features.predict_on_batch(image)
    came = model.predict_on_batch(np.repeat(image[:, None], 16, axis=1))
    assert came.shape == (1, 2, 2, 2, 1024)
    assert wanted.std() > 1e-3
    for frame in range(2):
        np.testing.assert_allclose(came[:, frame], wanted, atol=1e-4 * wanted.max())
    head = keras_i3d.S3DG("imagenet").get_layer("Conv2d_0c_1x1").conv_3d.kernel
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(head)[0], arrays["Conv2d_0c_1x1/conv_2d/kernel"]
    )
    flow = keras_i3d.S3D("imagenet", stream="flow", classes=7, new_head=True)
    stem = keras.ops.convert_to_numpy(flow.get_layer("Conv2d_1a_7x7").spatial.conv_3d.kernel)
    mean = arrays["Conv2d_1a_7x7/conv_2d/kernel"].mean(axis=2)
    np.testing.assert_allclose(stem[0], np.stack([mean, mean], axis=2), rtol=1e-6)


@pytest.fixture
def published(server, inventory, monkeypatch):
    """torchvision's file, with our values in it, lies on the server that its record names."""
    arrays = drawn(inventory("torchvision_s3d_400"))
    path = server.folder / "s3d.pth"
    save_torch(path, arrays)
    [file] = S3D_TORCHVISION.files
    file = replace(file, url=f"{server.url}/s3d.pth", sha256=sha256(path)[:8])
    record = replace(S3D_TORCHVISION, files=(file,), classes=CLASSES)
    everywhere = tuple(record if one.model == "s3d" else one for one in records.RECORDS)
    monkeypatch.setattr(records, "RECORDS", everywhere)
    return record


def test_kinetics_is_torchvisions_file_fetched_once_and_checked_by_what_its_name_says(
    published, server, cache
):
    model = keras_i3d.S3D()
    assert model.output_shape == (None, CLASSES)
    assert sum(np.prod(v.shape) for v in model.non_trainable_weights) == published.statistics
    keras_i3d.S3D("kinetics", classes=3, new_head=True)
    assert server.requests == [("/s3d.pth", None)]
    assert (cache / "torchvision" / "s3d-d76dad2f.pth").is_file()


@pytest.mark.parametrize("fault", ["wrong", "flipped", "endless"])
def test_a_server_that_has_other_bytes_is_refused(fault, published, server, cache):
    server.faults = [fault]
    with pytest.raises(OSError, match=rf"its SHA-256 should be {published.files[0].sha256}"):
        keras_i3d.S3D()
    assert not list(cache.glob("torchvision/*.pth"))


def test_what_breaks_off_is_gone_on_with(published, server):
    server.faults = ["breaks off", "no ranges"]
    assert keras_i3d.S3D().output_shape == (None, CLASSES)
    assert [begun is None for _, begun in server.requests] == [True, False]
