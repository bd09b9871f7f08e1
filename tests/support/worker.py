"""The worker of tests: it does what waits in the queue, then returns."""

from app.files import Files
from app.jobs.imports import ImportJobs
from app.jobs.job_queue import open_queue
from app.workbook.importing import Importer


def a_worker(settings, clock):
    queue = open_queue()
    ImportJobs(
        queue, Importer(settings.data_dir, Files(settings.files_place), settings.workbook, settings.unsaved_firm, clock)
    )

    def work_off():
        while task := queue.dequeue():
            queue.execute(task)

    return work_off
