"""The DataSet record: which videos, from folders, lists, shards, or synthetic."""

from collections.abc import Mapping
from dataclasses import dataclass, fields


@dataclass(frozen=True)
class DataSet:
    """Which videos a training or an evaluation is about.

    data: "synthetic", a folder of shards, a CSV file path,label, or a folder of videos.
    format, annotations, split_number: how a folder of videos is listed; as `read_annotations` takes
        them.
    auto_split: part of each class that is learnt from, where a list has no splits; the rest is the
        validation's. None: the splits are the list's own.
    allow_missing: go on without listed videos that are missing; else that is an error.
    flow_folder: where compute_flow put the flow of a folder of videos.
    train_split, validation_split: names of splits; None if nothing is validated.
    multi_label: whether a video may show several classes.
    task, motions, appearances: of synthetic videos, as `SyntheticVideos` takes them.
    shortcut: of synthetic videos that are learnt from, 'MOTION=SHARE' each: how probable it is
        that one shows its motion's own appearance.
    seed: of synthetic videos, and of auto_split.
    training_videos, validation_videos: how many synthetic videos the splits have.
    """

    data: str = "synthetic"
    format: str = "folders"
    annotations: tuple[str, ...] = ()
    flow_folder: str | None = None
    split_number: int = 1
    auto_split: float | None = None
    allow_missing: bool = False
    train_split: str = "train"
    validation_split: str | None = "val"
    multi_label: bool = False
    task: str = "motion"
    motions: tuple[str, ...] = ()
    appearances: tuple[str, ...] = ()
    shortcut: tuple[str, ...] = ()
    training_videos: int = 10_000
    validation_videos: int = 200
    seed: int = 0

    @classmethod
    def from_recipe(cls, recipe: Mapping) -> "DataSet":
        """Return the data of a recipe, or of what was kept of one; the rest is left aside."""
        kept = {one.name: recipe[one.name] for one in fields(cls) if one.name in recipe}
        return cls(**{n: tuple(v) if isinstance(v, list) else v for n, v in kept.items()})

    @property
    def name(self) -> str:
        """Return where the data is; of synthetic videos, which lie nowhere, what they show."""
        if self.data != "synthetic":
            return self.data
        shown = "; ".join(", ".join(names) for names in (self.motions, self.appearances) if names)
        return f"synthetic {self.task}" + (f": {shown}" if shown else "")
