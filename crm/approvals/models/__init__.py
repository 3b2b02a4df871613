from crm.approvals.models.aside import Copy, CopyQuerySet, Phrase
from crm.approvals.models.case import Case, CaseQuerySet, Round
from crm.approvals.models.route import Route, RouteQuerySet, RouteStep
from crm.approvals.models.step import Decision, DecisionQuerySet, Detour, Step, StepQuerySet

__all__ = [
    "Case",
    "CaseQuerySet",
    "Copy",
    "CopyQuerySet",
    "Decision",
    "DecisionQuerySet",
    "Detour",
    "Phrase",
    "Round",
    "Route",
    "RouteQuerySet",
    "RouteStep",
    "Step",
    "StepQuerySet",
]
