"""An honest program: one that must end in a jail as `python3 main.py` ends it, which the tests ask on the spot."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from assaygym.sandbox import ExecResult, Limits

ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
SCRATCH = "/tmp"
"""Where a jail has the program."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Honest:
    """A program and what it is given. `says` must stand in its output, so that two failures are not taken for one."""

    name: str
    program: str = field(repr=False)
    says: str = ""
    stdin: str = ""
    argv: tuple[str, ...] = ()
    files: dict[str, bytes] = field(default_factory=dict[str, bytes])
    limits: Limits = field(default=Limits(wall_seconds=20))
    errors: bool = True
    """Whether standard error must be the same too."""

    def truth(self, folder: Path) -> Ending:
        """What the bare interpreter makes of it, in a folder of its own."""
        (folder / "main.py").write_text(self.program, encoding="utf-8")
        for name, content in self.files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        python = getattr(sys, "_base_executable", sys.executable)
        seen = subprocess.run(
            [python, "-s", "main.py", *self.argv],
            cwd=folder,
            env=ENVIRONMENT | {"HOME": str(folder), "TMPDIR": str(folder)},
            input=self.stdin.encode(),
            capture_output=True,
            check=False,
            timeout=30,
        )
        code = seen.returncode
        streams = (seen.stdout.decode(errors="replace"), seen.stderr.decode(errors="replace"))
        return self._ending(code if code >= 0 else None, -code if code < 0 else None, *streams, f"{folder}/")

    def seen(self, result: ExecResult) -> Ending:
        """What a sandbox made of it."""
        return self._ending(result.exit_code, result.signal, result.stdout, result.stderr, f"{SCRATCH}/")

    def _ending(self, code: int | None, signal: int | None, stdout: str, stderr: str, place: str) -> Ending:
        """Its own folder differs from place to place, and is left out here."""
        stdout, stderr = (text.replace(place, "") for text in (stdout, stderr))
        return code, signal, stdout, stderr if self.errors else ""


Ending = tuple[int | None, int | None, str, str]
"""Exit code, signal, standard output, standard error."""
