"""PyTorch's files and pickles of arrays are read by value, and nothing in them can run."""

import io
import os
import pickle
import zipfile
from collections import OrderedDict

import numpy as np
import pytest

from keras_i3d.weights.array_pickle import ArraysOnly, leaves
from keras_i3d.weights.state_dict import read_state_dict


@pytest.fixture(scope="module")
def torch():
    return pytest.importorskip("torch", reason="needs PyTorch: pip install 'keras-i3d[torch]'")


class Evil:
    """What it unpickles to makes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


@pytest.mark.parametrize("zipped", [True, False])
def test_tensors_of_every_kind_are_what_pytorch_saved(torch, tmp_path, zipped):
    base = torch.arange(24.0)
    state = {
        "float": base.reshape(2, 3, 4),
        "view": base.reshape(4, 6)[1:, ::2],  # one storage, an offset, steps of two
        "transposed": base.reshape(4, 6).T,
        "half": torch.tensor([1.5, -2.0], dtype=torch.float16),
        "brain": torch.tensor([1.5, -3.0, 0.0], dtype=torch.bfloat16),
        "double": torch.tensor([0.1], dtype=torch.float64),
        "count": torch.tensor(7),
        "yes": torch.tensor([True, False]),
        "parameter": torch.nn.Parameter(torch.ones(2)),
        "none": torch.zeros(0, 3),
    }
    torch.save(OrderedDict(state), tmp_path / "x.pt", _use_new_zipfile_serialization=zipped)
    came = read_state_dict(tmp_path / "x.pt")
    assert list(came) == list(state)
    for key, tensor in state.items():
        wanted = tensor.detach()
        wanted = (wanted.float() if wanted.is_floating_point() else wanted).numpy()
        assert came[key].dtype == wanted.dtype
        np.testing.assert_array_equal(came[key], wanted)


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("inside", ["state_dict", "model_state", "model"])
def test_the_network_is_found_among_what_else_a_training_keeps(torch, tmp_path, zipped, inside):
    module = torch.nn.Linear(3, 2)
    kept = {inside: module.state_dict(), "epoch": 3, "meta": {"lr": np.float64(0.1), "cfg": "x"}}
    kept["optimizer"] = torch.optim.SGD(module.parameters(), 0.1).state_dict()
    torch.save(kept, tmp_path / "x.pth", _use_new_zipfile_serialization=zipped)
    came = read_state_dict(tmp_path / "x.pth")
    assert came.keys() == {"weight", "bias"}
    np.testing.assert_array_equal(came["weight"], module.weight.detach().numpy())


@pytest.mark.parametrize("zipped", [True, False])
def test_code_in_a_pytorch_file_is_named_and_does_not_run(torch, tmp_path, zipped):
    torch.save(
        {"a": torch.ones(1), "b": Evil(tmp_path / "owned")},
        tmp_path / "evil.pt",
        _use_new_zipfile_serialization=zipped,
    )
    with pytest.raises(
        ValueError, match="should contain only arrays. Received: (_?io|builtins).open"
    ):
        read_state_dict(tmp_path / "evil.pt")
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize("zipped", [True, False])
def test_a_pytorch_file_cut_anywhere_is_refused(torch, tmp_path, zipped):
    torch.save({"a": torch.ones(100)}, tmp_path / "x.pt", _use_new_zipfile_serialization=zipped)
    whole = (tmp_path / "x.pt").read_bytes()
    for kept in (0, 1, 10, len(whole) // 2, len(whole) - 200, len(whole) - 1):
        (tmp_path / "cut.pt").write_bytes(whole[:kept])
        with pytest.raises((ValueError, zipfile.BadZipFile)):
            read_state_dict(tmp_path / "cut.pt")


def numbers(*values):
    return "(" + "".join(f"I{value}\n" for value in values) + "t"


def pickled(offset=0, shape=(2,), strides=(1,), count=4):
    """data.pkl of {"a": a tensor of 32-bit floats}, as pickle's opcodes."""
    storage = f"(S'storage'\nctorch\nFloatStorage\nS'0'\nS'cpu'\nI{count}\ntQ"
    tensor = f"({storage}I{offset}\n{numbers(*shape)}{numbers(*strides)}I00\n(dt"
    return f"(dS'a'\nctorch._utils\n_rebuild_tensor_v2\n{tensor}Rs.".encode()


def archive(path, content=b"\0" * 16, compression=zipfile.ZIP_STORED, **tensor):
    """A file as torch.save writes it, of one tensor in a storage of `content`."""
    with zipfile.ZipFile(path, "w", compression) as file:
        file.writestr("x/data.pkl", pickled(**tensor))
        file.writestr("x/data/0", content)
    return path


def test_a_tensor_without_pytorch(tmp_path):
    content = np.arange(4, dtype="<f4").tobytes()
    path = archive(tmp_path / "x.pt", content, offset=1, shape=(2,), strides=(2,))
    assert read_state_dict(path)["a"].tolist() == [1.0, 3.0]


@pytest.mark.parametrize(
    ("tensor", "wanted"),
    [
        ({"offset": 3}, "'a' reaches beyond its storage"),
        ({"shape": (5,)}, "'a' reaches beyond its storage"),
        ({"strides": (4,)}, "'a' reaches beyond its storage"),
        ({"strides": (-1,), "offset": 1}, "'a' reaches beyond its storage"),
        ({"offset": -1}, "'a' reaches beyond its storage"),
        ({"shape": (1 << 40,), "strides": (0,)}, "'a' reaches beyond its storage"),
        ({"count": 5}, "storage 0 should have 20 bytes. Received: 16"),
        ({"count": 1 << 40}, "storage 0 should have 4398046511104 bytes. Received: 16"),
        ({"content": b"\0" * 100_000, "compression": zipfile.ZIP_DEFLATED}, "larger than the file"),
    ],
)
def test_an_archive_that_lies_about_its_tensors_is_refused(tmp_path, tensor, wanted):
    with pytest.raises(ValueError, match=wanted):
        read_state_dict(archive(tmp_path / "x.pt", **tensor))


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        (pickle.dumps({"state_dict": {}}), "torch.save did not write it"),
        (b"<html>log in to this network</html>", "its pickle cannot be read"),
        (b"", "its pickle cannot be read"),
    ],
)
def test_other_files_are_refused(tmp_path, content, wanted):
    (tmp_path / "x.pt").write_bytes(content)
    with pytest.raises(ValueError, match=wanted):
        read_state_dict(tmp_path / "x.pt")


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickles_of_arrays_in_every_protocol(protocol):
    tree = {"blobs": {"w": np.ones((2, 3), "f4"), "lr": np.float64(0.5), "n": [1, (2, "x")]}}
    came = ArraysOnly(io.BytesIO(pickle.dumps(tree, protocol))).read()
    flat = dict(leaves(came))
    np.testing.assert_array_equal(flat["blobs/w"], np.ones((2, 3)))
    assert (flat["blobs/lr"], flat["blobs/n"]) == (0.5, [1, (2, "x")])


def test_a_pickle_of_python_2():
    """What Python 2.7 and NumPy wrote for {'w': numpy.float32([1, 2])}: bytes as text."""
    array = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR"
    kind = b"cnumpy\ndtype\n(S'f4'\nI0\nI1\ntR(I3\nS'<'\nNNNI-1\nI-1\nI0\ntb"
    state = b"(I1\n(I2\nt" + kind + b"I00\nS'\\x00\\x00\\x80?\\x00\\x00\\x00@'\ntb"
    came = ArraysOnly(io.BytesIO(b"(dS'w'\n" + array + state + b"s.")).read()
    assert came["w"].tolist() == [1.0, 2.0]


@pytest.mark.parametrize("evil", [print, np.load, pickle.loads, os.system, np.lib.npyio.NpzFile])
def test_a_pickle_that_names_a_function_is_refused_by_its_name(evil):
    with pytest.raises(
        ValueError, match=f"should contain only arrays. Received: .*{evil.__name__}"
    ):
        ArraysOnly(io.BytesIO(pickle.dumps({"a": evil}))).read()


def test_an_array_that_claims_more_than_it_has_takes_no_memory():
    claim = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I99999999999999\ntS'b'\ntR."
    assert ArraysOnly(io.BytesIO(claim)).read().shape == (0,)
