"""How far generated videos are from real ones."""

from .distances import (
    frechet_distance as frechet_distance,
    kernel_distance as kernel_distance,
    neighbourhood as neighbourhood,
)
from .figures import (
    Figures as Figures,
    figures_of as figures_of,
)
from .fvd_network import FVDNetwork as FVDNetwork
from .measuring import (
    compare as compare,
    fvd as fvd,
)
from .protocols import (
    PROTOCOLS as PROTOCOLS,
    FVDProtocol as FVDProtocol,
    Resizing as Resizing,
    protocol as protocol,
)
from .results import FVDResult as FVDResult
from .self_testing import (
    SelfTestError as SelfTestError,
    self_test as self_test,
)
from .sides import (
    FVDError as FVDError,
    Side as Side,
    load_side as load_side,
)
from .training_metric import FVD as FVD
