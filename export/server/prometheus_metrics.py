"""What the server counts, in Prometheus' text format."""

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    exposition,
    generate_latest,
)

from keras_i3d.export.server.serving_metrics import ServingMetrics

CONTENT_TYPE = exposition.CONTENT_TYPE_PLAIN_0_0_4
# Seconds: a clip of 64 frames takes about one on two cores.
SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)


class Metrics:
    """The server's counters; `text` is what Prometheus reads, TensorFlow Serving's own first.

    Labels: model, signature (both as served, never as a client wrote them), api ("grpc", "rest" or
    "page"), code (gRPC's name of the status).
    """

    def __init__(self):
        registry = self._registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=registry)
        self.serving = ServingMetrics()
        self.requests = Counter(
            "keras_i3d_requests",
            "Requests that were answered or refused.",
            ("model", "signature", "api", "code"),
            registry=registry,
        )
        self.seconds = Histogram(
            "keras_i3d_request_seconds",
            "From a request's arrival to its answer.",
            ("model", "signature", "api"),
            buckets=SECONDS,
            registry=registry,
        )
        self.frames = Counter(
            "keras_i3d_frames", "Frames that were asked about.", registry=registry
        )
        self.batches = Histogram(
            "keras_i3d_batch_requests",
            "Requests that went through a network together.",
            buckets=(1, 2, 4, 8, 16, 32),
            registry=registry,
        )
        self._queue = Gauge("keras_i3d_queue_requests", "Requests that wait.", registry=registry)
        self._state = Gauge(
            "keras_i3d_version_state",
            "State of a version: 20 loading, 30 available, 50 ended (get_model_status.proto).",
            ("model", "version"),
            registry=registry,
        )

    def watch_queue(self, queue) -> None:
        """Report the length of this queue."""
        self._queue.set_function(lambda: len(queue))

    def see_version(self, model: str, version: int, state: int) -> None:
        """Note that a version's state has changed."""
        self._state.labels(model, str(version)).set(state)

    def text(self) -> bytes:
        """Return all of it."""
        return self.serving.text() + generate_latest(self._registry)
