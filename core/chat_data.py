"""The registry of personal data, continued: what one says, and the rooms that one is in."""

from core.data_rules import AN_ID, MY_ROOMS, OTHERS, OURS, YOURS, Emptied, Lasts, Table

CHAT: tuple[Table, ...] = (
    Table(
        "communication.messages",
        "What you have written. What others wrote to you is theirs to export."
        " What its room has forgotten is not told, even where it stays as evidence.",
        of="sender_id = :user",
        copied="seq > (SELECT r.forgotten_seq FROM communication.rooms r WHERE r.id = messages.room_id)",
        file="messages",
        told="room_id=room seq=number type content media_id=media reply_to=answer_to created_at"
        " edited_at deleted_at",
        untold={YOURS: "sender_id", OURS: "id client_id system about_id by_id"},
        erased=Emptied(
            sets="content = NULL; deleted_at = coalesce(deleted_at, :now)",
            says="emptied: others see that there was a message",
        ),
        lasts="as long as the account, or until it is deleted; at most `MESSAGE_DAYS`, and as its group says."
        " What was reported stays as long as that evidence",
    ),
    Table(
        "communication.members",
        "Rooms that you are in, and up to which message you have read there.",
        file="rooms",
        told="room_id=room role joined_at read_seq=read_up_to delivered_seq=delivered_up_to left_at"
        " muted_until=quiet_until",
        untold={OURS: "joined_seq", OTHERS: "left_by"},
        erased=AN_ID,
        lasts="as long as the room",
    ),
    Table(
        "communication.invitations",
        "Invitations to groups that you have made.",
        of="made_by = :user",
        file="invitations",
        told="group_id=group uses_left expires_at revoked_at created_at",
        untold={YOURS: "made_by", OURS: "id"},
        lasts=Lasts(days=1, since="it expired"),
    ),
    Table(
        "communication.reads",
        "When you have read messages.",
        of=f"user_id = :user AND room_id IN {MY_ROOMS}",
        file="reading",
        told="room_id=room seq=up_to at",
        untold={OURS: "after_seq"},
        lasts="as long as the messages",
    ),
    Table(
        "communication.deliveries",
        "When messages have come to a device of yours.",
        of=f"user_id = :user AND room_id IN {MY_ROOMS}",
        file="deliveries",
        told="room_id=room seq=up_to at",
        untold={OURS: "after_seq"},
        lasts="as long as the messages",
    ),
    Table(
        "communication.pushes",
        "Up to which message of a room your devices were sent a push.",
        file="pushes",
        told="room_id=room seq=up_to",
        untold={OURS: "sending"},
        lasts="until you have read it",
    ),
)
