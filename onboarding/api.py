"""What outside systems report and read: licences, bindings, echoes, receipts, cases, events.

Every report carries (system, serial): the same pair again gets the same answer and no second
effect (domain 6.3, D10).
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.contrib.auth.decorators import login_not_required
from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from crm.approvals.access import get_step
from crm.approvals.choices import Verdict
from crm.core.api import ApiRequest, GuardedAPIView, once_only
from crm.core.checkdigits import check_licence_no
from crm.core.errors import BadRequest
from crm.core.fields import CheckedSerializerField, line
from crm.core.policy import Rule, Rules
from crm.identity.choices import SourceSystem
from crm.outbox.choices import Topic
from crm.outbox.selectors import feed_after, feed_head
from crm.outbox.services import number_messages
from onboarding.access import (
    ensure_client_may,
    form_reported_on,
    get_form,
    inbound_for,
)
from onboarding.choices import InboundKind, OnboardingPerm
from onboarding.selectors.cases import case_states
from onboarding.selectors.sheet import next_act
from onboarding.services.inbound import Report, take_report
from onboarding.services.registration import decide_registration

NOW = "now"
"""`?after=now`: only where the feed stands, for whoever takes a snapshot next."""


class ReportSerializer(serializers.Serializer[Any]):
    """What every report has: whose, which, about which form."""

    system = serializers.ChoiceField(choices=SourceSystem.choices)
    serial = CheckedSerializerField(check=line(80))
    form = CheckedSerializerField(check=line(14))


class ResultSerializer(ReportSerializer):
    reason = CheckedSerializerField(check=line(300), required=False, default="")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["result"] in ("refused", "failed") and not attrs["reason"]:
            raise serializers.ValidationError({"reason": _("请填写原因")})
        return attrs


class LicenceSerializer(ResultSerializer):
    """The licence was issued, or was not (T-34)."""

    result = serializers.ChoiceField(choices=["issued", "refused"])
    licence_no = CheckedSerializerField(check=check_licence_no, required=False)
    valid_to = serializers.DateField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        missing = [name for name in ("licence_no", "valid_to") if name not in attrs]
        if attrs["result"] == "issued" and missing:
            raise serializers.ValidationError({name: _("此项必填") for name in missing})
        return super().validate(attrs)


class BindingSerializer(ResultSerializer):
    """The bank bound the account, or did not (T-66)."""

    result = serializers.ChoiceField(choices=["bound", "failed"])


class EchoSerializer(ReportSerializer):
    """What EM or CRM stored, field by field (T-45, T-47)."""

    fields_stored = serializers.DictField(
        child=CheckedSerializerField(check=line(300), allow_blank=True)
    )


class ReceiptSerializer(ReportSerializer):
    """The order centre took in a transfer form (T-46)."""

    receipt_no = CheckedSerializerField(check=line(40))


class ReportAnswerSerializer(serializers.Serializer[Any]):
    system = serializers.CharField()
    serial = serializers.CharField()
    form = serializers.CharField()
    result = serializers.ChoiceField(choices=["applied", "parked"])
    reason = serializers.CharField()


class ReportView(GuardedAPIView):
    """One kind of report: shape, then once by (system, serial)."""

    perm: ClassVar[OnboardingPerm]
    kind: ClassVar[InboundKind]
    shape: ClassVar[type[ReportSerializer]]

    def post(self, request: ApiRequest) -> Response:
        ensure_client_may(request.user, self.perm)
        sent = self.shape(data=request.data)
        sent.is_valid(raise_exception=True)
        body = dict(sent.validated_data)
        system, serial = body.pop("system"), body.pop("serial")
        number = body.pop("form")
        ensure_own_system(request, system)
        report = Report(SourceSystem(system), serial, self.kind, number, body)

        def make() -> str:
            form = form_reported_on(request.user, self.perm, number)
            return take_report(report=report, form=form, by=request.user).serial

        def answer(_reference: str) -> Response:
            row = inbound_for(request.user, system, serial)
            return Response(
                {
                    "system": system,
                    "serial": serial,
                    "form": row.form_number if row else number,
                    "result": row.result if row else "",
                    "reason": row.reason if row else "",
                }
            )

        return once_only(request, key=f"{system}:{serial}", make=make, answer=answer)


def ensure_own_system(request: ApiRequest, system: str) -> None:
    """A client speaks for its own system only. Raises BadRequest."""
    if request.user.api_client.system != system:
        raise BadRequest(_("system 应为本客户端所属的系统"), field="system")


@extend_schema(request=LicenceSerializer, responses=ReportAnswerSerializer)
class LicenceResultView(ReportView):
    """ZM reports a licence (T-28, T-34)."""

    rules: ClassVar[Rules] = {"POST": Rule(OnboardingPerm.REPORT_LICENCE)}
    perm, kind, shape = OnboardingPerm.REPORT_LICENCE, InboundKind.LICENCE, LicenceSerializer


@extend_schema(request=BindingSerializer, responses=ReportAnswerSerializer)
class BindingResultView(ReportView):
    """The bank reports a binding (T-66)."""

    rules: ClassVar[Rules] = {"POST": Rule(OnboardingPerm.REPORT_BINDING)}
    perm, kind, shape = OnboardingPerm.REPORT_BINDING, InboundKind.BINDING, BindingSerializer


@extend_schema(request=EchoSerializer, responses=ReportAnswerSerializer)
class EchoView(ReportView):
    """EM and CRM report what they stored (T-45, T-47)."""

    rules: ClassVar[Rules] = {"POST": Rule(OnboardingPerm.REPORT_ECHO)}
    perm, kind, shape = OnboardingPerm.REPORT_ECHO, InboundKind.ECHO, EchoSerializer


@extend_schema(request=ReceiptSerializer, responses=ReportAnswerSerializer)
class ReceiptView(ReportView):
    """The order centre's receipt (T-46)."""

    rules: ClassVar[Rules] = {"POST": Rule(OnboardingPerm.REPORT_RECEIPT)}
    perm, kind, shape = OnboardingPerm.REPORT_RECEIPT, InboundKind.RECEIPT, ReceiptSerializer


class FormStateSerializer(serializers.Serializer[Any]):
    number = serializers.CharField()
    stage = serializers.CharField()
    stage_label = serializers.CharField()
    next_act = serializers.CharField()
    customer = serializers.CharField()
    licence_no = serializers.CharField()
    due_at = serializers.DateTimeField(allow_null=True)


@extend_schema(responses=FormStateSerializer)
class FormStateView(GuardedAPIView):
    """Where a registration form stands."""

    rules: ClassVar[Rules] = {"GET": Rule(OnboardingPerm.VIEW)}

    def get(self, request: ApiRequest, number: str) -> Response:
        form = get_form(request.user, OnboardingPerm.VIEW, number)
        return Response(
            {
                "number": form.number,
                "stage": form.stage,
                "stage_label": form.get_stage_display(),
                "next_act": next_act(form),
                "customer": form.customer.code if form.customer else "",
                "licence_no": form.licence_no,
                "due_at": form.due_at,
            }
        )


class CaseStateSerializer(serializers.Serializer[Any]):
    number = serializers.CharField()
    kind = serializers.CharField()
    subject = serializers.CharField()
    form = serializers.CharField()
    status = serializers.CharField()
    round = serializers.IntegerField()
    steps = serializers.ListField(child=serializers.DictField())


@extend_schema(responses=CaseStateSerializer(many=True))
class CaseListView(GuardedAPIView):
    """Cases of the client's organisation, newest first, by key."""

    rules: ClassVar[Rules] = {"GET": Rule(OnboardingPerm.CASES)}
    parameters: ClassVar[frozenset[str]] = frozenset({"status", "form", "page"})

    def get(self, request: ApiRequest) -> Response:
        asked = request.query_params
        rows, after = case_states(
            request.user,
            status=asked.get("status", ""),
            subject_key=asked.get("form", ""),
            token=asked.get("page", ""),
        )
        return Response({"results": rows, "next": after})


class DecisionSerializer(serializers.Serializer[Any]):
    verdict = serializers.ChoiceField(choices=Verdict.choices)
    opinion = CheckedSerializerField(check=line(500), required=False, default="", allow_blank=True)
    digest = CheckedSerializerField(check=line(64))


@extend_schema(request=DecisionSerializer, responses=FormStateSerializer)
class DecideView(GuardedAPIView):
    """Sign a step; whoever was slower gets 409 with who had signed (RF-01)."""

    rules: ClassVar[Rules] = {"POST": Rule(OnboardingPerm.CASES_DECIDE)}

    def post(self, request: ApiRequest, pk: int) -> Response:
        ensure_client_may(request.user, OnboardingPerm.CASES_DECIDE)
        sent = DecisionSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        body: Mapping[str, Any] = sent.validated_data
        form = decide_registration(
            step=get_step(request.user, pk),
            verdict=Verdict(body["verdict"]),
            opinion=body["opinion"],
            digest=body["digest"],
            by=request.user,
        )
        return Response({"form": form.number, "stage": form.stage})


class EventSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    position = serializers.IntegerField()
    topic = serializers.CharField()
    at = serializers.DateTimeField()
    payload = serializers.DictField()


@extend_schema(responses=EventSerializer(many=True))
class EventFeedView(GuardedAPIView):
    """Every change in order, from a cursor: `?after=0` starts at the beginning.

    A consumer that starts anew asks `?after=now` first, then reads its snapshot from the lists,
    then follows the feed from the `next` it was told: nothing is missed between the two.
    """

    rules: ClassVar[Rules] = {"GET": Rule(OnboardingPerm.EVENTS)}
    parameters: ClassVar[frozenset[str]] = frozenset({"after", "topic", "size"})

    def get(self, request: ApiRequest) -> Response:
        ensure_client_may(request.user, OnboardingPerm.EVENTS)
        asked = request.query_params.get("after", "0")
        if asked == NOW:
            number_messages()
            return Response({"results": [], "next": feed_head(), "has_more": False})
        after = whole_number(asked, "after", most=2**62)
        size = whole_number(request.query_params.get("size", "100"), "size", most=500)
        topic = request.query_params.get("topic", "")
        number_messages()
        page = feed_after(
            after,
            organisation_id=request.user.organisation_id or 0,
            topics=[topic] if topic else list(Topic),
            limit=size,
        )
        results = [
            {
                "id": str(row.uid),
                "position": row.position,
                "topic": row.topic,
                "at": row.created_at,
                "payload": row.payload,
            }
            for row in page.messages
        ]
        return Response({"results": results, "next": page.cursor, "has_more": page.has_more})


def whole_number(text: str, name: str, *, most: int) -> int:
    """A query parameter as a whole number. Raises BadRequest."""
    if not text.isascii() or not text.isdecimal() or int(text) > most:
        words = {"name": name, "most": most}
        raise BadRequest(_("%(name)s 应为 0 至 %(most)d 的整数") % words, field=name)
    return int(text)


def _by_token(view: Any) -> Any:
    """The API authenticates by token itself; the browser's log-in redirect is not for it."""
    return login_not_required(view.as_view())


urlpatterns = [
    path("licence-results/", _by_token(LicenceResultView), name="api-licence-results"),
    path("binding-results/", _by_token(BindingResultView), name="api-binding-results"),
    path("system-echoes/", _by_token(EchoView), name="api-echoes"),
    path("order-centre-receipts/", _by_token(ReceiptView), name="api-receipts"),
    path("registration-forms/<str:number>/", _by_token(FormStateView), name="api-form"),
    path("cases/", _by_token(CaseListView), name="api-cases"),
    path("steps/<int:pk>/decide/", _by_token(DecideView), name="api-decide"),
    path("events/", _by_token(EventFeedView), name="api-events"),
]
