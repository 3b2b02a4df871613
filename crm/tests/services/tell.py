"""Run inside an installation of our own: events about a few customers, or jobs, at a given pace."""

import sys
import time

import django

from crm.launch import prepare

prepare("app")
django.setup()

from crm.core.services.jobs import start_job  # noqa: E402  (Django is set up above)
from crm.outbox import services as outbox  # noqa: E402
from crm.outbox.choices import Topic  # noqa: E402
from crm.tests.services import tasks  # noqa: E402


def events(organisation, count, customers, pause):
    """Event n is about customer n modulo `customers`."""
    for n in range(int(count)):
        who = n % int(customers)
        outbox.publish(
            topic=Topic.BASE_DATA,
            key=f"told-{n}",
            payload={"customer": who, "n": n},
            organisation_id=int(organisation),
            customer=1_000_000 + who,
        )
        time.sleep(float(pause))
    return count


def jobs(count):
    for n in range(int(count)):
        start_job(kind=tasks.KIND, key=f"job-{n}", arguments={}, by=None)
    return count


if __name__ == "__main__":
    what, *words = sys.argv[1:]
    sys.stdout.write(f"{ {'events': events, 'jobs': jobs}[what](*words) }\n")
