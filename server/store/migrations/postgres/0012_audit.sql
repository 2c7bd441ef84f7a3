-- Everything that happened to alarms, and what stations reported of them, in chains in which each entry seals the one before: a
-- chain per partition, to which its owner alone adds, and one of the stations. Rows are only ever added.
CREATE TABLE audit (
	chain   bigint NOT NULL,
	seq     bigint NOT NULL,
	at      bigint NOT NULL,
	kind    text COLLATE "C" NOT NULL,
	alarm   text COLLATE "C" NOT NULL,
	version bigint NOT NULL,
	unit    text COLLATE "C" NOT NULL,
	station text COLLATE "C" NOT NULL,
	actor   text COLLATE "C" NOT NULL,
	detail  text COLLATE "C" NOT NULL,
	event   bytea,
	hash    bytea NOT NULL,
	PRIMARY KEY (chain, seq)
);
CREATE INDEX audit_alarm ON audit (alarm, version);
CREATE FUNCTION keep_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the audit is never changed or deleted'; END $$;
CREATE TRIGGER audit_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
FOR EACH STATEMENT EXECUTE FUNCTION keep_audit();

-- The newest entry of each chain.
CREATE TABLE audit_head (
	chain bigint NOT NULL PRIMARY KEY,
	seq   bigint NOT NULL,
	hash  bytea NOT NULL
);

-- How far the chains had come, noted about once a minute; each row seals the one before, and its hash goes to the log as well.
CREATE TABLE audit_witness (
	n     bigint NOT NULL PRIMARY KEY,
	at    bigint NOT NULL,
	chain bigint NOT NULL,
	seq   bigint NOT NULL,
	head  bytea NOT NULL,
	hash  bytea NOT NULL
);
CREATE INDEX audit_witness_chain ON audit_witness (chain, seq);
CREATE TRIGGER audit_witness_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_witness
FOR EACH STATEMENT EXECUTE FUNCTION keep_audit();
