"""Command line of the generator; see the package's docstring."""

from __future__ import annotations

import argparse
from pathlib import Path

from envs_data.ambigsql.authoring import generate
from envs_data.duck import bundled_names, write_hashes


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m envs_data.ambigsql.authoring", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help="databases to write; default: all")
    chosen = parser.parse_args(arguments).names
    root = Path(__file__).parent.parent / "databases"
    known = bundled_names()
    for name in chosen or known:
        if name not in known:
            parser.error(f"no bundled database {name!r}; there are {', '.join(known)}")
        for table, text in generate(name).items():
            (root / name / f"{table}.csv").write_text(text, encoding="utf-8", newline="\n")
    write_hashes(root)


if __name__ == "__main__":
    main()
