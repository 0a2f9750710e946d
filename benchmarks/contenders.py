"""Contenders of a benchmark: each a process of its own, which take turns.

Whatever else the machine does meets all of them alike.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping


def peak_megabytes() -> int:
    """The most memory that this process has had, as Linux counts it."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) // 1024


def serve(turn: Callable[[], object], parts: Mapping[str, float] | None = None, **said) -> None:
    """In a contender's process: say what is known, then take a turn for every line that comes.

    `parts` is where a turn leaves the seconds of its parts, by name.
    """
    print(json.dumps(said), flush=True)
    for _ in sys.stdin:
        begun, used = time.perf_counter(), sum(os.times()[:4])
        turn()
        said = {"seconds": time.perf_counter() - begun, "cpu": sum(os.times()[:4]) - used}
        said = {**said, "parts": dict(parts or {}), "megabytes": peak_megabytes()}
        print(json.dumps(said), flush=True)


class Contender:
    """A contender's process, seen from outside.

    Attributes:
        first: what it said when it was ready.
        seconds: of each of its turns.
        cpu: seconds of all cores that each turn took, of its ended child processes too; they say
            more than `seconds` where other work runs on the machine.
        parts: seconds of the parts of each turn, by name; for those that tell.
        megabytes: its peak memory after the last one.

    Raises:
        RuntimeError: when it ends before it is ready; with the last line of what it complained.
    """

    def __init__(self, name: str, command: list[str], environment: dict[str, str]):
        self.name, self.seconds, self.cpu, self.parts, self.megabytes = name, [], [], [], 0
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115, it lives as long as the process
        self._process = subprocess.Popen(
            command,
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        self.first = self._answer()

    def turn(self) -> None:
        """Let it take a turn, and wait."""
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        answer = self._answer()
        self.seconds.append(answer["seconds"])
        self.cpu.append(answer["cpu"])
        self.parts.append(answer["parts"])
        self.megabytes = answer["megabytes"]

    def close(self) -> None:
        """Let it end."""
        self._process.stdin.close()
        self._process.wait()

    def _answer(self) -> dict:
        for line in self._process.stdout:
            if line.startswith("{"):
                return json.loads(line)
        self._log.seek(0)
        lines = self._log.read().strip().splitlines() or ["it said nothing"]
        raise RuntimeError(f"{self.name}: {lines[-1]}")


def started(commands: Iterable[tuple[str, list[str], dict[str, str]]]) -> list[Contender]:
    """Those of (name, command, environment) that can be started; the others are named."""
    found = []
    for name, command, environment in commands:
        print(f"loading {name} ...", flush=True)
        try:
            found.append(Contender(name, command, environment))
        except RuntimeError as error:
            print(f"left out: {error}", flush=True)
    return found


def take_turns(contenders: list[Contender], rounds: int) -> None:
    """All contenders in turn, `rounds` times."""
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}", end="\r", flush=True)
        for contender in contenders:
            contender.turn()
