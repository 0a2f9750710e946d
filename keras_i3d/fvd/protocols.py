"""How the tools that print "FVD" make their numbers: a record each, so that numbers compare."""

import hashlib
import json
from dataclasses import asdict, dataclass

from keras_i3d.data.pixels.float_resizing import WAYS

CLIPS = ("first", "middle", "random")


@dataclass(frozen=True)
class Resizing:
    """One step from a video's frames to square ones.

    size: pixels of each side afterwards.
    way: how pixels are found; see data.pixels.float_resizing.
    crop: True makes the shorter side `size` and cuts the centre out; False squashes both sides.
    to_bytes: whether fractions of grey levels are then cut off.
    files_only: whether arrays skip it, as videos that a tool is given in memory do.
    """

    size: int = 224
    way: str = "half_pixel"
    crop: bool = False
    to_bytes: bool = False
    files_only: bool = False

    def __post_init__(self):
        if self.way not in WAYS or self.size < 1:
            raise ValueError(
                f"a Resizing should have a size of at least 1 and a way of {', '.join(WAYS)}. "
                f"Received: {self.size}, {self.way!r}"
            )


@dataclass(frozen=True)
class FVDProtocol:
    """Everything that an FVD depends on, besides the videos and the weights.

        mine = dataclasses.replace(keras_i3d.fvd.protocol("google"), name="mine", frames=32)

    name: what it is called; not part of its hash.
    frames: of a clip, as the network sees it.
    stride: from one of them to the next, in frames of the video at its own rate.
    clip: which clip of a longer video: its "first", its "middle", or one at "random", drawn by the
        seed and the video's content.
    videos: so many of each side, drawn by the seed where there are more; None for all.
    seed: of all that is drawn, here and for intervals.
    resizing: the steps from frames to the network's size.
    range: what the grey levels 0 and 255 become.
    layer: the network's output that is taken; see keras_i3d.engines.open.
    ddof: covariances are divided by videos - ddof.
    ridge: added to the covariances' diagonals.
    source: where it is from.
    """

    name: str
    frames: int = 16
    stride: int = 1
    clip: str = "first"
    videos: int | None = None
    seed: int = 0
    resizing: tuple[Resizing, ...] = (Resizing(),)
    range: tuple[float, float] = (-1.0, 1.0)
    layer: str = "logits"
    ddof: int = 1
    ridge: float = 0.0
    source: str = ""

    def __post_init__(self):
        for name, allowed in (("clip", CLIPS), ("ddof", (0, 1))):
            if getattr(self, name) not in allowed:
                known = ", ".join(map(str, allowed))
                raise ValueError(
                    f"{name} should be one of {known}. Received: {getattr(self, name)!r}"
                )
        counts = (self.frames, self.stride, 1 if self.videos is None else self.videos)
        if min(counts) < 1 or self.seed < 0 or self.ridge < 0:
            raise ValueError(
                f"frames, stride and videos should be at least 1, seed and ridge at least 0. "
                f"Received: {self}"
            )
        if not self.resizing or not self.range[0] < self.range[1]:
            raise ValueError(
                f"a protocol should have a resizing and a range (low, high). Received: {self}"
            )

    @property
    def span(self) -> int:
        """Frames of a video from the clip's first to its last: what a video must have."""
        return (self.frames - 1) * self.stride + 1

    @property
    def size(self) -> int:
        """Pixels of each side of what the network sees."""
        return self.resizing[-1].size

    @property
    def hash(self) -> str:
        """Eight hexadecimal digits of SHA-256 over all that decides on the number."""
        return digest(self.described())[:8]

    @property
    def label(self) -> str:
        """Its name, and whether it is another one than is known by that name."""
        known = PROTOCOLS.get(self.name)
        return self.name if known in (None, self) else f"{self.name}, changed"

    @property
    def clip_hash(self) -> str:
        """SHA-256 over all that decides on one video's features."""
        return digest(self.of_clips())

    def described(self) -> dict:
        """Return all that decides on the number; goes into JSON."""
        return {k: v for k, v in asdict(self).items() if k not in ("name", "source")}

    def of_clips(self) -> dict:
        """Return what of it decides on one video's features; goes into JSON."""
        return {k: v for k, v in self.described().items() if k not in ("videos", "ddof", "ridge")}


def digest(described: dict) -> str:
    """Return SHA-256 over a dictionary as JSON."""
    return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()


# Videos come as tensors of 0..255: of a longer one the first frames are taken here.
GOOGLE = FVDProtocol(
    "google",
    resizing=(Resizing(way="legacy"),),
    source="google-research/frechet_video_distance; its resize is TensorFlow 1's, as is the hub's",
)
# The resize is inside its TorchScript file. Of generated videos it takes the first clip.
STYLEGAN_V = FVDProtocol(
    "styleganv",
    clip="random",
    videos=2048,
    ddof=0,
    source="universome/stylegan-v, src/metrics/metric_main.py: fvd2048_16f",
)
STYLEGAN_V_128 = FVDProtocol(
    "styleganv_128", frames=128, clip="random", videos=2048, ddof=0,
    source="universome/stylegan-v, src/metrics/metric_main.py: fvd2048_128f",
)  # fmt: skip
STYLEGAN_V_128_8 = FVDProtocol(
    "styleganv_128_every_8", frames=16, stride=8, clip="random", videos=2048, ddof=0,
    source="universome/stylegan-v, src/metrics/metric_main.py: fvd2048_128f_subsample8f",
)  # fmt: skip
# It draws 2048 fake videos with repetition if there are fewer; here each counts once.
CDFVD = FVDProtocol(
    "cdfvd",
    clip="random",
    videos=2048,
    resizing=(
        Resizing(256, "antialias", crop=True, to_bytes=True, files_only=True),
        Resizing(),
    ),
    ddof=0,
    source="songweige/content-debiased-fvd, cdfvd/fvd.py and utils/data_utils.py",
)
JUNYAOHU = FVDProtocol(
    "junyaohu",
    resizing=(Resizing(crop=True),),
    source="JunyaoHu/common_metrics_on_video_quality, fvd/styleganv/fvd.py",
)
FASTVIDEO = FVDProtocol(
    "fastvideo",
    videos=2048,
    ridge=1e-6,
    source="hao-ai-lab/FastVideo, benchmarks/fvd: FVD2048_16f, clips from the beginning",
)
PROTOCOLS = {
    one.name: one
    for one in (
        GOOGLE, STYLEGAN_V, STYLEGAN_V_128, STYLEGAN_V_128_8, CDFVD, JUNYAOHU, FASTVIDEO
    )
}  # fmt: skip


def protocol(name: "str | FVDProtocol") -> FVDProtocol:
    """Return the protocol of this name; one that is given is returned.

    Raises:
        ValueError: there is none; it lists those there are.
    """
    if isinstance(name, FVDProtocol):
        return name
    if name not in PROTOCOLS:
        raise ValueError(
            f"protocol should be one of {', '.join(PROTOCOLS)}, or a FVDProtocol. "
            f"Received: {name!r}"
        )
    return PROTOCOLS[name]
