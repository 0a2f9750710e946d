"""How every tool starts and ends: its flags, its help, its exit status.

0  everything was done
1  something was not; the rest was
2  the flags are wrong; nothing was done

A tool's module has its help, its flags and `main`; `main` checks the flags and then imports the
library, inside `quiet_import` where that brings TensorFlow. So help and wrong flags cost no import.
"""

import contextlib
import logging
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from typing import NoReturn

from absl import app, flags
from absl import logging as absl_logging

from keras_i3d.files.places import check_file_place, check_folder_place, error_line


class FlagError(Exception):
    """Flags that parse, but ask for what cannot be; exit status 2."""


class ToolError(Exception):
    """Work that cannot be done, for a reason the user can mend; exit status 1.

    Of an OSError, which need not be caught, the file is named, and what to do about a full disk.
    """


def must_exist(flag: flags.FlagHolder, kind: str = "file") -> None:
    """Refuse a flag whose file, or folder, is not there; while the flags are parsed.

    Args:
        flag: of one path, or of several.
        kind: "file" or "folder".
    """
    is_there = {"file": os.path.isfile, "folder": os.path.isdir}[kind]

    def check(value) -> bool:
        for path in [value] if isinstance(value, str) else value or ():
            if not is_there(os.path.expanduser(path)):
                raise flags.ValidationError(f"there is no such {kind}: {path}")
        return True

    flags.register_validator(flag, check)


def can_be_written(path: str | os.PathLike, kind: str = "file") -> None:
    """Check, before the work begins, that an output can be written at its place.

    Args:
        path: the output; what is at gs:// or the like is not asked.
        kind: "file" or "folder".

    Raises:
        ToolError: it names what is in the way.
    """
    check = {"file": check_file_place, "folder": check_folder_place}[kind]
    try:
        if "://" not in os.fspath(path):
            check(path)
    except OSError as error:
        raise ToolError(f"{os.fspath(path)} cannot be written: {error_line(error)}") from error


@contextlib.contextmanager
def quiet_import() -> Iterator[None]:
    """Keep back what native libraries print while they are loaded; shown where loading fails.

    Ctrl-C is no failure.
    TensorFlow reads TF_CPP_MIN_LOG_LEVEL once, here, for all it logs later; its notes on oneDNN and
    CUDA come before that.
    """
    sys.stderr.flush()
    shown = os.dup(2)
    with environment("TF_CPP_MIN_LOG_LEVEL", "3"), tempfile.TemporaryFile() as kept:
        os.dup2(kept.fileno(), 2)
        try:
            yield
        except KeyboardInterrupt:
            raise
        except BaseException:
            kept.seek(0)
            os.write(shown, kept.read())
            raise
        finally:
            os.dup2(shown, 2)
            os.close(shown)


@contextlib.contextmanager
def environment(name: str, value: str) -> Iterator[None]:
    """Set an environment variable within, unless the user has."""
    if name in os.environ:
        yield
        return
    os.environ[name] = value
    try:
        yield
    finally:
        del os.environ[name]


@contextlib.contextmanager
def loaded() -> Iterator[None]:
    """Turn what goes wrong while weights are loaded into one line and the right status."""
    from keras_i3d.weights import DamagedFileError

    try:
        yield
    except (OSError, ImportError) as error:
        raise ToolError(error) from error
    except ValueError as error:
        first, *rest = str(error).splitlines()
        more = f" {rest[0].strip()}; {len(rest)} such differences" if rest else ""
        # A damaged file says so itself; all else is about what the flag asks for.
        failure = ToolError if isinstance(error, DamagedFileError) else FlagError
        raise failure(f"{first}{more}") from error


def run(main: Callable[[Sequence[str]], int | None], argv: Sequence[str] | None = None) -> NoReturn:
    """Run a tool's `main` with the arguments that are no flags; exits with its status, None for 0.

    Args:
        main: the tool; its module has the flags and, in its docstring, the help.
        argv: command line, the tool's name first; by default the process's own.
    """
    argv = list(sys.argv if argv is None else argv)
    name = os.path.basename(argv[0]).removesuffix(".py")
    for stream in (sys.stdout, sys.stderr):  # file names need not be text
        stream.reconfigure(errors="backslashreplace")

    def guarded(arguments: Sequence[str]) -> int:
        # TensorFlow's advice on retracing: every new length of a video is a new shape.
        logging.getLogger("tensorflow").setLevel(logging.ERROR)
        absl_logging.get_absl_handler().setFormatter(logging.Formatter(f"{name}: %(message)s"))
        return status(name, lambda: main(arguments[1:]))

    app.run(guarded, argv=argv, flags_parser=lambda args: _parse(args, name, main))


def status(name: str, work: Callable[[], int | None]) -> int:
    """Do a tool's work, and return its exit status; what goes wrong is told in a line.

    Args:
        name: the tool's.
        work: returns the status, None for 0. What it prints is written before this returns.
    """
    try:
        found = work() or 0
        sys.stdout.flush()
        return found
    except FlagError as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 2
    except MemoryError:
        print(f"{name}: out of memory", file=sys.stderr)
        return 1
    except ToolError as error:
        (cause,) = error.args
        reason = error_line(cause) if isinstance(cause, OSError) else error
        print(f"{name}: {reason}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"\n{name}: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of the output has enough, as with `| head`
        _close_output()
        return 0
    except OSError as error:
        print(f"{name}: {error_line(error)}", file=sys.stderr)
        try:
            sys.stdout.flush()
        except OSError:  # it cannot be written; Python would otherwise say so once more
            _close_output()
        return 1


def _close_output() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parse(argv: Sequence[str], name: str, main: Callable) -> list[str]:
    values = flags.FLAGS
    values.set_gnu_getopt(True)  # flags may follow file names; "--" ends them
    if {"--help", "-help", "-h"} & set(argv[1 : argv.index("--") if "--" in argv else None]):
        module = main.__module__
        listed = values.module_help(sys.argv[0] if module == "__main__" else module)  # absl's rule
        text = f"{sys.modules[module].__doc__.strip()}\n\n{listed}"
        sys.exit(status(name, lambda: print(text)))
    try:
        return values(argv)
    except flags.Error as error:
        missing = r"flag --(\w+)=None: Flag --\1 must have a value other than None\."
        said = re.sub(missing, r"--\1 is missing: give --\1=...", str(error)).replace("\n", "; ")
        print(f"{name}: {said} (`keras-i3d {name} --help` lists the flags)", file=sys.stderr)
        sys.exit(2)
