"""Ask a server what a video shows: TensorFlow Serving or `keras-i3d serve`.

  keras-i3d query --server=localhost:8500 --video=FILE          gRPC, raw frames
  keras-i3d query --server=localhost:8500 --video=FILE --signature=jpeg_frames
  keras-i3d query --server=localhost:8501 --video=FILE --rest   JSON, JPEG files
  keras-i3d query --server=localhost:8500 --describe            the model's signatures

The same frames are sent as `keras-i3d predict` uses, so the answers are the same: up to rounding
with raw frames and PNG files, and nearly so with JPEG files. Exit status: 0 if everything was
answered, 1 if something was not, 2 if a flag is wrong.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from absl import flags
from tqdm import tqdm

from keras_i3d.tools.running import FlagError, ToolError, environment, run

SERVER = flags.DEFINE_string("server", "localhost:8500", "HOST:PORT, or http(s)://… with --rest")
MODEL = flags.DEFINE_string("model", "i3d", "the model's name on the server")
VERSION = flags.DEFINE_integer("version", None, "version of the model [the latest]", 1)
LABEL = flags.DEFINE_string(
    "label", None, "label of the version, such as stable, instead of its number"
)
VIDEO = flags.DEFINE_multi_string("video", [], "a video file; may be repeated")
SIGNATURE = flags.DEFINE_string(
    "signature", None, "the signature to use [serving_default; jpeg_frames with --rest]"
)
REST = flags.DEFINE_bool("rest", False, "use HTTP and JSON instead of gRPC")
STREAM = flags.DEFINE_bool("stream_windows", False, "show each window's classes as they arrive")
DESCRIBE = flags.DEFINE_bool("describe", False, "show signatures and metadata")
TOP = flags.DEFINE_integer("top", 5, "how many classes to show", lower_bound=1)
JSON = flags.DEFINE_bool(
    "json", False, "print one JSON object per file, or per window, one per line"
)
WINDOW = flags.DEFINE_integer("window", None, "frames per window, at 25 a second [64]", 1)
STRIDE = flags.DEFINE_integer("stride", None, "frames from one window to the next [32]", 1)
START = flags.DEFINE_float("start", 0, "start of the part to classify, in seconds", lower_bound=0)
END = flags.DEFINE_float("end", None, "end of the part to classify, in seconds", lower_bound=0)
FORM = flags.DEFINE_enum(
    "files", "jpeg", ["jpeg", "png"], "format of pictures for jpeg_frames and classify"
)
QUALITY = flags.DEFINE_integer("quality", 95, "JPEG quality", 1, 100)
TIMEOUT = flags.DEFINE_float("timeout", 60, "time limit for each answer, in seconds", 0.001)
ATTEMPTS = flags.DEFINE_integer("attempts", 4, "number of tries while the server is unavailable", 1)
MESSAGE = flags.DEFINE_integer("max_message_mb", 256, "largest message, in MB", 1, 2047)
TLS = flags.DEFINE_bool("tls", False, "encrypt gRPC; with --rest use https:// in --server")
ROOTS = flags.DEFINE_string("tls_roots", None, "trusted certificates (PEM)")
CERT = flags.DEFINE_string("tls_cert", None, "the client's own certificate (PEM)")
KEY = flags.DEFINE_string("tls_key", None, "the key of --tls_cert (PEM)")
TLS_NAME = flags.DEFINE_string("tls_name", None, "the name in the server's certificate (gRPC)")


def main(arguments: Sequence[str]) -> int:
    """Ask about the files, one after the other; the exit status."""
    paths = [*VIDEO.value, *arguments]
    if not paths and not DESCRIBE.value:
        raise FlagError("no video: give --video=FILE, or --describe")
    if END.value is not None and END.value <= START.value:
        raise FlagError(f"--end should be after --start={START.value}. Received: --end={END.value}")
    for path in (ROOTS.value, CERT.value, KEY.value):
        if path and not Path(path).is_file():
            raise FlagError(f"{path}: no such file")
    from keras_i3d.export.client.answer import ServingError
    from keras_i3d.export.client.connecting import connect

    try:
        # The error says what is wrong; gRPC's own lines would name its source files.
        with environment("GRPC_VERBOSITY", "NONE"):
            client = connect(
                SERVER.value,
                MODEL.value,
                rest=REST.value,
                tls=TLS.value,
                roots=ROOTS.value,
                certificate=CERT.value,
                key=KEY.value,
                tls_name=TLS_NAME.value,
                version=VERSION.value,
                label=LABEL.value,
                timeout=TIMEOUT.value,
                attempts=ATTEMPTS.value,
                message_bytes=MESSAGE.value << 20,
            )
    except (ValueError, ImportError) as error:
        raise FlagError(error) from error
    with client:
        try:
            metadata = client.metadata()
        except ServingError as error:
            raise ToolError(error) from error
        if DESCRIBE.value:
            print(metadata.as_text())
        return 1 if sum(not _ask(client, metadata, path) for path in paths) else 0


def _ask(client, metadata, path: str) -> bool:
    """Ask about one file and print the answer; whether there was one."""
    from keras_i3d.data import VideoError
    from keras_i3d.export.client.answer import ServingError
    from keras_i3d.export.client.video_answer import ask_video

    def show(answer) -> None:
        with tqdm.external_write_mode():  # the bar steps aside
            text = (
                json.dumps(answer.as_json(TOP.value)) if JSON.value else answer.as_text(TOP.value)
            )
            print(text, flush=True)

    try:
        answer = ask_video(
            client,
            path,
            SIGNATURE.value,
            metadata=metadata,
            each=show if STREAM.value else lambda window: None,
            window=WINDOW.value,
            stride=STRIDE.value,
            start=START.value,
            end=END.value,
            files=FORM.value,
            quality=QUALITY.value,
            watch=lambda frames, expected: tqdm(
                frames, path[-40:], expected, leave=False, delay=1, unit=" frames"
            ),
        )
    except (VideoError, ServingError) as error:
        cause = getattr(error, "cause", error)
        print(f"query: {path}: {cause}", file=sys.stderr)
        if JSON.value:
            print(json.dumps({"video": path, "error": str(cause)}), flush=True)
        return False
    except ValueError as error:  # of the signature
        raise FlagError(error) from error
    if not STREAM.value or len(answer.windows) > 1:
        show(answer)
    return True


if __name__ == "__main__":
    run(main)
