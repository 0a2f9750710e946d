"""The Recipe record: all numbers of one training run."""

from dataclasses import dataclass, field

from keras_i3d.data.lists.data_set import DataSet


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
        "motion",
        "synthetic data: what the label describes: motion, appearance, joint (both) or order "
        "(of two motions)",
    )
    motions: tuple[str, ...] = _entry((), "synthetic data: the motions that occur; none: all ten")
    appearances: tuple[str, ...] = _entry((), "synthetic data: what moves; none: all there is")
    shortcut: tuple[str, ...] = _entry(
        (),
        "synthetic data: MOTION=SHARE each, how probable it is that a video that is learnt from "
        "shows its motion's own appearance; in validation and test all are as frequent",
    )
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
    # Of what teacher.
    teacher: str | None = _entry(
        None,
        "what is learnt from besides the labels: a training's folder, or weights of the same "
        "network's other stream; it stays as it is",
    )
    distil: tuple[str, ...] = _entry(
        (),
        "end points at which the teacher is matched, such as Logits or Mixed_5c; OURS=ITS where "
        "the teacher's has another name",
    )
    distil_weight: float = _entry(1.0, "weight of the squared error of each of them in the loss")
    distil_pooled: bool = _entry(
        True, "whether end points are matched averaged over time, rows and columns"
    )
    flow_loss: tuple[str, ...] = _entry(
        (),
        "end points that are to tell the optical flow as they learn, ENDPOINT=DECODER each, such "
        "as Mixed_4f=pwc; DECODER is simple, spatial, pwc, or itself for an end point of flow",
    )
    flow_weight: float = _entry(1.0, "weight of the end-point error, in pixels, of each of them")
    action_weight: float = _entry(
        1.0, "weight of the loss between scores and labels, where there are others"
    )
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
    def several_losses(self) -> bool:
        """Return whether something besides the labels is learnt from."""
        return self.teacher is not None or bool(self.flow_loss)

    @property
    def teacher_stream(self) -> str:
        """Return the stream that a teacher's weights are taken for: what the student misses."""
        return "rgb" if self.stream == "flow" else "flow"

    @property
    def data_set(self) -> DataSet:
        """Return which videos the run is about."""
        return DataSet.from_recipe(vars(self))
