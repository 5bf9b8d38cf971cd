"""Policies by name: what `--policy` takes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from assaygym.agents.policy import Policy, Prompt
from assaygym.errors import ConfigError, DataError, PolicyError, did_you_mean
from assaygym.foreign_json import read_json

__all__ = ["policy_from", "policy_names"]


def policy_from(spec: str, *, base_url: str | None = None, seed: int = 0, **options: Any) -> Policy:
    """The policy that a text names.

    Args:
        spec: `NAME` or `NAME:ARGUMENT`, one of `policy_names()`.
        base_url: the server of `openai:`.
        seed: of `random`, and of the near misses of `oracle:NOISE`.
        options: further arguments of the policy's own class (`api_key=`, `device=`, ...).

    Raises:
        ConfigError: no such policy, an argument that is missing or not wanted, or an unknown option.
        DataError: the file of `scripted:` cannot be read.
    """
    name, colon, argument = spec.partition(":")
    if name not in _MAKERS:
        raise ConfigError(f"no policy {name!r}; {did_you_mean(name, policy_names())}")
    make, wanted = _MAKERS[name]
    if name not in OPTIONAL and bool(argument or (colon and name == "constant")) != bool(wanted):
        shape = f"{name}:{wanted}" if wanted else f"{name} alone"
        raise ConfigError(f"policy {spec!r}; expected {shape}")
    if base_url is not None:
        if name != "openai":
            raise ConfigError(f"policy {spec!r} takes no base URL; only openai:MODEL asks a server")
        options["base_url"] = base_url
    if name in ("random", "oracle"):
        options["seed"] = seed
    try:
        return make(argument, **options)
    except TypeError as error:
        raise ConfigError(f"policy {spec!r} does not take these options: {error}") from error


def policy_names() -> tuple[str, ...]:
    """Every form that `policy_from` takes."""
    forms = (
        (name, f"{name}:{wanted}") if name in OPTIONAL else (f"{name}:{wanted}" if wanted else name,)
        for name, (_, wanted) in _MAKERS.items()
    )
    return tuple(form for both in forms for form in both)


def script_of(path: str | Path) -> Callable[[Prompt], str]:
    """The responses of a JSON lines file, as a function of the prompt.

    A row is `{"response": TEXT}`: the rows are the turns of every episode, in order. Rows with a `task_id` are the
    turns of that task alone.

    Raises:
        DataError: the file cannot be read, or a row is not of that form.
    """
    scripts: dict[str | None, list[str]] = {}
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot read the script {path}: {error}") from error
    for number, line in enumerate(lines, start=1):
        if line.strip():
            task_id, response = _script_row(line, f"{path}:{number}")
            scripts.setdefault(task_id, []).append(response)
    return lambda prompt: _scripted(scripts, prompt, str(path))


def _script_row(line: str, where: str) -> tuple[str | None, str]:
    try:
        row = read_json(line)
    except ValueError as error:
        raise DataError(f"{where} is not JSON: {error}") from error
    if not isinstance(row, dict) or not isinstance(row.get("response"), str):
        raise DataError(f'{where} is {line[:80]}; expected {{"response": TEXT}}, with "task_id" if it is for one task')
    return row.get("task_id"), row["response"]


def _scripted(scripts: dict[str | None, list[str]], prompt: Prompt, path: str) -> str:
    task = prompt.env.task.id if prompt.env is not None and prompt.env.task is not None else None
    script = scripts.get(task, scripts.get(None, []))
    if prompt.turn >= len(script):
        raise PolicyError(
            f"{path} has {len(script)} responses for task {task!r} and the episode reached turn {prompt.turn + 1}"
        )
    return script[prompt.turn]


def _plain(name: str) -> Callable[..., Policy]:
    def make(_: str, **options: Any) -> Policy:
        from assaygym.agents import human, scripted

        policy: Policy = getattr(human if name == "HumanPolicy" else scripted, name)(**options)
        return policy

    return make


def _oracle(noise: str, **options: Any) -> Policy:
    from assaygym.agents.scripted import OraclePolicy

    try:
        share = float(noise or 0)
    except ValueError:
        raise ConfigError(f"policy 'oracle:{noise}'; expected a share of near misses, such as oracle:0.2") from None
    return OraclePolicy(share, **options)


def _constant(text: str, **options: Any) -> Policy:
    from assaygym.agents.scripted import ConstantPolicy

    return ConstantPolicy(text, **options)


def _from_file(path: str, **options: Any) -> Policy:
    from assaygym.agents.scripted import ScriptedPolicy

    return ScriptedPolicy(script_of(path), **options)


def _openai(model: str, **options: Any) -> Policy:
    from assaygym.agents.openai_policy import OpenAIPolicy

    return OpenAIPolicy(model, **options)


def _hf(model: str, **options: Any) -> Policy:
    from assaygym.agents.transformers_policy import TransformersPolicy

    return TransformersPolicy(model, **options)


def _vllm(model: str, **options: Any) -> Policy:
    from assaygym.agents.vllm_policy import VLLMPolicy

    return VLLMPolicy(model, **options)


_MAKERS: dict[str, tuple[Callable[..., Policy], str]] = {
    "oracle": (_oracle, "NOISE"),
    "null": (_plain("NullPolicy"), ""),
    "echo": (_plain("EchoPolicy"), ""),
    "random": (_plain("RandomPolicy"), ""),
    "human": (_plain("HumanPolicy"), ""),
    "constant": (_constant, "TEXT"),
    "scripted": (_from_file, "FILE.jsonl"),
    "openai": (_openai, "MODEL"),
    "hf": (_hf, "PATH_OR_ID"),
    "vllm": (_vllm, "PATH_OR_ID"),
}
OPTIONAL = frozenset({"oracle"})
"""Policies that need no argument and take one."""
