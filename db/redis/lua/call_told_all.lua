-- Read all notes of a call that is over. They go on record now, so here they are kept only for as long as somebody may read
-- them again.
-- KEYS[1] its timeline    timeline:{shard}:<id>
-- ARGV[1] ms they are kept
-- Returns the notes.
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return redis.call('LRANGE', KEYS[1], 0, -1)
