"""Does a network learn a new task of few videos better from what it learnt before?"""

from keras_i3d.experiments.expectations import Beats
from keras_i3d.experiments.motion_needs_time import CLIPS
from keras_i3d.experiments.runs import Run, small_recipe
from keras_i3d.experiments.table import Table

# Half of it is new to the trunk. Turns and zooms, wholly new, a new head alone does not tell from
# what the four ways have taught: the mean over the frame, in which they are nothing, is taken
# before it.
MOTIONS = ("MoveLeft", "MoveRight", "Shake", "Still")
# Few, so that what was learnt before can show.
VIDEOS = 48
NEW = {"motions": MOTIONS, "training_videos": VIDEOS}

ORIGINAL = Run("new_original", "random weights (original)", small_recipe(60, **NEW))
FIXED = Run(
    "new_fixed",
    "new head on the motion trunk (fixed)",
    small_recipe(60, transfer="fixed", learning_rate=0.01, **NEW),
    start=CLIPS,
)
FULL = Run(
    "new_full",
    "all of the motion trunk learns (full)",
    small_recipe(60, transfer="full", **NEW),
    start=CLIPS,
)
TABLE = Table(
    name="new_task",
    title=f"A new task of {VIDEOS} videos",
    asks=f"Which of {', '.join(MOTIONS)} is it? The first network knows two of these four.",
    rows=(ORIGINAL, FIXED, FULL),
    expects=(Beats(FIXED, ORIGINAL), Beats(FULL, ORIGINAL)),
)
