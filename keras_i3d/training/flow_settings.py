"""All numbers of a training of flow decoders; nothing heavy is loaded for them."""

import dataclasses
import json
import math
from dataclasses import dataclass
from pathlib import Path

from keras_i3d.data.lists.data_set import DataSet

SETTINGS = "decoding.json"
DECODERS = ("simple", "spatial", "pwc")  # those of models.flow_decoder, which loads Keras
ITSELF = "itself"  # no decoder: the end point is flow


@dataclass(frozen=True)
class FlowDecoding:
    """All numbers of one training of flow decoders.

    network, model, stream: the frozen network, as `keras_i3d.load` takes them.
    end_points, decoders: names; each end point gets a decoder of each kind.
    data: which videos; those of its validation split are held out. They need flow.
    num_frames, resize, crop: of a clip; None: the network's own.
    steps, batch_size, learning_rate: Adam's, with a cosine to 0.
    flip: how probable a mirrored clip is.
    num_clips: of each held-out video, evenly placed; the mean of their errors is the video's.
    seed: of everything random.
    """

    network: str
    end_points: tuple[str, ...]
    decoders: tuple[str, ...] = DECODERS
    data: DataSet = DataSet(validation_split="test")
    model: str = "i3d"
    stream: str = "rgb"
    num_frames: int | None = None
    resize: int | None = None
    crop: int | None = None
    steps: int = 500
    batch_size: int = 8
    learning_rate: float = 1e-3
    flip: float = 0.5
    num_clips: int = 1
    seed: int = 0

    def __post_init__(self):
        for name, values in (("end_point", self.end_points), ("decoder", self.decoders)):
            if not values or len(set(values)) < len(values):
                said = ", ".join(values) or "none"
                raise ValueError(f"{name} should be one name or more, each once. Received: {said}")
        if unknown := sorted(set(self.decoders) - set(DECODERS)):
            raise ValueError(
                f"decoder should be one of {', '.join(DECODERS)}. Received: {', '.join(unknown)}"
            )
        if self.data.validation_split is None:
            raise ValueError("data should have a split to hold out. Received: none")
        for name in ("num_frames", "resize", "crop", "steps", "batch_size", "num_clips"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"{name} should be at least 1. Received: {value}")
        if not 0 < self.learning_rate < math.inf:
            raise ValueError(f"learning_rate should be above 0. Received: {self.learning_rate}")
        if not 0 <= self.flip <= 1:
            raise ValueError(f"flip should be from 0 to 1. Received: {self.flip}")
        if self.seed < 0:
            raise ValueError(f"seed should be at least 0. Received: {self.seed}")


def check_decoding_folder(settings: FlowDecoding, folder: Path) -> None:
    """Refuse a folder where other settings have been at work; ValueError names the differences.

    How many clips of how many synthetic videos are held out decides what is measured, not what is
    learnt.
    """
    try:
        kept = _flat(json.loads((folder / SETTINGS).read_text("utf-8")))
    except FileNotFoundError:
        return
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"{folder / SETTINGS} is damaged: {error}") from error
    now = _flat(json.loads(as_json(settings)))
    # A setting that an earlier version did not have was what is now its default.
    before = _flat(json.loads(as_json(FlowDecoding("", ("",))))) | kept
    before |= {name: now[name] for name in ("num_clips", "validation_videos")}
    names = [name for name in now if before[name] != now[name]]
    if names:
        said = ", ".join(f"{name} (was {before[name]!r}, now {now[name]!r})" for name in names)
        raise ValueError(
            f"{folder} has decoders trained with other settings: {said}; give another folder"
        )


def _flat(settings: dict) -> dict:
    """The settings with those of the data among them, as the flags are."""
    own = {name: value for name, value in settings.items() if name != "data"}
    return own | {name: value for name, value in settings["data"].items() if name not in own}


def as_json(settings: FlowDecoding) -> str:
    """Return the settings as JSON, a field a line."""
    return json.dumps(dataclasses.asdict(settings), indent=2) + "\n"
