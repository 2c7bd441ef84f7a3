-- Who is put on which duty from when on, until the next row of the same duty begins.
CREATE TABLE post (
	unit    TEXT NOT NULL REFERENCES unit (id),
	patient TEXT NOT NULL, -- '' for a duty of the whole unit
	duty    TEXT NOT NULL,
	from_at INTEGER NOT NULL,
	staff   TEXT NOT NULL, -- '' for nobody
	by_id   TEXT NOT NULL,
	decided INTEGER NOT NULL,
	PRIMARY KEY (unit, patient, duty, from_at)
) STRICT, WITHOUT ROWID;

-- Who said that they take an alarm over that was open when their duty began.
CREATE TABLE acceptance (
	alarm TEXT NOT NULL,
	staff TEXT NOT NULL,
	at    INTEGER NOT NULL,
	PRIMARY KEY (alarm, staff)
) STRICT, WITHOUT ROWID;

-- How the alarms of a unit escalate. The newest version that was approved is in force.
CREATE TABLE escalation_policy (
	unit          TEXT NOT NULL REFERENCES unit (id),
	version       INTEGER NOT NULL,
	policy        TEXT NOT NULL,
	author        TEXT NOT NULL,
	author_name   TEXT NOT NULL,
	at            INTEGER NOT NULL,
	reason        TEXT NOT NULL,
	approved      TEXT NOT NULL, -- '' while nobody has
	approved_name TEXT NOT NULL,
	approved_at   INTEGER,
	PRIMARY KEY (unit, version)
) STRICT, WITHOUT ROWID;
