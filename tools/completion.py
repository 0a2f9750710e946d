"""Completion of `keras-i3d` in a shell, by argcomplete: tools, their flags, values, file names.

eval "$(register-python-argcomplete keras-i3d)"     in ~/.bashrc or ~/.zshrc
"""

import argparse
import importlib
import os
from collections.abc import Sequence

import argcomplete
from absl import flags


def complete(tools: Sequence[str]) -> None:
    """Answer the shell that asks what may follow the words typed so far; ends the process."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("tool", choices=tools)
    parser.add_argument("files", nargs="*").completer = argcomplete.FilesCompleter()
    typed = os.environ["COMP_LINE"].split()
    if len(typed) > 1 and typed[1] in tools:
        module = f"keras_i3d.tools.{typed[1]}"
        importlib.import_module(module)
        for flag in flags.FLAGS.get_key_flags_for_module(module):
            choices = getattr(flag.parser, "enum_values", None)
            nargs = "?" if flag.boolean else None
            parser.add_argument(f"--{flag.name}", choices=choices, nargs=nargs, help=flag.help)
    argcomplete.autocomplete(parser)
