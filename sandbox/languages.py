"""The languages that programs may be written in, and how each is compiled and run.

Python runs in the engine's warm interpreter. Any other language is at most one command that compiles and one that runs,
both carried out inside the sandbox, in the scratch folder that holds the program and its files. It can be used where
its tools lie on `SYSTEM_PATH`; what a user keeps elsewhere (a version manager in the home) is not shown to programs.

Another language is one file:

    from assaygym.sandbox.languages import Language, register

    PERL = register(
        Language(
            name="perl",
            aliases=("pl",),
            source="main.pl",
            run=("perl", "main.pl"),
            shows=("share/perl", "share/perl5"),
            install="apt install perl",
        )
    )

It is known once it is imported, or always when its distribution declares it in the entry-point group
`assaygym.languages` (`perl = "my_module:PERL"`). A variant of a language is `dataclasses.replace` of it:

    cpp20 = ("g++", "-O2", "-std=gnu++20", "-o", "main", "main.cpp")
    register(replace(language("cpp"), name="cpp20", aliases=(), compile=cpp20))
"""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import warnings
from dataclasses import dataclass
from functools import cache

from assaygym.errors import ConfigError, did_you_mean

__all__ = ["GROUP", "SYSTEM_PATH", "Language", "installed", "language", "locate", "register"]

GROUP = "assaygym.languages"
"""The entry-point group in which distributions declare languages: `module:attribute` of a `Language`."""
SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"
"""Where tools are looked for, whatever the caller's own PATH."""
MIB = 1 << 20
NAME = re.compile(r"[a-z0-9][a-z0-9+#._-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """How programs of one language are compiled and run.

    The first word of a command is the name of a tool, or a path such as `./main` below the scratch folder. In a
    command `{memory_mib}` stands for the memory limit of the run in MiB.

    Raises:
        ConfigError: a name, or the way the fields go together, is not usable.
    """

    name: str
    """Lower case; upper and lower case are the same to callers."""
    aliases: tuple[str, ...] = ()
    source: str
    """The file name under which the program is laid into the scratch folder."""
    compile: tuple[str, ...] | None = None
    """The command that makes the artifacts; None where programs are run as they are."""
    run: tuple[str, ...]
    """The command, which the program's own arguments follow. () for Python alone: the engine runs it warm."""
    artifacts: tuple[str, ...] = ()
    """The files that the compile step leaves and a run needs, in place of the source. They are made executable."""
    takes_part: tuple[str, ...] = ()
    """How the names of those files end that the compile step may read; () for all. Others are neither shown to it nor
    part of the cache's key, so that a program is compiled once for many input files."""
    tools: tuple[str, ...] = ()
    """What it needs beside the first words of its commands."""
    install: str = ""
    """The command that installs the tools, for the message when they are missing."""
    shows: tuple[str, ...] = ()
    """What a jail must show beside the tools themselves and /usr/lib: folders, absolute or below the prefix of each
    tool (`include` is /usr/include for /usr/bin/gcc). Those that do not exist are left out."""
    environment: tuple[str, ...] = ()
    """`NAME=value`, on top of the environment that every program gets."""
    address_space: bool = True
    """Whether the memory limit may count reserved addresses; False for runtimes that reserve gigabytes. Their threads'
    stacks count even then: a soft stack limit of 64 MiB keeps node from starting."""
    processes: int = 0
    """Processes and threads of the runtime itself, granted on top of the limit."""
    memory_bytes: int = 0
    """Memory of the runtime itself, granted on top of the limit."""
    exhausted: str = ""
    """A regular expression that finds, in the stderr of a failure, that memory ran out."""

    def __post_init__(self) -> None:
        for name in (self.name, *self.aliases):
            if not NAME.fullmatch(name):
                raise ConfigError(f"language name {name!r} is not usable; expected e.g. 'c++20', in lower case")
        if self.artifacts and self.compile is None:
            raise ConfigError(f"language {self.name!r} has artifacts but no compile command; give it one, or none")
        if self.compile is not None and not (self.compile and self.run):
            raise ConfigError(f"language {self.name!r} has a compile step; it needs a compile and a run command")

    @property
    def warm(self) -> bool:
        """Whether the engine runs it in its own interpreter, without a command."""
        return not self.run

    @property
    def needs(self) -> tuple[str, ...]:
        """The names of all tools it needs."""
        first = [command[0] for command in (self.compile, self.run) if command]
        return tuple(dict.fromkeys(name for name in (*first, *self.tools) if "/" not in name))

    def missing(self) -> tuple[str, ...]:
        """Those of its tools that are not on `SYSTEM_PATH`."""
        return tuple(name for name in self.needs if locate(name) is None)

    def paths(self) -> tuple[str, ...]:
        """The paths of this machine that a jail must show read-only for it, links included; () when it is missing."""
        found: list[str] = []
        for tool in filter(None, map(locate, self.needs)):
            chain = _chain(tool)
            prefix = os.path.dirname(os.path.dirname(chain[-1]))
            found += [*chain, *(os.path.join(prefix, folder) for folder in self.shows)]
        return tuple(dict.fromkeys(path for path in found if os.path.lexists(path)))


def locate(tool: str) -> str | None:
    """The absolute path of a tool on `SYSTEM_PATH`, None where there is none."""
    return shutil.which(tool, path=SYSTEM_PATH)


def register(language: Language) -> Language:
    """Make a language known under its name and aliases; the same one again changes nothing.

    Returns:
        The language.

    Raises:
        ConfigError: another language has one of the names.
    """
    names = (language.name, *language.aliases)
    for name in names:
        if _known.get(name, language) != language:
            raise ConfigError(f"language name {name!r} is taken by {_known[name].name!r}; choose another")
    _known.update(dict.fromkeys(names, language))
    return language


def language(name: str, *, here: bool = True) -> Language:
    """The language of a name or alias, in upper or lower case.

    Args:
        name: e.g. "cpp", "C++", "nodejs".
        here: whether its tools must be on this machine; False where programs run elsewhere (a container).

    Raises:
        ConfigError: no language has this name, or its tools are missing; the message says which, and what to install.
    """
    key = name.lower()
    if key not in _known:
        _register_declared()
    if key not in _known:
        raise ConfigError(f"no language {name!r}; {did_you_mean(key, _known)}")
    found = _known[key]
    if here and not found.warm and (missing := found.missing()):
        hint = f": {found.install}" if found.install else ""
        raise ConfigError(
            f"language {found.name!r} needs {' and '.join(missing)}, not found on {SYSTEM_PATH}; install it{hint}"
        )
    return found


def installed() -> tuple[Language, ...]:
    """The languages whose tools are on this machine, in the order in which they were registered."""
    _register_declared()
    return tuple(found for found in dict.fromkeys(_known.values()) if not found.missing())


@cache
def _register_declared() -> None:
    """Register what installed distributions declare, once; warns of what cannot be loaded."""
    for point in importlib.metadata.entry_points(group=GROUP):
        try:
            found = point.load()
            if not isinstance(found, Language):
                raise ConfigError(f"{point.value} is a {type(found).__name__}; expected a Language")
            register(found)
        except Exception as error:  # whatever another's module raises must not take our languages away
            where = point.dist.name if point.dist is not None else "an installed distribution"
            message = f"the language {point.name!r} of {where} is left out: {error}"
            warnings.warn(message, RuntimeWarning, stacklevel=2)


def _chain(path: str) -> list[str]:
    """The path and every link on the way to the file it stands for, which comes last."""
    chain = [path]
    while os.path.islink(chain[-1]):
        chain.append(os.path.normpath(os.path.join(os.path.dirname(chain[-1]), os.readlink(chain[-1]))))
    return [*chain, os.path.realpath(path)]


GCC_SHOWS = ("/usr/include", "include", "lib/gcc", "libexec/gcc")
GCC_EXHAUSTED = r"out of memory allocating \d+ bytes|virtual memory exhausted|Killed signal terminated program"
HEADERS = (".h", ".hh", ".hpp", ".hxx", ".inc", ".inl", ".ipp", ".tcc", ".def", ".c", ".cc", ".cpp", ".cxx")

_known: dict[str, Language] = {}
register(Language(name="python", aliases=("py", "python3"), source="main.py", run=()))
register(
    Language(
        name="c",
        source="main.c",
        # the GNU dialect and this macro are what programs written for online judges count on
        compile=("gcc", "-O2", "-std=gnu17", "-DONLINE_JUDGE", "-o", "main", "main.c", "-lm"),
        run=("./main",),
        artifacts=("main",),
        takes_part=HEADERS,
        install="apt install gcc libc6-dev",
        shows=GCC_SHOWS,
        exhausted=GCC_EXHAUSTED,
    )
)
register(
    Language(
        name="cpp",
        aliases=("c++", "cxx"),
        source="main.cpp",
        compile=("g++", "-O2", "-std=gnu++17", "-DONLINE_JUDGE", "-pthread", "-o", "main", "main.cpp"),
        run=("./main",),
        artifacts=("main",),
        takes_part=HEADERS,
        install="apt install g++",
        shows=GCC_SHOWS,
        exhausted=rf"{GCC_EXHAUSTED}|instance of 'std::bad_alloc'",
    )
)
register(
    Language(
        name="javascript",
        aliases=("js", "node", "nodejs"),
        source="main.js",
        # told its limit, V8 collects garbage before it reaches it; untold, it dies of garbage
        run=("node", "--max-old-space-size={memory_mib}", "main.js"),
        install="apt install nodejs",
        shows=("share/nodejs",),
        address_space=False,
        processes=16,
        memory_bytes=96 * MIB,  # itself 40, and up to 48 for its young objects, which its limit does not count
        exhausted=r"JavaScript heap out of memory|Array buffer allocation failed|instance of 'std::bad_alloc'",
    )
)
register(
    Language(
        name="bash",
        aliases=("sh",),
        source="main.sh",
        run=("bash", "main.sh"),
        install="apt install bash",
        exhausted=r"x(?:m|re)alloc: cannot allocate \d+ bytes",
    )
)
