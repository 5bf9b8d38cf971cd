"""What each backend covers, and whether it works on this machine: for `assay doctor`."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field

from assaygym.errors import told
from assaygym.sandbox import _alone, docker, jail, process, remote
from assaygym.sandbox._container import connect
from assaygym.sandbox._coverage import Answer, abilities, protections, usable_languages
from assaygym.sandbox._image import layer_of_this_machine
from assaygym.sandbox._interpreter import PACKAGES
from assaygym.sandbox._open import BACKENDS, open_sandbox

__all__ = ["Answer", "BackendReport", "describe"]

LISTS = {
    "jail": (jail.COVERED, jail.NOT_COVERED),
    "jail (landlock)": (_alone.COVERED, _alone.NOT_COVERED),
    "docker": (docker.COVERED, docker.NOT_COVERED),
    "remote": (remote.COVERED, remote.NOT_COVERED),
    "process": (process.COVERED, process.NOT_COVERED),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendReport:
    """One backend on this machine."""

    name: str
    """As `open_sandbox` takes it."""
    title: str
    """Its name, with the tier that is in force where it has several."""
    works: bool
    reason: str
    """Why it does not work and what mends it, or why it was not tried; "" when it works."""
    isolation: tuple[str, ...] = ()
    """The mechanisms that a run here was really under; () when it was not tried or does not work."""
    coverage: dict[str, Answer] = field(default_factory=dict[str, Answer])
    """Protections and abilities as found on this machine; {} when it was not tried or does not work."""
    languages: tuple[str, ...] = ()
    """Which of the languages that this package brings really run in it."""
    covered: tuple[str, ...]
    not_covered: tuple[str, ...]


def describe() -> tuple[BackendReport, ...]:
    """Every backend, strongest first, each tried with a few programs.

    The remote one only where the environment names a server; docker only where it has its image already, since making
    that takes long.
    """
    return tuple(_report(name) for name in BACKENDS)


def _report(name: str) -> BackendReport:
    covered, not_covered = LISTS[name]
    try:
        backend = _image_of_docker() if name == "docker" else name
        if not backend:
            return BackendReport(
                name=name,
                title=name,
                works=True,
                reason="the daemon answers; not tried, for its image is yet to be made, by open_sandbox('docker')",
                covered=covered,
                not_covered=not_covered,
            )
        return _tried(name, backend)
    except Exception as error:  # a doctor tells what is wrong and goes on
        return BackendReport(
            name=name, title=name, works=False, reason=told(error), covered=covered, not_covered=not_covered
        )


def _tried(name: str, backend: str) -> BackendReport:
    with open_sandbox(backend, workers=1) as sandbox:
        isolation = sandbox.run("pass").isolation
        title = f"{name} (landlock)" if name == "jail" and "landlock" in isolation else name
        covered, not_covered = LISTS[title]
        return BackendReport(
            name=name,
            title=title,
            works=True,
            reason="",
            isolation=isolation,
            coverage={**protections(isolation), **abilities(sandbox)},
            languages=usable_languages(sandbox, isolation),
            covered=covered,
            not_covered=not_covered,
        )


def _image_of_docker() -> str:
    """How to open docker with the image of this machine that its daemon has; "" where it has none yet.

    Raises:
        MissingDependencyError: the docker SDK is not installed.
        IsolationError: no daemon answers.
    """
    with closing(connect()) as client:
        tag = layer_of_this_machine(PACKAGES).tag()
        return f"docker:{tag}" if client.images.list(name=tag) else ""
