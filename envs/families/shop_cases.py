"""What customers of the shop ask for: each case is built so that the policy allows it, or forbids it for one reason."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from assaygym.envs.families.shop_world import CATALOGUE, FINAL, State
from assaygym.envs.tools import call
from assaygym.types import ToolCall

__all__ = ["Builder", "Case", "Policy", "Reason"]

Reason = Literal[
    "too_late",
    "not_delivered",
    "already_shipped",
    "out_of_stock",
    "final_sale",
    "over_limit",
    "identity_not_confirmed",
]
FIRST = "Ada Bela Carlos Dana Elif Goran Hana Ivan Jonas Lena Mira Nadia Omar Priya Rosa Samir Tara Uma Viktor Zoe"
LAST = "Abel Berg Costa Dahl Ekman Farkas Gruber Haas Ito Jensen Kaya Lund Moreau Novak Okafor Perez Quist Rossi Sato"
STREETS = ("Mill Lane", "Station Road", "High Street", "Oak Avenue", "Harbour Way", "Church Row", "Park View")
TOWNS = ("Ashford", "Benton", "Corley", "Dunmore", "Easton", "Fairview")
FIRST_NAMES, LAST_NAMES = tuple(FIRST.split()), tuple(LAST.split())


@dataclass(frozen=True, slots=True)
class Policy:
    """The shop's rules with the parameters of one episode. `rules` says how many of them hold."""

    rules: int
    refund_days: int
    exchange_days: int
    final: str
    limit: int

    @classmethod
    def draw(cls, rng: random.Random, rules: int) -> Policy:
        """Random parameters."""
        return cls(rules, rng.randint(10, 45), rng.randint(10, 60), rng.choice(FINAL), 50 * rng.randint(2, 6))

    @property
    def checks_identity(self) -> bool:
        """Whether the identity rule holds."""
        return self.rules >= 3

    @property
    def kinds(self) -> tuple[str, ...]:
        """What customers may ask for."""
        return ("refund", "cancel", "exchange", "address")[: {1: 1, 2: 2, 3: 2}.get(self.rules, 4)]

    def sentences(self) -> list[str]:
        """The rules in words."""
        said = [
            f"Refund an item only if it was delivered, at most {self.refund_days} days ago (reasons to refuse: "
            "not_delivered, too_late)."
        ]
        if self.rules >= 2:
            said.append("Cancel an order only while it is processing (already_shipped).")
        if self.checks_identity:
            said.append(
                "Before anything else check the customer's identity with the postcode they give; if it is not "
                "confirmed, change nothing and refuse each request (identity_not_confirmed)."
            )
        if self.rules >= 4:
            said.append(
                f"Exchange an item only for a variant in stock (out_of_stock) and at most {self.exchange_days} days "
                "after delivery (not_delivered, too_late)."
            )
            said.append("Change the address of an order only while it is processing (already_shipped).")
        if self.rules >= 5:
            said.append(f"Items of the category {self.final} are final sale: no refunds (final_sale).")
            said.append(f"Items that cost more than {self.limit} dollars are not refunded by you (over_limit).")
        return said


@dataclass(frozen=True, slots=True)
class Case:
    """One thing a customer asks for and what is right to do about it."""

    wish: str
    order_id: str
    calls: tuple[ToolCall, ...]
    """What the policy allows; empty for a case to refuse."""
    reason: Reason | None = None


class Builder:
    """Fills the database of one episode. The products of a customer are all different, so each names one item."""

    def __init__(self, rng: random.Random, policy: Policy, named: bool) -> None:
        self.rng = rng
        self.policy = policy
        self.named = named
        """Whether customers name products, not order numbers."""
        self.state: State = {
            "customers": {},
            "orders": {},
            "stock": {
                product: {variant: rng.randint(1, 9) for variant in variants}
                for product, (_, variants) in CATALOGUE.items()
            },
            "refusals": [],
        }
        self.products: list[str] = []

    def customer(self) -> str:
        """Add a customer, whose orders come next."""
        rng = self.rng
        customer_id = self._fresh("C", "customers")
        first, last = rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES)
        self.state["customers"][customer_id] = {
            "name": f"{first} {last}",
            "email": f"{first}.{last}{customer_id[1:]}@example.org".lower(),
            "postcode": str(rng.randint(10_000, 99_999)),
        }
        self.products = rng.sample(list(CATALOGUE), len(CATALOGUE))
        return customer_id

    def filler(self, customer_id: str) -> None:
        """Add an order that nobody asks about."""
        self.order(customer_id, self.rng.choice(("processing", "shipped", "delivered")), self.rng.randint(1, 90))

    def order(self, customer_id: str, status: str, days: int, product: str = "", price: int = 0) -> str:
        """Add an order of one or two items, the first of which may be given."""
        rng = self.rng
        order_id = self._fresh("W", "orders")
        if product:
            self.products.remove(product)
        names = [product or self.products.pop()]
        if len(self.products) > 12 and rng.random() < 0.5:
            names.append(self.products.pop())
        items = [self._item(name, price if i == 0 else 0) for i, name in enumerate(names)]
        rng.shuffle(items)
        self.state["orders"][order_id] = {
            "customer_id": customer_id,
            "status": status,
            "delivered_days_ago": days if status == "delivered" else None,
            "address": self.address(),
            "items": [{"item_id": str(i), **item} for i, item in enumerate(items, 1)],
        }
        return order_id

    def case(self, customer_id: str, kind: str, allowed: bool) -> Case:
        """Add an order about which the customer asks for something of this kind."""
        makers: dict[str, Callable[[str, bool], Case]] = {
            "refund": self._refund,
            "cancel": self._cancel,
            "exchange": self._exchange,
            "address": self._address,
        }
        return makers[kind](customer_id, allowed)

    def address(self) -> str:
        """A random address."""
        return f"{self.rng.randint(1, 199)} {self.rng.choice(STREETS)}, {self.rng.choice(TOWNS)}"

    def _refund(self, customer_id: str, allowed: bool) -> Case:
        policy, rng = self.policy, self.rng
        final = [p for p in self.products if CATALOGUE[p][0] == policy.final]
        reasons: list[Reason] = ["too_late", "not_delivered"]
        if policy.rules >= 5:
            reasons.append("over_limit")
            if final:
                reasons.append("final_sale")
        reason = None if allowed else rng.choice(reasons)
        free = [p for p in self.products if CATALOGUE[p][0] != policy.final]
        product = rng.choice(final if reason == "final_sale" else free)
        dear = rng.randint(policy.limit + 1, 2 * policy.limit)
        price = dear if reason == "over_limit" else rng.randint(8, policy.limit)
        order_id = self.order(customer_id, *self._delivery(reason, policy.refund_days), product, price)
        wish = rng.choice(("I want my money back for {}.", "Please refund {}.", "I would like a refund for {}."))
        made = call("refund", order_id=order_id, item_id=self._item_id(order_id, product))
        return self._decided(wish.format(self._named_item(order_id, product)), order_id, made, reason)

    def _exchange(self, customer_id: str, allowed: bool) -> Case:
        policy, rng = self.policy, self.rng
        reasons: tuple[Reason, ...] = ("too_late", "not_delivered", "out_of_stock")
        reason = None if allowed else rng.choice(reasons)
        product = rng.choice(self.products)
        order_id = self.order(customer_id, *self._delivery(reason, policy.exchange_days), product)
        item_id = self._item_id(order_id, product)
        had = self.state["orders"][order_id]["items"][int(item_id) - 1]["variant"]
        variant = rng.choice([other for other in CATALOGUE[product][1] if other != had])
        if reason == "out_of_stock":
            self.state["stock"][product][variant] = 0
        wish = rng.choice(("Please exchange {} for the variant '{}'.", "Can I swap {} for '{}'?"))
        made = call("exchange", order_id=order_id, item_id=item_id, variant=variant)
        return self._decided(wish.format(self._named_item(order_id, product), variant), order_id, made, reason)

    def _cancel(self, customer_id: str, allowed: bool) -> Case:
        order_id, reason, named = self._whole(customer_id, allowed)
        wish = self.rng.choice(("Please cancel {}.", "I no longer want {}; cancel it."))
        return self._decided(wish.format(named), order_id, call("cancel", order_id=order_id), reason)

    def _address(self, customer_id: str, allowed: bool) -> Case:
        order_id, reason, named = self._whole(customer_id, allowed)
        address = self.address()
        wish = self.rng.choice(("Please send {} to '{}' instead.", "Change the address of {} to '{}'."))
        made = call("change_address", order_id=order_id, address=address)
        return self._decided(wish.format(named, address), order_id, made, reason)

    def _whole(self, customer_id: str, allowed: bool) -> tuple[str, Reason | None, str]:
        product = self.rng.choice(self.products)
        status = "processing" if allowed else self.rng.choice(("shipped", "delivered"))
        order_id = self.order(customer_id, status, self.rng.randint(1, 9), product)
        named = f"the order with the {product}" if self.named else f"order {order_id}"
        return order_id, None if allowed else "already_shipped", named

    def _delivery(self, reason: Reason | None, days: int) -> tuple[str, int]:
        if reason == "not_delivered":
            return self.rng.choice(("processing", "shipped")), 0
        late = reason == "too_late"
        return "delivered", self.rng.randint(days + 1, 3 * days) if late else self.rng.randint(1, days)

    def _item(self, product: str, price: int) -> State:
        category, variants = CATALOGUE[product]
        return {
            "product": product,
            "category": category,
            "variant": self.rng.choice(variants),
            "price": price or self.rng.randint(8, 400),
            "status": "kept",
        }

    def _item_id(self, order_id: str, product: str) -> str:
        items = self.state["orders"][order_id]["items"]
        return next(str(item["item_id"]) for item in items if item["product"] == product)

    def _named_item(self, order_id: str, product: str) -> str:
        return f"the {product} I ordered" if self.named else f"the {product} of order {order_id}"

    def _decided(self, wish: str, order_id: str, made: ToolCall, reason: Reason | None) -> Case:
        return Case(wish, order_id, () if reason else (made,), reason)

    def _fresh(self, letter: str, table: str) -> str:
        while (identity := f"{letter}{self.rng.randint(1000, 9999)}") in self.state[table]:
            pass
        return identity
