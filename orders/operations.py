"""The till's operations: every tap is sent until it is answered, and happens once.

A batch is applied in the till's sequence. What stands together for one target is one transaction: one lock, one
pricing, one document. An operation that is refused does not stop the others, except later ones on the same line.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import groupby
from typing import Any

from django.utils import timezone

from orders.models import TillOperation
from orders.operation_acts import AddLine, Done
from orders.operation_forms import Operation, read_batch
from orders.services.pad import Pad, open_pad
from pos.errors import Busy, Conflict, InvalidRequest, PosError
from pos.permissions import Act, Actor, require
from pos.service import retry_on_race, service

KEPT_FOR = timedelta(days=7)

# The same batch by two connections at once: the second finds what the first was answered.
retry_on_race("till_operation_once")

Result = dict[str, Any]
Refused = dict[str, str]
"""Line id → the operation on it that was refused."""


def apply_operations(*, actor: Actor, ops: object) -> list[Result]:
    """Apply a till's batch and answer each operation, in the order of their sequence.

    A result is ``{op_id, ok, order, line, code, message, data}``; an operation sent again gets the answer of the first
    time. ``busy`` was not applied and is not remembered: send it again. Raises InvalidRequest for a batch that cannot
    be answered and NotPermitted for somebody who does not work here: the till keeps its operations.
    """
    for act in (Act.ADD, Act.SEND, Act.REMOVE_UNSENT):
        require(actor, act)
    if actor.till is None:
        raise InvalidRequest("Only a till has operations.", field="till")
    operations = read_batch(ops)
    answers: dict[str, Result] = {}
    first: dict[str, Operation] = {}
    unique = [operation for operation in operations if first.setdefault(operation.op_id, operation) is operation]
    refused: Refused = {}
    for run in _runs(unique):
        for result in _apply(actor, run, refused):
            answers[result["op_id"]] = result
        if any(op_id not in answers or answers[op_id]["code"] == Busy.code for op_id in (op.op_id for op in run)):
            # What comes after must not overtake it.
            break
    return [_answer(operation, first, answers) for operation in operations]


@service
def purge_operations() -> int:
    """Forget operations that no till can still be sending."""
    return TillOperation.objects.filter(at__lt=timezone.now() - KEPT_FOR).delete()[0]


def _runs(operations: Sequence[Operation]) -> Iterator[list[Operation]]:
    """Neighbours with one target; what cannot be read needs none and stays by itself."""
    for _, run in groupby(operations, key=lambda operation: operation.target):
        yield list(run)


def _apply(actor: Actor, run: Sequence[Operation], refused: Refused) -> list[Result]:
    """Apply a run as one; where the whole is refused (a seen bill lowered), find out by which."""
    try:
        results = _apply_run(actor=actor, run=run, refused=refused)
    except Busy as error:
        return [_refusal(operation, error) for operation in run]
    except PosError as error:
        if len(run) > 1:
            return _apply_singly(actor, run, refused)
        results = _refuse_run(actor=actor, run=run, error=error)
    for operation, result in zip(run, results, strict=True):
        if not result["ok"] and operation.line_id:
            refused.setdefault(operation.line_id, operation.op_id)
    return results


def _apply_singly(actor: Actor, run: Sequence[Operation], refused: Refused) -> list[Result]:
    results: list[Result] = []
    for operation in run:
        results += _apply(actor, [operation], refused)
        if results[-1]["code"] == Busy.code:
            break
    return results


@service
def _apply_run(*, actor: Actor, run: Sequence[Operation], refused: Refused) -> list[Result]:
    known = _known(actor, run)
    fresh = [operation for operation in run if operation.op_id not in known]
    # A retry of this transaction starts from what was refused before it.
    refused = dict(refused)
    results = {
        operation.op_id: _replay(operation, known[operation.op_id], refused)
        for operation in run
        if operation.op_id in known
    }
    if fresh:
        results |= _apply_fresh(actor, fresh, refused)
    return [results[operation.op_id] for operation in run]


@service
def _refuse_run(*, actor: Actor, run: Sequence[Operation], error: PosError) -> list[Result]:
    known = _known(actor, run)
    fresh = {operation.op_id: _refusal(operation, error) for operation in run if operation.op_id not in known}
    _remember(actor, [operation for operation in run if operation.op_id in fresh], fresh)
    return [fresh.get(operation.op_id) or known[operation.op_id].result for operation in run]


def _apply_fresh(actor: Actor, fresh: Sequence[Operation], refused: Refused) -> dict[str, Result]:
    results: dict[str, Result] = {}
    done: dict[str, Done] = {}
    try:
        pad = _pad(actor, fresh)
    except Busy:
        raise
    except PosError as error:
        results = {operation.op_id: _refusal(operation, operation.error or error) for operation in fresh}
        _remember(actor, fresh, results)
        return results
    for operation in fresh:
        try:
            done[operation.op_id] = _act(operation, pad, refused)
        except PosError as error:
            results[operation.op_id] = _refusal(operation, error)
            if operation.line_id:
                refused.setdefault(operation.line_id, operation.op_id)
    if pad is not None:
        pad.settle()
        for operation in fresh:
            if operation.op_id in done:
                results[operation.op_id] = _success(operation, done[operation.op_id], pad)
    _remember(actor, fresh, results)
    return results


def _pad(actor: Actor, fresh: Sequence[Operation]) -> Pad | None:
    target = fresh[0].target
    if target is None:
        return None
    return open_pad(
        actor,
        target,
        new_lines=[operation.act.new for operation in fresh if isinstance(operation.act, AddLine)],
        line_ids=[operation.line_id for operation in fresh if operation.line_id],
    )


def _act(operation: Operation, pad: Pad | None, refused: Refused) -> Done:
    if operation.act is None or pad is None:
        raise operation.error or InvalidRequest("This operation says nothing.", field="kind")
    earlier = refused.get(operation.line_id)
    if earlier is not None:
        raise Dependent("An earlier change of this line was refused.", after=earlier)
    return operation.act.apply(pad)


class Dependent(Conflict):
    """Refused because an earlier operation on the same line was."""

    code = "dependent"


def _known(actor: Actor, run: Sequence[Operation]) -> dict[str, TillOperation]:
    rows = TillOperation.objects.filter(venue=actor.venue, op_id__in=[operation.op_id for operation in run])
    return {row.op_id: row for row in rows}


def _replay(operation: Operation, row: TillOperation, refused: Refused) -> Result:
    if row.body_hash != operation.body_hash:
        return _refusal(operation, _other_body())
    result: Result = row.result
    if not result["ok"] and operation.line_id:
        refused.setdefault(operation.line_id, operation.op_id)
    return result


def _answer(operation: Operation, first: dict[str, Operation], answers: dict[str, Result]) -> Result:
    if first[operation.op_id].body_hash != operation.body_hash:
        return _refusal(operation, _other_body())
    waits = Busy("An earlier operation could not be applied yet. Send this one again.")
    return answers.get(operation.op_id) or _refusal(operation, waits)


def _other_body() -> Conflict:
    return Conflict("This op id was used for something else.")


def _remember(actor: Actor, operations: Sequence[Operation], results: dict[str, Result]) -> None:
    now = timezone.now()
    TillOperation.objects.bulk_create(
        TillOperation(
            venue=actor.venue,
            till=actor.till,
            sequence=operation.sequence,
            op_id=operation.op_id,
            kind=operation.kind,
            body_hash=operation.body_hash,
            order_id=results[operation.op_id]["order"],
            result=results[operation.op_id],
            at=now,
        )
        for operation in operations
    )


def _success(operation: Operation, done: Done, pad: Pad) -> Result:
    order = pad.held.orders[done.order_id] if done.order_id else None
    data = {**done.data, "order_name": order.display_name} if order is not None else done.data
    return {
        "op_id": operation.op_id,
        "ok": True,
        "order": done.order_id,
        "line": done.line_id,
        "code": "",
        "message": "",
        "data": data,
    }


def _refusal(operation: Operation, error: PosError) -> Result:
    return {
        "op_id": operation.op_id,
        "ok": False,
        "order": None,
        "line": operation.line_id or None,
        "code": error.code,
        "message": error.message,
        "data": error.data,
    }
