"""A model that vLLM runs as a policy: with vLLM itself where it is installed, and what is ours with a stand-in."""

from __future__ import annotations

import importlib.util
import math
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from assaygym.agents import vllm_policy, vllm_requests, vllm_setup
from assaygym.agents.parity import check_sampled, model_scores
from assaygym.agents.policy import Policy, Prompt, SamplingParams
from assaygym.agents.tiny import save_tiny, tiny_model, tiny_tokenizer
from assaygym.agents.vllm_policy import VLLMPolicy
from assaygym.errors import ConfigError, ContextOverflowError, MissingDependencyError, PolicyError, WeightMismatchError
from assaygym.types import Completion, Message

ROOT = Path(__file__).parents[2]
TOKENIZER: Any = tiny_tokenizer()
CONTEXT = 160


class StandIn:
    """Answers as `LLMEngine` does, in one step for each request, with a model that it loads from the folder."""

    def __init__(self, options: dict[str, Any]) -> None:
        from transformers import AutoModelForCausalLM

        self.options = options
        self.model: Any = AutoModelForCausalLM.from_pretrained(options["model"])
        self.model_config = SimpleNamespace(
            max_model_len=options.get("max_model_len", 4096), dtype=torch.float32, get_vocab_size=lambda: len(TOKENIZER)
        )
        self.requests: dict[str, Any] = {}
        self.calls: list[Any] = []
        self.finish_reason: str | None = None

    def add_request(self, request_id: str, prompt: Any, params: Any) -> None:
        self.requests[request_id] = (prompt, params)

    def step(self) -> list[Any]:
        request_id, (ids, params) = next(iter(self.requests.items()))
        del self.requests[request_id]
        answer = self._scored(ids) if "prompt_logprobs" in params else self._sampled(ids, params)
        return [SimpleNamespace(request_id=request_id, finished=True, **answer)]

    def sleep(self, level: int) -> None:
        self.calls.append(("sleep", level))

    def wake_up(self) -> None:
        self.calls.append("wake_up")

    def _scored(self, ids: Sequence[int]) -> dict[str, Any]:
        return {"prompt_logprobs": SimpleNamespace(logprobs=list(model_scores(self.model, [ids])[0]))}

    def _sampled(self, ids: Sequence[int], params: dict[str, Any]) -> dict[str, Any]:
        generator = torch.Generator().manual_seed(params["seed"] or 0)
        row, logprobs, reason = list(ids), [], "length"
        while len(row) < len(ids) + params["max_tokens"] and reason == "length":
            with torch.no_grad():
                logits = self.model(input_ids=torch.tensor([row])).logits[0, -1]
            logps = (logits / (params["temperature"] or 1.0)).log_softmax(-1)
            drawn = torch.multinomial(logps.exp(), 1, generator=generator) if params["temperature"] else logps.argmax()
            row.append(int(drawn))
            logprobs += [float(logps[row[-1]]), math.log(0.5), -math.inf]
            text = TOKENIZER.decode(row[len(ids) :], skip_special_tokens=True)
            if row[-1] in params["stop_token_ids"] or any(string in text for string in params["stop"]):
                reason = "stop"
        output = SimpleNamespace(
            token_ids=row[len(ids) :],
            logprobs=SimpleNamespace(logprobs=logprobs),
            finish_reason=self.finish_reason or reason,
        )
        return {"outputs": [output]}


@pytest.fixture
def gpu(request: pytest.FixtureRequest) -> bool:
    """Whether the stand-in says that it computes on a GPU."""
    return bool(getattr(request, "param", False))


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch, gpu: bool) -> Iterator[Callable[..., VLLMPolicy]]:
    def update(engine: StandIn, weights: dict[str, Any]) -> None:
        engine.calls.append("update")
        engine.model.load_state_dict(weights)

    weights = SimpleNamespace(update=update)
    monkeypatch.setitem(sys.modules, "assaygym.agents.vllm_weights", weights)
    monkeypatch.setattr(vllm_setup, "require_vllm", lambda: None)
    monkeypatch.setattr(vllm_setup, "on_cpu", lambda: not gpu)
    monkeypatch.setattr(vllm_setup, "defaults", lambda: {"dtype": "float32"})
    monkeypatch.setattr(vllm_setup, "make_engine", StandIn)
    monkeypatch.setattr(vllm_setup, "end_engine", lambda engine: engine.calls.append("ended"))
    monkeypatch.setattr(vllm_requests, "_request", lambda ids, **params: (list(ids), params))
    made: list[VLLMPolicy] = []

    def of(model: Any = None, tokenizer: Any = TOKENIZER, **options: Any) -> VLLMPolicy:
        model = tiny_model(TOKENIZER, hidden=32, layers=1, heads=2) if model is None else model
        made.append(VLLMPolicy(model, tokenizer, **{"context": CONTEXT, **options}))
        return made[-1]

    yield of
    for policy in made:
        policy.close()


def engine_of(policy: VLLMPolicy) -> StandIn:
    return policy._thread.alone(lambda engine: engine, mends=True)  # type: ignore[no-any-return]


def step(model: Any) -> None:
    with torch.no_grad():
        model.lm_head.weight += 0.05 * torch.randn_like(model.lm_head.weight)


def prompt(text: str) -> Prompt:
    asked = (Message(role="user", content=text),)
    return Prompt(messages=asked, observation=asked)


def ask(policy: VLLMPolicy, *texts: str, **params: Any) -> list[Completion]:
    return policy.generate([prompt(text) for text in texts], SamplingParams(**{"max_tokens": 10, "seed": 1, **params}))


def agrees(policy: VLLMPolicy) -> bool:
    return check_sampled(ask(policy, "x"), policy.model, name="v", tolerance=1e-5).largest < 1e-5


def test_without_vllm_it_says_what_to_install() -> None:
    if importlib.util.find_spec("vllm"):
        pytest.skip("vllm is installed here")
    with pytest.raises(MissingDependencyError, match=r"VLLMPolicy needs vllm.*assaygym\[vllm\]"):
        VLLMPolicy("some/model")


def test_the_environment_is_put_back_after_the_import(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VLLM_LOGGING_LEVEL", "DEBUG")
    monkeypatch.delenv("VLLM_ENABLE_V1_MULTIPROCESSING", raising=False)
    before = dict(os.environ)
    with vllm_setup.in_this_process():
        assert (os.environ["VLLM_LOGGING_LEVEL"], os.environ["VLLM_ENABLE_V1_MULTIPROCESSING"]) == ("DEBUG", "0")
    assert dict(os.environ) == before


def test_a_completion_holds_ids_log_probabilities_and_estimated_entropies(make: Callable[..., VLLMPolicy]) -> None:
    policy = make()
    assert isinstance(policy, Policy)
    completion, other = ask(policy, "2+2?", "2+2?")
    assert TOKENIZER.decode(completion.prompt_ids) == "<user>2+2?<end><assistant>"
    assert completion.message.content == TOKENIZER.decode(completion.token_ids, skip_special_tokens=True)
    assert completion.entropies is None
    assert completion.top_k_entropies == pytest.approx([0.5 * math.log(2)] * len(completion.token_ids))
    assert completion.token_ids != other.token_ids  # the second prompt has a seed of its own
    assert agrees(policy)


def test_the_request_is_what_was_asked_for(make: Callable[..., VLLMPolicy]) -> None:
    policy = make(top_k=5)
    prompt_ids = policy.chat.prompt_ids(prompt("x"))
    ids, params = policy._request(prompt_ids, SamplingParams(temperature=0.5, top_p=0.9, stop=("b",)), 7)
    assert (tuple(ids), params["temperature"], params["top_p"], params["seed"]) == (prompt_ids, 0.5, 0.9, 7)
    assert (params["logprobs"], params["max_tokens"]) == (5, CONTEXT - len(prompt_ids))
    assert (params["stop"], params["detokenize"]) == (["b"], True)
    assert not policy._request(prompt_ids, SamplingParams(), 7)[1]["detokenize"]
    assert params["stop_token_ids"] == [TOKENIZER.eos_token_id]
    assert params["ignore_eos"] is False
    policy.end_ids = []
    assert policy._request(prompt_ids, SamplingParams(), 7)[1]["ignore_eos"] is True


def test_no_more_ids_are_asked_for_than_there_are(make: Callable[..., VLLMPolicy]) -> None:
    assert make(top_k=5000).top_k == len(TOKENIZER)


def test_the_text_ends_before_the_stop_string(make: Callable[..., VLLMPolicy]) -> None:
    policy = make()
    free = ask(policy, "x", max_tokens=40)[0].message.content
    (cut,) = ask(policy, "x", max_tokens=40, stop=(free[4:6],))
    assert (cut.message.content, cut.finish_reason) == (free.split(free[4:6])[0], "stop")


def test_a_prompt_beyond_the_context_is_an_overflow(make: Callable[..., VLLMPolicy]) -> None:
    policy = make()
    (last,) = ask(policy, "x" * (CONTEXT - 4))
    assert (len(last.prompt_ids), len(last.token_ids)) == (CONTEXT - 1, 1)
    with pytest.raises(ContextOverflowError, match=f"prompt has {CONTEXT} tokens and the context of vllm.* {CONTEXT}"):
        ask(policy, "x" * (CONTEXT - 3))


@pytest.mark.parametrize("temperature", [0.005, 2.1])
def test_a_temperature_that_vllm_would_change_is_refused(make: Callable[..., VLLMPolicy], temperature: float) -> None:
    with pytest.raises(ConfigError, match="vLLM samples at 0"):
        ask(make(), "x", temperature=temperature)


def test_a_completion_that_the_engine_gave_up_is_an_error(make: Callable[..., VLLMPolicy]) -> None:
    policy = make()
    engine_of(policy).finish_reason = "abort"
    with pytest.raises(PolicyError, match="ended a completion with 'abort'"):
        ask(policy, "x")


def test_scores_are_the_models(make: Callable[..., VLLMPolicy]) -> None:
    policy = make()
    assert policy.score([[9, 8, 7], [9, 8]]) == model_scores(policy.model, [[9, 8, 7], [9, 8]])


def test_a_model_needs_its_tokenizer_and_a_name_a_model(make: Callable[..., VLLMPolicy], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="without a tokenizer"):
        make(tokenizer=None)
    with pytest.raises(ConfigError, match=r"cannot load the model .*expected a folder with a transformers model"):
        make(str(tmp_path), tokenizer=None)
    with pytest.raises(ConfigError, match="top_k is 0"):
        make(top_k=0)


def test_an_engine_that_computes_something_else_is_refused_from_the_start(
    make: Callable[..., VLLMPolicy], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Wrong(StandIn):
        def __init__(self, options: dict[str, Any]) -> None:
            super().__init__(options)
            step(self.model)

    monkeypatch.setattr(vllm_setup, "make_engine", Wrong)
    with pytest.raises(WeightMismatchError):
        make()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("vllm")]


@pytest.mark.parametrize("gpu", [False, True], indirect=True)
def test_a_sync_updates_the_engine_in_place_and_checks_it(make: Callable[..., VLLMPolicy]) -> None:
    policy = make()
    engine = engine_of(policy)
    step(policy.model)
    assert policy.sync().largest < 1e-5
    assert engine_of(policy) is engine
    assert engine.calls == ["update"]
    assert agrees(policy)


@pytest.mark.parametrize("options", [{"in_place": False}, {"tensor_parallel_size": 2}])
def test_a_sync_makes_the_engine_anew_where_it_must(make: Callable[..., VLLMPolicy], options: dict[str, Any]) -> None:
    policy = make(**options)
    engine = engine_of(policy)
    step(policy.model)
    assert policy.sync().largest < 1e-5
    assert engine.calls == ["ended"]
    assert engine_of(policy).options == {**engine.options, "model": engine_of(policy).options["model"]}
    assert not Path(engine.options["model"]).exists()
    assert agrees(policy)


@pytest.mark.parametrize("in_place", [True, False])
def test_wrong_weights_are_refused_until_a_sync_brings_the_right_ones(
    make: Callable[..., VLLMPolicy], monkeypatch: pytest.MonkeyPatch, in_place: bool
) -> None:
    policy = make(in_place=in_place)
    step(policy.model)
    with monkeypatch.context() as patched:
        old = engine_of(policy).model
        patched.setattr(sys.modules["assaygym.agents.vllm_weights"], "update", lambda engine, weights: None)
        patched.setattr(StandIn, "_scored", lambda self, ids: {"prompt_logprobs": scored(old, ids)})
        with pytest.raises(WeightMismatchError, match="does not have the trainer's weights"):
            policy.sync()
    for _ in range(2):
        with pytest.raises(WeightMismatchError, match="does not have the trainer's weights"):
            ask(policy, "x")
    policy.sync()
    assert agrees(policy)


def scored(model: Any, ids: Sequence[int]) -> Any:
    return SimpleNamespace(logprobs=list(model_scores(model, [ids])[0]))


def test_what_is_sampled_is_checked_too_since_a_cache_may_hold_the_weights_before(
    make: Callable[..., VLLMPolicy], monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = make()
    stale = tiny_model(TOKENIZER, hidden=32, layers=1, heads=2, seed=9)
    monkeypatch.setattr(StandIn, "_scored", lambda self, ids: {"prompt_logprobs": scored(policy.model, ids)})
    monkeypatch.setattr(
        sys.modules["assaygym.agents.vllm_weights"], "update", lambda engine, _: setattr(engine, "model", stale)
    )
    with pytest.raises(WeightMismatchError):
        policy.sync()


def test_a_state_is_synced_as_a_model_is(make: Callable[..., VLLMPolicy]) -> None:
    policy = make()
    other = tiny_model(TOKENIZER, hidden=32, layers=1, heads=2, seed=9)
    assert policy.sync(other.state_dict()).largest < 1e-5
    check_sampled(ask(policy, "x"), other, name="v", tolerance=1e-5)


def test_the_state_of_a_model_with_tied_embeddings_may_name_them_once(tmp_path: Path) -> None:
    folder = save_tiny(tmp_path, hidden=32, layers=1, heads=2)
    config = (folder / "config.json").read_text()
    (folder / "config.json").write_text(config.replace('"tie_word_embeddings": false', '"tie_word_embeddings": true'))
    state = tiny_model(TOKENIZER, hidden=32, layers=1, heads=2, seed=9).state_dict()
    del state["lm_head.weight"]
    model = vllm_setup.model_of_state(state, str(folder))
    assert model.lm_head.weight is model.model.embed_tokens.weight
    assert torch.equal(model.lm_head.weight, state["model.embed_tokens.weight"])


def test_what_cannot_be_synced_is_refused_before_the_engine_is_touched(
    make: Callable[..., VLLMPolicy], tmp_path: Path
) -> None:
    policy = make(str(save_tiny(tmp_path / "model", hidden=32, layers=1, heads=2)), tokenizer=None)
    with pytest.raises(ConfigError, match=r"made from a name; pass sync\(\)"):
        policy.sync()
    with pytest.raises(ConfigError, match="merge it first"):
        policy.sync(SimpleNamespace(peft_config={}))
    with pytest.raises(ConfigError, match=r"names differ, such as lm_head.weight"):
        policy.sync({"model.norm.weight": torch.zeros(32)})
    assert engine_of(policy).calls == []
    assert ask(policy, "x")


def test_on_a_cpu_a_sleeping_engine_is_ended_and_made_anew(make: Callable[..., VLLMPolicy]) -> None:
    policy = make()
    engine = engine_of(policy)
    policy.sleep()
    policy.sleep()
    assert engine.calls == ["ended"]
    with pytest.raises(PolicyError, match="has no engine: it was put to sleep, wake it first"):
        ask(policy, "x")
    policy.wake()
    policy.wake()
    assert agrees(policy)


def test_on_a_cpu_weights_that_were_synced_in_place_do_not_come_back_as_older_ones(
    make: Callable[..., VLLMPolicy],
) -> None:
    policy = make()
    step(policy.model)
    policy.sync()
    policy.sleep()
    with pytest.raises(PolicyError, match=r"dropped its weights.*call sync\(\)"):
        policy.wake()
    assert policy.sync().largest < 1e-5
    policy.sleep()
    policy.wake()
    assert agrees(policy)


@pytest.mark.parametrize("gpu", [True], indirect=True)
def test_on_a_gpu_the_engine_sleeps_and_wakes_itself(make: Callable[..., VLLMPolicy]) -> None:
    policy = make()
    policy.sleep()
    with pytest.raises(PolicyError, match="sleeps; call wake"):
        ask(policy, "x")
    policy.wake()
    assert engine_of(policy).calls == [("sleep", 1), "wake_up"]
    assert agrees(policy)


@pytest.mark.parametrize("gpu", [True], indirect=True)
def test_on_a_gpu_dropped_weights_come_back_by_a_sync_alone(make: Callable[..., VLLMPolicy]) -> None:
    policy = make()
    policy.sleep(keep_weights=False)
    with pytest.raises(PolicyError, match=r"dropped its weights.*call sync\(\)"):
        policy.wake()
    step(policy.model)
    policy.sync()
    assert engine_of(policy).calls == [("sleep", 2), "wake_up", "update"]
    assert agrees(policy)


@pytest.mark.parametrize("in_place", [True, False])
def test_an_engine_that_failed_is_made_anew_by_a_sync(
    make: Callable[..., VLLMPolicy], monkeypatch: pytest.MonkeyPatch, in_place: bool
) -> None:
    policy = make(in_place=in_place)

    def fail(engine: StandIn, *_: Any) -> Any:
        raise RuntimeError("out of memory")

    with monkeypatch.context() as patched:
        patched.setattr(StandIn, "step", fail)
        with pytest.raises(PolicyError, match="generation failed: RuntimeError: out of memory"):
            ask(policy, "x")
    with pytest.raises(PolicyError, match="must be made anew: RuntimeError: out of memory"):
        ask(policy, "x")
    with pytest.raises(PolicyError, match="must be made anew: RuntimeError: out of memory"):
        policy._thread.alone(lambda engine: engine, mends=True)
    policy.sync()
    assert agrees(policy)


def test_closing_leaves_no_thread_and_no_folder(make: Callable[..., VLLMPolicy]) -> None:
    with make() as policy:
        folder, thread = policy._folder.name, policy._thread._thread
        assert Path(folder).is_dir()
    assert not Path(folder).exists()
    assert not thread.is_alive()


def test_a_policy_that_is_forgotten_ends_its_engine(make: Callable[..., VLLMPolicy]) -> None:
    policy = vllm_policy.VLLMPolicy(tiny_model(TOKENIZER, hidden=32, layers=1, heads=2), TOKENIZER)
    thread = policy._thread._thread
    del policy
    assert not thread.is_alive()


def python_with_vllm() -> str | None:
    if importlib.util.find_spec("vllm"):
        return sys.executable
    python = ROOT / ".venv-vllm/bin/python"
    return str(python) if python.exists() else None


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_all_of_it_holds_with_vllm_itself() -> None:
    """In a process of its own: an engine changes the process that it runs in."""
    python = python_with_vllm()
    if python is None:
        pytest.skip("vllm is not installed: scripts/vllm.sh makes a .venv-vllm that has it")
    checks = Path(__file__).with_name("vllm_checks.py")
    command = [python, "-m", "pytest", "-o", "addopts=", "--import-mode=importlib", "-q", "-rs", str(checks)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None
    assert int(passed[1]) == len(re.findall(r"^def test_", checks.read_text(), re.M)) + 4  # values of parameters
    assert "skipped" not in done.stdout
