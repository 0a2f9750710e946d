"""Can a network tell from clips how something moves, and from single frames not?"""

from keras_i3d.experiments.expectations import Reaches, StaysNearChance
from keras_i3d.experiments.runs import Run, small_recipe
from keras_i3d.experiments.table import Table

WAYS = ("MoveDown", "MoveLeft", "MoveRight", "MoveUp")

CLIPS = Run("motion_rgb", "I3D on clips", small_recipe(400, motions=WAYS))
SINGLE_FRAMES = Run(
    "motion_frames",
    "the same trunk on single frames",
    small_recipe(100, motions=WAYS, model="inception_v1_frames"),
)
TABLE = Table(
    name="motion_needs_time",
    title="Motion needs time",
    asks="Which of four ways does a photograph move? No single frame shows it.",
    rows=(CLIPS, SINGLE_FRAMES),
    expects=(Reaches(CLIPS, 95), StaysNearChance(SINGLE_FRAMES, 10)),
)
