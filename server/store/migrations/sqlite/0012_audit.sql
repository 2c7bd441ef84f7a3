-- Everything that happened to alarms, and what stations reported of them, in chains in which each entry seals the one before: a
-- chain per partition, to which its owner alone adds, and one of the stations. Rows are only ever added.
CREATE TABLE audit (
	chain   INTEGER NOT NULL,
	seq     INTEGER NOT NULL,
	at      INTEGER NOT NULL,
	kind    TEXT NOT NULL,
	alarm   TEXT NOT NULL,
	version INTEGER NOT NULL,
	unit    TEXT NOT NULL,
	station TEXT NOT NULL,
	actor   TEXT NOT NULL,
	detail  TEXT NOT NULL,
	event   BLOB,
	hash    BLOB NOT NULL,
	PRIMARY KEY (chain, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX audit_alarm ON audit (alarm, version);
CREATE TRIGGER audit_keep BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'audit entries are never changed'); END;
CREATE TRIGGER audit_hold BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'audit entries are never deleted'); END;

-- The newest entry of each chain.
CREATE TABLE audit_head (
	chain INTEGER NOT NULL PRIMARY KEY,
	seq   INTEGER NOT NULL,
	hash  BLOB NOT NULL
) STRICT;

-- How far the chains had come, noted about once a minute; each row seals the one before, and its hash goes to the log as well.
CREATE TABLE audit_witness (
	n     INTEGER NOT NULL PRIMARY KEY,
	at    INTEGER NOT NULL,
	chain INTEGER NOT NULL,
	seq   INTEGER NOT NULL,
	head  BLOB NOT NULL,
	hash  BLOB NOT NULL
) STRICT;
CREATE INDEX audit_witness_chain ON audit_witness (chain, seq);
CREATE TRIGGER audit_witness_keep BEFORE UPDATE ON audit_witness
BEGIN SELECT RAISE(ABORT, 'witnesses are never changed'); END;
CREATE TRIGGER audit_witness_hold BEFORE DELETE ON audit_witness
BEGIN SELECT RAISE(ABORT, 'witnesses are never deleted'); END;
