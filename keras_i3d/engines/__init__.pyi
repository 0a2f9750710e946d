"""What computes a network at inference."""

from .calibration import calibration_clips as calibration_clips
from .interface import (
    ENGINES as ENGINES,
    Engine as Engine,
    EngineError as EngineError,
)
from .opening import open as open
