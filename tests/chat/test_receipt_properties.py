"""Whatever people read, get and hide in a group, on two nodes: a slow reference says who is told of it."""

from collections import defaultdict
from collections.abc import Awaitable

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import Struct, field

from core.clock import now_ms
from core.contract.chat import ChatDelivered, ChatReceipt
from core.contract.settings import PrivacyPatch, SettingsPatch
from core.errors import NotFound
from db.postgres.receipts import ReceiptStore
from db.postgres.rooms import Reading
from db.postgres.settings import SettingsStore
from tests.chat.conftest import ChatScene
from tests.chat.test_group_properties import OWNER, PEOPLE, Product
from tests.heard import Heard

MANY = 60  # who are in the group and do nothing
who, others = st.integers(0, PEOPLE - 1), st.integers(1, PEOPLE - 1)
node, places = st.integers(0, 1), st.integers(1, 20)
STEPS = st.lists(
    st.one_of(
        *[st.tuples(st.just("send"), who, st.integers(0, 99), node)] * 2,
        *[st.tuples(st.just("read"), who, places, node)] * 2,
        *[st.tuples(st.just("get"), who, places, node)] * 2,
        st.tuples(st.just("read, and die"), who, places),
        st.tuples(st.just("get, and die"), who, places),
        st.tuples(st.just("hide"), who),
        st.tuples(st.just("show"), who),
        st.tuples(st.just("join"), others, st.just(0), node),
        st.tuples(st.just("leave"), others, st.just(0), node),
        st.tuples(st.just("block"), who, who).filter(lambda step: step[1] != step[2]),
        st.tuples(st.just("unblock"), who, who),
    ),
    min_size=20,
    max_size=40,
)
Told = tuple[int, int, int]  # of whom, up to which seq they have messages, and have read them


class Member(Struct):
    """What the reference knows of one who is in the group."""

    joined: int
    got: int
    read: int


class Reference(Struct):
    """How far everybody is, what is kept of that, and who has been told of it."""

    crowded: bool
    senders: list[int | None] = field(default_factory=list)
    keys: set[tuple[int, int]] = field(default_factory=set)
    members: dict[int, Member] = field(default_factory=dict)
    hiding: set[int] = field(default_factory=set)
    blocks: set[tuple[int, int]] = field(default_factory=set)
    # When somebody got or read a message is kept of whoever does not hide it then.
    got: set[tuple[int, int]] = field(default_factory=set)
    read: set[tuple[int, int]] = field(default_factory=set)
    told: dict[int, list[Told]] = field(default_factory=lambda: defaultdict(list))
    numbers: dict[tuple[int, int], int] = field(default_factory=lambda: defaultdict(int))

    @property
    def last(self) -> int:
        return len(self.senders)

    def parted(self, one: int, other: int) -> bool:
        return bool({(one, other), (other, one)} & self.blocks)

    def note(self, actor: int) -> str:
        self.senders.append(None)
        member = self.members.get(actor)
        if member and member.read == self.last - 1:
            member.read, member.got = self.last, max(member.got, self.last)
        return "ok"

    def do(self, name: str, one: int, other: int = 0) -> str:
        what, _, dies = name.partition(", ")
        if what == "join":
            return self.comes(one)
        if what == "leave":
            return self.note(one) if self.members.pop(one, None) else "not_found"
        if what in {"send", "read", "get"} and one not in self.members:
            return "not_found"
        if what == "send" and (one, other) not in self.keys:
            self.keys.add((one, other))
            self.senders.append(one)
        if what in {"read", "get"}:
            self.moves(what, one, min(other, self.last), tells=not dies)
        self.changes(what, one, other)
        return "ok"

    def changes(self, what: str, one: int, other: int) -> None:
        if what == "hide":
            self.hiding.add(one)
        if what == "show":
            self.hiding.discard(one)
        if what == "block":
            self.blocks.add((one, other))
        if what == "unblock":
            self.blocks.discard((one, other))

    def comes(self, one: int) -> str:
        if one in self.members:
            return "ok"
        if self.parted(one, OWNER):
            return "expired"
        self.members[one] = Member(self.last, self.last, self.last)
        return self.note(one)

    def moves(self, what: str, one: int, seq: int, *, tells: bool) -> None:
        member = self.members[one]
        news = seq > member.got
        if one not in self.hiding:
            kept, since = (self.read, member.read) if what == "read" else (self.got, member.got)
            kept |= {(one, each) for each in range(since + 1, seq + 1)}
        member.got = max(member.got, seq)
        if what == "read":
            member.read = max(member.read, seq)
        if tells and (what == "read" or news):
            self.tells(one, member, own=what == "read")

    def tells(self, one: int, member: Member, *, own: bool) -> None:
        """Each is told what is more than they were told last; one's own devices what was read."""
        for viewer in self.members:
            to_others = not (self.crowded or {viewer, one} & self.hiding or self.parted(viewer, one))
            if (own if viewer == one else to_others) and member.got + member.read > self.numbers[viewer, one]:
                self.numbers[viewer, one] = member.got + member.read
                self.told[viewer].append((one, member.got, member.read))

    def shown(self, viewer: int, seq: int) -> dict[int, tuple[bool, bool]] | None:
        """Of each who has the message and shows it: whether it is known when they got it, and read it."""
        if viewer not in self.members or self.members[viewer].joined >= seq:
            return None
        return {
            one: ((one, seq) in self.got | self.read, (one, seq) in self.read)
            for one, member in self.members.items()
            if member.joined < seq <= member.got
            and one != self.senders[seq - 1]
            and not {viewer, one} & self.hiding
            and not self.parted(viewer, one)
        }


class Receipts(Product):
    """The product, with what is only done here."""

    async def crowd(self) -> None:
        await self.world.pool.execute(
            "WITH made AS (INSERT INTO identity.users (id, username, created_at, updated_at)"
            " SELECT gen_random_uuid(), 'quiet-' || gen_random_uuid(), now(), now()"
            " FROM generate_series(1, $2::int) RETURNING id)"
            " INSERT INTO communication.members (room_id, user_id, joined_at) SELECT $1, id, now() FROM made",
            self.room,
            MANY,
        )

    def _does(self, name: str, one: int, other: int, node: int) -> Awaitable[object]:
        me, chat = self.people[one], self.nodes[node].chat
        reading = Reading(room_id=self.room, user_id=me, seq=other, at=now_ms())
        if name == "get":
            return chat.delivered(me, ChatDelivered(room_id=self.room, seq=other))
        if name == "get, and die":
            return ReceiptStore(self.world.pool).delivered(reading)
        if name == "read, and die":
            return self.world.rooms.read(reading)
        if name in {"hide", "show"}:
            patch = SettingsPatch(privacy=PrivacyPatch(read_receipts=name == "show"))
            return SettingsStore(self.world.pool).change(me, patch)
        return super()._does(name, one, other, node)

    async def shown(self, viewer: int, seq: int) -> dict[int, tuple[bool, bool]] | None:
        store = ReceiptStore(self.world.pool)
        try:
            found = await store.of_message(
                await self.message(seq), self.people[viewer], after=None, limit=PEOPLE
            )
        except NotFound:
            return None
        return {
            self.people.index(each.user_id): (each.delivered_at is not None, each.read_at is not None)
            for each in found
        }


@settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(steps=STEPS, crowded=st.booleans())
async def test_receipts_are_what_the_reference_says(
    talk: ChatScene, steps: list[tuple[str, int, int]], crowded: bool
) -> None:
    """Told to whoever may know, once and never back; shown with the times that were kept; in groups of more
    than fifty to nobody else."""
    heard = Heard()
    product, reference = Receipts(talk, heard), Reference(crowded)
    await product.begin()
    if crowded:
        await product.crowd()
    reference.members[OWNER] = Member(0, 0, 0)
    reference.note(OWNER)
    for newcomer in (1, 2):
        assert await product.do("join", newcomer) == reference.do("join", newcomer)
    for name, *what in steps:
        assert await product.do(name, *what) == reference.do(name, *what[:2]), (name, what)
    for viewer, person in enumerate(product.people):
        told = [
            (product.people.index(each.user_id), each.delivered_seq, each.read_seq)
            for each in heard.by(person, ChatReceipt)
        ]
        assert told == reference.told[viewer], viewer
        for seq in range(1, reference.last + 1):
            assert await product.shown(viewer, seq) == reference.shown(viewer, seq), (viewer, seq)
