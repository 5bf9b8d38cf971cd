"""The script that starts a docker daemon."""

import os
import subprocess
from pathlib import Path
from typing import Any


class TestScript:
    SCRIPT = Path(__file__).parents[2] / "scripts" / "docker.sh"

    def run(self, *arguments: str, **environment: str) -> tuple[int, str]:
        done = subprocess.run(
            [str(self.SCRIPT), *arguments],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    def test_where_a_daemon_answers_it_does_nothing(self, docker_client: Any) -> None:
        before = docker_client.info()["ID"]
        assert self.run() == (0, "")
        assert docker_client.info()["ID"] == before

    def test_a_daemon_elsewhere_is_not_its_business(self) -> None:
        code, said = self.run(DOCKER_HOST="tcp://127.0.0.1:9")
        assert (code, "expected unix:///path" in said) == (2, True)

    def test_a_word_it_does_not_know_is_refused(self) -> None:
        assert self.run("restart") == (2, "usage: scripts/docker.sh [start|stop], not 'restart'\n")
