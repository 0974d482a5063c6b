from dataclasses import fields
from pathlib import Path

import pytest

from logosim.errors import ConfigurationError
from logosim.settings import SETTINGS_HELP, Settings


def test_an_empty_environment_gives_defaults_that_work() -> None:
    settings = Settings.from_environment({})
    assert settings.database_url is None
    assert settings.ocr == "rapid"
    assert settings.data_dir.is_absolute()
    assert settings.inference_threads >= 1


def test_every_field_is_a_documented_variable_and_the_other_way_round() -> None:
    assert {f"LOGOSIM_{field.name.upper()}" for field in fields(Settings)} == set(SETTINGS_HELP)


def test_values_are_read(tmp_path: Path) -> None:
    settings = Settings.from_environment(
        {"LOGOSIM_DATA_DIR": str(tmp_path), "LOGOSIM_OCR": "none", "LOGOSIM_THREADS": " 3 ", "PATH": "/bin"}
    )
    assert (settings.data_dir, settings.ocr, settings.inference_threads) == (tmp_path.resolve(), "none", 3)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LOGOSIM_OCR", "tesseract"),
        ("LOGOSIM_PRONUNCIATION", "espeak"),
        ("LOGOSIM_THREADS", "two"),
        ("LOGOSIM_THREADS", "-1"),
        ("LOGOSIM_LOG_LEVEL", "LOUD"),
        ("LOGOSIM_MAX_PICTURE_BYTES", "0"),
        ("LOGOSIM_DATABSE_URL", "postgresql:///x"),
    ],
)
def test_wrong_values_and_misspelt_names_are_named(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        Settings.from_environment({name: value})


def test_a_child_process_gets_the_same_settings(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, database_url="postgresql:///x", ocr="none", threads=2)
    assert Settings.from_environment(settings.environment()) == settings
    assert "PATH" in settings.environment()


def test_the_password_of_the_database_is_not_shown() -> None:
    settings = Settings.from_environment({"LOGOSIM_DATABASE_URL": "postgresql://u:geheim@db/logosim"})
    assert "geheim" not in repr(settings)


def test_the_readme_lists_every_setting() -> None:
    readme = Path(__file__).parents[2] / "README.md"
    assert all(f"| `{name}` | {text} |" in readme.read_text() for name, text in SETTINGS_HELP.items())
