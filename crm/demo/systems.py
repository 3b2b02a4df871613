"""The outside systems of the bureau: API clients, tokens, endpoints, and the neighbours' keys."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from crm.demo.staff import Office
from crm.identity.choices import SourceSystem
from crm.identity.models import ApiClient, ApiToken, User
from crm.identity.services.clients import (
    ClientCard,
    TokenWish,
    issue_token,
    register_client,
    revoke_token,
)
from crm.neighbours.config import PORT, Config, Keys, config_file, webhook_url, write_config
from crm.outbox.models import Endpoint
from crm.outbox.services import register_endpoint, retire_endpoint, rotate_secret

SCOPES: Final[dict[SourceSystem, tuple[str, ...]]] = {
    SourceSystem.ZM: ("inbound_licence.x", "registration.v", "customer.c", "customer.v"),
    SourceSystem.EM: ("inbound_echo.x", "registration.v", "customer.v"),
    SourceSystem.CRM: ("inbound_echo.x", "registration.v", "customer.v"),
    SourceSystem.BANK: ("inbound_binding.x", "bank_binding.x", "bank_binding.v"),
    SourceSystem.ORDER_CENTRE: ("inbound_receipt.x", "registration.v", "customer.v"),
}
EVENTS: Final = "events.v"
READS: Final = (EVENTS, "registration.v", "customer.v", "contact.v", "cases.v")
CHECKER: Final = "checker"


@dataclass(frozen=True, slots=True)
class Wiring:
    """How Kedang and its neighbours find each other."""

    base_url: str
    port: int = PORT
    file: Path | None = None


def register_systems(office: Office) -> None:
    """The five systems as API clients; without a token they can do nothing."""
    for system in SCOPES:
        card = ClientCard(code=system.replace("_", "-"), name=str(system.label), system=system)
        register_client(card=card, by=office.sys)


def user_of(office: Office, system: SourceSystem) -> User:
    """The system's user as a request with its token would bring it."""
    client = ApiClient.objects.select_related("user__organisation").get(
        system=system, user__organisation=office.organisation
    )
    client.user.token_scopes = frozenset(SCOPES[system])
    return client.user


def connect_systems(*, sys: User, sec: User, wiring: Wiring) -> Config:
    """Tokens and endpoints of the five systems, both new, and the file for `manage.py neighbours`.

    What was published before is not sent: endpoints hear what happens from now on.
    """
    systems = {system.value: _connect(system, sys=sys, sec=sec, wiring=wiring) for system in SCOPES}
    config = Config(wiring.base_url, systems)
    write_config(wiring.file or config_file(), config)
    return config


def reader_token(*, sys: User, sec: User) -> str:
    """A token for whoever checks from outside: reads customers, forms, cases and events."""
    card = ClientCard(code=CHECKER, name="检查程序", system=SourceSystem.OTHER)
    client = register_client(card=card, by=sys)
    _token, clear = issue_token(client=client, wish=TokenWish("检查", READS), by=sec)
    return clear


def _connect(system: SourceSystem, *, sys: User, sec: User, wiring: Wiring) -> Keys:
    client = ApiClient.objects.get(system=system, user__organisation_id=sys.organisation_id)
    for old in ApiToken.objects.filter(user=client.user):
        revoke_token(token=old, by=sec)
    wish = TokenWish("演示", (*SCOPES[system], EVENTS))
    _token, clear = issue_token(client=client, wish=wish, by=sec)
    url = webhook_url(system, port=wiring.port)
    known = Endpoint.objects.live().filter(organisation_id=sys.organisation_id, system=system)
    for endpoint in known:
        if endpoint.url == url:
            return Keys(rotate_secret(endpoint=endpoint, by=sys), clear)
        retire_endpoint(endpoint=endpoint, by=sys)
    _endpoint, secret = register_endpoint(
        organisation_id=sys.organisation_id or 0, system=system, url=url, by=sys
    )
    return Keys(secret, clear)
