-- Other people's gateways and clouds, and the accounts that are fetched from there.
CREATE TABLE gateway (
	id            TEXT NOT NULL PRIMARY KEY,
	kind          TEXT NOT NULL,
	name          TEXT NOT NULL,
	secret_hash   BLOB NOT NULL,
	address       TEXT NOT NULL,
	client        TEXT NOT NULL,
	client_secret TEXT NOT NULL,
	seen          INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE account (
	gateway TEXT NOT NULL REFERENCES gateway (id) ON DELETE CASCADE,
	name    TEXT NOT NULL,
	refresh TEXT NOT NULL,
	access  TEXT NOT NULL,
	expires INTEGER,
	fetched INTEGER,
	fault   TEXT NOT NULL,
	PRIMARY KEY (gateway, name)
) STRICT, WITHOUT ROWID;
