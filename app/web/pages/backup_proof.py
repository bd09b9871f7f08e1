"""The dashboard's one line about backups: whether the newest one was restored, and agrees to the cent."""

from dataclasses import dataclass
from datetime import datetime

from app.domain.sentences import counted
from app.server_reports import CertificateReport, ServerReports
from app.web.http.locales import Locale

_NIGHT_BEGINS, _NIGHT_ENDS = 18, 9  # hours; nobody backs up by hand then


@dataclass(frozen=True, slots=True)
class BackupProof:
    """Everybody may read it: what did not agree, which names customers, stands on the page of the system."""

    sentence: str
    is_warning: bool = False


def backup_proof(reports: ServerReports, now: datetime, locale: Locale) -> BackupProof | None:
    """Return None where there is no server that makes backups."""
    if not reports.are_kept:
        return None
    kept = reports.certificate()
    if kept.damage:
        return BackupProof("It cannot be told whether the newest backup can be restored.", is_warning=True)
    if kept.report is None:
        return BackupProof("No backup of this server was restored for a test yet.", is_warning=True)
    return _of(kept.report, now, locale)


def _of(report: CertificateReport, now: datetime, locale: Locale) -> BackupProof:
    if not report.ok:
        return BackupProof(f"The newest backup did not pass its test on {locale.moment(report.at)}.", is_warning=True)
    if report.at > now and not report.is_fresh(now):
        return BackupProof("The test of the newest backup bears a date of the future.", is_warning=True)
    if not report.is_fresh(now):
        hours = counted(int((now - report.at).total_seconds() // 3600), "hour", "hours")
        return BackupProof(f"No backup was restored for a test in the last {hours}.", is_warning=True)
    return BackupProof(f"{_called(report, locale)} was restored{_within(report)} and agrees to the cent.")


def _called(report: CertificateReport, locale: Locale) -> str:
    hour = report.at.astimezone(locale.zone).hour
    is_of_the_night = hour >= _NIGHT_BEGINS or hour < _NIGHT_ENDS
    return "Last night's backup" if is_of_the_night else "The newest backup"


def _within(report: CertificateReport) -> str:
    return "" if report.restore_seconds is None else f" in {report.restore_seconds:.0f} s"
