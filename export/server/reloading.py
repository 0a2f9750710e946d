"""Changing what is served by a message: folders that the server was given, or below one."""

import ipaddress
import os
from pathlib import Path
from urllib.parse import unquote

from keras_i3d.export.server.models import Models
from keras_i3d.export.server.options import ModelConfig, is_name
from keras_i3d.export.server.refusal import Refusal

MOST_MODELS = 100


class Reloading:
    """What HandleReloadConfigRequest may do.

    Loading a SavedModel runs what is in it, so a client may not name any folder it likes.

    Args:
        models: what is served.
        below: folders whose subfolders may be served, besides the ones that are served now.
        allowed: whether it may do anything.
        from_others: whether clients of other machines may ask for it; else those of this one alone.
    """

    def __init__(
        self,
        models: Models,
        below: tuple[Path, ...] = (),
        allowed: bool = True,
        from_others: bool = False,
    ):
        self._models, self._allowed, self._from_others = models, allowed, from_others
        self._given = frozenset(config.folder.resolve() for config in models.configs)
        self._below = tuple(path.resolve() for path in below)

    def reload(self, config, peer: str) -> None:
        """Serve what a ModelServerConfig says, and nothing else.

        Args:
            config: the message.
            peer: who asks, as gRPC has it: "ipv4:127.0.0.1:41234".

        Raises:
            Refusal: who may not ask, a folder that may not be served, or in which no version can be
                loaded.
        """
        if not self._allowed:
            raise Refusal("PERMISSION_DENIED", "the server was started with --noreload")
        if not self._from_others and not is_here(peer):
            raise Refusal(
                "PERMISSION_DENIED",
                "only the server's own machine may change what is served, unless it was started "
                "with --reload_from_others",
            )
        entries = config.model_config_list.config
        if not entries or len(entries) > MOST_MODELS:
            raise Refusal(
                "INVALID_ARGUMENT",
                f"config.model_config_list should have 1 to {MOST_MODELS} models. "
                f"Received: {len(entries)}",
            )
        configs = [self._checked(entry) for entry in entries]
        if len({config.name for config in configs}) < len(configs):
            raise Refusal("INVALID_ARGUMENT", "a model is named twice")
        self._models.reload(configs)

    def _checked(self, entry) -> ModelConfig:
        if not is_name(entry.name):
            raise Refusal("INVALID_ARGUMENT", f"{entry.name[:80]!r} cannot be a model's name")
        if entry.model_platform not in ("", "tensorflow"):
            raise Refusal("INVALID_ARGUMENT", f"platform {entry.model_platform[:80]!r}")
        try:
            folder = Path(os.path.realpath(entry.base_path))
        except (OSError, ValueError) as error:  # a zero byte
            raise Refusal(
                "INVALID_ARGUMENT", f"base_path of {entry.name} cannot be a folder's"
            ) from error
        allowed = folder in self._given or any(root in folder.parents for root in self._below)
        if not allowed:
            raise Refusal(
                "PERMISSION_DENIED",
                f"base_path {entry.base_path[:200]!r} of {entry.name} is neither served now nor "
                f"below a folder of --reload_below",
            )
        policy = entry.model_version_policy
        kind = policy.WhichOneof("policy_choice")
        return ModelConfig(
            entry.name,
            folder,
            latest=0 if kind == "all" else max(1, policy.latest.num_versions),
            versions=tuple(policy.specific.versions) if kind == "specific" else (),
            labels=dict(entry.version_labels),
        )


def is_here(peer: str) -> bool:
    """Return whether a peer, as gRPC names it, is a process of this machine."""
    kind, _, address = unquote(peer).partition(":")
    if kind == "unix":
        return True
    try:
        found = ipaddress.ip_address(address.rpartition(":")[0].strip("[]"))
    except ValueError:
        return False
    return (getattr(found, "ipv4_mapped", None) or found).is_loopback
