"""Prime fields that hold what answers are made of, and primes chosen for one pair of answers.

In each fixed field (about 120 bits) the 1441440-th roots of unity exist, and the square roots of all primes up to 113:
a number made of rationals, i, such roots and `cos(pi/9)` has an image there under one fixed ring homomorphism, so
images that differ prove that the numbers differ. p - 1 is 1441440 times a prime: no exponent that is short to write
down is a multiple of it by accident.
"""

from __future__ import annotations

import hashlib
import math
from functools import lru_cache
from typing import Final

from assaygym.verifiers.maths.scalars.outcomes import NoRootError, UnfitError

__all__ = ["FIELDS", "ORDER", "ROOTS", "Field", "KeyedField"]

ORDER: Final = 1_441_440
"""Order of the roots of unity: e^{i pi r} exists where r * ORDER / 2 is whole."""
ROOTS: Final = 12
"""Square, cube, fourth and sixth roots of names have values."""
_SMALL: Final = tuple(n for n in range(2, 1009) if all(n % d for d in range(2, math.isqrt(n) + 1)))
_IN_ALL: Final = tuple(q for q in _SMALL if q <= 113)
_PRIME_BELOW: Final = 127 * 127
"""What is left below this after division by the primes of `_IN_ALL` is a prime."""
_LARGEST: Final = 1_000_000
"""What is left below this after division by the primes of `_SMALL` is a prime."""


class Field:
    """The integers modulo `p`, with a fixed root of unity `zeta` of order ORDER as the image of e^{2 pi i / ORDER}.

    Attributes:
        i: the image of the imaginary unit.
        factors: the prime factors of p - 1 where they are known, so that towers of powers can be reduced.
    """

    __slots__ = ("factors", "i", "index", "p", "zeta")
    factors: tuple[int, ...]

    def __init__(self, index: int, p: int, zeta: int) -> None:
        self.index, self.p, self.zeta = index, p, zeta
        self.i = pow(zeta, ORDER // 4, p)
        self.factors = ()

    def root(self, n: int) -> int:
        """The image of the positive square root of a natural number.

        Raises:
            UnfitError: it has none here, or its factors are not found.
        """
        return _root(self.index, n)

    def logarithm(self, n: int) -> int:
        """The image of ln n, the logarithms of primes being independent variables.

        Raises:
            UnfitError: its factors are not found.
        """
        return _logarithm(self.index, n)

    def variable(self, key: str) -> int:
        """The value of an independent variable, the same for the same key; never 0."""
        return _variable(self.index, key)

    def name(self, name: str) -> int:
        """The value of a name: the ROOTS-th power of `variable`, so that roots of names have values too."""
        return _name(self.index, name)


FIELDS: Final = tuple(
    Field(index, p, zeta)
    for index, (p, zeta) in enumerate(
        (
            (957105613690469846767528020964026721, 191058874613863114317831806460931026),
            (1290699788964452052657947215894234081, 952539664043676256485897756301481898),
            (772991819503905235183274416776965281, 425142182797059069256835585814114205),
            (1178686680768500056107002048588908321, 488762322464469282687707222682695983),
            (1139528122706047491786597513948542881, 407851578316088237608230647944797104),
            (1238947649517906873852127514678144161, 403503260510940952364428075345200868),
            (576928405389351952330149399935971681, 303366284008322315181454600390293024),
            (992421349770903786818988632015807521, 6462560002248575987998389230825579),
        )
    )
)


@lru_cache(1024)
def _variable(index: int, key: str) -> int:
    return _hashed(f"{index}:{key}") % (FIELDS[index].p - 1) + 1


@lru_cache(1024)
def _name(index: int, name: str) -> int:
    return pow(_variable(index, f"name {name}"), ROOTS, FIELDS[index].p)


def _hashed(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=24).digest(), "big")


def _factors(n: int, primes: tuple[int, ...]) -> tuple[dict[int, int], int]:
    """The powers of these primes in n, and what is left."""
    found: dict[int, int] = {}
    for q in primes:
        if n == 1:
            break
        while n % q == 0:
            found[q] = found.get(q, 0) + 1
            n //= q
    return found, n


@lru_cache(1024)
def _factorised(n: int) -> tuple[tuple[int, int], ...]:
    """Prime factors with their powers, squares of one large number aside.

    Raises:
        UnfitError: they are not found by division by small primes.
    """
    if n.bit_length() > 600:
        raise UnfitError("too large to factor")
    found, left = _factors(n, _IN_ALL)
    if left >= _PRIME_BELOW:
        whole = math.isqrt(left)
        if whole * whole == left and whole < _LARGEST:
            return *found.items(), *((q, 2 * k) for q, k in _factorised(whole))
        more, left = _factors(left, _SMALL[len(_IN_ALL) :])
        found |= more
    if left > _LARGEST:
        raise UnfitError("a large factor")
    return (*found.items(), (left, 1)) if left > 1 else tuple(found.items())


@lru_cache(1024)
def _root(index: int, n: int) -> int:
    p, root = FIELDS[index].p, 1
    for q, power in _factorised(n):
        root = root * pow(q, power >> 1, p) % p
        if power & 1:
            root = root * _prime_root(index, q) % p
    return root


@lru_cache(1024)
def _logarithm(index: int, n: int) -> int:
    p = FIELDS[index].p
    return sum(power * _variable(index, f"ln {q}") for q, power in _factorised(n)) % p


@lru_cache(1024)
def _prime_root(index: int, q: int) -> int:
    """The root of a prime: if possible from roots of unity, so that sqrt 3 is 2 cos(pi/6); else either one."""
    field = FIELDS[index]
    p, zeta = field.p, field.zeta
    if q == 2:
        eighth = pow(zeta, ORDER // 8, p)
        return (eighth + pow(eighth, -1, p)) % p
    if ORDER % q == 0:
        unit = pow(zeta, ORDER // q, p)
        gauss = sum((1 if pow(a, q >> 1, q) == 1 else -1) * pow(unit, a, p) for a in range(1, q)) % p
        return gauss if q & 3 == 1 else -field.i * gauss % p
    return _square_root(q, p, pow(zeta, ORDER // 32, p))


def _square_root(a: int, p: int, unit: int) -> int:
    """Tonelli's and Shanks' method; 32 is the power of two in p - 1, and `unit` has that order."""
    odd = p - 1 >> 5
    root, rest = pow(a, odd + 1 >> 1, p), pow(a, odd, p)
    if pow(rest, 16, p) != 1:
        raise NoRootError("no square root in this field")
    while rest != 1:
        order, power = 0, rest
        while power != 1:
            power = power * power % p
            order += 1
        step = pow(unit, 1 << (4 - order), p)
        root, rest = root * step % p, rest * step * step % p
    return root


class KeyedField(Field):
    """A field for one pair of answers, of about 120 bits, that no answer can be made to fit: its prime depends on both.

    It has no roots and no logarithms; `i` and `zeta` are 0.
    """

    __slots__ = ()

    def __init__(self, key: str) -> None:
        p, self.factors = _keyed_prime(key)
        self.index, self.p, self.zeta, self.i = -1, p, 0, 0

    def root(self, n: int) -> int:
        """None is known.

        Raises:
            UnfitError: always.
        """
        raise UnfitError("a root")

    def logarithm(self, n: int) -> int:
        """None is known.

        Raises:
            UnfitError: always.
        """
        raise UnfitError("a logarithm")

    def name(self, name: str) -> int:
        """The value of a name: the ROOTS-th power of `variable`."""
        return pow(self.variable(f"name {name}"), ROOTS, self.p)

    def variable(self, key: str) -> int:
        """The value of an independent variable, the same for the same key; never 0."""
        return _hashed(f"{self.p}:{key}") % (self.p - 1) + 1


def _keyed_prime(key: str) -> tuple[int, tuple[int, ...]]:
    draw = _hashed(key)
    a, b, c, k = ((draw >> shift & 0xFFFFFFF) | 1 << 28 for shift in (0, 32, 64, 96))
    a = _prime_from(a)
    b = _prime_from(b)
    c = _prime_from(c)
    while True:
        k = _prime_from(k + 1)
        p = 2 * a * b * c * k + 1
        if len({a, b, c, k}) == 4 and _is_prime(p):
            return p, (2, a, b, c, k)


def _prime_from(n: int) -> int:
    while not _is_prime(n):
        n += 1
    return n


_PRODUCT: Final = math.prod(_IN_ALL)


def _is_prime(n: int) -> bool:
    """Whether n, over 113, passes Fermat's test for 2 and 3; composite ones that do are rare and do no harm."""
    return math.gcd(n, _PRODUCT) == 1 and pow(2, n - 1, n) == 1 and pow(3, n - 1, n) == 1
