"""Patches are read from three formats, and refused with a sentence where they do not fit."""

from __future__ import annotations

import json
import re
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaygym.verifiers.code import PatchError, extract_patch, read_patch

FILES = {"a.py": "one\ntwo\nthree\nfour\nfive\n", "b/c.txt": "x\n", "end.py": "last"}
DIFF = "--- a/a.py\n+++ b/a.py\n@@ -1,3 +1,3 @@\n one\n-two\n+TWO\n three\n"
BLOCK = "a.py\n<<<<<<< SEARCH\ntwo\n=======\nTWO\n>>>>>>> REPLACE\n"
TWO = FILES["a.py"].replace("two", "TWO")
LINES = st.lists(st.sampled_from(["a", "b", "", "  c", "d = 1", "é"]), max_size=12)


@pytest.mark.parametrize("patch", [json.dumps({"a.py": TWO}), DIFF, BLOCK, f"Fixed:\n\n{DIFF}\n", f"```\n{BLOCK}```\n"])
def test_each_format_says_the_same(patch: str) -> None:
    assert read_patch(patch, FILES) == {"a.py": TWO}


@pytest.mark.parametrize(
    ("patch", "changes"),
    [
        ('{"b/c.txt": null}', {"b/c.txt": None}),
        ('{"./b/./c.txt": "y"}', {"b/c.txt": "y"}),
        ("--- /dev/null\n+++ b/new.py\n@@ -0,0 +1,2 @@\n+x\n+y\n", {"new.py": "x\ny\n"}),
        ("--- a/b/c.txt\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n", {"b/c.txt": None}),
        ("diff --git a/b/c.txt b/d.txt\nsimilarity index 100%\nrename from b/c.txt\nrename to d.txt\n",
         {"b/c.txt": None, "d.txt": "x\n"}),
        ("diff --git a/b/c.txt b/b/c.txt\ndeleted file mode 100644\n", {"b/c.txt": None}),
        ("--- a.py\t2024-01-01\n+++ a.py\t2024-01-02\n@@ -40,2 +40,3 @@ def f\n two\n+2.5\n three\n",
         {"a.py": "one\ntwo\n2.5\nthree\nfour\nfive\n"}),
        ("--- a/end.py\n+++ b/end.py\n@@ -1 +1,2 @@\n-last\n\\ No newline at end of file\n+last\n+more\n",
         {"end.py": "last\nmore\n"}),
        ("--- a/end.py\n+++ b/end.py\n@@ -1 +1 @@\n-last\n+least\n\\ No newline at end of file\n", {"end.py": "least"}),
        ("new.py\n<<<<<<< SEARCH\n=======\nx = 1\n>>>>>>> REPLACE\n", {"new.py": "x = 1\n"}),
        ("end.py\n<<<<<<< SEARCH\nlast\n=======\nfirst\n>>>>>>> REPLACE\n", {"end.py": "first"}),
        (f"{BLOCK}<<<<<<< SEARCH\nfour\n=======\nFOUR\n>>>>>>> REPLACE\n", {"a.py": TWO.replace("four", "FOUR")}),
        ("### `a.py`\nSome words.\n```python\n<<<<<<< SEARCH\none\n=======\n>>>>>>> REPLACE\n```\n",
         {"a.py": FILES["a.py"][4:]}),
        ("{}", {}),
    ],
)  # fmt: skip
def test_a_patch_may_make_move_and_delete_files(patch: str, changes: dict[str, str | None]) -> None:
    assert read_patch(patch, FILES) == changes


@pytest.mark.parametrize(
    ("patch", "sentence"),
    [
        ("", "no patch"),
        ("I would change line 3.", "no patch"),
        ('{"a.py": ', "not JSON"),
        ('{"a.py": 3}', "expected text or null"),
        ('{"a.py": "", "a.py": ""}', "names a path twice"),
        ('{"a.py": "", "A.PY": ""}', "names a file twice"),
        ('{"new": "", "new/b": ""}', "both a file and a folder"),
        ('{"b": ""}', "both a file and a folder"),
        ('{"a.py": "\\ud800"}', "not Unicode"),
        (json.dumps({f"f{n}": "" for n in range(1001)}), "at most 1000"),
        ("{" + "[" * 100_000, "not JSON"),
        (DIFF.replace("two", "zwei"), "does not fit"),
        (DIFF.replace("a.py", "z.py"), "not in the repository"),
        (DIFF.replace("-1,3", "-1,9"), "fewer lines"),
        (DIFF.replace("@@ -1,3 +1,3 @@", "@@ somewhere @@"), "expected '@@"),
        (DIFF.replace(" one", "?one"), "' ', '+' or '-'"),
        ("diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+/etc/passwd\n", "link"),
        ("diff --git a/x b/x\nnew file mode 100644\nGIT binary patch\nliteral 0\n", "binary"),
        (BLOCK.replace("two", "zwei"), "0 times"),
        (BLOCK.replace("two\n", "e\n"), "3 times"),
        (BLOCK.partition("\n")[2], "without the path"),
        (BLOCK.replace(">>>>>>> REPLACE\n", ""), "not closed"),
        (BLOCK.replace("a.py", "z.py"), "not in the repository"),
        (BLOCK.replace("two\n", ""), "searches nothing"),
        (BLOCK + "new.py\n<<<<<<< SEARCH\n=======\n>>>>>>> REPLACE\n" * 1000, "over 1000 blocks"),
        (DIFF + "@@ -9,0 +9,1 @@\n+x\n" * 2000, "over 2000 hunks"),
    ],
)
def test_a_patch_that_does_not_fit_is_refused(patch: str, sentence: str) -> None:
    with pytest.raises(PatchError, match=re.escape(sentence)):
        read_patch(patch, FILES)


@pytest.mark.parametrize(
    "path",
    [
        *("/etc/passwd", "../x", "a/../../x", "a//b", "", ".", "~/x", "C:\\x", "a\\b", "a\0b", "a\nb", "x" * 300),
        *(".git/config", ".GIT/config", "sub/.git", ".git./x", ".g\u200dit/x", "git~1/x", "\uff0egit/x"),
        *("nul", "con.py", "AUX", "com1.txt", "LPT9", "x.", "x ", "a:b", "a/" * 600 + "b", "x\u202ey"),
    ],
)
def test_a_path_that_is_not_plain_is_refused(path: str) -> None:
    with pytest.raises(PatchError):
        read_patch(json.dumps({path: ""}), FILES)


def test_a_file_of_the_repository_may_have_any_name() -> None:
    assert read_patch('{"aux.py": "y"}', {"aux.py": "x"}) == {"aux.py": "y"}


@pytest.mark.parametrize(
    ("response", "patch"),
    [
        (f"Like this:\n```diff\n{DIFF}```\nDone.", DIFF),
        ('<think>```json\n{"b": ""}\n```</think>```json\n{"a.py": "x"}\n```', '{"a.py": "x"}\n'),
        ('```json\n{"a.py": "old"}\n```\nrather\n```json\n{"a.py": "new"}\n```', '{"a.py": "new"}\n'),
        ("```python\nprint(1)\n```", None),
        ("Nothing to do.", None),
        (BLOCK, BLOCK),
        ('{"a.py": null}', '{"a.py": null}'),
    ],
)
def test_the_patch_is_found_in_a_response(response: str, patch: str | None) -> None:
    assert extract_patch(response) == patch


@pytest.mark.parametrize(
    "text",
    [
        "```a\n" * 200_000,
        "<think>" * 100_000,
        "<<<<<<< SEARCH\n" * 100_000,
        "--- a\n" * 200_000,
        "--- a\n+++ b\n@@ -1 +1 @@\n" * 50_000,
        "{" * 1_000_000,
        '{"a":' * 100_000,
        "```json\n{}\n```\n" * 50_000 + "```",
        "\t" * 1_000_000 + "<<<<<<< SEARCH" + "\t" * 1_000_000,
    ],
    ids=range(9),
)
@pytest.mark.timeout(10)
def test_a_flood_is_read_in_little_time(text: str) -> None:
    for patch in (text, extract_patch(text) or ""):
        with suppress(PatchError):
            read_patch(patch, FILES)


@given(LINES, LINES)
def test_a_diff_made_by_a_tool_gives_what_it_was_made_from(old: list[str], new: list[str]) -> None:
    import difflib

    before, after = ("".join(f"{line}\n" for line in lines) for lines in (old, new))
    made = difflib.unified_diff(before.splitlines(True), after.splitlines(True), "a/f.py", "b/f.py")
    text = "".join(made)
    assert not text or read_patch(text, {"f.py": before}) == {"f.py": after}


@given(st.text(max_size=200))
def test_no_text_is_more_than_refused(text: str) -> None:
    for patch in (text, f"--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n{text}", f"a.py\n<<<<<<< SEARCH\n{text}", f"{{{text}"):
        with suppress(PatchError):
            assert isinstance(read_patch(patch, FILES), dict)


def test_what_git_prints_is_read(tmp_path: Path) -> None:
    try:
        subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("git is not installed")
    (tmp_path / "a.py").write_text(FILES["a.py"])
    (tmp_path / "gone.py").write_text("x\n")
    subprocess.run(["git", "add", "."], cwd=tmp_path, check=True)
    (tmp_path / "a.py").write_text(TWO + "six")
    (tmp_path / "gone.py").unlink()
    (tmp_path / "new.py").write_text("\n\ny\n")
    subprocess.run(["git", "add", "-N", "new.py"], cwd=tmp_path, check=True)
    text = subprocess.run(["git", "diff"], cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    changes = read_patch(text, {"a.py": FILES["a.py"], "gone.py": "x\n"})
    assert changes == {"a.py": TWO + "six", "gone.py": None, "new.py": "\n\ny\n"}
