"""Units, percent, money and degrees, as text, upright or bare."""

from collections.abc import Callable

import pytest


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        (r"90^\circ", "(deg 90)"),
        (r"90^{\circ}", "(deg 90)"),
        ("90°", "(deg 90)"),
        (r"90\degree", "(deg 90)"),
        ("90 degrees", "(deg 90)"),
        (r"30^\circ 15' 20''", "(deg 2723/90)"),
        (r"\sin 30^\circ", "(fn sin (deg 30))"),
        (r"\sin 30 degrees", "(fn sin (deg 30))"),
        (r"m\angle ABC = 50^\circ", "(rel (=) angle ABC (deg 50))"),
        (r"\angle A = 30°", "(rel (=) angle A (deg 30))"),
        (r"\angle BAC = 60^{\circ}", "(rel (=) angle BAC (deg 60))"),
    ],
)
def test_degrees_are_angles(reading: Callable[[str], str], text: str, tree: str) -> None:
    assert reading(text) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("25%", "(percent 25)"),
        (r"25\%", "(percent 25)"),
        (r"12.5\%", "(percent (dec 25 2 1))"),
        (r"\frac12\%", "(percent 1/2)"),
        ("1/2%", "(percent 1/2)"),
        ("5 percent", "(percent 5)"),
        (r"5\text{ percent}", "(percent 5)"),
        (r"20\%", "(percent 20)"),
        (r"20 \text{ \%}", "(percent 20)"),
    ],
)
def test_percent(reading: Callable[[str], str], text: str, tree: str) -> None:
    assert reading(text) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("$5", "(money 5 $)"),
        (r"\$5", "(money 5 $)"),
        ("5 dollars", "(money 5 $)"),
        ("€5", "(money 5 €)"),
        ("5 €", "(money 5 €)"),
        (r"5\$", "(money 5 $)"),
        ("US$5", "(money 5 $)"),
        ("5 USD", "(money 5 $)"),
        ("-$5", "(neg (money 5 $))"),
        (r"\$5 million", "(money (sci 5 6) $)"),
        ("3.2 billion dollars", "(money (sci (dec 16 5 1) 9) $)"),
        ("$1,234.50", "(money (dec 2469 2 2) $)"),
        (r"\$5.00 \text{ per hour}", "(unit (money (dec 5 1 2) $) perhour)"),
    ],
)
def test_money_in_any_currency(reading: Callable[[str], str], text: str, tree: str) -> None:
    assert reading(text) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        (r"25^\circ\text{C}", "(unit 25 °C)"),
        ("25°C", "(unit 25 °C)"),
        ("5 cm", "(unit 5 cm)"),
        ("5cm", "(unit 5 cm)"),
        (r"5 \text{ cm}^2", "(unit 5 cm^2)"),
        ("5 cm^2", "(unit 5 cm^2)"),
        (r"5\,\mathrm{m/s^2}", "(unit 5 m/s^2)"),
        (r"5 \mathrm{~m} \mathrm{~s}^{-1}", "(unit 5 m*s^-1)"),
        (r"9.8\ \text{m/s}^2", "(unit (dec 49 5 1) m/s^2)"),
        ("60 km/h", "(unit 60 km/h)"),
        ("5 m/s", "(unit 5 m/s)"),
        ("3 square feet", "(unit 3 squarefeet)"),
        ("12 miles per hour", "(unit 12 milesperhour)"),
        ("5 apples", "(unit 5 apples)"),
        ("5 feet 3 inches", "(add (unit 5 feet) (unit 3 inches))"),
        (r"3 \text{ hours } 20 \text{ minutes}", "(add (unit 3 hours) (unit 20 minutes))"),
        (r"5.4 \text{ cents}", "(unit (dec 27 5 1) cents)"),
        (r"18+2\pi\text{ cm}", "(unit (add 18 (mul 2 #pi)) cm)"),
        (r"(18+2\pi) cm", "(unit (add 18 (mul 2 #pi)) cm)"),
        (r"7:45 \text{ a.m.}", "(ratio 7 (unit 45 a.m))"),
        (r"\text{5 apples}", "(unit 5 apples)"),
        (r"x \text{ cm}", "(unit x cm)"),
        (r"x+1 \text{ cm}", "(unit (add x 1) cm)"),
        (r"x=5\text{ cm}", "(rel (=) x (unit 5 cm))"),
        ("1st", "(unit 1 th)"),
        ("2nd", "(unit 2 th)"),
        ("1 hour and 20 minutes", "(add (unit 1 hour) (unit 20 minutes))"),
        ("3 feet and 2 inches", "(add (unit 3 feet) (unit 2 inches))"),
        (r"1.6 \times 10^{-19} \text{ C}", "(unit (sci (dec 8 5 1) -19) C)"),
        (r"3\times 10^8 \mathrm{m/s}", "(unit (sci 3 8) m/s)"),
        (r"6.67 \times 10^{-11} \mathrm{N\,m^2/kg^2}", "(unit (sci (dec 667 100 2) -11) N*m^2/kg^2)"),
        (r"10 \text{ m/s}^2", "(unit 10 m/s^2)"),
        (r"5\,\mu\text{m}", "(unit (mul 5 mu) m)"),
        (r"5 \text{ kg}\cdot\text{m/s}", "(unit 5 kg*m/s)"),
        (r"100\text{ sq. units}", "(unit 100 sq.units)"),
        (r"12\text{ units}^2", "(unit 12 units^2)"),
        ("12 square units", "(unit 12 squareunits)"),
        ("12 sq units", "(unit 12 squnits)"),
        ("12 cm^{2}", "(unit 12 cm^2)"),
        (r"15\text{ cm}^{3}", "(unit 15 cm^3)"),
        ("5 cubic meters", "(unit 5 cubicmeters)"),
        (r"15 \text{ minutes}", "(unit 15 minutes)"),
        (r"2 \text{ hours}", "(unit 2 hours)"),
        ("30 min", "(unit 30 min)"),
        ("2.5 hrs", "(unit (dec 5 2 1) hrs)"),
        ("12 October", "(unit 12 October)"),
    ],
)
def test_units_keep_their_written_name(reading: Callable[[str], str], text: str, tree: str) -> None:
    assert reading(text) == tree
