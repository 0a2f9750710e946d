"""The networks of the D3D experiments, all of five units, of one seed.

The label is the motion. In what is learnt from, each motion comes with one appearance more often
than chance has it, how much more differs by motion; in validation and test any comes with any. So
a network on RGB may take a short cut, which flow cannot show.
"""

from keras_i3d.data.synthetic.videos import APPEARANCES
from keras_i3d.experiments.runs import Fusion, Run, small_recipe
from keras_i3d.experiments.tasks import WAYS

# How probable a motion's own appearance, one of the first four, is in what is learnt from, beside
# the tenth of chance; which motion has which share goes round with the seed, so that no motion is
# always the hardest.
SHARES = (0.95, 0.9, 0.8, 0.7)
END_POINTS = tuple(f"Unit_{number}" for number in range(1, 6))
STUDENT_STEPS, FLOW_STEPS = 300, 150
# Of features; scores, whose differences are larger, have 1. Chosen of 1, 10 and 50 by the
# validation's videos of a seed that is not among those that are tested.
DISTIL_WEIGHT = 10.0


def shares(seed: int) -> dict[str, float]:
    """Return {motion: how probable its own appearance is} of one seed."""
    return {way: SHARES[(number + seed) % len(SHARES)] for number, way in enumerate(WAYS)}


def networks(seed: int) -> dict[str, Run]:
    """Return {name: run}, each after those that it learns from."""
    tied = tuple(f"{way}={share}" for way, share in shares(seed).items())

    def run(name, what, steps=STUDENT_STEPS, teacher=None, start=None, **changes):
        sizes = {"num_frames": 8, "batch_size": 32, "learning_rate": 2e-3, "centred": False}
        data = {"motions": WAYS, "appearances": APPEARANCES, "training_videos": 1600}
        options = {"model": "five_units", "shortcut": tied, **sizes, **data, **changes}
        return Run(name, what, small_recipe(steps, **options), start=start, teacher=teacher)

    def matched(name, what, end_point, of, weight=DISTIL_WEIGHT, **changes):
        return run(name, what, teacher=of, distil=(end_point,), distil_weight=weight, **changes)

    flow = run("flow", "flow: the teacher", FLOW_STEPS, stream="flow")
    rgb = run("rgb", "RGB, action loss alone")
    inside = {"model": "learnt_flow_five_units"}
    first = run(
        "learnt_flow_first",
        "two streams on RGB: the flow network inside, alone",
        flow_loss=("flow=itself",),
        action_weight=0.0,
        **inside,
    )
    # The two that take longest come first: at the end one core would wait for them.
    found = [
        first,
        run(
            "learnt_flow",
            "two streams on RGB, the flow of a network inside",
            start=first,
            transfer="full",
            **inside,
        ),
        flow,
        rgb,
        run("rgb_no_short_cut", "RGB, learnt where appearance tells nothing", shortcut=()),
        matched("d3d", "D3D: averaged Unit_5 of flow matched", "Unit_5", flow),
        matched("d3d_Unit_3", "D3D at Unit_3", "Unit_3", flow),
        matched("d3d_Logits", "D3D at the scores", "Logits", flow, 1.0),
        matched(
            "motion_only",
            "the scores of flow matched, no action loss",
            "Logits",
            flow,
            1.0,
            action_weight=0.0,
        ),
        matched("reverse", "flow, taught by RGB", "Unit_5", rgb, steps=FLOW_STEPS, stream="flow"),
        run("flow_beside", "RGB with a flow loss at Unit_3", flow_loss=("Unit_3=spatial",)),
    ]
    return {one.name: one for one in found}


def fusions(runs: dict[str, Run]) -> dict[str, Fusion]:
    """Return {name: fusion}: the logits of two networks added."""
    pairs = {
        "two_stream": ("RGB + flow: two streams", "rgb", "flow"),
        "d3d_and_rgb": ("D3D + RGB", "d3d", "rgb"),
        "d3d_and_flow": ("D3D + its teacher on flow", "d3d", "flow"),
    }
    return {
        name: Fusion(name, what, tuple(runs[part] for part in parts))
        for name, (what, *parts) in pairs.items()
    }
