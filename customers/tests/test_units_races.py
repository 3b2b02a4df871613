"""Two write one tree at once on PostgreSQL; and any order of moves leaves it a tree (R-43)."""

import random
import threading
from contextlib import contextmanager, suppress
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone

from crm.core.history import save_as
from crm.identity.choices import Duty, Profile
from customers.choices import UnitLayer
from customers.errors import WrongState
from customers.models import RepairProfile, UnitLink
from customers.services._intended import RANKS
from customers.services.units import link_unit, move_unit, unlink_unit
from customers.tests.factories import Bureau
from customers.tests.test_races import together

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
TODAY = timezone.localdate()
ROUNDS = 10
LOCKED = 0.3  # seconds that who holds the lock waits in vain for the other
FREE = 10  # seconds that two have to meet where nothing keeps them apart
UNLOCKED = (
    "CREATE OR REPLACE FUNCTION customers_lock_units(organisation bigint) RETURNS void"
    " LANGUAGE plpgsql AS $$ BEGIN {} END $$"
)


@contextmanager
def without_lock():
    """The tree's lock does nothing inside, for triggers and services alike."""
    try:
        run(UNLOCKED.format(""))
        yield
    finally:
        run(UNLOCKED.format("PERFORM pg_advisory_xact_lock(4043, organisation::int);"))


def run(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.fixture
def boss(transactional_db):
    """No layers there: nothing but the walk along the tree holds its order."""
    bureau = Bureau(Profile.BOSS)
    bureau.owner = bureau.person(Duty.AM)
    return bureau


def at_once(pairs, by, patience=LOCKED):
    """Write each link in a transaction of its own; all have written before the first commits.

    With the lock the second writer waits inside his write, so the meeting times out and each
    goes on by himself.
    """
    met = threading.Barrier(len(pairs))

    def write(child, parent):
        with transaction.atomic():
            link = UnitLink(
                organisation_id=child.organisation_id, child=child, parent=parent, starts_on=TODAY
            )
            save_as(link, by=by, reason="并行", expected=None)
            with suppress(threading.BrokenBarrierError):
                met.wait(timeout=patience)
        return link

    return together(*[lambda c=child, p=parent: write(c, p) for child, parent in pairs])


def has_cycle():
    above = dict(UnitLink.objects.on(TODAY).values_list("child_id", "parent_id"))
    for start in above:
        unit, steps = start, 0
        while unit in above and steps <= len(above):
            unit, steps = above[unit], steps + 1
        if steps > len(above):
            return True
    return False


def test_two_links_that_close_a_cycle_do_not_both_go_in(boss):
    """R-43: A under B and B under A, at the same moment."""
    for number in range(ROUNDS // 2):
        one, two = (boss.customer(boss.owner, name=f"集团{number}{n}") for n in "甲乙")
        results = at_once([(one, two), (two, one)], boss.owner)
        made = [row for row in results if isinstance(row, UnitLink)]
        refused = [row for row in results if isinstance(row, ValidationError)]
        assert (len(made), len(refused)) == (1, 1), results
        assert refused[0].messages == ["上级单位不能是本单位的下属单位"]
        assert UnitLink.objects.filter(child__in=[one, two]).count() == 1
    assert not has_cycle()


def test_without_the_lock_the_cycle_appears(boss):
    """Negative control: the same two writers, the lock taken away."""
    one, two = (boss.customer(boss.owner, name=f"集团{n}") for n in "甲乙")
    with without_lock():
        results = at_once([(one, two), (two, one)], boss.owner, FREE)
    assert all(isinstance(row, UnitLink) for row in results), results
    assert has_cycle()


def deepest():
    above = dict(UnitLink.objects.on(TODAY).values_list("child_id", "parent_id"))

    def layers(unit):
        return 1 + (layers(above[unit]) if unit in above else 0)

    return max(layers(unit) for unit in above)


def test_two_services_that_meet_in_one_tree_keep_its_three_layers(boss):
    """They share no customer, so nothing but the tree's lock makes one wait for the other."""
    for number in range(ROUNDS // 2):
        a, b, c, d = (boss.customer(boss.owner, name=f"集团{number}{n}") for n in "甲乙丙丁")
        link_unit(child=b, parent=a, by=boss.owner)
        results = together(
            lambda a=a, d=d: link_unit(child=a, parent=d, by=boss.owner),
            lambda b=b, c=c: link_unit(child=c, parent=b, by=boss.owner),
        )
        kinds = sorted(type(row).__name__ for row in results)
        assert kinds == ["UnitLink", "ValidationError"], results
    assert deepest() == 3


def test_one_unit_linked_by_two_people_gets_one_parent(boss):
    child, *parents = (boss.customer(boss.owner, name=f"集团{n}") for n in range(5))
    results = together(
        *[lambda p=parent: link_unit(child=child, parent=p, by=boss.owner) for parent in parents]
    )
    assert sum(isinstance(row, UnitLink) for row in results) == 1
    assert sum(isinstance(row, ValidationError) for row in results) == 3
    assert UnitLink.objects.filter(child=child).count() == 1


def test_one_of_two_moves_from_the_same_version_wins(boss):
    """RF-07."""
    child, old, *parents = (boss.customer(boss.owner, name=f"集团{n}") for n in range(4))
    link = link_unit(child=child, parent=old, by=boss.owner, starts_on=TODAY - timedelta(9))
    results = together(
        *[
            lambda p=parent: move_unit(
                link=link, parent=p, expected=1, reason="划转", by=boss.owner
            )
            for parent in parents
        ]
    )
    assert sorted(type(row).__name__ for row in results) == ["StaleVersion", "UnitLink"]
    assert UnitLink.objects.on(TODAY).filter(child=child).count() == 1


def test_a_layer_and_a_link_that_contradict_do_not_both_go_in(transactional_db):
    bureau = Bureau(Profile.REPAIR)
    manager = bureau.person(Duty.AM)
    for number in range(ROUNDS):
        high = bureau.unit(UnitLayer.PROVINCE, manager, name=f"省{number}")
        low = bureau.unit(UnitLayer.CITY, manager, name=f"市{number}")

        def lower(high=high):
            row = RepairProfile.objects.get(customer=high)
            row.unit_layer = UnitLayer.CITY
            save_as(row, by=manager, reason="层级", expected=1, fields=["unit_layer"])
            return row

        results = together(lower, lambda h=high, w=low: link_unit(child=w, parent=h, by=manager))
        assert sum(isinstance(row, ValidationError) for row in results) == 1, results
    assert_order()


def assert_order():
    """One parent, lower layer, no cycle: on every day on which a link begins or ends."""
    ranks = {
        pk: RANKS[layer]
        for pk, layer in RepairProfile.objects.values_list("customer", "unit_layer")
    }
    rows = UnitLink.objects.values_list("child_id", "parent_id", "starts_on", "ends_on")
    links = list(rows)
    for day in {day for row in links for day in row[2:] if day is not None}:
        now = [row for row in links if row[2] <= day and (row[3] is None or row[3] > day)]
        children = [child for child, *_rest in now]
        assert len(children) == len(set(children)), f"two parents on {day}"
        assert all(ranks[child] > ranks[parent] for child, parent, *_rest in now)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_any_order_of_links_moves_and_ends_leaves_a_tree(transactional_db, seed):
    """R-43 as a property: 80 random acts over five weeks, right and wrong ones."""
    dice = random.Random(seed)  # noqa: S311  (dice of a test)
    bureau = Bureau(Profile.REPAIR)
    keeper = bureau.person(Duty.ARC)
    layers = [UnitLayer.GROUP] * 2 + [UnitLayer.PROVINCE] * 3 + [UnitLayer.CITY] * 5
    units = [bureau.unit(layer, name=f"{layer.label}{n}") for n, layer in enumerate(layers)]
    told = {"done": 0, "refused": 0}
    for _turn in range(80):
        day = TODAY + timedelta(dice.randint(-17, 17))
        child, parent = dice.sample(units, 2)
        link = dice.choice([None, *UnitLink.objects.order_by("pk")])
        act = {"by": keeper, "reason": "随机"}
        try:
            if link is None or dice.random() < 0.3:
                link_unit(child=child, parent=parent, starts_on=day, **act)
            elif dice.random() < 0.7:
                move_unit(link=link, parent=parent, effective_on=day, expected=link.version, **act)
            else:
                unlink_unit(link=link, ends_on=day, expected=link.version, **act)
            told["done"] += 1
        except (ValidationError, WrongState):
            told["refused"] += 1
        assert_order()
    assert min(told.values()) > 10, told
