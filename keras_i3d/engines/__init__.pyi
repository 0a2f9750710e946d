"""What computes a network at inference."""

from .interface import (
    Engine as Engine,
    EngineError as EngineError,
)
from .opening import (
    ENGINES as ENGINES,
    open as open,
)
