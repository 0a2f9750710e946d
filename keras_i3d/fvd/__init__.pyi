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
