"""Quantities as other languages write them: `12个`, `3 см`, `500元`, `25 Prozent`, `百分之二十五`, years."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Final

from assaygym.verifiers.maths.syntax.tree import Node
from assaygym.verifiers.maths.words.kinds import Words
from assaygym.verifiers.maths.words.spelling import other_languages

__all__ = ["read_foreign"]

_UNITS: Final[dict[str, str]] = {
    name: unit
    for unit, names in (
        ("mm", "毫米 мм"), ("cm", "厘米 公分 см"), ("dm", "分米 дм"), ("m", "米 м метр метра метров"),
        ("km", "千米 公里 км километров"), ("cm^2", "平方厘米 см²"), ("m^2", "平方米 м²"),
        ("km^2", "平方千米 平方公里 км²"), ("cm^3", "立方厘米 см³"), ("m^3", "立方米 м³"),
        ("g", "克 г"), ("kg", "千克 公斤 кг"), ("mL", "毫升 мл"),
        ("km/h", "千米/小时 公里/小时 千米每小时 公里每小时 км/ч"), ("m/s", "米/秒 米每秒 м/с"),
        ("hour", "小时 小時 个小时 час часа часов"), ("minute", "分钟 分鐘 минут минуты минута мин"),
        ("second", "秒 秒钟 секунд секунды"), ("day", "天 день дня дней"), ("week", "周 星期"), ("month", "个月 個月"),
        ("year", "年 лет года год"),
    )
    for name in names.split()
}  # fmt: skip
_MONEY: Final = {
    name: sign
    for sign, names in (
        ("¥", "元 块 块钱 人民币 円"), ("$", "美元 долларов"), ("€", "欧元 евро"), ("₽", "руб рубль рубля рублей"),
        ("₩", "원"),
    )
    for name in names.split()
}  # fmt: skip
_COUNTER: Final = (
    "[个個只隻条條人名位种種次本张張件棵朵头頭匹辆輛台颗顆粒支枝双雙对對组組步岁歲题題页頁"
    "间間层層袋箱盒杯瓶份圈项項枚개명권つ]"
)
_PERCENT: Final = frozenset(
    ("prozent", "percent", "per cent", "por ciento", "por cento", "pour cent", "per cento", "procent")
)
_RUSSIAN_PERCENT: Final = frozenset(
    ("процент", "процента", "процентов", "процентів", "procento", "procent", "procenta")
)
_MEASURED = re.compile(r"(-?)(\d{1,15})(?:([.,])(\d{1,9}))?\s?([^\d\s][^\d]{0,20})", re.ASCII)
_COUNTED = re.compile(rf"{_COUNTER}[\u4e00-\u9fff]{{0,4}}")
_JOINING = re.compile("[或和不到至以多几来非]")
_NOUN = re.compile(r"[a-zß-ž]{4,20}|[а-яё]{4,20}")
_NO_NOUN = re.compile(r"değil|não|не|или|oder|нет|ошиб|fals")
_YEAR = re.compile(r"(?:(?:in )?(?:the )?year (\d{1,4})|(\d{3,4}) (?:a\.?d\.?|c\.?e\.?))", re.IGNORECASE | re.ASCII)
_PARTS_OF = re.compile(r"(百|千|万|[零一二三四五六七八九十]{1,3})分之([零一二三四五六七八九十百]{1,5}|\d{1,9})")
_POWERS: Final = {"百": 100, "千": 1000, "万": 10000}


def read_foreign(plain: str) -> Words | None:
    """The number, quantity, percentage or fraction that the text is; None when it is none of another language's."""
    if plain.isascii() and not plain[0].isdigit() and plain[0] not in "-yYtTiI":
        return None
    if (year := _YEAR.fullmatch(plain)) is not None:
        return _number(_tree(Fraction(int(year[1] or year[2]))))
    if not plain.isascii() and (parts := _PARTS_OF.fullmatch(plain)) is not None:
        return _parts(parts)
    measured = _MEASURED.fullmatch(plain)
    tree = _measured(measured) if measured is not None else None
    return None if tree is None else _number(tree)


def _number(tree: Node) -> Words:
    return Words("number", tree, str(tree), tree)


def _tree(value: Fraction) -> Node:
    return ("num", value.numerator, value.denominator)


def _measured(match: re.Match[str]) -> Node | None:
    unit = match[5].strip().lower().rstrip(".")
    comma = match[3] == ","
    if comma and match[5].isascii() and unit in ("percent", "per cent"):
        return None
    number = _tree(Fraction(f"{match[1]}{match[2]}.{match[4] or 0}"))
    if unit in _PERCENT or unit in _RUSSIAN_PERCENT:
        return ("percent", number)
    if unit.isascii():
        return None
    if unit in _UNITS:
        return ("unit", number, _UNITS[unit])
    if unit in _MONEY:
        return ("money", number, _MONEY[unit])
    if unit in ("度", "градусов", "градуса"):
        return ("deg", number)
    if _NOUN.fullmatch(unit) and not _NO_NOUN.match(unit):
        return ("unit", number, unit)
    return number if _COUNTED.fullmatch(unit) and not _JOINING.search(unit) else None


def _parts(match: re.Match[str]) -> Words | None:
    """`三分之二` is two thirds; `百分之` is a percentage."""
    below, above = _whole(match[1]), _whole(match[2])
    if not below or above is None:
        return None
    if below == 100:
        return _number(("percent", _tree(Fraction(above))))
    return _number(_tree(Fraction(above, below)))


def _whole(text: str) -> int | None:
    if text.isdigit() and text.isascii():
        return int(text)
    if text in ("百", "一百"):
        return 100
    return _POWERS.get(text) or other_languages().get(text)
