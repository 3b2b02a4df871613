"""Cases opened and decided by eight processes: services beside their own statements by psycopg2."""

import multiprocessing
import secrets
import time
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from queue import Empty
from typing import Any, Final

import psycopg2
from django.db import connections
from django.db.models import Q

from bench.replay import Recorder, Script, spread_sequences
from bench.results import Result, Target
from bench.setting import Setting, Unmeasured
from bench.world import SIGNERS, World
from crm.approvals.choices import CaseKind, CaseStatus, Verdict
from crm.approvals.formulas import Line, Proposal, Subject
from crm.approvals.models import Case, Step
from crm.approvals.services import open_case, record_decision
from crm.outbox.models import Message

PROCESSES: Final = 8
ROUNDS: Final = 3
SECONDS: Final = 5.0
ENOUGH: Final = Target("ratio", ">=", 0.4)
ORDER: Final = ("service", "delivery", "network", "deputy")
DIGEST: Final = "b" * 64
LINES: Final = tuple(Line(f"retail.field_{n}", f"项目{n}", "", f"内容{n}") for n in range(12))
Call = Callable[[], None]
_SEQUENCES: Final = (
    "number_case",
    "approvals_case_id_seq",
    "approvals_round_id_seq",
    "approvals_step_id_seq",
    "approvals_decision_id_seq",
    "outbox_message_id_seq",
    "outbox_notice_id_seq",
    "outbox_delivery_id_seq",
)


def _seed() -> str:
    return str(9_000_000_000 + secrets.randbelow(1_000_000_000))


def measure(setting: Setting) -> Iterator[Result]:
    """Whole cases a second: one opening and four signatures, each a transaction of its own."""
    spread_sequences(_SEQUENCES)
    world, address = setting.world, setting.place.owner
    script = _recorded(world, address)
    works = (partial(_services, world), partial(_statements, script, address))
    rates = [0.0 for _work in works]
    for _round in range(ROUNDS):
        for place, work in enumerate(works):
            rates[place] += _race(work) / ROUNDS
    yield Result("cases", PROCESSES, rates[0], "cases/s", rates[1], ENOUGH)
    statements = sum(map(len, script.transactions))
    yield Result("cases.statements", PROCESSES, statements, "statements/case")


def _services(world: World) -> Call:
    """What one process of the work does again and again."""

    def run_case() -> None:
        steps = _open(world, _seed())
        for name in ORDER:
            _sign(world, steps, name)

    return run_case


def _statements(script: Script, address: str) -> Call:
    """What one process of the floor does again and again."""
    reached = psycopg2.connect(address)
    return lambda: script.play(reached, _seed())


def _open(world: World, seed: str) -> dict[str, Step]:
    subject = Subject(
        organisation_id=world.flow.pk, text=f"便民商店{seed}入网登记", key=f"DJ{seed}"
    )
    proposal = Proposal(lines=LINES, digest=DIGEST, facts={"settlement": "withholding"})
    case = open_case(kind=CaseKind.SALES, subject=subject, proposal=proposal, by=world.applicant)
    return {step.duty: step for step in case.steps.all()}


def _sign(world: World, steps: dict[str, Step], name: str) -> None:
    step = steps[SIGNERS[name][0]]
    record_decision(step=step, verdict=Verdict.APPROVE, by=world.signers[name], digest=DIGEST)


def _recorded(world: World, address: str) -> Script:
    """The statements of one case; played once, they must make such a case again."""
    recorder = Recorder(seed := _seed())
    steps = recorder.record(lambda: _open(world, seed))
    for name in ORDER:
        recorder.record(partial(_sign, world, steps, name))
    script = recorder.script()
    reached = psycopg2.connect(address)
    script.play(reached, again := _seed())
    reached.close()
    first, second = (_picture(key) for key in (seed, again))
    if first != second or first[0] != CaseStatus.APPROVED:
        raise Unmeasured(f"played statements make another case: {first} {second}")
    return script


def _picture(seed: str) -> tuple[object, ...]:
    case = Case.objects.get(subject_key=f"DJ{seed}")
    signed = case.decisions.order_by("pk").values_list("step__duty", "by_id", "verdict")
    told = Message.objects.filter(
        Q(key=f"case:{case.number}")
        | Q(key__in=[f"step:{pk}" for pk in case.steps.values_list("pk", flat=True)])
    )
    return case.status, list(signed), told.count()


def _race(work: Callable[[], Call]) -> float:
    """Eight processes at once; what they did a second, all together."""
    connections.close_all()
    forked = multiprocessing.get_context("fork")
    start, told = forked.Barrier(PROCESSES), forked.Queue()
    runners = [
        forked.Process(target=_run, args=(work, start, told), daemon=True)
        for _place in range(PROCESSES)
    ]
    for runner in runners:
        runner.start()
    try:
        rates = [told.get(timeout=SECONDS + 120) for _runner in runners]
    except Empty as late:
        raise Unmeasured("a process did not come back") from late
    finally:
        for runner in runners:
            runner.join(timeout=10)
            runner.terminate()
    if broken := [rate for rate in rates if isinstance(rate, str)]:
        raise Unmeasured(broken[0])
    return float(sum(rates))


def _run(work: Callable[[], Call], start: Any, told: Any) -> None:
    """In a process of its own: warm up, wait for the others, go on for so many seconds."""
    try:
        call = work()
        call()
        start.wait(60)
        begin, done = time.perf_counter(), 0
        while time.perf_counter() - begin < SECONDS:
            call()
            done += 1
        told.put(done / (time.perf_counter() - begin))
    except Exception:  # noqa: BLE001  (told to the parent, which fails)
        start.abort()
        told.put(traceback.format_exc())
