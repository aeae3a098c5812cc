"""The store as a node opens it: with its egress policy, its keys, and a note of the policy in the audit chain."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from edge.audit_notes import note_policy
from edge.clock import Clock
from edge.config import ShopFiles
from edge.egress import EgressGate
from edge.egress_policy import EgressPolicy, EgressSettings, load_policy, load_store_key
from edge.node_key import NodeKey
from edge.places import DEFAULT_POLICY, Places
from edge.store.backup import Backups
from edge.store.store import Store


@contextmanager
def open_store(shop: ShopFiles, places: Places, clock: Clock) -> Iterator[tuple[Store, EgressPolicy]]:
    """Open the shop's store under its policy.

    Raises:
        ConfigError: the policy or a key is wrong.
        StoreError: the store cannot be opened.
    """
    settings = shop.settings
    own = shop.path(settings.egress.policy)
    is_named = settings.egress.policy != EgressSettings().policy
    path = own if is_named or own.exists() else DEFAULT_POLICY
    policy = load_policy(path)
    store = Store(
        settings.store.model_copy(update={"path": places.store}),
        gate=EgressGate(policy, load_store_key(settings.egress.store_key_file or places.store_key)),
        clock=clock,
        seal=NodeKey.load(places.node_key),
    )
    with ExitStack() as stack:
        stack.enter_context(store)
        note_policy(store, path, policy.version)
        backup_to = settings.store.backup_to
        if backup_to is not None:
            every_h = settings.store.backup_every_h
            stack.enter_context(Backups(places.store, shop.path(backup_to), every_h=every_h))
        yield store, policy
