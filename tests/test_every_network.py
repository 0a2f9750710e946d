"""Every network of the catalogue through every tool: trained, killed, tested, exported, served."""

import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_i3d
from keras_i3d.data.batches.data_source import open_source
from keras_i3d.data.batches.evaluation import evaluation_batches
from keras_i3d.evaluation.metrics import softmax
from keras_i3d.evaluation.run_evaluation import evaluate_run
from keras_i3d.export.saved_model import export_saved_model
from keras_i3d.export.served_record import RAW_INPUTS
from keras_i3d.export.server.local_server import LocalServer
from keras_i3d.export.server.options import Limits, ModelConfig
from keras_i3d.models.catalogue import NETWORKS
from keras_i3d.training.devices import Devices, make_deterministic
from keras_i3d.training.networks import inputs_of
from keras_i3d.training.recipe_checks import change
from keras_i3d.training.recipes import SYNTHETIC_SMALL, to_json
from keras_i3d.training.run import train
from keras_i3d.training.run_folder import read_run
from tests.conftest import slow_or_long
from tests.export.server.conftest import connect, options
from tests.models.test_catalogue import ALIKE

STEPS, KILLED_AFTER = 4, 3
# Trains RECIPE in FOLDER, and kills itself, as kill -9 does, after a step.
KILLED = f"""
import json, os, pathlib, signal, sys
import keras, tensorflow as tf
from keras_i3d.training.devices import make_deterministic
from keras_i3d.training.recipe_checks import change
from keras_i3d.training.recipes import SYNTHETIC_SMALL
from keras_i3d.training.run import train

class Killed(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        if list(pathlib.Path(sys.argv[2]).glob("checkpoints/*{KILLED_AFTER}.npz")):
            os.kill(os.getpid(), signal.SIGKILL)

make_deterministic()
tf.config.run_functions_eagerly(True)
recipe = change(SYNTHETIC_SMALL, json.loads(pathlib.Path(sys.argv[1]).read_text()))
train(recipe, sys.argv[2], checkpoint_every=1, callbacks=[Killed()])
"""
# One stream of each; of those that are made alike one; of Two-Stream's parts both. What each must
# do by itself is in tests/models/test_catalogue.py.
CASES = [(name, record.streams[0]) for name, record in NETWORKS.items() if name not in ALIKE]
CASES += [("nl_i3d_r50", "rgb"), ("convnet_2d", "flow")]
# One network, and one inside another.
SLOW = ("five_units", "learnt_flow_five_units")


def recipe_of(name, stream):
    """A run of seconds, at the least width and the least clip that the network takes."""
    record = NETWORKS[name]
    steps, *sides = record.least_clip
    side = max(*sides, 32)
    if (first := next(iter(record.seen(stream).values()))).frames > 5:
        frames = max(steps, 4) * first.stack
    else:
        frames = None
    return change(
        SYNTHETIC_SMALL,
        {
            "model": name,
            "stream": stream,
            "width": 1 / 16 if record.any_width else 1.0,
            "centred": False,
            "num_frames": frames,
            "resize": side + 2,
            "crop": side,
            "motions": ("MoveLeft", "ZoomIn"),
            "steps": STEPS,
            "warm_up": 0,
            "batch_size": 2,
            "validation_videos": 2,
            "validate_every": 2,
        },
    )


@pytest.mark.filterwarnings("ignore:.*run_functions_eagerly")
@pytest.mark.timeout(1200)
@pytest.mark.parametrize(("name", "stream"), slow_or_long(CASES, *SLOW))
def test_it_goes_through_every_tool(name, stream, tmp_path, eagerly):
    make_deterministic()
    recipe = recipe_of(name, stream)
    whole, again = tmp_path / "whole", tmp_path / "again"
    train(recipe, whole, Devices(), checkpoint_every=1)
    (tmp_path / "recipe.json").write_text(to_json(recipe))
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, tmp_path / "recipe.json", again],
        capture_output=True,
        timeout=600,
    )
    assert killed.returncode == -9, killed.stderr[-2000:]
    assert not (again / "final.keras").exists()
    train(recipe, again, Devices(), checkpoint_every=1)
    tf.config.run_functions_eagerly(False)
    network = keras_i3d.load(again)
    for ours, theirs in zip(
        keras_i3d.load(whole).model.weights, network.model.weights, strict=True
    ):
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())

    scores = evaluate_run(read_run(again), "val")
    assert scores.probabilities.shape == (2, 2) and not scores.failed
    np.testing.assert_allclose(scores.probabilities.sum(1), 1, atol=1e-5)

    # A video of which a clip is all that there is, whole: what is sent is what is seen.
    source = open_source(recipe.data_set, "val", inputs_of(recipe))
    inputs = network.record.inputs
    ((clips, *_), *_) = evaluation_batches(source, 1, inputs)
    wanted = softmax(keras.ops.convert_to_numpy(network.ending_in("logits")(clips)))
    total = max(one.reach for one in inputs.values())
    start = (source.num_frames(0) - total + 1) // 2
    frames = source.read(0, start, total, tuple(inputs))
    raw = {
        RAW_INPUTS[s]: frames[s][None, one.offset : one.offset + one.span : one.every]
        for s, one in inputs.items()
    }
    folder = tmp_path / "served" / "1"
    export_saved_model(network, folder)
    settings = options(limits=Limits())
    with (
        LocalServer([ModelConfig("it", folder.parent)], settings) as server,
        connect(server, "grpc", model="it", timeout=100) as client,
    ):
        answer = client.predict(raw, "serving_default")
    np.testing.assert_allclose(answer.outputs["probabilities"], wanted, atol=1e-4)
