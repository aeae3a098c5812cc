"""Unrolls a shelf plan: which column each hand touches, what stands where at each moment, and the truth file's rows.

Pure: takes values and a random generator, returns values. Refuses a plan that takes what is not there,
overfills a slot, lets two actions overlap, or would not end as it began.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from scripts.shop_render.scene import (
    HOLD_S,
    REACH_IN_S,
    REACH_OUT_S,
    WALK_IN_S,
    Cover,
    Dim,
    Freeze,
    Reach,
    Rest,
    ShelfPlan,
    Slot,
    Stand,
)

CLEAR_SHARE = 0.6
"""Share of the way back after which hand and unit have left the slot that they touched."""

UNCOVER_S = 0.6
"""How long a shopper who walks on still stands before what was in front of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One change of a slot: ``columns`` change hands at ``touch_s``, and the slot is free again at ``t_s``."""

    touch_s: float
    t_s: float
    slot: str
    sku: str
    delta: int
    units: int
    columns: tuple[int, ...]
    action: Reach | Stand


@dataclass(frozen=True, slots=True, kw_only=True)
class ShelfScript:
    """A plan with its moves worked out."""

    plan: ShelfPlan
    duration_s: float
    initial: dict[str, tuple[bool, ...]]
    moves: tuple[Move, ...]

    def standing_at(self, time_s: float) -> dict[str, tuple[bool, ...]]:
        """For each slot, which columns hold a unit; a unit in a hand is not in its slot."""
        state = {slot: list(columns) for slot, columns in self.initial.items()}
        for move in self.moves:
            if move.touch_s > time_s:
                break
            for column in move.columns:
                state[move.slot][column] = move.delta > 0
        return {slot: tuple(columns) for slot, columns in state.items()}


def unroll(plan: ShelfPlan, duration_s: float, rng: np.random.Generator) -> ShelfScript:
    """Work out every move of ``plan`` that ends within ``duration_s``.

    Raises:
        ValueError: the plan takes what is not there or overfills a slot.
    """
    slots = {slot.id: slot for slot in plan.view.slots}
    reverse = {slot_id: bool(rng.integers(2)) for slot_id in slots}
    state = {slot.id: _first_columns(slot, slot.start_units, reverse[slot.id]) for slot in slots.values()}
    initial = {slot: tuple(columns) for slot, columns in state.items()}
    moves = []
    for action in sorted(plan.actions, key=lambda a: a.start_s):
        if not isinstance(action, Reach | Stand) or action.slot is None or action.end_s > duration_s:
            continue
        columns = _choose(state[action.slot], _delta(action), reverse=reverse[action.slot], slot=action.slot)
        for column in columns:
            state[action.slot][column] = _delta(action) > 0
        moves.append(_move(action, slots[action.slot], columns, units=sum(state[action.slot])))
    return ShelfScript(plan=plan, duration_s=duration_s, initial=initial, moves=tuple(moves))


def _delta(action: Reach | Stand) -> int:
    return action.delta if isinstance(action, Reach) else -1


def _first_columns(slot: Slot, units: int, reverse: bool) -> list[bool]:
    columns = [index < units for index in range(slot.facings)]
    return columns[::-1] if reverse else columns


def _choose(columns: list[bool], delta: int, *, reverse: bool, slot: str) -> tuple[int, ...]:
    """Columns to change. A slot is emptied from one side and filled up from there, so its units stay together."""
    wanted = delta < 0
    order = range(len(columns)) if reverse == wanted else range(len(columns) - 1, -1, -1)
    matching = [index for index in order if columns[index] is wanted][: abs(delta)]
    if len(matching) < abs(delta):
        raise ValueError(f"{slot}: the plan changes it by {delta} when {sum(columns)} of {len(columns)} stand there")
    return tuple(sorted(matching))


def _move(action: Reach | Stand, slot: Slot, columns: tuple[int, ...], *, units: int) -> Move:
    delta = _delta(action)
    if isinstance(action, Stand):
        touch_s = action.start_s + WALK_IN_S + action.hold_s / 2
        free_s = action.start_s + WALK_IN_S + action.hold_s + UNCOVER_S
    else:
        touch_s = action.start_s + REACH_IN_S + HOLD_S / 2
        left_s = action.start_s + REACH_IN_S + HOLD_S + CLEAR_SHARE * REACH_OUT_S
        free_s = left_s if delta < 0 else touch_s
    return Move(
        touch_s=touch_s,
        t_s=round(free_s, 3),
        slot=slot.id,
        sku=slot.sku,
        delta=delta,
        units=units,
        columns=columns,
        action=action,
    )


def check(plan: ShelfPlan, duration_s: float) -> list[str]:
    """What is wrong with a plan, in sentences; empty when it can be filmed and looped."""
    faults = []
    busy = sorted((a for a in plan.actions if not isinstance(a, Dim)), key=lambda a: a.start_s)
    faults += [
        f"actions at {a.start_s} and {b.start_s} overlap" for a, b in pairwise(busy) if a.end_s + 3.0 > b.start_s
    ]
    faults += [f"action at {a.start_s} ends after the clip" for a in busy if a.end_s + 3.0 > duration_s]
    net: dict[str, int] = {}
    for action in busy:
        if isinstance(action, Reach | Stand) and action.slot is not None:
            net[action.slot] = net.get(action.slot, 0) + _delta(action)
    faults += [f"{slot} ends {change:+d} from its start" for slot, change in net.items() if change]
    return faults


def truth_of(script: ShelfScript, clip: str) -> dict[str, Any]:
    """The camera's part of the truth file: what happened, and what hid it."""
    shown = [a for a in script.plan.actions if a.end_s <= script.duration_s]
    return {
        "clip": clip,
        "duration_s": script.duration_s,
        "initial": {slot: sum(columns) for slot, columns in script.initial.items()},
        "events": [
            {"t_s": m.t_s, "slot": m.slot, "sku": m.sku, "delta": m.delta, "units": m.units} for m in script.moves
        ],
        "occlusions": [
            {"from_s": a.start_s, "to_s": round(a.end_s, 3), "what": "shopper" if isinstance(a, Stand) else "hand"}
            for a in shown
            if isinstance(a, Reach | Rest | Stand)
        ],
        "light": [{"from_s": a.start_s, "to_s": a.end_s} for a in shown if isinstance(a, Dim)],
        "faults": [
            {"from_s": a.start_s, "to_s": a.end_s, "fault": "blind" if isinstance(a, Cover) else "frozen"}
            for a in shown
            if isinstance(a, Cover | Freeze)
        ],
        "crossings": [],
    }
