"""The app's settings over a folder of the test's own."""

from app.settings import AppSettings


def settings_of(folder):
    return AppSettings.from_environment(
        {"DATA_DIR": str(folder / "data"), "SECRET_KEY": "k" * 40, "PUBLIC_URL": "http://localhost:80"}
    )
