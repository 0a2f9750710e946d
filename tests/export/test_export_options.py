"""Smaller and faster exports answer what the Keras model answers."""

import json

import numpy as np
import pytest
import tensorflow as tf

from keras_i3d.data.pixels.preprocessing import BY_STREAM
from keras_i3d.export import saved_model
from keras_i3d.export.precision import in_precision
from keras_i3d.export.saved_model import ExportError, export_saved_model
from keras_i3d.export.warm_up import WARM_UP, write_warm_up
from keras_i3d.models.folding import fold_batch_norm
from tests.export.conftest import as_loaded, served, tiny_network, tiny_two_stream
from tests.models.test_folding import as_if_trained, norms

SHAPE = (16, 40, 48)
CLIP = np.random.default_rng(3).integers(0, 256, (*SHAPE, 3), np.uint8)


@pytest.mark.parametrize(
    ("options", "bound", "types"),
    [
        pytest.param({"folded": True}, 1e-6, {"float32"}, marks=pytest.mark.slow),
        pytest.param(
            {"precision": "bfloat16"}, 2e-3, {"bfloat16", "float32"}, marks=pytest.mark.slow
        ),
        ({"precision": "bfloat16", "folded": True}, 2e-3, {"bfloat16", "float32"}),
        pytest.param(
            {"jit_compile": True, "frame_shape": SHAPE}, 1e-6, {"float32"}, marks=pytest.mark.slow
        ),
    ],
)
def test_every_option_answers_as_the_model(tmp_path, options, bound, types):
    # On processors without AVX-512, XLA is wrong where a kernel is shorter than its stride; the
    # export refuses it then.
    model = as_if_trained(tiny_network(kernel=(4, 8, 8)))
    clips = {"real": {"rgb": CLIP}}
    said = export_saved_model(as_loaded(model), tmp_path / "1", clips=clips, **options)
    assert set(said.differences) == {"random", "real"}
    assert max(said.differences.values()) < bound
    loaded = tf.saved_model.load(str(tmp_path / "1"))
    variables = loaded.signatures["serving_default"].variables
    assert {v.dtype.name for v in variables} == types
    assert any("moving_mean" in v.name for v in variables) != options.get("folded", False)
    about = json.loads((tmp_path / "1/assets.extra/metadata.json").read_text())
    assert about["precision"] == options.get("precision", "float32")
    assert about["batch_norm"] == ("folded" if options.get("folded") else "kept")


def test_the_head_stays_in_float32():
    model = in_precision(
        fold_batch_norm(tiny_two_stream()), "bfloat16", ["RGB_Mixed_5c", "Flow_Mixed_5c"]
    )
    assert norms(model) == []
    types = {layer.name: layer.compute_dtype for layer in model.layers}
    assert {name for name in types if types[name] == "bfloat16"} >= {
        "RGB_Conv3d_1a",
        "RGB_Mixed_5c",
        "Flow_Conv3d_1a",
        "Flow_Mixed_5c",
    }
    head = {"AvgPool", "0c", "Logits"}
    assert {types[s + n] for s in ("RGB_", "Flow_") for n in head} == {"float32"}
    assert types["Logits"] == "float32"


def test_a_trunk_is_rounded_to_eight_bits_and_the_head_is_not():
    model = as_if_trained(tiny_network())
    rounded = in_precision(model, "bfloat16", ["Mixed_5c"])
    for before, after in zip(model.weights, rounded.weights, strict=True):
        before, after = np.float32(before), np.float32(after.value)
        error = np.abs(after - before)
        assert (error <= np.abs(before) * 2**-8).all()
    assert (error == 0).all()  # the last is the head's bias
    assert in_precision(model, "float32", ["Mixed_5c"]) is model
    with pytest.raises(ValueError, match="precision should be one of"):
        in_precision(model, "int8", ["Mixed_5c"])
    with pytest.raises(ValueError, match=r"should be layers of tiny. Received: \['Mixed_5b'\]"):
        in_precision(model, "bfloat16", ["Mixed_5b"])


@pytest.mark.parametrize(
    ("shift", "message"),
    [(0.03, r"differ .* by 4\.0e-02 .* more than 0\.02 for bfloat16"), (0, "real clip is 'class")],
)
def test_what_bfloat16_may_not_change(tmp_path, monkeypatch, shift, message):
    """More than 0.02 of any probability, and the class of a real clip."""
    even = np.full((1, 7), 0.1)
    monkeypatch.setattr(saved_model, "_expected", lambda served, clip: even + np.eye(7)[:1] * 0.01)
    answer = even + np.eye(7)[1:2] * 0.01 + shift
    monkeypatch.setattr(saved_model, "_answers", lambda *_: {"random": answer, "real": answer})
    clips = {"real": {"rgb": CLIP}}
    with pytest.raises(ExportError, match=message):
        export_saved_model(
            as_loaded(tiny_network()), tmp_path / "1", clips=clips, precision="bfloat16"
        )
    assert list(tmp_path.iterdir()) == []


def test_warm_up_is_as_large_as_a_real_request_in_a_small_file(tmp_path):
    """TensorFlow's own reading of a TensorProto repeats the last of the values that it has."""
    network = served(tiny_two_stream(), BY_STREAM)
    pytest.importorskip("tensorflow_serving")
    assert write_warm_up(tmp_path, network) == []
    path = tmp_path / "assets.extra" / WARM_UP
    assert path.stat().st_size < 10_000
    requests = {r.model_spec.signature_name: r for r in warm_up_requests(path)}
    frames = requests["serving_default"].inputs["frames"]
    clip = tf.io.parse_tensor(frames.SerializeToString(), tf.uint8)
    assert clip.shape == (1, 64, 256, 256, 3)
    assert not clip.numpy().any()
    flow = requests["preprocessed"].inputs["flow_clip"]
    clip = tf.io.parse_tensor(flow.SerializeToString(), tf.float32)
    assert clip.shape == (1, 64, 224, 224, 2)


def test_warm_up_has_a_file_for_every_frame(tmp_path):
    network = served(tiny_network(), frame_shape=SHAPE)
    pytest.importorskip("tensorflow_serving")
    write_warm_up(tmp_path, network)
    path = tmp_path / "assets.extra" / WARM_UP
    requests = {r.model_spec.signature_name: r for r in warm_up_requests(path)}
    files = requests["jpeg_frames"].inputs["frames"].SerializeToString()
    files = tf.io.parse_tensor(files, tf.string)
    assert files.shape == (1, 16)
    assert tf.io.decode_jpeg(files[0, -1]).shape == (256, 320, 3)
    example = requests["classify"].input.example_list.examples[0]
    assert len(example.features.feature["image/encoded"].bytes_list.value) == 16


def warm_up_requests(path):
    from tensorflow_serving.apis import prediction_log_pb2

    for record in tf.data.TFRecordDataset(str(path)):
        log = prediction_log_pb2.PredictionLog.FromString(record.numpy())
        yield getattr(log, log.WhichOneof("log_type")).request
