"""The page of the system, for admins: what the server reports of itself, jobs, and recent errors."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from bottle import HTTPResponse

from app.domain.sentences import counted
from app.jobs.heartbeat import Heartbeat
from app.jobs.job_counts import DONE, FAILED
from app.jobs.job_queue import waiting
from app.server_reports import BackupReport, CertificateReport, DiskUse, Kept, ServerReport, ServerReports
from app.web.http.locales import Locale
from app.web.http.rendering import Pages
from app.web.http.request_context import RequestContext
from app.web.pages.health import Watched

OLDEST_IMAGE_DAYS = 35
KINDS = {
    "Workbooks read, applied or undone": ("work_on_import",),
    "Rounds of taking up unfinished workbooks": ("take_up_unfinished",),
    "Looks into the inbox folder": ("look_into_inbox", "look_into_inbox_again"),
    "Statements mailed": ("send_statement",),
    "Rounds of statements that waited": ("send_due_statements",),
    "Rounds of mails with links": ("send_links", "send_due_links"),
    "Rounds of webhooks": ("send_webhooks", "send_due_webhooks"),
    "Rounds of deleting what is old": ("delete_old_links", "delete_old_events", "prune_inbox", "delete_unknown_files"),
}
# Somewhat more than the time between two of its runs: what is older was not made, and nobody said so.
_OLDEST = {
    "its figures": timedelta(minutes=10),
    "the machine": timedelta(minutes=40),
    "the hourly backup": timedelta(hours=2),
    "the nightly copy": timedelta(hours=26),
    "the test of the backup": timedelta(hours=26),
    "the daily chores": timedelta(hours=26),
    "the weekly chores": timedelta(days=8),
    "the monthly chores": timedelta(days=32),
}
_ABSENT = {
    "the hourly backup": "No backup was made yet.",
    "the nightly copy": "No copy of the whole was made yet.",
    "the test of the backup": "No backup was restored for a test yet.",
}
_NO_WORKER = "The worker has not been heard of for a minute: workbooks and mails wait until it runs."
_PERIODS = {"daily": "Each day", "weekly": "Each week", "monthly": "Each month"}
_DAYS_IN_WEEKS, _DAYS_IN_MONTHS = 21, 120  # from where on a forecast is told so
_GIGABYTE, _MEGABYTE = 10**9, 10**6


@dataclass(frozen=True, slots=True)
class BackupRow:
    what: str
    kept: Kept[BackupReport] | Kept[CertificateReport]
    measured: str = ""
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class JobCountRow:
    what: str
    done: int
    failed: int


@dataclass(frozen=True, slots=True)
class System:
    pages: Pages
    reports: ServerReports
    watched: Watched
    heartbeat: Heartbeat
    is_one_of_several: bool = False

    def show(self, context: RequestContext) -> HTTPResponse:
        machine = self.reports.machine().report
        is_heard = self.heartbeat.was_heard(context.now.timestamp())
        return self.pages.show(
            context,
            "system/show.html",
            is_server=self.reports.are_kept,
            is_one_of_several=self.is_one_of_several,
            attention=self._attention(context, is_worker_heard=is_heard),
            backups=self._backups(context.locale),
            machine=machine,
            disk=_disk(machine.disk, context.locale) if machine and machine.disk else None,
            memory=_of_all(machine.memory.available_bytes, machine.memory.total_bytes, context.locale)
            if machine and machine.memory
            else "",
            oldest_image_days=OLDEST_IMAGE_DAYS,
            chores=[(name, self.reports.chores(period).report) for period, name in _PERIODS.items()],
            worker_is_heard=is_heard,
            waiting=waiting(self.watched.queue),
            jobs=_job_rows(self.watched.jobs.counted()),
            errors=self.watched.errors.recent(),
        )

    def _attention(self, context: RequestContext, *, is_worker_heard: bool) -> list[str]:
        if not self.reports.are_kept and not self.is_one_of_several:
            return []
        reported = _attention(self._kept(), context) if self.reports.are_kept else ()
        return [*([] if is_worker_heard else [_NO_WORKER]), *reported]

    def _kept(self) -> dict[str, Kept[ServerReport]]:
        reports: Sequence[object] = (
            self.reports.figures(),
            self.reports.machine(),
            self.reports.backup(),
            self.reports.base_backup(),
            self.reports.certificate(),
            *(self.reports.chores(period) for period in _PERIODS),
        )
        return dict(zip(_OLDEST, reports, strict=True))  # type: ignore[arg-type]  # each is a kept report

    def _backups(self, locale: Locale) -> list[BackupRow]:
        certificate = self.reports.certificate()
        proved = certificate.report
        return [
            BackupRow("Newest backup", self.reports.backup(), _size(self.reports.backup(), locale)),
            BackupRow(
                "Newest copy of the whole", self.reports.base_backup(), _size(self.reports.base_backup(), locale)
            ),
            BackupRow(
                "Newest test of a backup",
                certificate,
                _measured(proved) if proved else "",
                proved.problems if proved else (),
            ),
        ]


def _attention(kept: Mapping[str, Kept[ServerReport]], context: RequestContext) -> Iterator[str]:
    """Yield a sentence for each thing that somebody should look at."""
    for what, one in kept.items():
        if one.damage:
            yield one.damage
        elif one.report is None:
            if what in _ABSENT:
                yield _ABSENT[what]
        elif context.now - one.report.at > _OLDEST[what]:
            told = context.locale.moment(one.report.at)
            yield f"The last report on {what} is of {told}: look whether its timer still runs."
        elif not one.report.ok:
            yield one.report.sentence


@dataclass(frozen=True, slots=True)
class ShownDisk:
    """`labels` and `megabytes` are of the end of each day."""

    used: str
    forecast: str
    labels: list[str]
    megabytes: list[int]


def _disk(disk: DiskUse, locale: Locale) -> ShownDisk:
    days: dict[str, int] = {}
    for moment, count in disk.history:
        days[locale.day(moment.astimezone(locale.zone).date())] = count // _MEGABYTE
    used = _of_all(disk.total_bytes - disk.free_bytes, disk.total_bytes, locale)
    return ShownDisk(used, forecast(disk.full_in_days), list(days), list(days.values()))


def forecast(days: float | None) -> str:
    """Say when the disk will be full, if it goes on so."""
    if days is None:
        return "not filling at this rate"
    if days < 1:
        return "full within a day at this rate"
    if days < _DAYS_IN_WEEKS:
        return f"full in about {counted(round(days), 'day', 'days')} at this rate"
    if days < _DAYS_IN_MONTHS:
        return f"full in about {round(days / 7)} weeks at this rate"
    return (
        f"full in about {round(days / 30.4)} months at this rate" if days < 730 else "not full for years at this rate"
    )


def _of_all(part: int, whole: int, locale: Locale) -> str:
    return f"{_gigabytes(part, locale)} of {_gigabytes(whole, locale)} ({locale.percent(part, whole)})"


def _gigabytes(count: int, locale: Locale) -> str:
    return f"{locale.decimal_number(round(Decimal(count) / _GIGABYTE, 1))} GB"


def _size(kept: Kept[BackupReport], locale: Locale) -> str:
    if kept.report is None or kept.report.bytes is None:
        return ""
    size = f"{locale.decimal_number(round(Decimal(kept.report.bytes) / _MEGABYTE, 1))} MB"
    return f"{size}, in a folder: anybody in control of the server can delete it" if kept.report.weaker else size


def _measured(report: CertificateReport) -> str:
    measured = (
        ("restored in", report.restore_seconds),
        ("at most lost", report.rpo_seconds),
        ("back after", report.rto_seconds),
    )
    return ", ".join(f"{name} {seconds:.0f} s" for name, seconds in measured if seconds is not None)


def _job_rows(found: Mapping[tuple[str, str], int]) -> list[JobCountRow]:
    rows = (
        JobCountRow(name, *(sum(found.get((kind, outcome), 0) for kind in kinds) for outcome in (DONE, FAILED)))
        for name, kinds in KINDS.items()
    )
    return [row for row in rows if row.done or row.failed]
