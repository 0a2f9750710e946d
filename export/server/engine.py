"""One request from its inputs to its outputs, whichever way it came: limits, batches, counting."""

import time
from collections.abc import Callable, Mapping

import numpy as np
from google.protobuf.message import DecodeError

from keras_i3d.export.messages.protos import message_class
from keras_i3d.export.messages.wire import check_fields
from keras_i3d.export.served_record import CLASSIFY, EXAMPLE_FRAMES
from keras_i3d.export.server.batching import Batcher
from keras_i3d.export.server.models import Models
from keras_i3d.export.server.options import Limits
from keras_i3d.export.server.prometheus_metrics import Metrics
from keras_i3d.export.server.refusal import Refusal, too_many_frames
from keras_i3d.export.server.servable import Servable


class Engine:
    """Models, the queue before them, and what is counted."""

    def __init__(self, models: Models, batcher: Batcher, metrics: Metrics, limits: Limits):
        self.models, self.batcher = models, batcher
        self.metrics, self.limits = metrics, limits
        metrics.watch_queue(batcher)

    def ask(
        self,
        servable: Servable,
        signature: str,
        inputs: Mapping[str, np.ndarray],
        deadline: float | None = None,
        gone: Callable[[], bool] | None = None,
        on_submit: Callable = lambda item: None,
    ) -> Mapping[str, np.ndarray]:
        """Return the outputs of a signature.

        Args:
            servable: from `models.use`, held until this returns.
            signature: its name.
            inputs: not yet checked.
            deadline: of time.monotonic(); by default the server's own.
            gone: asked now and then whether the client has left.
            on_submit: called with the queue's item, so that it can be cancelled.

        Raises:
            Refusal: no answer, and why.
        """
        inputs = servable.checked(signature, inputs)
        frames = _frames(servable, signature, inputs)
        if frames > self.limits.frames:
            raise too_many_frames(frames, self.limits.frames)
        self.metrics.frames.inc(frames)
        latest = time.monotonic() + self.limits.seconds
        item = self.batcher.submit(
            lambda given: servable.run(signature, given),
            inputs,
            _key(servable, signature, inputs),
            size=max((len(value) for value in inputs.values() if value.ndim), default=0),
            frames=frames,
            deadline=min(latest, deadline or latest),
        )
        on_submit(item)
        return item.wait(gone)

    def counted(
        self,
        api: str,
        call: str,
        model: str,
        signature: str,
        code: str,
        started: float,
        known: Servable | None,
    ) -> None:
        """Count a request; names that clients made up are not kept.

        Args:
            api: "grpc", "rest" or "page".
            call: "Predict" or "Classify".
            model, signature: as the client named them.
            code: gRPC's name of the status.
            started: of time.monotonic().
            known: the version that was asked, where there is one.
        """
        model = model if known or model in self.models.names else "unknown"
        served = known.definitions if known else ("serving_default",)
        signature = signature if signature in served else "unknown"
        seconds = time.monotonic() - started
        self.metrics.requests.labels(model, signature, api, code).inc()
        self.metrics.seconds.labels(model, signature, api).observe(seconds)
        if api != "page":
            self.metrics.serving.count(model, call, api.upper(), code, seconds)


def _frames(servable: Servable, signature: str, inputs: Mapping[str, np.ndarray]) -> int:
    """How many frames a request has: clips times length of the longest input."""
    if servable.definition(signature).method_name == CLASSIFY:
        return sum(_frames_of_example(example) for value in inputs.values() for example in value)
    return max(
        (value.shape[0] * value.shape[1] for value in inputs.values() if value.ndim > 1), default=0
    )


def _frames_of_example(serialized: bytes) -> int:
    kind = message_class("tensorflow.Example")
    try:
        check_fields(serialized, kind.DESCRIPTOR)
        features = kind.FromString(serialized).features.feature
    except (ValueError, DecodeError) as error:
        raise Refusal("INVALID_ARGUMENT", f"an example is not a tf.Example: {error}") from error
    if EXAMPLE_FRAMES not in features:
        return 0
    return len(features[EXAMPLE_FRAMES].bytes_list.value)


def _key(servable: Servable, signature: str, inputs: Mapping[str, np.ndarray]):
    """Requests of the same version, signature and shape may go together."""
    if not inputs or any(value.ndim == 0 for value in inputs.values()):
        return None
    shapes = ((name, value.shape[1:]) for name, value in sorted(inputs.items()))
    return id(servable), signature, *shapes
