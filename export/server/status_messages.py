"""What a model is and how its versions are, as TensorFlow Serving's messages."""

from tensorflow_serving.apis import get_model_metadata_pb2, get_model_status_pb2

from keras_i3d.export.server.servable import Servable

UNKNOWN = 2  # google.rpc.Code


def name_version(spec, servable: Servable, signature: str) -> None:
    """Say in a ModelSpec which version answers."""
    spec.name, spec.version.value, spec.signature_name = servable.name, servable.version, signature


def status_of(rows: list[tuple[int, int, str]]) -> get_model_status_pb2.GetModelStatusResponse:
    """Return (version, state, error) as TF Serving's message."""
    response = get_model_status_pb2.GetModelStatusResponse()
    for version, state, error in rows:
        entry = response.model_version_status.add(version=version, state=state)
        entry.status.SetInParent()  # OK is said, too
        if error:
            entry.status.error_code = UNKNOWN
            # The cause has paths in it, so only the log has it.
            entry.status.error_message = (
                f"version {version} cannot be loaded; the server's log says why"
            )
    return response


def metadata_of(servable: Servable) -> get_model_metadata_pb2.GetModelMetadataResponse:
    """Return a version's signatures as TF Serving's message."""
    definitions = get_model_metadata_pb2.SignatureDefMap()
    for name, definition in servable.definitions.items():
        definitions.signature_def[name].CopyFrom(definition)
    response = get_model_metadata_pb2.GetModelMetadataResponse()
    name_version(response.model_spec, servable, "")
    response.metadata["signature_def"].Pack(definitions)
    return response
