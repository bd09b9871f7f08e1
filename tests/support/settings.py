"""The app's settings over a folder of the test's own."""

from dataclasses import replace

from app.settings import AppSettings


def settings_of(folder):
    return replace(
        AppSettings.from_environment({"DATA_DIR": str(folder / "data"), "SECRET_KEY": "k" * 40}),
        public_url="http://localhost:80",
    )
