"""The few pages of the ground floor itself: drafts and the region cascade."""

import json
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.core.errors import BadRequest
from crm.core.policy import Door, Rule, Rules, reads
from crm.core.selectors import cities_of, drafts_of
from crm.core.services.drafts import drop_draft, save_draft
from crm.core.views import GatedPage, Guarded

OWN = Rule(Door.SIGNED_IN)
NEW = "new"


def draft_subject(text: str) -> str:
    """The URL says "new" for a form about nothing yet."""
    return "" if text == NEW else text


class DraftView(Guarded):
    """What the person types, every ten seconds: kept under his own name only (UX-24)."""

    rules: ClassVar[Rules] = {"POST": OWN, "DELETE": OWN}

    def post(self, request: HttpRequest, form: str, subject: str) -> HttpResponse:
        try:
            content = json.loads(request.body)
        except ValueError as problem:
            raise BadRequest(_("草稿格式错误")) from problem
        if not isinstance(content, dict):
            raise BadRequest(_("草稿格式错误"))
        at = save_draft(
            form=form, subject=draft_subject(subject), content=content, by=self.request.user
        )
        return JsonResponse({"saved_at": timezone.localtime(at).strftime("%H:%M:%S")})

    def delete(self, request: HttpRequest, form: str, subject: str) -> HttpResponse:
        drop_draft(form=form, subject=draft_subject(subject), by=self.request.user)
        return HttpResponse(status=204)


class DraftListView(GatedPage):
    rules: ClassVar[Rules] = reads(OWN)
    template_name = "core/drafts.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(drafts=drafts_of(self.request.user), **kwargs)


class CitiesView(Guarded):
    """Prefectures of a province, for the cascade of two pickers (UX-32)."""

    rules: ClassVar[Rules] = reads(OWN)

    def get(self, request: HttpRequest, province: str) -> HttpResponse:
        return JsonResponse({"cities": [list(pair) for pair in cities_of(province)]})
