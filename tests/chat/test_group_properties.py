"""Whatever people do in a group, on two nodes that forget to announce: a slow reference says what is so."""

from collections.abc import Awaitable, Callable

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import Struct, field

from core.clock import now_ms
from core.contract.chat import (
    ChatChanged,
    ChatDelete,
    ChatEdit,
    ChatMessage,
    ChatRead,
    ChatSend,
    Message,
    RepliedTo,
)
from core.contract.groups import NewInvitation
from core.errors import AppError
from core.ids import new_id
from core.keys import Keyring
from db.postgres.forgotten_messages import ForgottenMessages
from db.postgres.rooms import RoomChange
from services.groups import Groups
from services.message_rules import is_edited
from tests.chat.conftest import ChatScene, LocalChannels, node_on
from tests.heard import Heard
from tests.stores.grouping import NEW, Party
from tests.stores.world import DAY_MS, TODAY

PEOPLE = 4  # the first owns the group, and stays
OWNER = 0
who, others = st.integers(0, PEOPLE - 1), st.integers(1, PEOPLE - 1)
node, keys = st.integers(0, 1), st.integers(0, 9)
places = st.integers(1, 30)
STEPS = st.lists(
    st.one_of(
        *[st.tuples(st.just("send"), who, keys, node)] * 3,
        st.tuples(st.just("send, and die"), who, keys),
        st.tuples(st.just("reply"), who, places, node),
        st.tuples(st.just("edit"), who, places, node),
        st.tuples(st.just("edit, and die"), who, places),
        st.tuples(st.just("delete"), who, places, node),
        st.tuples(st.just("read"), who, places),
        st.tuples(st.just("join"), others, node),
        st.tuples(st.just("leave"), others, node),
        st.tuples(st.just("remove"), others, node),
        st.tuples(st.just("block"), who, who).filter(lambda step: step[1] != step[2]),
        st.tuples(st.just("unblock"), who, who),
        st.tuples(st.just("forget"), who, places),
    ),
    min_size=20,
    max_size=40,
)


class Member(Struct):
    """What the reference knows of one who is in the group."""

    joined: int
    read: int


class Line(Struct):
    """What one has said (None: the system) under which key, as an answer to which message."""

    sender: int | None = None
    key: int | None = None
    text: str | None = None
    reply_to: int | None = None
    deleted: bool = False


class Reference(Struct):
    """The group as it has to be: who has said what, who is in, who avoids whom."""

    said: list[Line] = field(default_factory=list)
    members: dict[int, Member] = field(default_factory=dict)
    removed: set[int] = field(default_factory=set)
    blocks: set[tuple[int, int]] = field(default_factory=set)
    forgotten: int = 0
    # Of each message: those who could see it at some time since, and those who could not.
    shown: list[set[int]] = field(default_factory=list)
    hidden: list[set[int]] = field(default_factory=list)
    # Whoever was away or parted from somebody at some time, and has perhaps not heard of all.
    missed: set[int] = field(default_factory=set)

    def parted(self, one: int, other: int | None) -> bool:
        return bool({(one, other), (other, one)} & self.blocks)

    def note(self, actor: int) -> str:
        self.said.append(Line())
        member = self.members.get(actor)
        if member and member.read == len(self.said) - 1:
            member.read += 1
        return "ok"

    def do(self, name: str, one: int, other: int = 0) -> str:
        outcome: str = getattr(self, name.partition(",")[0])(one, other)
        for place, line in enumerate(self.said):
            if place == len(self.shown):
                self.shown.append(set())
                self.hidden.append(set())
            for reader in range(PEOPLE):
                (self.hidden if self.parted(reader, line.sender) else self.shown)[place].add(reader)
        return outcome

    def say(self, one: int, line: Line) -> str:
        if line.sender is not None and line.key is not None and not self.has(line.sender, line.key):
            self.said.append(line)
        return "ok"

    def has(self, one: int, key: int) -> bool:
        return any((line.sender, line.key) == (one, key) for line in self.said[self.forgotten :])

    def send(self, one: int, key: int) -> str:
        if one not in self.members:
            return "not_found"
        return self.say(one, Line(one, key, f"{one} {key}"))

    def reply(self, one: int, seq: int) -> str:
        key = 100 + seq
        repeated = one in self.members and self.has(one, key)
        if not repeated and not self.readable(one, seq):
            return "not_found"
        return self.say(one, Line(one, key, f"{one} {key}", seq))

    def readable(self, one: int, seq: int) -> bool:
        """Whether it is there for them, whatever they see of it."""
        return one in self.members and self.members[one].joined < seq <= len(self.said)

    def edit(self, one: int, seq: int) -> str:
        if not self.readable(one, seq):
            return "not_found"
        line = self.said[seq - 1]
        if line.sender != one:
            return "forbidden"
        if line.deleted:
            return "gone"
        line.text = f"{one} anew"
        return "ok"

    def delete(self, one: int, seq: int) -> str:
        if not self.readable(one, seq):
            return "not_found"
        line = self.said[seq - 1]
        if line.sender != one:
            return "forbidden"
        line.deleted, line.text = True, None
        return "ok"

    def place(self, one: int, chosen: int) -> int:
        """Mostly a message of theirs, sometimes any, or none."""
        own = [seq for seq, line in enumerate(self.said, start=1) if line.sender == one]
        return own[chosen % len(own)] if own and chosen % 5 else chosen

    def read(self, one: int, seq: int) -> str:
        if one not in self.members:
            return "not_found"
        self.members[one].read = max(self.members[one].read, min(seq, len(self.said)))
        return "ok"

    def join(self, one: int, _: int) -> str:
        if one in self.members:
            return "ok"
        if self.parted(one, OWNER):
            return "expired"
        if one in self.removed:
            return "not_found"
        self.members[one] = Member(len(self.said), len(self.said))
        return self.note(one)

    def leave(self, one: int, _: int) -> str:
        self.missed.add(one)
        return self.note(one) if self.members.pop(one, None) else "not_found"

    def remove(self, one: int, _: int) -> str:
        if not self.members.pop(one, None):
            return "not_found"
        self.removed.add(one)
        self.missed.add(one)
        return self.note(OWNER)

    def block(self, one: int, other: int) -> str:
        self.blocks.add((one, other))
        self.missed |= {one, other}
        return "ok"

    def unblock(self, one: int, other: int) -> str:
        self.blocks.discard((one, other))
        return "ok"

    def forget(self, _: int, seq: int) -> str:
        self.forgotten = max(self.forgotten, min(seq, len(self.said)))
        for member in self.members.values():
            member.joined = max(member.joined, self.forgotten)
            member.read = max(member.read, self.forgotten)
        return "ok"

    def seen(self, one: int) -> list["Seen"]:
        """Each message that they may know of, and what they see of it."""
        joined = self.members[one].joined
        return [
            self.seen_by(one, joined, seq, line)
            for seq, line in enumerate(self.said, start=1)
            if seq > joined
        ]

    def seen_by(self, one: int, joined: int, seq: int, line: Line) -> "Seen":
        if line.deleted or self.parted(one, line.sender):
            return seq, False, None, None
        if line.reply_to is None or line.reply_to <= joined:
            return seq, True, line.text, None
        other = self.said[line.reply_to - 1]
        if self.parted(one, other.sender):
            return seq, True, line.text, None
        return seq, True, line.text, (line.reply_to, other.text, other.deleted)

    def unread(self, one: int) -> int:
        read = self.members[one].read
        others = [(seq, there) for seq, there, *_ in self.seen(one) if self.said[seq - 1].sender != one]
        return sum(seq > read and there for seq, there in others)


Seen = tuple[int, bool, str | None, tuple[int, str | None, bool] | None]


def as_seen(message: Message) -> Seen:
    """Its number, whether it is there, what it says, and what is seen of what it is a reply to."""
    return message.seq, message.deleted_at is None, message.content, replied(message.reply)


def replied(shown: RepliedTo | None) -> tuple[int, str | None, bool] | None:
    return None if shown is None else (shown.seq, shown.content, shown.deleted_at is not None)


class Product:
    """The same on two nodes."""

    def __init__(self, scene: ChatScene, heard: Heard) -> None:
        self.world, self.party, channels = scene.world, Party(scene.world), LocalChannels()
        self.nodes = [node_on(scene.world, heard, channels) for _ in range(2)]
        keys = Keyring("a secret of an operator").keys("invitation")
        self.groups = [
            Groups(
                self.party.store,
                self.party.invitations,
                n.members,
                n.announcer,
                keys=keys,
                site="http://here",
            )
            for n in self.nodes
        ]

    async def begin(self) -> None:
        self.people = [await self.world.person(f"Person {n}") for n in range(PEOPLE)]
        owner = self.people[OWNER]
        self.group = await self.groups[0].create(owner, NEW, None, now_ms())
        self.room = self.group.room_id
        made = await self.groups[0].invite(owner, self.group.id, NewInvitation(), None, now_ms())
        self.code = made.code

    async def do(self, name: str, one: int, other: int = 0, node: int = 0) -> str:
        try:
            await self._does(name, one, other, node)
        except AppError as error:
            return error.code
        return "ok"

    async def message(self, seq: int) -> str:
        """Which one it is; some id, if there is none."""
        query = "SELECT id FROM communication.messages WHERE room_id = $1 AND seq = $2"
        return await self.world.pool.fetchval(query, self.room, seq) or new_id()

    async def _reply(self, node: int, me: str, one: int, seq: int) -> None:
        text, message = f"{one} {100 + seq}", await self.message(seq)
        said = ChatSend(room_id=self.room, client_id=text, content=text, reply_to=message)
        await self.nodes[node].chat.send(me, said)

    async def _edit(self, node: int, me: str, one: int, seq: int) -> None:
        edit = ChatEdit(message_id=await self.message(seq), content=f"{one} anew")
        await self.nodes[node].chat.edit(me, edit)

    async def _edit_and_die(self, me: str, one: int, seq: int) -> None:
        rooms, text, window = self.world.rooms, f"{one} anew", 1
        found = await rooms.own(await self.message(seq), me)
        if is_edited(found.message, me, text, age_ms=0, window_ms=window, ended=found.ended):
            assert await rooms.change(found.message.id, me, text, now_ms())

    async def _delete(self, node: int, me: str, seq: int) -> None:
        await self.nodes[node].chat.delete(me, ChatDelete(message_id=await self.message(seq)))

    async def _block(self, one: str, other: str) -> None:
        await self.world.blocks.unblock(one, other)
        await self.world.block(one, other)

    async def _forget(self, seq: int) -> None:
        """What was said up to there is too old by now, and has been told."""
        for node in self.nodes:
            for _ in range(2):
                await node.announcer.look()
            await node.announcer.clear()
        query = (
            "UPDATE communication.messages SET created_at = created_at - interval '2 days'"
            " WHERE room_id = $1 AND seq <= $2"
        )
        await self.world.pool.execute(query, self.room, seq)
        kept, now, limit = ForgottenMessages(self.world.pool), now_ms(), 3
        while await kept.forget(self.room, now - DAY_MS, now, limit=limit) >= limit:
            pass

    def _does(self, name: str, one: int, other: int, node: int) -> Awaitable[object]:
        me, owner, group = self.people[one], self.people[OWNER], self.group.id
        text, chat, groups = f"{one} {other}", self.nodes[node].chat, self.groups[node or other % 2]
        ways: dict[str, Callable[[], Awaitable[object]]] = {
            "send": lambda: chat.send(me, ChatSend(room_id=self.room, client_id=text, content=text)),
            "send, and die": lambda: self.world.say(self.room, me, text, client_id=text),
            "reply": lambda: self._reply(node, me, one, other),
            "edit": lambda: self._edit(node, me, one, other),
            "edit, and die": lambda: self._edit_and_die(me, one, other),
            "delete": lambda: self._delete(node, me, other),
            "read": lambda: chat.read(me, ChatRead(room_id=self.room, seq=other)),
            "join": lambda: groups.join(me, self.code, now_ms()),
            "leave": lambda: groups.remove_member(me, group, me, now_ms()),
            "remove": lambda: groups.remove_member(owner, group, me, now_ms()),
            "block": lambda: self._block(me, self.people[other]),
            "unblock": lambda: self.world.blocks.unblock(me, self.people[other]),
            "forget": lambda: self._forget(other),
        }
        return ways[name]()


def what_was_heard(
    heard: Heard, person: str, one: int, reference: Reference
) -> tuple[list[Message], dict[int, Message]]:
    """The messages they were told of, and each as they know it: nothing that they were not to hear."""
    told = [event.message for event in heard.by(person, ChatMessage)]
    assert [m.seq for m in told] == sorted({m.seq for m in told})
    known: dict[int, Message] = {}
    for event in heard.by(person, ChatMessage, ChatChanged):
        message = event.message
        assert isinstance(event, ChatMessage) or message.seq in known, f"{one} hears of a change first"
        known[message.seq] = message
        there, line = message.deleted_at is None, reference.said[message.seq - 1]
        may = (reference.shown if there else reference.hidden)[message.seq - 1]
        assert one in may or (line.deleted and not there), f"{one} was told {message}"
        if message.reply is not None:
            assert one in reference.shown[message.reply.seq - 1], f"{one} was shown {message.reply}"
    return told, known


@settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
async def test_a_group_is_what_the_reference_says(talk: ChatScene, steps: list[tuple[str, int, int]]) -> None:
    """Numbers without a gap, unread exact, one effect of a repeat, and nobody reads what they may not."""
    heard = Heard()
    product, reference = Product(talk, heard), Reference()
    await product.begin()
    reference.members[OWNER] = Member(0, 0)
    reference.do("read", OWNER, 0)
    reference.note(OWNER)
    for who_joins in (1, 2):
        assert await product.do("join", who_joins) == reference.do("join", who_joins)
    for name, *what in steps:
        if name.partition(",")[0] in {"edit", "delete"}:
            what[1] = reference.place(*what[:2])
        assert await product.do(name, *what) == reference.do(name, *what[:2]), (name, what)
    for node in product.nodes:
        for _ in range(2):
            await node.announcer.look()
    world, room = product.world, product.room
    seen = await world.rooms.seen_by_members(RoomChange(room, None))
    for one, person in enumerate(product.people):
        told, known = what_was_heard(heard, person, one, reference)
        if one not in reference.members:
            assert person not in seen
            continue
        found, _, oldest = await world.rooms.history(room, person, before_seq=None, after_seq=0, limit=100)
        assert oldest == reference.members[one].joined + 1
        assert [as_seen(m) for m in found] == reference.seen(one)
        anew = [m for m in reversed(found) if (m.content or "").endswith(" anew")]
        assert await world.rooms.found_in(room, person, "ane", before_seq=None, limit=100) == anew
        if one not in reference.missed:  # a client that has heard everything has no need to ask
            assert [as_seen(known[m.seq])[:3] for m in found] == [as_seen(m)[:3] for m in found]
        assert {m.seq for m in found} <= {m.seq for m in told}
        view = await world.rooms.room(room, person, TODAY)
        assert (view.unread, view.last_seq) == (reference.unread(one), len(reference.said))
        assert view.oldest_seq == reference.members[one].joined + 1
        assert (await world.unread(person)).get(room, 0) == view.unread
        assert seen[person] == view
        assert view.last_message is None or view.last_message.reply is None
