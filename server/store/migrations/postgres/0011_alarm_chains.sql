-- What explains an alarm, what it continues, how bad it was, and whether it chatters.
ALTER TABLE alarm ADD COLUMN worst_mantissa bigint NOT NULL DEFAULT 0;
ALTER TABLE alarm ADD COLUMN worst_exponent bigint NOT NULL DEFAULT 0;
ALTER TABLE alarm ADD COLUMN suppressor text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE alarm ADD COLUMN previous text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE alarm ADD COLUMN chattering boolean NOT NULL DEFAULT FALSE;
