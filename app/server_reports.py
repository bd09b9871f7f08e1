"""What the server reports of itself: files that its timers write, and that the app only reads."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

_LARGEST = 1_000_000  # bytes
_TOO_OLD = timedelta(hours=26)
_CLOCKS_DIFFER = timedelta(minutes=5)


def _with_zone(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


Moment = Annotated[datetime, AfterValidator(_with_zone)]


class _Reported(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class ServerReport(_Reported):
    """`ok` is whether nobody has to do anything; the sentence says what, or how well all is."""

    at: Moment
    ok: bool
    sentence: str


class BackupReport(ServerReport):
    """`weaker` where backups lie in a folder, which anybody in control of the server can empty."""

    backup: str = ""
    bytes: int | None = Field(None, ge=0)
    weaker: bool = False


class CertificateReport(ServerReport):
    """`ok` where the backup was restored, and agrees to the cent; problems may name customers and amounts."""

    backup: str = ""
    restore_seconds: float | None = Field(None, ge=0)
    rpo_seconds: float | None = Field(None, ge=0)
    rto_seconds: float | None = Field(None, ge=0)
    problems: tuple[str, ...] = ()

    def is_fresh(self, now: datetime) -> bool:
        return -_CLOCKS_DIFFER <= now - self.at <= _TOO_OLD


class FiguresReport(ServerReport):
    figures: Mapping[str, float] = {}
    missing: Mapping[str, str] = {}


class DiskUse(_Reported):
    """`history` has moments with the bytes that were used; `full_in_days` is None where it does not fill."""

    total_bytes: int = Field(ge=0)
    free_bytes: int = Field(ge=0)
    used_percent: float
    full_in_days: float | None = None
    history: tuple[tuple[Moment, int], ...] = ()


class MemoryUse(_Reported):
    total_bytes: int = Field(ge=0)
    available_bytes: int = Field(ge=0)


class ImageAge(_Reported):
    service: str
    image: str
    days: int


class WaitingUpdates(_Reported):
    pending: int
    security: int


class SiteCertificateLife(_Reported):
    domain: str
    ends: Moment
    days: int
    life_percent: float


class MachineReport(ServerReport):
    """A part that could not be told is None, and `missing` says why."""

    versions: Mapping[str, str] | None = None
    disk: DiskUse | None = None
    memory: MemoryUse | None = None
    images: tuple[ImageAge, ...] | None = None
    updates: WaitingUpdates | None = None
    reboot_due: bool | None = None
    failed_units: tuple[str, ...] | None = None
    site_certificate: SiteCertificateLife | None = None
    costs: Mapping[str, str] | None = None
    missing: Mapping[str, str] = {}


class DoneChore(_Reported):
    what: str
    is_well: bool
    says: str


class ChoresReport(ServerReport):
    chores: tuple[DoneChore, ...] = ()
    mailed: str = ""


R = TypeVar("R", bound=ServerReport)


@dataclass(frozen=True, slots=True)
class Kept(Generic[R]):
    """A report; None where there is none yet, or where it cannot be read, which `damage` says."""

    report: R | None = None
    damage: str = ""


@dataclass(frozen=True, slots=True)
class ServerReports:
    """`folder` is None where nothing reports, as on a laptop."""

    folder: Path | None

    @property
    def are_kept(self) -> bool:
        return self.folder is not None and self.folder.is_dir()

    def backup(self) -> Kept[BackupReport]:
        return self._kept("backup", BackupReport)

    def base_backup(self) -> Kept[BackupReport]:
        return self._kept("base-backup", BackupReport)

    def certificate(self) -> Kept[CertificateReport]:
        return self._kept("certificate", CertificateReport)

    def figures(self) -> Kept[FiguresReport]:
        return self._kept("figures", FiguresReport)

    def machine(self) -> Kept[MachineReport]:
        return self._kept("server", MachineReport)

    def chores(self, period: str) -> Kept[ChoresReport]:
        """Return those of a period: daily, weekly or monthly."""
        return self._kept(f"maintain-{period}", ChoresReport)

    def _kept(self, name: str, kind: type[R]) -> Kept[R]:
        if self.folder is None:
            return Kept()
        try:
            with (self.folder / f"{name}.json").open("rb") as file:
                content = file.read(_LARGEST + 1)
            return Kept(kind.model_validate_json(content))
        except FileNotFoundError:
            return Kept()
        except (OSError, ValidationError):
            return Kept(
                damage=f"The server's report {name}.json cannot be read: it is written again by its next run; if it "
                "stays so, look at the server."
            )
