"""Are RGB and flow together better than each alone, where both what and how are asked?"""

from keras_i3d.data.synthetic.videos import APPEARANCES
from keras_i3d.experiments.expectations import Beats
from keras_i3d.experiments.motion_needs_time import CLIPS, WAYS
from keras_i3d.experiments.runs import Fusion, Run, small_recipe
from keras_i3d.experiments.table import Table

JOINT = {"task": "joint", "motions": WAYS, "appearances": APPEARANCES[:3]}

RGB = Run(
    "joint_rgb",
    "RGB (from the motion trunk)",
    small_recipe(100, transfer="full", **JOINT),
    start=CLIPS,
)
FLOW = Run("joint_flow", "flow (from random weights)", small_recipe(80, stream="flow", **JOINT))
BOTH = Fusion("joint_both", "both (logits added)", (RGB, FLOW))
TABLE = Table(
    name="two_streams",
    title="Appearance and motion together: RGB, flow, both",
    asks="Which of three photographs is it, and which of four ways does it move? Flow shows only "
    "how it moves.",
    rows=(RGB, FLOW, BOTH),
    expects=(Beats(BOTH, RGB), Beats(BOTH, FLOW)),
)
