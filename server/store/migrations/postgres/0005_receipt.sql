-- What senders without a spool brought, under their own names for it, so that a repeat changes nothing.
CREATE TABLE receipt (
	source text COLLATE "C" NOT NULL,
	name   text COLLATE "C" NOT NULL,
	at     bigint NOT NULL,
	answer text COLLATE "C" NOT NULL,
	PRIMARY KEY (source, name)
);
CREATE INDEX receipt_at ON receipt (at);
