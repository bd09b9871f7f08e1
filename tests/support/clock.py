"""A clock that a test sets."""

from datetime import timedelta


class Clock:
    def __init__(self, moment):
        self.moment = moment

    def __call__(self):
        return self.moment

    def advance(self, **amount):
        self.moment += timedelta(**amount)
