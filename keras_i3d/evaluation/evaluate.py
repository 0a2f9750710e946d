"""Scores of every video of a source: each view through the network, averaged by video."""

from collections.abc import Callable, Iterable, Mapping

import keras
import numpy as np

from keras_i3d.data.batches.clip_sources import Skipped, Source
from keras_i3d.data.batches.evaluation import evaluation_batches, whole_video_batches
from keras_i3d.data.pixels.preprocessing import Input
from keras_i3d.engines import Engine
from keras_i3d.evaluation import metrics
from keras_i3d.evaluation.scores import Scores


def evaluate(
    model: keras.Model,
    source: Source,
    inputs: Mapping[str, Input],
    *,
    num_clips: int | None = None,
    num_crops: int = 1,
    in_clips: bool = False,
    batch_size: int = 4,
    multi_label: bool = False,
    made: dict | None = None,
    engine: Engine | None = None,
    watch: Callable[[Iterable[int]], Iterable[int]] = iter,
) -> Scores:
    """Return the scores of all videos; those that cannot be read are listed in `failed`.

    Args:
        model: from clips to logits (batch, classes).
        source: the videos; their classes are the network's.
        inputs: what each stream of the network sees.
        num_clips, num_crops: views of a video; num_clips None for all of its frames, as the paper
            tests. The probabilities of the views are averaged, and so are their logits.
        in_clips: whether all frames go through clip after clip, and not in one piece.
        batch_size: clips that go through together; whole videos go one by one.
        multi_label: whether a video may show several classes: then the activation is a sigmoid, and
            labels are rows of 0 and 1.
        made: what the scores rest on, to be kept with them.
        engine: what computes the "logits" of `model`, from `keras_i3d.engines.open`; by default
            Keras.
        watch: called with the numbers of the videos as their views come, gives them on.

    Raises:
        ValueError: when network and source have other classes, or a video has not one label.
        RuntimeError: when a video was neither scored nor listed, or had too few views.
    """
    classes = len(source.class_names)
    if model.output_shape[-1] != classes:
        raise ValueError(
            f"the data should have the {model.output_shape[-1]} classes of {model.name}. "
            f"Received: {classes}"
        )
    if not multi_label:
        _check_one_label(source)
    skipped = Skipped()
    options = {"num_crops": num_crops, "skipped": skipped}
    if num_clips is None:
        if in_clips:
            options["longest"] = None
        batches = whole_video_batches(source, inputs, **options)
    else:
        batches = evaluation_batches(source, batch_size, inputs, num_clips=num_clips, **options)
    activation = metrics.sigmoid if multi_label else metrics.softmax
    logits, probabilities = (np.zeros((source.num_videos, classes)) for _ in range(2))
    views = np.zeros(source.num_videos, int)

    def numbers():
        for clips, _, videos, _ in batches:
            clips = keras.tree.map_structure(np.asarray, clips)  # which every backend takes
            scores = engine.run(clips)["logits"] if engine else model.predict_on_batch(clips)
            scores, videos = np.float64(keras.ops.convert_to_numpy(scores)), np.asarray(videos)
            np.add.at(logits, videos, scores)
            np.add.at(probabilities, videos, activation(scores))
            np.add.at(views, videos, 1)
            yield from videos.tolist()

    for _ in watch(numbers()):
        pass
    failed = skipped.causes
    seen = np.flatnonzero(views)
    ids = np.array([source.id(int(i)) for i in seen], dtype=str)
    _check_complete(source, views, failed, None if num_clips is None else num_clips * num_crops)
    counts = views[seen, None]
    return Scores(
        ids,
        (logits[seen] / counts).astype(np.float32),
        (probabilities[seen] / counts).astype(np.float32),
        _labels(source, seen, multi_label),
        tuple(source.class_names),
        failed,
        made or {},
    )


def _check_one_label(source: Source) -> None:
    for index in range(source.num_videos):
        if len(source.labels(index)) != 1:
            raise ValueError(
                f"{source.id(index)} should have one label. Received: {len(source.labels(index))}; "
                f"use multi_label for data with several"
            )


def _check_complete(
    source: Source, views: np.ndarray, failed: dict[str, str], wanted: int | None
) -> None:
    for index, count in enumerate(views):
        scored = count == wanted if wanted is not None else count > 0
        if scored == (source.id(index) in failed):
            among = "" if source.id(index) in failed else "not "
            raise RuntimeError(
                f"{source.id(index)}: {count} of {wanted or 'all its'} views were scored, and it "
                f"is {among}among those that failed"
            )


def _labels(source: Source, seen: np.ndarray, multi_label: bool) -> np.ndarray:
    if not multi_label:
        return np.array([source.labels(int(i))[0] for i in seen], int)
    rows = np.zeros((len(seen), len(source.class_names)), np.uint8)
    for row, index in zip(rows, seen, strict=True):
        row[list(source.labels(int(index)))] = 1
    return rows
