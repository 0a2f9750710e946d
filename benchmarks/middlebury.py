"""Middlebury's .flo files of true flow, and the error of a flow against them."""

import os

import numpy as np

TAG = np.float32(202021.25)  # the first number of every file; its bytes read "PIEH"
MAX_SIDE = 1 << 16
MAX_PIXELS = 1 << 26
UNKNOWN = 1e9  # pixels; what is above is not known


def read_flo(path: str | os.PathLike) -> np.ndarray:
    """(height, width, 2) float32, x then y, in pixels; NaN where the flow is not known.

    Raises:
        ValueError: it is no .flo file, or not all of one.
        OSError: it cannot be read.

    Source: vision.middlebury.edu/flow/code/flow-code, README.txt and flowIO.cpp.
    """
    with open(path, "rb") as file:
        head = file.read(12)
        if len(head) < 12 or np.frombuffer(head, "<f4", 1)[0] != TAG:
            raise ValueError(f"{path}: not a .flo file; those begin with PIEH, this with {head!r}")
        width, height = (int(side) for side in np.frombuffer(head, "<i4", 2, offset=4))
        sides = min(width, height) >= 1 and max(width, height) <= MAX_SIDE
        if not sides or width * height > MAX_PIXELS:
            raise ValueError(f"{path}: a .flo file of {width} x {height} pixels cannot be")
        wanted = 8 * width * height
        data = file.read(wanted + 1)
    if len(data) != wanted:
        raise ValueError(
            f"{path}: {width} x {height} pixels of flow are {wanted} bytes; it has "
            f"{'more' if len(data) > wanted else len(data)}"
        )
    flow = np.frombuffer(data, "<f4").astype(np.float32).reshape(height, width, 2)
    unknown = ~(np.abs(flow) <= UNKNOWN).all(axis=-1, keepdims=True)
    return np.where(unknown, np.float32(np.nan), flow)


def end_point_error(flow: np.ndarray, truth: np.ndarray) -> float:
    """Mean distance in pixels between two flows (..., 2), where the true one is known."""
    if flow.shape != truth.shape:
        raise ValueError(f"flow of {flow.shape} cannot be compared with truth of {truth.shape}")
    return float(np.nanmean(np.hypot(*np.moveaxis(np.subtract(flow, truth, dtype=float), -1, 0))))
