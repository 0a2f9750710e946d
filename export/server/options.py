"""What to serve and how; needs no TensorFlow."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class ModelConfig:
    """What to serve of one folder.

    latest: how many of the newest versions; 0 for all. versions: just these, where there are any.
    labels: {"stable": 3}, other names of versions.
    """

    name: str
    folder: Path
    latest: int = 1
    versions: tuple[int, ...] = ()
    labels: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Limits:
    """What one request may be.

    message_bytes: of a gRPC message or a body of HTTP, and of all its tensors together.
    frames: of all its clips together.
    seconds: for the answer; a client's own deadline may be shorter.
    receive: seconds within which a request must have come whole.
    """

    message_bytes: int = 64 << 20
    frames: int = 256
    seconds: float = 120
    receive: float = 60


@dataclass(frozen=True)
class Options:
    """How to serve.

    host: address to listen on; 127.0.0.1 is reached from this machine alone.
    port, rest_port: of gRPC and of HTTP; 0 takes a free one, None serves none.
    limits: of one request.
    calls: requests under way, of gRPC and HTTP each; those beyond are refused or wait.
    batch_frames, batch_window, queue, batch_threads: see `Batcher`; the window in seconds.
    poll: seconds between two looks for new versions.
    warm_up: whether a version answers its recorded requests before it is served.
    tls: paths of gRPC's certificate and key (PEM); HTTP is never encrypted.
    reload: whether clients of this machine may choose what is served, by HandleReloadConfigRequest.
    reload_from_others: whether those of other machines may, too.
    reload_below: folders below which they may choose others to serve.
    allowed_hosts: names by which HTTP is asked, besides those of this machine; "*" for any.
    sample: a video that the page offers.
    """

    host: str = "127.0.0.1"
    port: int | None = 8500
    rest_port: int | None = 8501
    limits: Limits = field(default_factory=Limits)
    calls: int = 40
    batch_frames: int = 256
    batch_window: float = 0.005
    batch_threads: int = 1
    queue: int = 32
    poll: float = 1.0
    warm_up: bool = True
    tls: tuple[str, str] | None = None
    reload: bool = True
    reload_from_others: bool = False
    reload_below: tuple[Path, ...] = ()
    allowed_hosts: tuple[str, ...] = ()
    sample: Path | None = None


def is_name(name: str) -> bool:
    """Return whether a model may be called so: it stands in addresses between two slashes."""
    return 0 < len(name) <= 100 and all(c.isascii() and (c.isalnum() or c in "._-") for c in name)
