-- A block whose effects are still to be performed is called a pending block. The rows stay.
ALTER TABLE interaction.partings RENAME TO pending_blocks;
ALTER INDEX interaction.partings_to_take RENAME TO pending_blocks_to_take;

-- Which constraints have names depends on the version of PostgreSQL.
DO $$
DECLARE old text;
BEGIN
    FOR old IN SELECT conname FROM pg_constraint
        WHERE conrelid = 'interaction.pending_blocks'::regclass AND conname LIKE 'partings%'
    LOOP
        EXECUTE format(
            'ALTER TABLE interaction.pending_blocks RENAME CONSTRAINT %I TO %I',
            old, replace(old, 'partings', 'pending_blocks')
        );
    END LOOP;
END $$;
