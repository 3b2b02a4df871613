"""The table of works: what `python -m bench` runs, in this order."""

from typing import Final

from bench.setting import Work
from bench.works import (
    api_list,
    cases,
    customers_copy,
    duplicate_run,
    duplicates,
    export,
    imports,
    list_page,
    pages,
    queue_page,
    search,
)

WORKS: Final = (
    Work("customers-copy", "customers, their history and terms by COPY", customers_copy.measure),
    Work("list-page", "one page of the list in each scope, first and deep", list_page.measure),
    Work("search", "who is found by name, initials, telephone, code", search.measure),
    Work("duplicate-check", "who may be the same, asked at registration", duplicates.measure),
    Work("duplicate-run", "duplicates among all names, with copies planted", duplicate_run.measure),
    Work("api-list", "the API's list of fifty, two web processes", api_list.measure),
    Work("page-list", "the list page, whole requests", pages.measure_list),
    Work("page-customer", "the page of one customer, whole requests", pages.measure_customer),
    Work("cases", "cases opened and decided by eight processes", cases.measure),
    Work("import", "a workbook checked, staged and written, with history", imports.measure),
    Work("export", "rows as a file, through the service and by the writer", export.measure),
    Work("queue-page", "the queue of a busy person among closed cases", queue_page.measure),
)
