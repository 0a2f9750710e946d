"""The tasks: which synthetic videos, and what the label describes."""

from collections.abc import Mapping
from dataclasses import dataclass

from keras_i3d.data.synthetic.videos import APPEARANCES

WAYS = ("MoveDown", "MoveLeft", "MoveRight", "MoveUp")
SHOWN = APPEARANCES[:3]
# Few, so that what was learnt before can show.
FEW = 48


@dataclass(frozen=True)
class Task:
    """A question about videos.

    name: part of its runs' names.
    title: of its part of the report.
    asks: the question, and what can answer it.
    data: fields of a recipe.
    long: whether clips need all the frames that the network's record has; else a short motion will
        do, and I3D sees fewer.
    clips: of each video of the test, of the training's length; None for the whole video.
    """

    name: str
    title: str
    asks: str
    data: Mapping
    long: bool = False
    clips: int | None = None


JOINT = Task(
    "joint",
    "Appearance and motion",
    "Which of three photographs is it, and which of four ways does it move? A frame shows the "
    "first, flow the second.",
    {"task": "joint", "motions": WAYS, "appearances": SHOWN},
)
MOTION = Task(
    "motion",
    "Motion alone",
    "Which of four ways does a photograph move? A single frame says nothing of it.",
    {"motions": WAYS},
)
ORDER = Task(
    "order",
    "Order",
    "To the left and then up, or up and then to the left? In five seconds each motion lasts one, "
    "and the picture is still for one before, between and after. Who sees no more than one second "
    "at a time sees the same of both.",
    {"task": "order", "motions": ("MoveLeft", "MoveUp")},
    long=True,
    clips=5,
)
# Half of it is new to what has learnt the four ways. Turns and zooms, wholly new, a new head alone
# does not tell from what those have taught: the mean over the frame, in which they are nothing, is
# taken before it.
SECOND = Task(
    "second",
    f"A second task of {FEW} videos",
    "MoveLeft, MoveRight, Shake or Still? Two of the four were in the first task.",
    {"motions": ("MoveLeft", "MoveRight", "Shake", "Still"), "training_videos": FEW},
)
STILLS = Task(
    "stills",
    "Still pictures",
    "Which of three photographs is it? A single frame says.",
    {"task": "appearance", "appearances": SHOWN},
)
