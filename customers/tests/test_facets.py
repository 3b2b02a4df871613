"""Counts from the summary: equal to the rows, for everybody, whatever was changed how (B187)."""

from collections import Counter

import pytest
from django.db import connection

from crm.core.history import save_as
from crm.identity.choices import Duty
from customers.access import CustomerFilters, keys_for
from customers.choices import CustomerPerm, CustomerStatus, Lifecycle, TemporalClass
from customers.models import Customer, CustomerFacet, ManagerScore, RetailProfile
from customers.selectors.facets import DIMENSIONS, facet_counts, is_summed
from customers.services.facets import fold_facets, recount_facets, score_managers
from customers.services.managers import transfer_customer
from customers.tests.browser import enter, text_of
from customers.tests.factories import (
    CustomerFactory,
    CustomerGrantFactory,
    CustomerLoanFactory,
    RetailProfileFactory,
    region,
)
from customers.tests.test_oracle import Oracle, RandomOrganisation

pytestmark = pytest.mark.django_db
CANARY = "金丝雀专用客户"


def total_of(user, **equal):
    counts = facet_counts(user, ["status"], CustomerFilters(equal=equal))
    return sum(counts["status"].values())


def test_the_summary_follows_every_statement_that_changes_a_customer(repair, manager, colleague):
    row = repair.customer(manager, temporal_class=TemporalClass.COMING)
    assert facet_counts(manager, ["temporal"]) == {"temporal": {"coming": 1}}
    row.temporal_class = TemporalClass.CURRENT
    save_as(row, by=manager, reason="签约", expected=None, fields=["temporal_class"])
    assert facet_counts(manager, ["temporal"]) == {"temporal": {"current": 1}}
    transfer_customer(customer=row, manager=colleague, reason="调整", by=manager)
    assert facet_counts(manager, ["temporal"]) == {"temporal": {}}
    assert facet_counts(colleague, ["temporal"]) == {"temporal": {"current": 1}}
    Customer.objects.filter(pk=row.pk).update(address="别处")
    assert CustomerFacet.objects.count() == 5


def test_the_customer_level_is_counted_where_it_is_kept(tobacco):
    head = tobacco.person(Duty.DSM)
    shop = RetailProfileFactory(customer=tobacco.customer(), customer_level="level_a")
    RetailProfileFactory(customer=tobacco.customer())
    assert facet_counts(head, ["level"])["level"] == {"level_a": 1, "": 1}
    RetailProfile.objects.filter(pk=shop.pk).update(customer_level="level_b")
    assert facet_counts(head, ["level"])["level"] == {"level_b": 1, "": 1}
    Customer.objects.filter(pk=shop.customer_id).update(status="closed", may_order=False)
    counts = facet_counts(head, ["level"], CustomerFilters(equal={"status": "closed"}))
    assert counts["level"] == {"level_b": 1}


def test_each_figure_is_cut_by_the_other_filters_and_not_by_its_own(repair, manager):
    repair.customer(manager, temporal_class=TemporalClass.PAST, lifecycle=Lifecycle.LEFT)
    repair.customer(manager, temporal_class=TemporalClass.PAST, city=region("610600"))
    repair.customer(manager, temporal_class=TemporalClass.CURRENT)
    asked = CustomerFilters(equal={"temporal": "past"})
    counts = facet_counts(manager, ["temporal", "lifecycle", "city"], asked)
    assert counts == {
        "temporal": {"past": 2, "current": 1},
        "lifecycle": {"left": 1, "new": 1},
        "city": {"610100": 1, "610600": 1},
    }


def test_what_is_lent_or_shared_is_counted_once(repair, manager, colleague):
    own, foreign = repair.customer(manager), repair.customer(colleague)
    for row in (own, foreign):
        CustomerGrantFactory(user=manager, content_object=row)
        CustomerLoanFactory(customer=row, department=repair.market, duty=Duty.AM)
    assert total_of(manager) == 2


def test_secrecy_and_foreign_companies_are_counted_for_nobody_else(repair, manager):
    repair.customer(manager, secrecy=2)
    CustomerFactory()
    assert total_of(manager) == 0
    manager.clearance = 2
    assert total_of(manager) == 1


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(40))
def test_every_figure_equals_the_oracle_for_random_organisations(seed):
    """B187: lists, counts and figures never disagree about what a person sees."""
    world = RandomOrganisation(4000 + seed)
    CustomerFactory()
    for row in world.customers:
        Customer.objects.filter(pk=row.pk).update(
            status=world.dice.choice(CustomerStatus.values),
            may_order=False,
            temporal_class=world.dice.choice(TemporalClass.values),
        )
    if seed % 2:
        fold_facets()
    oracle, rows = Oracle(), list(Customer.objects.select_related("organisation"))
    for user in world.people:
        user.refresh_from_db()
        seen = [row for row in rows if oracle.sees(user, CustomerPerm.VIEW, row)]
        keys = keys_for(user, CustomerPerm.VIEW, most=5000)
        assert keys == [row.pk for row in sorted(seen, key=lambda row: row.code)], seed
        assert keys_for(user, CustomerPerm.VIEW, most=2) == keys[:3], seed
        counts = facet_counts(user, list(DIMENSIONS))
        for name in ("status", "temporal", "city", "manager"):
            column = DIMENSIONS[name]
            wanted = Counter(str(getattr(row, column) or "") for row in seen)
            assert counts[name] == wanted, (seed, name)


def test_folding_shortens_the_summary_and_changes_no_figure(repair, manager):
    for _turn in range(4):
        repair.customer(manager)
    gone = repair.customer(manager, status=CustomerStatus.SUSPENDED, may_order=False)
    Customer.objects.filter(pk=gone.pk).update(status=CustomerStatus.CLOSED)
    before = facet_counts(manager, ["status"])
    fold_facets()
    assert facet_counts(manager, ["status"]) == before == {"status": {"normal": 4, "closed": 1}}
    assert CustomerFacet.objects.filter(organisation=repair.org).count() == 2


def test_the_nightly_count_mends_what_went_round_the_triggers(repair, manager):
    """T-5: the summary is compared with the rows themselves; nothing wrong, nothing written."""
    repair.customer(manager)
    assert recount_facets() == 0
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
    repair.customer(manager)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = origin")
    assert total_of(manager) == 1
    assert recount_facets() == 1
    assert total_of(manager) == 2
    assert recount_facets() == 0


def test_the_summary_answers_only_questions_it_can(repair):
    assert is_summed(CustomerFilters(equal={"status": "normal", "manager": "7"}))
    assert is_summed(CustomerFilters(without_manager=True))
    assert not is_summed(CustomerFilters(text="延安"))
    assert not is_summed(CustomerFilters(equal={"kind": "org"}))


def test_the_figures_beside_the_list_lead_to_the_list(repair, manager):
    repair.customer(manager, temporal_class=TemporalClass.PAST)
    repair.customer(manager, temporal_class=TemporalClass.CURRENT)
    client = enter(manager)
    page = client.get("/customers/facets/?status=normal&sort=-code")
    links = {
        link["part"].value: (link["part"].number, link["url"])
        for facet, links in page.context["facets"]
        for link in links
    }
    assert links["past"] == (1, "/customers/?status=normal&sort=-code&temporal=past")
    assert links["normal"] == (2, "/customers/?sort=-code")
    assert client.get("/customers/facets/?q=延安").context["facets"] == []
    assert client.get("/customers/facets/?user__password=x").status_code == 404


@pytest.mark.parametrize("duty", [Duty.AM, Duty.MC, Duty.MVP, Duty.GM, Duty.FIN, Duty.ARC])
def test_the_board_of_each_role_counts_what_its_list_shows(repair, manager, duty):
    """B187, with rows of another manager and another company standing by."""
    person = repair.person(duty)
    repair.customer(manager, name=CANARY)
    own = repair.customer(person) if duty == Duty.AM else None
    foreign = CustomerFactory(name=CANARY, city=region("310100"))
    client = enter(person)
    board = client.get("/customers/overview/")
    listed = client.get("/customers/?view=none").context["page"].total.number
    assert board.context["overview"].total == listed == (1 if own else 2 - 1)
    assert CANARY not in text_of(board)
    assert foreign.city.name not in text_of(board)


def test_a_narrow_right_is_told_no_figure_of_what_it_does_not_read(tobacco):
    tobacco.customer(lifecycle=Lifecycle.DECLINING)
    client = enter(tobacco.person(Duty.DC))
    for address in ("/customers/overview/", "/customers/facets/"):
        page = client.get(address)
        assert page.status_code == 200
        assert "衰退" not in text_of(page)
        assert "正常" in text_of(page)


def test_administrators_get_a_board_without_a_row(repair, customer):
    client = enter(repair.person(Duty.AUD))
    session = client.session
    session["kedang_factor"] = True
    session.save()
    assert client.get("/customers/overview/").status_code == 403


def test_each_manager_has_the_mean_of_his_own_archives(repair, manager, colleague, customer):
    """R-38: what is cancelled no longer counts; whoever sees part sees no mean."""
    repair.customer(manager, status=CustomerStatus.CANCELLED, may_order=False)
    repair.customer(colleague)
    assert score_managers() == 2
    score = ManagerScore.objects.get(manager=manager)
    assert (score.customers, score.percent) == (
        1,
        ManagerScore.objects.get(manager=colleague).percent,
    )
    shown = enter(repair.person(Duty.MVP)).get("/customers/overview/")
    names = {view.manager for view in shown.context["overview"].scores}
    assert names == {manager.name, colleague.name}
    own = enter(manager).get("/customers/overview/")
    assert [view.manager for view in own.context["overview"].scores] == [manager.name]
    transfer_customer(customer=customer, manager=colleague, reason="调整", by=manager)
    assert score_managers() == 1
    assert not ManagerScore.objects.filter(manager=manager).exists()


def test_the_board_asks_at_most_twelve_questions(repair, manager, django_assert_max_num_queries):
    for _turn in range(5):
        repair.customer(manager)
    score_managers()
    client = enter(repair.person(Duty.MVP))
    client.get("/customers/overview/")
    with django_assert_max_num_queries(12):
        client.get("/customers/overview/")
    with django_assert_max_num_queries(8):
        client.get("/customers/facets/")
