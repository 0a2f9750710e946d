"""A network, data and a step so small that a step takes milliseconds."""

import keras
import numpy as np
import tensorflow as tf

from keras_i3d.layers import ConvUnit3D
from keras_i3d.layers.keras_internals import all_layers, backend_variable
from keras_i3d.training.forward import supervised
from keras_i3d.training.step import Step

CLASSES = 5
LOSS = keras.losses.CategoricalCrossentropy(from_logits=True)
SHAPE = (8, 16, 16, 3)
SPEC = (tf.TensorSpec((None, *SHAPE), tf.float32), tf.TensorSpec((None, CLASSES), tf.float32))


def network(dropout=0.0, streams=()):
    """Two units with batch norm, dropout, logits; of several streams, of their sum."""
    clip = {name: keras.Input(SHAPE, name=name) for name in streams} or keras.Input(SHAPE)
    x = keras.layers.Add()(list(clip.values())) if streams else clip
    x = ConvUnit3D(4, 3, 2, name="first")(x)
    x = ConvUnit3D(6, (1, 3, 3), 2, name="second")(x)
    x = keras.layers.GlobalAveragePooling3D(name="mean")(x)
    x = keras.layers.Dropout(dropout, name="dropout")(x)
    model = keras.Model(clip, keras.layers.Dense(CLASSES, name="Logits")(x), name="tiny")
    for layer in all_layers(model):
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.synchronized = True
    return model


def sample(number, classes=CLASSES):
    """Sample `number` of an endless data set: its class is written into its mean."""
    rng = np.random.default_rng([7, number])
    label = int(rng.integers(classes))
    clip = rng.standard_normal(SHAPE).astype(np.float32)
    clip[..., label % 3] += 1 + label
    return clip, np.eye(classes, dtype=np.float32)[label]


def batch_of(numbers):
    """(x, y) of these samples."""
    clips, labels = zip(*map(sample, numbers), strict=True)
    return tf.constant(np.stack(clips)), tf.constant(np.stack(labels))


def endless(batch_size):
    """What fit wants: batches from a sample on, this worker's part of each."""

    def make_batches(start, worker):
        index, count = worker

        def generate():
            first = start
            while True:
                numbers = range(first, first + batch_size)
                part = len(numbers) // count
                yield batch_of(numbers[index * part : (index + 1) * part])
                first += batch_size

        return tf.data.Dataset.from_generator(generate, output_signature=SPEC)

    return make_batches


def of_sizes(sizes):
    """Batches of these sizes, again and again; for a run from the start, of one worker."""

    def make_batches(start, worker):
        def generate():
            first = start
            while True:
                for size in sizes:
                    yield batch_of(range(first, first + size))
                    first += size

        return tf.data.Dataset.from_generator(generate, output_signature=SPEC)

    return make_batches


def finite(count, batch_size, start=1_000_000):
    """Validation data: `count` samples, the last batch uneven; each worker has every n-th."""

    def make(worker):
        index, workers = worker
        numbers = list(range(start + index, start + count, workers))
        batches = [
            batch_of(numbers[i : i + batch_size]) for i in range(0, len(numbers), batch_size)
        ]
        return tf.data.Dataset.from_generator(lambda: iter(batches), output_signature=SPEC)

    return make


def in_streams(make):
    """The same data, of two streams: every clip, and the clip backwards."""

    def made(*arguments):
        return make(*arguments).map(lambda x, y: ({"rgb": x, "flow": x[:, ::-1]}, y))

    return made


def two_losses(model, inputs, labels, training):
    """Cross entropy, and how large the logits are."""
    losses, scores = supervised(LOSS)(model, inputs, labels, training)
    return {"cross_entropy": losses["loss"], "size": tf.reduce_mean(scores**2, axis=1)}, scores


def step(
    devices=None,
    dropout=0.0,
    optimizer=None,
    metrics=None,
    *,
    streams=(),
    forward=None,
    **options,
):
    """A step of the tiny network, by SGD with momentum; by default from cross entropy."""
    keras.utils.set_random_seed(1)
    scope = (devices.strategy if devices else tf.distribute.get_strategy()).scope()
    if metrics is None:
        metrics = [keras.metrics.CategoricalAccuracy(name="accuracy")]
    with scope:
        model = network(dropout, streams)
        made = (optimizer or (lambda: keras.optimizers.SGD(0.1, momentum=0.9)))()
    return Step(model, made, forward or supervised(LOSS), metrics, devices, **options)


def arrays(of):
    """The values of a step's variables, or of a model's."""
    return [backend_variable(v).numpy() for v in of.variables]
