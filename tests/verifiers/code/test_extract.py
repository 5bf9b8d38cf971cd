"""Which part of a response is the program."""

from __future__ import annotations

import warnings

import pytest

from assaygym.errors import ConfigError
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


CPP = '#include <cstdio>\nint main() { puts("6"); }\n'


@pytest.mark.parametrize(
    ("language", "response", "program"),
    [
        ("cpp", f"```python\nx = 1\n```\n```cpp\n{CPP}```", CPP),
        ("cpp", f"```C++\n{CPP}```\n```\noutput\n```", CPP),
        ("c++", f"```cpp\n{CPP}```", CPP),
        ("cpp", "```python\nx = 1\n```", None),
        ("cpp", f"```\n{CPP}```", CPP),
        ("cpp", CPP, CPP),
        ("cpp", "Use a map.", None),
        ("c", "```c\nint main(void) { return 0; }\n```", "int main(void) { return 0; }\n"),
        ("c", "int main(void) { return 0; }", "int main(void) { return 0; }"),
        ("javascript", "```js\nconsole.log(6)\n```", "console.log(6)\n"),
        ("javascript", "const n = 3;\nconsole.log(n)", "const n = 3;\nconsole.log(n)"),
        ("javascript", "I would print it.", None),
        ("bash", "```sh\necho 6\n```", "echo 6\n"),
        ("bash", "#!/usr/bin/env bash\necho 6\n", "#!/usr/bin/env bash\necho 6\n"),
        ("bash", "echo 6", None),
        ("python", "```bash\npip install x\n```\n```python3\nx = 1\n```", "x = 1\n"),
    ],
)
def test_the_program_is_the_last_block_of_its_language(language: str, response: str, program: str | None) -> None:
    assert extract_program(response, language=language) == program


@pytest.mark.parametrize(
    ("name", "response", "program"),
    [
        ("f", "```python\ndef f(x): return x\n```\nUse:\n```python\nprint(f(3))\n```", "def f(x): return x\n"),
        ("f", "```python\ndef f(x): return 1\n```\n```python\ndef f(x): return 2\n```", "def f(x): return 2\n"),
        ("f", "```\ndef f(x): return 1\n```\n```python\nprint(f(3))\n```", "def f(x): return 1\n"),
        ("f", "```python\nf = lambda x: x\n```\n```python\nassert f == 3\n```", "f = lambda x: x\n"),
        ("f", "```python\nf: object = abs\n```\n```python\nf(2)\n```", "f: object = abs\n"),
        ("Solution", "```python\nclass Solution:\n    a = 1\n```\n```python\nSolution()\n```",
         "class Solution:\n    a = 1\n"),
        ("f", "```python\nasync def f(): pass\n```\n```python\nf()\n```", "async def f(): pass\n"),
        ("f", "```python\ndef f2(x): return x\n```\n```python\nx = 1\n```", "x = 1\n"),
        ("f", "```python\nfrom math import floor as f\n```", "from math import floor as f\n"),
    ],
)  # fmt: skip
def test_a_block_that_defines_what_is_wanted_comes_first(name: str, response: str, program: str) -> None:
    assert extract_program(response, defines=name) == program


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(ConfigError, match="no language 'pyhton'"):
        extract_program("x", language="pyhton")
