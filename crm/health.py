"""Is it alive, is it ready: for the supervisor, the load balancer and people (RF-60)."""

import ipaddress
import shutil
from datetime import timedelta
from typing import ClassVar

from celery import current_app
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django_prometheus.exports import ExportToDjangoView
from kombu.exceptions import OperationalError

from crm.core.errors import NotFound
from crm.core.policy import Door, Rule, Rules, reads
from crm.core.request import client_ip
from crm.core.selectors import clock_heartbeat, newest_heartbeat
from crm.core.views import Guarded

WORKER_SILENCE = timedelta(seconds=120)
CLOCK_SILENCE = timedelta(seconds=120)
FREE_BYTES = 200 * 1024 * 1024


class LiveView(Guarded):
    """200 while the process answers at all; touches nothing."""

    rules: ClassVar[Rules] = reads(Rule(Door.ANYONE))

    def get(self, request: HttpRequest) -> HttpResponse:
        return JsonResponse({"status": "ok"})


class ReadyView(Guarded):
    """200 when all that work needs is fit for it, else 503 and which is not.

    A dead clock wakes no deliveries and no reminders while every page still works (RF-60).
    """

    rules: ClassVar[Rules] = reads(Rule(Door.ANYONE))

    def get(self, request: HttpRequest) -> HttpResponse:
        database = _database_answers()
        checks = {
            "database": database,
            "worker": database and worker_lives(),
            "beat": database and clock_lives(),
            "broker": broker_answers(),
            "disk": disk_has_room(),
        }
        ready = all(checks.values())
        body = {"status": "ok" if ready else "unavailable", "checks": checks}
        response = JsonResponse(body, status=200 if ready else 503)
        if not ready:
            response["Retry-After"] = "10"
        return response


class MetricsView(Guarded):
    """Prometheus figures, for the listed networks only; to anybody else the page is not there."""

    rules: ClassVar[Rules] = reads(Rule(Door.NETWORK))

    def get(self, request: HttpRequest) -> HttpResponse:
        address = ipaddress.ip_address(client_ip(request) or "0.0.0.0")  # noqa: S104
        networks = [ipaddress.ip_network(text) for text in settings.KEDANG_METRICS_NETWORKS]
        if not any(address in network for network in networks):
            raise NotFound
        answer: HttpResponse = ExportToDjangoView(request)
        return answer


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def worker_lives() -> bool:
    """Whether any worker was heard of in the last two minutes."""
    seen = newest_heartbeat()
    return seen is not None and timezone.now() - seen < WORKER_SILENCE


def clock_lives() -> bool:
    """Whether the clock was heard of in the last two minutes."""
    seen = clock_heartbeat()
    return seen is not None and timezone.now() - seen < CLOCK_SILENCE


def broker_answers() -> bool:
    """Whether a message could be handed over now."""
    try:
        with current_app.connection_for_write(connect_timeout=1) as link:
            link.ensure_connection(max_retries=0, timeout=1)
    except (OSError, OperationalError):
        return False
    return True


def disk_has_room() -> bool:
    """Files, broker folders and logs lie under VAR_DIR, maybe on a disk of its own."""
    try:
        return shutil.disk_usage(settings.VAR_DIR).free > FREE_BYTES
    except OSError:
        return False
