"""An exported model's description of itself: the export writes it, clients read it.

Needs neither TensorFlow nor Keras, so that clients can read it.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from keras_i3d.classes import SEVERAL
from keras_i3d.data.pixels.preprocessing import DEEPMIND_INPUTS, Input, Preprocessing

# What the signatures call a stream's frames as they are sent, and as the network takes them.
RAW_INPUTS = {"rgb": "frames", "flow": "flow_frames"}
CLIP_INPUTS = {"rgb": "rgb_clip", "flow": "flow_clip"}
# TF Serving's classification API: its method, and the names that it wants.
CLASSIFY = "tensorflow/serving/classify"
CLASSIFY_INPUT, CLASSIFY_CLASSES, CLASSIFY_SCORES = "inputs", "classes", "scores"
# Where a tf.Example of the classification API has its frames, as TensorFlow's image models do.
EXAMPLE_FRAMES = "image/encoded"
ASSUMED = "the model does not say how its frames are made: they are made as for I3D"


@dataclass(frozen=True)
class ServedRecord:
    """What must be known to ask a model rightly, and to read its answer.

    inputs: what each stream sees.
    network: its name in the catalogue; "" where it is not known.
    labels: the classes' names, in the order of the scores; () where they are not known.
    multi_label: whether a video may show several classes: each probability is then a sigmoid.
    features: the layer whose output is each stream's features.
    least_frames: the shortest clip that it takes, in frames or, of a stream that has them, stacks.
    in_clips: whether a whole video goes through it in clips of its own frames.
    notes: what a careful reader should know, such as that the inputs are assumed.
    """

    inputs: Mapping[str, Input]
    network: str = ""
    labels: tuple[str, ...] = ()
    multi_label: bool = False
    features: Mapping[str, str] = field(default_factory=dict)
    least_frames: int = 1
    in_clips: bool = False
    notes: tuple[str, ...] = ()

    def as_metadata(self) -> dict[str, Any]:
        """Return it as the JSON object that `from_metadata` reads."""
        fields = asdict(self)
        del fields["notes"]
        return fields


def from_metadata(about: Mapping[str, Any]) -> ServedRecord:
    """Return the record in a model's metadata.

    An export of 0.1 kept the preprocessing alone, which is taken. A model that another program
    exported says nothing: it gets I3D's inputs, and a note that they are assumed.

    Raises:
        ValueError: when the metadata is not what an export writes.
    """
    try:
        if "inputs" in about:
            inputs = {stream: _input(one) for stream, one in about["inputs"].items()}
        else:
            inputs = {
                stream: replace(DEEPMIND_INPUTS[stream], preprocessing=Preprocessing(**one))
                for stream, one in about.get("preprocessing", {}).items()
            }
        return ServedRecord(
            inputs=inputs or DEEPMIND_INPUTS,
            network=str(about.get("network", "")),
            labels=tuple(about.get("labels", ())),
            multi_label=bool(about.get("multi_label", False)),
            features=dict(about.get("features", {})),
            least_frames=int(about.get("least_frames", 1)),
            in_clips=bool(about.get("in_clips", False)),
            notes=tuple(
                note
                for note, holds in ((ASSUMED, not inputs), (SEVERAL, about.get("multi_label")))
                if holds
            ),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"the model's metadata should be what export_saved_model writes. Received: "
            f"{type(error).__name__}: {error}"
        ) from error


def _input(fields: Mapping[str, Any]) -> Input:
    return Input(**{**fields, "preprocessing": Preprocessing(**fields["preprocessing"])})
