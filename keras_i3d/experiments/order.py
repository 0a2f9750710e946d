"""The order task, the paper's opening and closing door: who sees long enough to tell?"""

from keras_i3d.experiments.architectures import FIVE, rows_on
from keras_i3d.experiments.expectations import Beats, Reaches, StaysBelow
from keras_i3d.experiments.table import Table
from keras_i3d.experiments.table_2 import ON_MOTION, by_stream
from keras_i3d.experiments.tasks import ORDER

STEPS = 150
# Each starts from what tells single motions, so that order alone is left to learn: from random
# weights I3D does not see motion in RGB within as many steps.
ON_ORDER = {
    one.name: rows_on(ORDER, one, ON_MOTION[one.name], steps=STEPS, transfer="full") for one in FIVE
}


def _expected() -> tuple:
    lstm, convnet_3d, two, fused, i3d = (ON_ORDER[one.name] for one in FIVE)
    glimpse = "0.4 s at a time, averaged: the same of both orders"
    return (
        StaysBelow(two["rgb"], 60, "single frames, averaged: the same of both orders"),
        StaysBelow(two["flow"], 60, glimpse),
        StaysBelow(two["both"], 60, glimpse),
        StaysBelow(convnet_3d["rgb"], 60, "0.64 s at a time, averaged: likewise"),
        StaysBelow(convnet_3d["flow"], 60, "0.64 s at a time, averaged: likewise"),
        Reaches(fused["both"], 60, "2 s at a time: of five clips one has some of both motions"),
        Reaches(lstm["flow"], 80, "a frame of flow shows a motion, the LSTM keeps the first"),
        Reaches(i3d["flow"], 80, "2.56 s at a time: of five clips three have some of both motions"),
        Reaches(i3d["rgb"], 70, "the same, where it sees motion in RGB"),
        Beats(i3d["rgb"], lstm["rgb"], "the LSTM sees frames whose places are averaged away"),
    )


TABLE = Table(
    name="order",
    title="Order: one motion and then another, or the other way round",
    asks="The paper's example is a door that opens or closes. At test each network sees five clips "
    "of the length it has learnt from, spread over the video; their probabilities are averaged. "
    "All start from what they have learnt of single motions.",
    grids=(by_stream(ORDER, ON_ORDER),),
    expects=_expected(),
)
