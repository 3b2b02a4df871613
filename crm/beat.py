"""The whole timetable on one page: name, when, why. The clock is here alone (rule 8, D2)."""

from typing import Any

from celery.schedules import crontab

TIMETABLE: dict[str, dict[str, Any]] = {
    # name of the entry: task, schedule, and the rule it serves
    "sweep-jobs": {"task": "core.sweep_jobs", "schedule": 30.0},  # D2, RF-41
    "deliver": {"task": "outbox.deliver", "schedule": 10.0},  # D2
    "sweep-outbox": {"task": "outbox.sweep", "schedule": 30.0},  # RF-41
    "remind-overdue": {  # T-72, T-73, T-76
        "task": "approvals.remind_overdue",
        "schedule": crontab(minute="5", hour="9,14"),
    },
    "fold-facets": {"task": "customers.fold_facets", "schedule": crontab(minute="50")},  # speed 3
    "recount-facets": {  # B187: what the triggers missed, if ever
        "task": "customers.recount_facets",
        "schedule": crontab(minute="10", hour="3"),
    },
    "score-managers": {
        "task": "customers.score_managers",
        "schedule": crontab(minute="30", hour="3"),
    },
    "recount-groups": {  # B-41
        "task": "customers.recount_groups",
        "schedule": crontab(minute="10", hour="1"),
    },
    "sweep-orphans": {"task": "archive.sweep_orphans", "schedule": crontab(minute="20")},  # RF-65
    "verify-files": {
        "task": "archive.verify_files",
        "schedule": crontab(minute="40", hour="2"),
    },  # B260
    "refresh-search-statistics": {
        "task": "customers.refresh_search_statistics",
        "schedule": crontab(minute="30", hour="3"),
    },  # UX-01
    "start-duplicate-run": {  # B-14
        "task": "customers.start_duplicate_run",
        "schedule": crontab(minute="20", hour="4", day_of_week="sun"),
    },
    "sweep-uploads": {  # trust 2.5
        "task": "imports.sweep_uploads",
        "schedule": crontab(minute="50", hour="2"),
    },
}
