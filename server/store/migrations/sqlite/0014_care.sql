-- Alarms that are put off, and the last command of a person that changed each.
ALTER TABLE alarm ADD COLUMN snooze_until INTEGER;
ALTER TABLE alarm ADD COLUMN command TEXT NOT NULL DEFAULT '';

-- What people decide about a patient's alarms: audio pause, conditions switched off, standby. Rows are only ever added.
CREATE TABLE care (
	patient TEXT NOT NULL,
	version INTEGER NOT NULL,
	part    INTEGER NOT NULL,
	at      INTEGER NOT NULL,
	kind    TEXT NOT NULL,
	actor   TEXT NOT NULL,
	command TEXT NOT NULL,
	station TEXT NOT NULL,
	reason  TEXT NOT NULL,
	care    TEXT NOT NULL, -- the whole, as it is then
	PRIMARY KEY (patient, version)
) STRICT, WITHOUT ROWID;
CREATE INDEX care_part ON care (part);
CREATE TRIGGER care_keep BEFORE UPDATE ON care
BEGIN SELECT RAISE(ABORT, 'versions of care are never changed'); END;
CREATE TRIGGER care_hold BEFORE DELETE ON care
BEGIN SELECT RAISE(ABORT, 'versions of care are never deleted'); END;
