from crm.core.models.access_log import AccessKind, AccessLog
from crm.core.models.dictionary import CalendarOverride, DictEntry, Region, RegionQuerySet
from crm.core.models.draft import Draft
from crm.core.models.governed import Governed, Sealable
from crm.core.models.idempotency import IdempotencyKey
from crm.core.models.job import CLOCK, JobQuerySet, JobRun, JobStatus, WorkerBeat

__all__ = [
    "CLOCK",
    "AccessKind",
    "AccessLog",
    "CalendarOverride",
    "DictEntry",
    "Draft",
    "Governed",
    "IdempotencyKey",
    "JobQuerySet",
    "JobRun",
    "JobStatus",
    "Region",
    "RegionQuerySet",
    "Sealable",
    "WorkerBeat",
]
