-- Text compares byte by byte, as in SQLite and in Go. Times are microseconds since 1970 UTC, NULL where unknown. Kinds, states and priorities are names.

CREATE TABLE unit (
	id   text COLLATE "C" NOT NULL PRIMARY KEY,
	name text COLLATE "C" NOT NULL,
	zone text COLLATE "C" NOT NULL
);

CREATE TABLE patient (
	id         text COLLATE "C" NOT NULL PRIMARY KEY,
	unit       text COLLATE "C" NOT NULL REFERENCES unit (id),
	mrn        text COLLATE "C" NOT NULL,
	family     text COLLATE "C" NOT NULL,
	given      text COLLATE "C" NOT NULL,
	birth      text COLLATE "C" NOT NULL,
	sex        text COLLATE "C" NOT NULL,
	bed        text COLLATE "C" NOT NULL,
	test       boolean NOT NULL,
	admitted   bigint NOT NULL,
	discharged bigint,
	part       bigint NOT NULL
);
-- One person is under care once; who comes back is admitted again.
CREATE UNIQUE INDEX patient_under_care ON patient (mrn) WHERE discharged IS NULL;
CREATE INDEX patient_mrn ON patient (mrn);
CREATE INDEX patient_unit ON patient (unit);
CREATE INDEX patient_part ON patient (part);

CREATE TABLE device (
	id           text COLLATE "C" NOT NULL PRIMARY KEY,
	manufacturer text COLLATE "C" NOT NULL,
	model        text COLLATE "C" NOT NULL,
	serial       text COLLATE "C" NOT NULL,
	firmware     text COLLATE "C" NOT NULL
);

CREATE TABLE binding (
	device   text COLLATE "C" NOT NULL REFERENCES device (id),
	from_at  bigint NOT NULL,
	patient  text COLLATE "C" NOT NULL REFERENCES patient (id),
	until_at bigint,
	PRIMARY KEY (device, from_at),
	CHECK (until_at IS NULL OR until_at >= from_at)
);
CREATE UNIQUE INDEX binding_present ON binding (device) WHERE until_at IS NULL;
CREATE INDEX binding_patient ON binding (patient);
CREATE INDEX binding_until ON binding (until_at);

CREATE TABLE hub (
	id          text COLLATE "C" NOT NULL PRIMARY KEY,
	name        text COLLATE "C" NOT NULL,
	secret_hash bytea,
	online      boolean NOT NULL,
	seen        bigint
);

CREATE TABLE staff (
	id            text COLLATE "C" NOT NULL PRIMARY KEY,
	login         text COLLATE "C" NOT NULL,
	login_key     text COLLATE "C" NOT NULL UNIQUE,
	name          text COLLATE "C" NOT NULL,
	role          text COLLATE "C" NOT NULL,
	password_hash text COLLATE "C" NOT NULL
);

CREATE TABLE staff_unit (
	staff text COLLATE "C" NOT NULL REFERENCES staff (id) ON DELETE CASCADE,
	unit  text COLLATE "C" NOT NULL REFERENCES unit (id),
	PRIMARY KEY (staff, unit)
);

CREATE TABLE session (
	key     bytea NOT NULL PRIMARY KEY,
	staff   text COLLATE "C" NOT NULL REFERENCES staff (id) ON DELETE CASCADE,
	created bigint NOT NULL,
	expires bigint NOT NULL,
	seen    bigint NOT NULL
);

-- Values that came alone, one row each.
CREATE TABLE reading (
	patient      text COLLATE "C" NOT NULL,
	at           bigint NOT NULL,
	kind         text COLLATE "C" NOT NULL,
	device       text COLLATE "C" NOT NULL,
	mantissa     bigint NOT NULL,
	exponent     bigint NOT NULL,
	absent       text COLLATE "C" NOT NULL,
	quality      bigint NOT NULL,
	device_at    bigint,
	time_quality bigint NOT NULL,
	PRIMARY KEY (patient, at, kind, device)
);
CREATE INDEX reading_kind ON reading (patient, kind, at);

-- Packed minutes of streamed numbers, in partitions of one day.
CREATE TABLE series_block (
	patient text COLLATE "C" NOT NULL,
	kind    text COLLATE "C" NOT NULL,
	start   bigint NOT NULL,
	device  text COLLATE "C" NOT NULL,
	n       bigint NOT NULL,
	low     double precision NOT NULL,
	high    double precision NOT NULL,
	mean    double precision NOT NULL,
	last    double precision NOT NULL,
	data    bytea NOT NULL,
	PRIMARY KEY (patient, kind, start, device)
) PARTITION BY RANGE (start);
-- What is packed already is not compressed again.
ALTER TABLE series_block ALTER COLUMN data SET STORAGE EXTERNAL;
-- Rows of a day come in order of time: a BRIN index is enough to find a time over all patients.
CREATE INDEX series_block_start ON series_block USING brin (start);

-- Packed ten seconds of a waveform, in partitions of one day.
CREATE TABLE wave_block (
	patient text COLLATE "C" NOT NULL,
	kind    text COLLATE "C" NOT NULL,
	start   bigint NOT NULL,
	device  text COLLATE "C" NOT NULL,
	n       bigint NOT NULL,
	low     double precision NOT NULL,
	high    double precision NOT NULL,
	mean    double precision NOT NULL,
	last    double precision NOT NULL,
	data    bytea NOT NULL,
	PRIMARY KEY (patient, kind, start, device)
) PARTITION BY RANGE (start);
-- What is packed already is not compressed again.
ALTER TABLE wave_block ALTER COLUMN data SET STORAGE EXTERNAL;
-- Rows of a day come in order of time: a BRIN index is enough to find a time over all patients.
CREATE INDEX wave_block_start ON wave_block USING brin (start);

-- An episode as it is now.
CREATE TABLE alarm (
	id             text COLLATE "C" NOT NULL PRIMARY KEY,
	patient        text COLLATE "C" NOT NULL,
	part           bigint NOT NULL,
	condition      text COLLATE "C" NOT NULL,
	site           text COLLATE "C" NOT NULL,
	priority       text COLLATE "C" NOT NULL,
	state          text COLLATE "C" NOT NULL,
	truth          text COLLATE "C" NOT NULL,
	version        bigint NOT NULL,
	onset          bigint NOT NULL,
	evidence       bigint,
	raised         bigint,
	ended          bigint,
	changed        bigint NOT NULL,
	times          bigint NOT NULL,
	detail         text COLLATE "C" NOT NULL,
	value_mantissa bigint NOT NULL,
	value_exponent bigint NOT NULL,
	limit_mantissa bigint NOT NULL,
	limit_exponent bigint NOT NULL,
	acked_by       text COLLATE "C" NOT NULL,
	acked_name     text COLLATE "C" NOT NULL,
	acked_at       bigint,
	reason         text COLLATE "C" NOT NULL
);
CREATE INDEX alarm_open ON alarm (part) WHERE state <> 'closed';
CREATE INDEX alarm_changed ON alarm (part, changed);
CREATE INDEX alarm_patient ON alarm (patient, raised);
CREATE INDEX alarm_raised ON alarm (raised);

-- What happened to an alarm; rows are only ever added, and each seals the one before.
CREATE TABLE alarm_event (
	alarm     text COLLATE "C" NOT NULL,
	version   bigint NOT NULL,
	at        bigint NOT NULL,
	change    text COLLATE "C" NOT NULL,
	actor     text COLLATE "C" NOT NULL,
	record    text COLLATE "C" NOT NULL,
	prev_hash bytea,
	hash      bytea NOT NULL,
	PRIMARY KEY (alarm, version)
);
CREATE FUNCTION keep_alarm_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'alarm events are never changed or deleted'; END $$;
CREATE TRIGGER alarm_event_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON alarm_event
FOR EACH STATEMENT EXECUTE FUNCTION keep_alarm_event();

-- How far each hub's stream is stored.
CREATE TABLE progress (
	hub    text COLLATE "C" NOT NULL,
	device text COLLATE "C" NOT NULL,
	epoch  bigint NOT NULL,
	upto   bigint NOT NULL,
	ahead  text COLLATE "C" NOT NULL,
	PRIMARY KEY (hub, device, epoch)
);

-- Input that was not charted.
CREATE TABLE quarantine (
	id       bytea NOT NULL PRIMARY KEY,
	hub      text COLLATE "C" NOT NULL,
	device   text COLLATE "C" NOT NULL,
	epoch    bigint NOT NULL,
	seq      bigint NOT NULL,
	received bigint NOT NULL,
	reason   text COLLATE "C" NOT NULL,
	payload  bytea,
	whole    boolean NOT NULL
);
CREATE INDEX quarantine_received ON quarantine (received);

-- Who owns which partition.
CREATE TABLE node (
	id   text COLLATE "C" NOT NULL PRIMARY KEY,
	seen bigint NOT NULL
);

CREATE TABLE part (
	p        bigint NOT NULL PRIMARY KEY,
	owner    text COLLATE "C" NOT NULL,
	epoch    bigint NOT NULL,
	until_at bigint NOT NULL,
	journal  text COLLATE "C" NOT NULL,
	seq      bigint NOT NULL
);
INSERT INTO part (p, owner, epoch, until_at, journal, seq) SELECT p, '', 0, 0, '', 0 FROM generate_series(0, 63) p;
