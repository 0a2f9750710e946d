"""Table 3: the same from random weights, and from an image network of the same pictures."""

from keras_i3d.experiments.architectures import (
    CONVNET_LSTM,
    FUSED_3D,
    I3D,
    STREAMS,
    TWO_STREAM,
    rows_on,
)
from keras_i3d.experiments.expectations import Beats, Reaches
from keras_i3d.experiments.papers_figures import KINETICS, percent
from keras_i3d.experiments.table import Grid, Line, Table
from keras_i3d.experiments.table_2 import ON_JOINT
from keras_i3d.experiments.tasks import JOINT, STILLS

# As the paper's: 3D-ConvNet has no image network to start from.
STARTED = (CONVNET_LSTM, TWO_STREAM, FUSED_3D, I3D)
# The small ImageNet: one frame through Two-Stream's image network.
IMAGES = rows_on(STILLS, TWO_STREAM)["rgb"]
FROM_IMAGES = {
    one.name: rows_on(
        JOINT,
        one,
        dict.fromkeys(one.models, IMAGES),
        suffix="from_images",
        label="from images",
        transfer="full",
    )
    for one in STARTED
}


def _lines():
    for one in STARTED:
        for stream, name in STREAMS.items():
            if stream in ON_JOINT[one.name]:
                cells = ON_JOINT[one.name][stream], FROM_IMAGES[one.name][stream]
                starts = (None, "imagenet")
                found = [percent(one.whole, stream, KINETICS, "original", s) for s in starts]
                yield Line(f"{one.title}, {name}", cells, tuple(found))


def _expected():
    yield Reaches(IMAGES, 80, "a frame shows which picture it is: else nothing is passed on")
    why = "it has the pictures already, and need only learn what moves; the paper: {} to {}"
    wanted = ((CONVNET_LSTM, "rgb"), (TWO_STREAM, "both"), (FUSED_3D, "both"), (I3D, "rgb"))
    for one, stream in (*wanted, (I3D, "both")):
        starts = (None, "imagenet")
        found = [percent(one.whole, stream, KINETICS, "original", start) for start in starts]
        yield Beats(FROM_IMAGES[one.name][stream], ON_JOINT[one.name][stream], why.format(*found))


TABLE = Table(
    name="table_3",
    title="Table 3: with and without images first",
    asks="An image network learns the three photographs, as stills. Its weights start ConvNet+LSTM "
    "and Two-Stream as they are, I3D inflated, flow by their mean over the colours. The "
    "columns differ in one thing more: random weights start centred (filters of mean 0, batch "
    "norm's shifts at 1), those from images as they were learnt.",
    grids=(
        Grid(
            JOINT.name,
            JOINT.title,
            JOINT.asks,
            ("random weights", "from images"),
            tuple(_lines()),
            ("Kinetics, random", "Kinetics, ImageNet first"),
        ),
    ),
    expects=tuple(_expected()),
    needs=(IMAGES,),
)
