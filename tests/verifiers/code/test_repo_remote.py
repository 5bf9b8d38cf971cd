"""Tests run apart from the code exactly where they treat it as functions of plain data."""

# ruff: noqa: E501, F541  (tables of programs)

from __future__ import annotations

import json

import pytest

from assaygym.sandbox import Limits, Sandbox
from assaygym.verifiers.code import RepoTests, repo
from assaygym.verifiers.code.repo_remote import remote_modules

CODE = {
    "pkg/__init__.py": "from .core import f\n",
    "pkg/core.py": (
        "LIMIT = 3\nTABLE = {}\nMADE = []\n\nclass BadInput(ValueError):\n    pass\n\n"
        "def f(x):\n    return x\n\ndef put(x):\n    TABLE[x] = 1\n"
    ),
}
USES_F = "from pkg.core import f\n\ndef test_f():\n    "


def modules(source: str, **code: str) -> tuple[str, ...] | None:
    return remote_modules({"tests/test_f.py": source}, {**CODE, **code})


@pytest.mark.parametrize(
    ("source", "found"),
    [
        (f"{USES_F}assert f(1) == 1", ("pkg.core",)),
        ("import pkg.core as core\nimport pkg\n\ndef test_f():\n    assert core.f(core.LIMIT) == pkg.f(3)",
         ("pkg.core", "pkg")),
        ("from new import g\n\ndef test_g():\n    assert g() is None", ("new",)),
        (f"import pytest\nimport math\n{USES_F}with pytest.raises(ValueError, match='x') as e:\n        f(1)\n"
         "    assert 'y' in str(e.value)", ("pkg.core",)),
        (f"import pytest\n{USES_F}assert f([0.1])[0] == pytest.approx(0.1)", ("pkg.core",)),
        (f"import pytest\nfrom pkg.core import f\n\n@pytest.fixture\ndef xs():\n    yield [1]\n\n"
         "@pytest.mark.parametrize('n', [1, 2])\ndef test_f(xs, n):\n    assert all(f(x) == x for x in xs)",
         ("pkg.core",)),
        (f"{USES_F}assert f('a b').split() == ['a', 'b'] and isinstance(f({{}}), (dict, list))", ("pkg.core",)),
        ("from pkg.core import f\n\nclass TestF:\n    def setup_method(self):\n        self.x = 3\n\n"
         "    def test_f(self):\n        assert f(self.x) == 3", ("pkg.core",)),
        (f"{USES_F}assert f(lambda x: x + 1)(2) == 3", ("pkg.core",)),
    ],
)  # fmt: skip
def test_functions_of_plain_data_are_remote(source: str, found: tuple[str, ...]) -> None:
    assert modules(source) == found


@pytest.mark.parametrize(
    "source",
    [
        "def test_nothing():\n    assert 1 == 1",
        "import os\n" + f"{USES_F}assert f(1) == 1",
        "from .helpers import g\n" + f"{USES_F}assert f(1) == 1",
        "from test_f import g\n" + f"{USES_F}assert f(1) == 1",
        "from pkg.core import *\n\ndef test_f():\n    assert f(1) == 1",
        "from pkg.core import BadInput, f\nimport pytest\n\ndef test_f():\n    with pytest.raises(BadInput):\n        f(1)",
        "from pkg.core import Shape\n\ndef test_f():\n    assert Shape(1)",
        "from pkg.core import TABLE, put\n\ndef test_f():\n    put(1)\n    assert 1 in TABLE",
        "from pkg import core\n\ndef test_f():\n    assert core.TABLE == {}",
        "from pkg import core\n\ndef test_f():\n    core.LIMIT = 4\n    assert core.f(1) == 1",
        "from pkg import core\n\ndef test_f():\n    assert core.Shape(1) == 1",
        "from pkg.core import f\n\ndef test_f(tmp_path):\n    assert f(1) == 1",
        "from pkg.core import f\n\ndef test_f(capsys):\n    assert f(1) == 1",
        "import unittest\nfrom pkg.core import f\n\nclass T(unittest.TestCase):\n    def test_f(self):\n        assert f(1)",
        "from pkg.core import f\n\nclass Fake(str):\n    pass\n\ndef test_f():\n    assert f(Fake())",
        f"{USES_F}assert f(1).real_name == 1",
        f"{USES_F}x = [1]\n    assert f(x) is x",
        f"{USES_F}assert type(f(1)) == int",
        f"{USES_F}assert isinstance(f(1), f)",
        f"{USES_F}assert next(f(1)) == 1",
        f"{USES_F}assert f(x for x in 'ab') == 1",
        f"{USES_F}assert f(open('data')) == 1",
        f"{USES_F}with f(1) as x:\n        assert x",
        "import pytest\n" + f"{USES_F}with pytest.warns(UserWarning):\n        assert f(1)",
        "import pytest\n" + f"{USES_F}pytest.importorskip('numpy')\n    assert f(1)",
        "from pkg.core import f\n\nasync def test_f():\n    assert await f(1)",
    ],
)
def test_tests_that_do_more_share_a_process_with_the_code(source: str) -> None:
    assert modules(source) is None


@pytest.mark.parametrize(
    "code",
    [
        "class Shape:\n    pass\n",
        "from dataclasses import dataclass\nclass P: pass\n",
        "from decimal import Decimal\n",
        "import datetime as d\n",
        "import numpy as np\n",
        "def g():\n    yield 1\n",
        "async def g():\n    pass\n",
    ],
)
def test_code_that_may_return_objects_shares_a_process_with_the_tests(code: str) -> None:
    assert modules(f"{USES_F}assert f(1) == 1", **{"pkg/more.py": code}) is None


def test_code_that_is_no_python_yet_does_not_matter() -> None:
    assert modules(f"{USES_F}assert f(1) == 1", **{"pkg/more.py": "def g(:\n"}) == ("pkg.core",)


def test_what_is_remote_is_decided_by_the_trusted_copy() -> None:
    task = RepoTests(files=CODE, tests={"test_f.py": f"{USES_F}assert f(1) == 2"}, fail_to_pass=("test_f.py::test_f",))
    assert remote_modules(task.trusted, task.repository) == ("pkg.core",)


@pytest.mark.parametrize(
    ("body", "use"),
    [
        ("def f(g):\n    return g is f.seen\n", "def g(): pass\n\ndef test_f():\n    put(g)\n    assert f(g) is True"),
        ("def f(xs):\n    xs.sort()\n", "def test_f():\n    xs = [2, 1]\n    assert f(xs) is None\n    assert xs == [1, 2]"),
        ("def f(x):\n    raise BadInput(x)\n",
         "def test_f():\n    with pytest.raises(ValueError, match='why') as e:\n        f('why')\n    assert str(e.value) == 'why'"),
        ("def f(x):\n    return {(1, x): {2}, b'k': [None, 2.5, float('inf')], 'big': 10 ** 40}\n",
         "def test_f():\n    assert f(0) == {(1, 0): {2}, b'k': [None, 2.5, float('inf')], 'big': 10 ** 40}"),
        ("class S(str):\n    pass\n\ndef f(x):\n    return S(x)\n", "def test_f():\n    assert f('a') == 'a'\n    assert f('a').upper() == 'A'"),
    ],
)  # fmt: skip
def test_plain_data_cross_as_they_would_be_returned(jail: Sandbox, body: str, use: str) -> None:
    source = f"import pytest\nfrom pkg.core import f, put\n\n{use}\n"
    task = RepoTests(files=CODE, tests={"test_f.py": source}, fail_to_pass=("test_f.py::test_f",))
    assert remote_modules(task.trusted, task.repository) == ("pkg.core",)
    code = CODE["pkg/core.py"].replace("MADE = []\n", "") + body + "\ndef put(x):\n    f.seen = x\n"
    report = repo(sandbox=jail, limits=Limits(wall_seconds=30)).run(json.dumps({"pkg/core.py": code}), task)
    assert report.score("binary").value == 1.0, report.explain()
