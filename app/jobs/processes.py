"""What the processes of app and worker know of one another: by files of DATA_DIR, or by their database."""

import contextlib
import json
import logging
from dataclasses import dataclass
from typing import Self

from app.error_groups import ErrorGroups, ErrorHandler, LaterErrorHandler
from app.jobs.heartbeat import FORGOTTEN_AFTER_SECONDS, LONGEST_PAUSE_SECONDS, Heartbeat
from app.jobs.job_counts import JobCounts
from app.maintenance import MaintenanceMode, MaintenanceSwitch
from app.process_state import ProcessState, StateInFolder
from app.settings import AppSettings
from app.store.shared.maintenance import SharedMaintenance
from app.store.shared.state import StateInDatabase

_NAME = "workers"


@dataclass(frozen=True, slots=True)
class Processes:
    maintenance: MaintenanceSwitch
    jobs: JobCounts
    errors: ErrorGroups
    heartbeat: Heartbeat
    is_one_of_several: bool = False

    @classmethod
    def of(cls, settings: AppSettings) -> Self:
        """Several copies need the database to be open by the time that something is read."""
        own = Heartbeat.of(settings)
        if not settings.is_one_of_several:
            here = StateInFolder(settings.data_dir)
            switch = MaintenanceMode(settings.data_dir)
            return cls(switch, JobCounts(here), ErrorGroups(here), own)
        shared = StateInDatabase()
        heartbeat = SharedHeartbeat(own.folder, own.machine, shared)
        return cls(SharedMaintenance(), JobCounts(shared), ErrorGroups(shared), heartbeat, is_one_of_several=True)

    def error_handler(self) -> logging.Handler:
        return LaterErrorHandler(self.errors) if self.is_one_of_several else ErrorHandler(self.errors)


@dataclass(frozen=True, slots=True)
class SharedHeartbeat(Heartbeat):
    """Each machine has its own file for the check of its container, and its line in a state that all machines see."""

    state: ProcessState

    def beat(self) -> None:
        Heartbeat.beat(self)
        with contextlib.suppress(OSError):
            at = self.path.stat().st_mtime
            with self.state.alone(_NAME):
                others = {one: beat for one, beat in self._beats().items() if at - beat < FORGOTTEN_AFTER_SECONDS}
                self.state.write(_NAME, json.dumps({**others, self.machine: at}))

    def was_heard(self, now: float) -> bool:
        try:
            return any(now - beat < LONGEST_PAUSE_SECONDS for beat in self._beats().values())
        except OSError:
            return False

    def _beats(self) -> dict[str, float]:
        """Return the moments by machine; raises OSError."""
        try:
            return {str(machine): float(at) for machine, at in json.loads(self.state.read(_NAME) or "{}").items()}
        except (ValueError, TypeError, AttributeError):
            return {}
