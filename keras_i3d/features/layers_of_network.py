"""Which layers of a network give features, by stream, and how its head pools them."""

from collections.abc import Sequence

from keras_i3d.applications.loaded import LoadedNetwork
from keras_i3d.features.pooling import Pool
from keras_i3d.layers import HeadPooling3D
from keras_i3d.layers.keras_internals import calls_of, origin
from keras_i3d.models.catalogue import NETWORKS


def feature_layers(network: LoadedNetwork, layers: Sequence[str] = ()) -> dict[str, dict[str, str]]:
    """Return {stream: {layer as it was asked for: its name in the model}}.

    Args:
        network: from `keras_i3d.load`.
        layers: end points, such as "Mixed_4f" or "Logits", without the prefix that a joint network
            puts before each stream's; by default the features layer of the network's record.

    Raises:
        ValueError: the network has no such layer; it names those it has.
    """
    record = network.record
    of = NETWORKS.get(record.network)
    prefixes = of.prefixes if of else {}
    found = {}
    for stream, features in record.features.items():
        prefix = prefixes.get(stream, "")
        names = {name: prefix + name for name in layers}
        found[stream] = names or {features.removeprefix(prefix): features}
    there = {layer.name for layer in network.model.layers}
    missing = {name for names in found.values() for name in names.values()} - there
    if missing:
        known = [name for name in (layer.name for layer in network.model.layers) if name != "clip"]
        raise ValueError(
            f"layers should be of {record.network}: {', '.join(known)}. "
            f"Received: {', '.join(sorted(missing))}"
        )
    return found


def head_pool(network: LoadedNetwork, layer: str) -> Pool | None:
    """Return (time, height, width) of the average pool that the network's head puts on a layer.

    None along an axis that it takes whole; None at all where it is another layer that the head
    pools, or a head that takes the plain mean.
    """
    for pool in network.model.layers:
        if not isinstance(pool, HeadPooling3D):
            continue
        if origin(calls_of(pool)[0].input_tensors[0]).name == layer:
            return tuple(pool.pool_size)
    return None
