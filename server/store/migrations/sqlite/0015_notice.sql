-- How people can be reached who do not look at a screen.
CREATE TABLE contact (
	id      TEXT NOT NULL PRIMARY KEY,
	staff   TEXT NOT NULL REFERENCES staff (id) ON DELETE CASCADE,
	channel TEXT NOT NULL,
	address TEXT NOT NULL,
	key     TEXT NOT NULL,
	auth    TEXT NOT NULL,
	added   INTEGER NOT NULL
) STRICT;
CREATE INDEX contact_staff ON contact (staff);

-- Steps of escalations that were called. Each is called once.
CREATE TABLE called (
	alarm   TEXT NOT NULL,
	epoch   INTEGER NOT NULL, -- version of the alarm that asked
	step    INTEGER NOT NULL,
	round   INTEGER NOT NULL,
	part    INTEGER NOT NULL,
	at      INTEGER NOT NULL,
	staff   TEXT NOT NULL, -- JSON: who was called
	PRIMARY KEY (alarm, epoch, step, round)
) STRICT, WITHOUT ROWID;

-- What goes out by them.
CREATE TABLE notice (
	id       TEXT NOT NULL PRIMARY KEY,
	alarm    TEXT NOT NULL,
	epoch    INTEGER NOT NULL,
	step     INTEGER NOT NULL,
	round    INTEGER NOT NULL,
	patient  TEXT NOT NULL,
	part     INTEGER NOT NULL,
	contact  TEXT NOT NULL,
	staff    TEXT NOT NULL,
	channel  TEXT NOT NULL,
	address  TEXT NOT NULL,
	key      TEXT NOT NULL,
	auth     TEXT NOT NULL,
	priority TEXT NOT NULL,
	text     TEXT NOT NULL,
	state    TEXT NOT NULL,
	attempts INTEGER NOT NULL,
	next_at  INTEGER NOT NULL,
	made     INTEGER NOT NULL,
	settled  INTEGER,
	fault    TEXT NOT NULL,
	seen     INTEGER,
	declined INTEGER
) STRICT;
CREATE INDEX notice_waiting ON notice (part) WHERE state = 'waiting';
CREATE INDEX notice_alarm ON notice (alarm);
