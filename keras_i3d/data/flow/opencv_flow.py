"""OpenCV's optical flow by name: tvl1_opencv, dis, farneback. The only file that imports cv2."""

import numpy as np

try:
    import cv2
except ImportError as error:
    raise ImportError(
        f"this method of optical flow needs OpenCV: pip install 'keras-i3d[opencv]' ({error})"
    ) from error

# The arguments of cv2.calcOpticalFlowFarneback, as in OpenCV's own example (tutorial_optical_flow).
FARNEBACK = dict(
    pyr_scale=0.5, levels=3, winsize=15, iterations=3, poly_n=5, poly_sigma=1.2, flags=0
)
# Pixels. On lower, wide images OpenCV 5.0's dis gives NaN or ends the process (16 x 200, 24 x 600).
LEAST_SIDE_DIS = 32


def tvl1_opencv(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Compute OpenCV's DualTVL1OpticalFlow with its defaults; (height, width, 2) float32."""
    return _tvl1().calc(first, second, None)


def dis(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Compute flow by dense inverse search (Kroeger et al., ECCV 2016), preset "medium"."""
    height, width = first.shape
    if min(height, width) < LEAST_SIDE_DIS:
        raise ValueError(
            f"for method dis both sides of a frame should be at least {LEAST_SIDE_DIS} pixels. "
            f"Received: {width} x {height}"
        )
    return _dis().calc(first, second, None)


def farneback(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Compute flow by Farneback's polynomial expansion (SCIA 2003), parameters FARNEBACK."""
    return cv2.calcOpticalFlowFarneback(first, second, None, **FARNEBACK)


METHODS = {"tvl1_opencv": tvl1_opencv, "dis": dis, "farneback": farneback}


def version() -> str:
    """Return OpenCV's version, a part of the flow's fingerprint."""
    return f"opencv {cv2.__version__}"


def parameters(method: str) -> dict:
    """Return the numbers of a method of METHODS."""
    if method == "farneback":
        return FARNEBACK
    if method == "dis":
        flow = _dis()
        names = ("FinestScale", "PatchSize", "PatchStride", "GradientDescentIterations")
        names += ("VariationalRefinementIterations", "VariationalRefinementAlpha")
    else:
        flow = _tvl1()
        names = ("Tau", "Lambda", "Theta", "ScalesNumber", "WarpingsNumber", "Epsilon")
        names += ("InnerIterations", "OuterIterations", "ScaleStep", "Gamma", "MedianFiltering")
    return {name: round(getattr(flow, f"get{name}")(), 6) for name in names}


def one_thread() -> None:
    """Keep OpenCV, for this whole process, from starting threads of its own."""
    cv2.setNumThreads(1)


def _tvl1():
    if not hasattr(cv2, "optflow"):
        raise ImportError(
            "tvl1_opencv needs cv2.optflow, which this OpenCV lacks: "
            "pip uninstall opencv-python opencv-python-headless; pip install 'keras-i3d[opencv]'"
        )
    return cv2.optflow.DualTVL1OpticalFlow_create()


def _dis():
    return cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
