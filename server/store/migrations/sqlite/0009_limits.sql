-- What units and patients have otherwise than the defaults. Rows are only ever added.
CREATE TABLE limits (
	unit          TEXT NOT NULL, -- either the unit
	patient       TEXT NOT NULL, -- or the patient, else ''
	version       INTEGER NOT NULL,
	changes       TEXT NOT NULL,
	author        TEXT NOT NULL,
	author_name   TEXT NOT NULL,
	at            INTEGER NOT NULL,
	reason        TEXT NOT NULL,
	approved      TEXT NOT NULL,
	approved_name TEXT NOT NULL,
	approved_at   INTEGER,
	PRIMARY KEY (unit, patient, version)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER limits_keep BEFORE UPDATE ON limits
BEGIN SELECT RAISE(ABORT, 'versions of limits are never changed'); END;
CREATE TRIGGER limits_hold BEFORE DELETE ON limits
BEGIN SELECT RAISE(ABORT, 'versions of limits are never deleted'); END;

-- What is proposed for a unit until a second person approves. A proposal that was decided stays.
CREATE TABLE limits_proposal (
	id           TEXT NOT NULL PRIMARY KEY,
	unit         TEXT NOT NULL REFERENCES unit (id),
	seen         INTEGER NOT NULL,
	changes      TEXT NOT NULL,
	author       TEXT NOT NULL,
	author_name  TEXT NOT NULL,
	at           INTEGER NOT NULL,
	reason       TEXT NOT NULL,
	outcome      TEXT NOT NULL, -- '' while open, 'approved', 'withdrawn'
	decided_by   TEXT NOT NULL,
	decided_name TEXT NOT NULL,
	decided_at   INTEGER
) STRICT;
CREATE UNIQUE INDEX limits_proposal_open ON limits_proposal (unit) WHERE outcome = '';
