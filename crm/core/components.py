"""What the component tags say, worked out: tones, moments, money, the errors of a form."""

from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _

FULL_ENOUGH, HALF = 90, 60

_STATUSES = {
    "good": "active approved applied bound confirmed delivered done in_force live normal ok passed",
    "warn": "amending expiring in_review paused pending submitted suspended waiting",
    "bad": "blocked dead expired failed overdue refused rejected returned",
    "info": "new processing running sent",
    "quiet": "archived cancelled closed draft ended frozen inactive skipped void withdrawn",
}
TONES = {value: tone for tone, values in _STATUSES.items() for value in values.split()}

SIGNS = {
    "good": "check2-circle",
    "warn": "exclamation-triangle",
    "bad": "exclamation-octagon",
    "info": "info-circle",
}

_STYLES = {"date": "%Y-%m-%d", "time": "%H:%M", "full": "%Y-%m-%d %H:%M"}


def money_text(amount: Decimal | int | str | None) -> str:
    """1234.5 as 1,234.50; nothing for no amount."""
    if amount is None or amount == "":
        return ""
    return f"{Decimal(str(amount)).quantize(Decimal('0.01'), rounding=ROUND_HALF_UP):,.2f}"


def moment_words(moment: date | None, style: str) -> dict[str, str]:
    """A day or a moment as text, with the exact time for machine and hover."""
    if moment is None:
        return {}
    if not isinstance(moment, datetime):
        return {"iso": moment.isoformat(), "text": f"{moment:%Y-%m-%d}"}
    local = timezone.localtime(moment)
    text = ago(local) if style == "relative" else f"{local:{_STYLES[style]}}"
    return {"iso": local.isoformat(), "text": text, "title": f"{local:%Y-%m-%d %H:%M:%S}"}


def ago(moment: datetime) -> str:
    """How long ago in words, up to a day; otherwise the moment itself."""
    passed = timezone.now() - moment
    minutes = passed // timedelta(minutes=1)
    if not timedelta() <= passed < timedelta(days=1):
        return f"{moment:%Y-%m-%d %H:%M}"
    if minutes < 1:
        return _("刚刚")
    if minutes < 60:
        return _("%(count)d 分钟前") % {"count": minutes}
    return _("%(count)d 小时前") % {"count": minutes // 60}


def general_errors(form: forms.BaseForm) -> list[str]:
    """Errors that belong to no visible field."""
    hidden = [error for field in form.hidden_fields() for error in field.errors]
    return [str(error) for error in [*form.non_field_errors(), *hidden]]


def wrong_fields(form: forms.BaseForm) -> list[dict[str, Any]]:
    """Fields with errors, with the id a link can jump to."""
    wrong = [field for field in form.visible_fields() if field.errors]
    return [
        {"id": _jump_id(field), "label": field.label, "errors": field.errors} for field in wrong
    ]


def _jump_id(field: forms.BoundField) -> str:
    """A group of boxes has no id of its own: jump to its first box."""
    return field.id_for_label or f"{field.auto_id}_0"
