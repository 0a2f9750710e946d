"""Reading .flo files."""

import struct

import numpy as np
import pytest

from benchmarks.middlebury import end_point_error, read_flo


def flo(path, width=2, height=1, values=(1, 2, 3, 4), tag=b"PIEH"):
    path.write_bytes(
        tag + struct.pack("<ii", width, height) + struct.pack(f"<{len(values)}f", *values)
    )
    return path


def test_by_hand(tmp_path):
    assert read_flo(flo(tmp_path / "a.flo")).tolist() == [[[1, 2], [3, 4]]]
    partly = read_flo(flo(tmp_path / "b.flo", values=(1, 2, 3, 1.7e9)))
    assert partly[0, 0].tolist() == [1, 2] and np.isnan(partly[0, 1]).all()
    assert end_point_error(np.array([[[4.0, 6.0], [9, 9]]]), partly) == 5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tag": b"HEIP"}, "PIEH"),
        ({"width": 3}, "24 bytes; it has 16"),
        ({"values": (1,) * 5}, "it has more"),
        ({"width": -1}, "cannot be"),
        ({"width": 65536, "height": 65536}, "cannot be"),
    ],
)
def test_damaged(tmp_path, change, message):
    with pytest.raises(ValueError, match=message):
        read_flo(flo(tmp_path / "a.flo", **change))


def test_empty(tmp_path):
    (tmp_path / "a.flo").write_bytes(b"")
    with pytest.raises(ValueError, match="not a .flo"):
        read_flo(tmp_path / "a.flo")
