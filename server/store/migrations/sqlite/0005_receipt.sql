-- What senders without a spool brought, under their own names for it, so that a repeat changes nothing.
CREATE TABLE receipt (
	source TEXT NOT NULL,
	name   TEXT NOT NULL,
	at     INTEGER NOT NULL,
	answer TEXT NOT NULL,
	PRIMARY KEY (source, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX receipt_at ON receipt (at);
