-- The rooms that the product's people have made, for this server.
INSERT INTO node.rooms (id, created_at) SELECT id, created_at FROM communication.rooms;
INSERT INTO node.members (room_id, user_id) SELECT room_id, user_id FROM communication.members;
