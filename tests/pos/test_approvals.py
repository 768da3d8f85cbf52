"""Approvals: single use, two minutes, bound to one act on one thing, given on a screen or by PIN."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from pos.approvals import approve_by_pin, ask_approval, grant_approval, refuse_approval
from pos.errors import ApprovalRequired, Conflict, NotFound, NotPermitted
from pos.models import Approval, AuditEntry, Staff
from pos.permissions import Act, Actor, require
from pos.service import service
from tests.factories import PIN, a_venue

pytestmark = pytest.mark.django_db


def ask(shop, act=Act.VOID, amount=None):
    return ask_approval(actor=shop.by_waiter, act=act, subject="line_1", amount=amount, summary="T12 · 1 Ribeye")


@service
def use(*, shop, approval_id, act=Act.VOID, subject="line_1", amount=None, member=None):
    return require(Actor.staff(member or shop.waiter, approval_id=approval_id), act, subject=subject, amount=amount)


def test_granted_on_a_supervisors_screen_and_used_once(uk):
    # given
    asked = ask(uk)
    grant_approval(actor=uk.by_supervisor, approval_id=asked.pk)

    # when
    used = use(shop=uk, approval_id=asked.pk)

    # then
    assert (used.status, used.decided_by) == (Approval.Status.USED, uk.supervisor)
    with pytest.raises(ApprovalRequired):
        use(shop=uk, approval_id=asked.pk)
    entry = AuditEntry.objects.get(act="approval_granted")
    assert (entry.membership, entry.subject, entry.detail["asked_act"]) == (uk.supervisor, "line_1", "void")


def test_refused_is_no(uk):
    # given
    asked = ask(uk)
    refuse_approval(actor=uk.by_supervisor, approval_id=asked.pk)

    # when / then
    with pytest.raises(ApprovalRequired):
        use(shop=uk, approval_id=asked.pk)
    with pytest.raises(Conflict):
        grant_approval(actor=uk.by_supervisor, approval_id=asked.pk)


def test_it_is_good_for_two_minutes(uk):
    # given
    asked = ask(uk)
    grant_approval(actor=uk.by_supervisor, approval_id=asked.pk)

    # when / then
    with time_machine.travel(timezone.now() + timedelta(minutes=2, seconds=1)), pytest.raises(ApprovalRequired):
        use(shop=uk, approval_id=asked.pk)
    assert Approval.objects.get().status == Approval.Status.GRANTED


@pytest.mark.parametrize("other", [{"act": Act.COMP}, {"subject": "line_2"}, {"amount": 5}, {"member": "someone else"}])
def test_it_is_bound_to_the_act_the_thing_the_amount_and_the_person(uk, other):
    # given
    asked = ask(uk)
    grant_approval(actor=uk.by_supervisor, approval_id=asked.pk)
    if "member" in other:
        other = {"member": a_venue().waiter}

    # when / then
    with pytest.raises((ApprovalRequired, NotFound)):
        use(shop=uk, approval_id=asked.pk, **other)
    assert Approval.objects.get().status == Approval.Status.GRANTED


def test_a_waiter_cannot_grant(uk):
    # given
    asked = ask(uk)

    # when / then
    with pytest.raises(NotPermitted):
        grant_approval(actor=uk.by_waiter, approval_id=asked.pk)
    assert Approval.objects.get().status == Approval.Status.ASKED


def test_what_no_approval_helps_with_is_not_asked(uk):
    # when / then
    with pytest.raises(NotPermitted):
        ask(uk, act=Act.CARD_REFUND)
    assert not Approval.objects.exists()


def test_a_supervisors_pin_at_the_waiters_till(uk):
    # given
    asked = ask(uk)

    # when
    granted = approve_by_pin(actor=uk.by_waiter, approval_id=asked.pk, approver_id=uk.supervisor.pk, pin=PIN)

    # then
    assert granted.decided_by == uk.supervisor
    assert use(shop=uk, approval_id=asked.pk).status == Approval.Status.USED


def test_five_wrong_pins_stop_that_persons_pin_for_a_quarter_of_an_hour(uk):
    # given
    asked = ask(uk)

    def try_pin(pin, person):
        return approve_by_pin(actor=uk.by_waiter, approval_id=asked.pk, approver_id=person.pk, pin=pin)

    # when
    wrong = [try_pin("0000", uk.supervisor) for _ in range(5)]

    # then
    assert wrong == [None] * 5
    with pytest.raises(NotPermitted):
        try_pin(PIN, uk.supervisor)
    assert Staff.objects.get(pk=uk.supervisor.staff_id).pin_blocked_until > timezone.now() + timedelta(minutes=14)
    assert try_pin(PIN, uk.manager).status == Approval.Status.GRANTED


def test_the_pin_works_again_afterwards(uk):
    # given
    asked = ask(uk)
    for _ in range(5):
        approve_by_pin(actor=uk.by_waiter, approval_id=asked.pk, approver_id=uk.supervisor.pk, pin="0000")
    Approval.objects.update(asked_at=timezone.now() + timedelta(minutes=15))

    # when
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        granted = approve_by_pin(actor=uk.by_waiter, approval_id=asked.pk, approver_id=uk.supervisor.pk, pin=PIN)

    # then
    assert granted.status == Approval.Status.GRANTED


def test_approvals_of_another_venue_do_not_exist(uk):
    # given
    asked = ask(uk)

    # when / then
    with pytest.raises(NotFound):
        grant_approval(actor=a_venue().by_manager, approval_id=asked.pk)
