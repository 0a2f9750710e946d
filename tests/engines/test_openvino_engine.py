"""OpenVINO gives what the Keras model gives; what is made once is kept, and never believed."""

import itertools
import json
import logging
import shutil
import subprocess
import sys

import keras
import numpy as np
import pytest

from keras_i3d import engines
from keras_i3d.layers import BatchNormLSTM, HeadPooling3D, LastStep
from tests.engines.conftest import loaded, noise

pytest.importorskip("openvino", reason="the openvino engine needs the extra [openvino]")
NAMES = ("probabilities", "logits", "features", "Mixed_5c")


def opened(network, outputs=NAMES, **options):
    return engines.open(network, outputs=outputs, engine="openvino", **options)


def entries(cache):
    return sorted(path for path in (cache / "engines").iterdir() if path.is_dir())


@pytest.mark.parametrize(("count", "frames"), [(1, 4), (1, 9), (5, 4)])
def test_float32_is_the_keras_model(tiny, count, frames):
    clips = noise(count, frames)
    wanted = engines.open(tiny, outputs=NAMES).run(clips)
    with opened(tiny) as engine:
        found = engine.run(clips)
    assert (engine.name, engine.precision) == ("openvino", "float32")
    assert list(found) == list(NAMES)
    for name, value in wanted.items():
        np.testing.assert_allclose(found[name], value, atol=1e-4, err_msg=name)


def test_both_streams(joint):
    given = {"flow": noise(2, channels=2), "rgb": noise(2)}
    names = ("logits", "flow_features", "RGB_Mixed_5c")
    wanted = engines.open(joint, outputs=names).run(given)
    with opened(joint, names) as engine:
        for name, value in engine.run(given).items():
            np.testing.assert_allclose(value, wanted[name], atol=1e-4, err_msg=name)


def test_an_lstm_over_clips_of_any_length():
    clip = keras.Input((None, None, None, 3))
    x = keras.layers.Conv3D(4, 1, activation="relu", name="Mixed_5c")(clip)
    x = keras.layers.Reshape((-1, 4))(HeadPooling3D((1, None, None))(x))
    x = LastStep(name="Logits")(BatchNormLSTM(3, steps=5)(x))
    network = loaded("convnet_lstm", keras.Model(clip, x, name="recurrent"))
    for variable in network.model.weights:
        variable.assign(np.random.default_rng(1).uniform(0.2, 1, variable.shape))
    with opened(network, ("logits",)) as engine:
        for frames in (2, 7):
            wanted = network.model.predict_on_batch(noise(2, frames))
            np.testing.assert_allclose(engine.run(noise(2, frames))["logits"], wanted, atol=1e-5)


def test_bfloat16_is_near(tiny):
    wanted = engines.open(tiny).run(noise())["probabilities"]
    with opened(tiny, ("probabilities",), precision="bfloat16") as engine:
        np.testing.assert_allclose(engine.run(noise())["probabilities"], wanted, atol=0.02)
    assert engine.details["precision"] == "bfloat16"


def test_many_clips_of_any_length_come_in_order(tiny):
    read = []

    def batches():
        for number in range(12):
            read.append(number)
            yield number, noise(1 + number % 2, 4 + number % 3, seed=number)

    wanted = engines.open(tiny, outputs=["logits"])
    with opened(tiny, ["logits"]) as engine:
        assert engine.in_flight >= 2
        for count, (key, found) in enumerate(engine.stream(batches())):
            assert key == count
            assert len(read) - count <= engine.in_flight + 1
            clips = noise(1 + key % 2, 4 + key % 3, seed=key)
            np.testing.assert_allclose(found["logits"], wanted.run(clips)["logits"], atol=1e-4)
        assert count == 11
        endless = engine.stream((n, noise(1)) for n in itertools.count())
        assert next(endless)[0] == 0
        endless.close()
        assert engine.run(noise(1))["logits"].shape == (1, 3)


def test_a_clip_that_the_network_cannot_take_is_an_error_and_no_more(tiny):
    with opened(tiny, ["logits"]) as engine:
        with pytest.raises(ValueError, match="OpenVINO cannot compute the clip"):
            engine.run(noise(3, 4, channels=2))
        assert engine.run(noise(3))["logits"].shape == (3, 3)


# === What is made once ===


def test_a_network_is_made_once_whatever_its_layers_names(tiny, cache):
    opened(tiny).close()
    (entry,) = entries(cache)
    before = (entry / "network.bin").stat().st_mtime_ns
    again = keras.models.clone_model(
        tiny.model,
        clone_function=lambda layer: layer.__class__.from_config(
            layer.get_config()
            | {"name": layer.name if layer.name[0].isupper() else f"other_{layer.name}"}
        ),
    )
    again.set_weights(tiny.model.get_weights())
    assert [layer.name for layer in again.layers] != [layer.name for layer in tiny.model.layers]
    opened(loaded("i3d", again)).close()
    assert entries(cache) == [entry]
    assert (entry / "network.bin").stat().st_mtime_ns == before
    again.set_weights([2 * array for array in tiny.model.get_weights()])
    opened(loaded("i3d", again)).close()
    assert len(entries(cache)) == 2


def damaged(entry):
    content = bytearray((entry / "network.bin").read_bytes())
    content[100] ^= 1
    (entry / "network.bin").write_bytes(content)


def cut_short(entry):
    (entry / "network.xml").write_bytes((entry / "network.xml").read_bytes()[:-10])


def without_its_record(entry):
    (entry / "entry.json").unlink()


def with_a_record_of_nonsense(entry):
    (entry / "entry.json").write_text("[1, 2")


def with_a_file_too_many(entry):
    (entry / "more.bin").write_bytes(b"more")


@pytest.mark.parametrize(
    "harm",
    [damaged, cut_short, without_its_record, with_a_record_of_nonsense, with_a_file_too_many],
)
def test_a_damaged_entry_is_made_anew(tiny, cache, harm, caplog):
    wanted = opened(tiny).run(noise())
    (entry,) = entries(cache)
    harm(entry)
    with caplog.at_level(logging.WARNING):
        found = opened(tiny).run(noise())
    assert "made again" in caplog.text
    for name, value in wanted.items():
        np.testing.assert_array_equal(found[name], value)
    assert sorted(p.name for p in entry.iterdir()) == ["entry.json", "network.bin", "network.xml"]


def test_another_networks_entry_is_not_taken(tiny, cache):
    wanted = opened(tiny, ["logits"]).run(noise())["logits"]
    (own,) = entries(cache)
    tiny.model.set_weights([2 * array for array in tiny.model.get_weights()])
    opened(tiny, ["logits"]).close()
    (other,) = set(entries(cache)) - {own}
    shutil.rmtree(own)
    shutil.copytree(other, own)
    tiny.model.set_weights([array / 2 for array in tiny.model.get_weights()])
    np.testing.assert_array_equal(opened(tiny, ["logits"]).run(noise())["logits"], wanted)


TWO_PROCESSES = """
import os, sys
from keras_i3d.engines.made_once import made_once

def make(folder):
    (folder / "made.txt").write_text(str(os.getpid()))
    return {}

sys.stdin.readline()
folder, _ = made_once({"of": "nothing"}, make)
print((folder / "made.txt").read_text())
"""


def test_two_processes_make_one_entry(cache):
    options = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    running = [subprocess.Popen([sys.executable, "-c", TWO_PROCESSES], **options) for _ in "ab"]
    for process in running:
        process.stdin.write("go\n")
        process.stdin.flush()
    makers = {process.communicate()[0] for process in running}
    assert len(makers) == 1
    assert len(entries(cache)) == 1


# === int8 ===


def calibration(count=9, size=1.0):
    return [noise(1, seed=number, size=size) for number in range(count)]


def test_int8_is_calibrated_once_and_says_how_near_it_is(tiny, cache):
    wanted = engines.open(tiny, outputs=NAMES).run(noise(3, seed=50))
    with opened(tiny, precision="int8", calibration=calibration()) as engine:
        found = engine.run(noise(3, seed=50))
    check = engine.details["check"]
    assert (check["clips"], check["same_top_class"]) == (3, 3)
    assert 0.99 <= check["least_cosine"] <= check["median_cosine"] <= 1
    assert engine.details["calibration"]["clips"] == 6
    json.dumps(engine.details)
    np.testing.assert_allclose(found["features"], wanted["features"], atol=0.05)
    before = entries(cache)
    with opened(tiny, precision="int8", calibration=calibration()) as again:
        np.testing.assert_array_equal(again.run(noise(3, seed=50))["logits"], found["logits"])
    assert again.details == engine.details
    assert entries(cache) == before
    assert len(before) == 2  # float32 and int8


def test_int8_that_is_far_from_float32_is_refused(tiny, cache):
    """Calibrated on clips a hundred times as large, a step is most of what the check's show."""
    clips = [noise(1, seed=n, size=0.1 if n % 3 == 2 else 10.0) for n in range(9)]
    with pytest.raises(engines.EngineError, match=r"Received: . of 3 keep.* cosine is 0\.98"):
        opened(tiny, precision="int8", calibration=clips)
    assert len(entries(cache)) == 1  # float32 alone


@pytest.mark.parametrize(
    ("clips", "message"),
    [
        (None, "should have clips to calibrate on"),
        (calibration(2), "3 clips at least.*Received: 2"),
    ],
)
def test_int8_wants_clips(tiny, clips, message):
    with pytest.raises(ValueError, match=message):
        opened(tiny, precision="int8", calibration=clips)


# === Where it cannot be had ===


def test_what_is_not_installed_is_named():
    program = "import sys; sys.modules['openvino'] = None; import keras_i3d.engines.openvino_engine"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "engine='openvino' needs OpenVINO: pip install 'keras-i3d[openvino]'" in done.stderr


def test_nncf_is_named_where_int8_needs_it(tiny, monkeypatch):
    monkeypatch.setitem(sys.modules, "nncf", None)
    with pytest.raises(ImportError, match=r"needs nncf: pip install 'keras-i3d\[openvino\]'"):
        opened(tiny, precision="int8", calibration=calibration())


def test_another_backend_is_refused(tiny, monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(engines.EngineError, match="unset KERAS_BACKEND. Received: jax"):
        opened(tiny)


def test_a_cache_that_cannot_be_written_is_named(tiny, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("KERAS_I3D_HOME", str(tmp_path / "file"))
    with pytest.raises(OSError, match="file"):
        opened(tiny)


DROPPED_ELSEWHERE = """
import gc, signal, threading
import openvino, numpy
from openvino import opset13
from keras_i3d.engines.openvino_graphs import Compiled
x = opset13.parameter([1, 4], numpy.float32, name="rgb")
y = opset13.relu(x)
y.output(0).get_tensor().set_names({"y"})
held = [Compiled(openvino.Model([y], [x], "m"), "float32", ["rgb"], ["y"])]
held[0].submit({"rgb": numpy.ones((1, 4), numpy.float32)})()
def drop():
    held.clear()
    gc.collect()
other = threading.Thread(target=drop)
other.start()
other.join()
try:
    signal.raise_signal(signal.SIGINT)
except KeyboardInterrupt:
    print("interrupted")
"""


def test_ctrl_c_after_an_engine_was_freed_in_another_thread():
    """With faulthandler, as every absl program has it: then signals have a stack of their own."""
    command = [sys.executable, "-X", "faulthandler", "-c", DROPPED_ELSEWHERE]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert (run.returncode, run.stdout) == (0, "interrupted\n"), run.stderr
