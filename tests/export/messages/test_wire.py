"""What a message takes, told before it is parsed."""

import pytest
from tensorflow.core.example import example_pb2
from tensorflow.core.framework import tensor_pb2
from tensorflow_serving.apis import predict_pb2

from keras_i3d.export.messages.wire import check_fields


def checked(message, **limits):
    return check_fields(message.SerializeToString(), message.DESCRIPTOR, **limits)


@pytest.mark.parametrize(
    "values, wanted",
    [
        ({"int64_val": [1] * 10}, 10 * 8),  # a byte each on the wire, eight in memory
        ({"int_val": [1] * 10}, 10 * 4),
        ({"int_val": [200] * 10}, 20 * 4),  # of two bytes each: at most
        ({"bool_val": [True] * 10}, 10),
        ({"float_val": [1.0] * 10}, 40),
        ({"double_val": [1.0] * 10}, 80),
        ({"tensor_content": b"x" * 99}, 0),
        ({"string_val": [b"x" * 99]}, 0),
        ({"int64_val": [1] * 10, "bool_val": [True]}, 81),
    ],
)
def test_bytes_of_numbers(values, wanted):
    request = predict_pb2.PredictRequest()
    request.inputs["x"].CopyFrom(tensor_pb2.TensorProto(dtype=4, **values))
    assert checked(request) == wanted
    if wanted:
        with pytest.raises(ValueError, match="may take more than"):
            checked(request, most_numbers=wanted - 1)


def test_numbers_of_examples():
    example = example_pb2.Example()
    example.features.feature["label"].int64_list.value.extend([1] * 7)
    assert checked(example) == 56


def test_fields_are_counted_at_every_depth():
    request = predict_pb2.PredictRequest(output_filter=["a", "b"])
    request.inputs["x"].tensor_shape.dim.add(size=3)
    # inputs, its key and value, tensor_shape, dim, size, and the two filters
    assert checked(request, most=8) == 0
    with pytest.raises(ValueError, match="more than 7 fields"):
        checked(request, most=7)


@pytest.mark.parametrize("cut", [b"\x12", b"\x12\x05ab", b"\x0b"])
def test_what_is_no_message(cut):
    with pytest.raises(ValueError, match="cut off|wire type 3"):
        check_fields(cut, predict_pb2.PredictRequest.DESCRIPTOR)
