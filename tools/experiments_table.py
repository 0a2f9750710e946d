"""Which experiments there are: a recipe each, and what it stands beside in the report."""

from dataclasses import dataclass, replace
from pathlib import Path

from keras_i3d.data.synthetic.videos import APPEARANCES
from keras_i3d.training.recipes import SYNTHETIC_SMALL, Recipe

# What the trunk learns first; and a task half of which is new to it.
# Turns and zooms, wholly new, a new head alone does not tell from what the four ways have taught:
# the mean over the frame, in which they are nothing, is taken before it.
WAYS = ("MoveDown", "MoveLeft", "MoveRight", "MoveUp")
NEW = ("MoveLeft", "MoveRight", "Shake", "Still")
# Of that task; small, so that what was learnt before can show.
FEW_VIDEOS = 48


@dataclass(frozen=True)
class Experiment:
    """One training.

    name: of its folder. what: of its row in the report.
    """

    name: str
    what: str
    recipe: Recipe


def experiments(folder: Path, seed: int, scale: float) -> list[Experiment]:
    """All of them, in an order in which none comes before what it starts from.

    Args:
        folder: each has a folder of its name in it.
        seed: of everything that is random.
        scale: as many times the steps.
    """

    def recipe(steps: int, **changes) -> Recipe:
        steps = max(1, round(steps * scale))
        small = replace(
            SYNTHETIC_SMALL,
            steps=steps,
            warm_up=min(20, steps),
            validate_every=max(1, steps // 2),
            validation_videos=100,
            seed=seed,
        )
        return replace(small, **changes)

    learnt = {"weights": str(folder / "motion_rgb" / "final.keras")}
    joint = {"task": "joint", "motions": WAYS, "appearances": APPEARANCES[:3]}
    new = {"motions": NEW, "training_videos": FEW_VIDEOS}
    return [
        Experiment("motion_rgb", "I3D, clips", recipe(400, motions=WAYS)),
        Experiment(
            "motion_frames",
            "the same trunk without time, frame by frame",
            recipe(100, motions=WAYS, model="inception_v1_frames"),
        ),
        Experiment(
            "joint_rgb", "RGB, from the first", recipe(100, transfer="full", **learnt, **joint)
        ),
        Experiment("joint_flow", "flow, from random weights", recipe(80, stream="flow", **joint)),
        Experiment("new_original", "original: from random weights", recipe(60, **new)),
        Experiment(
            "new_fixed",
            "fixed: a new head on the first one's trunk",
            recipe(60, transfer="fixed", learning_rate=0.01, **learnt, **new),
        ),
        Experiment(
            "new_full",
            "full: all of it, from the first one's trunk",
            recipe(60, transfer="full", **learnt, **new),
        ),
    ]
