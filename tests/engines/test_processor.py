"""What is said of a precision that the processor is not made for."""

import pytest

from keras_i3d.engines.processor import processor_note


@pytest.mark.parametrize(
    ("precision", "capabilities", "flags", "said"),
    [
        ("float32", ["FP32"], {"avx2"}, None),
        ("bfloat16", ["FP32", "BF16"], {"avx512_bf16"}, None),
        ("bfloat16", ["FP32", "INT8"], {"avx512_vnni"}, "no bfloat16"),
        ("int8", ["FP32", "INT8"], {"avx512_vnni"}, None),
        ("int8", ["FP32", "INT8"], {"avx_vnni"}, None),
        ("int8", ["FP32", "INT8"], {"asimddp"}, None),
        ("int8", ["FP32", "INT8"], {"avx2", "fma"}, "no instructions for int8"),
        ("int8", ["FP32", "INT8"], None, None),
    ],
)
def test_what_is_said(precision, capabilities, flags, said):
    note = processor_note(precision, capabilities, flags)
    assert note is None if said is None else said in note
