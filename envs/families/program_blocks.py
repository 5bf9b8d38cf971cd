"""The blocks that random programs are made of: a table of code with holes.

Holes: `<x>` the variable read, `<y>` the one written, `<e>` an integer expression and `<c>` a condition over the
block's locals and the numbers in scope, `<k>` a small constant, `<q>` a modulus, `<l>` a letter, `<w>` a short string,
`<g>` the block's helper function.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["BLOCKS", "Block", "Type"]

Type = Literal["numbers", "text", "number", "table"]


@dataclass(frozen=True, slots=True)
class Block:
    """Code from one type to another. `locals` are the integers that its expressions may use, the main one first."""

    takes: Type
    gives: Type
    locals: tuple[str, ...]
    code: str
    helper: str = ""


_TABLE = """
@ numbers -> numbers : v
<y> = [<e> for v in <x> if <c>]
@ numbers -> numbers : v i
<y> = []
for i, v in enumerate(<x>):
    if <c>:
        <y>.append(<e>)
    else:
        <y>.insert(0, v)
@ numbers -> numbers : v
<y> = <x>[<k>:] + [v * <k> for v in <x>[:<k>]]
@ numbers -> numbers : v
<y> = <x>[::-1]
<y>[::2] = [<e> for v in <y>[::2]]
@ numbers -> numbers : v
<y> = []
for v in <x>:
    while <y> and <y>[-1] > v:
        <y>.pop()
    <y>.append(v)
@ numbers -> numbers : v step
<y>, step = [], <k>
for v in <x>:
    step = (step * <k> + v) % <q>
    <y>.append(step)
@ numbers -> numbers : v
<y> = sorted(<x>, key=lambda v: (v % <k>, -v))
@ numbers -> numbers : a b
<y> = [<e> for a, b in zip(<x>, <x>[1:])]
@ numbers -> numbers : v
<y> = <g>(list(<x>))
-- def <g>(a):
--     if len(a) < 2:
--         return a
--     if a[0] > a[-1]:
--         return <g>(a[1:]) + [a[0] - <k>]
--     return [a[-1]] + <g>(a[:-1])
@ numbers -> numbers : v
<y> = list(<x>)
for i in range(0, len(<y>) - 1, 2):
    if <y>[i] > <y>[i + 1]:
        <y>[i], <y>[i + 1] = <y>[i + 1], <y>[i]
@ numbers -> number : v i
<y> = 0
for i, v in enumerate(<x>):
    if <c>:
        <y> += <e>
    else:
        <y> -= v
@ numbers -> number : v
<y> = max((<e> for v in <x>), default=<k>) * <k> + len(<x>)
@ numbers -> number : v
<y> = <k>
for v in <x>:
    if v % 2:
        <y> = <y> * <k> + v
    else:
        <y> = <y> // 2 - v
@ numbers -> number : a
<y> = <g>(<x>)
-- def <g>(a):
--     if not a:
--         return <k>
--     return a[0] + <k> * <g>(a[2:])
@ numbers -> table : v
<y> = {}
for v in <x>:
    <y>[v % <k>] = <y>.get(v % <k>, 0) + <e>
@ numbers -> table : v
<y> = {}
for i, v in enumerate(<x>):
    <y>.setdefault(v // <q>, []).append(i)
@ numbers -> text : v
<y> = ''.join(chr(97 + v % 26) for v in <x>)
@ numbers -> text : v
<y> = <w>.join(str(<e>) for v in <x> if <c>)
@ text -> text : i
<y> = <x>[::-1].swapcase()
@ text -> text : i
<y> = ''
for i, c in enumerate(<x>):
    if <c>:
        <y> = <y> + c
    else:
        <y> = c + <y>
@ text -> text : i
<y> = <x>.replace(<l>, <w>) + <x>[:<k>].upper()
@ text -> text : i
<y> = ''.join(c for i, c in enumerate(<x>) if c.lower() != <l> or <c>)
@ text -> text : i
<y> = <x>[<k>:] + <w> + <x>[:<k>]
@ text -> text : i
<y> = ''.join(chr((ord(c) - 97 + <e>) % 26 + 97) if c.islower() else c for i, c in enumerate(<x>))
@ text -> text : i
<y> = ''.join(sorted(<x>, key=lambda c: (c.lower() in 'aeiou', c)))
@ text -> text : a
<y> = <g>(<x>)
-- def <g>(a):
--     if len(a) <= <k>:
--         return a.upper()
--     half = len(a) // 2
--     return <g>(a[half:]) + a[:half]
@ text -> numbers : c
<y> = [ord(c) - 96 for c in <x>.lower()]
@ text -> numbers : i
<y> = [i * <k> for i, c in enumerate(<x>) if c not in 'aeiou']
@ text -> number : i
<y> = 0
for i, c in enumerate(<x>):
    if c in 'aeiouAEIOU':
        <y> += <e>
    else:
        <y> += i % <k>
@ text -> number : h
<y> = <k>
for c in <x>:
    <y> = (<y> * 31 + ord(c)) % 1009
@ text -> table : i
<y> = {}
for i, c in enumerate(<x>.lower()):
    <y>[c] = <y>.get(c, <k>) + <e>
@ number -> number : r
<y>, r = 0, abs(<x>) % 5000
while r > 0:
    if <c>:
        <y> += <e>
    else:
        <y> += <k>
    r //= <k>
@ number -> number : a
<y> = <g>(abs(<x>) % 5000, <k>)
-- def <g>(a, b):
--     if a < <k>:
--         return a + b
--     if a % 2:
--         return <g>(a // 2, b + <e>)
--     return <g>(a // <k>, b * 2)
@ number -> number : v
<y> = (<x> * <q> + <k>) % 1000
for v in range(<k>):
    if <y> % 3 == v:
        <y> = <y> * 2 + v
    else:
        <y> = <y> - <e>
@ number -> numbers : v
<y> = [int(v) for v in str(abs(<x>))] + [<x> % <k>]
@ number -> numbers : v
<y> = [<e> for v in range(<x> % 7 + <k>)]
@ number -> numbers : r
<y>, r = [], abs(<x>) % 10000
while len(<y>) < 8 and r != 1:
    <y>.append(r)
    r = r // 2 if r % 2 == 0 else r * 3 + 1
@ number -> text : v
<y> = format(abs(<x>), 'b').replace('1', <l>).replace('0', <w>)
@ number -> text : v
<y> = ''.join('abcdefghij'[(int(v) + <k>) % 10] for v in str(abs(<x>) * <q>))
@ table -> numbers : v
<y> = [len(str(key)) + len(str(<x>[key])) * <k> for key in sorted(<x>)]
@ table -> text : v
<y> = ''.join(f'{key}{<x>[key]}' for key in sorted(<x>, reverse=True))
@ table -> text : v
<y> = <w>.join(str(key) for key in sorted(<x>, key=lambda key: (str(<x>[key]), key)))
@ table -> number : v
<y> = len(<x>)
for key, value in <x>.items():
    if str(value) > str(key):
        <y> = <y> * <k> + 1
    else:
        <y> = <y> + <q>
"""


def _read(table: str) -> tuple[Block, ...]:
    blocks = []
    for part in f"\n{table.strip()}".split("\n@ ")[1:]:
        head, _, code = part.strip().partition("\n")
        types, _, names = head.partition(" : ")
        takes, _, gives = types.partition(" -> ")
        lines = code.splitlines()
        helper = "\n".join(line[3:] for line in lines if line.startswith("-- "))
        main = "\n".join(line for line in lines if not line.startswith("-- "))
        blocks.append(Block(takes, gives, tuple(names.split()), main, helper))  # type: ignore[arg-type]  # checked by the tests
    return tuple(blocks)


BLOCKS = _read(_TABLE)
