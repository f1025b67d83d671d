"""The audit finds shortcuts that were planted, passes what has none, and fails a build with them."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="the audit's probes need scikit-learn (extra: audit)")

from act_env.conversation import Action
from envs_data import ambigsql
from envs_data.ambigsql import build
from envs_data.audit import Finding, audit, failures
from envs_data.audit.__main__ import main
from envs_data.audit.parts import OVERLAPS, overlaps, words
from envs_data.audit.probes import EVERY, folds, interval


@pytest.fixture(scope="module")
def tasks():
    """Four databases' tasks: small enough for a test."""
    return list(ambigsql.load(split="dev").tasks)


def planted(tasks, change):
    return [change(task) if task.gold_action is Action.CLARIFY else task for task in tasks]


def of(findings, probe, part):
    return next(f for f in findings if (f.probe, f.part, f.kind) == (probe, part, EVERY))


def test_a_request_that_carries_both_labels_is_at_chance(tasks):
    found = of(audit(tasks, probes=["bag of words"], parts=["request"]), "bag of words", "request")
    assert found.accuracy == 0.5 and not found.fails


def test_a_word_that_tells_the_label_is_found(tasks):
    hinted = planted(tasks, lambda task: dataclasses.replace(task, request=f"{task.request} Hm."))
    findings = audit(hinted, probes=["bag of words"], parts=["request", "schema"])
    assert of(findings, "bag of words", "request").accuracy > 0.95
    assert {f.part for f in failures(findings)} == {"request"}


def test_notes_that_share_more_words_with_the_request_are_found(tasks):
    echoed = planted(tasks, lambda task: dataclasses.replace(task, context=f"{task.context}\n- {task.request}"))
    found = of(audit(echoed, probes=["overlap"]), "overlap", "all")
    assert found.accuracy > 0.9 and found.fails


@pytest.mark.slow
def test_the_transformer_finds_a_planted_word(tasks):
    pytest.importorskip("torch")
    hinted = planted(tasks, lambda task: dataclasses.replace(task, request=f"{task.request} Hm."))
    found = of(audit(hinted, probes=["transformer"], parts=["request"]), "transformer", "request")
    assert found.accuracy > 0.9 and found.fails


def test_folds_keep_databases_apart(tasks):
    seen = []
    for known, unseen in folds(tasks):
        homes = [{tasks[i].database for i in chosen} for chosen in (known, unseen)]
        assert homes[0].isdisjoint(homes[1])
        seen += unseen.tolist()
    assert sorted(seen) == list(range(len(tasks)))


def test_one_database_cannot_be_audited(tasks):
    with pytest.raises(ValueError, match="two databases"):
        audit([task for task in tasks if task.database == "hotels"])


def test_intervals_are_over_clusters():
    right, clusters = np.array([1, 1, 0, 0] * 10), np.array(list("aabb") * 10)
    assert interval(right, clusters) == (0.0, 1.0)


@pytest.mark.parametrize(("kind", "fails"), [(EVERY, True), ("value", False)])
def test_all_kinds_fail_by_accuracy_and_one_by_its_interval(kind, fails):
    assert Finding("bag of words", "request", kind, 0.56, 0.54, 0.58, 100, 0.55).fails is fails
    assert not Finding("transformer", "all", kind, 0.9, 0.85, 0.95, 100, None).fails


def test_words_and_overlaps(tasks):
    assert words("Stores' net_revenue is 5") == ["store", "net", "revenue", "is", "5"]
    assert len(overlaps(tasks[0])) == len(OVERLAPS)


def test_a_build_that_fails_its_audit_writes_nothing(tasks, tmp_path, monkeypatch, capsys):
    hinted = planted(tasks, lambda task: dataclasses.replace(task, request=f"{task.request} Hm."))
    monkeypatch.setattr(build, "_with_progress", lambda names: (hinted, build.Counter()))
    assert build.main(["--out", str(tmp_path)]) == 1
    assert "audit failed" in capsys.readouterr().out and not list(tmp_path.iterdir())
    assert build.main(["--out", str(tmp_path), "--no-audit"]) == 0
    assert {path.name for path in tmp_path.iterdir()} >= {"tasks_dev.jsonl", "manifest.json"}


def test_the_command_writes_its_findings(tmp_path, capsys):
    assert main(["--part", "request", "--out", str(tmp_path / "audit.json")]) == 0
    form = json.loads((tmp_path / "audit.json").read_text(encoding="utf-8"))
    assert form["command"].startswith("python -m envs_data.audit --part request")
    assert {f["probe"] for f in form["findings"]} == {"bag of words", "overlap"}
    assert capsys.readouterr().out.strip().endswith("audit passed")
