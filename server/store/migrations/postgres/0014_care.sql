-- Alarms that are put off, and the last command of a person that changed each.
ALTER TABLE alarm ADD COLUMN snooze_until bigint;
ALTER TABLE alarm ADD COLUMN command text COLLATE "C" NOT NULL DEFAULT '';

-- What people decide about a patient's alarms: audio pause, conditions switched off, standby. Rows are only ever added.
CREATE TABLE care (
	patient text COLLATE "C" NOT NULL,
	version bigint NOT NULL,
	part    bigint NOT NULL,
	at      bigint NOT NULL,
	kind    text COLLATE "C" NOT NULL,
	actor   text COLLATE "C" NOT NULL,
	command text COLLATE "C" NOT NULL,
	station text COLLATE "C" NOT NULL,
	reason  text COLLATE "C" NOT NULL,
	care    text COLLATE "C" NOT NULL, -- the whole, as it is then
	PRIMARY KEY (patient, version)
);
CREATE INDEX care_part ON care (part);
CREATE FUNCTION keep_care() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'versions of care are never changed or deleted'; END $$;
CREATE TRIGGER care_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON care
FOR EACH STATEMENT EXECUTE FUNCTION keep_care();
