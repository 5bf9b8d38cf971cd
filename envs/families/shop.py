"""`assay/Shop-v0`: serve a customer with the shop's tools under a policy; the final state is judged.

A customer asks for one to three things; the policy, whose parameters are drawn with the task, allows each or forbids it
for exactly one reason. Right is: the allowed ones carried out, the others refused with their reason through `refuse`,
and nothing else changed. Doing nothing is therefore never right. The world itself lets the policy be broken.
"""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator, Sequence
from typing import Any

from assaygym.envs.families import shop_world as world
from assaygym.envs.families.shop_cases import Builder, Case, Policy, Reason
from assaygym.envs.families.shop_world import State
from assaygym.envs.tool_env import ToolEnv
from assaygym.envs.tools import call, tool
from assaygym.errors import ConfigError, ToolError
from assaygym.types import Message, Score, ToolCall
from assaygym.verifiers.state import state_equals

__all__ = ["Shop"]

GREETINGS = ("Hello!", "Good morning.", "Hi there.", "Good day.", "Good evening.")
INTRODUCTIONS = (
    "My e-mail address is {email} and my postcode is {postcode}.",
    "I am registered as {email}, postcode {postcode}.",
    "You know me as {email}; I live in {postcode}.",
)
MORE = ("Also: ", "Besides: ", "One more thing: ", "Another matter: ")
DENIED = 0.15
"""How often the customer gives a wrong postcode, where that matters."""
ALLOWED = 0.55


class Shop(
    ToolEnv,
    id="assay/Shop-v0",
    max_turns=12,
    difficulty={
        "rules": (1, 2, 3, 4, 5),
        "requests": (1, 1, 1, 2, 3),
        "orders": (2, 3, 4, 5, 7),
        "customers": (2, 3, 5, 8, 12),
        "named": (False, False, False, True, True),
    },
    summary="Serve a customer with shop tools under a policy; the final state is checked.",
):
    """You work in the service of a web shop. Do what the customer asks wherever the policy allows it, with the tools.

    Where it does not, call `refuse` with the order and the reason that the policy names. Change nothing else. When all
    is done, answer the customer in a few words and without a tool call.
    """

    rules: int
    requests: int
    orders: int
    customers: int
    named: bool
    state: State
    expected: State
    policy: Policy
    cases: list[Case]
    customer_id: str
    postcode: str
    """As the customer gives it."""
    confirmed: list[str]
    rash: list[str]
    """Changes made before the identity check that the policy asks for."""

    def setup(self, rng: random.Random) -> Sequence[Message]:
        """Fill the database, draw the policy and what the customer wants."""
        self._check_knobs()
        self.policy = Policy.draw(rng, self.rules)
        builder = Builder(rng, self.policy, self.named)
        for _ in range(self.customers - 1):
            other = builder.customer()
            builder.filler(other)
        self.customer_id = builder.customer()
        denied = self.policy.checks_identity and rng.random() < DENIED
        self.cases = self._draw_cases(rng, builder, denied)
        for _ in range(self.orders - self.requests):
            builder.filler(self.customer_id)
        self.state, self.confirmed, self.rash = _shuffled(rng, builder.state), [], []
        self.postcode = self.state["customers"][self.customer_id]["postcode"]
        if denied:
            self.postcode = str(10_000 + (int(self.postcode) - 10_000 + rng.randint(1, 89_999)) % 90_000)
        self.expected = self._right_end()
        return self._prompt(rng)

    @tool
    def find_customer(self, email: str) -> dict[str, str]:
        """Find a customer by e-mail address."""
        for customer_id, customer in self.state["customers"].items():
            if customer["email"] == email.strip().lower():
                return {"customer_id": customer_id, "name": customer["name"]}
        raise ToolError("no customer has this e-mail address")

    @tool
    def check_identity(self, customer_id: str, postcode: str) -> str:
        """Compare the postcode that the customer gives with the one on record."""
        customer = self._customer(customer_id)
        if customer["postcode"] != postcode.strip():
            return "not confirmed: the postcode differs"
        if customer_id not in self.confirmed:
            self.confirmed.append(customer_id)
        return "confirmed"

    @tool
    def list_orders(self, customer_id: str) -> list[dict[str, Any]]:
        """List the orders of a customer: id, status, products."""
        self._customer(customer_id)
        return [
            {"order_id": order_id, "status": order["status"], "products": [item["product"] for item in order["items"]]}
            for order_id, order in self.state["orders"].items()
            if order["customer_id"] == customer_id
        ]

    @tool
    def get_order(self, order_id: str) -> State:
        """Show an order with its items."""
        return world.find_order(self.state, order_id)

    @tool
    def get_stock(self, product: str) -> dict[str, int]:
        """Show how many of each variant of a product are in stock."""
        return world.stock_of(self.state, product)

    @tool
    def refund(self, order_id: str, item_id: str) -> str:
        """Pay one item of an order back."""
        done = world.refund(self.state, order_id, item_id)
        return self._noted(order_id, done)

    @tool
    def cancel(self, order_id: str) -> str:
        """Cancel a whole order."""
        done = world.cancel(self.state, order_id)
        return self._noted(order_id, done)

    @tool
    def exchange(self, order_id: str, item_id: str, variant: str) -> str:
        """Exchange one item of an order for another variant of the same product."""
        done = world.exchange(self.state, order_id, item_id, variant)
        return self._noted(order_id, done)

    @tool
    def change_address(self, order_id: str, address: str) -> str:
        """Send an order to another address."""
        done = world.change_address(self.state, order_id, address)
        return self._noted(order_id, done)

    @tool
    def refuse(self, order_id: str, reason: Reason) -> str:
        """Refuse what the customer asks for about an order, with the reason that the policy names."""
        world.find_order(self.state, order_id)
        if [order_id, reason] in self.state["refusals"]:
            raise ToolError(f"order {order_id} was refused for this reason already")
        self.state["refusals"].append([order_id, reason])
        return f"noted: refused for order {order_id}, {reason}"

    def verify(self) -> Score:
        """The database and the refusals are as they should be, and nothing was done before the identity check."""
        if self.rash:
            return Score.of(0.0, explanation=f"before the identity check: {self.rash[0]}")
        final = {**self.state, "refusals": sorted(self.state["refusals"])}
        return state_equals()(final, self.expected)

    def solve(self) -> Iterator[str | ToolCall | list[ToolCall]]:
        """Look everything up, then do what the policy says."""
        yield call("find_customer", email=self.state["customers"][self.customer_id]["email"])
        if self.policy.checks_identity:
            yield call("check_identity", customer_id=self.customer_id, postcode=self.postcode)
        yield call("list_orders", customer_id=self.customer_id)
        yield [call("get_order", order_id=case.order_id) for case in self.cases]
        for case in self.cases:
            yield list(case.calls) or call("refuse", order_id=case.order_id, reason=case.reason)
        refused = sum(case.reason is not None for case in self.cases)
        yield "I am sorry, not all of this is possible under our policy." if refused else "All done."

    def _draw_cases(self, rng: random.Random, builder: Builder, denied: bool) -> list[Case]:
        kinds = [rng.choice(self.policy.kinds) for _ in range(self.requests)]
        cases = [builder.case(self.customer_id, kind, denied or rng.random() < ALLOWED) for kind in kinds]
        if denied:
            return [Case(case.wish, case.order_id, (), "identity_not_confirmed") for case in cases]
        return cases

    def _right_end(self) -> State:
        """The state that a faithful assistant leaves."""
        end = copy.deepcopy(self.state)
        for case in self.cases:
            for made in case.calls:
                getattr(world, made.name)(end, **json.loads(made.arguments))
        end["refusals"] = sorted([case.order_id, case.reason] for case in self.cases if case.reason)
        return end

    def _prompt(self, rng: random.Random) -> Sequence[Message]:
        rules = "\n".join(f"{i}. {sentence}" for i, sentence in enumerate(self.policy.sentences(), 1))
        email = self.state["customers"][self.customer_id]["email"]
        introduction = rng.choice(INTRODUCTIONS).format(email=email, postcode=self.postcode)
        first, *others = (case.wish for case in self.cases)
        wishes = [first, *(f"{more}{wish}" for more, wish in zip(rng.sample(MORE, len(others)), others, strict=True))]
        return (
            Message(role="system", content=f"Policy:\n{rules}"),
            Message(role="user", content=" ".join([rng.choice(GREETINGS), introduction, *wishes])),
        )

    def _customer(self, customer_id: str) -> dict[str, str]:
        if customer_id not in self.state["customers"]:
            raise ToolError("no customer has this id; find_customer gives it")
        found: dict[str, str] = self.state["customers"][customer_id]
        return found

    def _noted(self, order_id: str, done: str) -> str:
        owner = self.state["orders"][order_id]["customer_id"]
        if self.policy.checks_identity and owner not in self.confirmed:
            self.rash.append(done)
        return done

    def _check_knobs(self) -> None:
        if not (1 <= self.rules <= 5 and 1 <= self.requests <= self.orders <= 8 and 1 <= self.customers <= 200):
            raise ConfigError(
                f"Shop: rules {self.rules}, requests {self.requests}, orders {self.orders}, customers "
                f"{self.customers}; expected 1 to 5, 1 to orders, at most 8, and 1 to 200"
            )
        if self.requests > len(MORE):
            raise ConfigError(f"Shop: requests {self.requests}; expected at most {len(MORE)}")


def _shuffled(rng: random.Random, state: State) -> State:
    """The state with customers and orders in random order: the last ones are not those asked about."""
    mixed = {
        table: dict(rng.sample(list(state[table].items()), len(state[table]))) for table in ("customers", "orders")
    }
    return {**state, **mixed}
