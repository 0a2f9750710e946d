"""One loaded version of a model: its signatures, what they take, and running them."""

import itertools
import json
import logging
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from keras_i3d.export.messages import tensors
from keras_i3d.export.server.classify_examples import examples_of
from keras_i3d.export.server.options import Limits
from keras_i3d.export.server.refusal import Refusal, from_tensorflow
from keras_i3d.export.warm_up import WARM_UP

log = logging.getLogger(__name__)


class Servable:
    """A SavedModel in memory.

    Attributes:
        definitions: {name: SignatureDef} of what can be asked.

    Raises:
        ValueError, OSError: when the folder holds no SavedModel that can be loaded.
    """

    def __init__(self, name: str, version: int, folder: Path):
        self.name, self.version = name, version
        try:
            saved = saved_model_pb2.SavedModel.FromString((folder / "saved_model.pb").read_bytes())
            # The object keeps the variables alive that the signatures' functions use.
            self._loaded = tf.saved_model.load(str(folder))
        except Exception as error:
            # Whatever TensorFlow raises on a damaged file: protobuf's, its own, KeyError.
            raise ValueError(f"{folder} cannot be loaded: {' '.join(str(error).split())}") from None
        self._functions = dict(self._loaded.signatures)
        self.definitions = {
            key: definition
            for key, definition in saved.meta_graphs[0].signature_def.items()
            if key in self._functions
        }

    def definition(self, signature: str, method: str | None = None):
        """Return the SignatureDef of a name, "" for serving_default; Refusal if there is none."""
        signature = signature or "serving_default"
        found = self.definitions.get(signature)
        if found is None or (method and found.method_name != method):
            fitting = [
                name
                for name, definition in sorted(self.definitions.items())
                if method in (None, definition.method_name)
            ]
            what = "is of another method" if found else "is not there"
            raise Refusal(
                "FAILED_PRECONDITION",  # as TF Serving has it
                f"signature {signature!r} of {self.name} {what}; give one of {', '.join(fitting)}",
            )
        return found

    def check_names(self, signature: str, names: Collection[str]) -> None:
        """Refuse inputs of other names than the signature takes, before they are expanded."""
        wanted = self.definition(signature).inputs
        if len(names) != len(wanted) or set(names) != set(wanted):
            came = ", ".join(f"{name:.40}" for name in itertools.islice(sorted(names), 5))
            raise _not_taken(signature, wanted, came)

    def checked(self, signature: str, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return the inputs, or a Refusal that says what the signature takes."""
        wanted = self.definition(signature).inputs
        fits = set(inputs) == set(wanted)
        for name, info in wanted.items():
            if not fits:
                break
            array, sizes = inputs[name], [dim.size for dim in info.tensor_shape.dim]
            fits = tensors.number_of(array.dtype) == info.dtype and (
                info.tensor_shape.unknown_rank
                or len(sizes) == array.ndim
                and all(size in (-1, n) for size, n in zip(sizes, array.shape, strict=True))
            )
        if not fits:
            raise _not_taken(signature, wanted, shapes(inputs))
        return dict(inputs)

    def run(self, signature: str, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Run the graph; strings are objects of bytes. A Refusal where the graph stops."""
        function = self._functions[signature]
        types = self.definitions[signature].inputs
        try:
            given = {n: tf.constant(v, tf.DType(types[n].dtype)) for n, v in inputs.items()}
            return {name: _array(value) for name, value in function(**given).items()}
        except tf.errors.OpError as error:
            raise _refused(error, inputs) from None

    def about(self) -> dict[str, Any]:
        """Return what the export says of itself: labels, preprocessing, weights; {} if not ours."""
        definition = self.definitions.get("metadata")
        if definition is None or definition.inputs or set(definition.outputs) != {"metadata"}:
            return {}
        return json.loads(self.run("metadata", {})["metadata"].item())

    def warm_up(self, folder: Path) -> int:
        """Answer the requests that the export recorded; how many there were."""
        path, count = folder / "assets.extra" / WARM_UP, 0
        if not path.exists():
            return 0
        from tensorflow_serving.apis import prediction_log_pb2

        try:
            for record in tf.data.TFRecordDataset(str(path)):
                entry = prediction_log_pb2.PredictionLog.FromString(record.numpy())
                if entry.WhichOneof("log_type") == "predict_log":
                    request = entry.predict_log.request
                    inputs = {name: tensors.array(value) for name, value in request.inputs.items()}
                else:
                    request = entry.classify_log.request
                    inputs = {"inputs": examples_of(request, Limits())}
                name = request.model_spec.signature_name or "serving_default"
                self.run(name, self.checked(name, inputs))
                count += 1
        except Exception as error:  # a version is served without, as TF Serving does not
            log.warning("%s: warm-up ended after %d requests: %s", path, count, error)
        return count


def _array(value: tf.Tensor) -> np.ndarray:
    # A single string comes as bytes, of which NumPy would drop zeros at the end.
    return np.asarray(value.numpy(), object if value.dtype == tf.string else None)


def _refused(error: tf.errors.OpError, inputs: Mapping[str, np.ndarray]) -> Refusal:
    refusal = from_tensorflow(error)
    if inputs and refusal.code == "INVALID_ARGUMENT":
        return Refusal(refusal.code, f"{refusal.detail}; sent: {shapes(inputs)}")
    return refusal


def _not_taken(signature: str, wanted, came: str) -> Refusal:
    return Refusal(
        "INVALID_ARGUMENT",
        f"signature {signature!r} takes {tensors.describe(wanted) or 'no inputs'}. "
        f"Received: {came or 'nothing'}",
    )


def shapes(inputs: Mapping[str, np.ndarray]) -> str:
    """frames uint8 (1, 64, 256, 256, 3)"""
    return ", ".join(
        f"{name:.40} {'string' if value.dtype == object else value.dtype.name} {value.shape}"
        for name, value in sorted(inputs.items())[:5]
    )
