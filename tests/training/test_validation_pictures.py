"""What a validation shows: every example counted, the surest mistakes kept, nothing disturbed."""

import contextlib
import io
import json
import os
import socket
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_i3d.data.pixels.preprocessing import DEEPMIND_FLOW, DEEPMIND_RGB
from keras_i3d.training.devices import Devices, make_strategy
from keras_i3d.training.loop import Plan, fit
from keras_i3d.training.progress import History
from keras_i3d.training.validation import validate
from keras_i3d.training.validation_pictures import Pictures
from tests.conftest import PROJECT
from tests.training import tiny

NAMES = ("run", "jump", "walk")


def batch(true, chosen, sureness):
    """Clips of four frames filled with a grey of their own; one-hot labels; logits."""
    count = len(true)
    greys = np.linspace(-1, 1, count).reshape(count, 1, 1, 1, 1)
    clips = np.broadcast_to(greys, (count, 4, 8, 8, 3)).astype(np.float32)
    return clips, np.eye(3)[true], np.eye(3)[chosen] * np.reshape(sureness, (-1, 1)), np.ones(count)


def test_counts_and_the_surest_mistakes():
    pictures = Pictures(NAMES, DEEPMIND_RGB, most=2)
    pictures.add(*batch([0, 1, 2, 2], [0, 0, 1, 0], [9, 1, 3, 2]))
    assert pictures.counts.tolist() == [[1, 0, 0], [1, 0, 0], [1, 1, 0]]
    captions = [caption for _, caption, _ in pictures.mistakes]
    # e^3 / (e^3 + 2) and e^2 / (e^2 + 2); the one of logit 1 has no place.
    assert captions == ["walk, taken for jump (0.91)", "walk, taken for run (0.79)"]
    # The third of four greys from black to white: 2/3 of 255.
    assert np.unique(pictures.mistakes[0][2]).tolist() == [170]
    assert set(pictures.drawn()) == {"confusion", "mistakes"}
    pictures.begin()
    assert pictures.drawn() == {}


def test_without_weight_nothing_counts_and_other_workers_clips_are_not_drawn():
    pictures = Pictures(NAMES, DEEPMIND_RGB)
    clips, labels, scores, _ = batch([0, 1, 2], [1, 0, 0], [1, 2, 3])
    pictures.add(clips[:1], labels, scores, np.array([1, 0, 1]))
    assert pictures.counts.tolist() == [[0, 1, 0], [0, 0, 0], [1, 0, 0]]
    assert [caption.split(" (")[0] for _, caption, _ in pictures.mistakes] == [
        "run, taken for jump"
    ]


def test_flow_is_drawn_in_colours():
    pictures = Pictures(NAMES, DEEPMIND_FLOW)
    clips, *rest = batch([0], [1], [1])
    pictures.add(np.stack([np.ones_like(clips[..., 0]), np.zeros_like(clips[..., 0])], -1), *rest)
    red = pictures.mistakes[0][2][0, 0, 0]
    assert (red[0], red[1] < 10, red[2] < 10) == (255, True, True)  # to the right
    # Two strips of 96 pixels with 8 around: the mistake, and what its colours mean.
    assert pictures.drawn()["mistakes"].height == 2 * (96 + 8) + 8


def check_a_validation(strategy):
    """Seven examples, uneven batches: counts and clips are those of the network's own answers."""
    devices = Devices(make_strategy(strategy))
    step, pictures = tiny.step(devices), Pictures(tuple("abcde"), DEEPMIND_RGB, most=99)
    row = validate(step, tiny.finite(7, 4), None, pictures if devices.is_chief else None)
    if not devices.is_chief:
        return
    x, y = tiny.batch_of(range(1_000_000, 1_000_007))
    model = tiny.network()  # the same, on one device
    for ours, theirs in zip(model.variables, tiny.arrays(step.model), strict=True):
        ours.assign(theirs)
    scores = model(x, training=False).numpy()
    alone = Pictures(tuple("abcde"), DEEPMIND_RGB, most=99)
    own = slice(None, None, devices.workers)
    alone.add(x[own], y[own], scores[own], np.ones(7)[own])
    kept, wanted = ({(t, c.tobytes()) for _, t, c in p.mistakes} for p in (pictures, alone))
    assert kept == wanted
    alone.begin()
    alone.add(x, y, scores, np.ones(7))
    assert pictures.counts.tolist() == alone.counts.tolist()
    assert pictures.counts.sum() == 7
    assert np.trace(pictures.counts) / 7 == pytest.approx(row["val_accuracy"])


def test_a_validation_shows_every_example_once():
    check_a_validation("one")


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_also_on_two_devices_of_one_or_two_workers(workers):
    code = (
        "import tensorflow as tf\n"
        "cpu = tf.config.list_physical_devices('CPU')[0]\n"
        "two = [tf.config.LogicalDeviceConfiguration()] * 2\n"
        "tf.config.set_logical_device_configuration(cpu, two)\n"
        "from tests.training.test_validation_pictures import check_a_validation\n"
        f"check_a_validation({'mirrored' if workers == 1 else 'multi_worker'!r})\n"
    )
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(workers)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        cluster = {"worker": [f"127.0.0.1:{one.getsockname()[1]}" for one in sockets]}
    processes = []
    for index in range(workers):
        task = {"cluster": cluster, "task": {"type": "worker", "index": index}}
        environment = {"TF_CONFIG": json.dumps(task)} if workers > 1 else {}
        processes.append(
            subprocess.Popen(
                [sys.executable, "-c", code],
                cwd=PROJECT,
                env={**os.environ, **environment},
                stderr=subprocess.PIPE,
                text=True,
            )
        )
    errors = [process.communicate(timeout=120)[1] for process in processes]
    assert [process.returncode for process in processes] == [0] * workers, errors


def test_tensorboard_shows_them_and_the_weights_are_the_same(tmp_path):
    plan = Plan(4, batch_size=4, validate_every=2)

    def run(pictures):
        step = tiny.step(dropout=0.4)
        history = History(tmp_path / f"{bool(pictures)}.csv", tmp_path / str(bool(pictures)))
        fit(
            step,
            tiny.endless(4),
            plan,
            make_validation=tiny.finite(7, 4),
            history=history,
            pictures=pictures,
        )
        return tiny.arrays(step)

    for ours, theirs in zip(run(Pictures(tuple("abcde"), DEEPMIND_RGB)), run(None), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    images = list(images_in(tmp_path / "True"))
    assert {(step, tag) for step, tag, _ in images} >= {(2, "confusion"), (4, "confusion")}
    for _, _, image in images:
        with Image.open(io.BytesIO(image.encoded_image_string)) as picture:
            assert picture.size == (image.width, image.height)
    assert list(images_in(tmp_path / "False")) == []


def images_in(folder):
    (path,) = folder.glob("events.out.tfevents.*")
    for record in tf.data.TFRecordDataset(str(path)):
        event = tf.compat.v1.Event.FromString(record.numpy())
        for value in event.summary.value:
            if value.HasField("image"):
                yield event.step, value.tag, value.image
