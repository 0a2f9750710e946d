"""Recipes: all numbers of one training run, and one constant for each published run."""

import dataclasses
import json
from dataclasses import dataclass, field, replace

from keras_i3d.data.lists.data_set import DataSet
from keras_i3d.training.learning_rate_schedules import (
    CosineSchedule,
    PlateauSchedule,
    Schedule,
    StepSchedule,
)


def _entry(default, text: str):
    return field(default=default, metadata={"help": text})


@dataclass(frozen=True)
class Recipe:
    """All numbers of one training run; each field's meaning is the help of its flag.

    A step takes one global batch, whatever the number of devices. What is impossible,
    `recipe_checks.check` says.
    """

    # What learns.
    model: str = _entry(
        "i3d", "network, by a name of `keras-i3d list`, or a .keras file of inflate_weights"
    )
    stream: str = _entry("rgb", "rgb, flow, or both for a network that takes both")
    weights: str | None = _entry(
        None, "start: kinetics, imagenet, ..., a file, or none for random weights"
    )
    centred: bool = _entry(
        False, "with weights=none: filters start with mean 0, batch norm's shifts at 1"
    )
    transfer: str = _entry(
        "original",
        "original (no video pretraining), fixed (only the head learns) or full (all learns)",
    )
    width: float = _entry(
        1.0, "factor of all channels between the clip and the classes, for small experiments"
    )
    dropout: float = _entry(0.5, "rate of the dropout before the head")
    batch_norm: str = _entry(
        "synchronised",
        "statistics of batch norm: synchronised (of the global batch), plain (of each device's "
        "part) or frozen (those of the weights)",
    )
    batch_norm_momentum: float | None = _entry(
        None, "how much of batch norm's averages stays each step; none: the network's own"
    )
    # From what.
    data: str = _entry(
        "synthetic", "synthetic, a folder of shards, a CSV file path,label, or a folder of videos"
    )
    format: str = _entry("folders", "how a folder of videos is listed, as for make_tfrecords")
    annotations: tuple[str, ...] = _entry((), "the list's files, or its folder")
    flow_folder: str | None = _entry(None, "where compute_flow put the flow of a folder of videos")
    split_number: int = _entry(1, "which of UCF-101's or HMDB-51's divisions")
    auto_split: float | None = _entry(
        None, "part of each class to learn from, such as 0.8, where a list has no splits; by --seed"
    )
    allow_missing: bool = _entry(False, "go on without listed videos that are missing")
    train_split: str = _entry("train", "what is learnt")
    validation_split: str | None = _entry("val", "what is validated on; none: nothing")
    task: str = _entry(
        "motion", "synthetic data: what the label describes: motion, appearance or joint (both)"
    )
    motions: tuple[str, ...] = _entry((), "synthetic data: the motions that occur; none: all ten")
    appearances: tuple[str, ...] = _entry((), "synthetic data: what moves; none: all there is")
    training_videos: int = _entry(10_000, "synthetic data: videos that are learnt from")
    multi_label: bool = _entry(False, "whether a video may show several classes (Charades)")
    num_frames: int | None = _entry(
        None,
        "frames of a clip; none: as many as the network's; of a network whose streams see "
        "different frames, those of rgb, and flow in proportion",
    )
    stride: int | None = _entry(None, "frames from one to the next of a clip; none: the network's")
    resize: int | None = _entry(None, "pixels of the frames' shorter side; none: the network's")
    crop: int | None = _entry(None, "pixels of the square crop; none: the network's")
    flip: float = _entry(0.5, "how probable a mirrored clip is")
    jitter: float = _entry(0.0, "largest change of brightness, contrast and saturation")
    rand_augment: int = _entry(0, "how many of RandAugment's operations a clip goes through")
    magnitude: float = _entry(9.0, "how strong these are, 0 to 30")
    mixup: float = _entry(0.0, "alpha of mixup's Beta distribution; 0: none")
    cutmix: float = _entry(0.0, "alpha of CutMix's Beta distribution; 0: none")
    # How.
    steps: int = _entry(1000, "how many steps")
    batch_size: int = _entry(6, "clips of a step, on all devices together")
    accumulate: int = _entry(1, "parts in which a step's batch goes through the network in turn")
    learning_rate: float = _entry(0.1, "learning rate, before the schedule's factors")
    schedule: str = _entry("step", "step, cosine or plateau")
    boundaries: tuple[int, ...] = _entry((), "step: where the learning rate changes")
    factors: tuple[float, ...] = _entry(
        (1.0,), "step: what multiplies the learning rate before, between and after boundaries"
    )
    patience: int = _entry(3, "plateau: validations without a smaller loss before a tenth is taken")
    warm_up: int = _entry(0, "steps in which the learning rate rises to its value")
    rates: tuple[str, ...] = _entry(
        (), "learning rates of layers of their own: PATTERN=FACTOR, a regular expression each"
    )
    optimizer: str = _entry("sgd", "sgd or adam")
    momentum: float = _entry(0.9, "momentum of SGD; beta 1 of Adam")
    nesterov: bool = _entry(False, "whether the momentum is Nesterov's")
    weight_decay: float = _entry(1e-7, "L2 penalty of kernels; batch norm and biases have none")
    clip_norm: float | None = _entry(None, "largest global norm of the gradient; none: any")
    label_smoothing: float = _entry(0.0, "part of each label that is spread over all classes")
    ema: float | None = _entry(
        None, "decay of a moving average of the weights, which is then what is validated and saved"
    )
    precision: str = _entry("float32", "float32, mixed_float16 or mixed_bfloat16")
    seed: int = _entry(0, "of everything that is random")
    validate_every: int = _entry(1000, "steps from validation to validation")
    validation_videos: int = _entry(200, "synthetic data: videos of a validation")

    @property
    def data_set(self) -> DataSet:
        """Return which videos the run is about."""
        return DataSet.from_recipe(vars(self))


# kinetics-i3d's README: 64 replicas of 6 clips (and 4 more, of which the slowest 4 are left out),
# 115 k steps. Kinetics-400 test set: 71.1 % top-1, 89.3 % top-5; with weights=none 68.4 % and
# 88.0 %. Frames, crop and mirroring: "Quo Vadis", section 3.5.
KINETICS_RGB = Recipe(
    weights="imagenet",
    batch_size=384,
    steps=115_000,
    boundaries=(97_000, 108_000),
    factors=(1.0, 0.1, 0.01),
)
# The same README: 155 k steps, since more training was found to be needed after the first 115 k.
# 63.4 % top-1, 84.9 % top-5; with weights=none 61.5 % and 83.4 %.
KINETICS_FLOW = replace(
    KINETICS_RGB,
    stream="flow",
    steps=155_000,
    boundaries=(97_000, 104_500, 115_000, 140_000, 150_000),
    factors=(1.0, 0.1, 0.01, 1.0, 0.1, 0.01),
)
# Xie et al., "Rethinking Spatiotemporal Feature Learning", 2018, as the README of a PyTorch code
# quotes it: 56 GPUs of 6 clips of 64 frames, 80 k steps. Kinetics-400, validation set: 72.2 %
# top-1, 90.6 % top-5; with weights=none 69.4 % and 89.1 %. Dropout is slim's. The paper's clips are
# of 25 frames a second in [-1, 1]; the network's record has what torchvision's weights saw.
S3D = replace(
    KINETICS_RGB,
    model="s3d",
    num_frames=64,
    dropout=0.2,
    batch_size=336,
    steps=80_000,
    boundaries=(60_000, 70_000),
)
# The same: 74.7 % and 93.4 %; of two streams 77.2 % and 93.0 %.
S3D_G = replace(S3D, model="s3d_g")
# "Non-local Neural Networks", section 4.1: 8 GPUs of 8 clips, 32 frames of 64, 400 k steps.
# Kinetics-400, validation set: 74.9 % top-1, 91.6 % top-5; without the blocks (model=i3d_r50)
# 73.3 %. The paper starts from ImageNet's ResNet-50, which is not to be had in this layout, and
# draws the shorter side from 256 to 320.
NON_LOCAL = Recipe(
    model="nl_i3d_r50",
    num_frames=32,
    stride=2,
    batch_size=64,
    steps=400_000,
    learning_rate=0.01,
    boundaries=(150_000, 300_000),
    factors=(1.0, 0.1, 0.01),
    weight_decay=1e-4,
)
# "Quo Vadis", section 5: 5 k steps on 16 GPUs, everything learns. Mean of UCF-101's three splits,
# table 5: RGB 95.6 %, flow (stream=flow) 96.7 %, both 98.0 %; with weights=kinetics 95.1 %, 96.5 %
# and 97.8 %. The learning rate, its schedule and the 6 clips a GPU are not in the paper: they are
# our choice.
UCF101_FINE_TUNE = replace(
    KINETICS_RGB,
    weights="imagenet+kinetics",
    transfer="full",
    format="ucf101",
    validation_split="test",
    batch_size=96,
    learning_rate=0.01,
    steps=5_000,
    boundaries=(3_000, 4_500),
    validate_every=500,
)
# The same on HMDB-51, table 5: RGB 74.8 %, flow 77.1 %, both 80.7 %; with weights=kinetics 74.3 %,
# 77.3 % and 80.9 %.
HMDB51_FINE_TUNE = replace(UCF101_FINE_TUNE, format="hmdb51")
# Ours, for a few videos of one's own on a CPU, in folders CLASS/FILE below train and test: only the
# head learns, of short clips.
FEW_CLIPS = replace(
    UCF101_FINE_TUNE,
    weights="kinetics",
    transfer="fixed",
    format="folders",
    num_frames=16,
    batch_size=8,
    learning_rate=0.1,
    schedule="cosine",
    boundaries=(),
    factors=(1.0,),
    steps=40,
    validate_every=20,
)
# Ours, for two CPU cores and the synthetic data; `keras-i3d experiments` says what it comes to.
# Mirroring would turn one motion into another; batch norm's own momentum, 0.999, would not forget
# its start in so few steps; SGD, and filters with a mean, do not leave chance in as many.
SYNTHETIC_SMALL = Recipe(
    centred=True,
    num_frames=16,
    resize=36,
    crop=32,
    flip=0.0,
    steps=500,
    batch_size=16,
    optimizer="adam",
    learning_rate=5e-4,
    schedule="cosine",
    warm_up=20,
    dropout=0.0,
    clip_norm=5.0,
    batch_norm_momentum=0.9,
    validate_every=100,
)
RECIPES = {
    "kinetics_rgb": KINETICS_RGB,
    "kinetics_flow": KINETICS_FLOW,
    "s3d": S3D,
    "s3d_g": S3D_G,
    "non_local": NON_LOCAL,
    "ucf101_fine_tune": UCF101_FINE_TUNE,
    "hmdb51_fine_tune": HMDB51_FINE_TUNE,
    "few_clips": FEW_CLIPS,
    "synthetic_small": SYNTHETIC_SMALL,
}


def build_schedule(recipe: Recipe) -> Schedule:
    """Return the recipe's learning rates."""
    r = recipe
    if r.schedule == "cosine":
        return CosineSchedule(r.learning_rate, r.steps, r.warm_up)
    if r.schedule == "plateau":
        return PlateauSchedule(r.learning_rate, r.patience, r.warm_up)
    return StepSchedule(r.learning_rate, r.boundaries, r.factors, r.warm_up)


def to_json(recipe: Recipe) -> str:
    """Return the recipe as JSON, a field a line."""
    return json.dumps(dataclasses.asdict(recipe), indent=2) + "\n"


def differences(recipe: Recipe, text: str) -> list[str]:
    """Return what a recipe kept by `to_json` says otherwise: 'steps: was 300, now 200'.

    A field that it lacks is newer than it is, and was what it is now by default.

    Raises:
        ValueError: when the text is no JSON object.
    """
    kept, now = json.loads(text), json.loads(to_json(recipe))
    if not isinstance(kept, dict):
        raise ValueError("it is no JSON object")
    kept = {**json.loads(to_json(Recipe())), **kept}
    names = [*now, *(name for name in kept if name not in now)]
    return [
        f"{name}: was {kept[name]!r}, now {now.get(name, 'unknown')!r}"
        for name in names
        if kept[name] != now.get(name) or name not in now
    ]
