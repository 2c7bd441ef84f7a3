-- What units and patients have otherwise than the defaults. Rows are only ever added.
CREATE TABLE limits (
	unit          text COLLATE "C" NOT NULL, -- either the unit
	patient       text COLLATE "C" NOT NULL, -- or the patient, else ''
	version       bigint NOT NULL,
	changes       text COLLATE "C" NOT NULL,
	author        text COLLATE "C" NOT NULL,
	author_name   text COLLATE "C" NOT NULL,
	at            bigint NOT NULL,
	reason        text COLLATE "C" NOT NULL,
	approved      text COLLATE "C" NOT NULL,
	approved_name text COLLATE "C" NOT NULL,
	approved_at   bigint,
	PRIMARY KEY (unit, patient, version)
);
CREATE FUNCTION keep_limits() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'versions of limits are never changed or deleted'; END $$;
CREATE TRIGGER limits_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON limits
FOR EACH STATEMENT EXECUTE FUNCTION keep_limits();

-- What is proposed for a unit until a second person approves. A proposal that was decided stays.
CREATE TABLE limits_proposal (
	id           text COLLATE "C" NOT NULL PRIMARY KEY,
	unit         text COLLATE "C" NOT NULL REFERENCES unit (id),
	seen         bigint NOT NULL,
	changes      text COLLATE "C" NOT NULL,
	author       text COLLATE "C" NOT NULL,
	author_name  text COLLATE "C" NOT NULL,
	at           bigint NOT NULL,
	reason       text COLLATE "C" NOT NULL,
	outcome      text COLLATE "C" NOT NULL, -- '' while open, 'approved', 'withdrawn'
	decided_by   text COLLATE "C" NOT NULL,
	decided_name text COLLATE "C" NOT NULL,
	decided_at   bigint
);
CREATE UNIQUE INDEX limits_proposal_open ON limits_proposal (unit) WHERE outcome = '';
