"""The shop's database, as plain data, and what can be done to it.

The world allows what a shop's software would allow, also where the policy forbids it; it refuses only what makes no
sense. `ToolError` says why, for the agent to read.
"""

from __future__ import annotations

from typing import Any

from assaygym.errors import ToolError

__all__ = ["CATALOGUE", "FINAL", "State", "cancel", "change_address", "exchange", "find_order", "refund", "stock_of"]

State = dict[str, Any]
"""`customers` and `orders` by id, `stock` by product and variant, `refusals` as [order id, reason]."""

CATALOGUE: dict[str, tuple[str, tuple[str, ...]]] = {
    "jacket": ("clothing", ("small", "medium", "large")),
    "sweater": ("clothing", ("small", "medium", "large")),
    "pair of jeans": ("clothing", ("short", "regular", "long")),
    "raincoat": ("clothing", ("yellow", "navy", "green")),
    "pair of boots": ("clothing", ("size 38", "size 41", "size 44")),
    "kettle": ("kitchen", ("red", "white", "black")),
    "teapot": ("kitchen", ("blue", "white", "grey")),
    "frying pan": ("kitchen", ("20 cm", "24 cm", "28 cm")),
    "bread knife": ("kitchen", ("wood", "steel", "plastic")),
    "desk lamp": ("home", ("brass", "black", "white")),
    "wool blanket": ("home", ("grey", "ochre", "green")),
    "wall clock": ("home", ("oak", "walnut", "white")),
    "mirror": ("home", ("round", "square", "oval")),
    "backpack": ("travel", ("20 litres", "30 litres", "40 litres")),
    "suitcase": ("travel", ("cabin", "medium", "large")),
    "tent": ("travel", ("2 persons", "3 persons", "4 persons")),
    "puzzle": ("games", ("500 pieces", "1000 pieces", "2000 pieces")),
    "chess set": ("games", ("wood", "glass", "metal")),
    "headphones": ("electronics", ("black", "white", "silver")),
    "radio": ("electronics", ("red", "cream", "black")),
}
"""Product to category and variants."""
FINAL = ("clothing", "kitchen", "home", "travel", "games", "electronics")
"""Categories that a policy may declare final sale."""
ADDRESS = 200


def find_order(state: State, order_id: str) -> State:
    """The order of this id.

    Raises:
        ToolError: there is none.
    """
    if order_id not in state["orders"]:
        raise ToolError(f"no order {_shown(order_id)}; list_orders gives the ids")
    order: State = state["orders"][order_id]
    return order


def refund(state: State, order_id: str, item_id: str) -> str:
    """Pay an item back.

    Raises:
        ToolError: no such item, or there is nothing to pay back.
    """
    item = _kept_item(state, order_id, item_id)
    item["status"] = "refunded"
    return f"refunded {item['price']} dollars for item {item_id} of order {order_id}"


def cancel(state: State, order_id: str) -> str:
    """Cancel an order.

    Raises:
        ToolError: no such order, or it is cancelled already.
    """
    order = _open_order(state, order_id)
    order["status"] = "cancelled"
    return f"order {order_id} is cancelled"


def exchange(state: State, order_id: str, item_id: str, variant: str) -> str:
    """Exchange an item for another variant of the same product; moves the stock.

    Raises:
        ToolError: no such item or variant, or none in stock.
    """
    item = _kept_item(state, order_id, item_id)
    stock = stock_of(state, item["product"])
    if variant not in stock or variant == item["variant"]:
        raise ToolError(f"variant {_shown(variant)} is no other variant of this product; there are {', '.join(stock)}")
    if stock[variant] < 1:
        raise ToolError(f"{item['product']} {variant} is out of stock")
    stock[variant] -= 1
    stock[item["variant"]] += 1
    item["variant"] = variant
    return f"item {item_id} of order {order_id} is exchanged for {variant}"


def change_address(state: State, order_id: str, address: str) -> str:
    """Send an order somewhere else.

    Raises:
        ToolError: no such order, or it is cancelled; an empty or endless address.
    """
    order = _open_order(state, order_id)
    if not 0 < len(address.strip()) <= ADDRESS:
        raise ToolError(f"the address has {len(address.strip())} characters; expected 1 to {ADDRESS}")
    order["address"] = address.strip()
    return f"order {order_id} now goes to {order['address']}"


def stock_of(state: State, product: str) -> dict[str, int]:
    """How many of each variant are there.

    Raises:
        ToolError: no such product.
    """
    if product not in state["stock"]:
        raise ToolError(f"no product {_shown(product)}; get_order names the products")
    stock: dict[str, int] = state["stock"][product]
    return stock


def _open_order(state: State, order_id: str) -> State:
    order = find_order(state, order_id)
    if order["status"] == "cancelled":
        raise ToolError(f"order {order_id} is cancelled already")
    return order


def _kept_item(state: State, order_id: str, item_id: str) -> State:
    items = _open_order(state, order_id)["items"]
    for item in items:
        if item["item_id"] == item_id:
            if item["status"] != "kept":
                raise ToolError(f"item {item_id} of order {order_id} is {item['status']} already")
            found: State = item
            return found
    raise ToolError(f"order {order_id} has no item {_shown(item_id)}; it has {', '.join(i['item_id'] for i in items)}")


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:37]}...")
