"""The data that a run learns from and is validated on, as the loop wants it."""

from collections.abc import Mapping
from dataclasses import dataclass

from keras_i3d.data.batches.augmentation import Augmentation
from keras_i3d.data.batches.clip_sources import Skipped, Source
from keras_i3d.data.batches.data_source import open_source
from keras_i3d.data.batches.evaluation import evaluation_batches
from keras_i3d.data.batches.finishing import check
from keras_i3d.data.batches.training import training_batches
from keras_i3d.data.lists.class_concerns import class_concerns
from keras_i3d.data.lists.data_set import DataSet
from keras_i3d.data.pixels.preprocessing import Input
from keras_i3d.data.synthetic.videos import SyntheticVideos
from keras_i3d.training.devices import Devices
from keras_i3d.training.loop import MakeBatches
from keras_i3d.training.validation import MakeValidation

# Clips of a validation's batch, for each device.
VALIDATION_BATCH = 4


@dataclass(frozen=True)
class Inputs:
    """Training and validation data.

    class_names: in the labels' order.
    training, validation: as `fit` wants them.
    skipped: the videos that could not be read, as far as they have come.
    concerns: what is probably a mistake in the classes, in sentences.
    notes: what was chosen or left out of the lists, in sentences.
    learnt, validated: how many videos there are to train and to validate on.
    """

    class_names: tuple[str, ...]
    training: MakeBatches
    validation: MakeValidation | None
    skipped: Skipped
    concerns: tuple[str, ...] = ()
    learnt: int = 0
    validated: int = 0
    notes: tuple[str, ...] = ()


def open_inputs(
    videos: DataSet,
    seen: Mapping[str, Input],
    devices: Devices,
    *,
    batch_size: int,
    augmentation: Augmentation,
) -> Inputs:
    """Open a run's splits; a validation sees one clip in the middle of each video.

    Args:
        videos: which they are; their seed is that of the batches too.
        seen: what each stream of the network sees.
        devices: what computes.
        batch_size: clips that go through the network together.
        augmentation: what is varied.

    Raises:
        ValueError, OSError: when there is no such data, it is not what `videos` says, or a split
            has no flow, or none that fits, where flow is seen.
    """
    source, skipped = open_source(videos, videos.train_split, seen), Skipped()

    def training(start, worker):
        return training_batches(
            source,
            batch_size,
            seen,
            augmentation=augmentation,
            seed=videos.seed,
            start=start,
            worker=worker,
            skipped=skipped,
        )

    training(0, (devices.worker, devices.workers))  # so that a refusal comes now
    trained = videos.train_split
    labels = {trained: _labels(source)}
    if videos.validation_split is None:
        concerns = class_concerns(source.class_names, labels, trained)
        counts = source.num_videos, 0
        return Inputs(source.class_names, training, None, skipped, concerns, *counts, source.notes)
    validated = open_source(videos, videos.validation_split, seen)
    check(validated, seen)
    if validated.class_names != source.class_names:
        raise ValueError(
            f"{videos.data}: {videos.train_split} and {videos.validation_split} name their classes "
            f"differently"
        )

    def validation(worker):
        batch = VALIDATION_BATCH * devices.replicas // devices.workers
        views = evaluation_batches(validated, batch, seen, worker=worker, skipped=skipped)
        return views.map(lambda clips, labels, video, view: (clips, labels))

    labels[videos.validation_split] = _labels(validated)
    concerns = class_concerns(source.class_names, labels, trained)
    counts = source.num_videos, validated.num_videos
    notes = tuple(dict.fromkeys((*source.notes, *validated.notes)))
    return Inputs(source.class_names, training, validation, skipped, concerns, *counts, notes)


def _labels(source: Source) -> list[tuple[int, ...]]:
    # Synthetic videos have every class.
    videos = range(source.num_videos) if not isinstance(source, SyntheticVideos) else ()
    return [source.labels(index) for index in videos]
