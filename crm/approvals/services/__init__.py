"""The approval engine. It reports an Outcome and calls nobody back.

Lock order: the caller locks his form first; every service here locks the case, and steps only
under it.
"""

from crm.approvals.services.cases import open_case, resubmit_case, withdraw_case
from crm.approvals.services.decisions import record_decision
from crm.approvals.services.phrases import drop_phrase, save_phrase
from crm.approvals.services.reading import read_copy, record_look
from crm.approvals.services.reference import load_routes
from crm.approvals.services.reminders import remind_case, remind_overdue
from crm.approvals.services.routes import draft_route, publish_route

__all__ = [
    "draft_route",
    "drop_phrase",
    "load_routes",
    "open_case",
    "publish_route",
    "read_copy",
    "record_decision",
    "record_look",
    "remind_case",
    "remind_overdue",
    "resubmit_case",
    "save_phrase",
    "withdraw_case",
]
