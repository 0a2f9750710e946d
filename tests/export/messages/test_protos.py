"""Messages and tensors without TensorFlow are those of TensorFlow, byte for byte."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from tensorflow.core.framework import tensor_pb2
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    predict_pb2,
)

from keras_i3d.export.messages import protos, tensors

KINDS = ["float32", "float64", "int32", "int64", "uint8", "uint16", "int8", "int16", "bool"]
KINDS += ["uint32", "uint64"]


@pytest.mark.parametrize(
    "theirs",
    [
        predict_pb2.PredictRequest,
        predict_pb2.PredictResponse,
        classification_pb2.ClassificationRequest,
        classification_pb2.ClassificationResponse,
        get_model_metadata_pb2.GetModelMetadataRequest,
        get_model_metadata_pb2.GetModelMetadataResponse,
        get_model_metadata_pb2.SignatureDefMap,
        get_model_status_pb2.GetModelStatusRequest,
        get_model_status_pb2.GetModelStatusResponse,
    ],
)
def test_the_fields_are_those_of_the_installed_package(theirs):
    """Of every message that can be reached from it."""
    ours, seen = protos.message_class(theirs.DESCRIPTOR.full_name).DESCRIPTOR, set()

    def compare(mine, other):
        if mine.full_name in seen:
            return
        seen.add(mine.full_name)
        for field in mine.fields:
            twin = other.fields_by_name[field.name]
            assert (field.number, field.type) == (twin.number, twin.type), field.full_name
            if field.message_type:
                compare(field.message_type, twin.message_type)

    compare(ours, theirs.DESCRIPTOR)
    assert seen


def test_the_file_is_small():
    assert len(protos.described()) < 20_000


@given(
    st.sampled_from(KINDS).flatmap(
        lambda kind: hnp.arrays(kind, hnp.array_shapes(min_dims=0, max_dims=4, min_side=0))
    )
)
@settings(max_examples=60, deadline=None)
def test_numbers_go_there_and_back(array):
    ours = protos.message_class("tensorflow.TensorProto")()
    tensors.fill(ours, array)
    theirs = tensor_pb2.TensorProto.FromString(ours.SerializeToString())
    assert np.array_equal(tf.make_ndarray(theirs), array, equal_nan=array.dtype.kind == "f")
    for proto in (ours, tf.make_tensor_proto(array)):
        back = tensors.array(proto)
        assert back.dtype == array.dtype
        assert np.array_equal(back, array, equal_nan=array.dtype.kind == "f")


@given(hnp.arrays(object, hnp.array_shapes(max_dims=3, max_side=4), elements=st.binary()))
@settings(max_examples=40, deadline=None)
def test_bytes_go_there_and_back(array):
    ours = protos.message_class("tensorflow.TensorProto")()
    tensors.fill(ours, array.tolist())
    back = tensors.array(tensor_pb2.TensorProto.FromString(ours.SerializeToString()))
    assert (back.shape, back.tolist()) == (array.shape, array.tolist())


def test_repeated_values_are_filled_up_as_tensorflow_does():
    proto = tf.make_tensor_proto(7, tf.int32, shape=[3, 4])
    assert (tensors.array(proto) == tf.make_ndarray(proto)).all()
    proto.tensor_shape.dim[0].size = 1 << 50
    with pytest.raises(ValueError, match="larger than"):
        tensors.array(proto)


def test_what_is_no_tensor_is_refused():
    proto = tensor_pb2.TensorProto()
    for values in ([[b"a", 3]], [object()]):
        with pytest.raises(TypeError):
            tensors.fill(proto, np.array(values, object))
    with pytest.raises(TypeError, match="complex128"):
        tensors.fill(proto, np.zeros(3, complex))
    proto = tensor_pb2.TensorProto(dtype=4, int_val=[300])
    proto.tensor_shape.dim.add(size=1)
    with pytest.raises(ValueError, match="does not fit uint8"):
        tensors.array(proto)
