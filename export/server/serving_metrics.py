"""What TensorFlow Serving counts, under its own names, so that its dashboards read this server."""

import itertools
import threading
from bisect import bisect_left
from collections import Counter

REQUESTS, LATENCY = ":tensorflow:serving:request_count", ":tensorflow:serving:request_latency"
# Microseconds: TF Serving's Buckets::Exponential(10, 1.8, 33), up to some 20 minutes.
BOUNDS = tuple(10 * 1.8**power for power in range(33))


class ServingMetrics:
    """Requests by model and status, and how long those that were answered took.

    `text` is a page in TF Serving's own words: no HELP lines, counters without `_total`, whole
    numbers as they are, which Prometheus' client for Python writes otherwise.

    Source: tensorflow/serving, servables/tensorflow/util.cc, util/prometheus_exporter.cc,
    model_servers/prediction_service_impl.cc and http_server.cc.
    """

    def __init__(self):
        self._lock = threading.Lock()
        self._requests = Counter()
        self._buckets: dict[tuple[str, str, str], list[int]] = {}
        self._sums = Counter()

    def count(self, model: str, api: str, entrypoint: str, status: str, seconds: float) -> None:
        """Count one request.

        Args:
            model: its name.
            api: "Predict" or "Classify".
            entrypoint: "GRPC" or "REST".
            status: gRPC's name of it, such as "OK".
            seconds: until its answer.
        """
        # TF Serving calls the same thing "Predict" by gRPC and "predict" by REST.
        key = (model, api.lower() if entrypoint == "REST" else api, entrypoint)
        micros = seconds * 1e6
        with self._lock:
            self._requests[model, status] += 1
            if status == "OK":
                counts = self._buckets.setdefault(key, [0] * (len(BOUNDS) + 1))
                counts[bisect_left(BOUNDS, micros)] += 1
                self._sums[key] += micros

    def text(self) -> bytes:
        """Return the page."""
        lines = [f"# TYPE {REQUESTS} counter"]
        with self._lock:
            for (model, status), count in sorted(self._requests.items()):
                lines.append(f'{REQUESTS}{{model_name="{model}",status="{status}"}} {count}')
            lines.append(f"# TYPE {LATENCY} histogram")
            for key, counts in sorted(self._buckets.items()):
                model, api, entrypoint = key
                labels = f'model_name="{model}",API="{api}",entrypoint="{entrypoint}"'
                for bound, below in zip(
                    (*(f"{b:g}" for b in BOUNDS), "+Inf"), itertools.accumulate(counts), strict=True
                ):
                    lines.append(f'{LATENCY}_bucket{{{labels},le="{bound}"}} {below}')
                lines.append(f"{LATENCY}_sum{{{labels}}} {self._sums[key]:g}")
                lines.append(f"{LATENCY}_count{{{labels}}} {sum(counts)}")
        return "\n".join(lines).encode() + b"\n"
