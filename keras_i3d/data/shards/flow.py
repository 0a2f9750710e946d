"""The flow of a video on its way into a shard: taken from its cached file, or computed."""

from keras_i3d.data.flow.flow_files import FlowFile, FlowFileError, encoded_picture
from keras_i3d.data.flow.methods import FlowFingerprint, check_equal, flows
from keras_i3d.data.pixels.preprocessing import Preprocessing
from keras_i3d.data.shards.plan import Job
from keras_i3d.data.shards.sequence_example import Flow, Pictures
from keras_i3d.data.video.decoding import VideoError, VideoFile
from keras_i3d.data.video.frames import resized_frames


def stored_flow(job: Job, images: Pictures) -> Flow:
    """Return the flow of a video's stored frames as PNG with two channels, one fewer.

    Args:
        job: whose flow; its options say how it must have been made.
        images: the frames that it belongs to.

    Raises:
        VideoError: the cached file is missing, damaged, or does not fit the frames.
        FingerprintError: it was made in another way; shows both.
    """
    wanted = job.options.flow
    if len(images.encoded) == 1:  # nothing moves in one frame
        return _flow([], images, wanted)
    if job.flow_file is not None:
        try:
            pictures = _cached(job, job.flow_file, images, images.first, wanted)
        except FlowFileError as error:
            cause = f"its flow file {job.flow_file}: {error.cause}"
            raise VideoError(job.video.path, cause) from error
        return _flow(pictures, images, wanted)
    with VideoFile(job.video.path) as file:
        spec = Preprocessing(fps=images.fps, short_side=job.options.short_side)
        frames = resized_frames(file, spec, images.first, images.first + len(images.encoded))
        # One thread: there is a process like this for each core.
        computed = flows(frames, wanted.method, threads=1)
        pictures = [encoded_picture(one, wanted.bound) for one in computed]
    return _flow(pictures, images, wanted)


def _cached(
    job: Job, path: str, images: Pictures, first: int, wanted: FlowFingerprint
) -> list[bytes]:
    """PNG files of a flow file from picture `first` on; each is decoded once, to know it whole."""
    with FlowFile(path) as stored:
        check_equal(wanted, stored.fingerprint, path)
        count, info = len(images.encoded) - 1, stored.info
        found = (info.height, info.width)
        if found != (images.height, images.width) or len(stored) < first + count:
            raise VideoError(
                job.video.path,
                f"its flow file {path} should have {first + count} pictures of "
                f"{(images.height, images.width)}. Received: {len(stored)} of {found}; compute it "
                f"again",
            )
        pictures = []
        for number in range(first, first + count):
            stored[number]
            pictures.append(stored.encoded(number))
    return pictures


def _flow(pictures: list[bytes], images: Pictures, fingerprint: FlowFingerprint) -> Flow:
    size = (images.height, images.width)
    return Flow(
        Pictures(pictures, images.first, images.fps, "PNG", 2, *size),
        fingerprint.bound,
        fingerprint.to_json(),
    )
