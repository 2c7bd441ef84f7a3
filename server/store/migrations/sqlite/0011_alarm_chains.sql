-- What explains an alarm, what it continues, how bad it was, and whether it chatters.
ALTER TABLE alarm ADD COLUMN worst_mantissa INTEGER NOT NULL DEFAULT 0;
ALTER TABLE alarm ADD COLUMN worst_exponent INTEGER NOT NULL DEFAULT 0;
ALTER TABLE alarm ADD COLUMN suppressor TEXT NOT NULL DEFAULT '';
ALTER TABLE alarm ADD COLUMN previous TEXT NOT NULL DEFAULT '';
ALTER TABLE alarm ADD COLUMN chattering INTEGER NOT NULL DEFAULT 0;
