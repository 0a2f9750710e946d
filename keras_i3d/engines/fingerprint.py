"""Whether two networks compute the same: hashes of their layers, weights and clips."""

import hashlib
import json
from collections.abc import Iterable, Mapping

import keras
import numpy as np

from keras_i3d.weights.integrity import weights_hash


def fingerprint(model: keras.Model) -> dict[str, str]:
    """Return SHA-256 of a functional model's layers and of its weights.

    Layers count by their place, not by their names, which Keras numbers through the session.
    """
    config = json.loads(model.to_json())["config"]
    places = {layer["name"]: f"layer {place}" for place, layer in enumerate(config["layers"])}
    config.pop("name", None)
    text = json.dumps(_renamed(config, places), sort_keys=True)
    return {"layers": hashlib.sha256(text.encode()).hexdigest(), "weights": weights_hash(model)}


def clips_hash(clips: Iterable[Mapping[str, np.ndarray]]) -> str:
    """Return SHA-256 over clips by stream, one after the other."""
    digest = hashlib.sha256()
    for clip in clips:
        for stream in sorted(clip):
            digest.update(f"{stream} {clip[stream].shape}".encode())
            digest.update(np.ascontiguousarray(clip[stream]))
    return digest.hexdigest()


def _renamed(value, places: dict[str, str]):
    if isinstance(value, dict):
        return {key: _renamed(one, places) for key, one in value.items()}
    if isinstance(value, list):
        return [_renamed(one, places) for one in value]
    return places.get(value, value) if isinstance(value, str) else value
