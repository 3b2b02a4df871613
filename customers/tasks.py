from datetime import date

from celery import shared_task

from crm.imports.services.running import run_import
from customers.importing.operators import OPERATORS
from customers.importing.retailers import RETAILERS
from customers.services import duplicate_runs, facets, groups, search_statistics


@shared_task(name="customers.refresh_search_statistics", time_limit=3600)
def refresh_search_statistics() -> int:
    return search_statistics.refresh_search_statistics()


@shared_task(name="customers.start_duplicate_run")
def start_duplicate_run() -> int:
    return duplicate_runs.start_duplicate_run(by=None).pk


@shared_task(name="customers.find_duplicates", time_limit=7200)
def find_duplicates(job: int) -> bool:
    return duplicate_runs.find_duplicates(job=job)


@shared_task(name="customers.fold_facets")
def fold_facets() -> int:
    return facets.fold_facets()


@shared_task(name="customers.recount_facets")
def recount_facets() -> int:
    return facets.recount_facets()


@shared_task(name="customers.score_managers", time_limit=3600)
def score_managers() -> int:
    return facets.score_managers()


@shared_task(name="customers.import_operators", time_limit=3600)
def import_operators(job: int) -> bool:
    return run_import(job=job, kind=OPERATORS)


@shared_task(name="customers.import_retailers", time_limit=3600)
def import_retailers(job: int) -> bool:
    return run_import(job=job, kind=RETAILERS)


@shared_task(name="customers.recount_groups", time_limit=3600)
def recount_groups(day: str | None = None) -> int:
    return groups.recount_groups(day=date.fromisoformat(day) if day else None)
