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
        (r"\tan 45^\circ", "(fn tan (deg 45))"),
        (r"2(\cos 60^\circ + i \sin 60^\circ)", "(mul 2 (add (fn cos (deg 60)) (mul #i (fn sin (deg 60)))))"),
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
        (r"10\%", "(percent 10)"),
        (r"10 \%", "(percent 10)"),
        (r"\frac{1}{3}\%", "(percent 1/3)"),
        (r"33\frac{1}{3}\%", "(percent (mixed 33 1 3))"),
        ("33 1/3%", "(percent (mixed 33 1 3))"),
        (r"66.\overline{6}\%", "(percent (repeating 200 3))"),
        ("12.5 %", "(percent (dec 25 2 1))"),
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
        ("$0.50", "(money (dec 1 2 2) $)"),
        ("0.50 dollars", "(money (dec 1 2 2) $)"),
        (r"\$1,234.56", "(money (dec 30864 25 2) $)"),
        (r"\$ 5", "(money 5 $)"),
        (r"5 \$", "(money 5 $)"),
        ("USD 5", "(money 5 $)"),
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
        (r"5\sqrt{2}\,\text{cm}", "(unit (mul 5 (fn root 2 2)) cm)"),
        (r"12\pi \text{ cm}^3", "(unit (mul 12 #pi) cm^3)"),
        (r"36\pi \text{ square units}", "(unit (mul 36 #pi) squareunits)"),
        (r"60 \text{ mph}", "(unit 60 mph)"),
        (r"98.6^\circ F", "(unit (dec 493 5 1) °F)"),
        (r"100^\circ \text{C}", "(unit 100 °C)"),
        (r"5 \times 10^{-3} \text{ kg}", "(unit (sci 5 -3) kg)"),
        (r"1.2\times 10^{5}\,\mathrm{J}", "(unit (sci (dec 6 5 1) 5) J)"),
        ("1/2 cup", "(unit 1/2 cup)"),
        (r"\frac{1}{2} \text{ cup}", "(unit 1/2 cup)"),
        ("3 dozen", "(unit 3 dozen)"),
        ("50 cents", "(unit 50 cents)"),
        (r"5\,{\rm cm}", "(unit 5 cm)"),
        (r"5{\rm\,cm}", "(unit 5 cm)"),
    ],
)
def test_units_keep_their_written_name(reading: Callable[[str], str], text: str, tree: str) -> None:
    assert reading(text) == tree
