"""Slim's Inception-v1 and torchvision's GoogLeNet, by values from the foreign arrays."""

import io
import tarfile
from dataclasses import replace

import keras
import numpy as np
import pytest

import keras_i3d
from keras_i3d.files.hashes import sha256
from keras_i3d.models.i3d import build_i3d
from keras_i3d.models.inception_v1 import build_inception_v1
from keras_i3d.weights import imagenet
from keras_i3d.weights.assignment import assign
from keras_i3d.weights.sources import googlenet, slim

tf = pytest.importorskip("tensorflow")
SHAPES = {v.path: tuple(v.shape) for v in build_inception_v1(classes=7).weights}
BLOCKS = ("3b", "3c", "4b", "4c", "4d", "4e", "4f", "5b", "5c")
STEM = ("Conv2d_1a_7x7", "Conv2d_2b_1x1", "Conv2d_2c_3x3")
BRANCHES = (
    ("Branch_0/Conv2d_0a_1x1", "branch1"),
    ("Branch_1/Conv2d_0a_1x1", "branch2.0"),
    ("Branch_1/Conv2d_0b_3x3", "branch2.1"),
    ("Branch_2/Conv2d_0a_1x1", "branch3.0"),
    ("Branch_2/Conv2d_0b_3x3", "branch3.1"),
    ("Branch_3/Conv2d_0b_1x1", "branch4.1"),
)


def units():
    """[(slim's name, torchvision's name, path of our layers)]: 57 units."""
    found = [(name, f"conv{i}", name) for i, name in enumerate(STEM, start=1)]
    for block in BLOCKS:
        theirs = f"inception{block[0]}{chr(ord(block[1]) - 1)}"
        for ours, branch in BRANCHES:
            name = f"Mixed_{block}/{ours}"
            found.append((name, f"{theirs}.{branch}", name.replace("/", "_")))
    return found


def slim_arrays():
    rng = np.random.default_rng(0)
    arrays = {"global_step": np.array(7), "InceptionV1/Conv2d_1a_7x7/weights/RMSProp": np.ones(3)}
    for name, _, ours in units():
        name = name.replace("Mixed_5b/Branch_2/Conv2d_0b_3x3", "Mixed_5b/Branch_2/Conv2d_0a_3x3")
        shape = SHAPES[f"{ours}_conv_2d/kernel"]
        spread = np.prod(shape[:-1]) ** -0.5
        arrays[f"InceptionV1/{name}/weights"] = rng.normal(0, spread, shape)
        arrays[f"InceptionV1/{name}/BatchNorm/beta"] = rng.normal(0, 0.1, shape[-1])
        arrays[f"InceptionV1/{name}/BatchNorm/moving_mean"] = rng.normal(0, 0.1, shape[-1])
        arrays[f"InceptionV1/{name}/BatchNorm/moving_variance"] = rng.uniform(0.5, 1.5, shape[-1])
    arrays["InceptionV1/Logits/Conv2d_0c_1x1/weights"] = rng.normal(0, 0.03, (1, 1, 1024, 7))
    arrays["InceptionV1/Logits/Conv2d_0c_1x1/biases"] = rng.normal(size=7)
    return {name: array.astype(np.float32) for name, array in arrays.items()}


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """A .tar.gz laid out as slim's, with TensorFlow's own V1 checkpoint in it."""
    folder = tmp_path_factory.mktemp("slim")
    arrays = slim_arrays()
    tf.raw_ops.Save(
        filename=str(folder / "inception_v1.ckpt"),
        tensor_names=list(arrays),
        data=[tf.constant(array) for array in arrays.values()],
    )
    with tarfile.open(folder / "inception_v1_2016_08_28.tar.gz", "w:gz") as tar:
        tar.add(folder / "inception_v1.ckpt", "inception_v1.ckpt")
    return folder / "inception_v1_2016_08_28.tar.gz"


def unit_by_hand(x, kernel, beta, mean, variance):
    """A 1x1 unit on one pixel, x of (channels,)."""
    return np.maximum((x @ kernel - mean) / np.sqrt(variance + 1e-3) + beta, 0)


def through(model, layer, x):
    """One pixel through a unit of the 2D network."""
    x = x.reshape(1, 1, 1, -1)
    for part in ("_conv_2d", "_batch_norm", ""):
        x = model.get_layer(layer + part)(x)
    return keras.ops.convert_to_numpy(x).reshape(-1)


def test_slims_checkpoint_by_values(archive):
    model = keras_i3d.InceptionV1(str(archive.parent / "inception_v1.ckpt"))
    assert model.output_shape == (None, 7)
    foreign, x = slim_arrays(), np.random.default_rng(1).normal(size=832).astype(np.float32)
    name = "InceptionV1/Mixed_5b/Branch_1/Conv2d_0a_1x1"
    statistics = (
        foreign[f"{name}/BatchNorm/{n}"] for n in ("beta", "moving_mean", "moving_variance")
    )
    wanted = unit_by_hand(x, foreign[f"{name}/weights"][0, 0], *statistics)
    came = through(model, "Mixed_5b_Branch_1_Conv2d_0a_1x1", x)
    np.testing.assert_allclose(came, wanted, atol=1e-4)
    odd = foreign["InceptionV1/Mixed_5b/Branch_2/Conv2d_0a_3x3/weights"]
    kernel = model.get_layer("Mixed_5b_Branch_2_Conv2d_0b_3x3_conv_2d").kernel
    np.testing.assert_array_equal(np.array(kernel), odd)


def googlenet_state():
    rng = np.random.default_rng(0)
    state = {"aux1.fc1.weight": np.ones((3, 3))}
    for _, name, ours in units():
        h, w, i, o = SHAPES[f"{ours}_conv_2d/kernel"]
        state[f"{name}.conv.weight"] = rng.normal(0, (i * h * w) ** -0.5, (o, i, h, w))
        state[f"{name}.bn.weight"] = rng.uniform(0.5, 1.5, o)
        state[f"{name}.bn.bias"] = rng.normal(0, 0.1, o)
        state[f"{name}.bn.running_mean"] = rng.normal(0, 0.1, o)
        state[f"{name}.bn.running_var"] = rng.uniform(0.5, 1.5, o)
        state[f"{name}.bn.num_batches_tracked"] = np.array(3)
    state["fc.weight"], state["fc.bias"] = rng.normal(0, 0.03, (7, 1024)), rng.normal(size=7)
    return {key: a.astype(np.float32) for key, a in state.items()}


def test_googlenet_by_values():
    state = googlenet_state()
    model = build_inception_v1(classes=7, classifier_activation=None)
    assign(model, imagenet.image_paths(googlenet.convert(state)), "googlenet")
    x = np.random.default_rng(1).normal(size=480).astype(np.float32)
    name = "inception4a.branch2.0"
    conv = state[f"{name}.conv.weight"][:, :, 0, 0] @ x
    spread = np.sqrt(state[f"{name}.bn.running_var"] + 1e-3)
    wanted = (conv - state[f"{name}.bn.running_mean"]) / spread
    wanted = np.maximum(wanted * state[f"{name}.bn.weight"] + state[f"{name}.bn.bias"], 0)
    came = through(model, "Mixed_4b_Branch_1_Conv2d_0a_1x1", x)
    np.testing.assert_allclose(came, wanted, atol=1e-4)
    features = np.random.default_rng(2).normal(size=(1, 1, 1, 1024)).astype(np.float32)
    logits = np.array(model.get_layer("Conv2d_0c_1x1_conv_2d")(features)).reshape(-1)
    wanted = state["fc.weight"] @ features.reshape(-1) + state["fc.bias"]
    np.testing.assert_allclose(logits, wanted, atol=1e-4)


def torchvisions(torch, state, images):
    """GoogLeNet's logits by its names; but its stem pads as TensorFlow does, 2 and 3."""
    functional = torch.nn.functional
    state = {key: torch.from_numpy(array) for key, array in state.items()}

    def unit(x, name, **convolution):
        x = functional.conv2d(x, state[f"{name}.conv.weight"], **convolution)
        names = ("running_mean", "running_var", "weight", "bias")
        x = functional.batch_norm(x, *(state[f"{name}.bn.{n}"] for n in names), eps=1e-3)
        return functional.relu(x)

    def pool(x, size):
        return functional.max_pool2d(x, size, 2, ceil_mode=True)

    def block(x, name):
        shrunk = functional.max_pool2d(x, 3, 1, padding=1, ceil_mode=True)
        branches = [
            unit(x, f"{name}.branch1"),
            unit(unit(x, f"{name}.branch2.0"), f"{name}.branch2.1", padding=1),
            unit(unit(x, f"{name}.branch3.0"), f"{name}.branch3.1", padding=1),
            unit(shrunk, f"{name}.branch4.1"),
        ]
        return torch.cat(branches, 1)

    x = functional.pad(torch.from_numpy(images.transpose(0, 3, 1, 2)), (2, 3, 2, 3))
    x = pool(unit(x, "conv1", stride=2), 3)
    x = pool(unit(unit(x, "conv2"), "conv3", padding=1), 3)
    for stage, letters, size in (("3", "ab", 3), ("4", "abcde", 2), ("5", "ab", None)):
        for letter in letters:
            x = block(x, f"inception{stage}{letter}")
        x = pool(x, size) if size else x
    return (x.mean((2, 3)) @ state["fc.weight"].T + state["fc.bias"]).numpy()


def test_googlenets_logits_are_pytorchs():
    """The whole network, stem padded as TensorFlow does; images move the logits by 2e-3."""
    torch = pytest.importorskip("torch", reason="needs PyTorch: pip install 'keras-i3d[torch]'")
    state = googlenet_state()
    model = build_inception_v1(classes=7, classifier_activation=None)
    state_of_wrapped = {f"module.{key}": array for key, array in state.items()}
    assign(model, imagenet.image_paths(googlenet.convert(state_of_wrapped)), "googlenet")
    images = np.random.default_rng(1).uniform(-1, 1, (2, 224, 224, 3)).astype(np.float32)
    wanted = torchvisions(torch, state, images)
    assert np.ptp(wanted, axis=0).max() > 1e-3
    np.testing.assert_allclose(model.predict_on_batch(images), wanted, atol=1e-6)


def test_every_key_is_mapped_or_left_out():
    for arrays in (
        googlenet.convert(googlenet_state()),
        slim.convert({k: a for k, a in slim_arrays().items() if slim.wanted(k)}),
    ):
        arrays = imagenet.image_paths(arrays)
        assert {path: array.shape for path, array in arrays.items()} == SHAPES
        assert len(arrays) == 4 * 57 + 2


def test_a_googlenet_kernel_in_every_axis():
    """The response of the stem at one place, summed over the kernel's own axes by NumPy."""
    state = googlenet_state()
    kernel = googlenet.convert(state)["Conv2d_1a_7x7/conv_2d/kernel"]
    patch = np.random.default_rng(3).normal(size=(7, 7, 3)).astype(np.float32)
    wanted = np.einsum("oihw,hwi->o", state["conv1.conv.weight"], patch) * state["conv1.bn.weight"]
    np.testing.assert_allclose(np.einsum("hwio,hwi->o", kernel, patch), wanted, atol=1e-4)


def test_googlenet_has_torchvisions_parameters_save_the_scales():
    """torchvision, GoogLeNet_Weights: num_params 6 624 904; our batch norm has no gamma."""
    model = build_inception_v1(classes=1000)
    gammas = sum(v.shape[0] for v in model.weights if v.path.endswith("beta"))
    trainable = sum(int(np.prod(v.shape)) for v in model.trainable_weights)
    assert trainable + gammas == 6_624_904


def test_names_of_unknown_files_come_through_for_the_error():
    assert slim.wanted("InceptionV1/Conv2d_1a_7x7/BatchNorm/gamma")  # for the error
    for key in ("layer1.0.conv1.weight", "conv4.conv.weight", "inception3a.branch9.conv.weight"):
        assert googlenet.rename(key) == key
    assert not slim.wanted("InceptionV1/Conv2d_1a_7x7/weights/RMSProp")


@pytest.fixture
def published(archive, server, monkeypatch):
    """Slim's publisher is the server, and has the archive."""
    (server.folder / archive.name).write_bytes(archive.read_bytes())
    file = replace(
        imagenet.SLIM_INCEPTION_V1,
        size=archive.stat().st_size,
        sha256=sha256(archive),
        url=f"{server.url}/{archive.name}",
    )
    monkeypatch.setattr(imagenet, "SLIM_INCEPTION_V1", file)


@pytest.mark.parametrize("stream", ["rgb", "flow"])
def test_i3d_from_imagenet_is_the_image_network_inflated(published, stream):
    """A still image: the middle of Mixed_5c, and the answer of the stem, are the 2D network's."""
    image_network = keras_i3d.InceptionV1("imagenet", include_top=False)
    video_network = keras_i3d.I3D("imagenet", stream=stream, include_top=False)
    channels = 3 if stream == "rgb" else 2
    image = np.random.default_rng(0).uniform(-1, 1, (64, 64, channels)).astype(np.float32)
    # The mean of RGB's kernels in both of flow's: an image whose channels are all (x + y) / 3.
    as_rgb = image if stream == "rgb" else np.repeat(image.sum(-1, keepdims=True) / 3, 3, axis=-1)
    point = "Mixed_5c" if stream == "rgb" else "Conv{}d_1a_7x7"
    frames = 128 if stream == "rgb" else 16
    flat = keras.Model(image_network.input, image_network.get_layer(point.format(2)).output)
    clip = keras.Model(video_network.input, video_network.get_layer(point.format(3)).output)
    wanted = flat.predict_on_batch(as_rgb[None])[0]
    came = clip.predict_on_batch(np.repeat(image[None, None], frames, axis=1))[0]
    middle = came[len(came) // 2]
    assert np.abs(middle - wanted).max() / np.abs(wanted).max() < 1e-4
    assert np.abs(came[0] - wanted).max() / np.abs(wanted).max() > 1e-2  # zeros beyond the ends


def test_the_head_of_i3d_from_imagenet(published):
    same = keras_i3d.I3D("imagenet", classes=7, classifier_activation=None)
    head = imagenet.published_inception_v1()["Conv2d_0c_1x1/conv_2d/kernel"]
    np.testing.assert_array_equal(same.get_layer("Conv3d_0c_1x1").conv_3d.kernel[0], head)
    other = keras_i3d.I3D("imagenet", classes=5, new_head=True)
    assert other.output_shape == (None, 5)
    stem = imagenet.published_inception_v1()["Conv2d_1a_7x7/conv_2d/kernel"]
    for model in (same, other):
        kernel = np.array(model.get_layer("Conv3d_1a_7x7").conv_3d.kernel)
        np.testing.assert_allclose(kernel, np.repeat(stem[None] / 7, 7, axis=0), rtol=1e-6)


def test_an_archive_is_unpacked_nowhere_but_where_it_should(tmp_path):
    """A name that climbs out of its folder is read as any other, and written nowhere."""
    with tarfile.open(tmp_path / "evil.tar.gz", "w:gz") as tar:
        info = tarfile.TarInfo("../../evil/inception_v1.ckpt")
        info.size = 4
        tar.addfile(info, io.BytesIO(b"evil"))
    with pytest.raises(ValueError, match="inception_v1.ckpt: not a whole TensorFlow checkpoint"):
        imagenet.read_archive(tmp_path / "evil.tar.gz")
    assert not (tmp_path.parent.parent / "evil").exists()
    (tmp_path / "cut.tar.gz").write_bytes((tmp_path / "evil.tar.gz").read_bytes()[:40])
    with pytest.raises(ValueError, match=r"cut\.tar\.gz"):
        imagenet.read_archive(tmp_path / "cut.tar.gz")


def test_arguments_of_inception_v1(published):
    with pytest.raises(ValueError, match="classes should be 7, .* Received: classes=5.*new_head"):
        keras_i3d.InceptionV1("imagenet", classes=5)
    with pytest.raises(ValueError, match="'kinetics', which is neither a name nor a file"):
        keras_i3d.InceptionV1("kinetics")
    assert keras_i3d.InceptionV1(None, classes=3).output_shape == (None, 3)
    pooled = keras_i3d.InceptionV1(None, include_top=False, pooling="avg")
    assert pooled.output_shape == (None, 1024)


def test_the_network_inflates_to_i3ds_parameters():
    """Kernels of the 2D trunk, made cubic, are I3D's: 12 279 984 without the head."""
    trunk = keras_i3d.inflate(build_inception_v1(include_top=False))
    ours = build_i3d(include_top=False)
    count = sum(int(np.prod(v.shape)) for v in trunk.trainable_weights)
    assert count == sum(int(np.prod(v.shape)) for v in ours.trainable_weights) == 12_279_984
