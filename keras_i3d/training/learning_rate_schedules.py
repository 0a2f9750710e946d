"""Learning rates: a number for each step, with a linear warm-up before it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol


class Schedule(Protocol):
    """What gives the learning rate; `state` is what a checkpoint must keep of it."""

    def rate(self, step: int) -> float:
        """Return the learning rate of step `step`, counted from 0."""

    def observe(self, loss: float) -> None:
        """Take, once an epoch, the validation loss, or the training loss if there is none."""

    def state(self) -> dict:
        """Return all that it has learnt from `observe`, as JSON can keep it."""

    def restore(self, state: dict) -> None:
        """Go on from what `state` gave."""


class _Fixed:
    """A schedule that is known from the start."""

    def observe(self, loss: float) -> None:
        pass

    def state(self) -> dict:
        return {}

    def restore(self, state: dict) -> None:
        pass


@dataclass(frozen=True)
class StepSchedule(_Fixed):
    """learning_rate * factors[i] from boundaries[i - 1] on.

    boundaries=(4, 6), factors=(1, 0.1, 0.01)   step 0 1 2 3 4  5  6   7
                                                rate 1 1 1 1 .1 .1 .01 .01
    """

    learning_rate: float
    boundaries: Sequence[int] = ()
    factors: Sequence[float] = (1.0,)
    warm_up: int = 0

    def rate(self, step: int) -> float:
        """Return the learning rate of a step."""
        passed = sum(step >= boundary for boundary in self.boundaries)
        return self.learning_rate * self.factors[passed] * warmth(step, self.warm_up)


@dataclass(frozen=True)
class CosineSchedule(_Fixed):
    """Half a cosine from learning_rate, after the warm-up, down to 0 at the end.

    Source: Loshchilov and Hutter, https://arxiv.org/abs/1608.03983, equation 5, without restarts.
    """

    learning_rate: float
    steps: int
    warm_up: int = 0

    def rate(self, step: int) -> float:
        """Return the learning rate of a step."""
        done = min(1.0, max(0, step - self.warm_up) / max(1, self.steps - self.warm_up))
        half = (1 + math.cos(math.pi * done)) / 2
        return self.learning_rate * half * warmth(step, self.warm_up)


@dataclass
class PlateauSchedule:
    """A tenth whenever the loss has not become less for `patience` epochs.

    Source: "Quo Vadis", section 3.5: divided by 10 when the validation loss saturated (from
    memory; what counts as saturated is not published).
    """

    learning_rate: float
    patience: int = 3
    warm_up: int = 0
    factor: float = 0.1
    best: float = field(default=math.inf, init=False)
    waited: int = field(default=0, init=False)
    drops: int = field(default=0, init=False)

    def rate(self, step: int) -> float:
        """Return the learning rate of a step."""
        return self.learning_rate * self.factor**self.drops * warmth(step, self.warm_up)

    def observe(self, loss: float) -> None:
        """Count the epochs since the least loss."""
        if loss < self.best:
            self.best, self.waited = loss, 0
            return
        self.waited += 1
        if self.waited >= self.patience:
            self.drops, self.waited = self.drops + 1, 0

    def state(self) -> dict:
        """Return the least loss so far, the epochs since, and how often the rate was divided."""
        best = self.best if math.isfinite(self.best) else None  # JSON has no infinity
        return {"best": best, "waited": self.waited, "drops": self.drops}

    def restore(self, state: dict) -> None:
        """Go on from `state`."""
        self.best = math.inf if state["best"] is None else state["best"]
        self.waited, self.drops = state["waited"], state["drops"]


def warmth(step: int, warm_up: int) -> float:
    """Return 1 / warm_up in step 0, one more of them with each step, 1 from step warm_up - 1 on."""
    return min(1.0, (step + 1) / warm_up) if warm_up else 1.0
