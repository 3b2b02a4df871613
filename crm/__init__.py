"""Kedang: wiring, and the rooms that know no customer."""

from crm.celery import app as celery_app

__all__ = ["celery_app"]
