"""What a video shows, asked of a server: TensorFlow Serving or `keras-i3d serve`.

  keras-i3d query --server=localhost:8500 --video=FILE          gRPC, raw frames
  keras-i3d query --server=localhost:8500 --video=FILE --signature=jpeg_frames
  keras-i3d query --server=localhost:8501 --video=FILE --rest   JSON, JPEG files
  keras-i3d query --server=localhost:8500 --describe            what the model can be asked

The frames are those of `keras-i3d predict`, whose answers these are: raw frames and PNG files to
rounding, JPEG files nearly. Exit status: 0 when all was answered, 1 when something was not, 2 for
wrong flags.
"""

import itertools
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from absl import flags
from tqdm import tqdm

from keras_i3d.data import VideoError
from keras_i3d.data.video.windows import mean_scores
from keras_i3d.export.client.answer import ModelMetadata, ServingError
from keras_i3d.export.client.video_query import FILES, ask_about, sending
from keras_i3d.tools.running import FlagError, ToolError, run

# What gRPC would tell of a connection is in the error; its own lines name its source files.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")
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
FORM = flags.DEFINE_enum("files", "jpeg", FILES, "what jpeg_frames and classify are sent")
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
    try:
        client = _client()
    except (ValueError, ImportError) as error:
        raise FlagError(error) from error
    with client:
        try:
            metadata = client.metadata()
        except ServingError as error:
            raise ToolError(error) from error
        if DESCRIBE.value:
            _describe(metadata)
        return 1 if sum(not _ask(client, metadata, path) for path in paths) else 0


def _client():
    """The client that the flags ask for; only the packages of this one are needed."""
    options = {
        "model": MODEL.value,
        "version": VERSION.value,
        "label": LABEL.value,
        "timeout": TIMEOUT.value,
        "attempts": ATTEMPTS.value,
        "message_bytes": MESSAGE.value << 20,
    }
    files = {"roots": ROOTS.value, "certificate": CERT.value, "key": KEY.value}
    if REST.value:
        from keras_i3d.export.client.rest_client import RestClient

        return RestClient(SERVER.value, **options, **files)
    from keras_i3d.export.client.grpc_client import GrpcClient, Tls

    tls = TLS.value or any(files.values())
    return GrpcClient(
        SERVER.value, **options, tls=Tls(**files, name=TLS_NAME.value) if tls else None
    )


def _ask(client, metadata: ModelMetadata, path: str) -> bool:
    """Ask about one file and print the answer; whether there was one."""
    signature = SIGNATURE.value or ("jpeg_frames" if REST.value else "serving_default")
    try:
        how = sending(metadata, signature)
    except ValueError as error:
        raise FlagError(error) from error
    notes, windows = [], []
    options = {"window": WINDOW.value, "stride": STRIDE.value, "notes": notes}
    options |= {"start": START.value, "end": END.value}
    options |= {"files": FORM.value, "quality": QUALITY.value}
    try:
        for window in ask_about(client, how, path, watch=_bar(path), **options):
            windows.append(window)
            if STREAM.value:
                with tqdm.external_write_mode():  # the bar steps aside
                    _show(path, [window], metadata, [])
    except (VideoError, ServingError) as error:
        cause = getattr(error, "cause", error)
        print(f"query: {path}: {cause}", file=sys.stderr)
        if JSON.value:
            print(json.dumps({"video": path, "error": str(cause)}), flush=True)
        return False
    if not STREAM.value or len(windows) > 1:
        _show(path, windows, metadata, notes)
    return True


def _bar(path: str):
    return lambda frames, expected: tqdm(
        frames, path[-40:], expected, leave=False, delay=1, unit=" frames"
    )


# === What is printed ===


def _show(path: str, windows: list, metadata: ModelMetadata, notes: list[str]) -> None:
    found = {
        "video": path,
        "model": metadata.model,
        "version": windows[0].answer.version,
        "start": round(windows[0].start, 3),
        "end": round(windows[-1].end, 3),
        "windows": len(windows),
        "seconds": round(sum(window.answer.seconds for window in windows), 3),
        "notes": notes,
    }
    classes = _classes(windows, metadata)
    if classes is None:
        shapes = {name: list(v.shape) for name, v in windows[0].answer.outputs.items()}
        found["outputs"] = shapes
    else:
        found["predictions"] = [{"label": name, "probability": p} for name, p in classes]
    if JSON.value:
        print(json.dumps(found), flush=True)
        return
    print(f"{path}  {found['start']:g} - {found['end']:g} s, answered in {found['seconds']:g} s")
    for note in notes:
        print(f"  note: {note}")
    for name, probability in classes or ():
        print(f"  {probability:6.4f}  {name:<30}  {'█' * round(30 * probability)}".rstrip())
    for name, shape in found.get("outputs", {}).items():
        print(f"  {name}  {shape}")
    if classes is not None and len(windows) > 1:
        _timeline(windows, metadata)
    sys.stdout.flush()


def _classes(windows: list, metadata: ModelMetadata) -> list[tuple[str, float]] | None:
    """The best classes of all windows together; None where the signature does not give them."""
    outputs = windows[0].answer.outputs
    if "probabilities" in outputs:
        scores = mean_scores(
            [window.answer.outputs["probabilities"][0] for window in windows],
            [window.end - window.start for window in windows],
        )
        names = metadata.labels or [f"class {number}" for number in range(len(scores))]
        best = np.argsort(-scores, kind="stable")[: TOP.value]
        return [(names[i], float(scores[i])) for i in best]
    if "scores" not in outputs:
        return None
    if len(windows) > 1:  # the best of each window alone cannot be averaged
        return []
    return windows[0].answer.top()[0][: TOP.value]


def _timeline(windows: list, metadata: ModelMetadata) -> None:
    """One line for each run of windows with the same best class."""
    print("  timeline")
    best = [(window, *_classes([window], metadata)[0]) for window in windows]
    for label, run_of in itertools.groupby(best, key=lambda entry: entry[1]):
        part = list(run_of)
        probability = np.mean([probability for _, _, probability in part])
        print(f"  {part[0][0].start:7.1f} - {part[-1][0].end:5.1f} s  {probability:.2f}  {label}")


def _describe(metadata: ModelMetadata) -> None:
    about = {key: value for key, value in metadata.about.items() if key != "labels"}
    print(f"{metadata.model}, version {metadata.version}, {len(metadata.labels)} classes")
    for name, (inputs, outputs) in sorted(metadata.signatures.items()):
        print(f"  {name}")
        for arrow, infos in (("<-", inputs), ("->", outputs)):
            for tensor, shape in infos.items():
                print(f"    {arrow} {tensor}: {shape}")
    print(json.dumps(about, indent=2))


if __name__ == "__main__":
    run(main)
