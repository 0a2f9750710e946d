"""Whether published weights are what was published: bytes, sizes, and what they compute."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

import keras
import numpy as np

from keras_i3d.models.catalogue import network
from keras_i3d.weights import download
from keras_i3d.weights.assignment import assign
from keras_i3d.weights.golden import smooth_clip
from keras_i3d.weights.integrity import DamagedFileError, UnavailableError
from keras_i3d.weights.labels import class_names
from keras_i3d.weights.reading import read_published
from keras_i3d.weights.records import PublishedFile, Weights

CHECKSUMMED = "google-deepmind/kinetics-i3d"


@dataclass(frozen=True)
class Check:
    """One thing that was looked at; `passed` is None if there is nothing to compare with."""

    what: str
    found: str
    passed: bool | None


def verify(record: Weights) -> Iterator[Check]:
    """Check one record, step by step; it stops where the next step has nothing to stand on."""
    model = network(record.model).model(
        record.stream, classes=record.classes, classifier_activation=None
    )
    for what, variables, wanted in (
        ("trainable parameters", model.trainable_weights, record.parameters),
        ("moving statistics", model.non_trainable_weights, record.statistics),
    ):
        count = sum(prod(v.shape) for v in variables if v.path.count("seed_generator") == 0)
        yield Check(what, f"{count:,}, expected {wanted:,}", count == wanted)
    try:
        arrays = read_published(record)
        for file in record.files:
            yield _hash(file)
        # DeepMind's checkpoints alone have checksums inside.
        how = ", by its own checksum" if record.source == CHECKSUMMED else " has its place"
        assign(model, arrays, record.name)
        yield Check(f"every tensor{how}", f"{len(arrays)} tensors", True)
    except (UnavailableError, DamagedFileError, ValueError) as error:
        yield Check("files", str(error), False)
        return
    yield from _golden(record, model)


def _hash(file: PublishedFile) -> Check:
    """That a file that was read is the published one, as far as anything published says so."""
    if file.git_blob:
        return Check(f"git blob of {file.path}", file.git_blob, True)
    if file.sha256:
        part = "" if len(file.sha256) == 64 else ", its beginning"
        return Check(f"SHA-256 of {file.path}{part}", file.sha256, True)
    return Check(f"hash of {file.path}", "none is published: only its address vouches for it", None)


def _golden(record: Weights, model: keras.Model) -> Iterator[Check]:
    golden = record.golden
    if golden is None:
        yield Check("golden logits", "none are published or recorded for this file", None)
        return
    try:
        clip = _clip(golden.clip, model.input_shape[-1])
    except (UnavailableError, DamagedFileError) as error:
        yield Check("golden logits", f"their clip could not be fetched: {error}", False)
        return
    logits = keras.ops.convert_to_numpy(model.predict_on_batch(clip))[0]
    names = class_names(record.labels)
    found = {"norm of the logits": (float(np.linalg.norm(logits)), golden.norm)}
    found |= {f"logit of {c!r}": (float(logits[names.index(c)]), want) for c, want in golden.logits}
    for what, (came, wanted) in found.items():
        passed = abs(came - wanted) <= golden.tolerance
        yield Check(what, f"{came:.6f}, expected {wanted:.6f} +- {golden.tolerance}", passed)


def _clip(clip: str | PublishedFile, channels: int) -> np.ndarray:
    if clip == "smooth":
        return smooth_clip((1, 16, 224, 224, channels))
    path = download.fetch((clip,)) / clip.path
    return np.load(path, allow_pickle=False).astype(np.float32).reshape(1, -1, 224, 224, channels)
