"""The store as a node opens it: with its egress policy, its keys, and a note of the policy in the audit chain."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from edge.audit_notes import note_policy, noted_policies
from edge.clock import Clock
from edge.config import ShopFiles
from edge.egress import EgressGate
from edge.egress_policy import EgressPolicy, EgressSettings, load_store_key
from edge.node_key import NodeKey
from edge.places import DEFAULT_POLICY, Places
from edge.policy_trust import refuse_older, vouched_policy
from edge.store.backup import Backups
from edge.store.store import Store


def policy_path(shop: ShopFiles) -> Path:
    """The shop's own policy, or the one that came with the program where it has none."""
    named = shop.settings.egress.policy
    own = shop.path(named)
    return own if named != EgressSettings().policy or own.exists() else DEFAULT_POLICY


@contextmanager
def open_store(shop: ShopFiles, places: Places, clock: Clock) -> Iterator[tuple[Store, EgressPolicy]]:
    """Open the shop's store under its policy.

    Raises:
        ConfigError: the policy or a key is wrong, nobody vouches for the policy, or a newer one was in force.
        StoreError: the store cannot be opened.
    """
    settings = shop.settings
    key = NodeKey.load(places.node_key, credentials=places.credentials)
    vouched = vouched_policy(policy_path(shop), signers=settings.egress.signers, own_key=key.public)
    store = Store(
        settings.store.model_copy(update={"path": places.store}),
        gate=EgressGate(vouched.policy, load_store_key(settings.egress.store_key_file or places.store_key)),
        clock=clock,
        seal=key,
    )
    with ExitStack() as stack:
        stack.enter_context(store)
        refuse_older(vouched, noted_policies(store))
        note_policy(store, vouched.note)
        backup_to = settings.store.backup_to
        if backup_to is not None:
            every_h = settings.store.backup_every_h
            stack.enter_context(Backups(places.store, shop.path(backup_to), every_h=every_h))
        yield store, vouched.policy
