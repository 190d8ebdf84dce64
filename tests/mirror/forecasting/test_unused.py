"""Models of questions that no night asks any more are removed, and never the one that answers."""

import os
from pathlib import Path

import pytest

from forecasting import unused
from forecasting.registry import KEPT, last_good, names_of, register
from forecasting.service import forecast
from forecasting.unused import OTHERS_KEPT, UNUSED_AFTER, remove_unused
from tests.mirror.forecasting.test_service import a_history

DAY = 86_400.0
NOW = 1_700_000_000.0
LONG_AGO = NOW - UNUSED_AFTER.total_seconds() - DAY


@pytest.fixture(scope="module")
def made():
    history = a_history(60, series=1)
    return history, forecast(history, 7, n_paths=0, made_by="base", country="none")


@pytest.fixture
def models(made, tmp_path) -> Path:
    """Folders of seven questions, each last asked a day after the one before, long ago; and of one in use."""
    for k in range(7):
        register(folder(tmp_path, k), *made, config={})
        os.utime(folder(tmp_path, k), (LONG_AGO + k, LONG_AGO + k))
    register(in_use(tmp_path), *made, config={})
    os.utime(in_use(tmp_path), (LONG_AGO - DAY, LONG_AGO - DAY))
    return tmp_path


def folder(models: Path, k: int) -> Path:
    return models / f"{k:016x}"


def in_use(models: Path) -> Path:
    return models / "feedfeedfeedfeed"


def questions(models: Path) -> list[str]:
    return sorted(path.name for path in models.iterdir())


def test_the_folder_in_use_and_the_few_newest_stay(models):
    told = remove_unused(in_use(models), now=NOW)

    assert told == ()
    newest = [folder(models, k).name for k in range(7 - OTHERS_KEPT, 7)]
    assert questions(models) == [*newest, in_use(models).name]
    assert all(last_good(models / name)[0] is not None for name in questions(models))


def test_a_folder_that_learned_lately_stays_however_many_there_are(models):
    lately = NOW - UNUSED_AFTER.total_seconds() + DAY
    for k in range(7):
        os.utime(folder(models, k), (lately + k, lately + k))

    remove_unused(in_use(models), now=NOW)

    assert len(questions(models)) == 8


def test_nothing_is_removed_while_no_model_in_use_loads(models):
    for file in in_use(models).iterdir():
        file.write_bytes(b"")

    remove_unused(in_use(models), now=NOW)

    assert len(questions(models)) == 8


def test_a_folder_with_a_file_of_somebodys_own_stays_and_so_does_a_link(models, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "000001-kept.json").write_text("{}")
    (folder(models, 0) / "notes.txt").write_text("why this model was good")
    (models / "0000000000000009").symlink_to(elsewhere)

    remove_unused(in_use(models), now=NOW)

    assert (folder(models, 0) / "notes.txt").exists() and names_of(folder(models, 0))
    assert (elsewhere / "000001-kept.json").exists()


def test_a_crash_in_the_middle_leaves_no_folder_half_there_and_the_next_night_ends_it(models, monkeypatch):
    real = unused.shutil.rmtree

    def power_cut(path):
        next(Path(path).iterdir()).unlink()
        raise KeyboardInterrupt

    monkeypatch.setattr(unused.shutil, "rmtree", power_cut)
    with pytest.raises(KeyboardInterrupt):
        remove_unused(in_use(models), now=NOW)
    for path in models.iterdir():
        assert path.name.startswith(".leaving-") or last_good(path)[0] is not None

    monkeypatch.setattr(unused.shutil, "rmtree", real)
    remove_unused(in_use(models), now=NOW)

    assert not list(models.glob(".*")) and len(questions(models)) == OTHERS_KEPT + 1


def test_what_the_system_refuses_is_told_and_the_night_goes_on(models, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(unused.shutil, "rmtree", refuse)

    told = remove_unused(in_use(models), now=NOW)

    assert "cannot be removed: Permission denied" in told[0]


def test_the_last_good_model_stays_though_many_damaged_ones_are_newer(made, tmp_path):
    names = [register(tmp_path, *made, config={"night": k}) for k in range(KEPT)]
    for name in names[1:]:
        (tmp_path / f"{name}.safetensors").write_bytes(b"damaged")

    latest = [register(tmp_path, *made, config={"night": "later"})]
    (tmp_path / f"{latest[0]}.safetensors").write_bytes(b"damaged")

    model, refused = last_good(tmp_path)
    assert model is not None and model.name == names[0]
    assert [error.code for error in refused] == ["E_MODEL_CORRUPT"] * KEPT
