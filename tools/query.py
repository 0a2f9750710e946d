"""What a video shows, asked of a server: TensorFlow Serving or `keras-i3d serve`.

  keras-i3d query --server=localhost:8500 --video=FILE          gRPC, raw frames
  keras-i3d query --server=localhost:8500 --video=FILE --signature=jpeg_frames
  keras-i3d query --server=localhost:8501 --video=FILE --rest   JSON, JPEG files
  keras-i3d query --server=localhost:8500 --describe            what the model can be asked

The frames are those of `keras-i3d predict`, whose answers these are: raw frames and PNG files to
rounding, JPEG files nearly. Exit status: 0 when all was answered, 1 when something was not, 2 for
wrong flags.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from absl import flags
from tqdm import tqdm

from keras_i3d.tools.running import FlagError, ToolError, environment, run

SERVER = flags.DEFINE_string("server", "localhost:8500", "HOST:PORT; also http(s)://… for --rest")
MODEL = flags.DEFINE_string("model", "i3d", "the model's name on the server")
VERSION = flags.DEFINE_integer("version", None, "which version [the latest]", 1)
LABEL = flags.DEFINE_string("label", None, "the version by its label, such as stable, instead")
VIDEO = flags.DEFINE_multi_string("video", [], "a video file; may be given several times")
SIGNATURE = flags.DEFINE_string(
    "signature", None, "what to ask [serving_default; jpeg_frames with --rest]"
)
REST = flags.DEFINE_bool("rest", False, "ask by HTTP and JSON instead of gRPC")
STREAM = flags.DEFINE_bool("stream_windows", False, "show each window's classes as they come")
DESCRIBE = flags.DEFINE_bool("describe", False, "show signatures and metadata")
TOP = flags.DEFINE_integer("top", 5, "how many classes to show", lower_bound=1)
JSON = flags.DEFINE_bool("json", False, "one JSON object for each file, or window, a line each")
WINDOW = flags.DEFINE_integer("window", None, "frames of a window, at 25 a second [64]", 1)
STRIDE = flags.DEFINE_integer("stride", None, "frames from window to window [32]", 1)
START = flags.DEFINE_float("start", 0, "look at the video from this second on", lower_bound=0)
END = flags.DEFINE_float("end", None, "look at the video up to this second", lower_bound=0)
FORM = flags.DEFINE_enum("files", "jpeg", ["jpeg", "png"], "what jpeg_frames and classify are sent")
QUALITY = flags.DEFINE_integer("quality", 95, "of JPEG files", 1, 100)
TIMEOUT = flags.DEFINE_float("timeout", 60, "seconds for each answer", 0.001)
ATTEMPTS = flags.DEFINE_integer("attempts", 4, "tries while the server is unavailable", 1)
MESSAGE = flags.DEFINE_integer("max_message_mb", 256, "the largest message", 1, 2047)
TLS = flags.DEFINE_bool("tls", False, "encrypt gRPC; with --rest write https://")
ROOTS = flags.DEFINE_string("tls_roots", None, "certificates that are trusted (PEM)")
CERT = flags.DEFINE_string("tls_cert", None, "the client's own certificate (PEM)")
KEY = flags.DEFINE_string("tls_key", None, "its key (PEM)")
TLS_NAME = flags.DEFINE_string("tls_name", None, "the name in the server's certificate (gRPC)")


def main(arguments: Sequence[str]) -> int:
    """Ask about the files, one after the other; the exit status."""
    paths = [*VIDEO.value, *arguments]
    if not paths and not DESCRIBE.value:
        raise FlagError("no video: give --video=FILE, or --describe")
    if END.value is not None and END.value <= START.value:
        raise FlagError(f"--end={END.value} is not after --start={START.value}")
    for path in (ROOTS.value, CERT.value, KEY.value):
        if path and not Path(path).is_file():
            raise FlagError(f"{path}: no such file")
    from keras_i3d.export.client.answer import ServingError
    from keras_i3d.export.client.connecting import connect

    try:
        # What gRPC would tell of a connection is in the error; its own lines name its source files.
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
