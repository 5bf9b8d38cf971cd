"""The shop of tau2-bench's retail tasks: its database and the tools on it, written from the policy in the data.

A tool refuses what the policy forbids and the database can tell; the rest is up to the agent.
"""

from __future__ import annotations

import ast
import json
import operator
from collections.abc import Callable, Sequence
from typing import Any

from assaygym.errors import ToolError

__all__ = ["Shop"]

REASONS = ("no longer needed", "ordered by mistake")
PENDING, MODIFIED, DELIVERED = "pending", "pending (items modified)", "delivered"
_SIGNS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}
LONGEST = 200


class Shop:
    """A database of users, orders and products (plain data), changed in place by the tools, which are its methods."""

    def __init__(self, db: dict[str, Any]) -> None:
        self.db = db

    # what is asked

    def find_user_id_by_email(self, email: str) -> str:
        """Find a user's id by email."""
        return self._find_user(lambda user: user["email"].casefold() == email.casefold())

    def find_user_id_by_name_zip(self, first_name: str, last_name: str, zip: str) -> str:
        """Find a user's id by first name, last name and zip code."""
        wanted = (first_name.casefold(), last_name.casefold(), zip)
        return self._find_user(
            lambda user: (
                (
                    user["name"]["first_name"].casefold(),
                    user["name"]["last_name"].casefold(),
                    user["address"]["zip"],
                )
                == wanted
            )
        )

    def get_user_details(self, user_id: str) -> str:
        """Show a user: address, payment methods, orders."""
        return _text(self._user(user_id))

    def get_order_details(self, order_id: str) -> str:
        """Show an order, by its id with the '#'."""
        return _text(self._order(order_id))

    def get_product_details(self, product_id: str) -> str:
        """Show a product with its variants, by the product's id, which is not an item's."""
        return _text(self._product(product_id))

    def list_all_product_types(self) -> str:
        """List the names of all products and their ids."""
        return _text({product["name"]: key for key, product in sorted(self.db["products"].items())})

    def calculate(self, expression: str) -> str:
        """Work out an expression of numbers, + - * / and brackets."""
        if len(expression) > LONGEST:
            raise ToolError(f"the expression is over {LONGEST} characters")
        try:
            return str(round(float(_worked_out(ast.parse(expression.strip(), mode="eval").body)), 2))
        except (SyntaxError, ValueError, ArithmeticError, RecursionError, MemoryError, TypeError) as error:
            raise ToolError(f"cannot work out {expression!r}: expected numbers, + - * / and brackets") from error

    # what is changed

    def cancel_pending_order(self, order_id: str, reason: str) -> str:
        """Cancel a pending order; the reason is 'no longer needed' or 'ordered by mistake'."""
        order = self._order_that_is(order_id, PENDING)
        if reason not in REASONS:
            raise ToolError(f"the reason is {reason!r}; expected one of {', '.join(map(repr, REASONS))}")
        for payment in [p for p in order["payment_history"] if p["transaction_type"] == "payment"]:
            self._refund(order, payment["payment_method_id"], payment["amount"])
        order["status"], order["cancel_reason"] = "cancelled", reason
        return _text(order)

    def modify_pending_order_address(
        self, order_id: str, address1: str, address2: str, city: str, state: str, country: str, zip: str
    ) -> str:
        """Change the shipping address of a pending order."""
        order = self._order(order_id)
        if PENDING not in order["status"]:
            raise ToolError(f"order {order_id} is {order['status']}, not pending")
        order["address"] = _address(address1, address2, city, state, country, zip)
        return _text(order)

    def modify_pending_order_payment(self, order_id: str, payment_method_id: str) -> str:
        """Change the payment method of a pending order to another one."""
        order = self._order_that_is(order_id, PENDING)
        method = self._method(order["user_id"], payment_method_id)
        first = order["payment_history"][0]
        if len(order["payment_history"]) != 1 or first["payment_method_id"] == payment_method_id:
            raise ToolError("the order is paid in several parts, or by this method already")
        self._afford(method, first["amount"])
        self._pay(order, payment_method_id, first["amount"])
        self._refund(order, first["payment_method_id"], first["amount"])
        return _text(order)

    def modify_pending_order_items(
        self, order_id: str, item_ids: list[str], new_item_ids: list[str], payment_method_id: str
    ) -> str:
        """Change items of a pending order to other variants of the same products; possible once an order."""
        order = self._order_that_is(order_id, PENDING)
        difference, changes = self._swaps(order, item_ids, new_item_ids)
        self._afford(self._method(order["user_id"], payment_method_id), difference)
        for item, variant in changes:
            item.update(item_id=variant["item_id"], price=variant["price"], options=dict(variant["options"]))
        if difference > 0:
            self._pay(order, payment_method_id, difference)
        elif difference < 0:
            self._refund(order, payment_method_id, -difference)
        order["status"] = MODIFIED
        return _text(order)

    def modify_user_address(
        self, user_id: str, address1: str, address2: str, city: str, state: str, country: str, zip: str
    ) -> str:
        """Change the default address of a user."""
        user = self._user(user_id)
        user["address"] = _address(address1, address2, city, state, country, zip)
        return _text(user)

    def return_delivered_order_items(self, order_id: str, item_ids: list[str], payment_method_id: str) -> str:
        """Return items of a delivered order; the refund goes to the original payment method or a gift card."""
        order = self._order_that_is(order_id, DELIVERED)
        method = self._method(order["user_id"], payment_method_id)
        if method["source"] != "gift_card" and method["id"] != order["payment_history"][0]["payment_method_id"]:
            raise ToolError("the refund goes to the original payment method or to a gift card")
        self._items(order, item_ids)
        order["status"] = "return requested"
        order["return_items"], order["return_payment_method_id"] = sorted(item_ids), payment_method_id
        return _text(order)

    def exchange_delivered_order_items(
        self, order_id: str, item_ids: list[str], new_item_ids: list[str], payment_method_id: str
    ) -> str:
        """Exchange items of a delivered order for other variants of the same products; possible once an order."""
        order = self._order_that_is(order_id, DELIVERED)
        difference, _ = self._swaps(order, item_ids, new_item_ids)
        self._afford(self._method(order["user_id"], payment_method_id), difference)
        order.update(
            status="exchange requested",
            exchange_items=sorted(item_ids),
            exchange_new_items=sorted(new_item_ids),
            exchange_payment_method_id=payment_method_id,
            exchange_price_difference=difference,
        )
        return _text(order)

    def transfer_to_human_agents(self, summary: str) -> str:
        """Hand the user to a human agent, with a summary of what is wanted."""
        return "Transfer successful"

    # the database

    def _find_user(self, fits: Callable[[dict[str, Any]], bool]) -> str:
        for key, user in self.db["users"].items():
            if fits(user):
                return str(key)
        raise ToolError("user not found")

    def _user(self, user_id: str) -> dict[str, Any]:
        return _entry(self.db["users"], user_id, "user")

    def _order(self, order_id: str) -> dict[str, Any]:
        return _entry(self.db["orders"], order_id, "order")

    def _product(self, product_id: str) -> dict[str, Any]:
        return _entry(self.db["products"], product_id, "product")

    def _order_that_is(self, order_id: str, status: str) -> dict[str, Any]:
        order = self._order(order_id)
        if order["status"] != status:
            raise ToolError(f"order {order_id} is {order['status']}, not {status}")
        return order

    def _method(self, user_id: str, payment_method_id: str) -> dict[str, Any]:
        return _entry(self._user(user_id)["payment_methods"], payment_method_id, "payment method of this user")

    def _items(self, order: dict[str, Any], item_ids: Sequence[str]) -> list[dict[str, Any]]:
        """The order's items of these ids; an id given twice means two of them."""
        left, found = list(order["items"]), []
        for item_id in item_ids:
            item = next((item for item in left if item["item_id"] == item_id), None)
            if item is None:
                raise ToolError(f"item {item_id!r} is not in the order, or not so often")
            left.remove(item)
            found.append(item)
        if not found:
            raise ToolError("no item was named")
        return found

    def _swaps(
        self, order: dict[str, Any], item_ids: Sequence[str], new_item_ids: Sequence[str]
    ) -> tuple[float, list[tuple[dict[str, Any], dict[str, Any]]]]:
        """What the new items cost more, and each item with its new variant."""
        if len(item_ids) != len(new_item_ids):
            raise ToolError(f"{len(item_ids)} items and {len(new_item_ids)} new ones")
        changes = []
        for item, new in zip(self._items(order, item_ids), new_item_ids, strict=True):
            variant = self._product(item["product_id"])["variants"].get(new)
            if variant is None or not variant["available"]:
                raise ToolError(f"item {new!r} is no available variant of {item['name']}")
            changes.append((item, variant))
        return round(sum(variant["price"] - item["price"] for item, variant in changes), 2), changes

    def _afford(self, method: dict[str, Any], amount: float) -> None:
        if method["source"] == "gift_card" and method["balance"] < amount:
            raise ToolError(f"the gift card has {method['balance']}, which does not cover {amount}")

    def _pay(self, order: dict[str, Any], payment_method_id: str, amount: float) -> None:
        self._entered(order, "payment", payment_method_id, amount, -amount)

    def _refund(self, order: dict[str, Any], payment_method_id: str, amount: float) -> None:
        self._entered(order, "refund", payment_method_id, amount, amount)

    def _entered(self, order: dict[str, Any], kind: str, payment_method_id: str, amount: float, gain: float) -> None:
        entry = {"transaction_type": kind, "amount": round(amount, 2), "payment_method_id": payment_method_id}
        order["payment_history"].append(entry)
        method = self._method(order["user_id"], payment_method_id)
        if method["source"] == "gift_card":
            method["balance"] = round(method["balance"] + gain, 2)


def _entry(table: dict[str, Any], key: str, what: str) -> dict[str, Any]:
    if key not in table:
        raise ToolError(f"{what} {key[:80]!r} not found")
    found: dict[str, Any] = table[key]
    return found


def _address(address1: str, address2: str, city: str, state: str, country: str, zip: str) -> dict[str, str]:
    return {
        "address1": address1,
        "address2": address2,
        "city": city,
        "country": country,
        "state": state,
        "zip": zip,
    }


def _worked_out(node: ast.expr) -> float:
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        return float(node.value)
    if isinstance(node, ast.BinOp) and type(node.op) in _SIGNS:
        return float(_SIGNS[type(node.op)](_worked_out(node.left), _worked_out(node.right)))
    if isinstance(node, ast.UnaryOp) and type(node.op) in _SIGNS:
        return float(_SIGNS[type(node.op)](_worked_out(node.operand)))
    raise ValueError("no arithmetic")


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
