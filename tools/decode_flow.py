"""Train small decoders to find how much motion a network's features contain.

  keras-i3d decode_flow --network=RUN --end_point=Mixed_3c --decoder=pwc --data=FOLDER --out=OUT

The network itself does not change. Decoders that see one moment at a time learn optical flow from
its end points. They are measured on held-out videos and compared with "zeros", the prediction that
nothing moves. The flow of --data=synthetic is known, and shards contain theirs. For other videos it
is read from --flow_folder, or computed first, into OUT/flow. OUT/report has a table and pictures.
Run the same command again to continue from the last checkpoint. Exit status: 0 if the report is
written and every video could be read, 1 if something failed, 2 if a flag is wrong, 130 after
Ctrl-C.
"""

import dataclasses
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from absl import flags

from keras_i3d.data.pixels.preprocessing import STREAMS
from keras_i3d.tools.bars import frame_bar
from keras_i3d.tools.flow_flag import METHODS
from keras_i3d.tools.running import FlagError, ToolError, can_be_written, loaded, quiet_import, run
from keras_i3d.tools.weights_flag import HELP, check_weights
from keras_i3d.training.flow_settings import DECODERS, FlowDecoding
from keras_i3d.training.recipes import Recipe

NETWORK = flags.DEFINE_string("network", None, f"the network: {HELP}")
MODEL = flags.DEFINE_string(
    "model", "i3d", "the network, if --network is published weights or a file of weights"
)
STREAM = flags.DEFINE_enum("stream", "rgb", STREAMS, "which stream of the network")
END_POINTS = flags.DEFINE_list("end_point", [], "layers to decode from, separated by commas")
KINDS = flags.DEFINE_list("decoder", list(DECODERS), f"of {', '.join(DECODERS)}; commas between")
OUT = flags.DEFINE_string("out", None, "the output folder")
METHOD = flags.DEFINE_enum(
    "flow_method", "tvl1", METHODS, "how to compute flow, if it is computed first"
)
CHECKPOINT_EVERY = flags.DEFINE_integer(
    "checkpoint_every", 100, "steps between checkpoints", lower_bound=1
)
NUM_CLIPS = flags.DEFINE_integer(
    "num_clips", 1, "clips of each held-out video, evenly placed", lower_bound=1
)
# The recipe has these too, and says what they mean.
OWN = ("num_frames", "resize", "crop", "steps", "batch_size", "learning_rate", "flip", "seed")
DEFAULTS = {one.name: one.default for one in dataclasses.fields(FlowDecoding)}
DEFAULTS |= vars(FlowDecoding.data)


def _default(name: str) -> str:
    return "" if DEFAULTS[name] in (None, (), False) else f" [{DEFAULTS[name]}]"


OF_DATA = tuple(n for n in vars(FlowDecoding.data) if n not in ("seed", "task"))
FIELDS = {
    one.name: (flags.DEFINE_bool if one.type is bool else flags.DEFINE_string)(
        one.name, None, one.metadata["help"] + _default(one.name)
    )
    for one in dataclasses.fields(Recipe)
    if one.name in (*OWN, *OF_DATA)
}


def main(arguments: Sequence[str]) -> int:
    """Train, measure and report; the exit status."""
    if arguments:
        raise FlagError(f"unexpected argument; use flags only. Received: {' '.join(arguments)}")
    for flag in (NETWORK, END_POINTS, OUT):
        if not flag.value:
            raise FlagError(f"--{flag.name} is missing: give --{flag.name}=...")
    settings = _settings()
    check_weights(NETWORK.value, MODEL.value, STREAM.value, "network")
    out = Path(OUT.value).expanduser()
    can_be_written(out, "folder")
    with quiet_import():
        from keras_i3d.applications.loaded import load
        from keras_i3d.data.flow.methods import FingerprintError
        from keras_i3d.evaluation.flow_report import flow_table, write_flow_report
        from keras_i3d.training.devices import check_backend
        from keras_i3d.training.failures import FailedError, NotFiniteError
        from keras_i3d.training.flow_decoding import decode_flow, frames_of
        from keras_i3d.training.flow_of_data import with_stored_flow
        from keras_i3d.training.flow_settings import check_decoding_folder
        from keras_i3d.training.interruption import Interrupted

    try:
        with loaded():
            check_backend()  # before flow is computed for hours
            check_decoding_folder(settings, out)
            network = load(NETWORK.value, model=MODEL.value, stream=STREAM.value)
            watch = partial(frame_bar, "decode_flow")
            inputs = frames_of(settings, network)
            data = with_stored_flow(settings.data, inputs, out / "flow", METHOD.value, watch)
            errors, examples = decode_flow(
                settings,
                out,
                network=network,
                data=data,
                checkpoint_every=CHECKPOINT_EVERY.value,
            )
            page = write_flow_report(out / "report", errors, examples, settings)
    except Interrupted as stop:
        print(
            f"decode_flow: stopped after step {stop.step} of {settings.steps}; run the same "
            f"command to continue",
            file=sys.stderr,
        )
        return 130
    except FingerprintError as error:
        raise FlagError(error) from error
    except (FailedError, NotFiniteError) as error:
        raise ToolError(error) from error
    print(flow_table(errors))
    print(f"wrote {page}")
    return 1 if errors.left_out else 0


def _settings() -> FlowDecoding:
    from keras_i3d.training.recipe_checks import parse

    try:
        given = {n: parse(n, flag.value) for n, flag in FIELDS.items() if flag.value is not None}
        data = {name: given.pop(name) for name in OF_DATA if name in given}
        return FlowDecoding(
            NETWORK.value,
            tuple(END_POINTS.value),
            tuple(KINDS.value),
            dataclasses.replace(FlowDecoding.data, **data),
            MODEL.value,
            STREAM.value,
            num_clips=NUM_CLIPS.value,
            **given,
        )
    except ValueError as error:
        raise FlagError(error) from error


if __name__ == "__main__":
    run(main)
