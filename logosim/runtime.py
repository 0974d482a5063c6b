"""The composition root: opens the pool, the model and the text reader, and hands everything its parts.

A `Runtime` is one process's set of parts. Parts that cost time (model, text reader) are built at first use, so that
a search by name or a look at the queue never loads a model. What is opened here is closed here.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

from logosim.database import checks, embedded, tuning
from logosim.database.catalogue import Catalogue, read_catalogue
from logosim.database.upgrade import UpgradeReport, upgrade
from logosim.domain.ingest import IngestReport
from logosim.embedding import (
    OnnxEmbedder,
    bundled,
    find_bundled,
    first_model,
    load_artifact,
    load_manifest,
    model_folder,
)
from logosim.errors import ModelMismatch, ModelNotFound, NotMigrated
from logosim.extract import Extractor
from logosim.extractors import Extractors
from logosim.imaging.decode import DecodeLimits
from logosim.ingest.pronounce import pronounce_all
from logosim.ingest.uploads import ingest_uploads
from logosim.ocr.protocol import TextReader
from logosim.phonetics import RuleTranscriber, Transcriber
from logosim.search.calibration import Calibrations, load_calibrations, packaged_calibrations
from logosim.search.comparison import Comparison
from logosim.search.pipeline import Pipeline
from logosim.search.watched import seen_again
from logosim.settings import PronunciationName, Settings
from logosim.store.calibration import CalibrationStore
from logosim.store.ingest import IngestStore
from logosim.store.keys import KeyStore
from logosim.store.marks import MarkStore
from logosim.store.model_indexes import ModelIndexStore
from logosim.store.model_versions import ModelVersionStore
from logosim.store.models import ModelRow, ModelStore
from logosim.store.picture_requests import PictureBell
from logosim.store.pool import Pool, borrowed, open_pool
from logosim.store.pronunciation import PronunciationStore
from logosim.store.query_pictures import QueryPictureStore
from logosim.store.search import SearchStore
from logosim.store.vienna import ViennaStore
from logosim.store.watches import WatchStore
from logosim.store.work import WorkStore

logger = logging.getLogger(__name__)


def database_url(settings: Settings) -> str:
    """The database to use: the one that is set, or the embedded one, started if it is not running.

    Raises:
        NotMigrated: there is no embedded one in the data folder; only an upgrade makes one.
    """
    if settings.database_url is None and not embedded.exists(settings.data_dir):
        raise NotMigrated(
            f"There is no database in {settings.data_dir} yet.",
            hint="Run `logosim demo` or `logosim db upgrade`, or check LOGOSIM_DATA_DIR.",
        )
    return settings.database_url or embedded.start(settings.data_dir)


def upgrade_database(settings: Settings) -> UpgradeReport:
    """Bring the database to this version; if no model is active yet, register that of the settings or the default.

    A database that has an active model keeps it, whichever model the package has as its default by now. A new one
    pronounces names as the settings say; one that was there goes over by `pronounce_all` only. Searches in SQL judge by
    the calibration that the settings name from then on.

    Raises:
        CalibrationInvalid: the table that the setting names is wrong.
    """
    given = settings.calibration
    if given is not None:
        load_calibrations(given)
    url = settings.database_url or embedded.start(settings.data_dir)
    report = upgrade(url, calibration=None if given is None else given.read_text(encoding="utf-8"))
    with open_pool(url) as pool:
        models = ModelStore(pool)
        if models.find_active() is None:
            models.register(load_manifest(first_model(settings.model_dir)), activate=True)
        if report.revision_before is None:
            pronounce_all(PronunciationStore(pool), build_transcriber(settings.pronunciation))
    return report


def build_reader(settings: Settings) -> TextReader:
    """The text reader that the settings name; its packages are imported only here."""
    if settings.ocr == "easy":
        from logosim.ocr.easy import EasyReader

        return EasyReader()
    if settings.ocr == "none":
        from logosim.ocr.none import NoReader

        return NoReader()
    from logosim.ocr.rapid import RapidReader

    return RapidReader(threads=settings.inference_threads)


def build_transcriber(name: PronunciationName) -> Transcriber:
    """The pronunciation engine of that name; its packages are imported only when it is first asked for a name.

    Raises:
        DependencyMissing: its extra is not installed.
    """
    if name == "epitran":
        from logosim.phonetics.epitran import EpitranTranscriber

        return EpitranTranscriber()
    return RuleTranscriber()


def build_extractor(settings: Settings, model: Path | None = None) -> Extractor:
    """Bytes to features, with the text reader that the settings name.

    `model` is the folder of the model; None: the first that the settings name, or the default.
    """
    folder = model or first_model(settings.model_dir)
    return Extractor(
        reader=build_reader(settings),
        embedder=OnnxEmbedder(load_artifact(folder), threads=settings.inference_threads),
        limits=decode_limits(settings),
    )


def decode_limits(settings: Settings) -> DecodeLimits:
    """What a picture may cost, as the settings say."""
    return DecodeLimits(max_bytes=settings.max_picture_bytes, max_pixels=settings.max_picture_pixels)


@dataclass(frozen=True, slots=True, eq=False)
class LoadedModel:
    """A model that is loaded, with its queue: all that a worker needs of it."""

    model_id: int
    name: str
    extractor: Extractor
    work: WorkStore  # of this model alone


class Runtime:
    """The parts of one process. Use as a context manager."""

    def __init__(self, settings: Settings, url: str, pool: Pool) -> None:
        self.settings = settings
        self._url = url
        self.pool = pool
        self.marks = MarkStore(pool)
        self.query_pictures = QueryPictureStore(pool)
        self.work = WorkStore(pool)
        self.watches = WatchStore(pool, lambda watched: seen_again(self.extractor, watched))
        self.keys = KeyStore(pool)
        self.models = ModelStore(pool)
        self.model_versions = ModelVersionStore(pool)
        self.model_indexes = ModelIndexStore(pool)
        self.vienna = ViennaStore(pool)
        self.pronunciation = PronunciationStore(pool)

    @classmethod
    def open(cls, settings: Settings, *, role: str | None = None) -> Self:
        """Open the database as `role` and check that it can be used.

        Raises:
            DatabaseError: it is down, too old, without pgvector or not migrated; the message says what to do.
        """
        url = database_url(settings)
        checks.require_ready(url)
        return cls(settings, url, open_pool(url, role=role))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back to the server."""
        self.pool.close()

    @cached_property
    def transcriber(self) -> Transcriber:
        """What pronounces names, as the settings say; whether it is the database's engine is seen at each use."""
        return build_transcriber(self.settings.pronunciation)

    @cached_property
    def ingest_store(self) -> IngestStore:
        """Where marks are taken in."""
        return IngestStore(self.pool, self.transcriber)

    @cached_property
    def _extractors(self) -> Extractors:
        return Extractors(
            self.settings.model_dir,
            lambda: build_reader(self.settings),
            decode_limits(self.settings),
            threads=self.settings.inference_threads,
        )

    @property
    def artifact(self) -> Path:
        """Folder of the active model, asked of the database anew: in the setting, or bundled.

        Raises:
            ModelMismatch: this process has no artifact of it.
            NoActiveModel: none is registered.
        """
        active = self.models.active()
        folder = self._extractors.folder(active.artifact_sha256)
        if folder is None:
            raise self._not_here(active)
        return folder

    @property
    def extractor(self) -> Extractor:
        """Bytes to features with the model that is active now, loaded if need be: ask anew for each question.

        Raises:
            ModelMismatch: this process has no artifact of it.
            NoActiveModel: none is registered.
        """
        return self._extractor_of(self.models.active())

    def _extractor_of(self, model: ModelRow) -> Extractor:
        found = self._extractors.of(model.artifact_sha256)
        if found is None:
            raise self._not_here(model)
        return found

    def _not_here(self, model: ModelRow) -> ModelMismatch:
        state = "is active" if model.active else "is registered"
        return ModelMismatch(
            f"The model {model.name!r} {state} in the database, and this process has no artifact of it.",
            hint="Put the folder of its artifact into LOGOSIM_MODEL_DIR, or go over to a model that is here: "
            "logosim models activate NAME",
        )

    def loaded_model(self, model: ModelRow | None = None) -> LoadedModel:
        """A model loaded for a worker, with its queue; None: the one that is active now.

        Raises:
            ModelMismatch: this process has no artifact of it.
            NoActiveModel: none is registered.
        """
        row = model or self.models.active()
        return LoadedModel(row.model_id, row.name, self._extractor_of(row), self.work.for_model(row.model_id))

    def named_model(self, named: str) -> ModelRow:
        """The registered model that a person means: by its name, or by the folder of its artifact, or a bundled one.

        Raises:
            ModelNotFound: it is not registered.
            ArtifactInvalid: it is neither a name nor a folder with a model.
        """
        registered = self.models.list()
        if found := next((row for row in registered if row.name == named), None):
            return found
        folder = model_folder(named)
        manifest = load_manifest(folder)
        found = next((row for row in registered if row.artifact_sha256 == manifest.sha256), None)
        if found is None:
            raise ModelNotFound(
                f"The model {manifest.name!r} is not registered.", hint=f"Run: logosim models register {named}"
            )
        self._extractors.add(folder)
        return found

    def has_artifact(self, model: ModelRow) -> bool:
        """Whether this process could load the model."""
        return self._extractors.folder(model.artifact_sha256) is not None

    def offered_model(self) -> str | None:
        """Name of the default model if the database stays with a former bundled one, else None."""
        active = self.models.active()
        former = find_bundled(active.artifact_sha256)
        return None if former is None or former.is_default else load_manifest(bundled()).name

    def picture_bell(self) -> PictureBell:
        """What rings when an SQL client hands in a picture."""
        return PictureBell(self._url)

    @cached_property
    def pipeline(self) -> Pipeline:
        """The two-stage search. Only questions with a picture load the model."""
        return Pipeline(
            extractor=lambda: self.extractor,
            candidates=SearchStore(self.pool, self.transcriber),
            marks=self.marks,
            pictures=self.query_pictures,
            calibrations=self.calibrations,
            transcribe=self.transcriber.phonemes,
        )

    @cached_property
    def comparison(self) -> Comparison:
        """Explanations of pairs. The model is loaded for pictures that are not stored, and where patches match."""
        return Comparison(
            extractor=lambda: self.extractor,
            candidates=SearchStore(self.pool, self.transcriber),
            marks=self.marks,
            pictures=self.query_pictures,
            headings=self.vienna,
            limits=decode_limits(self.settings),
            calibrations=self.calibrations,
            transcribe=self.transcriber.phonemes,
        )

    @cached_property
    def calibrations(self) -> Calibrations:
        """What values are worth as evidence. Raises CalibrationInvalid: the table that the setting names is wrong."""
        given = self.settings.calibration
        return load_calibrations(given) if given else packaged_calibrations()

    def judges_as_sql(self) -> bool:
        """Whether searches in SQL judge by the same curves of evidence as this process."""
        ours = {of: (curve.values, curve.evidence) for of, curve in self.calibrations.curves.items()}
        return CalibrationStore(self.pool).knots() == ours

    def warm(self) -> None:
        """Load the model and the text reader and read the index into memory, so that the first query is no slower.

        A server calls this before it answers: later its threads share the parts that are made here. It logs a warning
        where searches in SQL would give other scores.
        """
        if not self.judges_as_sql():
            logger.warning(
                "Searches in SQL judge by another calibration than this process: run `logosim db upgrade` with its "
                "LOGOSIM_CALIBRATION",
                extra={"action": "calibration_differs"},
            )
        _ = self.pipeline, self.comparison, self.ingest_store
        self.transcriber.phonemes("warm")
        self.extractor.warm()
        tuning.prewarm(self._url)

    def versions(self) -> dict[str, str]:
        """Versions of the server and its extension, and the pages of its memory."""
        with borrowed(self.pool) as connection:
            return checks.versions(connection)

    def catalogue(self) -> Catalogue:
        """What the database offers to whoever asks in SQL."""
        with borrowed(self.pool) as connection:
            return read_catalogue(connection)

    def ready(self) -> None:
        """Return if a search would work now.

        Raises:
            LogosimError: the database, the model or the pronunciation engine would refuse it.
        """
        with borrowed(self.pool) as connection:
            checks.require_migrated(connection)
        _ = self.artifact
        self.pronunciation.require(self.transcriber.name)

    def ingest_uploads(self, source: str, records: bytes, pictures: Mapping[str, bytes]) -> IngestReport:
        """Take in marks whose pictures came with them; the pictures are kept in the data folder."""
        return ingest_uploads(source, records, pictures, self.settings.picture_dir, self.ingest_store)
