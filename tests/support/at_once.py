"""Several people at once, each with a connection of their own."""

from threading import Barrier, Thread

from app.store.db.database import connection


def all_at_once(*actions):
    """Begin all actions at the same moment, wait for the last to end, and return what any of them raised."""
    start = Barrier(len(actions))
    raised = []

    def run(action):
        with connection():
            start.wait()
            try:
                action()
            except Exception as error:  # noqa: BLE001  # whatever it is, it is handed back
                raised.append(error)

    threads = [Thread(target=run, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised
