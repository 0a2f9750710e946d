"""A data set as shards, split after split: made, continued, or found finished."""

import hashlib
import os
from collections.abc import Callable

from keras_i3d.data.lists.annotations import Annotations
from keras_i3d.data.shards import assembly
from keras_i3d.data.shards.manifest import Manifest
from keras_i3d.data.shards.plan import Plan, ShardOptions, plan_shards
from keras_i3d.files import storage
from keras_i3d.files.cache import home

PROBLEMS = "problems.txt"


def plan_splits(
    annotations: Annotations,
    root: str | os.PathLike,
    folder: str | os.PathLike,
    options: ShardOptions,
    work: str | os.PathLike | None = None,
    flow_folder: str | os.PathLike | None = None,
) -> list[Plan]:
    """Decide where every video of every split goes.

    Args:
        annotations: the data set.
        root: its folder.
        folder: where the shards come to be.
        options: what the videos become.
        work: a folder for unfinished work; by default one for each split in `folder`.
        flow_folder: as for plan_shards.

    Raises:
        ValueError: as plan_shards does.
    """
    return [
        plan_shards(
            folder,
            split,
            annotations.classes,
            videos,
            options,
            root,
            None if work is None else storage.join(work, split),
            flow_folder,
        )
        for split, videos in annotations.splits.items()
    ]


def work_near(folder: str) -> str | None:
    """Return where unfinished work waits on this machine; None for the folder itself.

    Shards for gs:// or s3:// wait in the cache folder, since their records need not travel.
    """
    if not storage.is_remote(folder):
        return None
    name = hashlib.sha256(folder.encode()).hexdigest()[:16]
    return str(home() / "tfrecords" / name)


def keep_problems(annotations: Annotations, folder: str) -> str | None:
    """Write which listed videos cannot be used into the folder; returns the path, None for none."""
    if not annotations.problems:
        return None
    storage.make_folder(folder)
    path = storage.join(folder, PROBLEMS)
    annotations.problems.write(path)
    return path


def make_split(
    plan: Plan,
    write: Callable[[Plan], Manifest] = assembly.write_shards,
    *,
    overwrite: bool = False,
    retry_failed: bool = False,
) -> tuple[Manifest, bool]:
    """Make the shards of a split; returns their manifest, and whether they were there before.

    Args:
        plan: of plan_splits.
        write: what makes them: write_shards, or write_shards_with_beam.
        overwrite: whether to remove what the folder has of this split first.
        retry_failed: whether to make the shards of a finished run anew that lack videos.

    Raises:
        OtherRunError, ManifestError, BlockingIOError, OSError, ImportError: as `write` does.
    """
    if overwrite:
        assembly.clear(plan)
    elif manifest := assembly.finished(plan):
        if not (retry_failed and manifest.failed):
            return manifest, True
        assembly.retry_failed(plan)
    return write(plan), False
