"""Reads of this room: the queue and its tabs, one case as people look at it."""

from crm.approvals.selectors.cases import (
    CasePage,
    RoundView,
    Stage,
    StageStep,
    case_page,
    how_it_was_handled,
    live_round,
    path_of,
    waiting_posts,
)
from crm.approvals.selectors.lines import DiffRow, visible_rows
from crm.approvals.selectors.lists import (
    CaseRow,
    CopyRow,
    DecisionRow,
    copied_page,
    decided_page,
    started_page,
)
from crm.approvals.selectors.queue import (
    QueueRow,
    Tab,
    next_step_after,
    queue_page,
    queue_rows,
    tabs_of,
)
from crm.approvals.selectors.signing import StepPage, step_page

__all__ = [
    "CasePage",
    "CaseRow",
    "CopyRow",
    "DecisionRow",
    "DiffRow",
    "QueueRow",
    "RoundView",
    "Stage",
    "StageStep",
    "StepPage",
    "Tab",
    "case_page",
    "copied_page",
    "decided_page",
    "how_it_was_handled",
    "live_round",
    "next_step_after",
    "path_of",
    "queue_page",
    "queue_rows",
    "started_page",
    "step_page",
    "tabs_of",
    "visible_rows",
    "waiting_posts",
]
