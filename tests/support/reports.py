"""What the timers of a server report, as its scripts write it."""

import json

BACKUP = {
    "at": "2026-03-02T09:05:12+00:00", "ok": True, "sentence": "Backed up as 20260302T090500Z.",
    "backup": "20260302T090500Z", "bytes": 1_234_567, "weaker": False,
}  # fmt: skip
BASE_BACKUP = {
    "at": "2026-03-02T01:35:00Z", "ok": True, "backup": "20260302-013500F", "bytes": 9_900_000, "seconds": 7,
    "sentence": "The database was copied as a whole in 7 s (20260302-013500F).",
}  # fmt: skip
CERTIFICATE = {
    "at": "2026-03-02T02:00:41+00:00", "ok": True, "backup": "20260302T020000Z", "restore_seconds": 41.2,
    "rpo_seconds": 11.0, "rto_seconds": 63.4, "problems": [], "format": 1,
    "sentence": "Backup 20260302T020000Z was restored in 41 s and agrees to the cent.",
}  # fmt: skip
FIGURES = {
    "at": "2026-03-02T09:29:30Z", "ok": True, "sentence": "All figures are as they should be.",
    "figures": {"Heartbeat": 1.0, "DiskUsedPercent": 30.0}, "missing": {}, "remembered": {"errors": {}},
}  # fmt: skip
MACHINE = {
    "at": "2026-03-02T09:20:20Z", "ok": True, "sentence": "The server is well.",
    "versions": {"invoices": "abc1234", "PostgreSQL": "17.5", "system": "Ubuntu 24.04.3 LTS"},
    "disk": {
        "total_bytes": 60_000_000_000, "free_bytes": 42_000_000_000, "used_percent": 30.0, "full_in_days": 63.0,
        "history": [["2026-02-28T21:10:00Z", 17_000_000_000], ["2026-03-01T15:10:00Z", 17_400_000_000],
                    ["2026-03-01T21:10:00Z", 17_500_000_000], ["2026-03-02T09:10:00Z", 18_000_000_000]],
    },
    "memory": {"total_bytes": 4_000_000_000, "available_bytes": 1_500_000_000, "available_percent": 37.5},
    "images": [{"service": "app", "image": "invoices:abc1234", "made_at": "2026-02-20T01:02:03Z", "days": 10},
               {"service": "proxy", "image": "invoices-proxy:2.11", "made_at": "2026-01-20T01:02:03Z", "days": 41}],
    "updates": {"pending": 3, "security": 1},
    "reboot_due": True,
    "failed_units": [],
    "site_certificate": {"domain": "invoices.example.com", "ends": "2026-05-03T00:00:00Z", "days": 61,
                         "life_percent": 69.6},
    "costs": {"Server": "24.00", "A month": "26.00"},
    "missing": {},
}  # fmt: skip
DAILY = {
    "at": "2026-03-02T04:30:00Z", "ok": True, "sentence": "Everything is as it should be.", "period": "daily",
    "chores": [{"what": "Backups", "is_well": True, "says": "The newest is 0.4 hours old."},
               {"what": "Logs", "is_well": True, "says": "12.0 MB are kept, rotated and bounded."}],
}  # fmt: skip
ALL = {
    "backup": BACKUP, "base-backup": BASE_BACKUP, "certificate": CERTIFICATE, "figures": FIGURES, "server": MACHINE,
    "maintain-daily": DAILY,
}  # fmt: skip


def keep_reports(folder, **changes):
    """Write all reports, those named with what is changed of them; None leaves one out, a text stands as it is."""
    folder.mkdir(exist_ok=True)
    changed = {name.replace("_", "-"): change for name, change in changes.items()}
    for name, report in ALL.items():
        change = changed.get(name, {})
        path = folder / f"{name}.json"
        path.unlink(missing_ok=True)
        if change is not None:
            path.write_text(change if isinstance(change, str) else json.dumps(report | change))
