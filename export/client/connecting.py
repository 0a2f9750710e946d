"""One function for both clients; only the packages of the one that is asked for are needed."""

from keras_i3d.export.client.client import Client
from keras_i3d.shown_options import options_of


@options_of(Client)
def connect(
    address: str,
    model: str,
    *,
    rest: bool = False,
    tls: bool = False,
    roots: str | None = None,
    certificate: str | None = None,
    key: str | None = None,
    tls_name: str | None = None,
    **options,
) -> Client:
    """Return a client of a model on a server, by gRPC or by HTTP and JSON.

    Args:
        address: HOST:PORT; for HTTP also http(s)://….
        model, options: as for `Client`.
        rest: by HTTP and JSON.
        tls: encrypt gRPC; also when one of the files is given. HTTP is encrypted by https://.
        roots, certificate, key, tls_name: see `Tls`.

    Raises:
        ValueError, ImportError: the options exclude each other; a package is missing.
    """
    files = {"roots": roots, "certificate": certificate, "key": key}
    if rest:
        from keras_i3d.export.client.rest_client import RestClient

        return RestClient(address, model, **files, **options)
    from keras_i3d.export.client.grpc_client import GrpcClient, Tls

    encrypted = Tls(**files, name=tls_name) if tls or any(files.values()) else None
    return GrpcClient(address, model, tls=encrypted, **options)
