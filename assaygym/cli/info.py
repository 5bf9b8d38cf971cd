"""`assay info`: what there is to know of one environment."""

from __future__ import annotations

import json as json_format
from typing import TYPE_CHECKING, Any

from assaygym.cli.command import EnvId, Json, Level, Seed, resolve_id
from assaygym.cli.output import console, emit_json, show_table

if TYPE_CHECKING:
    from assaygym.envs.core import Env
    from assaygym.envs.registration import EnvSpec


def info(env_id: EnvId, seed: Seed = 0, level: Level = None, json: Json = False) -> int:
    """Show one environment: a sample prompt, its tools, its knobs, how it is judged."""
    from assaygym.envs.registration import make

    found = resolve_id(env_id)
    env = make(found.id, split="all", **({} if level is None else {"level": level}))
    env.reset(seed=seed)
    facts = _facts(found, env)
    env.close()
    if json:
        emit_json(facts)
    else:
        _show(facts)
    return 0


def _facts(found: EnvSpec, env: Env) -> dict[str, Any]:
    assert env.task is not None  # it was just reset
    definition: Any = getattr(env, "definition", env)
    return {
        "id": found.id,
        "kind": found.kind,
        "summary": found.summary,
        "turns": env.max_turns,
        "needs": list(found.requires),
        "code": found.origin,
        "verifier": _verifier(definition),
        "oracle": env.has_oracle,
        "knobs": {name: list(values) for name, values in getattr(definition, "difficulty", {}).items()},
        "values": dict(env.knobs),
        "rows": len(definition.rows) if hasattr(definition, "rows") else None,
        "tools": [
            {"name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)}
            for tool in env.tools
        ],
        "prompt": [{"role": message.role, "content": message.content} for message in env.task.prompt],
    }


def _verifier(definition: Any) -> str:
    from assaygym.verifiers.base import name_of

    return name_of(definition.verifier) if hasattr(definition, "verifier") else "the final state of the episode"


def _show(facts: dict[str, Any]) -> None:
    rows = [
        ("kind", facts["kind"]),
        ("turns", facts["turns"]),
        ("needs", ", ".join(facts["needs"]) or "-"),
        ("code", facts["code"]),
        ("verifier", facts["verifier"]),
        ("oracle", "yes" if facts["oracle"] else "no"),
    ]
    if facts["rows"] is not None:
        rows.append(("rows", facts["rows"]))
    for name, value in facts["values"].items():
        levels = ", ".join(map(str, facts["knobs"].get(name, ())))
        rows.append((f"knob {name}", f"{value}{f' (levels 0, 1, ...: {levels})' if levels else ''}"))
    show_table(("", ""), rows, title=f"{facts['id']}  {facts['summary']}")
    out = console()
    for tool in facts["tools"]:
        out.print(f"\ntool {tool['name']}: {tool['description']}", markup=False)
        out.print(json_format.dumps(tool["parameters"], ensure_ascii=False), markup=False, soft_wrap=True)
    for message in facts["prompt"]:
        out.print(f"\n[{message['role']}] {message['content']}", markup=False, soft_wrap=True)
