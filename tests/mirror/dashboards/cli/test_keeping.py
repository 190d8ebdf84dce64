"""``twin backup``, ``twin restore`` and ``twin audit``: what a person types and is told."""

import json
from pathlib import Path

import pytest

from dashboards.cli import main
from twin.store import open_store


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.chdir(tmp_path)
    with open_store(tmp_path / "w") as store:
        (tmp_path / "w" / "hospital.toml").write_text('name = "small"\n')
        claim = store.runs.start("run", {}, owner="test")
        store.artefacts.put(claim, "plan", b"beds = 24")
        store.runs.finish(claim, {})
    return tmp_path / "w"


def typed(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as end:
        main([str(word) for word in words])
    told = capsys.readouterr()
    return int(end.value.code or 0), told.out, told.err


def test_a_backup_is_named_by_the_moment_and_put_back_by_the_line_it_tells(
    workspace: Path, capsys: pytest.CaptureFixture[str]
):
    code, out, _ = typed(capsys, "backup", "--workspace", workspace)
    (file,) = workspace.parent.glob("twin-backup-*.tar.gz")

    assert code == 0
    assert "the audit up to row 3" in out
    assert f"twin restore {file.name} FOLDER" in out
    code, out, _ = typed(capsys, "restore", file, "again")
    assert code == 0
    assert "an unbroken audit of 3 rows" in out
    assert (workspace.parent / "again" / "hospital.toml").is_file()


def test_both_tell_one_document_where_it_is_asked_for(workspace: Path, capsys: pytest.CaptureFixture[str]):
    made = json.loads(typed(capsys, "backup", "b.tar.gz", "--workspace", workspace, "--json")[1])
    put_back = json.loads(typed(capsys, "restore", "b.tar.gz", "again", "--json")[1])

    assert (made["file"], made["files"], made["audit_rows"]) == ("b.tar.gz", 2, 3)
    assert put_back["at"] == made["at"]
    assert put_back["rows"] == made["rows"]


def test_a_damaged_file_is_told_and_what_is_left_out_is_a_degraded_backup(
    workspace: Path, capsys: pytest.CaptureFixture[str]
):
    (kept,) = (path for path in (workspace / "artefacts").rglob("*") if path.is_file())
    kept.write_text("altered")

    code, out, err = typed(capsys, "backup", "b.tar.gz", "--workspace", workspace)
    assert (code, out) == (1, "")
    assert "[E_DAMAGED]" in err
    assert "--leave-out-damaged" in err
    code, out, _ = typed(capsys, "backup", "b.tar.gz", "--workspace", workspace, "--leave-out-damaged")
    assert code == 5
    assert "missing" in out
    assert typed(capsys, "restore", "b.tar.gz", "again")[0] == 5


def test_what_cannot_be_restored_is_refused_with_a_code(workspace: Path, capsys: pytest.CaptureFixture[str]):
    Path("letter").write_text("dear colleague")

    for words, code, shown in (
        (("restore", "letter", "again"), 3, "[E_DAMAGED]"),
        (("restore", "none", "again"), 2, "no such backup"),
        (("restore", "letter", workspace), 2, "not empty"),
        (("backup", "letter", "--workspace", workspace), 2, "[E_OUTPUT]"),
        (("backup", "--workspace", "nowhere"), 2, "no workspace"),
        (("audit", "verify", "--workspace", "nowhere"), 2, "no workspace"),
    ):
        told = typed(capsys, *words)
        assert told[0] == code, told
        assert shown in told[2]
        assert "Traceback" not in told[2]
    assert not Path("again").exists()
    assert not Path("nowhere").exists()


def test_the_audit_is_listed_and_verified(workspace: Path, capsys: pytest.CaptureFixture[str]):
    code, out, _ = typed(capsys, "audit", "list", "--last", 2, "--workspace", workspace)

    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == ["1", "2"]
    assert "run.done" in out.splitlines()[-1]
    assert typed(capsys, "audit", "verify", "--workspace", workspace)[1].startswith("2 audit rows")
    assert json.loads(typed(capsys, "audit", "verify", "--json", "--workspace", workspace)[1]) == {
        "rows": 2,
        "unbroken": True,
    }
    assert typed(capsys, "audit", "mend", "--workspace", workspace)[0] == 2
