"""From video files to batches; names of its rooms."""

from .batches.augmentation import Augmentation as Augmentation
from .batches.evaluation import (
    evaluation_batches as evaluation_batches,
    whole_video_batches as whole_video_batches,
)
from .batches.training import training_batches as training_batches
from .batches.video_files import VideoFiles as VideoFiles
from .flow.flow_files import FlowFile as FlowFile
from .flow.methods import compute_flow as compute_flow
from .lists.annotations import read_annotations as read_annotations
from .lists.auto_split import AutoSplit as AutoSplit
from .pixels.preprocessing import (
    DEEPMIND_FLOW as DEEPMIND_FLOW,
    DEEPMIND_INPUTS as DEEPMIND_INPUTS,
    DEEPMIND_RGB as DEEPMIND_RGB,
    Input as Input,
    Preprocessing as Preprocessing,
    preprocess as preprocess,
    preprocess_input as preprocess_input,
)
from .shards.manifest import read_manifest as read_manifest
from .shards.source import Shards as Shards
from .synthetic.videos import SyntheticVideos as SyntheticVideos
from .video.decoding import (
    VideoError as VideoError,
    VideoFile as VideoFile,
)
from .video.frames import (
    cropped_frames as cropped_frames,
    read_clip as read_clip,
)
