"""A network and all that is needed to use it, from a name, a weights file, or a training."""

import json
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import keras

from keras_i3d.applications.registry import APPLICATIONS, published_of
from keras_i3d.data.pixels.preprocessing import Input
from keras_i3d.models.catalogue import network
from keras_i3d.models.endings import ending_in
from keras_i3d.weights.keras_files import load_keras
from keras_i3d.weights.labels import class_names, labels_of_file
from keras_i3d.weights.run_network import OF_A_RUN, network_of_run
from keras_i3d.weights.s3d_layouts import layout_of_file
from keras_i3d.weights.trained import TrainedRecord, read_record, record_of


@dataclass(frozen=True)
class LoadedNetwork:
    """A network, and what its input and its scores mean.

    model: from one clip, or from {stream: clip}, to what `record.output` says.
    record: streams, preprocessing, labels, and whether a video may show several classes.
    source: where it came from, for messages.
    """

    model: keras.Model
    record: TrainedRecord
    source: str

    @property
    def in_clips(self) -> bool:
        """Whether a whole video goes through it in its own clips, one after the other.

        So the record has it, or the model takes no other clips than those it was built for.
        """
        inputs = self.model.input
        tensors = inputs.values() if isinstance(inputs, dict) else (inputs,)
        return self.record.in_clips or any(tensor.shape[1] is not None for tensor in tensors)

    def ending_in(self, wanted: str) -> keras.Model:
        """Return the model with logits, or with the "probabilities" of softmax or sigmoid."""
        if wanted == "probabilities":
            wanted = "sigmoid" if self.record.multi_label else "softmax"
        return ending_in(self.model, self.record.output, wanted, self.record.logits)

    @cached_property
    def classifier(self) -> keras.Model:
        """The model with probabilities; the same each time, so that it is compiled once."""
        return self.ending_in("probabilities")


def load(
    source: str | Path,
    *,
    model: str = "i3d",
    stream: str = "rgb",
    labels: list[str] | tuple[str, ...] | None = None,
    layout: str | None = None,
    crop: int | None = None,
) -> LoadedNetwork:
    """Load a network with its preprocessing, activation and labels.

    Args:
        source: the folder of a training, a .keras file that a training or `inflate_weights` wrote,
            the name of published weights ("kinetics"), or a weights file that the application of
            `model` takes.
        model, stream: which network published weights or a weights file are for; a training's
            own record says so itself.
        labels: the classes' names; by default those the record, or the published weights, have.
        layout: what the clips of a weights file are like where the network has several ways, such
            as "notebook" for D3D; by default that of the file.
        crop: side in pixels of the clips that published weights or a weights file are used for,
            with the frames' shorter side in proportion; by default the network's own.

    Raises:
        ValueError: when there is nothing of that name, the file is damaged, or the labels are not
            as many as the classes.
        OSError: when published weights cannot be fetched.
    """
    path = Path(source).expanduser()
    if path.is_dir():
        loaded = _from_run(path)
    elif path.suffix == ".keras" and (record := _record(path)):
        loaded = LoadedNetwork(_keras_model(path), record, str(path))
    else:
        loaded = _from_weights(str(source), model, stream, layout, crop)
    return loaded if labels is None else _relabelled(loaded, tuple(labels))


def _from_run(folder: Path) -> LoadedNetwork:
    path = network_of_run(folder)
    return LoadedNetwork(_keras_model(path), _record(path), str(path))


def _record(path: Path) -> TrainedRecord | None:
    """The record in a .keras file, or what lies beside it; None if neither is."""
    if not path.is_file():
        return None
    found = read_record(path)
    beside = path.name in OF_A_RUN or (path.parent / "recipe.json").is_file()
    return found or (_record_beside(path) if beside else None)


def _record_beside(path: Path) -> TrainedRecord:
    """What recipe.json and labels.txt beside a network say: of 0.1, which kept no record inside."""
    try:
        recipe = json.loads((path.parent / "recipe.json").read_text("utf-8"))
        labels = (path.parent / "labels.txt").read_text("utf-8").splitlines()
        of, stream = network(recipe["model"]), recipe["stream"]
        sizes = [recipe[name] for name in ("num_frames", "stride", "resize", "crop")]
        inputs = {s: one.changed(*sizes) for s, one in of.seen(stream).items()}
        return record_of(
            of,
            stream,
            inputs,
            labels,
            multi_label=recipe["multi_label"],
            least_clip=(1, 1, 1),
            made={"recipe": recipe},
        )
    except OSError as error:
        raise ValueError(
            f"{path} has no record of what it was trained for, and {error.filename} beside it "
            f"cannot be read: {error.strerror}"
        ) from error
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"{path.parent / 'recipe.json'} should be a training run's recipe. Received: {error}"
        ) from error


def _keras_model(path: Path) -> keras.Model:
    try:
        return load_keras(path)
    except Exception as error:  # Keras and h5py raise whatever they like for a damaged file
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ValueError(f"{path} is damaged or not a network: {first}") from error


def _from_weights(
    weights: str, model: str, stream: str, layout: str | None, crop: int | None
) -> LoadedNetwork:
    of = network(model)
    if stream == "both" and of.both:
        of = network(of.both)
    stream = "both" if of.joint else stream
    if layout not in (None, *of.layouts):
        raise ValueError(
            f"layout should be None or one of {tuple(of.layouts)} for {of.name}. Received: "
            f"layout={layout!r}"
        )
    inputs = of.seen(stream, layout or layout_of_file(of.name, weights))
    if crop is not None:
        inputs = {s: _cropped(one, crop) for s, one in inputs.items()}
    options = {} if of.joint else {"stream": stream}
    if crop is not None and not of.any_size:
        options["input_shape"] = (None, crop, crop, inputs[stream].channels)
    if of.name not in APPLICATIONS:
        raise ValueError(
            f"model should be one of {', '.join(APPLICATIONS)}. Received: model={model!r}, which "
            f"has no weights"
        )
    built = APPLICATIONS[of.name](weights, classifier_activation=None, **options)
    records = published_of(of, weights)
    if records:
        labels = class_names(records[0].labels)
    else:
        labels = labels_of_file(weights, built.output_shape[-1])
    files = {
        file.path: {"git_blob": file.git_blob, "sha256": file.sha256, "bytes": file.size}
        for one in records
        for file in one.files
        if one.stream in inputs
    }
    made = {"weights": weights, "files": files}
    record = record_of(of, stream, inputs, labels, made=made)
    return LoadedNetwork(built, record, f"weights={weights!r}")


def _cropped(one: Input, crop: int) -> Input:
    return one.changed(short_side=round(one.short_side * crop / one.crop), crop=crop)


def _relabelled(loaded: LoadedNetwork, labels: tuple[str, ...]) -> LoadedNetwork:
    classes = loaded.model.output_shape[-1]
    if len(labels) != classes:
        raise ValueError(
            f"labels should be {classes} names, one for each class of {loaded.source}. Received: "
            f"{len(labels)}"
        )
    return replace(loaded, record=replace(loaded.record, labels=labels))
