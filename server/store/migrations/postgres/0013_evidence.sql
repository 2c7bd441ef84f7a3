-- What an alarm rests on, kept for good: what was in force when it was raised, and the waveforms around it.
CREATE TABLE evidence (
	alarm   text COLLATE "C" NOT NULL PRIMARY KEY,
	from_at bigint NOT NULL,
	to_at   bigint NOT NULL,
	frozen  bigint NOT NULL,
	program text COLLATE "C" NOT NULL,
	limits  text COLLATE "C" NOT NULL
);

-- Packed ten seconds of a waveform, as in wave_block, which forgets them.
CREATE TABLE evidence_wave (
	alarm  text COLLATE "C" NOT NULL,
	kind   text COLLATE "C" NOT NULL,
	start  bigint NOT NULL,
	device text COLLATE "C" NOT NULL,
	n      bigint NOT NULL,
	data   bytea NOT NULL,
	PRIMARY KEY (alarm, kind, start, device)
);

-- Alarms whose evidence is still to be frozen, and from when on: written with the alarm, so that none is forgotten.
CREATE TABLE evidence_due (
	alarm text COLLATE "C" NOT NULL PRIMARY KEY,
	due   bigint NOT NULL,
	again boolean NOT NULL
);
CREATE INDEX evidence_due_due ON evidence_due (due);
