"""What help() shows of each application: every argument by its name."""

import inspect

import pytest

import keras_i3d
from keras_i3d.applications.registry import APPLICATIONS

PUBLIC = {
    name: getattr(keras_i3d, name)
    for name in ("C2DResNet50", "NonLocalC2DResNet50", "NonLocalI3DResNet50", "InceptionV1")
}
USUAL = {"include_top", "classes", "new_head", "input_shape", "pooling", "dropout", "name"}


@pytest.mark.parametrize("name", [*APPLICATIONS, *PUBLIC])
def test_all_but_weights_are_keywords_and_none_is_hidden(name):
    parameters = inspect.signature({**APPLICATIONS, **PUBLIC}[name]).parameters
    kinds = {one: p.kind for one, p in parameters.items()}
    assert kinds.pop("weights") is inspect.Parameter.POSITIONAL_OR_KEYWORD
    assert set(kinds.values()) == {inspect.Parameter.KEYWORD_ONLY}
    assert kinds.keys() >= USUAL
    assert parameters["classes"].default is None and parameters["new_head"].default is False


@pytest.mark.parametrize("name", ["convnet_2d", "fused_3d", "c3d", "learnt_flow_i3d"])
def test_a_wrong_name_is_told_before_anything_is_built(name):
    with pytest.raises(TypeError, match=f"(?i)^{name.replace('_', '.?')}.*'clases'"):
        APPLICATIONS[name](None, clases=12)


def test_the_error_names_the_application():
    with pytest.raises(TypeError, match="^ConvNetLSTM: "):
        keras_i3d.ConvNetLSTM(None, clases=12)
    with pytest.raises(TypeError, match="^C2DResNet50: .*input_sahpe"):
        keras_i3d.C2DResNet50(None, input_sahpe=None)


@pytest.mark.parametrize("name", APPLICATIONS)
def test_a_network_of_no_classes_is_refused(name):
    with pytest.raises(ValueError, match="classes should be at least 1. Received: classes=0"):
        APPLICATIONS[name](None, classes=0)


def test_arguments_of_one_network_are_not_shown_for_another():
    assert "stream" in inspect.signature(keras_i3d.ConvNet2D).parameters
    assert "stream" not in inspect.signature(keras_i3d.TwoStream).parameters
    assert "stacks" not in inspect.signature(keras_i3d.ConvNet2D).parameters
    assert inspect.signature(keras_i3d.C3D).parameters["variant"].default == "mmaction2"
