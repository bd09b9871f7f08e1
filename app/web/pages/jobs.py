"""What the worker is at, what waits for it and what failed; some of it can be cancelled or tried again."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from bottle import HTTPResponse
from huey import Huey

from app.domain.permissions import may
from app.jobs.heartbeat import Heartbeat
from app.jobs.job_list import JobRefusedError, JobRow, JobSource, JobState
from app.jobs.job_queue import place_of, waiting
from app.store.access.users import User
from app.web.http.errors import ConflictError
from app.web.http.rendering import Pages
from app.web.http.request_context import RequestContext

_HEADINGS = {JobState.RUNNING: "Running", JobState.WAITING: "Waiting", JobState.FAILED: "Failed"}


@dataclass(frozen=True, slots=True)
class ShownJob:
    """`address` is where its actions are sent to, each below it."""

    row: JobRow
    address: str
    key: str


@dataclass(frozen=True, slots=True)
class Jobs:
    pages: Pages
    sources: Sequence[JobSource]
    queue: Huey
    heartbeat: Heartbeat

    def show(self, context: RequestContext) -> HTTPResponse:
        shown = list(self._shown(context))
        lists = [(name, [one for one in shown if one.row.state is state]) for state, name in _HEADINGS.items()]
        return self.pages.show(
            context,
            "jobs/show.html",
            lists=lists,
            is_changing=any(one.row.state is not JobState.FAILED for one in shown),
            worker_is_heard=self.heartbeat.was_heard(context.now.timestamp()),
            place=place_of(self.queue),
            queued=waiting(self.queue),
        )

    def done_by(self, act: Callable[[int, User, datetime], str]) -> Callable[..., HTTPResponse]:
        def answer(context: RequestContext, job_id: int) -> HTTPResponse:
            try:
                sentence = act(job_id, context.user, context.now)
            except JobRefusedError as refused:
                raise ConflictError(str(refused)) from refused
            return self.pages.redirect(context, "/jobs", flash=sentence)

        return answer

    def _shown(self, context: RequestContext) -> Iterator[ShownJob]:
        for source in self.sources:
            if may(context.user.role, source.right, context.user.scope):
                for row in source.rows(context.now):
                    key = f"{source.name}-{row.id}"
                    yield ShownJob(row, f"/jobs/{source.name}/{row.id}", key)
