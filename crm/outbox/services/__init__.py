"""What other rooms call: `from crm.outbox import services as outbox` and `outbox.publish(…)`."""

from crm.outbox.services.alarms import tell_lockout
from crm.outbox.services.delivery import claim_next, deliver_due, release_expired, sweep
from crm.outbox.services.endpoints import (
    hold_endpoints,
    register_endpoint,
    replay_since,
    retire_endpoint,
    retry_delivery,
    rotate_secret,
    skip_delivery,
    wake_endpoint,
)
from crm.outbox.services.messages import Event, number_messages, publish, publish_many
from crm.outbox.services.notices import read_all_notices, read_notice

__all__ = [
    "Event",
    "claim_next",
    "deliver_due",
    "hold_endpoints",
    "number_messages",
    "publish",
    "publish_many",
    "read_all_notices",
    "read_notice",
    "register_endpoint",
    "release_expired",
    "replay_since",
    "retire_endpoint",
    "retry_delivery",
    "rotate_secret",
    "skip_delivery",
    "sweep",
    "tell_lockout",
    "wake_endpoint",
]
