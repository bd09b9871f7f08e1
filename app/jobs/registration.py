"""All jobs of the worker, made known to its queue."""

from collections.abc import Callable
from datetime import datetime

from huey import Huey

from app.jobs.imports import ImportJobs
from app.jobs.inbox import InboxJobs
from app.jobs.mails import MailJobs
from app.jobs.webhooks import WebhookJobs
from app.settings import AppSettings
from app.workbook.importing import Importer


def register(queue: Huey, importer: Importer, settings: AppSettings, now: Callable[[], datetime]) -> ImportJobs:
    MailJobs.where_set_up(queue, settings, now)
    WebhookJobs.of(queue, settings, now)
    jobs = ImportJobs(queue, importer)
    InboxJobs.where_set_up(queue, jobs, importer, settings)
    return jobs
