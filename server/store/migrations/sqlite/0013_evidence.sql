-- What an alarm rests on, kept for good: what was in force when it was raised, and the waveforms around it.
CREATE TABLE evidence (
	alarm   TEXT NOT NULL PRIMARY KEY,
	from_at INTEGER NOT NULL,
	to_at   INTEGER NOT NULL,
	frozen  INTEGER NOT NULL,
	program TEXT NOT NULL,
	limits  TEXT NOT NULL
) STRICT;

-- Packed ten seconds of a waveform, as in wave_block, which forgets them.
CREATE TABLE evidence_wave (
	alarm  TEXT NOT NULL,
	kind   TEXT NOT NULL,
	start  INTEGER NOT NULL,
	device TEXT NOT NULL,
	n      INTEGER NOT NULL,
	data   BLOB NOT NULL,
	PRIMARY KEY (alarm, kind, start, device)
) STRICT;

-- Alarms whose evidence is still to be frozen, and from when on: written with the alarm, so that none is forgotten.
CREATE TABLE evidence_due (
	alarm TEXT NOT NULL PRIMARY KEY,
	due   INTEGER NOT NULL,
	again INTEGER NOT NULL
) STRICT;
CREATE INDEX evidence_due_due ON evidence_due (due);
