"""What a trained network was trained for, kept inside its .keras file.

So a file that is copied elsewhere, alone, is still preprocessed, activated and labelled rightly.
"""

import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from keras_i3d.data.pixels.preprocessing import Input, Preprocessing
from keras_i3d.models.catalogue import Network

# A member of the archive that Keras does not look at.
MEMBER = "keras_i3d.json"
MOST_BYTES = 16 << 20
# What the network's output is: scores before or after the activation.
OUTPUTS = ("logits", "softmax", "sigmoid")


@dataclass(frozen=True)
class TrainedRecord:
    """All that is needed to use one trained network.

    network: its name in the catalogue; "inflated" for one that `inflate_weights` wrote.
    stream: "rgb", "flow" or "both".
    inputs: what each stream sees.
    labels: the classes' names, in the order of the scores.
    head: the layers that hold the class scores.
    logits, features: the layers of the scores before the activation, and of each stream's features.
    multi_label: whether a video may show several classes: then the activation is a sigmoid.
    output: what the model itself ends in: "logits", "softmax" or "sigmoid".
    least_clip: the smallest (steps, height, width) it takes, steps as in a `Network`.
    in_clips: whether a whole video goes through it in clips of its own frames.
    made: what it rests on, such as its recipe.
    """

    network: str
    stream: str
    inputs: Mapping[str, Input]
    labels: tuple[str, ...]
    head: tuple[str, ...]
    logits: str
    features: Mapping[str, str]
    multi_label: bool = False
    output: str = "logits"
    least_clip: tuple[int, int, int] = (1, 1, 1)
    in_clips: bool = False
    made: Mapping = field(default_factory=dict)

    def __post_init__(self):
        if self.output not in OUTPUTS:
            raise ValueError(f"output should be one of {OUTPUTS}. Received: {self.output!r}")


def record_of(
    network: Network, stream: str, inputs: Mapping[str, Input], labels, **others
) -> TrainedRecord:
    """Return the record of a network of the catalogue; `others` are the record's other fields."""
    return TrainedRecord(
        network=network.name,
        stream=stream,
        inputs=dict(inputs),
        labels=tuple(labels),
        head=network.head,
        logits=network.logits,
        features=network.feature_layers(stream),
        in_clips=network.in_clips,
        **{"least_clip": network.least_clip, **others},
    )


def as_json(record: TrainedRecord) -> str:
    """Return the record as JSON."""
    return json.dumps(asdict(record), indent=1, ensure_ascii=False)


def from_json(text: str | bytes) -> TrainedRecord:
    """Return the record that `as_json` wrote; ValueError for anything else."""
    try:
        kept = json.loads(text)
        inputs = {
            stream: Input(**{**one, "preprocessing": Preprocessing(**one["preprocessing"])})
            for stream, one in kept["inputs"].items()
        }
        tuples = {name: tuple(kept[name]) for name in ("labels", "head", "least_clip")}
        return TrainedRecord(**{**kept, **tuples, "inputs": inputs})
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(
            f"should be the record of a trained network. Received: {type(error).__name__}: {error}"
        ) from error


def write_record(path: Path, record: TrainedRecord) -> None:
    """Add the record to a .keras file that has none yet."""
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(MEMBER, as_json(record))


def read_record(path: Path) -> TrainedRecord | None:
    """Return the record inside a .keras file; None if it has none.

    Raises:
        ValueError: when the file is no .keras file, or its record is damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if MEMBER not in archive.namelist():
                return None
            if archive.getinfo(MEMBER).file_size > MOST_BYTES:
                raise ValueError(f"its {MEMBER} is larger than {MOST_BYTES} bytes")
            return from_json(archive.read(MEMBER))
    except (zipfile.BadZipFile, ValueError, EOFError) as error:
        raise ValueError(f"{path} is damaged or not a .keras file: {error}") from error
