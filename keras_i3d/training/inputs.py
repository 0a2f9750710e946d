"""The data that a recipe names, as what the loop wants."""

from dataclasses import dataclass
from pathlib import Path

from keras_i3d.data.batches.clip_sources import Skipped, Source
from keras_i3d.data.batches.evaluation import evaluation_batches
from keras_i3d.data.batches.training import training_batches
from keras_i3d.data.batches.video_files import VideoFiles
from keras_i3d.data.lists.annotations import read_annotations
from keras_i3d.data.shards.manifest import splits_in
from keras_i3d.data.shards.source import Shards
from keras_i3d.data.synthetic.videos import APPEARANCES, MOTIONS, SyntheticVideos
from keras_i3d.training.devices import Devices
from keras_i3d.training.loop import MakeBatches
from keras_i3d.training.networks import inputs_of
from keras_i3d.training.recipe_checks import augmentation
from keras_i3d.training.recipes import Recipe
from keras_i3d.training.validation import MakeValidation

# Clips of a validation's batch, for each device.
VALIDATION_BATCH = 4


@dataclass(frozen=True)
class Inputs:
    """Training and validation data.

    class_names: in the labels' order.
    training, validation: as `fit` wants them.
    skipped: the videos that could not be read, as far as they have come.
    """

    class_names: tuple[str, ...]
    training: MakeBatches
    validation: MakeValidation | None
    skipped: Skipped


def open_inputs(recipe: Recipe, devices: Devices) -> Inputs:
    """The data of `recipe.data`; a validation sees one clip in the middle of each video.

    Args:
        recipe: what data, how clips are cut from it, what is varied.
        devices: what computes.

    Raises:
        ValueError, OSError: when there is no such data, or it is not what the recipe says.
    """
    source, skipped = open_source(recipe, recipe.train_split), Skipped()
    seen = inputs_of(recipe)

    def training(start, worker):
        return training_batches(
            source,
            recipe.batch_size // recipe.accumulate,
            seen,
            augmentation=augmentation(recipe),
            seed=recipe.seed,
            start=start,
            worker=worker,
            skipped=skipped,
        )

    training(0, (devices.worker, devices.workers))  # what it refuses, it refuses now
    if recipe.validation_split is None:
        return Inputs(source.class_names, training, None, skipped)
    videos = open_source(recipe, recipe.validation_split)
    if videos.class_names != source.class_names:
        raise ValueError(
            f"{recipe.data}: {recipe.train_split} and {recipe.validation_split} name their classes "
            f"differently"
        )

    def validation(worker):
        batch = VALIDATION_BATCH * devices.replicas // devices.workers
        views = evaluation_batches(videos, batch, seen, worker=worker, skipped=skipped)
        return views.map(lambda clips, labels, video, view: (clips, labels))

    return Inputs(source.class_names, training, validation, skipped)


def open_source(recipe: Recipe, split: str) -> Source:
    """One split: of the synthetic data, of shards, of video files.

    A folder that holds manifests has shards; a file is a list (CSV) of videos below its own folder;
    of another folder `recipe.format` says how its videos are listed.

    Raises:
        ValueError, OSError: when there is no such data or split, or videos have labels otherwise
            than `recipe.multi_label` says.
    """
    path = Path(recipe.data).expanduser()
    if recipe.data == "synthetic":
        return _synthetic(recipe, split)
    if path.is_file():
        source = _videos(recipe, split, "csv", path.parent, (path, *recipe.annotations))
    elif splits_in(recipe.data):
        source = Shards(recipe.data, split)
    elif path.is_dir():
        source = _videos(recipe, split, recipe.format, path, recipe.annotations)
    else:
        raise ValueError(f"data={recipe.data!r} is no folder, no list of videos, nor 'synthetic'")
    if not source.num_videos:
        raise ValueError(f"{recipe.data}: split {split!r} has no video")
    for index in range(source.num_videos):
        labels = source.labels(index)
        if len(labels) != 1 and not (labels and recipe.multi_label):
            cure = ": take multi_label=True" if labels else ""
            raise ValueError(f"{source.id(index)} has {len(labels)} labels, not one{cure}")
    return source


def _synthetic(recipe: Recipe, split: str) -> SyntheticVideos:
    # Longer than a clip, so that where a clip begins can vary.
    inputs = inputs_of(recipe).values()
    length = 2 * max(one.span for one in inputs)
    height = max(one.short_side for one in inputs)
    learnt = split == recipe.train_split
    return SyntheticVideos(
        split,
        recipe.task,
        motions=recipe.motions or MOTIONS,
        appearances=recipe.appearances or APPEARANCES,
        num_videos=recipe.training_videos if learnt else recipe.validation_videos,
        num_frames=length,
        size=(height, round(height * 4 / 3)),
        seed=recipe.seed,
    )


def _videos(recipe: Recipe, split: str, format: str, root: Path, lists) -> VideoFiles:
    found = read_annotations(format, root, lists, splits=(split,), split_number=recipe.split_number)
    [fps] = {one.preprocessing.fps for one in inputs_of(recipe).values()}
    return VideoFiles(found.splits[split], found.classes, recipe.flow_folder, root, fps)
