-- What hubs report of themselves and of their devices.
CREATE TABLE hub_state (
	hub      TEXT NOT NULL PRIMARY KEY REFERENCES hub (id),
	version  TEXT NOT NULL,
	queue    INTEGER NOT NULL,
	oldest   INTEGER,
	clock    TEXT NOT NULL,
	bound    INTEGER NOT NULL,
	config   INTEGER NOT NULL,
	at       INTEGER NOT NULL
) STRICT;

CREATE TABLE device_state (
	device        TEXT NOT NULL PRIMARY KEY REFERENCES device (id),
	udi           TEXT NOT NULL,
	battery       INTEGER,
	heard         INTEGER,
	link          TEXT NOT NULL,
	hub           TEXT NOT NULL,
	support_until TEXT NOT NULL
) STRICT;

-- What is wanted of hubs.
CREATE TABLE hub_desired (
	hub     TEXT NOT NULL PRIMARY KEY REFERENCES hub (id),
	version INTEGER NOT NULL,
	agent   TEXT NOT NULL,
	devices TEXT NOT NULL,
	by_name TEXT NOT NULL,
	at      INTEGER NOT NULL
) STRICT;

CREATE TABLE hub_command (
	id      TEXT NOT NULL PRIMARY KEY,
	hub     TEXT NOT NULL REFERENCES hub (id),
	what    TEXT NOT NULL,
	by_name TEXT NOT NULL,
	at      INTEGER NOT NULL,
	expires INTEGER NOT NULL,
	outcome TEXT NOT NULL,
	detail  TEXT NOT NULL,
	ended   INTEGER
) STRICT;
CREATE INDEX hub_command_hub ON hub_command (hub, at);

CREATE TABLE campaign (
	id      TEXT NOT NULL PRIMARY KEY,
	version TEXT NOT NULL,
	unit    TEXT NOT NULL,
	percent INTEGER NOT NULL,
	most    INTEGER NOT NULL,
	by_name TEXT NOT NULL,
	started INTEGER NOT NULL,
	halted  INTEGER NOT NULL,
	reason  TEXT NOT NULL
) STRICT;

-- Which hub was told the version of a campaign, and when.
CREATE TABLE campaign_hub (
	campaign TEXT NOT NULL REFERENCES campaign (id),
	hub      TEXT NOT NULL REFERENCES hub (id),
	at       INTEGER NOT NULL,
	PRIMARY KEY (campaign, hub)
) STRICT, WITHOUT ROWID;

-- What all nodes of the installation share, such as the key that signs what is wanted of hubs.
CREATE TABLE installation (
	name  TEXT NOT NULL PRIMARY KEY,
	value BLOB NOT NULL
) STRICT;
