"""The Recipe record: all numbers of one training run."""

from dataclasses import dataclass, field

from keras_i3d.data.lists.data_set import DataSet


def _entry(default, text: str):
    return field(default=default, metadata={"help": text})


@dataclass(frozen=True)
class Recipe:
    """All numbers of one training run; each field's meaning is the help of its flag.

    A step takes one global batch, whatever the number of devices. `recipe_checks.check` finds
    values that do not go together.
    """

    # The network.
    model: str = _entry(
        "i3d", "the network: a name from `keras-i3d list`, or a .keras file of inflate_weights"
    )
    stream: str = _entry("rgb", "rgb, flow, or both for a network that takes both")
    weights: str | None = _entry(
        None, "weights to start from: kinetics, imagenet, ..., a file, or none for random weights"
    )
    centred: bool = _entry(
        False, "with weights=none: start filters with mean 0 and batch norm's shifts at 1"
    )
    transfer: str = _entry(
        "original",
        "original (no video pretraining), fixed (train only the head) or full (train everything)",
    )
    width: float = _entry(
        1.0, "factor for all channels between the clip and the classes, for small experiments"
    )
    dropout: float = _entry(0.5, "rate of the dropout before the head")
    batch_norm: str = _entry(
        "synchronised",
        "statistics of batch norm: synchronised (over the global batch; inside an LSTM over each "
        "device's part), plain (over each device's part) or frozen (those in the weights)",
    )
    batch_norm_momentum: float | None = _entry(
        None, "how much of batch norm's averages is kept each step; none: the network's own"
    )
    batch_norm_batches: int = _entry(
        0,
        "number of batches over which batch norm's statistics are computed again at the end, with "
        "the final weights; 0: the averages kept during training",
    )
    # The data.
    data: str = _entry(
        "synthetic", "synthetic, a folder of shards, a CSV file path,label, or a folder of videos"
    )
    format: str = _entry("folders", "how a folder of videos is listed, as in make_tfrecords")
    annotations: tuple[str, ...] = _entry((), "the list's files, or its folder")
    flow_folder: str | None = _entry(
        None, "the folder of the videos' flow, written by compute_flow"
    )
    split_number: int = _entry(1, "which of the official divisions of UCF-101 or HMDB-51")
    auto_split: float | None = _entry(
        None,
        "part of each class to train on, such as 0.8, if a list has no splits; drawn by --seed",
    )
    allow_missing: bool = _entry(False, "continue without listed videos that are missing")
    train_split: str = _entry("train", "the split to train on")
    validation_split: str | None = _entry("val", "the split to validate on; none: no validation")
    task: str = _entry(
        "motion",
        "synthetic data: what the label describes: motion, appearance, joint (both) or order "
        "(of two motions)",
    )
    motions: tuple[str, ...] = _entry((), "synthetic data: the motions to use; none: all ten")
    appearances: tuple[str, ...] = _entry((), "synthetic data: the photographs to use; none: all")
    shortcut: tuple[str, ...] = _entry(
        (),
        "synthetic data: MOTION=SHARE each, the probability that a training video of this motion "
        "is given the motion's own photograph; the rest, and all validation and test videos, take "
        "turns through all photographs, this one too",
    )
    training_videos: int = _entry(10_000, "synthetic data: number of training videos")
    multi_label: bool = _entry(False, "whether a video may show several classes (Charades)")
    num_frames: int | None = _entry(
        None,
        "frames per clip; none: the network's own; if streams see different frames, those of rgb, "
        "with flow in proportion",
    )
    stride: int | None = _entry(None, "step between frames of a clip; none: the network's own")
    resize: int | None = _entry(
        None, "shorter side of the frames in pixels; none: the network's own"
    )
    crop: int | None = _entry(None, "side of the square crop in pixels; none: the network's own")
    flip: float = _entry(0.5, "probability of mirroring a clip")
    jitter: float = _entry(0.0, "largest change of brightness, contrast and saturation")
    rand_augment: int = _entry(
        0,
        "number of RandAugment's operations applied to a clip's RGB; where flow is read too, for a "
        "teacher or a loss, only those that change colours",
    )
    magnitude: float = _entry(9.0, "strength of RandAugment's operations, 0 to 30")
    mixup: float = _entry(0.0, "alpha of mixup's Beta distribution; 0: none")
    cutmix: float = _entry(0.0, "alpha of CutMix's Beta distribution; 0: none")
    # The teacher.
    teacher: str | None = _entry(
        None,
        "a network to learn from besides the labels: a finished training's folder, or weights of "
        "teacher_model's other stream; it does not change",
    )
    teacher_model: str | None = _entry(
        None,
        "the network of a teacher given as weights, a name from `keras-i3d list`; none: the "
        "student's, for d3d s3d_g",
    )
    distil: tuple[str, ...] = _entry(
        (),
        "end points at which to match the teacher, such as Logits or Mixed_5c; OURS=ITS if the "
        "teacher's has another name, OURS:WEIGHT or OURS=ITS:WEIGHT for a weight of its own",
    )
    distil_weight: float = _entry(
        1.0, "weight of the squared error at each end point of distil that names none"
    )
    distil_pooled: bool = _entry(
        True, "whether to average end points over time, rows and columns before matching them"
    )
    flow_loss: tuple[str, ...] = _entry(
        (),
        "end points to decode optical flow from during training, ENDPOINT=DECODER each, such as "
        "Mixed_4f=pwc; DECODER is simple, spatial, pwc, or itself if the end point is flow",
    )
    flow_weight: float = _entry(
        1.0, "weight of the end-point error, in pixels, at each end point of flow_loss"
    )
    action_weight: float = _entry(
        1.0, "weight of the loss between scores and labels, if there are other losses"
    )
    # The optimisation.
    steps: int = _entry(1000, "number of steps")
    batch_size: int = _entry(6, "clips per step, on all devices together")
    accumulate: int = _entry(1, "number of parts in which a step's batch goes through the network")
    learning_rate: float = _entry(0.1, "learning rate before the schedule's factors")
    schedule: str = _entry("step", "step, cosine or plateau")
    boundaries: tuple[int, ...] = _entry(
        (), "schedule=step: steps at which the learning rate changes"
    )
    factors: tuple[float, ...] = _entry(
        (1.0,),
        "schedule=step: factors of the learning rate before, between and after the boundaries",
    )
    patience: int = _entry(
        3,
        "schedule=plateau: validations without a smaller loss before the learning rate is "
        "divided by ten",
    )
    warm_up: int = _entry(0, "steps in which the learning rate rises from zero")
    rates: tuple[str, ...] = _entry(
        (),
        "factors of the learning rate for some layers: PATTERN=FACTOR, a regular expression each",
    )
    optimizer: str = _entry("sgd", "sgd or adam")
    momentum: float = _entry(0.9, "momentum of SGD; beta 1 of Adam")
    nesterov: bool = _entry(False, "whether the momentum is Nesterov's")
    weight_decay: float = _entry(1e-7, "L2 penalty of kernels; batch norm and biases have none")
    clip_norm: float | None = _entry(None, "largest global norm of the gradient; none: no limit")
    label_smoothing: float = _entry(0.0, "part of each label to spread over all classes")
    ema: float | None = _entry(
        None, "decay of a moving average of the weights, which is then validated and saved"
    )
    precision: str = _entry("float32", "float32, mixed_float16 or mixed_bfloat16")
    seed: int = _entry(0, "seed for everything random")
    validate_every: int = _entry(1000, "steps between validations")
    validation_videos: int = _entry(200, "synthetic data: number of validation videos")

    @property
    def several_losses(self) -> bool:
        """Return whether something besides the labels is learnt from."""
        return self.teacher is not None or bool(self.flow_loss)

    @property
    def teacher_stream(self) -> str:
        """Return the stream that a teacher's weights are taken for: what the student misses."""
        return "rgb" if self.stream == "flow" else "flow"

    @property
    def teacher_network(self) -> str:
        """Return the network that a teacher's weights are taken for."""
        # D3D has no stream but rgb; on flow it is S3D-G.
        return self.teacher_model or {"d3d": "s3d_g"}.get(self.model, self.model)

    @property
    def data_set(self) -> DataSet:
        """Return which videos the run is about."""
        return DataSet.from_recipe(vars(self))
