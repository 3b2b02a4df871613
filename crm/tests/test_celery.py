"""What worker and beat are told."""

from crm.beat import TIMETABLE
from crm.celery import app


def test_worker_and_beat_are_told_under_names_celery_does_not_warn_of():
    assert not app.conf.deprecated_settings
    assert (app.conf.task_acks_late, app.conf.task_publish_retry) == (True, False)
    assert app.conf.timezone == "Asia/Shanghai"
    assert {name: entry["task"] for name, entry in app.conf.beat_schedule.items()} == {
        name: entry["task"] for name, entry in TIMETABLE.items()
    }
