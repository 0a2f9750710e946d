"""From a source of videos to the batches of an evaluation: each view of each video once."""

from collections.abc import Callable, Mapping

import numpy as np
import tensorflow as tf

from keras_i3d.data.batches.clip_sources import Skipped, Source
from keras_i3d.data.batches.finishing import RGB, as_model_input, check, multi_hot, scaled, settled
from keras_i3d.data.batches.loading import Loader, Request
from keras_i3d.data.batches.sampling import (
    evaluation_crops,
    evaluation_views,
    part_count,
    part_numbers,
    view_numbers,
)
from keras_i3d.data.pixels.preprocessing import Input

# A whole video is one clip of at most so many frames, 40 s: 600 MB in float32 at 224 x 224.
LONGEST = 1000
# Parts of one video are numbered below this.
MOST_PARTS = 1 << 20


def evaluation_batches(
    source: Source,
    batch_size: int,
    inputs: Mapping[str, Input] = RGB,
    *,
    num_clips: int = 1,
    num_crops: int = 1,
    worker: tuple[int, int] = (0, 1),
    skipped: Skipped | None = None,
    parallel: int | None = None,
) -> tf.data.Dataset:
    """Return batches (inputs, labels, videos, views) of num_clips x num_crops views of each video.

    No view is left out and none comes twice; the last batch may be smaller.

    Args:
        batch_size: views of a batch, of this worker.
        num_clips, num_crops: see sampling.evaluation_views.
        worker: (i, n): this worker takes videos i, i + n, i + 2n and so on.
        skipped: takes the videos that cannot be read; None to end with an error.
        source, inputs, parallel: as for training_batches.

    Returns:
        inputs, labels: as of training_batches.
        videos: (batch,) int64, number of the video.
        views: (batch,) int64, which of its views: clip * num_crops + crop.
    """
    check(source, inputs)
    views = evaluation_views(num_clips, num_crops)

    def request(number: int, attempt: int) -> Request | None:
        if attempt:
            return None
        video, clip = divmod(number, num_clips)
        view = views[clip]
        others = multi_hot(source, video), np.int64(video), np.int64(clip * num_crops)
        return Request(
            video, lambda total: view_numbers(view.place, total, inputs), view.crops, others
        )

    others = _evaluation_others(source)
    loader = Loader(source, inputs, request, num_crops, others, True, skipped, parallel)
    numbers = _own_videos(source, worker).flat_map(
        lambda video: tf.data.Dataset.range(video * num_clips, (video + 1) * num_clips)
    )
    batches = loader.load(numbers).flat_map(
        lambda *clip: tf.data.Dataset.from_tensor_slices(_per_crop(*clip))
    )
    return settled(batches.batch(batch_size).map(_finished(inputs)))


def whole_video_batches(
    source: Source,
    inputs: Mapping[str, Input] = RGB,
    *,
    num_crops: int = 1,
    longest: int | None = LONGEST,
    worker: tuple[int, int] = (0, 1),
    skipped: Skipped | None = None,
    parallel: int | None = None,
) -> tf.data.Dataset:
    """Return batches like evaluation_batches', but of all frames of a video, in 1 or 3 crops.

    Args:
        inputs: their `frames` are the least; a shorter video is looped. Streams may see different
            frames of the same stretch, such as every tenth picture and all of the flow.
        longest: frames of a clip; a longer video is given in equal parts, a batch each, which
            follow one another. So nothing longer is ever held. None for clips of exactly the
            inputs' frames, for a network that takes no others.

    Their views are part * num_crops + crop.
    """
    check(source, inputs)
    crops = evaluation_crops(num_crops)
    frames = max(one.frames for one in inputs.values())
    if longest is not None and longest < frames:
        raise ValueError(
            f"longest should be at least the inputs' frames. Received: {longest} and {frames}"
        )
    part_count(1, inputs, longest)  # refuses streams of different stretches

    def parts(video: np.int64) -> np.int64:
        try:
            return np.int64(part_count(source.num_frames(int(video)), inputs, longest))
        except ValueError:
            return np.int64(1)  # its own turn says what is wrong

    def request(number: int, attempt: int) -> Request | None:
        if attempt:
            return None
        video, part = divmod(number, MOST_PARTS)
        others = multi_hot(source, video), np.int64(video), np.int64(part * num_crops)
        return Request(
            video, lambda total: part_numbers(part, total, inputs, longest), crops, others
        )

    def numbered(video: tf.Tensor, count: tf.Tensor) -> tf.data.Dataset:
        return tf.data.Dataset.range(video * MOST_PARTS, video * MOST_PARTS + count)

    others = _evaluation_others(source)
    loader = Loader(source, inputs, request, num_crops, others, False, skipped, parallel)
    videos = _own_videos(source, worker).map(
        lambda video: (video, tf.numpy_function(parts, [video], tf.int64, stateful=False))
    )
    clips = loader.load(videos.flat_map(numbered)).map(_per_crop)
    clips = clips.filter(lambda clip, labels, videos, views: tf.size(videos) > 0)
    return settled(clips.map(_finished(inputs)), prefetch=1)


def _evaluation_others(source: Source) -> tuple[tf.TensorSpec, ...]:
    number = tf.TensorSpec((), tf.int64)
    return tf.TensorSpec((len(source.class_names),), tf.float32), number, number


def _own_videos(source: Source, worker: tuple[int, int]) -> tf.data.Dataset:
    index, workers = worker
    if not 0 <= index < workers:
        raise ValueError(f"worker should be a number below {workers}. Received: {index}")
    return tf.data.Dataset.range(index, source.num_videos, workers)


def _per_crop(clip: dict, labels: tf.Tensor, video: tf.Tensor, view: tf.Tensor) -> tuple:
    """One example a crop: (crops, ...) of all that belongs to it."""
    count = tf.shape(next(iter(clip.values())), tf.int64)[0]
    return clip, tf.tile(labels[None], [count, 1]), tf.fill([count], video), view + tf.range(count)


def _finished(inputs: Mapping[str, Input]) -> Callable:
    def finished(clips: dict, labels: tf.Tensor, videos: tf.Tensor, views: tf.Tensor) -> tuple:
        return as_model_input(scaled(clips, inputs)), labels, videos, views

    return finished
