"""SavedModels, servers of them, and clients of those servers."""

from .client.client import Client as Client
from .client.connecting import connect as connect
from .client.grpc_client import (
    GrpcClient as GrpcClient,
    Tls as Tls,
)
from .client.rest_client import RestClient as RestClient
from .client.video_answer import (
    VideoAnswer as VideoAnswer,
    ask_video as ask_video,
)
from .client.video_query import (
    ask_about as ask_about,
    encoded as encoded,
    sending as sending,
)
from .saved_model import (
    Exported as Exported,
    ExportError as ExportError,
    export_saved_model as export_saved_model,
)
from .server.local_server import LocalServer as LocalServer
from .server.options import (
    Limits as Limits,
    ModelConfig as ModelConfig,
    Options as Options,
)
from .server.serving import (
    model_configs as model_configs,
    serve as serve,
)
from .tf_serving.serving_config import (
    ServingConfig as ServingConfig,
    write_serving_config as write_serving_config,
)
