"""Check that published weights are exactly what was published.

  keras-i3d verify_weights --weights=kinetics [--stream=rgb,flow]

The command checks the files (size, git blob hash, every tensor's CRC32C), counts parameters, and
compares the logits with recorded ones. Missing files are downloaded. Exit status: 0 if everything
is right, 1 if something is not.
"""

from collections.abc import Sequence

from absl import flags

from keras_i3d.tools.running import FlagError, quiet_import, run
from keras_i3d.weights import RECORDS, published

MODEL = flags.DEFINE_string("model", "i3d", "the network")
WEIGHTS = flags.DEFINE_list("weights", ["kinetics"], "names from `keras-i3d list`, or all")
STREAM = flags.DEFINE_list("stream", ["rgb"], "rgb, flow or both")
MARKS = {True: "ok", False: "FAILED", None: "-"}


def main(arguments: Sequence[str]) -> int:
    """Print every check; 1 if one failed."""
    if arguments:
        raise FlagError(f"unexpected argument; use flags only. Received: {' '.join(arguments)}")
    try:
        if WEIGHTS.value == ["all"]:
            records = [record for record in RECORDS if record.stream in STREAM.value]
        else:
            records = [
                published(MODEL.value, weights, stream)
                for weights in WEIGHTS.value
                for stream in STREAM.value
            ]
    except ValueError as error:
        raise FlagError(error) from error
    with quiet_import():
        from keras_i3d.weights.verification import verify

    failed = False
    for record in records:
        print(f"{record.name} ({record.source}, {record.licence})", flush=True)
        for check in verify(record):
            print(f"  {MARKS[check.passed]:6}  {check.what}: {check.found}", flush=True)
            failed |= check.passed is False
    return 1 if failed else 0


if __name__ == "__main__":
    run(main)
