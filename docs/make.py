"""Writes what of the documentation is made from code and results; run it after changing either.

    python docs/make.py            # writes
    python docs/make.py --check    # exits 1, naming the files, where something is out of date

Made are ``docs/environments/*.md``, one page per registered id from its tasks' and its environment's docstrings, in
README.md and docs/*.md every table between ``<!-- table: PATH [metric ...] -->`` and ``<!-- /table -->``,
from the comparison in the JSON file at PATH, and what stands between ``<!-- corpus: WHAT -->`` and
``<!-- /corpus -->``: the audit, the reading, the counts or the samples of the bundled corpus; so, between
``<!-- text: WHAT -->`` and ``<!-- /text -->``, of the tasks that are answered in text.
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import gymnasium as gym
from gymnasium.envs.registration import EnvSpec, load_env_creator

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import act_env  # noqa: E402, F401  (registers the ids)
from act_env.registration import LOADERS  # noqa: E402
from agents import tables  # noqa: E402
from docs import corpus, text_tasks  # noqa: E402

TEXT = re.compile(r"(<!-- text: (?P<what>\w+) -->\n).*?(<!-- /text -->)", re.S)
CORPUS = re.compile(r"(<!-- corpus: (?P<what>\w+) -->\n).*?(<!-- /corpus -->)", re.S)
TABLE = re.compile(r"(<!-- table: (?P<path>\S+)(?P<metrics>[^>]*?) -->\n).*?(<!-- /table -->)", re.S)


def environment_page(spec: EnvSpec) -> str:
    """An id's page: its environment's docstring under the id, with the arguments it is registered with."""
    if spec.entry_point is None:
        raise ValueError(f"{spec.id} has no entry point to take a docstring from")
    maker = load_env_creator(spec.entry_point) if isinstance(spec.entry_point, str) else spec.entry_point
    doc = inspect.getdoc(maker)
    if not doc:
        raise ValueError(f"{spec.id}: {spec.entry_point} has no docstring")
    data = importlib.import_module(LOADERS[spec.id]["bundled"].partition(":")[0])
    tasks = f"## Tasks\n{inspect.getdoc(data)}\n"
    made = f'```python\nimport gymnasium as gym, act_env\nenv = gym.make("{spec.id}")\n```\n'
    registered = "".join(f"- `{name}`: `{value!r}`\n" for name, value in sorted(spec.kwargs.items()))
    arguments = f"\nRegistered with:\n\n{registered}" if registered else ""
    return f"<!-- Made by docs/make.py from a docstring. -->\n\n# {spec.id}\n\n{made}{arguments}\n{doc}\n\n{tasks}"


def pages() -> Iterator[tuple[Path, str]]:
    """Every made file with the text it should have."""
    ids = sorted(name for name in gym.registry if name.startswith("ActClarify-"))
    for name in ids:
        yield ROOT / "docs" / "environments" / f"{name.lower()}.md", environment_page(gym.registry[name])
    lines = "".join(f"- [{name}]({name.lower()}.md)\n" for name in ids)
    yield ROOT / "docs" / "environments" / "README.md", f"<!-- Made by docs/make.py. -->\n\n# Environments\n\n{lines}"
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        if any(mark.search(text) for mark in (TABLE, CORPUS, TEXT)):
            yield path, with_text_tasks(with_corpus(with_tables(text, ROOT), ROOT), ROOT)


def with_tables(text: str, root: Path) -> str:
    """The text with each marked table made anew; raises FileNotFoundError where a result is not there."""

    def made(match: re.Match[str]) -> str:
        path = root / match["path"]
        if not path.is_file():
            raise FileNotFoundError(
                f"a table is to be made of {match['path']!r}, which is not there: run its benchmark"
            )
        form = json.loads(path.read_text(encoding="utf-8"))
        return match[1] + tables.markdown(form.get("comparison", form), match["metrics"].split()) + match[4]

    return TABLE.sub(made, text)


def with_corpus(text: str, root: Path) -> str:
    """The text with what is marked of the bundled corpus made anew."""
    made = {
        "audit": lambda: corpus.audit_table(root / "benchmarks" / "results" / "audit.json"),
        "reading": lambda: corpus.reading_table(root / "docs" / "reading"),
        "counts": corpus.counts_table,
        "samples": corpus.samples,
    }
    return CORPUS.sub(lambda match: match[1] + made[match["what"]]() + match[3], text)


def with_text_tasks(text: str, root: Path) -> str:
    """The text with what is marked of the tasks answered in text made anew."""
    path = root / "benchmarks" / "results" / "text_tasks.json"
    made = {"counts": text_tasks.counts, "measured": text_tasks.measured}
    return TEXT.sub(lambda match: match[1] + made[match["what"]](path) + match[3], text)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Write the documentation that is made from code and results.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where a file is out of date")
    check = parser.parse_args(argv).check
    stale = 0
    for path, text in pages():
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale += 1
        print(f"{'out of date' if check else 'written'}: {path.relative_to(ROOT)}")
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
