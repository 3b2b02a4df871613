"""The Celery app. `crm/beat.py` holds the timetable, each room its own tasks."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings.dev")
app = Celery("crm")
# By name, so that it is imported when settings are first needed: importing `crm` starts nothing.
app.config_from_object("crm.celery_config:CONFIG")
app.autodiscover_tasks()
app.steps["worker"].add("crm.heartbeat:Pulse")
