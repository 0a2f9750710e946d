"""Files of SlowFast, pytorchvideo and mmaction2: every array in its place, or nothing at all."""

import hashlib
import inspect
import pickle
import sys
import types
import warnings
from dataclasses import replace

import numpy as np
import pytest

import keras_i3d
from keras_i3d.applications.registry import list_weights
from keras_i3d.models.resnet_3d import build_resnet_3d
from keras_i3d.weights import reading, verification
from keras_i3d.weights.integrity import DamagedFileError
from keras_i3d.weights.records import RECORDS, PublishedFile, published
from keras_i3d.weights.sources import mmaction2, pytorchvideo, slowfast
from keras_i3d.weights.state_dict import read_state_dict

STAGES = ((2, 3), (3, 4), (4, 6), (5, 3))  # number of the stage, its blocks
NON_LOCAL = ((3, 1), (3, 3), (4, 1), (4, 3), (4, 5))
UNITS = ("branch2a", "branch2b", "branch2c", "branch1")
BATCH_NORM = ("gamma", "beta", "moving_mean", "moving_variance")


def blocks():
    """(stage, block, unit) of ResNet-50; a stage's first block has branch1 too."""
    for stage, count in STAGES:
        for block in range(count):
            yield from ((stage, block, unit) for unit in UNITS if block == 0 or unit != "branch1")


def names(stem, unit, part, norm, head, norms):
    """{our path: a publisher's name}, of its names for each kind of layer.

    Args:
        stem: of conv1's {kernel} and {norm}s, with the place of the leaf.
        unit: function of stage, block, unit, and whether it is the norm.
        part: function of stage, block and theta, phi, g, out; None without non-local blocks.
        norm: function of stage and block to the non-local block's norm.
        head: of kernel and bias.
        norms: the names of gamma, beta, moving_mean, moving_variance.
    """
    weight, bias = ("w", "b") if norms[0] == "s" else ("weight", "bias")
    found = {"conv1/conv_3d/kernel": stem[0] + weight}
    found |= dict(zip(("Logits/kernel", "Logits/bias"), head, strict=True))
    ours = [(f"conv1/batch_norm/{leaf}", stem[1] + n) for leaf, n in zip(BATCH_NORM, norms)]  # noqa: B905
    for s, b, u in blocks():
        path = f"res{s}_{b}/{u}"
        found[f"{path}/conv_3d/kernel"] = unit(s, b, u, False) + weight
        for leaf, n in zip(BATCH_NORM, norms, strict=True):
            ours.append((f"{path}/batch_norm/{leaf}", unit(s, b, u, True) + n))
    for s, b in NON_LOCAL if part else ():
        for p in ("theta", "phi", "g", "out"):
            found[f"nonlocal{s}_{b}/{p}/conv_3d/kernel"] = part(s, b, p) + weight
            found[f"nonlocal{s}_{b}/{p}/conv_3d/bias"] = part(s, b, p) + bias
        for leaf, n in zip(BATCH_NORM, norms, strict=True):
            ours.append((f"nonlocal{s}_{b}/out/batch_norm/{leaf}", norm(s, b) + n))
    return found | dict(ours)


PYTORCH = ("weight", "bias", "running_mean", "running_var")
CAFFE2 = names(
    ("conv1_", "res_conv1_bn_"),
    lambda s, b, u, norm: f"res{s}_{b}_{u}_" + ("bn_" if norm else ""),
    lambda s, b, p: f"nonlocal_conv{s}_{b}_{p}_",
    lambda s, b: f"nonlocal_conv{s}_{b}_bn_",
    ("pred_w", "pred_b"),
    ("s", "b", "rm", "riv"),
)
SLOWFAST = names(
    ("s1.pathway0_stem.conv.", "s1.pathway0_stem.bn."),
    lambda s, b, u, norm: (
        f"s{s}.pathway0_res{b}.{u.replace('branch2', 'branch2.')}" + ("_bn." if norm else ".")
    ),
    lambda s, b, p: f"s{s}.pathway0_nonlocal{b}.conv_{p}.",
    lambda s, b: f"s{s}.pathway0_nonlocal{b}.bn.",
    ("head.projection.weight", "head.projection.bias"),
    PYTORCH,
)
PYTORCHVIDEO = names(
    ("blocks.0.conv.", "blocks.0.norm."),
    lambda s, b, u, norm: (
        f"blocks.{1 if s == 2 else s}.res_blocks.{b}."
        + (
            f"branch1_{'norm' if norm else 'conv'}."
            if u == "branch1"
            else f"branch2.{'norm' if norm else 'conv'}_{u[-1]}."
        )
    ),
    None,
    None,
    ("blocks.6.proj.weight", "blocks.6.proj.bias"),
    PYTORCH,
)
MM_UNITS = dict(zip(UNITS, ("conv1", "conv2", "conv3", "downsample"), strict=True))
MMACTION2 = names(
    ("backbone.conv1.conv.", "backbone.conv1.bn."),
    lambda s, b, u, norm: f"backbone.layer{s - 1}.{b}.{MM_UNITS[u]}.{'bn' if norm else 'conv'}.",
    lambda s, b, p: (
        f"backbone.layer{s - 1}.{b}.non_local_block."
        + {"theta": "theta", "out": "conv_out"}.get(p, f"{p}.0")
        + ".conv."
    ),
    lambda s, b: f"backbone.layer{s - 1}.{b}.non_local_block.conv_out.bn.",
    ("cls_head.fc_cls.weight", "cls_head.fc_cls.bias"),
    PYTORCH,
)
PUBLISHERS = {
    "caffe2": ("nl_i3d_r50", CAFFE2, slowfast.convert),
    "slowfast": ("nl_i3d_r50", SLOWFAST, slowfast.convert),
    "pytorchvideo": ("i3d_r50", PYTORCHVIDEO, pytorchvideo.convert),
    "mmaction2": ("mm_nl_i3d_r50", MMACTION2, mmaction2.convert),
}


NARROW = 1 / 16


def shapes_of(network, **options):
    model = build_resnet_3d(network, **options)
    return {v.path: tuple(v.shape) for v in model.weights if "seed" not in v.path}


def foreign(shape):
    """A shape as PyTorch and Caffe2 have it."""
    if len(shape) == 5:
        return (shape[4], shape[3], *shape[:3])
    return shape[::-1]


def arrays_of(publisher, **options):
    """{the publisher's name: array}, random, each of the shape that its network has."""
    network, keys, _ = PUBLISHERS[publisher]
    rng = np.random.default_rng(0)
    shapes = shapes_of(network, **options)
    return {
        keys[path]: rng.uniform(0.5, 1, foreign(shape)).astype(np.float32)
        for path, shape in shapes.items()
    }


@pytest.mark.parametrize("publisher", PUBLISHERS)
def test_every_array_of_a_file_finds_its_variable(publisher):
    network, keys, convert = PUBLISHERS[publisher]
    arrays = arrays_of(publisher, width=NARROW, classes=5)
    given = dict(arrays)
    given["blocks.0.norm.num_batches_tracked"] = np.array(0)
    if publisher == "mmaction2":  # the last convolution has no bias there
        given = {k: a for k, a in given.items() if not k.endswith("conv_out.conv.bias")}
    came = convert(given)
    shapes = shapes_of(network, width=NARROW, classes=5)
    assert {path: a.shape for path, a in came.items()} == shapes
    for path, array in came.items():
        if path.endswith("out/conv_3d/bias") and publisher == "mmaction2":
            assert not array.any()
            continue
        wanted = arrays[keys[path]]
        if wanted.ndim == 5:  # (out, in, t, h, w)
            assert array[0, -1, -1, 1, 2] == wanted[2, 1, 0, -1, -1], path
        if wanted.ndim == 2:
            assert array[1, 2] == wanted[2, 1], path
        assert array.sum() == pytest.approx(wanted.sum(), rel=1e-5)


def test_blobs_and_keys_are_those_of_the_originals(shared):
    """Caffe2's names to SlowFast's keys as golden2 has them: one to one."""
    rows = (shared / "golden2" / "caffe2_names.tsv").read_text().splitlines()[1:]
    pairs = {tuple(row.split("\t")[:2]) for row in rows}
    assert pairs == {(CAFFE2[path], SLOWFAST[path]) for path in CAFFE2}


def write_caffe2(path, arrays):
    """As video-nonlocal-net writes it, the optimizer's blobs among them."""
    blobs = dict(arrays)
    blobs |= {"conv1_w_momentum": np.zeros(3), "lr": np.float32(0.1), "model_iter": np.int64(4)}
    path.write_bytes(pickle.dumps({"blobs": blobs}, protocol=2))
    return path


@pytest.fixture
def narrow(monkeypatch):
    """The applications build networks of a sixteenth of the width: files of 1 MB for 140."""
    arguments = inspect.signature(build_resnet_3d)

    def build(*given, **options):
        bound = arguments.bind(*given, **options)
        bound.arguments["width"] = NARROW
        return build_resnet_3d(*bound.args, **bound.kwargs)

    monkeypatch.setattr("keras_i3d.applications.resnet_3d.build_resnet_3d", build)


@pytest.fixture
def caffe2_file(narrow, tmp_path):
    return write_caffe2(tmp_path / "I3D_NLN_8x8_R50.pkl", arrays_of("caffe2", width=NARROW))


def test_a_caffe2_file_gives_the_network(caffe2_file):
    model = keras_i3d.NonLocalI3DResNet50(str(caffe2_file), classifier_activation=None)
    assert model.output_shape == (None, 400)
    kernel = np.array(model.get_layer("nonlocal4_5").theta.conv_3d.kernel)
    blobs = pickle.loads(caffe2_file.read_bytes())["blobs"]
    np.testing.assert_array_equal(
        kernel[0, 0, 0], blobs["nonlocal_conv4_5_theta_w"][:, :, 0, 0, 0].T
    )


@pytest.mark.parametrize("publisher", ["slowfast", "pytorchvideo", "mmaction2"])
def test_a_pytorch_file_gives_the_network(publisher, narrow, tmp_path):
    torch = pytest.importorskip("torch", reason="needs PyTorch: pip install 'keras-i3d[torch]'")
    network = PUBLISHERS[publisher][0]
    arrays = arrays_of(publisher, width=NARROW)
    inside = {"slowfast": "model_state", "pytorchvideo": "model_state", "mmaction2": "state_dict"}
    state = {key: torch.from_numpy(array) for key, array in arrays.items()}
    torch.save({inside[publisher]: state, "epoch": 1}, tmp_path / "x.pyth")
    loaded = keras_i3d.load(tmp_path / "x.pyth", model=network)
    head = PUBLISHERS[publisher][1]["Logits/bias"]
    np.testing.assert_array_equal(np.array(loaded.model.get_layer("Logits").bias), arrays[head])
    assert loaded.record.labels[0] == "abseiling"
    assert loaded.record.inputs["rgb"].frames == (32 if publisher == "mmaction2" else 8)


def test_a_file_of_another_network_is_refused_by_name(caffe2_file):
    with pytest.raises(ValueError, match=r"unexpected nonlocal3_1/g/conv_3d/bias"):
        keras_i3d.I3DResNet50(str(caffe2_file), variant="kinetics")
    with pytest.raises(ValueError, match=r"shape +conv1/conv_3d/kernel: the file has \(5, 7, 7"):
        keras_i3d.NonLocalC2DResNet50(str(caffe2_file))
    with pytest.raises(ValueError, match="missing +Conv3d_1a_7x7"):
        keras_i3d.I3D(str(write_state_dict(caffe2_file.with_name("slowfast.pth"))))


def write_state_dict(path):
    torch = pytest.importorskip("torch", reason="needs PyTorch: pip install 'keras-i3d[torch]'")
    arrays = arrays_of("slowfast", width=NARROW, classes=400)
    torch.save({key: torch.from_numpy(array) for key, array in arrays.items()}, path)
    return path


class Evil:
    """What it unpickles to makes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


def test_hostile_files_are_refused_and_assign_nothing(caffe2_file, tmp_path):
    evil = tmp_path / "evil.pkl"
    evil.write_bytes(pickle.dumps({"blobs": {"a": Evil(tmp_path / "owned")}}, protocol=2))
    with pytest.raises(
        ValueError, match="evil.pkl.*should contain only arrays. Received: (_?io|builtins).open"
    ):
        keras_i3d.NonLocalI3DResNet50(str(evil))
    assert not (tmp_path / "owned").exists()
    cut = tmp_path / "cut.pkl"
    cut.write_bytes(caffe2_file.read_bytes()[:100_000])
    with pytest.raises(ValueError, match="cut.pkl cannot be read"):
        keras_i3d.NonLocalI3DResNet50(str(cut))
    bare = tmp_path / "bare.pkl"
    bare.write_bytes(pickle.dumps([1, 2], protocol=2))
    with pytest.raises(ValueError, match="bare.pkl.*it has no blobs, so Caffe2 did not write it"):
        keras_i3d.NonLocalI3DResNet50(str(bare))
    arrays = arrays_of("caffe2", width=NARROW)
    arrays["res4_3_branch2b_w"][0, 0] = np.nan
    nan = write_caffe2(tmp_path / "nan.pkl", arrays)
    with pytest.raises(ValueError, match="values +res4_3/branch2b/conv_3d/kernel: 9 of 2304"):
        keras_i3d.NonLocalI3DResNet50(str(nan))


def test_published_files_come_from_their_address(server, monkeypatch, caffe2_file):
    """A file without a published hash: taken as it comes, read as arrays alone."""
    record = published("nl_i3d_r50", "kinetics", "rgb")
    assert record.files[0].url == (
        "https://dl.fbaipublicfiles.com/pyslowfast/model_zoo/kinetics400/I3D_NLN_8x8_R50.pkl"
    )
    assert (record.top_1, record.labels) == (74.0, "kinetics_400")
    there = PublishedFile(record.files[0].path, url=f"{server.url}/nln.pkl")
    fake = replace(record, files=(there,))
    (server.folder / "nln.pkl").write_text("<html>log in to this network</html>")
    with pytest.raises(DamagedFileError, match="nln|I3D_NLN.*cannot be read.*Delete .* and try"):
        reading.read_published(fake)


def test_a_hash_of_which_only_the_beginning_is_published(server, tmp_path):
    content = b"some weights"
    (server.folder / "x.pth").write_bytes(content)
    begins = hashlib.sha256(content).hexdigest()[:8]
    record = published("mm_i3d_r50", "kinetics", "rgb")
    for sha256, wanted in (
        (begins, "cannot be read"),
        ("e213c223", "its SHA-256 should be e213c223"),
    ):
        file = PublishedFile(f"{sha256}/x.pth", url=f"{server.url}/x.pth", sha256=sha256)
        fake = replace(record, files=(file,))
        with pytest.raises((DamagedFileError, OSError), match=wanted):
            reading.read_published(fake)


@pytest.mark.slow
@pytest.mark.parametrize("hashed", [True, False])
def test_verification_says_what_vouches_for_a_file(server, hashed):
    """A file of the real widths: the beginning of its hash, or nothing."""
    path = write_caffe2(server.folder / "x.pkl", arrays_of("caffe2"))
    begins = hashlib.sha256(path.read_bytes()).hexdigest()[:8] if hashed else None
    record = published("nl_i3d_r50", "kinetics", "rgb")
    file = PublishedFile("there/x.pkl", url=f"{server.url}/x.pkl", sha256=begins)
    checks = {c.what: c for c in verification.verify(replace(record, files=(file,)))}
    assert [what for what, check in checks.items() if check.passed is False] == []
    assert checks["every tensor has its place"].found == "327 tensors"
    if hashed:
        assert checks["SHA-256 of there/x.pkl, its beginning"].passed
    else:
        assert checks["hash of there/x.pkl"].passed is None


def test_what_openmmlabs_trainings_note_is_passed_over(monkeypatch, tmp_path):
    """A HistoryBuffer of losses, of a package that is not here, lies beside the network."""
    torch = pytest.importorskip("torch", reason="needs PyTorch: pip install 'keras-i3d[torch]'")
    module = types.ModuleType("mmengine.logging.history_buffer")
    module.HistoryBuffer = type("HistoryBuffer", (), {"__module__": module.__name__})
    for name in ("mmengine", "mmengine.logging", module.__name__):
        monkeypatch.setitem(sys.modules, name, module)
    noted = module.HistoryBuffer()
    noted.losses = np.ones(3)
    arrays = arrays_of("mmaction2", width=NARROW)
    state = {key: torch.from_numpy(array) for key, array in arrays.items()}
    torch.save({"message_hub": {"loss": noted}, "state_dict": state}, tmp_path / "x.pth")
    monkeypatch.undo()
    assert mmaction2.convert(read_state_dict(tmp_path / "x.pth")).keys() >= {"Logits/kernel"}


@pytest.mark.slow
def test_every_record_says_what_its_network_counts():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        listed = {(w.model, w.weights): w.top_1 for w in list_weights()}
    assert listed["i3d_r50", "kinetics"] == {"rgb": 73.5}
    assert listed["mm_nl_dot_i3d_r50", "kinetics"] == {"rgb": 74.80}
    for record in RECORDS:
        if "_r50" in record.model:
            shapes = shapes_of(record.model)
            moving = [s for path, s in shapes.items() if "/moving_" in path]
            assert sum(map(np.prod, moving)) == record.statistics, record.name
            counted = sum(map(np.prod, shapes.values())) - record.statistics
            assert counted == record.parameters, record.name


def test_a_network_without_published_weights_says_so():
    with pytest.raises(ValueError, match="neither a name nor a file"):
        keras_i3d.NonLocalI3DResNet50(blocks=10)
    with pytest.raises(ValueError, match="'imagenet', .*take model i3d_resnet50 or i3d_resnet101"):
        keras_i3d.NonLocalI3DResNet50("imagenet")
    with pytest.raises(ValueError, match="insert_non_local"):
        keras_i3d.NonLocalI3DResNet50(None, blocks=7)
    with pytest.raises(ValueError, match="variant should be one of .*kinetics.*Received"):
        keras_i3d.I3DResNet50(None, variant="slow")
