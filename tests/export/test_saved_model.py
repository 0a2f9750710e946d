"""Exported models answer what the Keras model answers, and say what is wrong with a request."""

import io
import json
import os
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import keras_i3d
from keras_i3d.data.pixels.preprocessing import preprocess, scale
from keras_i3d.export import saved_model
from keras_i3d.export.encoded_frames import decoded_frame
from keras_i3d.export.saved_model import ExportError, export_saved_model
from tests.export.conftest import (
    LABELS,
    TINY,
    TINY_FLOW,
    as_loaded,
    served,
    tiny_network,
    tiny_two_stream,
)

FRAMES = np.random.default_rng(1).integers(0, 256, (2, 12, 50, 70, 3), np.uint8)


def encoded(image, form="JPEG", **options):
    file = io.BytesIO()
    Image.fromarray(image).save(file, form, **options)
    return file.getvalue()


def expected(model, clips):
    return model.predict_on_batch(np.stack([preprocess(clip, TINY) for clip in clips]))


def test_frames_of_any_size_give_the_models_probabilities(exported, signatures):
    answer = signatures["serving_default"](frames=tf.constant(FRAMES))
    scores = expected(exported[2], FRAMES)
    assert np.abs(answer["probabilities"] - scores).max() < 1e-6
    assert np.allclose(tf.nn.softmax(answer["logits"]), scores, atol=1e-6)
    order = np.argsort(-scores, axis=1)[:, :3]
    assert [[name.decode() for name in row] for row in answer["labels"].numpy()] == [
        [LABELS[i] for i in row] for row in order
    ]
    assert np.allclose(answer["scores"], np.take_along_axis(scores, order, 1), atol=1e-6)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_none_stop_the_graph(signatures, tmp_path, wrong):
    """In the SavedModel itself, so that TensorFlow Serving says so too."""
    clip = np.zeros((1, 12, 32, 32, 3), np.float32)
    assert np.isfinite(signatures["preprocessed"](rgb_clip=tf.constant(clip))["logits"]).all()
    clip[0, 3, 4, 5, 1] = wrong
    with pytest.raises(tf.errors.InvalidArgumentError, match="rgb should be finite numbers"):
        signatures["preprocessed"](rgb_clip=tf.constant(clip))


def test_numbers_too_large_for_the_network_stop_the_graph(signatures):
    clip = tf.fill((1, 12, 32, 32, 3), 3e38)
    with pytest.raises(tf.errors.InvalidArgumentError, match="the answer is NaN or infinite, up"):
        signatures["preprocessed"](rgb_clip=clip)


def test_flow_that_is_no_number_stops_the_graph(tmp_path):
    export_saved_model(as_loaded(tiny_network("flow"), {"flow": TINY_FLOW}), tmp_path / "1")
    called = tf.saved_model.load(str(tmp_path / "1")).signatures
    flow = np.zeros((1, 12, 32, 32, 2), np.float32)
    flow[0, 0, 0, 0] = np.nan, np.inf
    for name in ("serving_default", "features", "preprocessed"):
        (given,) = called[name].structured_input_signature[1]
        with pytest.raises(
            tf.errors.InvalidArgumentError, match=r"flow should be finite .*\] \[2\]"
        ):
            called[name](**{given: tf.constant(flow)})


def test_png_frames_give_the_same_as_raw_ones(exported, signatures):
    files = [[encoded(image, "PNG") for image in clip] for clip in FRAMES]
    answer = signatures["jpeg_frames"](frames=tf.constant(files))
    assert np.abs(answer["probabilities"] - expected(exported[2], FRAMES)).max() < 1e-6


def test_jpeg_frames_are_decoded_as_pillow_does(exported, signatures):
    files = [[encoded(image, quality=90) for image in clip] for clip in FRAMES]
    decoded = [[np.asarray(Image.open(io.BytesIO(f))) for f in clip] for clip in files]
    answer = signatures["jpeg_frames"](frames=tf.constant(files))
    assert np.abs(answer["probabilities"] - expected(exported[2], np.array(decoded))).max() < 1e-6


def test_preprocessed_clips_give_logits(exported, signatures):
    clips = np.stack([preprocess(clip, TINY) for clip in FRAMES])
    logits = signatures["preprocessed"](rgb_clip=tf.constant(clips))["logits"]
    assert np.abs(tf.nn.softmax(logits) - expected(exported[2], FRAMES)).max() < 1e-6


def test_features_are_the_end_point_and_its_mean(exported, signatures):
    found = signatures["features"](frames=tf.constant(FRAMES))
    assert found["Mixed_5c"].shape == (2, 2, 2, 2, 6)  # 12 frames / 8, 32 pixels / 16
    assert np.allclose(found["pooled"], found["Mixed_5c"].numpy().mean((1, 2, 3)), atol=1e-6)


def test_classification_takes_examples_of_different_lengths(exported, signatures):
    files = [[encoded(image, "PNG") for image in FRAMES[0]], []]
    files[1] = files[0][:10]
    examples = []
    for frames in files:
        values = tf.train.Feature(bytes_list=tf.train.BytesList(value=frames))
        features = tf.train.Features(feature={"image/encoded": values})
        examples.append(tf.train.Example(features=features).SerializeToString())
    answer = signatures["classify"](inputs=tf.constant(examples))
    for number, clip in enumerate([FRAMES[0], FRAMES[0][:10]]):
        scores = np.sort(expected(exported[2], [clip])[0])[::-1][:3]
        assert np.allclose(answer["scores"][number], scores, atol=1e-6)


def test_metadata_is_in_the_graph_and_in_a_file(exported, signatures):
    metadata = json.loads(signatures["metadata"]()["metadata"].numpy())
    assert metadata == json.loads((exported[0] / "assets.extra" / "metadata.json").read_text())
    assert metadata["labels"] == list(LABELS)
    assert metadata["keras_i3d"] == keras_i3d.__version__
    assert metadata["inputs"]["rgb"]["preprocessing"]["crop"] == 32
    assert metadata["weights"] == "random, seed 0"
    assert len(metadata["weights_sha256"]) == 64


def test_the_classification_api_finds_its_method_name(exported):
    loaded = tf.saved_model.load(str(exported[0]))
    from tensorflow.core.protobuf import saved_model_pb2

    proto = saved_model_pb2.SavedModel.FromString((exported[0] / "saved_model.pb").read_bytes())
    definition = proto.meta_graphs[0].signature_def["classify"]
    assert definition.method_name == "tensorflow/serving/classify"
    assert set(definition.inputs) == {"inputs"}
    assert set(definition.outputs) == {"classes", "scores"}
    assert loaded is not None


# === Bad requests ===


@pytest.mark.parametrize(
    "frames, message",
    [
        (FRAMES[:, :8], "at least 9 frames"),
        (FRAMES[:, :0], "at least 9 frames"),
        (FRAMES[:0], "the batch is empty"),
        (FRAMES[:, :, :0], "no pixels"),
    ],
)
def test_bad_frames_are_refused_by_the_graph(signatures, frames, message):
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        signatures["serving_default"](frames=tf.constant(frames))


GOOD = encoded(FRAMES[0, 0])
PNG = encoded(FRAMES[0, 0], "PNG")
HUGE = PNG[:16] + (100_000).to_bytes(4, "big") * 2 + PNG[24:]


@pytest.mark.parametrize(
    "file, message",
    [
        (b"", "neither a JPEG nor a PNG"),
        (b"GIF89a", "neither a JPEG nor a PNG"),
        (b"\xff\xd8\xff", "JPEG"),
        (GOOD[:200], "JPEG"),
        (PNG[:12], "at most 67108864 pixels"),
        (PNG[:100], "PNG"),
        (HUGE, "at most 67108864 pixels"),
    ],
)
def test_bad_files_are_refused(file, message):
    decode = tf.function(decoded_frame, input_signature=[tf.TensorSpec([], tf.string)])
    assert decode(tf.constant(GOOD)).shape == (50, 70, 3)
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        decode(tf.constant(file))


# === Other networks ===


def test_flow_is_given_in_pixels(tmp_path):
    model = tiny_network("flow")
    said = export_saved_model(as_loaded(model, {"flow": TINY_FLOW}), tmp_path / "1")
    assert set(said.signatures) == {"serving_default", "preprocessed", "features"}
    flow = np.random.default_rng(0).uniform(-30, 30, (1, 9, 32, 32, 2)).astype(np.float32)
    signature = tf.saved_model.load(str(tmp_path / "1")).signatures["serving_default"]
    scores = model.predict_on_batch(scale(flow, TINY_FLOW))
    assert np.abs(signature(flow_frames=tf.constant(flow))["probabilities"] - scores).max() < 1e-6


def test_two_streams_take_both(tmp_path):
    model = tiny_two_stream()
    loaded = as_loaded(model, {"rgb": TINY, "flow": TINY_FLOW})
    said = export_saved_model(loaded, tmp_path / "1")
    assert said.differences["random"] < 1e-6
    features = tf.saved_model.load(str(tmp_path / "1")).signatures["features"]
    assert set(features.structured_outputs) == {
        "rgb_Mixed_5c",
        "rgb_pooled",
        "flow_Mixed_5c",
        "flow_pooled",
    }


def test_probabilities_of_several_classes_at_once_are_sigmoids(tmp_path):
    model = tiny_network(activation="sigmoid")
    loaded = as_loaded(model, output="sigmoid", multi_label=True)
    said = export_saved_model(loaded, tmp_path / "1", top=3, clips={"real": {"rgb": FRAMES[0]}})
    assert max(said.differences.values()) < 1e-6
    scores = expected(model, FRAMES)
    saved = tf.saved_model.load(str(tmp_path / "1"))  # which keeps its variables
    found = saved.signatures
    answer = found["serving_default"](frames=tf.constant(FRAMES))
    assert np.abs(answer["probabilities"] - scores).max() < 1e-6
    assert abs(scores.sum(1) - 1).min() > 0.1  # no softmax
    files = tf.train.BytesList(value=[encoded(image, "PNG") for image in FRAMES[0]])
    feature = {"image/encoded": tf.train.Feature(bytes_list=files)}
    example = tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString()
    best = found["classify"](inputs=tf.constant([example]))["scores"][0]
    assert np.allclose(best, np.sort(scores[0])[::-1][:3], atol=1e-6)
    about = json.loads((tmp_path / "1" / "assets.extra" / "metadata.json").read_text())
    assert about["multi_label"] is True


def test_a_dense_head_with_its_own_softmax(tmp_path):
    """As inflated networks have; in bfloat16 that head too stays in float32."""
    keras.utils.set_random_seed(0)
    clip = keras.Input((None, 32, 32, 3), name="clip")
    x = keras.layers.Conv3D(6, (9, 16, 16), strides=(8, 16, 16), name="end_point")(clip)
    x = keras.layers.GlobalAveragePooling3D()(x)
    model = keras.Model(clip, keras.layers.Dense(7, activation="softmax", name="scores")(x))
    fields = {"head": ("scores",), "logits": "scores", "features": {"rgb": "end_point"}}
    export_saved_model(as_loaded(model, **fields), tmp_path / "1", precision="bfloat16")
    saved = tf.saved_model.load(str(tmp_path / "1"))  # which keeps its variables
    found = saved.signatures
    answer = found["serving_default"](frames=tf.constant(FRAMES))
    assert np.abs(answer["probabilities"] - expected(model, FRAMES)).max() < 2e-2
    assert np.allclose(tf.nn.softmax(answer["logits"]), answer["probabilities"], atol=1e-6)
    assert set(found["features"].structured_outputs) == {"end_point", "pooled"}
    types = {v.name.split(":")[0]: v.dtype.name for v in found["serving_default"].variables}
    assert {types[name] for name in types if "scores" in name} == {"float32"}


# === Safety ===


def test_what_is_there_is_not_replaced_unless_asked(exported):
    before = sorted(p.name for p in exported[0].parent.iterdir())
    with pytest.raises(ExportError, match="exists: use another number"):
        export_saved_model(as_loaded(exported[2]), exported[0])
    assert before == sorted(p.name for p in exported[0].parent.iterdir()) == ["1"]


HALF = """
import sys, time
from keras_i3d.files.whole import whole_path
with whole_path(sys.argv[1]) as folder:
    folder.mkdir()
    print("half", flush=True)
    time.sleep(60)
"""


@pytest.mark.slow
def test_a_half_export_is_never_a_version(tmp_path, monkeypatch):
    killed = subprocess.Popen([sys.executable, "-c", HALF, tmp_path / "1"], stdout=subprocess.PIPE)
    assert killed.stdout.readline() == b"half\n"
    killed.kill()
    killed.communicate()
    assert len(os.listdir(tmp_path)) == 1
    monkeypatch.setattr(saved_model, "_expected", lambda served, clip: np.zeros((1, 7)))
    with pytest.raises(ExportError, match="differ from the Keras model's"):
        export_saved_model(as_loaded(tiny_network()), tmp_path / "1")
    with pytest.raises(ExportError, match="more than 0.0001 for float32; .* without folding$"):
        export_saved_model(as_loaded(tiny_network()), tmp_path / "1", folded=True)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"labels": LABELS[:6]}, "6 labels for a network of 7 classes"),
        ({"preprocessing": {"rgb": TINY, "flow": TINY_FLOW}}, "has 1 inputs"),
        ({"folder": "model"}, "by its number"),
        ({"jit_compile": True}, "give the whole frame_shape"),
    ],
)
def test_what_does_not_belong_together_is_refused(tmp_path, changes, message):
    options = {name: changes[name] for name in ("jit_compile",) if name in changes}
    fields = {name: changes[name] for name in ("labels", "preprocessing") if name in changes}
    loaded, folder = as_loaded(tiny_network(), **fields), tmp_path / changes.get("folder", "1")
    with pytest.raises(ValueError, match=message):
        export_saved_model(loaded, folder, **options)
    assert os.listdir(tmp_path) == []


def test_fixed_shapes_are_in_the_signature():
    signatures = served(tiny_network(), frame_shape=(16, 40, 48)).signatures()
    inputs = {name: s.inputs[0].shape.as_list() for name, s in signatures.items()}
    assert inputs["serving_default"] == [None, 16, 40, 48, 3]
    assert inputs["preprocessed"] == [None, 16, 32, 32, 3]
    assert inputs["jpeg_frames"] == [None, 16]


def test_warm_up_has_a_request_for_each_signature(exported):
    prediction_log_pb2 = pytest.importorskip("tensorflow_serving.apis.prediction_log_pb2")
    path = exported[0] / "assets.extra" / "tf_serving_warmup_requests"
    asked = []
    for record in tf.data.TFRecordDataset(str(path)):
        log = prediction_log_pb2.PredictionLog.FromString(record.numpy())
        request = getattr(log, log.WhichOneof("log_type")).request
        asked.append(request.model_spec.signature_name)
    assert sorted(asked) == sorted(exported[1].signatures)
