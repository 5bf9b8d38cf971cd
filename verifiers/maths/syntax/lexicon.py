r"""The names and signs that the grammar knows, and how tightly operators bind."""

from __future__ import annotations

from typing import Final

__all__ = [
    "BARE_UNITS", "CALLED", "CONSTANTS", "CURRENCIES", "CURRENCY_WORDS", "DEGREE_WORDS", "DOMAIN_LETTERS", "FUNCTIONS",
    "GREEK", "INVERSES", "MAGNITUDES", "MODULUS", "PERCENT_WORDS", "POSTFIX", "POWER", "PRODUCT", "RATIO", "RELATION",
    "RELATION_SIGNS", "SHORT_WORDS", "STOP", "SUM", "TWO_LETTERS", "UNARY", "UNION",
]  # fmt: skip

STOP, RELATION, MODULUS, UNION, RATIO, SUM, UNARY, PRODUCT, POWER, POSTFIX = 0, 10, 12, 15, 17, 20, 25, 30, 50, 60
"""How tightly operators bind; what only ends an expression has STOP."""

RELATION_SIGNS: Final = {
    "=": "=", "==": "=", ":=": "=", "<": "<", "\\lt": "<", ">": ">", "\\gt": ">",
    "<=": "<=", "=<": "<=", "\\le": "<=", "\\leq": "<=", "\\leqslant": "<=", "\\leqq": "<=",
    ">=": ">=", "\\ge": ">=", "\\geq": ">=", "\\geqslant": ">=", "\\geqq": ">=",
    "!=": "!=", "\\ne": "!=", "\\neq": "!=", "<>": "!=",
    "\\approx": "~", "\\simeq": "~", "\\approxeq": "~", "\\sim": "~", "\\doteq": "~", "~": "~", "\\thickapprox": "~",
    "\\in": "in", "\\notin": "notin", "\\subset": "subset", "\\subseteq": "subset", "\\subsetneq": "subset",
    "\\to": "->", "\\rightarrow": "->", "\\longrightarrow": "->", "\\mapsto": "->", "->": "->",
    "\\equiv": "==", "\\cong": "==", "\\mid": "|", "\\perp": "perp", "\\parallel": "par",
}  # fmt: skip
"""Signs of relations. `=>` is none of them: some mean "at least" and some "implies"."""

_TRIGONOMETRIC = ("sin", "cos", "tan", "cot", "sec", "csc")
_HYPERBOLIC = tuple(f"{name}h" for name in _TRIGONOMETRIC)
_SPELLINGS = {"tg": "tan", "ctg": "cot", "cotg": "cot", "cosec": "csc", "sh": "sinh", "ch": "cosh", "th": "tanh"}
_INVERSE_SPELLINGS = {
    **{f"{before}{name}": f"a{name}" for name in (*_TRIGONOMETRIC, *_HYPERBOLIC) for before in ("a", "arc", "ar")},
    "arctg": "atan", "arcctg": "acot", "arccosec": "acsc", "arcsh": "asinh", "arch": "acosh", "arth": "atanh",
    "arsh": "asinh",
}  # fmt: skip
FUNCTIONS: Final = {
    **{name: name for name in (*_TRIGONOMETRIC, *_HYPERBOLIC, "exp", "ln", "log", "lg", "max", "min", "gcd", "lcm")},
    **{name: name for name in ("det", "tr", "arg", "abs", "floor", "gamma", "sign")},
    **{"Max": "max", "Min": "min", "Abs": "abs"},
    **{"sgn": "sign", "ceil": "ceil", "ceiling": "ceil", "trace": "tr", "Tr": "tr", "Re": "re", "Im": "im"},
    **{"hcf": "gcd", "conj": "conj", "factorial": "factorial", "binomial": "binomial"},
    **{name: known for name, known in _SPELLINGS.items() if len(name) > 2 or name == "tg"},
    **{name: name for name in _INVERSE_SPELLINGS.values()},
    **_INVERSE_SPELLINGS,
}
"""Spelling of a function, with or without backslash, to its name in trees."""
INVERSES: Final = {name: f"a{name}" for name in (*_TRIGONOMETRIC, *_HYPERBOLIC)}
"""What `\\sin^{-1}` is."""
TWO_LETTERS: Final = {name: known for name, known in _SPELLINGS.items() if len(name) == 2}
"""Functions only as commands, since the bare letters are a product: `\\sh`, `\\ch`, `\\th`."""

CONSTANTS: Final = {
    "\\pi": "pi", "pi": "pi", "\\infty": "inf", "infty": "inf", "infinity": "inf", "Infinity": "inf", "oo": "inf",
    "inf": "inf", "\\uppi": "pi", "\\infin": "inf", "Pi": "pi", "undefined": "undefined", "Undefined": "undefined",
    "DNE": "undefined", "NaN": "undefined",
}  # fmt: skip
GREEK: Final = {
    **{name: name for name in (
        "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu",
        "xi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega", "Gamma", "Delta", "Theta", "Lambda",
        "Xi", "Sigma", "Upsilon", "Phi", "Psi", "Omega", "ell", "hbar", "mho", "aleph", "nabla", "odot", "star",
        "top")},
    **{f"var{name}": name for name in (
        "epsilon", "theta", "kappa", "rho", "sigma", "phi", "Gamma", "Delta", "Theta", "Lambda", "Omega", "Phi")},
    "imath": "i", "jmath": "j", "Alpha": "Alpha", "Beta": "Beta", "varpi": "varpi", "digamma": "digamma",
}  # fmt: skip
CALLED: Final = frozenset(("f", "g", "h", "F", "G", "H", "phi", "psi", "Phi", "Psi", "zeta"))
"""Names that are functions when a bracket follows; others are factors."""
DOMAIN_LETTERS: Final = frozenset("RZNQC")

CURRENCIES: Final = {"\\$": "$", "€": "€", "£": "£", "¥": "¥", "₹": "₹", "₽": "₽", "₩": "₩", "\\pounds": "£",
    "\\euro": "€", "\\yen": "¥", "¢": "¢"}  # fmt: skip
CURRENCY_WORDS: Final = {
    "dollar": "$", "dollars": "$", "usd": "$", "bucks": "$", "euro": "€", "euros": "€", "eur": "€", "pound": "£",
    "gbp": "£", "yen": "¥", "yuan": "¥", "rmb": "¥", "rupee": "₹", "rupees": "₹", "inr": "₹", "rs": "₹",
    "rubles": "₽", "usdollars": "$",
}  # fmt: skip
PERCENT_WORDS: Final = frozenset(("percent", "pct", "percentage", "%", "\\%", "per cent"))
DEGREE_WORDS: Final = frozenset(("degree", "degrees", "deg", "degs", "°"))
MAGNITUDES: Final = {"hundred": 2, "thousand": 3, "million": 6, "billion": 9, "trillion": 12}
BARE_UNITS: Final = frozenset((
    "cm", "mm", "km", "nm", "dm", "ft", "yd", "mi", "kg", "mg", "lb", "lbs", "oz", "ml", "mL", "cl", "dl", "hr", "hrs",
    "min", "mins", "sec", "secs", "ms", "mph", "kph", "kmh", "kmph", "bps", "sq", "cu", "Hz", "kHz", "MHz", "GHz", "kW",
    "kWh", "MW", "kJ", "MJ", "kN", "Pa", "kPa", "MPa", "atm", "mol", "eV", "keV", "MeV", "GeV", "rad", "rads", "rpm",
    "kB", "MB", "GB", "amu", "cc", "gal", "pt", "qt", "day", "days", "hour", "year", "cent", "cts", "ppm", "pts",
    "am", "pm", "cup", "tsp", "ton", "pcs", "egg", "bag", "box", "jar", "car", "dog", "cat", "cow", "pig", "hen", "bus",
    "pie", "pen", "hat", "toy", "kid", "boy", "men",
))  # fmt: skip
"""Units of less than four letters that may stand bare after a number; longer words always may, single letters never."""
SHORT_WORDS: Final = frozenset((
    "yes", "no", "odd", "all", "one", "two", "six", "ten", "red", "any", "not", "the", "neither", "none", "tie", "man",
))  # fmt: skip
"""Short words that are no products of letters."""
