-- Times are microseconds since 1970 UTC, NULL where unknown. Kinds, states and priorities are names.

CREATE TABLE unit (
	id   TEXT NOT NULL PRIMARY KEY,
	name TEXT NOT NULL,
	zone TEXT NOT NULL
) STRICT;

CREATE TABLE patient (
	id         TEXT NOT NULL PRIMARY KEY,
	unit       TEXT NOT NULL REFERENCES unit (id),
	mrn        TEXT NOT NULL,
	family     TEXT NOT NULL,
	given      TEXT NOT NULL,
	birth      TEXT NOT NULL,
	sex        TEXT NOT NULL,
	bed        TEXT NOT NULL,
	test       INTEGER NOT NULL,
	admitted   INTEGER NOT NULL,
	discharged INTEGER,
	part       INTEGER NOT NULL
) STRICT;
-- One person is under care once; who comes back is admitted again.
CREATE UNIQUE INDEX patient_under_care ON patient (mrn) WHERE discharged IS NULL;
CREATE INDEX patient_mrn ON patient (mrn);
CREATE INDEX patient_unit ON patient (unit);
CREATE INDEX patient_part ON patient (part);

CREATE TABLE device (
	id           TEXT NOT NULL PRIMARY KEY,
	manufacturer TEXT NOT NULL,
	model        TEXT NOT NULL,
	serial       TEXT NOT NULL,
	firmware     TEXT NOT NULL
) STRICT;

CREATE TABLE binding (
	device   TEXT NOT NULL REFERENCES device (id),
	from_at  INTEGER NOT NULL,
	patient  TEXT NOT NULL REFERENCES patient (id),
	until_at INTEGER,
	PRIMARY KEY (device, from_at),
	CHECK (until_at IS NULL OR until_at >= from_at)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX binding_present ON binding (device) WHERE until_at IS NULL;
CREATE INDEX binding_patient ON binding (patient);
CREATE INDEX binding_until ON binding (until_at);

CREATE TABLE hub (
	id          TEXT NOT NULL PRIMARY KEY,
	name        TEXT NOT NULL,
	secret_hash BLOB,
	online      INTEGER NOT NULL,
	seen        INTEGER
) STRICT;

CREATE TABLE staff (
	id            TEXT NOT NULL PRIMARY KEY,
	login         TEXT NOT NULL,
	login_key     TEXT NOT NULL UNIQUE,
	name          TEXT NOT NULL,
	role          TEXT NOT NULL,
	password_hash TEXT NOT NULL
) STRICT;

CREATE TABLE staff_unit (
	staff TEXT NOT NULL REFERENCES staff (id) ON DELETE CASCADE,
	unit  TEXT NOT NULL REFERENCES unit (id),
	PRIMARY KEY (staff, unit)
) STRICT, WITHOUT ROWID;

CREATE TABLE session (
	key     BLOB NOT NULL PRIMARY KEY,
	staff   TEXT NOT NULL REFERENCES staff (id) ON DELETE CASCADE,
	created INTEGER NOT NULL,
	expires INTEGER NOT NULL,
	seen    INTEGER NOT NULL
) STRICT;

-- Values that came alone, one row each.
CREATE TABLE reading (
	patient      TEXT NOT NULL,
	at           INTEGER NOT NULL,
	kind         TEXT NOT NULL,
	device       TEXT NOT NULL,
	mantissa     INTEGER NOT NULL,
	exponent     INTEGER NOT NULL,
	absent       TEXT NOT NULL,
	quality      INTEGER NOT NULL,
	device_at    INTEGER,
	time_quality INTEGER NOT NULL,
	PRIMARY KEY (patient, at, kind, device)
) STRICT, WITHOUT ROWID;
CREATE INDEX reading_kind ON reading (patient, kind, at);

-- Packed minutes of streamed numbers. A row is small, so the key's tree holds it.
CREATE TABLE series_block (
	patient TEXT NOT NULL,
	kind    TEXT NOT NULL,
	start   INTEGER NOT NULL,
	device  TEXT NOT NULL,
	n       INTEGER NOT NULL,
	low     REAL NOT NULL,
	high    REAL NOT NULL,
	mean    REAL NOT NULL,
	last    REAL NOT NULL,
	data    BLOB NOT NULL,
	PRIMARY KEY (patient, kind, start, device)
) STRICT, WITHOUT ROWID;
CREATE INDEX series_block_start ON series_block (start);

-- Packed ten seconds of a waveform.
CREATE TABLE wave_block (
	patient TEXT NOT NULL,
	kind    TEXT NOT NULL,
	start   INTEGER NOT NULL,
	device  TEXT NOT NULL,
	n       INTEGER NOT NULL,
	low     REAL NOT NULL,
	high    REAL NOT NULL,
	mean    REAL NOT NULL,
	last    REAL NOT NULL,
	data    BLOB NOT NULL,
	PRIMARY KEY (patient, kind, start, device)
) STRICT;
CREATE INDEX wave_block_start ON wave_block (start);

-- An episode as it is now.
CREATE TABLE alarm (
	id             TEXT NOT NULL PRIMARY KEY,
	patient        TEXT NOT NULL,
	part           INTEGER NOT NULL,
	condition      TEXT NOT NULL,
	site           TEXT NOT NULL,
	priority       TEXT NOT NULL,
	state          TEXT NOT NULL,
	truth          TEXT NOT NULL,
	version        INTEGER NOT NULL,
	onset          INTEGER NOT NULL,
	evidence       INTEGER,
	raised         INTEGER,
	ended          INTEGER,
	changed        INTEGER NOT NULL,
	times          INTEGER NOT NULL,
	detail         TEXT NOT NULL,
	value_mantissa INTEGER NOT NULL,
	value_exponent INTEGER NOT NULL,
	limit_mantissa INTEGER NOT NULL,
	limit_exponent INTEGER NOT NULL,
	acked_by       TEXT NOT NULL,
	acked_name     TEXT NOT NULL,
	acked_at       INTEGER,
	reason         TEXT NOT NULL
) STRICT;
CREATE INDEX alarm_open ON alarm (part) WHERE state <> 'closed';
CREATE INDEX alarm_changed ON alarm (part, changed);
CREATE INDEX alarm_patient ON alarm (patient, raised);
CREATE INDEX alarm_raised ON alarm (raised);

-- What happened to an alarm; rows are only ever added, and each seals the one before.
CREATE TABLE alarm_event (
	alarm     TEXT NOT NULL,
	version   INTEGER NOT NULL,
	at        INTEGER NOT NULL,
	change    TEXT NOT NULL,
	actor     TEXT NOT NULL,
	record    TEXT NOT NULL,
	prev_hash BLOB,
	hash      BLOB NOT NULL,
	PRIMARY KEY (alarm, version)
) STRICT;
CREATE TRIGGER alarm_event_keep BEFORE UPDATE ON alarm_event
BEGIN SELECT RAISE(ABORT, 'alarm events are never changed'); END;
CREATE TRIGGER alarm_event_hold BEFORE DELETE ON alarm_event
BEGIN SELECT RAISE(ABORT, 'alarm events are never deleted'); END;

-- How far each hub's stream is stored.
CREATE TABLE progress (
	hub    TEXT NOT NULL,
	device TEXT NOT NULL,
	epoch  INTEGER NOT NULL,
	upto   INTEGER NOT NULL,
	ahead  TEXT NOT NULL,
	PRIMARY KEY (hub, device, epoch)
) STRICT, WITHOUT ROWID;

-- Input that was not charted.
CREATE TABLE quarantine (
	id       BLOB NOT NULL PRIMARY KEY,
	hub      TEXT NOT NULL,
	device   TEXT NOT NULL,
	epoch    INTEGER NOT NULL,
	seq      INTEGER NOT NULL,
	received INTEGER NOT NULL,
	reason   TEXT NOT NULL,
	payload  BLOB,
	whole    INTEGER NOT NULL
) STRICT;
CREATE INDEX quarantine_received ON quarantine (received);

-- Who owns which partition.
CREATE TABLE node (
	id   TEXT NOT NULL PRIMARY KEY,
	seen INTEGER NOT NULL
) STRICT;

CREATE TABLE part (
	p        INTEGER NOT NULL PRIMARY KEY,
	owner    TEXT NOT NULL,
	epoch    INTEGER NOT NULL,
	until_at INTEGER NOT NULL,
	journal  TEXT NOT NULL,
	seq      INTEGER NOT NULL
) STRICT;
WITH RECURSIVE number (p) AS (SELECT 0 UNION ALL SELECT p + 1 FROM number WHERE p < 63)
INSERT INTO part (p, owner, epoch, until_at, journal, seq) SELECT p, '', 0, 0, '', 0 FROM number;
