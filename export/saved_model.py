"""A network as one SavedModel that carries everything: written, checked, then put in its place."""

import contextlib
import errno
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

import keras_i3d
from keras_i3d.applications.loaded import LoadedNetwork
from keras_i3d.data.pixels.pace import Pace
from keras_i3d.data.pixels.preprocessing import preprocess, scale
from keras_i3d.evaluation.metrics import sigmoid, softmax
from keras_i3d.export.precision import in_precision
from keras_i3d.export.served_record import CLASSIFY, ServedRecord
from keras_i3d.export.signatures import ServedNetwork
from keras_i3d.export.warm_up import write_warm_up
from keras_i3d.files.whole import remove_leftovers, whole_path
from keras_i3d.models.folding import fold_batch_norm
from keras_i3d.training.devices import check_backend
from keras_i3d.weights.integrity import weights_hash

# Of probabilities, between the exported graph and the Keras model in float32. bfloat16 rounds to
# three digits; that a real clip keeps its class is asked as well.
LARGEST_DIFFERENCE = {"float32": 1e-4, "bfloat16": 2e-2}
CHECK_SECONDS = 1200


class ExportError(ValueError):
    """An export that would not be what it claims; nothing was written."""


@dataclass(frozen=True)
class Exported:
    """A finished export, and how far its probabilities are from the Keras model's.

    differences: {name of the clip: largest absolute difference of the probabilities}.
    """

    folder: Path
    signatures: dict[str, str]
    differences: dict[str, float]
    notes: tuple[str, ...]


def export_saved_model(
    network: LoadedNetwork,
    folder: str | os.PathLike,
    *,
    top: int = 5,
    frame_shape: tuple = (None, None, None),
    clips: dict[str, dict[str, np.ndarray]] | None = None,
    precision: str = "float32",
    folded: bool = False,
    jit_compile: bool = False,
    overwrite: bool = False,
) -> Exported:
    """Write a SavedModel with its signatures, labels, metadata and warm-up requests.

    Args:
        network: from `keras_i3d.load`; its record gives preprocessing, labels, features, and
            whether the probabilities are a softmax or sigmoids.
        folder: the version's folder, a number below the model's: `models/i3d/1`.
        top: number of classes in an answer.
        frame_shape: (time, height, width) that clients must send; each None if it is free.
        clips: real clips to check besides a random one: {name: {stream: (time, height, width, c)}},
            uint8 for rgb, float32 pixels for flow.
        precision: "bfloat16" stores and computes the trunk in it, the head in float32.
        folded: batch norm goes into the kernels and biases before it; see `fold_batch_norm`.
        jit_compile: compile the network by XLA; for GPUs, with all of `frame_shape` given.
        overwrite: replace an existing folder.

    Raises:
        ExportError: when the folder is there, or a signature answers otherwise than the model.
        ValueError: as `check_backend` does.
        OSError: when it cannot be written.
    """
    check_backend()
    folder = Path(folder)
    if not folder.name.isdecimal():
        raise ExportError(
            f"{folder}: TF Serving takes a version's folder by its number, such as {folder}/1"
        )
    _check_free(folder, overwrite)
    if jit_compile and None in frame_shape:
        raise ExportError("jit_compile compiles for one shape: give the whole frame_shape")
    model, record = network.ending_in("logits"), network.record
    original = ServedNetwork(model, record, top, frame_shape)
    changed = fold_batch_norm(model) if folded else model
    changed = in_precision(changed, precision, record.features.values())
    served = ServedNetwork(changed, record, top, frame_shape, jit_compile)
    how = {"precision": precision, "batch_norm": "folded" if folded else "kept"}
    metadata = _metadata(network, how)
    remove_leftovers(folder.parent)
    with whole_path(folder) as made:  # meanwhile under a name that no server takes for a version
        with _full_disk(made):
            _write(served, made, metadata)
            notes = write_warm_up(made, served)
        differences = _check(made, original, clips or {}, precision, folded)
        _check_free(folder, overwrite)  # another export may have been quicker
    signatures = {name: s.purpose for name, s in served.signatures().items()}
    return Exported(folder, signatures, differences, tuple(notes))


def _check_free(folder: Path, overwrite: bool) -> None:
    if folder.exists() and not overwrite:
        raise ExportError(f"{folder} exists: use another number, or --overwrite")


def _metadata(network: LoadedNetwork, how: dict) -> dict:
    """The export's metadata: its weights, how it was made, and what a client needs to call it."""
    record = network.record
    asked = ServedRecord(
        inputs=record.inputs,
        network=record.network,
        labels=record.labels,
        multi_label=record.multi_label,
        features=record.features,
        least_frames=record.least_clip[0],
        in_clips=network.in_clips,
    )
    return {
        **record.made,
        **how,
        "keras_i3d": keras_i3d.__version__,
        "keras": keras.__version__,
        "tensorflow": tf.__version__,
        "model": network.model.name,
        "weights_sha256": weights_hash(network.model),
        **asked.as_metadata(),
    }


@contextlib.contextmanager
def _full_disk(folder: Path) -> Iterator[None]:
    """Within, TensorFlow's error of a full disk is the system's."""
    try:
        yield
    except tf.errors.ResourceExhaustedError as error:
        if "No space left" not in error.message:
            raise
        number = errno.ENOSPC
        raise OSError(number, os.strerror(number), str(folder)) from error


def _write(served: ServedNetwork, folder: Path, metadata: dict) -> None:
    text = json.dumps(metadata, indent=2, sort_keys=True)
    archive = keras.export.ExportArchive()
    signatures = served.signatures()
    for name, signature in signatures.items():
        function = tf.function(signature.function, input_signature=signature.inputs)
        archive.add_endpoint(name, function)
    metadata_text = tf.function(lambda: {"metadata": tf.constant(text)}, input_signature=[])
    archive.add_endpoint("metadata", metadata_text)
    archive.write_out(str(folder), verbose=False)
    # Also as files, for people and for what does not run the graph.
    extra = folder / "assets.extra"
    extra.mkdir()
    (extra / "metadata.json").write_text(text + "\n", encoding="utf-8")
    (extra / "labels.txt").write_text("\n".join(served.labels) + "\n", encoding="utf-8")
    if "classify" in signatures:
        updater = tf.compat.v1.saved_model.signature_def_utils.MethodNameUpdater(str(folder))
        updater.replace_method_name("classify", CLASSIFY)
        updater.save()


# === The check ===


def random_frames(served: ServedNetwork) -> dict[str, np.ndarray]:
    """Return one clip of noise, as a client would send it: uint8 frames, flow in pixels; seed 0."""
    draw = np.random.default_rng(0)
    _, height, width = served.frame_shape
    pace, found = Pace(served.inputs), {}
    for stream, one in served.inputs.items():
        steps = max(-(-16 // max(pace.frames(1).values())), served.least_frames)
        time = served.times[stream] or pace.frames(steps)[stream]
        shape = (time, height or one.short_side)
        shape = (*shape, width or one.short_side + 32, one.channels)
        if stream == "rgb":
            found[stream] = draw.integers(0, 256, shape, np.uint8)
        else:
            found[stream] = draw.uniform(-20, 20, shape).astype(np.float32)
    return found


def _check(
    folder: Path,
    original: ServedNetwork,
    clips: dict[str, dict[str, np.ndarray]],
    precision: str,
    folded: bool,
) -> dict[str, float]:
    """Load what was written in a process of its own, and compare it with the Keras model."""
    asked = {"random": random_frames(original), **clips}
    answers = _answers(folder, asked, original.streams)
    expected = {name: _expected(original, clip) for name, clip in asked.items()}
    differences = {name: float(np.abs(answers[name] - expected[name]).max()) for name in asked}
    # Not `> `: NaN is no agreement.
    worst = max(differences, key=lambda name: np.nan_to_num(differences[name], nan=np.inf))
    if not differences[worst] <= LARGEST_DIFFERENCE[precision]:
        advice = "; folded it rounds in other places: export without folding" if folded else ""
        raise ExportError(
            f"the exported model's probabilities differ from the Keras model's by "
            f"{differences[worst]:.1e} on the {worst} clip, more than "
            f"{LARGEST_DIFFERENCE[precision]} for {precision}{advice}"
        )
    for name in clips:
        best, wanted = (original.labels[scores[name].argmax()] for scores in (answers, expected))
        if precision != "float32" and best != wanted:
            raise ExportError(
                f"in {precision} the {name} clip is {best!r}, for the Keras model {wanted!r}: "
                f"export in float32, or check on a clearer clip"
            )
    return differences


def _answers(folder: Path, clips: dict, streams: tuple[str, ...]) -> dict[str, np.ndarray]:
    """{name of the clip: (1, classes)} from a process that has TensorFlow alone."""
    with tempfile.TemporaryDirectory() as scratch:
        asked, answered = Path(scratch, "asked.npz"), Path(scratch, "answered.npz")
        np.savez(asked, **{f"{n}/{s}": c[s] for n, c in clips.items() for s in streams})
        done = subprocess.run(
            [sys.executable, "-m", "keras_i3d.export.saved_model_check", folder, asked, answered],
            capture_output=True,
            text=True,
            timeout=CHECK_SECONDS,
        )
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise ExportError(f"the exported model cannot be loaded or does not answer: {reason}")
        with np.load(answered) as answers:
            return {name: answers[name] for name in clips}


def _expected(served: ServedNetwork, clip: dict[str, np.ndarray]) -> np.ndarray:
    """The Keras model's probabilities, by the NumPy preprocessing."""
    inputs = {}
    for stream, one in served.inputs.items():
        frames, spec = clip[stream], one.preprocessing
        if stream == "rgb":
            inputs[stream] = preprocess(frames, spec)[None]
        else:
            top, left = ((side - spec.crop) // 2 for side in frames.shape[1:3])
            cut = frames[:, top : top + spec.crop, left : left + spec.crop]
            inputs[stream] = scale(cut, spec)[None]
    given = inputs if len(inputs) > 1 else next(iter(inputs.values()))
    logits = keras.ops.convert_to_numpy(served.network.predict_on_batch(given)["logits"])
    return (sigmoid if served.multi_label else softmax)(logits)
