"""The models that are served: a new version is loaded before an old one goes."""

import contextlib
import gc
import logging
import threading
from collections.abc import Callable, Iterator

from keras_i3d.export.server.model import (
    AVAILABLE,
    END,
    LOADING,
    UNLOADING,
    Model,
    Version,
)
from keras_i3d.export.server.options import ModelConfig
from keras_i3d.export.server.refusal import Refusal
from keras_i3d.export.server.servable import Servable
from keras_i3d.export.server.versions import Found, find_versions

# How many unloaded versions are still reported.
REMEMBERED = 20
log = logging.getLogger(__name__)


class Models:
    """All models that are served; may be used from many threads.

    Args:
        configs: what to serve.
        poll: seconds between two looks into the folders.
        warm_up: whether a version answers its recorded requests before it is served.
        watch: called with (model, version, state) whenever a version's state changes.
    """

    def __init__(
        self,
        configs: list[ModelConfig],
        poll: float = 1.0,
        warm_up: bool = True,
        watch: Callable[[str, int, int], None] = lambda name, version, state: None,
    ):
        self._models = {config.name: Model(config) for config in configs}
        self._poll, self._warm_up, self._watch = poll, warm_up, watch
        self._lock = threading.Lock()  # of all that is read by requests; never held while loading
        self._loading = threading.Lock()  # one look at the folders at a time
        self._garbage = False
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._look_again, name="models", daemon=True)

    def start(self) -> None:
        """Load what is there, then keep looking for changes in a thread of its own."""
        self.look(first=True)
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def names(self) -> list[str]:
        """The models' names."""
        with self._lock:
            return sorted(self._models)

    def served(self, name: str) -> list[int]:
        """Return the versions of a model that answer now, the newest last."""
        with self._lock:
            return self._model(name).available()

    @property
    def configs(self) -> list[ModelConfig]:
        """What to serve."""
        with self._lock:
            return [model.config for model in self._models.values()]

    @contextlib.contextmanager
    def use(self, name: str, version: int | None = None, label: str = "") -> Iterator[Servable]:
        """Give a version for the length of one request; it stays whole even where it is dropped.

        Raises:
            Refusal: there is no such model or version.
        """
        with self._lock:
            entry = self._entry(name, version, label)
            entry.users += 1
            servable = entry.servable
        try:
            yield servable
        finally:
            with self._lock:
                entry.users -= 1
                self._end_unused()

    def status(
        self, name: str, version: int | None = None, label: str = ""
    ) -> list[tuple[int, int, str]]:
        """Return (version, state, error) of a model's versions, the newest first."""
        with self._lock:
            model = self._model(name)
            version = self._asked(model, version, label)
            found = dict(model.retired)
            found.update(model.versions)
            rows = [
                (number, entry.state, entry.error)
                for number, entry in sorted(found.items(), reverse=True)
                if version in (None, number)
            ]
        if version is not None and not rows:
            raise Refusal("NOT_FOUND", f"model {name} has no version {version}")
        return rows

    def reload(self, configs: list[ModelConfig]) -> None:
        """Serve these models instead; returns when they are loaded.

        Raises:
            Refusal: a model of which no version could be loaded; the others are served.
        """
        with self._loading:
            with self._lock:
                models = {}
                for config in configs:
                    old = self._models.get(config.name)
                    same = old is not None and old.config.folder == config.folder
                    models[config.name] = old if same else Model(config)
                    models[config.name].config = config
                gone = [m for n, m in self._models.items() if models.get(n) is not m]
                self._models = models
            for model in gone:
                self._retire(model, list(model.versions))
        self.look(first=True)
        for config in configs:
            with self._lock:
                available = self._models[config.name].available()
            if not available:
                raise Refusal(
                    "FAILED_PRECONDITION", f"{config.folder}: no version of it can be loaded"
                )

    def look(self, first: bool = False) -> None:
        """Load what is new in the folders, drop what is old or gone.

        Args:
            first: whether to take folders as they are; otherwise only those that are the same as at
                the last look, because one that changes is still being copied.
        """
        with self._loading:
            with self._lock:
                models = list(self._models.values())
            for model in models:
                self._look(model, first)
        if self._garbage:
            # A loaded SavedModel is full of circles, which Python may leave in memory for long.
            self._garbage = False
            gc.collect()

    # === Requests ===

    def _model(self, name: str) -> Model:
        model = self._models.get(name)
        if model is None:
            names = ", ".join(sorted(self._models))
            raise Refusal("NOT_FOUND", f"there is no model {name[:80]!r}; served are {names}")
        return model

    def _entry(self, name: str, version: int | None, label: str) -> Version:
        model = self._model(name)
        version = self._asked(model, version, label)
        numbers = model.available()
        if version is None and numbers:
            return model.versions[numbers[-1]]
        if version in numbers:
            return model.versions[version]
        if any(entry.state == LOADING for entry in model.versions.values()):
            raise Refusal("UNAVAILABLE", f"model {name} is being loaded; try again later")
        which = "version" if version is None else f"version {version}"
        served = ", ".join(map(str, numbers)) or "none"
        raise Refusal("NOT_FOUND", f"model {name} has no {which} that is served; served: {served}")

    def _asked(self, model: Model, version: int | None, label: str) -> int | None:
        """The version that is asked for; None for the newest, which some clients write as 0."""
        if not label:
            return None if version == 0 and 0 not in model.versions else version
        if label not in model.config.labels:
            known = ", ".join(sorted(model.config.labels)) or "none"
            raise Refusal(
                "NOT_FOUND",
                f"model {model.config.name} has no label {label[:80]!r}; known: {known}",
            )
        return model.config.labels[label]

    # === Loading and dropping ===

    def _look_again(self) -> None:
        while not self._stopped.wait(self._poll):
            try:
                self.look()
            except Exception:  # the thread must go on; what is served stays
                log.exception("looking for new versions")

    def _look(self, model: Model, first: bool) -> None:
        there, refused = find_versions(model.config.folder)
        for complaint in sorted(set(refused) - model.complaints):
            log.warning("not served: %s", complaint)
        before, model.seen, model.complaints = model.seen, there, frozenset(refused)
        settled = {n: f for n, f in there.items() if first or before.get(n) == f}
        # One that is gone may be about to be replaced: it is dropped at the next look.
        vanished = {n: before[n] for n in model.available() if n in before and n not in there}
        settled |= {n: model.versions[n].found for n in vanished}
        while todo := model.unloaded(settled):
            for number in todo:
                self._load(model, number, settled[number])
        # Keep every wanted version that is in the folder, even one that is still being written.
        # A newer version that cannot be loaded takes nobody's place.
        with self._lock:
            failed = {n for n, v in model.versions.items() if v.state == END}
            usable = {n: f for n, f in (there | vanished).items() if n in model.available()}
        keep = set(model.wanted(usable)) | failed & set(there)
        self._retire(model, [number for number in model.versions if number not in keep])

    def _load(self, model: Model, number: int, found: Found) -> None:
        name = model.config.name
        with self._lock:
            old = model.versions.get(number)
            if old is None or old.state == END:
                model.versions[number] = Version(found=found)
        self._watch(name, number, LOADING)
        log.info("loading version %d of %s from %s", number, name, found.folder)
        try:
            servable = Servable(name, number, found.folder)
            count = servable.warm_up(found.folder) if self._warm_up else 0
            new = Version(AVAILABLE, servable, found)
            log.info("version %d of %s is served, after %d warm-up requests", number, name, count)
        except (ValueError, OSError) as error:
            log.error("%s", error)
            if old is not None and old.state == AVAILABLE:
                old.found = found  # not tried again until the folder changes
                return
            new = Version(END, None, found, str(error))
        with self._lock:
            model.versions[number] = new
            if old is not None and old.state == AVAILABLE:
                old.state = UNLOADING
                model.retired.append((number, old))
            self._end_unused()
        self._watch(name, number, new.state)

    def _retire(self, model: Model, numbers: list[int]) -> None:
        with self._lock:
            for number in numbers:
                entry = model.versions.pop(number)
                entry.state = UNLOADING
                model.retired.append((number, entry))
            self._end_unused()
        for number in numbers:
            log.info("version %d of %s is no longer served", number, model.config.name)
            self._watch(model.config.name, number, END)

    def _end_unused(self) -> None:
        """Let go of versions that nobody asks and no request is using; with the lock held."""
        for model in self._models.values():
            for _, entry in model.retired:
                if entry.state == UNLOADING and entry.users == 0:
                    entry.state, entry.servable, self._garbage = END, None, True
            del model.retired[:-REMEMBERED]
