"""From a source of videos to the batches of a training, endless and drawn.

Nothing has a state. What sample n of a training shows is a pure function of (seed, n), so the state
of the iterator is one integer, any number of workers gives the same global batches, and any number
of threads the same order.
"""

from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from keras_i3d.data.batches.augmentation import Augmentation, draw, draw_mix
from keras_i3d.data.batches.clip_sources import Skipped, Source
from keras_i3d.data.batches.finishing import RGB, as_model_input, check, multi_hot, scaled, settled
from keras_i3d.data.batches.graph_augmentation import augment, mixed
from keras_i3d.data.batches.loading import Loader, Request
from keras_i3d.data.batches.sampling import part_of, view_numbers
from keras_i3d.data.pixels.preprocessing import Input

ENDLESS = np.iinfo(np.int64).max


def training_batches(
    source: Source,
    batch_size: int,
    inputs: Mapping[str, Input] = RGB,
    *,
    augmentation: Augmentation = Augmentation(),  # noqa: B008  a frozen record
    seed: int = 0,
    start: int = 0,
    worker: tuple[int, int] = (0, 1),
    skipped: Skipped | None = None,
    parallel: int | None = None,
) -> tf.data.Dataset:
    """Return endless batches (inputs, labels) of clips drawn at random.

    Every epoch of source.num_videos samples shows each video once, in an order of its own.

    Args:
        source: the videos.
        batch_size: of the global batch, of all workers together.
        inputs: what each stream sees, "rgb", "flow" or both: clips are cut at random in time and
            place, and looped where a video is too short; those of both begin at the same frame.
        augmentation: how clips are changed.
        seed: decides on everything that is drawn.
        start: samples that were drawn before, a multiple of batch_size: to go on where a run ended.
        worker: (number, of how many): this worker's part of each global batch, see part_of.
        skipped: takes the videos that cannot be read, and others are shown in their place; None
            to end with an error that names the file; finishing.cause says it in one line. Damaged
            shards always end it.
        parallel: clips that are loaded at a time; the result does not depend on it.

    Returns:
        inputs: (batch, time, crop, crop, 3 or 2) float32, preprocessed; a dictionary of several
            streams.
        labels: (batch, classes) float32, 1 for each class of the video.

    Raises:
        ValueError: arguments that are invalid, or do not fit each other.
    """
    check(source, inputs)
    first, own = part_of(batch_size, worker)
    if start % batch_size or start < 0:
        raise ValueError(
            f"start should be a multiple of batch_size. Received: {start} and {batch_size}"
        )
    if augmentation.mixes and (first % 2 or own % 2):
        raise ValueError(
            f"to mix examples in pairs, each worker's part of a batch should be even. "
            f"Received: batch_size={batch_size} for {worker[1]} workers"
        )
    if augmentation.moves_pixels and "flow" in inputs:
        raise ValueError(
            "rotate, shear and translate would make the flow wrong: leave them out of "
            "augmentation.operations, such as by operations=COLOUR_OPERATIONS"
        )

    def request(number: int, attempt: int) -> Request:
        drawn = draw(number, source.num_videos, seed, augmentation, attempt)
        mix = draw_mix(number // 2, seed, augmentation)
        others = (
            np.bool_(drawn.flip),
            drawn.jitter,
            drawn.operations,
            np.array([mix.share, mix.box is not None, *(mix.box or (0, 0, 0, 0))], np.float32),
            multi_hot(source, drawn.video),
        )
        view = drawn.view
        return Request(
            drawn.video, lambda total: view_numbers(view.place, total, inputs), view.crops, others
        )

    loader = Loader(
        source,
        inputs,
        request,
        num_crops=1,
        others=(
            tf.TensorSpec((), tf.bool),
            tf.TensorSpec((4,), tf.float32),
            tf.TensorSpec((augmentation.num_operations, 2), tf.float32),
            tf.TensorSpec((6,), tf.float32),
            tf.TensorSpec((len(source.class_names),), tf.float32),
        ),
        fixed=True,
        skipped=skipped,
        parallel=parallel,
    )

    def change(clip, flip, jitter, operations, mix, labels):
        clip = {stream: frames[0] for stream, frames in clip.items()}
        return augment(clip, flip, jitter, operations, augmentation), mix, labels

    def finish(clips, mix, labels):
        clips = scaled(clips, inputs)
        if augmentation.mixes:
            clips, labels = mixed(clips, labels, mix)
        return as_model_input(clips), labels

    numbers = tf.data.Dataset.range(start // batch_size * own, ENDLESS)
    numbers = numbers.map(lambda n: n // own * batch_size + first + n % own)
    samples = loader.load(numbers).map(change, num_parallel_calls=parallel or tf.data.AUTOTUNE)
    batches = samples.batch(own, drop_remainder=True)
    return settled(batches.map(finish, num_parallel_calls=tf.data.AUTOTUNE))
