"""Signatures and pauses, without a database."""

from datetime import timedelta

import pytest

from crm.outbox.formulas import break_after, pause_after, sign, verify_signature

SECRET, BODY, NOW = "s3cret", '{"id":"7","名":"兰"}'.encode(), 1_795_000_000
GOOD = sign(SECRET, BODY, now=NOW)


def test_a_signature_is_hmac_sha256_over_time_dot_body():
    """The vector was worked out with Python's own hmac, apart from our code."""
    assert sign("key", b"body", now=1) == (
        "t=1,v1=91b5374b153842ad05b2c4eab9349b8321b14703165bd3fb8b034dfb8be98ae5"
    )


def test_the_right_secret_body_and_time_pass():
    assert verify_signature(SECRET, GOOD, BODY, now=NOW)
    assert verify_signature(SECRET, GOOD, BODY, now=NOW + 300)
    assert verify_signature(SECRET, GOOD, BODY, now=NOW - 300)
    assert verify_signature(SECRET, GOOD, BODY, now=NOW + 60, tolerance=60)


@pytest.mark.parametrize(
    ("secret", "header", "body", "now"),
    [
        (SECRET, "", BODY, NOW),
        (SECRET, "nonsense", BODY, NOW),
        (SECRET, GOOD, BODY + b" ", NOW),
        ("other", GOOD, BODY, NOW),
        ("", sign("", BODY, now=NOW), BODY, NOW),
        (SECRET, GOOD, BODY, NOW + 301),
        (SECRET, GOOD, BODY, NOW - 301),
        (SECRET, GOOD.replace(f"t={NOW}", f"t={NOW + 301}"), BODY, NOW + 301),
        (SECRET, GOOD.upper(), BODY, NOW),
        (SECRET, GOOD + ",v1=" + "0" * 64, BODY, NOW),
        (SECRET, GOOD + "\n", BODY, NOW),
        (SECRET, GOOD.replace("t=1", "t=١"), BODY, NOW),
        (SECRET, GOOD.split(",")[0], BODY, NOW),
    ],
)
def test_missing_wrong_old_changed_or_redated_signatures_are_refused(secret, header, body, now):
    """B184: a replay with a fresh time needs a new signature, which needs the secret."""
    assert not verify_signature(secret, header, body, now=now)


@pytest.mark.parametrize(
    ("attempts", "whole"), [(1, 2), (2, 4), (5, 32), (6, 60), (7, 60), (8, 60), (999, 60)]
)
def test_a_delivery_waits_two_to_the_n_minutes_up_to_an_hour_with_jitter(attempts, whole):
    assert pause_after(attempts, luck=1) == timedelta(minutes=whole)
    assert pause_after(attempts, luck=0) == timedelta(minutes=whole) / 2


@pytest.mark.parametrize(("failures", "whole"), [(1, 2), (3, 8), (8, 256), (9, 300), (999, 300)])
def test_a_receiver_that_is_down_rests_two_to_the_n_seconds_up_to_five_minutes(failures, whole):
    assert break_after(failures, luck=1) == timedelta(seconds=whole)
    assert break_after(failures, luck=0) == timedelta(seconds=whole) / 2
