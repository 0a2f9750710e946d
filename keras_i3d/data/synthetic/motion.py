"""How the synthetic videos move: the camera's path, and optical flow in closed form."""

from dataclasses import dataclass

import numpy as np

# As the picture is seen to move; in alphabetical order, as UCF-101 has its classes. On a mirrored
# video MoveLeft is MoveRight and TurnLeft TurnRight.
MOTIONS = (
    "MoveDown",
    "MoveLeft",
    "MoveRight",
    "MoveUp",
    "Shake",
    "Still",
    "TurnLeft",
    "TurnRight",
    "ZoomIn",
    "ZoomOut",
)
DIRECTIONS = {"MoveDown": (0, 1), "MoveLeft": (-1, 0), "MoveRight": (1, 0), "MoveUp": (0, -1)}
# Those that can come one after the other: of a zoom a single frame would tell how far it has gone,
# and what turns after it has moved does so around another point.
IN_TURN = tuple(DIRECTIONS)
# "MoveLeftThenMoveUp": as long as each motion the picture is still before, between and after them.
# So what a window shorter than that may see of either order it may see of the other.
THEN, PARTS = "Then", 5
# Pixels per frame: the fastest pixel of a clip that moves, turns or shakes; of a zooming one too,
# where the clip is short enough for LARGEST_ZOOM.
SPEEDS = (1.0, 4.0)
# A longer zoom would leave nothing to see.
LARGEST_ZOOM = 1.6
# The part of a picture's shorter side that the frame's shorter side shows, without zoom.
FRACTIONS = (0.6, 0.9)
# Frames after which a shaking picture comes back.
PERIODS = (5.0, 12.0)


@dataclass(frozen=True)
class Path:
    """What is drawn for one clip: where the camera is, and how it would move.

    motion: one of MOTIONS, or two of IN_TURN with THEN between.
    centre: what the middle of the frame shows, on the plane; (x, y).
    angle: radians by which the picture is turned anticlockwise.
    fraction: how much of the plane the frame's shorter side shows, if there is no zoom.
    speed: pixels per frame of the fastest pixel.
    neutral: the frame at which a zooming clip is not zoomed.
    frozen: the frame whose zoom a clip of another motion has throughout.
    periods, phases: of the shaking; (x, y), in frames and radians.
    """

    motion: str
    centre: tuple[float, float]
    angle: float
    fraction: float
    speed: float
    neutral: int
    frozen: int
    periods: tuple[float, float]
    phases: tuple[float, float]


def draw_path(
    rng: np.random.Generator, motion: str, extent: tuple[float, float], num_frames: int
) -> Path:
    """Draw a path at random, on a plane that repeats after twice `extent`.

    Place and angle are uniform, hence so in every frame of every motion. A zoom cannot be: all
    clips draw one, and those that do not zoom keep what it has in a frame drawn at random. So a
    frame that is drawn at random from a clip says nothing of how the clip moves.
    """
    return Path(
        motion=motion,
        centre=tuple(rng.uniform(0, 2 * side) for side in extent),
        angle=rng.uniform(0, 2 * np.pi),
        fraction=rng.uniform(*FRACTIONS),
        speed=rng.uniform(*SPEEDS),
        neutral=int(rng.integers(num_frames)),
        frozen=int(rng.integers(num_frames)),
        periods=tuple(rng.uniform(*PERIODS, 2).tolist()),
        phases=tuple(rng.uniform(0, 2 * np.pi, 2).tolist()),
    )


def largest_fraction(path: Path, num_frames: int, size: tuple[int, int]) -> float:
    """Return the most of the plane that the frame's shorter side may show in any motion."""
    return path.fraction * np.exp(_zoom_rate(path, num_frames, size) * (num_frames - 1))


def views(path: Path, num_frames: int, size: tuple[int, int]) -> np.ndarray:
    """Return the camera in each frame: (num_frames, 2, 3) float64, from frame to plane.

    x, then y, in pixels, of which the middle of the first is at (1/2, 1/2); size: height, width.
    """
    height, width = size
    time = np.arange(num_frames)
    still = np.zeros(num_frames)
    zooming = {"ZoomIn": time, "ZoomOut": num_frames - 1 - time}.get(
        path.motion, still + path.frozen
    )
    zoom = -_zoom_rate(path, num_frames, size) * (zooming - path.neutral)
    turned = {"TurnLeft": time, "TurnRight": -time}.get(path.motion, still)
    angle = path.angle + turned * path.speed / _radius(size)
    scale = path.fraction * np.exp(zoom) / min(size)
    right = scale * np.cos(angle), scale * np.sin(angle)  # the frame's x axis on the plane
    linear = np.array([[right[0], -right[1]], [right[1], right[0]]]).transpose(2, 0, 1)
    middle = np.array([width, height]) / 2 + _moved(path, num_frames)
    offset = np.array(path.centre) - np.einsum("tij,tj->ti", linear, middle)
    return np.concatenate([linear, offset[:, :, None]], axis=2)


def flow_between(cameras: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return true optical flow: (time - 1, height, width, 2) float32, x then y, in pixels.

    What is at p in frame i is at p + flow[i, p] in frame i + 1; in or out of the frame.

    Args:
        cameras: (time, 2, 3), as `views` gives them.
        size: height and width of a frame.
    """
    height, width = size
    linear, offset = cameras[:, :, :2], cameras[:, :, 2:]
    # Frame i to plane, plane to frame i + 1, less where it was; exactly 0 where nothing moves.
    to_frame = np.linalg.inv(linear[1:])
    matrix = to_frame @ (linear[:-1] - linear[1:])  # (time - 1, 2, 2)
    shift = to_frame @ (offset[:-1] - offset[1:])  # (time - 1, 2, 1)
    matrix = matrix[:, None, None].astype(np.float32)
    shift = shift[:, None, None, :, 0].astype(np.float32)
    x = np.arange(width, dtype=np.float32) + np.float32(0.5)
    y = np.arange(height, dtype=np.float32) + np.float32(0.5)
    along_x = matrix[..., 0] * x[:, None]  # (time - 1, 1, width, 2)
    along_y = matrix[..., 1] * y[:, None, None]  # (time - 1, height, 1, 2)
    return along_x + (along_y + shift)


def _zoom_rate(path: Path, num_frames: int, size: tuple[int, int]) -> float:
    """By how much the logarithm of the scale changes in a frame."""
    return min(path.speed / _radius(size), np.log(LARGEST_ZOOM) / max(1, num_frames - 1))


def _radius(size: tuple[int, int]) -> float:
    """Pixels from the middle of the frame to its corner: where turns and zooms are fastest."""
    return np.hypot(*size) / 2


def _moved(path: Path, num_frames: int) -> np.ndarray:
    """How far the picture has gone in each frame: (num_frames, 2), x then y, in pixels."""
    if path.motion == "Shake" and num_frames > 1:
        time = np.arange(num_frames)[:, None]
        # Whole periods, so that the path has mean 0 over the clip.
        cycles = np.maximum(1, np.rint(num_frames / np.array(path.periods)))
        place = np.cos(2 * np.pi * cycles * time / num_frames + np.array(path.phases))
        steps = np.hypot(*np.diff(place, axis=0).T)
        return place * path.speed / steps.max()
    return sum(
        path.speed * np.array(DIRECTIONS.get(name, (0, 0))) * gone[:, None]
        for name, gone in _gone_on(path, num_frames)
    )


def _gone_on(path: Path, num_frames: int) -> list[tuple[str, np.ndarray]]:
    """Each motion of the clip, and for how many frames it has gone on in each frame.

    20 frames, A then B    ....aaaa....bbbb....
    """
    time, names, part = np.arange(num_frames), path.motion.split(THEN), num_frames // PARTS
    if len(names) == 1:
        return [(path.motion, time)]
    return [(name, np.clip(time - (2 * n + 1) * part, 0, part)) for n, name in enumerate(names)]
