"""Recipes, and the training of networks by them."""

from .devices import (
    Devices as Devices,
    make_deterministic as make_deterministic,
    make_strategy as make_strategy,
)
from .networks import (
    build_network as build_network,
    inputs_of as inputs_of,
)
from .recipe_checks import change as change
from .recipes import (
    RECIPES as RECIPES,
    Recipe as Recipe,
)
from .run import (
    check_run as check_run,
    is_finished as is_finished,
    train as train,
)
from .run_folder import (
    RunFolder as RunFolder,
    read_run as read_run,
)
