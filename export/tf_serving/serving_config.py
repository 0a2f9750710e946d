"""Configuration that TensorFlow Serving reads: models, batching, monitoring; and its containers."""

import math
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from keras_i3d.export.tf_serving import containers
from keras_i3d.export.tf_serving.model_sizes import ModelSizes
from keras_i3d.files.whole import write_whole

SPARE_MB = 1000


@dataclass(frozen=True)
class ServingConfig:
    """What the files are made from.

    name: the model's name in requests; letters, digits, "_" and "-".
    models: the folder on the host that has NAME/VERSION.
    versions: versions to serve at once; empty for the newest.
    labels: {label: version}, such as {"canary": 2, "stable": 1}; each one of `versions`.
    max_batch: clips that go through the network together.
    waiting_batches: batches that wait before requests are refused with UNAVAILABLE.
    gpu: for NVIDIA GPUs.
    image: TensorFlow Serving's image; best a tag of TensorFlow's version that made the export.
    sizes: what the model takes; see `exported_sizes`.
    """

    name: str = "i3d"
    models: str = "./models"
    versions: tuple[int, ...] = ()
    labels: tuple[tuple[str, int], ...] = ()
    max_batch: int = 4
    waiting_batches: int = 8
    gpu: bool = False
    image: str = ""
    sizes: ModelSizes = field(default_factory=ModelSizes)

    def __post_init__(self):
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", self.name):
            raise ValueError(f"name should be letters, digits, _ and -. Received: {self.name!r}")
        if self.max_batch < 1 or self.waiting_batches < 1:
            raise ValueError(
                f"max_batch and waiting_batches should be at least 1. Received: "
                f"{self.max_batch}, {self.waiting_batches}"
            )
        for label, version in self.labels:
            if not re.fullmatch(r"[A-Za-z0-9_-]+", label):
                raise ValueError(f"a label should be letters, digits, _ and -. Received: {label!r}")
            if version not in self.versions:
                raise ValueError(
                    f"label {label!r} is for version {version}, which is not served: "
                    f"{self.versions or 'the newest only'}"
                )

    @property
    def memory_mb(self) -> int:
        """What the server may take: two versions while one replaces the other, batches, a queue."""
        loaded = self.sizes.loaded * max(2, len(self.versions) + 1)
        clips = self.max_batch * self.sizes.clip
        return math.ceil((loaded + clips + self.queue_mb + SPARE_MB) / 500) * 500

    @property
    def queue_mb(self) -> int:
        """What the clips that wait take when the queue is full."""
        return self.waiting_batches * self.max_batch * self.sizes.raw_clip


def write_serving_config(folder: str | os.PathLike, config: ServingConfig) -> list[Path]:
    """Write all files; returns their paths. Files of these names are replaced, whole."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in files(config).items():
        write_whole(folder / name, text)
        written.append(folder / name)
    return written


def files(config: ServingConfig) -> dict[str, str]:
    """Return {file name: text}."""
    texts = {
        "models.config": models_config(config),
        "batching.config": batching_config(config),
        "monitoring.config": MONITORING,
    }
    return {
        **texts,
        "docker-compose.yml": containers.docker_compose(config),
        "kubernetes.yaml": containers.kubernetes(config, texts),
        "run.sh": containers.docker_run(config),
    }


def models_config(config: ServingConfig) -> str:
    """Return ModelServerConfig as text: which versions are served, under which labels."""
    policy = "latest { num_versions: 1 }"
    if config.versions:
        policy = "specific { " + " ".join(f"versions: {v}" for v in config.versions) + " }"
    labels = "".join(
        f'    version_labels {{ key: "{label}" value: {version} }}\n'
        for label, version in config.labels
    )
    return f"""\
model_config_list {{
  config {{
    name: "{config.name}"
    base_path: "/models/{config.name}"
    model_platform: "tensorflow"
    model_version_policy {{ {policy} }}
{labels}  }}
}}
"""


def batching_config(config: ServingConfig) -> str:
    """Return BatchingParameters, as text, with the reason for each number."""
    sizes = [2**power for power in range(config.max_batch.bit_length())]
    if sizes[-1] != config.max_batch:
        sizes.append(config.max_batch)
    allowed = " ".join(f"allowed_batch_sizes: {size}" for size in sizes)
    model = config.sizes
    return f"""\
# Clips are heavy: one of {model.frames} frames takes {model.clip} MB while it is in the network,
# so a batch of {config.max_batch} takes {config.max_batch * model.clip} MB. Only clips of equal
# length and size are batched.
max_batch_size {{ value: {config.max_batch} }}
# A clip takes about a second on a CPU and tens of milliseconds on a GPU: waiting 5 ms for company
# costs little.
batch_timeout_micros {{ value: 5000 }}
# A raw clip waits with {model.raw_clip} MB: {config.queue_mb} MB when the queue is full. Then
# clients get UNAVAILABLE and come back later, instead of all waiting until their deadline.
max_enqueued_batches {{ value: {config.waiting_batches} }}
# One batch uses all cores, or the whole GPU; a second one at once would only double the memory.
num_batch_threads {{ value: 1 }}
# Batches are filled up to one of these, so that few shapes are ever seen.
{allowed}
"""


MONITORING = """\
prometheus_config { enable: true path: "/monitoring/prometheus/metrics" }
"""
