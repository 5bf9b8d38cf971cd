"""What was said, packed: nothing is lost, a folder is whole or not there."""

from __future__ import annotations

import base64
import json
import re
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assaygym.benchmarks.report import chunks as module
from assaygym.benchmarks.report.chunks import Chunks, ChunkWriter, pack, slim
from assaygym.errors import RunError


def unpacked(packed: str) -> list[bytes]:
    return zlib.decompress(base64.b64decode(packed)).split(b"\n")


def written(page: Path, lines: list[bytes], embed: int = 10**9) -> Chunks:
    with ChunkWriter(page, embed) as writer:
        for line in lines:
            writer.add(line)
        chunks = writer.finish()
        writer.publish(chunks)
        writer.sweep(chunks)
    return chunks


def in_folder(folder: Path) -> list[bytes]:
    texts = [(folder / f"{number}.js").read_text() for number in range(len(list(folder.iterdir())))]
    found = [re.fullmatch(rf'assayChunk\({n},"([A-Za-z0-9+/=]*)"\)\n', text) for n, text in enumerate(texts)]
    return [line for match in found if match for line in unpacked(match[1])]


LINES = [json.dumps({"task": n, "text": "word " * (n % 7)}).encode() for n in range(450)]


def test_every_line_is_in_a_chunk_in_order(tmp_path: Path) -> None:
    chunks = written(tmp_path / "page.html", LINES)
    assert chunks.starts == (0, 200, 400)
    assert [line for packed in chunks.embedded for line in unpacked(packed)] == LINES
    assert (chunks.folder, list(tmp_path.iterdir())) == ("", [])


def test_a_chunk_of_long_episodes_ends_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BYTES", 100)
    assert written(tmp_path / "page.html", [b"x" * 60] * 5).starts == (0, 2, 4)


@pytest.mark.parametrize("embed", [0, 600])
def test_above_the_limit_all_chunks_stand_in_a_folder(tmp_path: Path, embed: int) -> None:
    chunks = written(tmp_path / "page.html", LINES, embed)
    assert (chunks.embedded, chunks.starts) == ((), (0, 200, 400))
    assert re.fullmatch(r"page-episodes-[0-9a-f]{12}", chunks.folder)
    assert in_folder(tmp_path / chunks.folder) == LINES
    assert [path.name for path in tmp_path.iterdir()] == [chunks.folder]


def test_the_folders_name_tells_its_contents(tmp_path: Path) -> None:
    first, same = (written(tmp_path / "page.html", LINES, 0) for _ in range(2))
    other = written(tmp_path / "other.html", LINES[1:], 0)
    assert first.folder == same.folder
    assert first.folder.rpartition("-")[2] != other.folder.rpartition("-")[2]


def test_the_folder_of_the_page_before_is_removed_and_nothing_else(tmp_path: Path) -> None:
    before = written(tmp_path / "page.html", LINES, 0)
    mine = tmp_path / "page-episodes-of-mine"
    mine.mkdir()
    neighbour = written(tmp_path / "page2.html", LINES, 0)
    after = written(tmp_path / "page.html", LINES[5:], 0)
    assert {path.name for path in tmp_path.iterdir()} == {mine.name, neighbour.folder, after.folder}
    assert before.folder != after.folder


@pytest.mark.parametrize("embed", [0, 10**9])
def test_a_writer_that_was_not_published_leaves_nothing(tmp_path: Path, embed: int) -> None:
    with ChunkWriter(tmp_path / "page.html", embed) as writer:
        for line in LINES:
            writer.add(line)
        writer.finish()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"cannot write the episodes beside .*page\.html: .*; give another --html"):
        written(tmp_path / "missing" / "page.html", LINES, 0)


def test_a_run_without_episodes_has_no_chunk(tmp_path: Path) -> None:
    assert written(tmp_path / "page.html", []) == Chunks(starts=(), embedded=(), folder="")


@settings(max_examples=50)
@given(st.binary(max_size=300))
def test_packed_bytes_are_harmless_text_and_come_back(data: bytes) -> None:
    packed = pack(data)
    assert re.fullmatch(r"[A-Za-z0-9+/]*={0,2}", packed)
    assert zlib.decompress(base64.b64decode(packed)) == data


def line_of(text: str, prompt: list[int], ids: list[int], logprobs: list[float] | None) -> bytes:
    completion = {"message": {"content": text}, "prompt_ids": prompt, "token_ids": ids, "logprobs": logprobs}
    return json.dumps({"turns": [{**completion, "entropies": logprobs, "top_k_entropies": None}]}).encode()


NUMBERS = st.lists(st.integers(0, 10**6), max_size=4)
TRAPS = st.sampled_from(['"prompt_ids": [1]', '"logprobs":[', "]", '\\"token_ids\\":[1]', ""])


@given(st.builds("{}{}{}".format, st.text(max_size=9), TRAPS, st.text(max_size=9)), NUMBERS, NUMBERS, st.booleans())
def test_tokens_go_and_what_was_said_stays(text: str, prompt: list[int], ids: list[int], tokens: bool) -> None:
    logprobs = [-0.5] * len(ids)
    (turn,) = json.loads(slim(line_of(text, prompt, ids, logprobs), tokens=tokens))["turns"]
    assert turn == {
        "message": {"content": text},
        "prompt_ids": len(prompt),
        "token_ids": ids if tokens else [],
        "logprobs": logprobs if tokens else None,
        "entropies": None,
        "top_k_entropies": None,
    }
