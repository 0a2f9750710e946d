"""Scores are matched with those of the same classes alone, wherever in the head they are taken."""

import keras
import pytest

from keras_i3d.applications.loaded import LoadedNetwork
from keras_i3d.data.pixels.preprocessing import DEEPMIND_INPUTS
from keras_i3d.training.distillation import Matching
from keras_i3d.training.matched_classes import check_classes
from keras_i3d.training.recipes import Recipe
from keras_i3d.weights.trained import TrainedRecord

HEAD = "Conv3d_0c_1x1"  # I3D's: scores of every step, before their mean, Logits
RUN, WALK, SIT, EAT = names = ("run", "walk", "sit", "eat")


def network(classes):
    clip = keras.Input((None, None, None, 2))
    mixed = keras.layers.Conv3D(3, 1, name="Mixed_5c")(clip)
    scores = keras.layers.Conv3D(classes, 1, name=HEAD)(mixed)
    return keras.Model(clip, keras.layers.GlobalAveragePooling3D(name="Logits")(scores))


def check(distil, theirs, multi_label=False):
    record = TrainedRecord(
        network="i3d",
        stream="flow",
        inputs={"flow": DEEPMIND_INPUTS["flow"]},
        labels=theirs,
        head=(HEAD,),
        logits="Logits",
        features={"flow": "Mixed_5c"},
        multi_label=multi_label,
    )
    teacher = LoadedNetwork(network(len(theirs)), record, "T")
    check_classes(Recipe(), network(len(names)), names, teacher, [Matching(*distil)])


@pytest.mark.parametrize("end_point", ["Logits", HEAD])
@pytest.mark.parametrize(
    ("theirs", "message"),
    [
        ((RUN, WALK, EAT, SIT), r"4 classes, the data 4; class 3 is eat, the data's sit"),
        ((RUN, WALK, SIT), r"3 classes, the data 4; class 4 is none, the data's eat"),
        ((*names, "nap"), r"5 classes, the data 4; class 5 is nap, the data's none"),
    ],
)
def test_other_classes_are_refused(end_point, theirs, message):
    with pytest.raises(ValueError, match=f"^teacher T should .*{message}; .*distil=Mixed_5c"):
        check([end_point], theirs)


def test_another_activation_is_refused():
    with pytest.raises(ValueError, match="multi_label=False, as the student, .* multi_label=True"):
        check(["Logits"], names, multi_label=True)
    check(["Mixed_5c"], names, multi_label=True)


@pytest.mark.parametrize("distil", [["Mixed_5c"], ["Mixed_5c", "Logits"], ["Logits", "Mixed_5c"]])
def test_features_have_no_classes(distil):
    check(distil, ("nap",))


def test_the_same_classes_fit():
    check([HEAD], names)
    check(["Logits", HEAD], names)
