"""Recipes, and the training of networks by them."""

from .averaging import averaged_weights as averaged_weights
from .checkpoints import Checkpoints as Checkpoints
from .devices import (
    Devices as Devices,
    make_deterministic as make_deterministic,
    make_strategy as make_strategy,
)
from .failures import (
    FailedError as FailedError,
    NotFiniteError as NotFiniteError,
    WorkerLostError as WorkerLostError,
)
from .flow_decoding import decode_flow as decode_flow
from .flow_errors import FlowErrors as FlowErrors
from .flow_settings import FlowDecoding as FlowDecoding
from .forward import supervised as supervised
from .from_recipe import build_model as build_model
from .interruption import Interrupted as Interrupted
from .learning_rate_schedules import (
    CosineSchedule as CosineSchedule,
    PlateauSchedule as PlateauSchedule,
    StepSchedule as StepSchedule,
)
from .loop import (
    Plan as Plan,
    fit as fit,
)
from .networks import (
    build_network as build_network,
    inputs_of as inputs_of,
)
from .progress import (
    History as History,
    Progress as Progress,
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
from .step import Step as Step
from .validation import validate as validate
