"""Every attack of the tables, on one sandbox of one worker: it gets nothing, the next run is clean, the host untouched.

The same judgement is shown to be able to fail: attacks that do no harm run without a sandbox, where they must be found
to succeed; and what poisons an interpreter is shown to be seen by the probe, run in the poisoned interpreter itself.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from assaygym.sandbox import ExecResult, ExecStatus, Limits, Sandbox, open_sandbox
from tests.sandbox.attacks import (
    bombs,
    channels,
    clocks,
    crashes,
    endgames,
    exits,
    files,
    floods,
    kernel,
    leftovers,
    network,
    poison,
    readers,
    rights,
    signals,
    sources,
    states,
    survivors,
)
from tests.sandbox.attacks.attack import Attack
from tests.sandbox.attacks.host import Host, marked
from tests.sandbox.attacks.probe import PROBE

pytestmark = pytest.mark.alone  # limits of a fraction of a second, and everything of the host is counted
CLASSES: dict[str, tuple[Attack, ...]] = {
    "exits": exits.ATTACKS,
    "endgames": endgames.ATTACKS,
    "channels": channels.ATTACKS,
    "readers": readers.ATTACKS,
    "files": files.ATTACKS,
    "signals": signals.ATTACKS,
    "survivors": survivors.ATTACKS,
    "bombs": bombs.ATTACKS,
    "floods": floods.ATTACKS,
    "crashes": crashes.ATTACKS,
    "network": network.ATTACKS,
    "kernel": kernel.ATTACKS,
    "rights": rights.ATTACKS,
    "clocks": clocks.ATTACKS,
    "leftovers": leftovers.ATTACKS,
    "poison": poison.ATTACKS,
    "states": states.ATTACKS,
    "sources": sources.ATTACKS,
}
ALL = [
    pytest.param(attack, id=f"{kind}: {attack.name}", marks=[pytest.mark.slow] if attack.slow else [])
    for kind, table in CLASSES.items()
    for attack in table
]
HARMLESS = [
    pytest.param(attack, id=f"{kind}: {attack.name}")
    for kind, table in CLASSES.items()
    for attack in table
    if attack.harmless
]
SHOWN_OTHERWISE = ("poison", "states", "leftovers")
"""Classes whose proof is that the probe sees what they do to their own interpreter."""
NOT_SHOWN = ("channels", "endgames")
"""A channel needs a sandbox's `spawn`; and the bare interpreter tells its own end truly."""
POISONS = [
    pytest.param(attack, id=attack.name) for kind in SHOWN_OTHERWISE for attack in CLASSES[kind] if not attack.after
]
RECEIVE_SECONDS = 0.4


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    with Host() as host:
        yield host


@pytest.fixture(scope="module")
def worker(namespaces: None, host: Host) -> Iterator[Sandbox]:
    with open_sandbox("jail", workers=1) as sandbox:
        assert sandbox.run("pass").status is ExecStatus.OK
        time.sleep(0.2)  # what the sandbox prepares for the next run is there before the state is noted
        host.steady()
        yield sandbox


@pytest.fixture(scope="module")
def finds(worker: Sandbox) -> tuple[dict[str, object], dict[str, object]]:
    """What two runs in a row find on a fresh worker."""
    return probe(worker), probe(worker)


@pytest.fixture(scope="module")
def clean(finds: tuple[dict[str, object], dict[str, object]]) -> dict[str, object]:
    """What every later run must find: what the first two agreed on, and a test of its own says on what they did not."""
    first, second = finds
    return {name: seen for name, seen in first.items() if second[name] == seen}


def probe(sandbox: Sandbox) -> dict[str, object]:
    result = sandbox.run(PROBE)
    assert (result.status, result.stderr) == (ExecStatus.OK, "")
    seen: dict[str, object] = json.loads(result.stdout)
    return seen


def differences(before: dict[str, object], now: dict[str, object]) -> list[str]:
    return [f"{name}: {was} before, {now.get(name)} now" for name, was in before.items() if now.get(name) != was]


def carry_out(attack: Attack, sandbox: Sandbox, host: Host) -> list[str]:
    """Run the attack, with what belongs before and after it; what was not as it must be."""
    if attack.prior:
        go_before(attack, sandbox, host)
    program, start, found = host.fill(attack.program), time.monotonic(), []
    if attack.receives is None:
        result = sandbox.run(program, stdin=attack.stdin, limits=attack.limits, fetch=attack.fetch)
    else:
        process = sandbox.spawn(program, limits=attack.limits)
        received = tuple(process.recv(RECEIVE_SECONDS) for _ in attack.receives)
        if received != attack.receives:
            found.append(f"received {received}, not {attack.receives}")
        result = process.finish()
    found += attack.faults(result, time.monotonic() - start, host)
    if attack.after:
        after = sandbox.run(host.fill(attack.after))
        if (after.status, after.stdout) != (ExecStatus.OK, "held\n"):
            found.append(f"the run after: {after.status}, {after.stdout!r}, {after.stderr[-500:]!r}")
    return found


def go_before(attack: Attack, sandbox: Sandbox, host: Host) -> ExecResult:
    """Run what belongs before the attack; it gets the secret in every way there is."""
    given = {"given.txt": host.secret.encode()}
    return sandbox.run(host.fill(attack.prior), stdin=host.secret, argv=(host.secret,), files=given)


@pytest.mark.parametrize("attack", ALL)
def test_the_attack_fails(attack: Attack, worker: Sandbox, host: Host, clean: dict[str, object]) -> None:
    if attack.needs and not any(attack.needs in name for name in worker.run("pass").isolation):
        pytest.skip(f"this jail has no {attack.needs}")
    found = carry_out(attack, worker, host)
    found += differences(clean, probe(worker))
    if found := found + host.harm():
        pytest.fail("\n".join(found), pytrace=False)


def test_two_runs_on_a_fresh_worker_find_the_same(finds: tuple[dict[str, object], dict[str, object]]) -> None:
    assert differences(*finds) == []


@pytest.mark.parametrize("attack", HARMLESS)
def test_the_check_would_notice_success(attack: Attack, host: Host, tmp_path: Path) -> None:
    """Without a sandbox."""
    result, seconds = without_a_sandbox(host.fill(attack.program), tmp_path, attack.limits)
    found = attack.faults(result, seconds, host)
    found += [f"alive: {number}" for number in marked(host.mark)] + host.contacts + os.listdir(host.out)
    host.undo()
    assert found != []


@pytest.mark.parametrize("attack", [pytest.param(one, id=one.name) for one in readers.ATTACKS if one.scans])
def test_the_scan_would_find_the_secret(attack: Attack, worker: Sandbox, host: Host) -> None:
    """Where it was read by the program itself."""
    program = f"import sys\nkept = sys.stdin.read()\nexec({attack.program!r}, globals())"
    assert host.secret in worker.run(program, stdin=host.secret, limits=attack.limits).stdout


@pytest.mark.parametrize("attack", [pytest.param(one, id=one.name) for one in readers.ATTACKS if one.prior])
def test_the_run_before_holds_the_secret(attack: Attack, worker: Sandbox, host: Host) -> None:
    assert go_before(attack, worker, host).stdout == f"{host.secret}\n"


def test_each_class_has_an_attack_that_is_shown_to_be_noticed() -> None:
    shown = {kind for kind, table in CLASSES.items() if any(attack.harmless for attack in table)}
    assert set(CLASSES) - shown - {*SHOWN_OTHERWISE, *NOT_SHOWN} == set()


THEN_PROBE = """exec({program!r}, globals())
exec({probe!r}, {{"__name__": "__main__"}})
"""


def telling(result: ExecResult) -> dict[str, object]:
    """What the probe found, but for the modules of the library, which any program imports; nothing if it is mute."""
    try:
        seen = json.loads(result.stdout.splitlines()[-1])
        modules = [name for name in seen["modules"] if name.partition(".")[0] not in sys.stdlib_module_names]
    except (IndexError, ValueError, KeyError, TypeError):
        return {}
    return {**seen, "modules": modules, "random_state": None}


@pytest.fixture(scope="module")
def healthy(worker: Sandbox) -> dict[str, object]:
    """What the probe finds when another program ran before it in its own interpreter, and did nothing."""
    return telling(worker.run(THEN_PROBE.format(program="pass", probe=PROBE)))


@pytest.mark.parametrize("attack", POISONS)
def test_the_probe_would_notice_the_poison(
    attack: Attack, worker: Sandbox, host: Host, healthy: dict[str, object]
) -> None:
    """Run in the very interpreter that was poisoned. Where the probe cannot even speak, it was noticed."""
    result = worker.run(THEN_PROBE.format(program=host.fill(attack.program), probe=PROBE), limits=attack.limits)
    assert result.status is not ExecStatus.OK or differences(healthy, telling(result)) != []


def test_the_probe_notices_nothing_where_nothing_was_poisoned(worker: Sandbox, healthy: dict[str, object]) -> None:
    program = (
        "import ctypes, gc, json, os, random, re, signal, subprocess, threading, time\nprint('held', flush=True)\n"
    )
    seen = telling(worker.run(THEN_PROBE.format(program=program + "x = [object()]", probe=PROBE)))
    assert seen != {}
    assert differences(healthy, seen) == []


def test_there_are_more_than_150_attacks_and_no_two_alike() -> None:
    attacks = [attack for table in CLASSES.values() for attack in table]
    assert len(attacks) >= 150
    assert len({attack.name for attack in attacks}) == len(attacks)
    assert len({(attack.program, attack.stdin, attack.limits, attack.fetch) for attack in attacks}) == len(attacks)


def without_a_sandbox(program: str, folder: Path, limits: Limits) -> tuple[ExecResult, float]:
    """Run a harmless attack as anybody would: a child, with the environment it inherits."""
    (folder / "main.py").write_text(program)
    start = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "main.py"],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as child:
        try:
            out, err = child.communicate(timeout=limits.wall_seconds)
            timed_out = False
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            out, err = child.communicate()
            timed_out = True
    code, seconds = child.returncode, time.monotonic() - start
    ended = ExecStatus.NONZERO_EXIT if code > 0 else ExecStatus.SIGNALED if code else ExecStatus.OK
    return ExecResult(
        status=ExecStatus.TIMEOUT if timed_out else ended,
        exit_code=code if code >= 0 else None,
        signal=-code if code < 0 else None,
        stdout=out,
        stderr=err,
        truncated=False,
        cpu_seconds=0.0,
        wall_seconds=seconds,
        peak_memory_bytes=None,
    ), seconds
