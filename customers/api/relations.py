"""What key persons are to each other, over REST (B-38, D10)."""

from typing import TYPE_CHECKING, Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from crm.core.api import ApiRequest, GuardedAPIView, idempotency_key, once_only, versioned
from crm.core.errors import NotFound
from crm.core.fields import CheckedSerializerField, line
from crm.core.policy import Rule, Rules
from customers.access import get_contact, get_relation
from customers.api.customers import KEY_HEADER, MATCH_HEADER
from customers.api.services import checked, why
from customers.api.shapes import StrictSerializer, one_of
from customers.api.shapes_services import ReasonSerializer
from customers.api.ties import TieView
from customers.choices import CustomerPerm, RelationKind
from customers.selectors.relations import (
    ensure_shows_relations,
    relation_record,
    relation_records,
)
from customers.services.relations import end_relation, relate_people

if TYPE_CHECKING:
    from customers.models import Contact, ContactRelation


class RelationSerializer(serializers.Serializer[Any]):
    """What `other` is to `person`: both by the keys of their contacts."""

    id = serializers.IntegerField()
    version = serializers.IntegerField()
    kind = serializers.CharField()
    person = serializers.IntegerField()
    customer = serializers.CharField()
    other = serializers.IntegerField()
    other_customer = serializers.CharField()
    note = serializers.CharField()
    is_live = serializers.BooleanField()


class RelationWriteSerializer(StrictSerializer):
    """What another key person is to the one in the address."""

    other = serializers.IntegerField(min_value=1)
    kind = one_of(RelationKind.choices, required=True)
    note = CheckedSerializerField(check=line(300), required=False, allow_blank=True)
    reason = CheckedSerializerField(check=line(300), required=False)


class RelationsView(GuardedAPIView):
    """The relations of one key person, and a new one."""

    rules: ClassVar[Rules] = {
        "GET": Rule(CustomerPerm.CONTACT_VIEW),
        "POST": Rule(CustomerPerm.CONTACT_UPDATE),
    }

    @extend_schema(operation_id="relations_list", responses=RelationSerializer(many=True))
    def get(self, request: ApiRequest, code: str, pk: int) -> Response:
        row = _person(request, CustomerPerm.CONTACT_VIEW, code, pk)
        return Response(relation_records(row, request.user))

    @extend_schema(
        operation_id="relations_add",
        parameters=[KEY_HEADER],
        request=RelationWriteSerializer,
        responses={201: RelationSerializer},
    )
    def post(self, request: ApiRequest, code: str, pk: int) -> Response:
        user = request.user
        person = _person(request, CustomerPerm.CONTACT_UPDATE, code, pk)
        data = dict(checked(RelationWriteSerializer, request).validated_data)
        key = data.pop("other")

        def make() -> str:
            other = get_contact(user, CustomerPerm.CONTACT_VIEW, key)
            return str(relate_people(person=person, other=other, by=user, **data).pk)

        def answer(made: str) -> Response:
            row = get_relation(user, CustomerPerm.CONTACT_VIEW, int(made))
            return versioned(relation_record(row), row, code=201)

        return once_only(request, key=idempotency_key(request), make=make, answer=answer)


class RelationEndView(TieView):
    """Take a relation out of use; it stays in the history."""

    rules: ClassVar[Rules] = {"POST": Rule(CustomerPerm.CONTACT_UPDATE)}

    @extend_schema(
        operation_id="relations_end",
        parameters=[MATCH_HEADER],
        request=ReasonSerializer,
        responses=RelationSerializer,
    )
    def post(self, request: ApiRequest, code: str, pk: int, relation: int) -> Response:
        person = _person(request, CustomerPerm.CONTACT_VIEW, code, pk)
        row = _relation(request, person, relation)
        expected = self.wanted_version()
        sent = checked(ReasonSerializer, request)
        fresh = end_relation(relation=row, expected=expected, reason=why(sent), by=request.user)
        return versioned(relation_record(fresh), fresh)


def _person(request: ApiRequest, perm: CustomerPerm, code: str, pk: int) -> "Contact":
    """The contact, which must be that customer's, whose relations the client may read.

    Raises NotFound, Forbidden. Rules: B-38, PM-08.
    """
    row = get_contact(request.user, perm, pk)
    if row.customer.code != code:
        raise NotFound
    ensure_shows_relations(row.customer, request.user)
    return row


def _relation(request: ApiRequest, person: "Contact", pk: int) -> "ContactRelation":
    row = get_relation(request.user, CustomerPerm.CONTACT_UPDATE, pk)
    if person.pk not in (row.person_id, row.other_id):
        raise NotFound
    return row
