"""The run over all names, its pairs, who sees them, and the word that two are not one (B-14)."""

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from crm.core.errors import Forbidden, NotFound
from crm.core.models import JobRun
from crm.core.services.jobs import claim_job
from crm.identity.choices import Duty
from customers.access import duplicates_for, get_duplicate
from customers.choices import CustomerPerm, UnitLayer
from customers.models import DistinctPair, DuplicatePair, UnitLink
from customers.selectors.likely import LONG, likely_pairs
from customers.services.duplicate_runs import (
    OF_ONE_NAME,
    find_duplicates,
    mark_distinct,
    run_duplicates_now,
    start_duplicate_run,
)
from customers.tests.factories import Bureau, RepairProfileFactory, UnitLinkFactory

VIEW, CLEAR = CustomerPerm.DUPLICATE_VIEW, CustomerPerm.DUPLICATE_CLEAR
ORIGINAL = "延安长乐烟酒店"


class TestLikely:
    """Pure: which of many cores are likely one."""

    @pytest.mark.parametrize(
        ("other", "score", "reason"),
        [
            ("延安乐长烟酒店", 98, "swap"),
            ("延安长长乐烟酒店", 98, "double"),
            ("延安常乐烟酒店", 96, "sound"),
            ("延安长乐烟酒", 92, "sign"),
            ("延安新长乐烟酒店", 93, "sign"),
        ],
    )
    def test_every_slip_is_found_once_and_named(self, other, score, reason):
        assert list(likely_pairs([ORIGINAL, other], {})) == [(0, 1, score, reason)]
        assert list(likely_pairs([other, ORIGINAL], {})) == [(0, 1, score, reason)]

    def test_another_sign_is_another_name_and_a_short_core_is_like_too_many(self):
        assert list(likely_pairs([ORIGINAL, "延安永乐烟酒店", "长乐店", "乐长店"], {})) == []

    def test_long_names_may_differ_by_more(self):
        long = "中国移动通信延安市宝塔区营业厅"
        assert len(long) > LONG
        (pair,) = likely_pairs([long, "中国移动通信延安宝塔营业厅"], {})
        assert (pair.reason, pair.score) == ("near", 93)

    def test_branches_of_one_firm_in_two_cities_are_two(self):
        branches = ["华夏网络陕西有限公司西安分公司", "华夏网络陕西有限公司延安分公司"]
        assert list(likely_pairs(branches, {})) == []

    def test_names_of_common_grams_alone_still_meet(self):
        """Their blocks are too large to be compared but for the rarest pair."""
        marks = "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉"
        crowd = [f"西安市{one}{two}烟酒副食商店" for one in marks for two in marks]
        pairs = list(likely_pairs([*crowd, "西安市甲乙丙烟酒副食商店"], {}))
        assert len(crowd) in {pair.second for pair in pairs}

    def test_a_slip_in_the_company_words_is_found_by_the_whole_names(self):
        whole = {"延安长乐商贸有限公司": 0}
        (pair,) = likely_pairs(["延安长乐商贸", "延安长乐商贸限有公司"], whole)
        assert (pair.first, pair.second, pair.reason) == (0, 1, "swap")


pytestmark = pytest.mark.django_db


@pytest.fixture
def pair(repair, manager):
    """Two archives of the manager, nearly the same."""
    one = repair.customer(manager, name=ORIGINAL)
    two = repair.customer(manager, name="延安长乐乐烟酒店")
    return one, two


def told():
    return [
        (row.first_id, row.second_id, row.score, row.reason)
        for row in DuplicatePair.objects.order_by("-score", "id")
    ]


class TestTheRun:
    def test_pairs_are_written_with_score_and_reason_the_older_first(self, repair, manager, pair):
        one, two = pair
        three = repair.customer(manager, name="延安（长乐）烟酒店")
        four = repair.customer(manager, name="延安长乐烟酒店集团")
        run = run_duplicates_now(by=None)
        assert run.result == {"names": 4, "pairs": 3}
        assert told() == [
            (one.pk, three.pk, 100, "name"),
            (one.pk, four.pk, 99, "words"),
            (one.pk, two.pk, 98, "double"),
        ]

    def test_a_second_run_writes_them_anew_and_the_cancelled_are_out(self, pair):
        run_duplicates_now(by=None)
        type(pair[1]).objects.filter(pk=pair[1].pk).update(status="cancelled", may_order=False)
        run_duplicates_now(by=None)
        assert told() == []
        type(pair[0]).objects.filter(pk=pair[0].pk).update(status="cancelled", may_order=False)
        DuplicatePair.objects.create(
            organisation=pair[0].organisation, first=pair[0], second=pair[1], score=98
        )
        run_duplicates_now(by=None)
        assert told() == []

    def test_a_unit_and_the_one_it_hangs_on_are_two(self, pair):
        for unit, layer in zip(pair, (UnitLayer.PROVINCE, UnitLayer.CITY), strict=True):
            RepairProfileFactory(customer=unit, unit_layer=layer)
        link = UnitLinkFactory(child=pair[1], parent=pair[0])
        run_duplicates_now(by=None)
        assert told() == []
        UnitLink.objects.filter(pk=link.pk).update(ends_on=link.starts_on)
        run_duplicates_now(by=None)
        assert [row[:2] for row in told()] == [(pair[0].pk, pair[1].pk)]

    def test_two_organisations_are_never_compared(self, pair):
        other = Bureau("repair")
        other.customer(other.person(Duty.AM), name=ORIGINAL)
        run_duplicates_now(by=None)
        assert [row[:2] for row in told()] == [(pair[0].pk, pair[1].pk)]

    def test_of_a_common_name_only_so_many_are_told(self, tobacco):
        for _shop in range(OF_ONE_NAME + 2):
            tobacco.customer(area=tobacco.market, name="便民商店")
        assert run_duplicates_now(by=None).result["pairs"] == OF_ONE_NAME

    def test_it_is_a_job_one_at_a_time_and_goes_on_where_it_was(self, pair):
        job = start_duplicate_run(by=None)
        assert start_duplicate_run(by=None) == job
        job.cursor = {"done": [pair[0].organisation_id], "names": 2, "pairs": 5}
        job.save()
        assert find_duplicates(job=job.pk)
        job.refresh_from_db()
        assert (job.status, job.result) == ("done", {"names": 2, "pairs": 5})
        assert told() == []
        assert not find_duplicates(job=job.pk)

    def test_whoever_lost_the_lease_writes_nothing(self, pair, monkeypatch):
        job = start_duplicate_run(by=None)

        def taken_over(*args):
            JobRun.objects.filter(pk=job.pk).update(fence=9)
            return iter(())

        monkeypatch.setattr("customers.services.duplicate_runs.likely_pairs", taken_over)
        assert not find_duplicates(job=job.pk)
        assert told() == []

    def test_the_command_waits_for_the_end_and_says_so(self, pair, capsys):
        call_command("find_duplicates")
        assert capsys.readouterr().out == "names: 2, pairs: 1\n"
        call_command("find_duplicates", verbosity=0)
        claim_job(pk=start_duplicate_run(by=None).pk)
        with pytest.raises(CommandError, match="in hand"):
            call_command("find_duplicates")


class TestWhoSeesThem:
    """A pair shows to who sees both ends, and to nobody else."""

    def test_with_one_end_out_of_sight_not_even_the_fact_shows(
        self, repair, manager, colleague, pair
    ):
        mine = repair.customer(colleague, name="延安长乐烟酒酒店")
        run_duplicates_now(by=None)
        pairs = DuplicatePair.objects.count()
        assert pairs == 2
        assert not duplicates_for(colleague, VIEW).exists()
        (own,) = duplicates_for(manager, VIEW)
        assert (own.first, own.second) == pair
        assert duplicates_for(repair.person(Duty.ARC), VIEW).count() == pairs
        hidden = DuplicatePair.objects.get(second=mine)
        with pytest.raises(NotFound):
            get_duplicate(manager, VIEW, hidden.pk)

    def test_secrecy_and_other_organisations_bar_too(self, repair, manager, pair):
        run_duplicates_now(by=None)
        stranger = Bureau("repair")
        assert not duplicates_for(stranger.person(Duty.ARC), VIEW).exists()
        type(pair[0]).objects.filter(pk=pair[0].pk).update(secrecy=2)
        assert not duplicates_for(manager, VIEW).exists()

    def test_without_the_right_there_are_none(self, repair, pair):
        run_duplicates_now(by=None)
        assert not duplicates_for(repair.person(Duty.FIN), VIEW).exists()
        leader = repair.person(Duty.GM)
        with pytest.raises(Forbidden):
            get_duplicate(leader, CLEAR, duplicates_for(leader, VIEW).get().pk)


class TestNotTheSame:
    def test_the_pair_goes_and_stays_away_with_who_said_so_and_why(self, manager, pair):
        run_duplicates_now(by=None)
        row = DuplicatePair.objects.get()
        distinct = mark_distinct(pair=row, reason="两家店，地址不同", by=manager)
        assert (distinct.first, distinct.second) == pair
        history = distinct.history.get()
        assert (history.history_user, history.history_change_reason) == (
            manager,
            "两家店，地址不同",
        )
        assert told() == []
        run_duplicates_now(by=None)
        assert told() == []

    def test_it_needs_a_reason_the_right_and_a_pair_that_is_still_there(
        self, repair, manager, colleague, pair
    ):
        run_duplicates_now(by=None)
        row = DuplicatePair.objects.get()
        for by, reason, refusal in (
            (manager, " ", ValidationError),
            (colleague, "不同", NotFound),
            (repair.person(Duty.GM), "不同", NotFound),
        ):
            with pytest.raises(refusal):
                mark_distinct(pair=row, reason=reason, by=by)
        assert told() == [(pair[0].pk, pair[1].pk, 98, "double")]
        assert not DistinctPair.objects.exists()
        DuplicatePair.objects.all().delete()
        with pytest.raises(NotFound):
            mark_distinct(pair=row, reason="不同", by=manager)
