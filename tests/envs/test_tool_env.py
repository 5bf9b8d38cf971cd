"""Tools from methods, and episodes whose verdict comes from the final state."""

import json
import math
import random
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import gymnasium
import pytest
from pydantic import Field

import assaygym as ag
from assaygym.envs.tool_env import CALLS_PER_TURN
from assaygym.envs.tools import RESULT_CHARACTERS
from assaygym.errors import ConfigError


class Desk(ag.ToolEnv, id="test/desk-v0", max_turns=4, difficulty={"orders": (2, 5)}):
    """You are a shop assistant.

    Refund what the user asks for.
    """

    orders: int
    prices: dict[str, int]
    refunded: set[str]
    target: str

    def setup(self, rng: random.Random) -> str:
        self.prices = {f"A{i}": rng.randint(10, 99) for i in range(self.orders)}
        self.refunded = set()
        self.target = rng.choice(sorted(self.prices))
        return f"Refund {self.target} of {json.dumps(self.prices)}."

    @ag.tool
    def refund(self, order_id: str, note: Annotated[str, Field(description="Why.")] = "") -> str:
        """Refund an order."""
        if order_id not in self.prices:
            raise ag.ToolError(f"no order {order_id}")
        self.refunded.add(order_id)
        return "ok"

    @ag.tool
    def price(self, order_id: str, currency: Literal["usd", "eur"] = "usd") -> dict[str, Any]:
        """Price of an order."""
        return {"price": self.prices[order_id], "currency": currency}

    @ag.tool
    def dump(self, size: int) -> str:
        """Much text."""
        return "x" * size

    def verify(self) -> bool:
        return self.refunded == {self.target}

    def solve(self) -> Iterator[Any]:
        yield ag.call("refund", order_id=self.target)
        yield "Done."


def calls(*requests: tuple[str, Any]) -> str:
    return "".join(
        f"<tool_call>{json.dumps({'name': name, 'arguments': arguments})}</tool_call>" for name, arguments in requests
    )


@pytest.fixture
def desk() -> Desk:
    env = Desk()
    env.reset(seed=1)
    return env


def test_the_docstring_is_the_system_prompt_and_setup_gives_the_question(desk: Desk) -> None:
    _, info = desk.reset(seed=2)
    system, user = info["messages"]
    assert (system.role, system.content) == ("system", "You are a shop assistant.\n\nRefund what the user asks for.")
    assert user.content.startswith("Refund A")


def test_the_class_is_registered_with_its_first_line_and_turns() -> None:
    spec = ag.spec("test/desk-v0")
    assert (spec.summary, spec.max_turns, spec.kind) == ("You are a shop assistant.", 4, "tool")
    assert gymnasium.make("test/desk-v0").unwrapped.id == "test/desk-v0"  # type: ignore[attr-defined]


def test_schemas_come_from_signatures(desk: Desk) -> None:
    refund, price, _ = desk.tools
    assert (refund.name, refund.description) == ("refund", "Refund an order.")
    assert refund.parameters == {
        "type": "object",
        "properties": {
            "order_id": {"type": "string"},
            "note": {"type": "string", "default": "", "description": "Why."},
        },
        "required": ["order_id"],
        "additionalProperties": False,
    }
    assert price.parameters["properties"]["currency"]["enum"] == ["usd", "eur"]


def test_a_call_is_answered_with_its_result_and_the_episode_goes_on(desk: Desk) -> None:
    observation, reward, terminated, truncated, info = desk.step(
        "Sure. " + calls(("refund", {"order_id": desk.target}))
    )
    assert (observation, reward, terminated, truncated) == ("ok", 0.0, False, False)
    (call,) = info["action"].tool_calls
    assert info["action"].content == "Sure."
    assert info["messages"][0].tool_call_id == call.id
    assert (info["tool_calls"], info["tool_errors"]) == (1, 0)


def test_a_turn_without_a_call_is_the_final_answer_and_the_state_decides(desk: Desk) -> None:
    desk.step(calls(("refund", {"order_id": desk.target})))
    _, reward, terminated, _, _ = desk.step("Refunded.")
    assert (reward, terminated, desk.reply) == (1.0, True, "Refunded.")


def test_saying_so_is_not_doing_so(desk: Desk) -> None:
    assert desk.step(f"I refunded {desk.target}.")[1] == 0.0


def test_several_calls_of_one_turn_run_in_order(desk: Desk) -> None:
    observation, *_ = desk.step(calls(("price", {"order_id": "A0"}), ("refund", {"order_id": "A0"})))
    assert observation == json.dumps({"price": desk.prices["A0"], "currency": "usd"}) + "\n\nok"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (calls(("refnd", {})), "no tool 'refnd'; did you mean 'refund'?"),
        (calls(("refund", {})), "order_id: Field required"),
        (calls(("refund", {"order_id": "A0", "extra": 1})), "extra: Extra inputs are not permitted"),
        (calls(("refund", {"order_id": {"a": 1}})), "order_id: Input should be a valid string"),
        (calls(("refund", [1])), "wrong arguments"),
        (calls(("refund", "not json")), "wrong arguments"),
        (calls(("price", {"order_id": "A0", "currency": "gbp"})), "Input should be 'usd' or 'eur'"),
        (calls(("refund", {"order_id": "Z9"})), "no order Z9"),
        ("<tool_call>{", "No tool was run."),
    ],
)
def test_a_wrong_call_is_answered_as_text(desk: Desk, text: str, said: str) -> None:
    observation, reward, terminated, _, info = desk.step(text)
    assert observation.startswith("Error: ")
    assert said in observation
    assert (reward, terminated, info["tool_errors"]) == (0.0, False, 1)


@pytest.mark.parametrize(("closing", "repaired"), [("</tool_call>", False), ("", True)])
def test_leniency_in_reading_a_call_is_told(desk: Desk, closing: str, repaired: bool) -> None:
    *_, info = desk.step('<tool_call>{"name": "dump", "arguments": {"size": 1}}' + closing)
    assert info["repaired"] is repaired


def test_a_turn_with_a_malformed_call_runs_none_of_its_calls(desk: Desk) -> None:
    desk.step(calls(("refund", {"order_id": desk.target})) + "<tool_call>{")
    assert desk.refunded == set()


def test_a_tool_that_raises_is_invalid_with_the_reason(desk: Desk) -> None:
    _, reward, terminated, _, info = desk.step(calls(("price", {"order_id": "Z9"})))
    assert math.isnan(reward)
    assert terminated
    assert "KeyError: 'Z9'" in info["score"].explanation


def test_calls_beyond_the_limit_of_a_turn_are_refused(desk: Desk) -> None:
    *_, info = desk.step(calls(*[("dump", {"size": 1})] * (CALLS_PER_TURN + 3)))
    assert info["tool_errors"] == 3
    assert "at most" in info["messages"][-1].content


def test_a_long_result_is_cut_and_says_so(desk: Desk) -> None:
    observation, *_ = desk.step(calls(("dump", {"size": RESULT_CHARACTERS + 5})))
    assert observation.endswith("[cut: 5 more characters]")


def test_the_turn_limit_truncates_and_the_state_still_counts(desk: Desk) -> None:
    desk.step(calls(("refund", {"order_id": desk.target})))
    for _ in range(2):
        desk.step(calls(("dump", {"size": 1})))
    _, reward, terminated, truncated, info = desk.step(calls(("dump", {"size": 1})))
    assert (reward, terminated, truncated) == (1.0, False, True)
    assert info["score"].value == 1.0


def test_structured_calls_are_written_in_the_grammar_of_the_environment(desk: Desk) -> None:
    message = ag.Message(role="assistant", content="Sure.", tool_calls=(ag.call("refund", order_id="A0"),))
    assert desk.parse_action(desk.action_text(message)).tool_calls[0].name == "refund"


def test_call_ids_differ_from_turn_to_turn(desk: Desk) -> None:
    ids = [desk.step(calls(("dump", {"size": 1})))[4]["messages"][0].tool_call_id for _ in range(3)]
    assert len(set(ids)) == 3


def test_nothing_of_an_episode_is_left_after_reset(desk: Desk) -> None:
    desk.leak = "from before"  # type: ignore[attr-defined]
    desk.step("bye")
    desk.reset(seed=2)
    assert not hasattr(desk, "leak")
    assert desk.reply == ""


def test_knobs_are_set_on_the_environment_before_setup() -> None:
    env = Desk(level=1)
    env.reset(seed=1)
    assert len(env.prices) == 5


def test_branches_of_a_live_episode_are_independent(desk: Desk) -> None:
    left, right = desk.fork(2)
    left.step(calls(("refund", {"order_id": left.target})))
    assert right.refunded == desk.refunded == set()
    assert left.step("Done.")[1] == 1.0
    assert right.step("Done.")[1] == 0.0


def test_a_subclass_inherits_tools_and_may_withdraw_one() -> None:
    class Small(Desk):
        """Fewer tools."""

        dump = None  # type: ignore[assignment]

    assert [spec.name for spec in Small().tools] == ["refund", "price"]


def without_annotation(self: Any, x) -> str:  # type: ignore[no-untyped-def]
    return ""


def variadic(self: Any, *x: int) -> str:
    return ""


@pytest.mark.parametrize(
    ("function", "message"), [(without_annotation, "annotate parameter 'x'"), (variadic, "is variadic")]
)
def test_a_tool_without_a_schema_is_a_sentence(function: Any, message: str) -> None:
    class Broken(ag.ToolEnv):
        odd = ag.tool(function)

    with pytest.raises(ConfigError, match=message):
        Broken().tools


def static(x: int) -> int:
    return x


async def later(self: Any, x: int) -> int:
    return x


def one_by_one(self: Any, x: int) -> Iterator[int]:
    yield x


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (staticmethod(static), "a plain method, not staticmethod"),
        (classmethod(later), "a plain method, not classmethod"),
        (property(static), "a plain method, not property"),
        (later, "'later' is async or a generator"),
        (one_by_one, "'one_by_one' is async or a generator"),
    ],
)
def test_only_a_plain_method_is_a_tool(function: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        ag.tool(function)


def test_a_decorator_above_the_tool_is_refused_too() -> None:
    with pytest.raises(ConfigError, match="a plain method, not staticmethod"):
        type("Odd", (ag.ToolEnv,), {"static": staticmethod(ag.tool(static))})


def test_an_annotation_that_cannot_be_read_names_its_parameter() -> None:
    def look(self: Any, order: "Absent") -> str:  # type: ignore[name-defined]  # noqa: F821
        return str(order)

    env = type("Odd", (Desk,), {"look": ag.tool(look)})()
    with pytest.raises(ConfigError, match="'Absent' of 'order' cannot be read: name 'Absent' is not defined"):
        env.reset(seed=1)


def test_a_return_annotation_is_never_read() -> None:
    def look(self: Any, order: "int") -> "Absent":  # type: ignore[name-defined]  # noqa: F821
        return order

    env = type("Fine", (Desk,), {"look": ag.tool(look)})()
    env.reset(seed=1)
    assert env.step(env.action_text(ag.Message(role="assistant", content="", tool_calls=(ag.call("look", order=3),))))[
        0
    ] == ("3")


def _json(self: Any, json: int, _x: int, model_config: int = 4, *, copy: int | None = None) -> list[int | None]:
    return [json, _x, model_config, copy]


def test_parameters_may_have_any_name() -> None:
    env = type("Names", (Desk,), {"look": ag.tool(_json)})()
    env.reset(seed=1)
    look = next(spec for spec in env.tools if spec.name == "look")
    assert list(look.parameters["properties"]) == ["json", "_x", "model_config", "copy"]
    said, *_ = env.step('<tool_call>{"name": "look", "arguments": {"json": 1, "_x": 2, "copy": 5}}</tool_call>')
    assert said == "[1, 2, 4, 5]"


@pytest.mark.parametrize("name", ["close", "reset", "tools", "id", "verify"])
def test_a_tool_with_the_name_of_a_part_of_the_environment_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=f"the tool '{name}' of Odd hides ToolEnv.{name}"):
        type("Odd", (Desk,), {name: ag.tool(_json)})


@pytest.mark.parametrize("name", ["split", "knobs", "level", "close", "reply"])
def test_a_knob_with_the_name_of_a_part_of_the_environment_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=f"the knob '{name}' hides"):

        class Odd(Desk, difficulty={name: (1, 2)}):
            pass


@pytest.mark.parametrize("name", ["id", "split", "task", "tools", "knobs", "turns", "close", "grammar"])
def test_state_with_the_name_of_a_part_of_the_environment_is_refused(name: str) -> None:
    def setup(self: Any, rng: random.Random) -> str:
        setattr(self, name, 5)
        return "question"

    env = type("Odd", (Desk,), {"setup": setup})()
    with pytest.raises(ConfigError, match=f"self.{name} of Odd is the environment's own"):
        env.reset(seed=1)


def test_a_subclass_inherits_the_system_prompt_and_may_have_its_own() -> None:
    class Quiet(Desk):
        pass

    class Loud(Desk):
        """Shout."""

    def prompt(env: ag.ToolEnv) -> str:
        return str(env.reset(seed=1)[1]["messages"][0].content)

    assert prompt(Quiet()) == prompt(Desk()) != prompt(Loud()) == "Shout."


def test_half_a_surrogate_pair_in_a_result_is_replaced() -> None:
    env = type("Odd", (Desk,), {"look": ag.tool(lambda self: "a\ud83d")})()
    env.reset(seed=1)
    assert env.step('<tool_call>{"name": "look"}</tool_call>')[0] == "a?"


def test_a_class_without_its_methods_says_which_is_missing() -> None:
    class Empty(ag.ToolEnv):
        """Nothing."""

    with pytest.raises(ag.AssayError, match=r"has no setup\(self, rng\)"):
        Empty().reset(seed=1)
    assert not Empty().has_oracle
