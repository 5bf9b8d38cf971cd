"""Which part of a response is the program."""

from __future__ import annotations

import warnings

import pytest

from assaygym.verifiers.code.extract import extract_program, parses


@pytest.mark.parametrize(
    ("response", "program"),
    [
        ("```python\nx = 1\n```", "x = 1\n"),
        ("Here:\n```python\nx = 1\n```\nor better\n```python\nx = 2\n```\nDone.", "x = 2\n"),
        ("```py\nx = 1\n```\n```\noutput\n```", "x = 1\n"),
        ("```Python\nx = 1\n```\n```bash\nls\n```", "x = 1\n"),
        ("```\nx = 1\n```\n```\nx = 2\n```", "x = 2\n"),
        ("```bash\nls\n```", None),
        ("```python\n\n```\n", None),
        ("```python\n    return x\n```", "    return x\n"),
        ("```python\nx = '''\n``\n'''\n```", "x = '''\n``\n'''\n"),
        ("````python\nx = '''\n```\n'''\n````", "x = '''\n```\n'''\n"),
        ("~~~python\nx = 1\n~~~", "x = 1\n"),
        ("```python title=a.py\nx = 1\n```", "x = 1\n"),
        ("```python\nx = 1", "x = 1"),
        ("  ```python\nx = 1\n  ```", "x = 1\n"),
        ("def f(x):\n    return x\n", "def f(x):\n    return x\n"),
        ("import math\nprint(math.pi)", "import math\nprint(math.pi)"),
        ("from the start, I import nothing", None),
        ("The answer is 42.", None),
        ("42", None),
        ("", None),
        ("<think>```python\nx = 0\n```</think>```python\nx = 1\n```", "x = 1\n"),
        ("<think>```python\nx = 0\n```</think>I give up.", None),
        ("<think>def f(): pass", None),
        ("thoughts\n```python\nx = 0\n```\n</think>\n```python\nx = 1\n```", "x = 1\n"),
    ],
)
def test_the_program_is_the_last_block(response: str, program: str | None) -> None:
    assert extract_program(response) == program


@pytest.mark.parametrize(
    "text",
    [
        "-" * 200_000 + "1",
        "(" * 200_000,
        "a" + ".b" * 100_000,
        "1" + "+1" * 100_000,
        "x = '\x00'",
        "def f(:",
        "a" * 300_000,
    ],
)
def test_a_text_made_to_hurt_the_parser_does_not_parse(text: str) -> None:
    assert not parses(text)


def test_parsing_warns_of_nothing() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert parses("import re\nx = re.compile('\\d' + \"\\\"\" + r'\\'' + '\\\\')\n")
