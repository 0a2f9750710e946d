"""What computes a network at inference."""

from .calibration import calibration_clips as calibration_clips
from .interface import (
    Engine as Engine,
    EngineError as EngineError,
)
from .opening import (
    ENGINES as ENGINES,
    open as open,
)
